//! Many items at once.

use std::collections::BTreeSet;

use serde_json::json;
use store::Store;
use store::table::{Attributes, Condition, Key};

use super::{apply, attributes, get, put_listed};
use crate::conformance::permanent;

super::super::on_every_back_end! {
    batch_put_of_more_than_25_items
    batch_put_replaces_whole_items
    batch_put_of_one_item_twice_is_refused
    batch_put_of_nothing_is_fine
    batch_get_of_more_than_100_keys
    batch_get_leaves_out_absent_items
}

fn items(count: usize) -> Vec<(Key, Attributes)> {
    (0..count).map(|n| (Key::new(format!("p{}", n % 7), format!("{n:04}")), attributes(json!({"n": n})))).collect()
}

async fn batch_put_of_more_than_25_items(store: &Store) {
    store.table.batch_put(items(630)).await.unwrap();
    for (key, attributes) in items(630) {
        let item = get(store, &key).await.unwrap();
        assert_eq!((item.version, item.attributes), (1, attributes));
        assert_eq!((item.listing, item.expires_at), (None, None));
    }
}

async fn batch_put_replaces_whole_items(store: &Store) {
    let key = Key::new("p", "s");
    apply(store, &key, Condition::Absent, put_listed(json!({"a": 1, "b": 2}), "shard", "rank")).await;
    apply(store, &key, Condition::Present, put_listed(json!({"a": 1, "b": 2}), "shard", "rank")).await;
    store.table.batch_put(vec![(key.clone(), attributes(json!({"b": 3, "c": null})))]).await.unwrap();
    let item = get(store, &key).await.unwrap();
    assert_eq!((item.version, item.attributes, item.listing), (1, attributes(json!({"b": 3})), None));
}

async fn batch_put_of_one_item_twice_is_refused(store: &Store) {
    let mut items = items(3);
    items.push(items[0].clone());
    let refused = permanent(store.table.batch_put(items).await);
    assert!(refused.contains("`p0 0000`"), "{refused}");
}

async fn batch_put_of_nothing_is_fine(store: &Store) {
    store.table.batch_put(Vec::new()).await.unwrap();
    assert_eq!(store.table.batch_get(&[]).await.unwrap(), Vec::new());
}

async fn batch_get_of_more_than_100_keys(store: &Store) {
    store.table.batch_put(items(250)).await.unwrap();
    let keys: Vec<Key> = items(250).into_iter().map(|(key, _)| key).collect();
    let found = store.table.batch_get(&keys).await.unwrap();
    assert_eq!(found.len(), 250);
    let found: BTreeSet<Key> = found
        .into_iter()
        .map(|item| {
            assert_eq!(item.attributes["n"], json!(item.key.sort.parse::<u64>().unwrap()));
            item.key
        })
        .collect();
    assert_eq!(found, keys.into_iter().collect());
}

async fn batch_get_leaves_out_absent_items(store: &Store) {
    store.table.batch_put(items(3)).await.unwrap();
    let key = Key::new("p1", "0001");
    let found = store.table.batch_get(&[key.clone(), Key::new("p1", "0000"), key.clone(), key.clone()]).await.unwrap();
    assert_eq!(found, vec![get(store, &key).await.unwrap()]);
}
