//! What the table refuses because DynamoDB would, or would keep differently: a pipeline that runs here must run there.

use std::collections::HashSet;

use chrono::DateTime;
use serde_json::Value;
use store::table::{Attributes, Change, Condition, ITEM_LIMIT_BYTES, Key, Listing, Relist, Write};

/// Most bytes of a partition key.
const PARTITION_LIMIT_BYTES: usize = 2048;

/// Most bytes of a sort key.
const SORT_LIMIT_BYTES: usize = 1024;

/// Names that the table on AWS has attributes of its own under.
const RESERVED: [&str; 6] = ["pk", "sk", "version", "listing_shard", "listing_rank", "expires_at"];

/// What DynamoDB counts for the attributes of its own that every item has: their names and the digits of a version.
const OWN_BYTES: usize = 21;

/// Why a write is refused, or the write as it is kept: nulls of a put left out, its expiry in whole seconds.
pub(crate) fn check_write(mut write: Write) -> Result<Write, String> {
    check_key(&write.key)?;
    match &mut write.change {
        Change::Put { attributes, listing, expires_at } => {
            attributes.remove_nulls();
            *expires_at = expires_at.and_then(|at| DateTime::from_timestamp(at.timestamp(), 0));
            check_item(&write.key, attributes)?;
            listing.as_ref().map_or(Ok(()), check_listing)?;
        }
        Change::Patch { .. } if write.condition == Condition::Absent => {
            return Err(format!("there is nothing to patch in `{}`, which is to be absent", write.key));
        }
        Change::Patch { attributes, listing } => {
            check_item(&write.key, attributes)?;
            match listing {
                Relist::Keep | Relist::Unlist => {}
                Relist::List(listing) => check_listing(listing)?,
            }
        }
        Change::Delete | Change::Check => {}
    }
    Ok(write)
}

/// Why a group of more than `limit` writes or one that cannot be written is refused, or its writes as they are kept.
pub(crate) fn check_group(writes: Vec<Write>, limit: usize) -> Result<Vec<Write>, String> {
    if writes.len() > limit {
        return Err(format!("a group has {} writes; at most {limit} are possible", writes.len()));
    }
    check_different(writes.iter().map(|write| &write.key))?;
    writes.into_iter().map(check_write).collect()
}

/// Why the items of one call are refused, or `Ok`.
pub(crate) fn check_different<'a>(keys: impl Iterator<Item = &'a Key>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for key in keys {
        if !seen.insert(key) {
            return Err(format!("item `{key}` is among them twice"));
        }
    }
    Ok(())
}

/// Why an item is refused, or `Ok`.
pub(crate) fn check_item(key: &Key, attributes: &Attributes) -> Result<(), String> {
    check_key(key)?;
    let mut size = OWN_BYTES + key.partition.len() + key.sort.len();
    for (name, value) in attributes {
        if name.is_empty() || RESERVED.contains(&name.as_str()) {
            return Err(format!("attribute `{name}` belongs to the table itself; choose another name"));
        }
        size += name.len() + value_size(value).map_err(|why| format!("attribute `{name}`: {why}"))?;
    }
    if size <= ITEM_LIMIT_BYTES {
        return Ok(());
    }
    Err(format!("item `{key}` has {size} bytes; at most {ITEM_LIMIT_BYTES} fit into an item"))
}

/// Most bytes that DynamoDB counts for a value, or why it does not keep it as it is.
fn value_size(value: &Value) -> Result<usize, String> {
    Ok(match value {
        Value::Number(number) if number.is_f64() => {
            return Err(format!("`{number}` is a floating point number; use an integer of a smaller unit or a string"));
        }
        Value::Null | Value::Bool(_) => 1,
        // Two digits in a byte and two bytes more; 20 digits are the longest of 64 bits.
        Value::Number(_) => 12,
        Value::String(text) => text.len(),
        Value::Array(values) => {
            let mut size = 3;
            for value in values {
                size += 1 + value_size(value)?;
            }
            size
        }
        Value::Object(fields) => {
            let mut size = 3;
            for (name, value) in fields {
                if name.is_empty() {
                    return Err("a field of an object has an empty name".to_owned());
                }
                size += 1 + name.len() + value_size(value)?;
            }
            size
        }
    })
}

fn check_key(key: &Key) -> Result<(), String> {
    check_length("partition key", &key.partition, PARTITION_LIMIT_BYTES)?;
    check_length("sort key", &key.sort, SORT_LIMIT_BYTES)
}

fn check_listing(listing: &Listing) -> Result<(), String> {
    check_length("shard", &listing.shard, PARTITION_LIMIT_BYTES)?;
    check_length("rank", &listing.rank, SORT_LIMIT_BYTES)
}

fn check_length(what: &str, text: &str, limit: usize) -> Result<(), String> {
    if (1..=limit).contains(&text.len()) {
        return Ok(());
    }
    Err(format!("the {what} has {} bytes; 1 to {limit} are allowed", text.len()))
}
