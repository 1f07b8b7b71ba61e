//! Brings listings in order: drops what only readers of an earlier generation needed, and puts entries that are missing.

use std::collections::BTreeSet;

use import::entity::Thing;
use import::entity::category::Category;
use import::entity::product::Product;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::table::{
    Attributes, Change, Condition, GROUP_LIMIT, GroupWritten, Item, Key, Page, Query, Relist, Table, Write,
};

use super::super::error::Error;
use super::super::items::{self, KeptThing};
use super::super::pages::{ThingCursor, page};
use super::seen::{SEEN, Seen};
use super::sight::Sight;
use super::write::{before_key, before_prefix, delete, entries, put};

/// Things that are looked at in one go.
const PAGE: usize = 100;

/// How far a walk over the catalogue has come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MendPlace {
    /// Where to go on.
    pub cursor: ThingCursor,
    /// What was done so far.
    pub mended: Mended,
}

/// What was done to listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mended {
    /// Things that were looked at.
    pub things: u64,
    /// Entries that were missing. There should be none.
    pub missing: u64,
    /// Things that readers of an earlier generation saw, dropped with the entries that only these needed.
    pub dropped: u64,
}

/// Drops what readers of earlier generations needed, some things at a time. Says whether there is more to do.
///
/// Its cost follows from what was changed while listings were held back.
///
/// # Errors
/// The store did not answer, or something kept cannot be understood.
pub async fn tidy(table: &dyn Table, sight: Sight, place: &mut MendPlace) -> Result<bool, Error> {
    let partitions = items::partitions::<Product>();
    let Some(partition) = partitions.get(place.cursor.partition) else {
        tidy_kind::<Category>(table, sight, &items::partitions::<Category>()[0], place).await?;
        return Ok(place.cursor.after.is_some());
    };
    tidy_kind::<Product>(table, sight, partition, place).await?;
    if place.cursor.after.is_none() {
        place.cursor.partition += 1;
    }
    Ok(true)
}

/// Looks at everything kept for readers in one partition, up to a page.
async fn tidy_kind<T: Thing>(
    table: &dyn Table,
    sight: Sight,
    partition: &str,
    place: &mut MendPlace,
) -> Result<(), Error> {
    let prefix = before_prefix::<T>();
    let after = place.cursor.after.take().map(|key| format!("{prefix}{key}"));
    let query = Query { after, limit: Some(PAGE), ..Query::prefix(partition, prefix.clone()) };
    let Page { entries: found, next } = table.query(&query).await?;
    let key_of = |item: &Item| item.key.sort.strip_prefix(&prefix).unwrap_or(&item.key.sort).to_owned();
    let keys: Vec<String> = found.iter().map(key_of).collect();
    let mut kept = items::things::<T>(table, &keys).await?;
    for (item, key) in found.iter().zip(&keys) {
        place.mended.things += 1;
        let kept = kept.remove(key);
        if is_needed(sight, kept.as_ref()) {
            continue;
        }
        place.mended.dropped += u64::from(drop_before::<T>(table, key, item, kept).await?);
    }
    place.cursor.after = next.and(keys.last().cloned());
    Ok(())
}

/// Whether readers still see what is kept of a thing.
fn is_needed<T>(sight: Sight, kept: Option<&KeptThing<T>>) -> bool {
    let seen = kept.and_then(|kept| kept.seen);
    matches!((sight, seen), (Sight::Before(now), Some(Seen::KeptBefore(since))) if now == since)
}

/// Drops what readers saw of a thing, if the thing is as it was read; whoever writes it meanwhile leaves it to the next time.
async fn drop_before<T: Thing>(
    table: &dyn Table,
    key: &str,
    item: &Item,
    kept: Option<KeptThing<T>>,
) -> Result<bool, Error> {
    let needed: BTreeSet<Key> = entries(kept.as_ref().and_then(|kept| kept.thing.as_ref()), key).into_iter().collect();
    let had = entries(items::kept::<T>(item)?.thing.as_ref(), key);
    let stale: Vec<Key> = had.into_iter().filter(|entry| !needed.contains(entry)).collect();
    let mut writes = Vec::new();
    if let Some(version) = kept.and_then(|kept| kept.version()) {
        let attributes = Attributes::from([(SEEN.to_owned(), Value::Null)]);
        let change = Change::Patch { attributes, listing: Relist::Keep };
        writes.push(Write { key: items::item_key::<T>(key), condition: Condition::Version(version), change });
    }
    let own = Write { condition: Condition::Version(item.version), ..delete(before_key::<T>(key)) };
    writes.push(own);
    // More than one group of them is left as suggestions that nobody follows.
    let room = GROUP_LIMIT - writes.len();
    writes.extend(stale.into_iter().take(room).map(delete));
    Ok(table.write_group(writes).await? == GroupWritten::Applied)
}

/// Looks at the next products and puts the entries that are missing. Says whether there is more to do.
///
/// # Errors
/// The store did not answer, or something kept cannot be understood.
pub async fn rebuild(table: &dyn Table, place: &mut MendPlace) -> Result<bool, Error> {
    let read = page::<Product>(table, &place.cursor, PAGE).await?;
    let mut wanted = Vec::new();
    for (key, kept) in &read.things {
        place.mended.things += 1;
        wanted.extend(entries(kept.thing.as_ref(), key).into_iter().map(|entry| (key, kept, entry)));
    }
    let keys: Vec<Key> = wanted.iter().map(|(_, _, entry)| entry.clone()).collect();
    let there: BTreeSet<Key> = table.batch_get(&keys).await?.into_iter().map(|item| item.key).collect();
    for (key, kept, entry) in wanted.into_iter().filter(|(_, _, entry)| !there.contains(entry)) {
        let Some(version) = kept.version() else { continue };
        let (item, condition) = (items::item_key::<Product>(key), Condition::Version(version));
        let check = Write { key: item, condition, change: Change::Check };
        // Whoever has written the thing meanwhile has put its entries.
        if table.write_group(vec![check, put(entry)]).await? == GroupWritten::Applied {
            place.mended.missing += 1;
        }
    }
    match read.next {
        Some(next) => place.cursor = next,
        None => return Ok(false),
    }
    Ok(true)
}
