//! `/__shop/…`: the same control for a person with a command line that tests have by the handle.

use serde_json::{Value, json};

use crate::consumer::{Consumed, consume};

use crate::service::Reply;
use crate::shop::Inner;

/// Answers a request for the shop behind the shop.
pub(crate) fn answer(inner: &mut Inner, method: &str, path: &str, body: &[u8]) -> Reply {
    let (status, value) = match (method, path) {
        ("GET", "faults") => (200, json!(inner.faults)),
        ("PUT", "faults") => match serde_json::from_slice(body) {
            Ok(faults) => {
                inner.faults = faults;
                (200, json!(inner.faults))
            }
            Err(error) => (400, json!({"message": format!("these are no faults: {error}")})),
        },
        ("GET", "exchanges") => (200, json!(inner.exchanges)),
        ("DELETE", "exchanges") => {
            inner.exchanges.clear();
            (200, Value::Bool(true))
        }
        ("POST", "consume") => (200, json!(consume_all(inner))),
        ("POST", "consumer/restart") => {
            inner.state.bulks.is_dead = false;
            inner.consumer_runs = true;
            (200, Value::Bool(true))
        }
        ("POST", "consumer/pause") => {
            inner.consumer_runs = false;
            (200, Value::Bool(true))
        }
        ("POST", "index") => {
            inner.state.inventory.index_all();
            (200, Value::Bool(true))
        }
        _ => (404, json!({"message": KNOWN})),
    };
    Reply { status, content_type: "application/json; charset=utf-8", body: value.to_string(), route: None, items: 1 }
}

const KNOWN: &str = "known are GET and PUT faults, GET and DELETE exchanges, POST consume, POST consumer/restart, \
                     POST consumer/pause and POST index";

/// Takes everything out of the queue and tells how many operations that were.
fn consume_all(inner: &mut Inner) -> usize {
    let mut taken = 0;
    loop {
        let now = inner.now();
        match consume(&mut inner.state, &inner.service.routes, &mut inner.faults, now) {
            Consumed::One => taken += 1,
            Consumed::Nothing | Consumed::Died => return taken,
        }
    }
}
