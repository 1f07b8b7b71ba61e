//! What the connections of a shop, its consumer and a test share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::chance::Chance;
use crate::exchanges::Exchange;
use crate::faults::Faults;
use crate::service::{Reply, Request, Service};
use crate::setup::Clock;
use crate::state::State;

/// What the connections share.
pub(crate) struct Shop {
    pub inner: Mutex<Inner>,
    /// Whether it is behind TLS.
    pub is_secure: bool,
}

/// All that changes.
pub(crate) struct Inner {
    pub state: State,
    pub service: Service,
    pub faults: Faults,
    pub chance: Chance,
    pub clock: Clock,
    pub exchanges: Vec<Exchange>,
    pub keeps_bodies: bool,
    pub compresses: bool,
    /// Whether the running consumer takes messages.
    pub consumer_runs: bool,
    /// Operations the consumer has taken, the poisoned ones left out.
    pub consumed: u64,
}

impl Shop {
    /// The shop, also after a test has panicked while it held it.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        match self.clock {
            Clock::Standing(now) => now,
            #[expect(clippy::disallowed_methods, reason = "a shop that a person starts has the time of the machine")]
            Clock::Running => Utc::now(),
        }
    }

    /// Asks the shop without a connection, a token or a fault, and leaves no trace in the log.
    pub(crate) fn ask(&mut self, method: &str, target: &str, body: &Value) -> (u16, Value) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            host: String::new(),
            authorization: None,
            accept: None,
            accept_encoding: None,
            is_secure: false,
            content_type: Some("application/json".to_owned()),
            body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
            was_new: false,
            is_trusted: true,
        };
        let reply = self.answer(&request);
        let body = serde_json::from_str(&reply.body).unwrap_or_else(|_| Value::String(reply.body.clone()));
        (reply.status, body)
    }

    /// Answers a request as the shop does when nothing is in its way.
    pub(crate) fn answer(&mut self, request: &Request) -> Reply {
        let now = self.now();
        self.service.answer(&mut self.state, request, now)
    }
}
