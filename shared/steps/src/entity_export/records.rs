//! The export of each thing as it is stored, and its story.
//!
//! | item | partition, sort | holds | listed |
//! |---|---|---|---|
//! | record | `export/<entity>/<id>`, `record` | where the export stands | while it is not exported, by [`Place`] |
//! | story | `export/<entity>/<id>`, `story/<version>` | one sentence that a person reads | no |
//!
//! A record is written only under the version that was read, together with the sentence that tells of it. Listings may lag
//! behind, so they only suggest what to look at.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use orders::export::{ExportRecord, ExportStatus, LAST_ERROR_RESTS};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Store;
use store::items::{self, Fields, optional};
use store::table::{
    Change, Condition, GroupWritten, Item, Key, Listing, ListingQuery, Query, SortDirection, Write, Written,
};

/// The sort key of a record; its story sorts behind it.
const RECORD: &str = "record";

/// What the sort keys of a story begin with.
const STORY: &str = "story/";

/// The export of one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What kind of thing it is: the code of its entity.
    pub entity: String,
    /// Which thing.
    pub id: String,
    /// Where its export stands.
    pub export: ExportRecord,
    /// When it got its pipeline; the pipeline's id is made of it.
    pub scheduled_at: Option<DateTime<Utc>>,
    /// Counts the exports that are wanted: a reset begins another one. What is called outside knows a repetition by it.
    pub generation: u32,
    /// The document that may have been sent in this generation, until its fate is known.
    pub frozen: Option<Frozen>,
    /// When its document left, and what was answered.
    pub sent: Option<SentDocument>,
    /// The number that the other side has for it, once it has told.
    pub external_id: Option<String>,
    /// What a person should see to, for things that went wrong behind the export.
    pub attention: Option<String>,
    /// Why it waits, as the last look at it says.
    pub waits_for: Option<String>,
    /// The version of the item; none if it is not stored yet.
    pub version: Option<u64>,
    /// Where it is listed.
    pub place: Option<Place>,
}

/// A document on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// The key of its file.
    pub file: String,
    /// Which version of the thing it was made of, for people.
    pub version: String,
    /// The name under which the other side knows a repetition.
    pub key: String,
    /// Whether the other side may have it: something was sent, and no answer came.
    pub may_be_received: bool,
}

/// A document that has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentDocument {
    /// When.
    pub at: DateTime<Utc>,
    /// The key of its file.
    pub file: String,
    /// Which version of the thing it was made of.
    pub version: String,
    /// Where it went, in the words of the transport.
    pub to: String,
    /// The name under which the other side knows a repetition.
    pub key: String,
}

/// Where a record is listed: what becomes of it next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// To be scheduled, from this moment on.
    Pending(DateTime<Utc>),
    /// To be scheduled again, from this moment on.
    Failed(DateTime<Utc>),
    /// To see at this moment what became of its first pipeline.
    Scheduled(DateTime<Utc>),
    /// The same for a later one.
    Rescheduled(DateTime<Utc>),
    /// Nothing, until what is set differs from this revision.
    Held(u64),
}

/// A list of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Those that wait for their first pipeline.
    Pending,
    /// Those that failed.
    Failed,
    /// Those whose first pipeline is under way.
    Scheduled,
    /// Those with a later one under way.
    Rescheduled,
    /// Those that are held back.
    Held,
}

/// One sentence of the story of a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoryLine {
    /// When.
    pub at: DateTime<Utc>,
    /// What happened.
    pub what: String,
}

impl Record {
    /// A thing that is seen for the first time.
    #[must_use]
    pub fn new(entity: &str, id: &str) -> Self {
        Record {
            entity: entity.to_owned(),
            id: id.to_owned(),
            export: ExportRecord::default(),
            scheduled_at: None,
            generation: 1,
            frozen: None,
            sent: None,
            external_id: None,
            attention: None,
            waits_for: None,
            version: None,
            place: None,
        }
    }

    /// When a failed export is tried again.
    #[must_use]
    pub fn due_again_at(&self) -> Option<DateTime<Utc>> {
        let rests = TimeDelta::from_std(LAST_ERROR_RESTS).unwrap_or(TimeDelta::MAX);
        self.export.last_error_at.map(|failed_at| failed_at + rests)
    }

