//! The promises of the table seam.

mod batch;
mod group;
mod item;
mod limits;
mod listing;
mod query;

use serde_json::Value;
use store::Store;
use store::table::{Attributes, Change, Condition, Item, Key, Listing, Write, Written};

fn attributes(fields: Value) -> Attributes {
    let Value::Object(fields) = fields else { panic!("{fields} is no object") };
    fields.into_iter().collect()
}

fn put(fields: Value) -> Change {
    Change::Put { attributes: attributes(fields), listing: None, expires_at: None }
}

fn put_listed(fields: Value, shard: &str, rank: &str) -> Change {
    Change::Put { attributes: attributes(fields), listing: Some(place(shard, rank)), expires_at: None }
}

fn patch(fields: Value) -> Change {
    Change::Patch { attributes: attributes(fields), listing: store::table::Relist::Keep }
}

fn place(shard: &str, rank: &str) -> Listing {
    Listing { shard: shard.to_owned(), rank: rank.to_owned() }
}

fn write(key: &Key, condition: Condition, change: Change) -> Write {
    Write { key: key.clone(), condition, change }
}

/// Writes what must be possible, and returns the item as it is then.
async fn apply(store: &Store, key: &Key, condition: Condition, change: Change) -> Option<Item> {
    match store.table.write(write(key, condition, change)).await.unwrap() {
        Written::Applied(item) => item,
        Written::Conflict(item) => panic!("`{key}` does not fit {condition:?}: {item:?}"),
    }
}

/// Writes what must not be possible, and returns the item that is in the way.
async fn conflict(store: &Store, key: &Key, condition: Condition, change: Change) -> Option<Item> {
    match store.table.write(write(key, condition, change)).await.unwrap() {
        Written::Applied(item) => panic!("`{key}` was written under {condition:?}: {item:?}"),
        Written::Conflict(item) => item,
    }
}

async fn get(store: &Store, key: &Key) -> Option<Item> {
    store.table.get(key).await.unwrap()
}
