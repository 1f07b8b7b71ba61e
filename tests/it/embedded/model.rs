//! The store against a map in memory, over random sequences of calls.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use chrono::DateTime;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use store::Store;
use store::table::{
    Attributes, Change, Condition, GroupWritten, Item, Key, Listing, ListingQuery, Relist, SortDirection, Write,
    Written,
};
use tokio::runtime::Runtime;

use super::{items, open};

type Model = BTreeMap<Key, Item>;

fn attributes() -> impl Strategy<Value = Attributes> {
    let value = prop_oneof![Just(json!(null)), (0..9).prop_map(|n| json!(n)), Just(json!({"deep": [1, null]}))];
    prop::collection::btree_map(select(vec!["a", "b", "c"]).prop_map(str::to_owned), value, 0..3)
        .prop_map(Attributes::from)
}

fn listing() -> impl Strategy<Value = Listing> {
    (0..2, 0..3).prop_map(|(shard, rank)| Listing { shard: format!("shard {shard}"), rank: format!("{rank}") })
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        Just(Condition::Absent),
        Just(Condition::Present),
        Just(Condition::Any),
        (1..4_u64).prop_map(Condition::Version)
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let expires_at = prop::option::of(Just(DateTime::from_timestamp(4_000_000_000, 0).unwrap()));
    let put = (attributes(), prop::option::of(listing()), expires_at)
        .prop_map(|(attributes, listing, expires_at)| Change::Put { attributes, listing, expires_at });
    let relist = prop_oneof![Just(Relist::Keep), Just(Relist::Unlist), listing().prop_map(Relist::List)];
    let patch = (attributes(), relist).prop_map(|(attributes, listing)| Change::Patch { attributes, listing });
    prop_oneof![3 => put, 3 => patch, 1 => Just(Change::Delete), 1 => Just(Change::Check)]
}

/// A group of writes to different items.
fn group() -> impl Strategy<Value = Vec<Write>> {
    let write = |(sort, (condition, change))| Write { key: Key::new("p", format!("{sort}")), condition, change };
    prop::collection::btree_map(0..4, write_parts(), 1..4)
        .prop_map(move |writes| writes.into_iter().map(write).collect())
}

fn write_parts() -> impl Strategy<Value = (Condition, Change)> {
    (condition(), change()).prop_filter("there is nothing to patch", |(condition, change)| {
        !matches!((condition, change), (Condition::Absent, Change::Patch { .. }))
    })
}

fn holds(condition: Condition, item: Option<&Item>) -> bool {
    match condition {
        Condition::Absent => item.is_none(),
        Condition::Version(version) => item.is_some_and(|item| item.version == version),
        Condition::Present => item.is_some(),
        Condition::Any => true,
    }
}

/// What the module documentation of the seam says, in the plainest words.
fn apply(model: &mut Model, write: &Write) {
    let before = model.get(&write.key).cloned();
    let counted = before.as_ref().map_or(1, |item| item.version + 1);
    let key = write.key.clone();
    match &write.change {
        Change::Put { attributes, listing, expires_at } => {
            let version = if matches!(write.condition, Condition::Absent | Condition::Any) { 1 } else { counted };
            let mut attributes = attributes.clone();
            attributes.retain(|_, value| !value.is_null());
            let item =
                Item { key: key.clone(), version, attributes, listing: listing.clone(), expires_at: *expires_at };
            model.insert(key, item);
        }
        Change::Patch { attributes, listing } => {
            let mut item = before.unwrap_or(Item {
                key: key.clone(),
                version: 0,
                attributes: Attributes::new(),
                listing: None,
                expires_at: None,
            });
            item.version = counted;
            item.attributes.extend(attributes.clone());
            item.attributes.retain(|_, value| !value.is_null());
            match listing {
                Relist::Keep => {}
                Relist::Unlist => item.listing = None,
                Relist::List(listing) => item.listing = Some(listing.clone()),
            }
            model.insert(key, item);
        }
        Change::Delete => {
            model.remove(&key);
        }
        Change::Check => {}
    }
}