    /// The name under which who gets the document knows a repetition: the same for every try of one wanted export.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}/{}/{}", self.entity, self.id, self.generation)
    }

    /// The writes that bring it into the table, with the sentence that tells of it.
    #[must_use]
    pub fn writes(&self, story: Option<&str>, now: DateTime<Utc>) -> Vec<Write> {
        let condition = self.version.map_or(Condition::Absent, Condition::Version);
        let listing = self.place.map(|place| place.listing(&self.entity, &self.id));
        let change = Change::Put { attributes: self.attributes(), listing, expires_at: None };
        let mut writes = vec![Write { key: key(&self.entity, &self.id), condition, change }];
        if let Some(what) = story {
            // By what was written when, since clocks of hosts differ.
            let sort = format!("{STORY}{:010}", self.version.unwrap_or(0));
            let attributes = items::attributes([("at", items::time(now)), ("what", json!(what))]);
            let change = Change::Put { attributes, listing: None, expires_at: None };
            writes.push(Write {
                key: Key::new(partition(&self.entity, &self.id), sort),
                condition: Condition::Any,
                change,
            });
        }
        writes
    }

    fn attributes(&self) -> store::table::Attributes {
        let time = |at: Option<DateTime<Utc>>| at.map_or(serde_json::Value::Null, items::time);
        let ExportRecord { status, error_count, last_error_at, pipeline, rounds } = &self.export;
        items::attributes([
            ("schema", json!(1)),
            ("id", json!(self.id)),
            ("status", json!(status.to_string())),
            ("error_count", json!(error_count)),
            ("last_error_at", time(*last_error_at)),
            ("pipeline", optional(pipeline.as_deref())),
            ("rounds", json!(rounds)),
            ("scheduled_at", time(self.scheduled_at)),
            ("generation", json!(self.generation)),
            ("frozen", self.frozen.as_ref().map_or(serde_json::Value::Null, |frozen| json!(frozen))),
            ("sent", self.sent.as_ref().map_or(serde_json::Value::Null, |sent| json!(sent))),
            ("external_id", optional(self.external_id.as_deref())),
            ("attention", optional(self.attention.as_deref())),
            ("waits_for", optional(self.waits_for.as_deref())),
        ])
    }
}

impl Place {
    fn list(self) -> List {
        match self {
            Self::Pending(_) => List::Pending,
            Self::Failed(_) => List::Failed,
            Self::Scheduled(_) => List::Scheduled,
            Self::Rescheduled(_) => List::Rescheduled,
            Self::Held(_) => List::Held,
        }
    }

    fn listing(self, entity: &str, id: &str) -> Listing {
        let rank = match self {
            Self::Pending(at) | Self::Failed(at) | Self::Scheduled(at) | Self::Rescheduled(at) => {
                at.timestamp_millis().max(0).unsigned_abs()
            }
            Self::Held(revision) => revision,
        };
        Listing { shard: self.list().shard(entity), rank: format!("{rank:013}/{id}") }
    }

    fn of(listing: &Listing, entity: &str) -> Option<Self> {
        let rank: u64 = listing.rank.split_once('/')?.0.parse().ok()?;
        let at = i64::try_from(rank).ok().and_then(DateTime::from_timestamp_millis);
        let lists = [List::Pending, List::Failed, List::Scheduled, List::Rescheduled, List::Held];
        match lists.into_iter().find(|list| list.shard(entity) == listing.shard)? {
            List::Pending => at.map(Self::Pending),
            List::Failed => at.map(Self::Failed),
            List::Scheduled => at.map(Self::Scheduled),
            List::Rescheduled => at.map(Self::Rescheduled),
            List::Held => Some(Self::Held(rank)),
        }
    }
}

impl List {
    fn shard(self, entity: &str) -> String {
        let name = match self {
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Scheduled => "scheduled",
            Self::Rescheduled => "rescheduled",
            Self::Held => "held",
        };
        format!("export/{entity}/{name}")
    }
}

/// Reads the record of a thing.
///
/// # Errors
/// The store did not answer, or the item cannot be read.
pub async fn get(store: &Store, entity: &str, id: &str) -> store::Result<Option<Record>> {
    store.table.get(&key(entity, id)).await?.as_ref().map(|item| record(entity, item)).transpose()
}

