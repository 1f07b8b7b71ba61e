//! What is written together with a thing, so that listings find it and show it in time.

use std::collections::BTreeSet;

use import::entity::Thing;
use serde_json::json;
use store::table::{Attributes, Change, Condition, GROUP_LIMIT, Key, Table, Write};

use super::super::error::Error;
use super::super::item_keys::item_key;
use super::super::kept_thing::Update;
use super::super::stored_json::pack;
use super::entries::entry;
use super::seen::{SEEN, Seen};
use super::sight::Sight;
use super::state::state;

/// Which generation writes keep things for. Who holds listings back and has ended costs some space and nothing else.
pub(in crate::own) async fn kept_for<T: Thing>(table: &dyn Table) -> Result<Sight, Error> {
    if !T::IS_LISTED {
        return Ok(Sight::Current);
    }
    let state = state(table).await?;
    Ok(if state.holders.is_empty() { Sight::Current } else { Sight::Before(state.generation) })
}

/// Writes the entries of things that are new. They are there before the things are, so one too many is all that can go
/// wrong; and nobody takes one away, for that takes the version of the thing.
pub(in crate::own) async fn put_first_entries<T: Thing>(table: &dyn Table, updates: &[Update<T>]) -> Result<(), Error> {
    let mut keys = BTreeSet::new();
    for update in updates {
        let had = had(update).len();
        let places = entries(update.thing.as_ref(), &update.key);
        // Of a thing that is there, only those that do not fit into its group.
        let first = if had == 0 { 0 } else { ROOM.min(places.len()) };
        keys.extend(places.into_iter().skip(first));
    }
    if keys.is_empty() {
        return Ok(());
    }
    Ok(table.batch_put(keys.into_iter().map(|key| (key, empty())).collect()).await?)
}

/// How many entries one group has room for, beside the thing and what readers see of it. DynamoDB takes 100 writes.
const ROOM: usize = GROUP_LIMIT - 10;

/// Adds to the write of a thing what goes with it: its entries, and what readers saw of it.
pub(in crate::own) fn follow<T: Thing>(update: &Update<T>, kept_for: Sight, thing: Write) -> Vec<Write> {
    if !T::IS_LISTED {
        return vec![thing];
    }
    let mut thing = thing;
    let (seen, before) = seen_after(update, kept_for);
    if let (Some(seen), Change::Put { attributes, .. } | Change::Patch { attributes, .. }) = (seen, &mut thing.change) {
        attributes.insert(SEEN.to_owned(), seen.to_json());
    }
    let mut writes = vec![thing];
    writes.extend(before);
    let had = had(update);
    if had.is_empty() {
        return writes;
    }
    let has = entries(update.thing.as_ref(), &update.key);
    let added = has.iter().take(ROOM).filter(|key| !had.contains(key)).map(|key| put(key.clone()));
    writes.extend(added);
    // While listings are held back, readers need the entries that the thing had.
    if kept_for == Sight::Current {
        let gone = had.iter().filter(|key| !has.contains(key));
        let room = GROUP_LIMIT.saturating_sub(writes.len());
        // What does not fit stays as a suggestion that nobody follows; `tidy` drops it.
        writes.extend(gone.take(room).map(|key| delete(key.clone())));
    }
    writes
}

/// What readers see of a thing once it is written, and the write that keeps it for them.
fn seen_after<T: Thing>(update: &Update<T>, kept_for: Sight) -> (Option<Seen>, Option<Write>) {
    let stands = update.before.as_ref().and_then(|before| before.seen);
    let Sight::Before(generation) = kept_for else { return (stands, None) };
    if stands.is_some_and(|seen| seen.generation() == generation) {
        return (stands, None);
    }
    let Some(thing) = update.before.as_ref().and_then(|before| before.thing.as_ref()) else {
        return (Some(Seen::Nothing(generation)), None);
    };
    let attributes = Attributes::from([(T::NAME.to_owned(), json!(pack(thing.to_json())))]);
    let change = Change::Put { attributes, listing: None, expires_at: None };
    let write = Write { key: before_key::<T>(&update.key), condition: Condition::Any, change };
    (Some(Seen::KeptBefore(generation)), Some(write))
}

/// The entries of what was there.
fn had<T: Thing>(update: &Update<T>) -> Vec<Key> {
    entries(update.before.as_ref().and_then(|before| before.thing.as_ref()), &update.key)
}

/// The entries of a thing, in a fixed order.
pub(super) fn entries<T: Thing>(thing: Option<&T>, key: &str) -> Vec<Key> {
    let places = thing.map(T::listed_under).unwrap_or_default();
    places.iter().map(|under| entry(under, key)).collect()
}

/// Where it is kept what readers see of a thing while listings are held back.
pub(super) fn before_key<T: Thing>(key: &str) -> Key {
    let Key { partition, .. } = item_key::<T>(key);
    Key::new(partition, format!("{}{key}", before_prefix::<T>()))
}

/// What the sort keys of everything kept for readers begin with.
pub(super) fn before_prefix<T: Thing>() -> String {
    format!("{}-before/", T::NAME)
}

pub(super) fn put(key: Key) -> Write {
    let change = Change::Put { attributes: empty(), listing: None, expires_at: None };
    Write { key, condition: Condition::Any, change }
}

pub(super) fn delete(key: Key) -> Write {
    Write { key, condition: Condition::Any, change: Change::Delete }
}

/// All that an entry says is in its key.
fn empty() -> Attributes {
    Attributes::from([("schema".to_owned(), json!(1))])
}