async fn run(store: &Store, model: &mut Model, group: Vec<Write>) {
    let conflicts: Vec<(usize, Option<Item>)> = group
        .iter()
        .enumerate()
        .filter(|(_, write)| !holds(write.condition, model.get(&write.key)))
        .map(|(place, write)| (place, model.get(&write.key).cloned()))
        .collect();
    if conflicts.is_empty() {
        group.iter().for_each(|write| apply(model, write));
    }
    match group.as_slice() {
        [only] if only.change != Change::Check => {
            let expected = match conflicts.into_iter().next() {
                Some((_, item)) => Written::Conflict(item),
                None => Written::Applied(model.get(&only.key).cloned()),
            };
            assert_eq!(store.table.write(only.clone()).await.unwrap(), expected);
        }
        _ => {
            let expected = if conflicts.is_empty() { GroupWritten::Applied } else { GroupWritten::Conflict(conflicts) };
            assert_eq!(store.table.write_group(group).await.unwrap(), expected);
        }
    }
}

async fn assert_same(store: &Store, model: &Model) {
    assert_eq!(items(store, "p").await, model.values().cloned().collect::<Vec<_>>());
    for shard in ["shard 0", "shard 1"] {
        let query =
            ListingQuery { shard: shard.to_owned(), after: None, order: SortDirection::Ascending, limit: Some(100) };
        let page = store.table.listing(&query).await.unwrap();
        let listed: Vec<(String, Key)> = page.entries.into_iter().map(|listed| (listed.rank, listed.key)).collect();
        let mut expected: Vec<(String, Key)> = model
            .values()
            .filter_map(|item| Some((item.listing.as_ref().filter(|place| place.shard == shard)?, &item.key)))
            .map(|(place, key)| (place.rank.clone(), key.clone()))
            .collect();
        expected.sort();
        assert_eq!(listed, expected);
    }
}

/// Keys of which none is a folder of another: files are called after a digit, folders are not.
fn file_key() -> impl Strategy<Value = String> {
    let folder = select(vec!["a", "b", "a-", "a.", "ab", "ß"]);
    let file = select(vec!["0", "1", "1-", "1.", "1a", "🦀1"]);
    (prop::collection::vec(folder, 0..3), file).prop_map(|(mut path, file)| {
        path.push(file);
        path.join("/")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_table_does_what_a_map_does(groups in prop::collection::vec(group(), 1..30)) {
        let folder = tempfile::tempdir().unwrap();
        Runtime::new().unwrap().block_on(async {
            let store = open(folder.path());
            let mut model = Model::new();
            for group in groups {
                run(&store, &mut model, group).await;
            }
            assert_same(&store, &model).await;
        });
    }

    #[test]
    fn the_files_do_what_a_set_does(
        puts in prop::collection::vec((file_key(), any::<bool>()), 0..25),
        queries in prop::collection::vec((file_key(), 0..6_usize, prop::option::of(file_key()), 1..9_usize), 8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        Runtime::new().unwrap().block_on(async {
            let store = open(folder.path());
            let mut model = BTreeSet::new();
            for (key, is_put) in puts {
                if is_put {
                    store.files.put(&key, Bytes::new()).await.unwrap();
                    model.insert(key);
                } else {
                    store.files.delete(&key).await.unwrap();
                    model.remove(&key);
                }
            }
            for (key, length, after, limit) in queries {
                let prefix: String = key.chars().take(length).collect();
                let listed = store.files.list(&prefix, after.as_deref(), limit).await.unwrap();
                let listed: Vec<String> = listed.into_iter().map(|info| info.key).collect();
                let expected = model.iter().filter(|key| key.starts_with(&prefix) && Some(*key) > after.as_ref());
                assert_eq!(listed, expected.take(limit).cloned().collect::<Vec<_>>(), "{prefix} behind {after:?}");
            }
        });
    }
}
