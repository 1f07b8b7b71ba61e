//! What stands in the way of all orders of a website: a target that nobody answers at, a template that cannot be used.
//!
//! | item | partition, sort | holds |
//! |---|---|---|
//! | state | `order_website_states`, `<code>` | `outage`, `stop` |
//!
//! An outage is one state with one alarm, however many orders meet it. They wait without using up an attempt, and one of
//! them at a time is the probe that finds out that it is over. A stop ends with the next change of what is set.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Store;
use store::items::{self, Fields};
use store::table::{Change, Condition, Item, Key, Query, Write, Written};

/// The partition of all of them.
const PARTITION: &str = "order_website_states";

/// How long after a probe the next one goes.
pub const PROBE_EVERY: TimeDelta = TimeDelta::minutes(5);

/// How often a change is tried again because somebody else changed the state meanwhile.
const RACES: usize = 8;

/// What stands in the way of all orders of a website.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebsiteState {
    /// The target that nobody answers at.
    pub outage: Option<Outage>,
    /// What stops the website until it is set otherwise.
    pub stop: Option<Stop>,
}

/// A target that nobody answers at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// What was set for the transport; another target is another matter.
    pub transport: Value,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What happened at the last try.
    pub problem: String,
    /// From when on the next probe may go.
    pub probe_at: DateTime<Utc>,
}

/// What stops a website until it is set otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// What was set when it stopped.
    pub revision: u64,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What is wrong.
    pub problem: String,
}

/// Whether something is told for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// It is: somebody should hear of it.
    New,
    /// It was known before.
    Known,
}

/// Whether a document may go to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Nothing stands in the way.
    Free,
    /// It is the probe.
    Probe,
    /// It waits until then.
    Closed {
        /// Until when.
        until: DateTime<Utc>,
        /// What for.
        problem: String,
    },
}

/// Reads the states of all websites.
///
/// # Errors
/// The store did not answer, or an item cannot be read.
pub async fn load(store: &Store) -> store::Result<BTreeMap<String, WebsiteState>> {
    let (mut states, mut query) = (BTreeMap::new(), Query::prefix(PARTITION, ""));
    loop {
        let page = store.table.query(&query).await?;
        for item in &page.entries {
            states.insert(item.key.sort.clone(), state(item)?);
        }
        let Some(next) = page.next else { return Ok(states) };
        query.after = Some(next);
    }
}

/// Notes that nobody answers at the target of a website.
///
/// # Errors
/// The store did not answer.
pub async fn note_outage(
    store: &Store,
    code: &str,
    transport: &Value,
    problem: &str,
    now: DateTime<Utc>,
) -> store::Result<News> {
    let changed = change(store, code, |state| {
        let known = state.outage.as_ref().filter(|outage| outage.transport == *transport);
        let outage = Outage {
            transport: transport.clone(),
            since: known.map_or(now, |outage| outage.since),
            problem: problem.to_owned(),
            probe_at: now + PROBE_EVERY,
        };
        Some(WebsiteState { outage: Some(outage), ..state.clone() })
    });
    let before = changed.await?;
    let was_known = before.outage.is_some_and(|outage| outage.transport == *transport);
    Ok(if was_known { News::Known } else { News::New })
}

/// Notes that somebody answers at the target of a website. Costs nothing while there is no outage.
///
/// # Errors
/// The store did not answer.
pub async fn note_answer(store: &Store, code: &str) -> store::Result<Option<Outage>> {
    let Some(item) = store.table.get(&Key::new(PARTITION, code)).await? else { return Ok(None) };
    if state(&item)?.outage.is_none() {
        return Ok(None);
    }
    let change =
        change(store, code, |state| state.outage.is_some().then(|| WebsiteState { outage: None, ..state.clone() }));
    Ok(change.await?.outage)
}

/// Notes what stops a website until it is set otherwise.
///
/// # Errors
/// The store did not answer.
pub async fn note_stop(store: &Store, code: &str, stop: Stop) -> store::Result<News> {
    let before = change(store, code, |state| {
        let is_known = state.stop.as_ref().is_some_and(|known| known.revision == stop.revision);
        (!is_known).then(|| WebsiteState { stop: Some(stop.clone()), ..state.clone() })
    })
    .await?;
    let was_known = before.stop.is_some_and(|known| known.revision == stop.revision);
    Ok(if was_known { News::Known } else { News::New })
}

/// Asks whether a document may go to the target of a website. Of all that ask during an outage one is the probe.
///
/// # Errors
/// The store did not answer.
pub async fn way(store: &Store, code: &str, transport: &Value, now: DateTime<Utc>) -> store::Result<Way> {
    let before = change(store, code, |state| {
        let outage = state.outage.as_ref().filter(|outage| outage.transport == *transport)?;
        let next = Outage { probe_at: now + PROBE_EVERY, ..outage.clone() };
        (outage.probe_at <= now).then(|| WebsiteState { outage: Some(next), ..state.clone() })
    })
    .await?;
    Ok(match before.outage.filter(|outage| outage.transport == *transport) {
        None => Way::Free,
        Some(outage) if outage.probe_at <= now => Way::Probe,
        Some(outage) => Way::Closed { until: outage.probe_at, problem: outage.in_words() },
    })
}

impl Outage {
    /// Says it for people.
    #[must_use]
    pub fn in_words(&self) -> String {
        format!("nobody answers at its target since {} ({})", self.since.format("%Y-%m-%d %H:%M:%S UTC"), self.problem)
    }
}

/// Changes a state, if there is anything to change, and returns the one before.
async fn change(
    store: &Store,
    code: &str,
    next: impl Fn(&WebsiteState) -> Option<WebsiteState> + Send,
) -> store::Result<WebsiteState> {
    let key = Key::new(PARTITION, code);
    let mut item = store.table.get(&key).await?;
    for _ in 0..RACES {
        let before = item.as_ref().map(state).transpose()?.unwrap_or_default();
        let Some(next) = next(&before) else { return Ok(before) };
        let condition = item.as_ref().map_or(Condition::Absent, |item| Condition::Version(item.version));
        let change = Change::Put { attributes: attributes(&next), listing: None, expires_at: None };
        match store.table.write(Write { key: key.clone(), condition, change }).await? {
            Written::Applied(_) => return Ok(before),
            Written::Conflict(found) => item = found,
        }
    }
    // Whoever wrote last has noted the same trouble, or its end.
    item.as_ref().map(state).transpose().map(Option::unwrap_or_default)
}

fn attributes(state: &WebsiteState) -> store::table::Attributes {
    items::attributes([
        ("schema", json!(1)),
        ("outage", state.outage.as_ref().map_or(Value::Null, |outage| json!(outage))),
        ("stop", state.stop.as_ref().map_or(Value::Null, |stop| json!(stop))),
    ])
}

fn state(item: &Item) -> store::Result<WebsiteState> {
    let fields = Fields::of(item)?;
    Ok(WebsiteState { outage: fields.json("outage", "an outage")?, stop: fields.json("stop", "a stop")? })
}
