//! Exports of things one by one, each by a pipeline of its own: what orders go through, and whatever else a shop hands on.
//!
//! ```text
//! record: pending ──ScheduleEntities──▶ scheduled ──its pipeline──▶ exported
//!            ▲                             │ ended without that
//!            └────── reset ── error ◀──────┘
//!                              └── RescheduleEntities: attempts left, and an hour has passed ──▶ scheduled
//! ```
//!
//! A kind of things is an [`ExportEntity`]: where they are, which pipeline takes one, what rules ask about. Nothing here
//! knows any kind. Whether a thing goes is decided by the filters of [`orders::export`], and each refusal is a sentence.
//!
//! **Mark, then spawn.** A fetcher writes into the record that it has its pipeline, and only then asks for that pipeline,
//! whose id follows from the record. Of two beats that see the same record one wins the write. Who dies between mark and
//! spawn leaves a record whose pipeline is not there; a later look asks for the same one again.
//!
//! **Invariant:** a pipeline sends only what its record says is its own.

pub mod leaving;
pub mod records;
mod reschedule;
pub mod reset;
mod schedule;
mod sweep;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use engine::accepts::{Argument, Presence, Text};
use orders::export::{Candidate, Chain, ExportRecord, ExportSettings, Filter, Refusal, refusals};
use store::Store;

pub use reschedule::RescheduleEntities;
pub use reset::ResetExports;
pub use schedule::ScheduleEntities;

/// The argument that names the kind of thing.
pub const ENTITY: Argument<Text> = Argument {
    name: "entity",
    kind: Text { example: "order_export" },
    presence: Presence::HandedOn,
    meaning: "what kind of thing is exported; the data fetcher hands it over",
};

/// The argument that names the thing.
pub const ENTITY_ID: Argument<Text> = Argument {
    name: "entity_id",
    kind: Text { example: "1-000000041" },
    presence: Presence::HandedOn,
    meaning: "which thing is exported; the data fetcher hands it over",
};

/// The argument that tells a first pipeline from a later one, as the original has it.
pub const IS_RETRY: Argument<engine::accepts::Flag> = Argument {
    name: "is_retry",
    kind: engine::accepts::Flag,
    presence: Presence::Default("false"),
    meaning: "whether an earlier pipeline of the thing failed; the data fetcher hands it over",
};

/// A kind of things that are exported.
#[async_trait]
pub trait ExportEntity: Send + Sync {
    /// Its name in records, settings and commands, for ever: `order_export`.
    fn code(&self) -> &'static str;

    /// Where its things are, for people: `orders`.
    fn source(&self) -> &'static str;

    /// The definition of the pipeline that exports one of them.
    fn pipeline(&self) -> &'static str;

    /// Whether anything of it is scheduled.
    fn is_active(&self) -> bool {
        true
    }

    /// The filters that decide; a project adds its own behind those of the chain.
    fn filters(&self, chain: Chain) -> Vec<Box<dyn Filter>> {
        chain.filters()
    }

    /// Looks at some things as they are now. One that is not there is left out.
    ///
    /// # Errors
    /// The store did not answer.
    async fn look(&self, store: &Store, ids: &[String], now: DateTime<Utc>) -> store::Result<EntityLook>;
}

/// What one look at things has seen.
#[derive(Debug, Default)]
pub struct EntityLook {
    /// Counts what was set; what is refused is held back until it differs.
    pub revision: u64,
    /// The things by id.
    pub things: BTreeMap<String, Thing>,
}

/// A thing as it is now, as far as its export asks.
#[derive(Debug, Clone)]
pub struct Thing {
    /// What people call it: `order 000000041`.
    pub label: String,
    /// The website that it belongs to, or why it belongs to none.
    pub website: Result<ThingWebsite, String>,
    /// When it came to be.
    pub created_at: DateTime<Utc>,
    /// Which version of it this is, for people.
    pub version: String,
    /// What rules ask about.
    pub facts: BTreeMap<Box<str>, Box<str>>,
}

/// The website of a thing, as far as its export asks.
#[derive(Debug, Clone)]
pub struct ThingWebsite {
    /// Its code.
    pub code: String,
    /// What is set for its exports.
    pub settings: Arc<ExportSettings>,
    /// What stops all exports of the website until it is set otherwise.
    pub stopped_by: Option<String>,
    /// What nothing can be sent to for now, and when to look again.
    pub waits_for: Option<(String, DateTime<Utc>)>,
}

impl Thing {
    /// Asks all filters of a chain. A thing that none refuses is taken.
    #[must_use]
    pub fn refusals(&self, filters: &[Box<dyn Filter>], record: &ExportRecord, now: DateTime<Utc>) -> Vec<Refusal> {
        let website = match &self.website {
            Ok(website) => website,
            Err(reason) => return vec![Refusal { filter: "website", reason: reason.clone() }],
        };
        let facts = self.facts.iter().map(|(fact, value)| (&**fact, &**value)).collect();
        let candidate = Candidate { website: &website.code, created_at: self.created_at, facts, record };
        let mut told = refusals(filters, &candidate, &website.settings, now);
        told.extend(website.stopped_by.clone().map(|reason| Refusal { filter: "website_stopped", reason }));
        told
    }
}

/// Writes refusals in one line.
#[must_use]
pub fn in_words(refusals: &[Refusal]) -> String {
    refusals.iter().map(|refusal| refusal.reason.as_str()).collect::<Vec<_>>().join("; ")
}
