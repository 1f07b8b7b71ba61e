//! A shop for tests: an HTTP server that answers as the recorded Magento Open Source 2.4.7-p1 does.
//!
//! It is the judge of everything that talks to a shop, so it shares no code with that: it has its own idea of every body,
//! made from recordings only. What a real shop bends without a word, this one bends, too.
//!
//! **It does not** draw pages, sell anything, calculate taxes or search full text.

mod api;
mod call;
mod chance;
mod consumer;
mod contents;
mod exchanges;
mod faults;
mod fields;
mod gate;
mod oauth;
mod page;
mod php;
mod query;
mod refusal;
mod remote;
mod route;
mod search;
mod server;
mod service;
mod setup;
mod shape;
mod shop;
mod start;
mod state;
mod xml;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use crate::api::orders::{NewItem, NewOrder};
pub use crate::exchanges::Exchange;
pub use crate::faults::{Fault, Faults, OperationFault, OperationRule, Rule};
pub use crate::setup::{CATALOG_TOKEN, Clock, Consumer, Setup, Start, TOKEN, person};
pub use crate::state::Limits;
pub use crate::state::access::{Integration, Person, Rights};

use crate::chance::Chance;
use crate::consumer::{Consumed, consume};
use crate::service::Service;
use crate::shop::{Inner, Shop};
use crate::state::State;

/// A shop that runs until it is dropped.
pub struct LocalShop {
    address: SocketAddr,
    shop: Arc<Shop>,
    tasks: Vec<JoinHandle<()>>,
}

/// What became of a wish to take operations out of the queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Taken {
    /// Operations that are done or failed now.
    pub operations: usize,
    /// Whether a poisoned operation ended the consumer; it has to be [restarted](LocalShop::restart_consumer).
    pub died: bool,
}

impl LocalShop {
    /// Starts a shop at a free port of this machine.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start(setup: Setup) -> io::Result<Self> {
        Self::start_at(setup, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts a shop at an address.
    ///
    /// # Errors
    /// If the address cannot be had.
    pub async fn start_at(setup: Setup, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (consumer, tls) = (setup.consumer, setup.tls.clone());
        let shop = Arc::new(Shop { inner: Mutex::new(inner(setup)), is_secure: tls.is_some() });
        let mut tasks = vec![tokio::spawn(server::serve(listener, Arc::clone(&shop), tls))];
        if let Consumer::Running { per_second, restarts_after } = consumer {
            tasks.push(tokio::spawn(run_consumer(Arc::clone(&shop), per_second, restarts_after)));
        }
        Ok(Self { address, shop, tasks })
    }

    /// The address of the shop, without `/rest`.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.shop.is_secure { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Changes the faults.
    pub fn faults(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.shop.lock().faults);
    }

    /// Lets a fault happen to requests.
    pub fn fail(&self, rule: Rule) {
        self.faults(|faults| faults.rules.push(rule));
    }

    /// Lets a fault happen to operations that the consumer takes.
    pub fn fail_operations(&self, rule: OperationRule) {
        self.faults(|faults| faults.operations.push(rule));
    }

    /// Asks the shop directly: without a connection, a token or a fault, and without a trace in the log. The target is a
    /// path with its query, e.g. `/rest/all/V1/products/A-1`.
    #[must_use]
    pub fn ask(&self, method: &str, target: &str, body: &Value) -> (u16, Value) {
        self.shop.lock().ask(method, target, body)
    }

    /// What is in the shop, in words that do not depend on the way it came there: SKUs, names and labels instead of ids, and
    /// no times. Two runs that ended alike have equal contents.
    #[must_use]
    pub fn contents(&self) -> Value {
        contents::contents(&self.shop.lock().state)
    }