/// Reads the records of some things; those without one are left out.
///
/// # Errors
/// The store did not answer, or an item cannot be read.
pub async fn get_all(store: &Store, entity: &str, ids: &[String]) -> store::Result<Vec<Record>> {
    let keys: Vec<Key> = ids.iter().map(|id| key(entity, id)).collect();
    store.table.batch_get(&keys).await?.iter().map(|item| record(entity, item)).collect()
}

/// Writes a record as it was read and changed since; nothing if somebody else has written it meanwhile.
///
/// # Errors
/// The store did not answer; it may have written.
pub async fn write(
    store: &Store,
    record: Record,
    story: Option<&str>,
    now: DateTime<Utc>,
) -> store::Result<Option<Record>> {
    let mut writes = record.writes(story, now);
    let is_written = match writes.len() {
        1 => matches!(store.table.write(writes.remove(0)).await?, Written::Applied(_)),
        _ => store.table.write_group(writes).await? == GroupWritten::Applied,
    };
    let version = Some(record.version.map_or(1, |version| version + 1));
    Ok(is_written.then_some(Record { version, ..record }))
}

/// Lists things of a list up to a rank, the first ones first. The list may lag behind.
///
/// # Errors
/// The store did not answer.
pub async fn listed(store: &Store, entity: &str, list: List, until: u64, limit: usize) -> store::Result<Vec<String>> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let limit_left = Some(limit - ids.len());
        let query =
            ListingQuery { shard: list.shard(entity), after, order: SortDirection::Ascending, limit: limit_left };
        let page = store.table.listing(&query).await?;
        for listed in page.entries {
            let Some((rank, id)) = listed.rank.split_once('/') else { continue };
            if rank.parse().is_ok_and(|rank: u64| rank > until) {
                return Ok(ids);
            }
            ids.push(id.to_owned());
        }
        if page.next.is_none() || ids.len() >= limit {
            return Ok(ids);
        }
        after = page.next;
    }
}

/// Tells what happened to a thing, the first first.
///
/// # Errors
/// The store did not answer, or an item cannot be read.
pub async fn story(store: &Store, entity: &str, id: &str) -> store::Result<Vec<StoryLine>> {
    let (mut lines, mut query) = (Vec::new(), Query::prefix(partition(entity, id), STORY));
    loop {
        let page = store.table.query(&query).await?;
        for item in &page.entries {
            let fields = Fields::of(item)?;
            let at = fields.required("at", fields.time("at")?)?;
            lines.push(StoryLine { at, what: fields.text("what")?.unwrap_or_default().to_owned() });
        }
        let Some(next) = page.next else { return Ok(lines) };
        query.after = Some(next);
    }
}

/// A time as stories tell it.
#[must_use]
pub fn told(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn partition(entity: &str, id: &str) -> String {
    let mut partition = String::from("export/");
    let _ = write!(partition, "{entity}/{id}");
    partition
}

fn key(entity: &str, id: &str) -> Key {
    Key::new(partition(entity, id), RECORD)
}

fn record(entity: &str, item: &Item) -> store::Result<Record> {
    let fields = Fields::of(item)?;
    let count =
        |field: &str| Ok::<u32, store::Error>(u32::try_from(fields.number(field)?.unwrap_or(0)).unwrap_or(u32::MAX));
    let status: ExportStatus =
        fields.required("status", fields.parsed("status", "one of pending, scheduled, error, exported")?)?;
    Ok(Record {
        entity: entity.to_owned(),
        id: fields.required("id", fields.text("id")?)?.to_owned(),
        export: ExportRecord {
            status,
            error_count: count("error_count")?,
            last_error_at: fields.time("last_error_at")?,
            pipeline: fields.text("pipeline")?.map(Into::into),
            rounds: count("rounds")?,
        },
        scheduled_at: fields.time("scheduled_at")?,
        generation: count("generation")?,
        frozen: fields.json("frozen", "a document that may have been sent")?,
        sent: fields.json("sent", "a document that has left")?,
        external_id: fields.text("external_id")?.map(str::to_owned),
        attention: fields.text("attention")?.map(str::to_owned),
        waits_for: fields.text("waits_for")?.map(str::to_owned),
        version: Some(item.version),
        place: item.listing.as_ref().and_then(|listing| Place::of(listing, entity)),
    })
}
