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
use crate::limits::check_item;
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
}

impl PreparedItem {
    pub(crate) fn new(key: Key, mut attributes: Attributes) -> Result<PreparedItem, String> {
        attributes.drop_nulls();
        check_item(&key, &attributes)?;
        Ok(PreparedItem { key, text: to_text(&attributes) })
    }
}

/// Writes one item if its condition holds. The inner error says why it is refused for good.
pub(crate) fn write(
    session: &Session,
    prepared: &Prepared,
    now: DateTime<Utc>,
) -> rusqlite::Result<Result<Written, String>> {
    let key = &prepared.write.key;
    let stored = items::stored(session, key)?;
    if !holds(prepared.write.condition, stored.as_ref()) {
        let item = stored.map(|stored| stored.into_item(key.clone(), &session.attribute_cache)).transpose()?;
        return Ok(Ok(Written::Conflict(item)));
    }
    match resolve(prepared, stored, &session.attribute_cache)? {
        Ok(effect) => Ok(Ok(Written::Applied(apply(session, key, effect, now)?))),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Writes all items if all conditions hold.
pub(crate) fn write_group(
    session: &Session,
    group: &[Prepared],
    now: DateTime<Utc>,
) -> rusqlite::Result<Result<GroupWritten, String>> {
    let mut effects = Vec::with_capacity(group.len());
    let mut conflicts = Vec::new();
    for (place, prepared) in group.iter().enumerate() {
        let key = &prepared.write.key;
        let stored = items::stored(session, key)?;
        if !holds(prepared.write.condition, stored.as_ref()) {
            conflicts.push((
                place,
                stored.map(|stored| stored.into_item(key.clone(), &session.attribute_cache)).transpose()?,
            ));
            continue;
        }
        match resolve(prepared, stored, &session.attribute_cache)? {
            Ok(effect) => effects.push((key, effect)),
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
    if !conflicts.is_empty() {
        return Ok(Ok(GroupWritten::Conflict(conflicts)));
    }
    for (key, effect) in effects {
        apply(session, key, effect, now)?;
    }
    Ok(Ok(GroupWritten::Applied))
}

/// Puts an item over whatever is there.
pub(crate) fn put(connection: &Connection, item: &PreparedItem) -> rusqlite::Result<()> {
    save(connection, &item.key, 1, &item.text, None, None)
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
) -> rusqlite::Result<Result<Effect<'a>, String>> {
    let Write { key, condition, change } = &prepared.write;
    match change {
        Change::Put { attributes, listing, expires_at } => {
            let version = match condition {
                Condition::Absent | Condition::Any => 1,
                Condition::Version(_) | Condition::Present => next_version(stored.as_ref()),
            };
            let is_indexed_alike = stored.is_some_and(|s| s.listing == *listing && s.expires_at == *expires_at);
            let item = Item {
                key: key.clone(),
                version,
                attributes: attributes.clone(),
                listing: listing.clone(),
                expires_at: *expires_at,
            };
            let text = Cow::Borrowed(prepared.text.as_str());
            Ok(Ok(if is_indexed_alike { Effect::Revise { item, text } } else { Effect::Save { item, text } }))
        }
        Change::Patch { attributes, listing } => patch(key, attributes, listing, stored, cache),
        Change::Delete => Ok(Ok(Effect::Remove)),
        Change::Check => Ok(Ok(Effect::Nothing)),
    }
}

fn patch(
    key: &Key,
    attributes: &Attributes,
    relist: &Relist,
    stored: Option<StoredRow>,
    cache: &AttributeCache,
) -> rusqlite::Result<Result<Effect<'static>, String>> {
    let version = next_version(stored.as_ref());
    let is_new = stored.is_none();
    let mut item = match stored {
        Some(stored) => Item { version, ..stored.into_item(key.clone(), cache)? },
        None => Item { key: key.clone(), version, attributes: Attributes::new(), listing: None, expires_at: None },
    };
    for (name, value) in attributes {
        if value.is_null() {
            item.attributes.remove(name);
        } else {
            item.attributes.insert(name.clone(), value.clone());
        }
    }
    let listing = match relist {
        Relist::Keep => item.listing.clone(),
        Relist::Unlist => None,
        Relist::List(listing) => Some(listing.clone()),
    };
    let is_indexed_alike = !is_new && item.listing == listing;
    item.listing = listing;
    if let Err(refusal) = check_item(key, &item.attributes) {
        return Ok(Err(refusal));
    }
    let text = Cow::Owned(to_text(&item.attributes));
    Ok(Ok(if is_indexed_alike { Effect::Revise { item, text } } else { Effect::Save { item, text } }))
}

fn next_version(stored: Option<&StoredRow>) -> u64 {
    stored.map_or(0, |stored| stored.version) + 1
}

fn apply(session: &Session, key: &Key, effect: Effect<'_>, now: DateTime<Utc>) -> rusqlite::Result<Option<Item>> {
    match effect {
        Effect::Save { item, text } => {
            save(session, key, item.version, &text, item.listing.as_ref(), item.expires_at)?;
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

fn save(
    connection: &Connection,
    key: &Key,
    version: u64,
    text: &str,
    listing: Option<&Listing>,
    expires_at: Option<DateTime<Utc>>,
) -> rusqlite::Result<()> {
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
