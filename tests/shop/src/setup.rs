//! How a shop is set up.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use tokio_rustls::rustls::ServerConfig;

use crate::faults::Faults;
use crate::state::Limits;
use crate::state::access::{Integration, Person, Rights};

/// The clock of a shop.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// Stands still until a test moves it.
    Standing(DateTime<Utc>),
    /// The clock of the machine.
    Running,
}

/// Who takes messages out of the queue.
#[derive(Debug, Clone, Copy)]
pub enum Consumer {
    /// Nobody: the test calls [`consume`](crate::LocalShop::consume).
    ByHand,
    /// A process that takes this many a second.
    Running {
        /// Operations a second.
        per_second: f64,
        /// After how long cron starts it again when it died; never if none.
        restarts_after: Option<Duration>,
    },
}

/// What is in a shop from the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    /// Nothing but what an installation brings, with the websites and store views of the recorded shop.
    Fresh,
    /// The attributes, the set and the categories that the recorded shop had before its first product.
    Recorded,
}

/// What a shop is made of.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What is in the shop from the start.
    pub start: Start,
    /// Chance of everything that is by chance.
    pub seed: u64,
    /// Clock.
    pub clock: Clock,
    /// Consumer.
    pub consumer: Consumer,
    /// Faults from the start.
    pub faults: Faults,
    /// Integrations; the first one may do everything, the second one only the catalogue.
    pub integrations: Vec<Integration>,
    /// People who can sign in.
    pub people: Vec<Person>,
    /// Whether an integration's token is taken as a bearer; a fresh shop refuses that.
    pub takes_bearer: bool,
    /// Hosts from which downloadable links may come.
    pub downloadable_domains: Vec<String>,
    /// Limits of lists and pages; a fresh shop has none.
    pub limits: Option<Limits>,
    /// Whether the index runs after every write, as with "Update on Save". A fresh shop waits for cron.
    pub indexes_at_once: bool,
    /// Whether bodies are kept in the log of exchanges.
    pub keeps_bodies: bool,
    /// Whether replies are compressed for those who take that.
    pub compresses: bool,
    /// Certificate and key, for a shop behind TLS.
    pub tls: Option<Arc<ServerConfig>>,
}

/// The token of the integration that may do everything.
pub const TOKEN: &str = "tokenforeverything00000000000001";
/// The token of the integration that may only do the catalogue.
pub const CATALOG_TOKEN: &str = "tokenforthecatalogue000000000002";

impl Default for Setup {
    /// The shop of the recordings, with a consumer that runs when the test says so.
    fn default() -> Self {
        Self {
            start: Start::Fresh,
            seed: 1,
            clock: Clock::Standing(Utc.with_ymd_and_hms(2026, 11, 28, 17, 49, 16).single().unwrap_or_default()),
            consumer: Consumer::ByHand,
            faults: Faults::default(),
            integrations: vec![
                integration("1", TOKEN, Rights::All),
                integration("2", CATALOG_TOKEN, Rights::Only(["Magento_Catalog".to_owned()].into())),
            ],
            people: vec![person("admin", "Admin-Pass-123")],
            takes_bearer: true,
            downloadable_domains: Vec::new(),
            limits: None,
            indexes_at_once: false,
            keeps_bodies: true,
            compresses: true,
            tls: None,
        }
    }
}

fn integration(number: &str, token: &str, rights: Rights) -> Integration {
    let padded = |word: &str| format!("{word}{number:0>width$}", width = 32 - word.len());
    Integration {
        consumer_key: padded("consumerkey"),
        consumer_secret: padded("consumersecret"),
        token: token.to_owned(),
        token_secret: padded("tokensecret"),
        rights,
        is_revoked: false,
    }
}

/// A person who may do everything.
#[must_use]
pub fn person(name: &str, password: &str) -> Person {
    Person { name: name.to_owned(), password: password.to_owned(), rights: Rights::All, failures: 0 }
}
