//! Conditional writes: what must hold, what is done. Runs within a transaction of the writer, so what is read here stays
//! true until it is written.
//!
//! **Invariant:** every condition and every size is checked before the first statement that changes something.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use store::table::{Attributes, Change, Condition, GroupWritten, Item, Key, Listing, Relist, Write, Written};

use crate::attribute_cache::AttributeCache;
use crate::items::{self, StoredRow};
use crate::limits::{RefusedWrite, check_item};
use crate::session::Session;

/// Expired items that each put of an item that will expire deletes: more than one, so that they cannot pile up.
const PURGE_PER_PUT: u32 = 2;

/// A write whose text has been made before it goes to the writer, which has little time.
pub(crate) struct Prepared {
    write: Write,
    /// The attributes of a put as JSON.
    text: String,
}

/// An item to put without condition, as text.
pub(crate) struct PreparedItem {
    key: Key,
    text: String,
}

/// What became of writes that were looked at within a transaction.
pub(crate) enum WriteOutcome<T> {
    /// They were written, or a condition did not hold.
    Answered(T),
    /// They are refused for good, and nothing was changed. This is no error of the transaction, which may carry the
    /// writes of others.
    Refused(RefusedWrite),
}

/// Why a write is not done.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Refused(#[from] RefusedWrite),
}

/// What a write whose condition holds does.
enum Effect<'a> {
    /// Writes the whole row.
    Save {
        item: Item,
        text: Cow<'a, str>,
    },
    /// Writes version and attributes of a row that is there; the places in the indexes stay.
    Revise {
        item: Item,
        text: Cow<'a, str>,
    },
    Remove,
    Nothing,
}

impl Prepared {
    /// Expects a write that [`crate::limits`] let pass.
    pub(crate) fn new(write: Write, cache: &AttributeCache) -> Prepared {
        let text = match &write.change {
            Change::Put { attributes, .. } => {
                let text = to_text(attributes);
                cache.keep(&text, attributes);
                text
            }
            Change::Patch { .. } | Change::Delete | Change::Check => String::new(),
        };
        Prepared { write, text }
    }

    /// Expects writes that [`crate::limits`] let pass together.
    pub(crate) fn group(writes: Vec<Write>, cache: &AttributeCache) -> Vec<Prepared> {
        writes.into_iter().map(|write| Prepared::new(write, cache)).collect()
    }
}

impl PreparedItem {
    pub(crate) fn new(key: Key, mut attributes: Attributes) -> Result<PreparedItem, RefusedWrite> {
        attributes.remove_nulls();
        check_item(&key, &attributes)?;
        Ok(PreparedItem { key, text: to_text(&attributes) })
    }
}

impl<T> WriteOutcome<T> {
    fn of(result: Result<T, WriteError>) -> rusqlite::Result<Self> {
        match result {
            Ok(answer) => Ok(WriteOutcome::Answered(answer)),
            Err(WriteError::Refused(refusal)) => Ok(WriteOutcome::Refused(refusal)),
            Err(WriteError::Sqlite(error)) => Err(error),
        }
    }

    /// The answer, or why the writes are refused.
    pub(crate) fn into_result(self) -> Result<T, RefusedWrite> {
        match self {
            WriteOutcome::Answered(answer) => Ok(answer),
            WriteOutcome::Refused(refusal) => Err(refusal),
        }
    }
}

/// Writes one item if its condition holds.
pub(crate) fn write(
    session: &Session,
    prepared: &Prepared,
    now: DateTime<Utc>,
) -> rusqlite::Result<WriteOutcome<Written>> {
    WriteOutcome::of(try_write(session, prepared, now))
}

fn try_write(session: &Session, prepared: &Prepared, now: DateTime<Utc>) -> Result<Written, WriteError> {
    let key = &prepared.write.key;
    let stored = items::stored(session, key)?;
    if !holds(prepared.write.condition, stored.as_ref()) {
        return Ok(Written::Conflict(current(session, key, stored)?));
    }
    let effect = resolve(prepared, stored, &session.attribute_cache)?;
    Ok(Written::Applied(apply(session, key, effect, now)?))
}

/// Writes all items if all conditions hold.
pub(crate) fn write_group(
    session: &Session,
    group: &[Prepared],
    now: DateTime<Utc>,
) -> rusqlite::Result<WriteOutcome<GroupWritten>> {
    WriteOutcome::of(try_write_group(session, group, now))
}

fn try_write_group(session: &Session, group: &[Prepared], now: DateTime<Utc>) -> Result<GroupWritten, WriteError> {
    let mut effects = Vec::with_capacity(group.len());
    let mut conflicts = Vec::new();
    for (place, prepared) in group.iter().enumerate() {
        let key = &prepared.write.key;
        let stored = items::stored(session, key)?;
        if !holds(prepared.write.condition, stored.as_ref()) {
            conflicts.push((place, current(session, key, stored)?));
            continue;
        }
        effects.push((key, resolve(prepared, stored, &session.attribute_cache)?));
    }
    if !conflicts.is_empty() {
        return Ok(GroupWritten::Conflict(conflicts));
    }
    // Only now, when nothing more can be refused: see the invariant.
    for (key, effect) in effects {
        apply(session, key, effect, now)?;
    }
    Ok(GroupWritten::Applied)
}

/// Puts items over whatever is there.
pub(crate) fn put_all(connection: &Connection, items: &[PreparedItem]) -> rusqlite::Result<()> {
    for PreparedItem { key, text } in items {
        save(connection, &WholeRow { key, version: 1, text, listing: None, expires_at: None })?;
    }
    Ok(())
}