    /// Everything that was asked so far.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shop.lock().exchanges.clone()
    }

    /// Forgets what was asked so far.
    pub fn forget_exchanges(&self) {
        self.shop.lock().exchanges.clear();
    }

    /// The requests that were meant to change something.
    #[must_use]
    pub fn writes(&self) -> Vec<Exchange> {
        self.exchanges().into_iter().filter(Exchange::is_write).collect()
    }

    /// How many requests a route got, e.g. `POST` and `/V1/products/base-prices`.
    #[must_use]
    pub fn count(&self, method: &str, route: &str) -> usize {
        let exchanges = &self.shop.lock().exchanges;
        exchanges.iter().filter(|one| one.method == method && one.route.as_deref() == Some(route)).count()
    }

    /// Takes up to so many operations out of the queue, one after the other.
    pub fn consume(&self, most: usize) -> Taken {
        let mut taken = Taken { operations: 0, died: false };
        while taken.operations < most {
            match consume_one(&self.shop) {
                Consumed::One => taken.operations += 1,
                Consumed::Nothing => break,
                Consumed::Died => {
                    taken.died = true;
                    break;
                }
            }
        }
        taken
    }

    /// Takes everything out of the queue.
    pub fn consume_all(&self) -> Taken {
        self.consume(usize::MAX)
    }

    /// How many operations wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shop.lock().state.bulks.queue.len()
    }

    /// Lets the running consumer rest.
    pub fn pause_consumer(&self) {
        self.shop.lock().consumer_runs = false;
    }

    /// Starts the consumer again, after a pause or after it died.
    pub fn restart_consumer(&self) {
        let mut inner = self.shop.lock();
        inner.state.bulks.is_dead = false;
        inner.consumer_runs = true;
    }

    /// Whether a poisoned operation ended the consumer.
    #[must_use]
    pub fn consumer_is_dead(&self) -> bool {
        self.shop.lock().state.bulks.is_dead
    }

    /// Runs all indexes, as cron does.
    pub fn run_index(&self) {
        self.shop.lock().state.inventory.index_all();
    }

    /// Puts an order into the shop and gives its id.
    ///
    /// # Errors
    /// If the shop does not have one of the products.
    pub fn place_order(&self, order: &NewOrder) -> Result<i64, String> {
        let inner = &mut *self.shop.lock();
        let now = inner.now();
        api::orders::place(&mut inner.state, order, now)
    }

    /// Loses everything that waits in the queue: the operations stay open for good.
    pub fn lose_messages(&self) {
        self.shop.lock().state.bulks.queue.clear();
    }

    /// Moves a standing clock.
    pub fn set_now(&self, now: DateTime<Utc>) {
        self.shop.lock().clock = Clock::Standing(now);
    }

    /// Adds a website with one store view.
    pub fn add_website(&self, code: &'static str, view: &'static str) {
        self.shop.lock().state.stores.add_website(code, view);
    }

    /// Changes who may come in.
    pub fn integrations(&self, change: impl FnOnce(&mut Vec<Integration>)) {
        change(&mut self.shop.lock().state.access.integrations);
    }

    /// Takes an integration's token as a bearer, which a shop does only if its operator says so.
    pub fn allow_bearer(&self) {
        self.shop.lock().state.access.takes_bearer = true;
    }

    /// Takes only the signatures of integrations, as a fresh shop does.
    pub fn forbid_bearer(&self) {
        self.shop.lock().state.access.takes_bearer = false;
    }

    /// Turns limits of lists and pages on or off.
    pub fn limit(&self, limits: Option<Limits>) {
        self.shop.lock().state.limits = limits;
    }

    /// Lets the next ids follow those of a shop in which more has happened.
    pub fn continue_at(&self, ids: Ids) {
        let state = &mut self.shop.lock().state;
        let places = [
            (ids.product, &mut state.products.next),
            (ids.image, &mut state.products.next_image),
            (ids.category, &mut state.categories.next),
            (ids.customer, &mut state.customers.next),
        ];
        for (id, place) in places {
            *place = id.unwrap_or(*place);
        }
    }

    /// Removes the variant options that name unknown attributes, which only the database can.
    pub fn repair_variant_options(&self) {
        let state = &mut self.shop.lock().state;
        let known: Vec<i64> = state.attributes.list.iter().map(|attribute| attribute.id).collect();
        for product in state.products.list.values_mut() {
            product.variant_options.retain(|option| known.contains(&option.attribute));
        }
    }
}

/// Next ids; none leaves a counter as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ids {
    /// Of products.
    pub product: Option<i64>,
    /// Of images.
    pub image: Option<i64>,
    /// Of categories.
    pub category: Option<i64>,
    /// Of customers.
    pub customer: Option<i64>,
}

impl Drop for LocalShop {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn inner(setup: Setup) -> Inner {
    let service = Service { routes: api::routes(), chance: Chance::of(setup.seed) };
    let mut inner = Inner {
        state: State::installed(DateTime::default()),
        service,
        faults: setup.faults,
        chance: Chance::of(setup.seed.wrapping_add(1)),
        clock: setup.clock,
        exchanges: Vec::new(),
        keeps_bodies: setup.keeps_bodies,
        compresses: setup.compresses,
        consumer_runs: true,
        consumed: 0,
    };
    inner.state = State::installed(inner.now());
    inner.state.access.integrations = setup.integrations;
    inner.state.access.people = setup.people;
    inner.state.access.takes_bearer = setup.takes_bearer;
    inner.state.downloadable_domains = setup.downloadable_domains.into_iter().collect();
    inner.state.limits = setup.limits;
    inner.state.inventory.indexes_at_once = setup.indexes_at_once;
    if setup.start == Start::Recorded {
        for wish in start::recorded() {
            let (status, answer) = inner.ask(wish.method, &wish.path, &wish.body);
            assert!(status < 300, "the start state is refused: {} {}: {status} {answer}", wish.method, wish.path);
        }
    }
    inner
}

fn consume_one(shop: &Shop) -> Consumed {
    let inner = &mut *shop.lock();
    let now = inner.now();
    let consumed = consume(&mut inner.state, &inner.service.routes, &mut inner.faults, now);
    if consumed == Consumed::One {
        inner.consumed += 1;
    }
    consumed
}

/// Takes operations at a rate. A tick is at least 5 ms, so that a fast consumer takes several at once.
#[expect(clippy::disallowed_methods, reason = "the consumer of a shop has a speed of its own")]
async fn run_consumer(shop: Arc<Shop>, per_second: f64, restarts_after: Option<Duration>) {
    let tick = Duration::from_secs_f64((1.0 / per_second.max(0.001)).max(0.005));
    let mut due = 0.0;
    loop {
        tokio::time::sleep(tick).await;
        if !shop.lock().consumer_runs {
            continue;
        }
        due += per_second * tick.as_secs_f64();
        while due >= 1.0 {
            due -= 1.0;
            match (consume_one(&shop), restarts_after) {
                (Consumed::One, _) => {}
                (Consumed::Nothing, _) | (Consumed::Died, None) => due = 0.0,
                (Consumed::Died, Some(pause)) => {
                    due = 0.0;
                    tokio::time::sleep(pause).await;
                    shop.lock().state.bulks.is_dead = false;
                }
            }
        }
    }
}
