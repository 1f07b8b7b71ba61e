use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::{StreamExt, TryStreamExt, stream};
use import::entity::Thing;
use import::shop::ShopFacts;
use serde_json::{Value, json};
use store::table::{Attributes, Change, Condition, GroupWritten, Item, Page, Query, Relist, Table, Write, Written};

use super::error::Error;
pub(super) use super::item_keys::{item_key, key_of, partitions, sort_prefix};
pub use super::kept_thing::{KeptThing, Update};
use super::listing::Sight;
use super::listing::seen::Seen;
use super::listing::write as listing;
use super::stored_json::{pack, unpack};

/// How many writes are under way at the same time. The embedded store makes one commit of them.
pub(super) const PARALLEL_WRITES: usize = 64;

/// Reads things by their keys; absent ones are left out.
///
/// # Errors
/// The store did not answer, or an item cannot be understood.
pub async fn things<T: Thing>(table: &dyn Table, keys: &[String]) -> Result<HashMap<String, KeptThing<T>>, Error> {
    let items = table.batch_get(&keys.iter().map(|key| item_key::<T>(key)).collect::<Vec<_>>()).await?;
    items.iter().map(|item| Ok((key_of::<T>(item).to_owned(), kept(item)?))).collect()
}

/// Says which of the keys belong to things that are there; what is in them is not read.
///
/// # Errors
/// The store did not answer.
pub(super) async fn existing<T: Thing>(table: &dyn Table, keys: &[String]) -> Result<BTreeSet<String>, Error> {
    let items = table.batch_get(&keys.iter().map(|key| item_key::<T>(key)).collect::<Vec<_>>()).await?;
    let is_there = |item: &&Item| item.attributes.contains_key(T::NAME);
    Ok(items.iter().filter(is_there).map(|item| key_of::<T>(item).to_owned()).collect())
}

/// Adds what every shop has, for those keys under which nothing is kept. A fact that was deleted is kept as such.
pub(super) fn add_plain<T: Thing>(keys: &[String], kept: &mut HashMap<String, KeptThing<T>>) {
    let mut plain = ShopFacts::plain();
    let Some(facts) = plain.facts_of::<T>() else { return };
    for key in keys {
        if let Some(thing) = facts.remove(key) {
            let unstored = KeptThing {
                thing: Some(thing),
                mark: None,
                last_change: None,
                version: None,
                drafted: None,
                seen: None,
            };
            kept.entry(key.clone()).or_insert(unstored);
        }
    }
}

/// Writes things, each only if nobody wrote it since it was read. Returns the keys of those that somebody did write:
/// read and apply again.
///
/// # Errors
/// The store did not answer; any of the writes may have happened.
pub async fn write_things<T: Thing>(table: &dyn Table, updates: &[Update<T>]) -> Result<Vec<String>, Error> {
    if updates.is_empty() {
        return Ok(Vec::new());
    }
    let kept_for = listing::kept_for::<T>(table).await?;
    listing::put_first_entries(table, updates).await?;
    // Collected first: a stream that maps over references is not `Send` in the eyes of today's compiler.
    let writes: Vec<_> = updates.iter().map(|update| write_thing(table, update, kept_for)).collect();
    let results: Vec<Option<String>> = stream::iter(writes).buffer_unordered(PARALLEL_WRITES).try_collect().await?;
    Ok(results.into_iter().flatten().collect())
}

/// Reads all things of a kind, partition by partition; within one they come in the order of their keys.
///
/// # Errors
/// The store did not answer, or an item cannot be understood.
pub async fn each<T: Thing>(table: &dyn Table, mut visit: impl FnMut(&str, T)) -> Result<(), Error> {
    let visit_thing = |key: &str, kept: KeptThing<T>| {
        if let Some(thing) = kept.thing {
            visit(key, thing);
        }
    };
    each_kept(table, &sort_prefix::<T>(), visit_thing).await
}