/// The item that made a condition fail, if there is one.
fn current(session: &Session, key: &Key, stored: Option<StoredRow>) -> rusqlite::Result<Option<Item>> {
    match stored {
        Some(stored) => Ok(Some(stored.into_item(key.clone(), &session.attribute_cache)?)),
        None => Ok(None),
    }
}

fn holds(condition: Condition, stored: Option<&StoredRow>) -> bool {
    match condition {
        Condition::Absent => stored.is_none(),
        Condition::Version(version) => stored.is_some_and(|stored| stored.version == version),
        Condition::Present => stored.is_some(),
        Condition::Any => true,
    }
}

fn resolve<'a>(
    prepared: &'a Prepared,
    stored: Option<StoredRow>,
    cache: &AttributeCache,
) -> Result<Effect<'a>, WriteError> {
    let Write { key, condition, change } = &prepared.write;
    match change {
        Change::Put { attributes, listing, expires_at } => {
            let version = match condition {
                Condition::Absent | Condition::Any => 1,
                Condition::Version(_) | Condition::Present => next_version(stored.as_ref()),
            };
            let (attributes, listing, expires_at) = (attributes.clone(), listing.clone(), *expires_at);
            let item = Item { key: key.clone(), version, attributes, listing, expires_at };
            Ok(put_over(stored.as_ref(), item, &prepared.text))
        }
        Change::Patch { attributes, listing } => {
            let is_new = stored.is_none();
            let version = next_version(stored.as_ref());
            let before = match stored {
                Some(stored) => Item { version, ..stored.into_item(key.clone(), cache)? },
                None => {
                    let key = key.clone();
                    Item { key, version, attributes: Attributes::new(), listing: None, expires_at: None }
                }
            };
            let was_listed = before.listing.clone();
            let item = patched(before, attributes, listing);
            // Each part of it fits alone; only now is it known whether they fit together.
            check_item(key, &item.attributes)?;
            let text = Cow::Owned(to_text(&item.attributes));
            let is_indexed_alike = !is_new && item.listing == was_listed;
            Ok(if is_indexed_alike { Effect::Revise { item, text } } else { Effect::Save { item, text } })
        }
        Change::Delete => Ok(Effect::Remove),
        Change::Check => Ok(Effect::Nothing),
    }
}

/// Puts an item over what is stored.
fn put_over<'a>(stored: Option<&StoredRow>, item: Item, text: &'a str) -> Effect<'a> {
    let text = Cow::Borrowed(text);
    match stored {
        // The places in the indexes stay, so only the row is written.
        Some(stored) if stored.listing == item.listing && stored.expires_at == item.expires_at => {
            Effect::Revise { item, text }
        }
        _ => Effect::Save { item, text },
    }
}

/// The item with some attributes changed, where `null` removes one.
fn patched(mut item: Item, attributes: &Attributes, relist: &Relist) -> Item {
    for (name, value) in attributes {
        if value.is_null() {
            item.attributes.remove(name);
        } else {
            item.attributes.insert(name.clone(), value.clone());
        }
    }
    match relist {
        Relist::Keep => {}
        Relist::Unlist => item.listing = None,
        Relist::List(listing) => item.listing = Some(listing.clone()),
    }
    item
}

fn next_version(stored: Option<&StoredRow>) -> u64 {
    stored.map_or(0, |stored| stored.version) + 1
}

fn apply(session: &Session, key: &Key, effect: Effect<'_>, now: DateTime<Utc>) -> rusqlite::Result<Option<Item>> {
    match effect {
        Effect::Save { item, text } => {
            let (listing, expires_at) = (item.listing.as_ref(), item.expires_at);
            save(session, &WholeRow { key, version: item.version, text: &text, listing, expires_at })?;
            if item.expires_at.is_some() {
                items::purge(session, now, PURGE_PER_PUT)?;
            }
            Ok(Some(item))
        }
        Effect::Revise { item, text } => {
            session
                .prepare_cached("UPDATE item SET version = ?3, attributes = ?4 WHERE partition = ?1 AND sort = ?2")?
                .execute((&key.partition, &key.sort, item.version.cast_signed(), text))?;
            Ok(Some(item))
        }
        Effect::Remove => {
            session
                .prepare_cached("DELETE FROM item WHERE partition = ?1 AND sort = ?2")?
                .execute((&key.partition, &key.sort))?;
            Ok(None)
        }
        Effect::Nothing => Ok(None),
    }
}

/// All columns of a row.
struct WholeRow<'a> {
    key: &'a Key,
    version: u64,
    /// The attributes as JSON.
    text: &'a str,
    listing: Option<&'a Listing>,
    expires_at: Option<DateTime<Utc>>,
}

fn save(connection: &Connection, row: &WholeRow<'_>) -> rusqlite::Result<()> {
    let WholeRow { key, version, text, listing, expires_at } = *row;
    let (shard, rank) = listing.map_or((None, None), |listing| (Some(&listing.shard), Some(&listing.rank)));
    connection
        .prepare_cached(
            "INSERT INTO item (partition, sort, version, attributes, shard, rank, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (partition, sort) DO UPDATE SET version = excluded.version, attributes = excluded.attributes,
             shard = excluded.shard, rank = excluded.rank, expires_at = excluded.expires_at",
        )?
        .execute((
            &key.partition,
            &key.sort,
            version.cast_signed(),
            text,
            shard,
            rank,
            expires_at.map(|at| at.timestamp()),
        ))?;
    Ok(())
}

fn to_text(attributes: &Attributes) -> String {
    serde_json::to_string(attributes).expect("JSON values under text names have a text")
}
