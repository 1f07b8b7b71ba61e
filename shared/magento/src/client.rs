//! A client for the REST interface of a shop. It knows calls, answers and what both cost, and nothing of imports.
//!
//! `call.rs` is a request before it has an address, `address.rs` makes the address, `access.rs` and `oauth.rs` the pass,
//! `wire.rs` is the seam to the network, `answer.rs` and `message.rs` read what comes back, `retry.rs` decides about
//! another try, `pace.rs` and `writers.rs` keep order among requests, `search.rs` reads lists.
//!
//! **Invariant:** no body, password, token or signature is in an error or in what is printed of a value.
//! **Invariant:** a request that may have reached the shop is sent again only if a second time is harmless.

mod access;
mod address;
mod answer;
mod call;
mod error;
mod keeper;
mod message;
mod oauth;
mod pace;
mod retry;
mod scope;
mod search;
mod secret;
mod settings;
#[cfg(test)]
mod tests;
mod wire;
mod writers;

use std::fmt;
use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, USER_AGENT as USER_AGENT_HEADER};
use http_client::{Request, RequestLimits};
use serde_json::Value;
use url::Url;

pub use access::{HostedKeys, ShopAccess};
pub use address::{AddressError, AddressForm, ShopAddress};
pub(crate) use answer::is_lock_conflict;
pub use answer::sentence;
pub use call::{CallName, Lane, Repeat, ShopCall};
pub use error::{Arrival, Error, RefusalReason, ShopRefusal};
pub use message::{filled, in_one_line};
pub use oauth::OAuthKeys;
pub use scope::ShopScope;
pub use search::{Pages, SearchCriteria, SearchFilter, SortDirection};
pub use secret::ShopSecret;
pub use settings::{ShopLimits, ShopSettings};
pub use wire::{Network, Wire, WireAnswer};
pub use writers::{SkuGuard, SkuWriters, sku_key};

use keeper::{Around, Keeper, Pass};
use pace::Pace;
use retry::Tries;

/// How the client calls itself; some firewalls refuse requests without a name.
const USER_AGENT: &str = concat!("Systole/", env!("CARGO_PKG_VERSION"));

/// A client for one shop. It is shared by all who speak to that shop, so that its limits hold for all of them.
pub struct ShopClient {
    settings: ShopSettings,
    wire: Arc<dyn Wire>,
    keeper: Keeper,
    pace: Pace,
    writers: SkuWriters,
}

impl ShopClient {
    /// Makes a client. It asks the shop nothing yet.
    #[must_use]
    pub fn new(settings: ShopSettings, wire: Arc<dyn Wire>) -> Self {
        let keeper = Keeper::new(settings.access.clone());
        let pace = Pace::new(&settings.limits);
        Self { settings, wire, keeper, pace, writers: SkuWriters::default() }
    }

    /// Returns what is known of the shop before it is asked.
    #[must_use]
    pub fn settings(&self) -> &ShopSettings {
        &self.settings
    }

    /// Returns how much the shop is asked at once.
    #[must_use]
    pub fn limits(&self) -> &ShopLimits {
        &self.settings.limits
    }

    /// Returns who writes which sku at the moment.
    #[must_use]
    pub fn writers(&self) -> &SkuWriters {
        &self.writers
    }

    /// Returns the world around the client.
    #[must_use]
    pub fn wire(&self) -> &dyn Wire {
        self.wire.as_ref()
    }

    /// Makes a call, again if need be, and returns what the shop answers.
    ///
    /// # Errors
    /// Says what the shop said last. [`Error::may_have_arrived`] says whether it may have done it all the same.
    pub async fn call(&self, call: &ShopCall) -> Result<Value, Error> {
        let url = self.settings.address.of(call)?;
        let around = Around { wire: self.wire.as_ref(), settings: &self.settings };
        let mut tries = Tries::default();
        let mut has_new_pass = false;
        loop {
            let pass = self.keeper.pass(call, &url, around).await?;
            let number = pass.number;
            let error = match self.send(call, &url, pass).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            tries.sent += 1;
            // A token that ended is renewed once; a second refusal means a missing right, and the shop did nothing.
            if lacks_rights(&error) && !has_new_pass && self.keeper.renews(number).await {
                has_new_pass = true;
                continue;
            }
            let limits = self.limits();
            let Some(pause) = retry::pause(&error, call.repeat, tries, limits, self.wire.random()) else {
                return Err(error);
            };
            if error.refusal().is_some_and(|refusal| refusal.reason == RefusalReason::Busy) {
                self.pace.hold_until(self.wire.now() + pause);
            }
            self.wire.wait(pause).await;
            tries.waited += pause;
        }
    }

    /// Reads a list page by page.
    #[must_use]
    pub fn pages(&self, call: ShopCall, criteria: SearchCriteria) -> Pages<'_> {
        Pages::new(self, call, criteria)
    }

    /// Reads a list as a whole; only for lists that are known to be short.
    ///
    /// # Errors
    /// As [`Pages::next`].
    pub async fn list(&self, call: ShopCall, criteria: SearchCriteria) -> Result<Vec<Value>, Error> {
        let mut pages = self.pages(call, criteria);
        let mut items = Vec::new();
        while let Some(page) = pages.next().await? {
            items.extend(page);
        }
        Ok(items)
    }

    /// Sends a request once.
    async fn send(&self, call: &ShopCall, url: &Url, pass: Pass) -> Result<Value, Error> {
        let name = call.name(url);
        let request = self.request(call, url, pass);
        let permit = self.pace.turn(self.wire.as_ref()).await;
        let answer = self.wire.send(request).await;
        drop(permit);
        let answer = answer.map_err(|source| {
            let arrival = match never_arrived(&source) {
                true => Arrival::Never,
                false => Arrival::Perhaps,
            };
            Error::Unanswered { call: name.clone(), arrival, source }
        })?;
        answer::read(&name, &answer, self.wire.now())
    }

    fn request(&self, call: &ShopCall, url: &Url, pass: Pass) -> Request {
        let mut headers = pass.headers;
        // A shop answers `text/html` with a page and `application/xml` with XML.
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT_HEADER, HeaderValue::from_static(USER_AGENT));
        if !call.body().is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        self.settings.address.add_scope(&call.scope, &mut headers);
        let limits = self.limits();
        let limits = RequestLimits { time: limits.answer_time, body_bytes: limits.answer_bytes };
        let (method, body) = (call.method.clone(), call.body().clone());
        Request { method, url: url.clone(), headers, body, secrets: pass.secrets, limits }
    }
}

fn lacks_rights(error: &Error) -> bool {
    error.refusal().is_some_and(|refusal| matches!(refusal.reason, RefusalReason::Rights { .. }))
}

/// Says whether a request cannot have reached the shop: there was no connection.
fn never_arrived(error: &http_client::Error) -> bool {
    use http_client::Error as E;
    match error {
        E::NotListed { .. }
        | E::Inside { .. }
        | E::Unprotected { .. }
        | E::Scheme(_)
        | E::Credentials
        | E::NoHost
        | E::Unsendable { .. }
        | E::NoCertificates
        | E::Unreachable { .. }
        | E::NoAddress { .. } => true,
        E::BrokenOff { .. }
        | E::Late { .. }
        | E::Incomplete { .. }
        | E::BodyBrokenOff { .. }
        | E::TooLarge { .. }
        | E::Encoded { .. }
        | E::Undecodable { .. }
        | E::RepeatsSecret { .. } => false,
    }
}

impl fmt::Debug for ShopClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShopClient({})", self.settings.name)
    }
}