/// As [`each`], for what is kept of deleted things, too; only for those whose sort keys begin with a text.
pub(super) async fn each_kept<T: Thing>(
    table: &dyn Table,
    prefix: &str,
    mut visit: impl FnMut(&str, KeptThing<T>),
) -> Result<(), Error> {
    for partition in partitions::<T>() {
        each_item(table, Query::prefix(partition, prefix.to_owned()), |item| {
            visit(key_of::<T>(item), kept(item)?);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

/// Reads all items of a query, page by page.
pub(super) async fn each_item(
    table: &dyn Table,
    mut query: Query,
    mut visit: impl FnMut(&Item) -> Result<(), Error>,
) -> Result<(), Error> {
    loop {
        let Page { entries, next } = table.query(&query).await?;
        entries.iter().try_for_each(&mut visit)?;
        if next.is_none() {
            return Ok(());
        }
        query.after = next;
    }
}

/// Reads all things of a kind into memory by key; for tests and small catalogues.
///
/// # Errors
/// The store did not answer, or an item cannot be understood.
pub async fn all<T: Thing>(table: &dyn Table) -> Result<BTreeMap<String, T>, Error> {
    let mut all = BTreeMap::new();
    each(table, |key, thing| {
        all.insert(key.to_owned(), thing);
    })
    .await?;
    Ok(all)
}

/// Writes one thing; returns its key if somebody else wrote it since it was read.
async fn write_thing<T: Thing>(
    table: &dyn Table,
    update: &Update<T>,
    kept_for: Sight,
) -> Result<Option<String>, Error> {
    let mut writes = listing::follow(update, kept_for, write(update));
    let stored = match writes.len() {
        1 => match table.write(writes.remove(0)).await? {
            Written::Applied(_) => return Ok(None),
            Written::Conflict(item) => item,
        },
        // The thing is the first of the group, and the only one with a condition.
        _ => match table.write_group(writes).await? {
            GroupWritten::Applied => return Ok(None),
            GroupWritten::Conflict(conflicts) => conflicts.into_iter().next().and_then(|(_, item)| item),
        },
    };
    // The reply to this very write got lost: the item has our mark.
    let is_ours = stored.as_ref().and_then(mark).as_deref() == Some(&update.mark);
    Ok((!is_ours).then(|| update.key.clone()))
}

fn write<T: Thing>(update: &Update<T>) -> Write {
    let mut attributes = Attributes::from([("mark".to_owned(), json!(update.mark))]);
    if let Some(thing) = &update.thing {
        attributes.insert(T::NAME.to_owned(), json!(pack(thing.to_json())));
    }
    if let Some(change) = &update.change {
        attributes.insert("changed".to_owned(), json!(change.to_string()));
    }
    let stored = update.before.as_ref().and_then(|before| before.version);
    let condition = match stored {
        Some(version) => Condition::Version(version),
        None => Condition::Absent,
    };
    let change = match (stored, &update.thing) {
        (Some(_), Some(_)) => Change::Patch { attributes, listing: Relist::Keep },
        // What is left of a deleted thing is its mark, and which row deleted it.
        (_, None) | (None, Some(_)) => Change::Put { attributes, listing: None, expires_at: None },
    };
    Write { key: item_key::<T>(&update.key), condition, change }
}

fn mark(item: &Item) -> Option<String> {
    text(item, "mark")
}

pub(super) fn text(item: &Item, attribute: &str) -> Option<String> {
    item.attributes.get(attribute).and_then(Value::as_str).map(str::to_owned)
}

pub(super) fn kept<T: Thing>(item: &Item) -> Result<KeptThing<T>, Error> {
    let stored = item.attributes.get(T::NAME).and_then(Value::as_str);
    let packed = |source| Error::Packed { name: T::NAME, key: key_of::<T>(item).to_owned(), source };
    let unpacked = stored.map(unpack).transpose().map_err(packed)?.flatten();
    let json = unpacked.as_deref().or(stored);
    let unreadable = |source| Error::Thing { name: T::NAME, key: key_of::<T>(item).to_owned(), source };
    let thing = json.map(T::from_json).transpose().map_err(unreadable)?;
    let (mark, last_change) = (mark(item), text(item, "changed"));
    Ok(KeptThing { thing, mark, last_change, version: Some(item.version), drafted: None, seen: Seen::of(item) })
}
