//! What the table and the queue refuse because DynamoDB and SQS would, or would keep differently: a pipeline that runs
//! here must run there.

use std::collections::HashSet;
use std::time::Duration;

use chrono::DateTime;
use serde_json::{Number, Value};
use store::queue::{BODY_LIMIT_BYTES, DELAY_LIMIT, Outgoing};
use store::table::{Attributes, Change, Condition, ITEM_LIMIT_BYTES, Key, Listing, Relist, Write};

/// Most bytes of a partition key.
const PARTITION_LIMIT_BYTES: usize = 2048;

/// Most bytes of a sort key.
const SORT_LIMIT_BYTES: usize = 1024;

/// Names that the table on AWS has attributes of its own under.
const RESERVED: [&str; 6] = ["pk", "sk", "version", "listing_shard", "listing_rank", "expires_at"];

/// What DynamoDB counts for the attributes of its own that every item has: their names and the digits of a version.
const OWN_BYTES: usize = 21;

/// Why a write is refused for good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RefusedWrite {
    /// A check without a write that it would hold for.
    #[error("a check alone changes nothing: it belongs in a group")]
    LoneCheck,
    /// A patch of an item that must not be there.
    #[error("there is nothing to patch in `{key}`, which is to be absent")]
    PatchOfAbsent { key: Key },
    /// A group has too many writes.
    #[error("a group has {writes} writes; at most {limit} are possible")]
    GroupTooLarge { writes: usize, limit: usize },
    /// Two of the items of one call have the same key.
    #[error("item `{key}` is among them twice")]
    Twice { key: Key },
    /// The name is empty or reserved.
    #[error("attribute `{name}` belongs to the table itself; choose another name")]
    ReservedAttribute { name: String },
    /// An attribute has a value that DynamoDB does not keep.
    #[error("attribute `{name}`: {why}")]
    Attribute { name: String, why: UnsupportedValue },
    /// The whole item is too large.
    #[error("item `{key}` has {size_bytes} bytes; at most {ITEM_LIMIT_BYTES} fit into an item")]
    ItemTooLarge { key: Key, size_bytes: usize },
    /// A part of a key or of a listing is empty or too long.
    #[error("the {part} has {size_bytes} bytes; 1 to {limit_bytes} are allowed")]
    Length { part: &'static str, size_bytes: usize, limit_bytes: usize },
}

/// Why DynamoDB would not keep a value as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnsupportedValue {
    #[error("`{number}` is a floating point number; use an integer of a smaller unit or a string")]
    FloatingPoint { number: Number },
    #[error("a field of an object has an empty name")]
    UnnamedField,
}

/// Why a message is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RefusedMessage {
    #[error("message of {size_bytes} bytes; 1 to {BODY_LIMIT_BYTES} are allowed")]
    BodySize { size_bytes: usize },
    #[error("delay of {} s; {} s at most are allowed", delay.as_secs(), DELAY_LIMIT.as_secs())]
    Delay { delay: Duration },
}

/// Why a query is refused.
#[derive(Debug, thiserror::Error)]
#[error("a limit of 0 asks for nothing")]
pub(crate) struct ZeroLimit;

/// Why a limit of a query is refused, or `Ok`.
pub(crate) fn check_limit(limit: Option<usize>) -> Result<(), ZeroLimit> {
    if limit == Some(0) { Err(ZeroLimit) } else { Ok(()) }
}

/// Why messages are refused, or `Ok`.
pub(crate) fn check_messages(messages: &[Outgoing]) -> Result<(), RefusedMessage> {
    for Outgoing { body, delay } in messages {
        let (size_bytes, delay) = (body.len(), *delay);
        if !(1..=BODY_LIMIT_BYTES).contains(&size_bytes) {
            return Err(RefusedMessage::BodySize { size_bytes });
        }
        if delay > DELAY_LIMIT {
            return Err(RefusedMessage::Delay { delay });
        }
    }
    Ok(())
}

/// Why a write is refused, or the write as it is kept: nulls of a put left out, its expiry in whole seconds.
pub(crate) fn check_write(mut write: Write) -> Result<Write, RefusedWrite> {
    check_key(&write.key)?;
    match &mut write.change {
        Change::Put { attributes, listing, expires_at } => {
            attributes.remove_nulls();
            *expires_at = expires_at.and_then(|at| DateTime::from_timestamp(at.timestamp(), 0));
            check_item(&write.key, attributes)?;
            if let Some(listing) = listing {
                check_listing(listing)?;
            }
        }
        Change::Patch { .. } if write.condition == Condition::Absent => {
            return Err(RefusedWrite::PatchOfAbsent { key: write.key });
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
pub(crate) fn check_group(writes: Vec<Write>, limit: usize) -> Result<Vec<Write>, RefusedWrite> {
    if writes.len() > limit {
        return Err(RefusedWrite::GroupTooLarge { writes: writes.len(), limit });
    }
    check_different(writes.iter().map(|write| &write.key))?;
    writes.into_iter().map(check_write).collect()
}

/// Why the items of one call are refused, or `Ok`.
pub(crate) fn check_different<'a>(keys: impl Iterator<Item = &'a Key>) -> Result<(), RefusedWrite> {
    let mut seen = HashSet::new();
    for key in keys {
        if !seen.insert(key) {
            return Err(RefusedWrite::Twice { key: key.clone() });
        }
    }
    Ok(())
}

/// Why an item is refused, or `Ok`.
pub(crate) fn check_item(key: &Key, attributes: &Attributes) -> Result<(), RefusedWrite> {
    check_key(key)?;
    let mut size_bytes = OWN_BYTES + key.partition.len() + key.sort.len();
    for (name, value) in attributes {
        if name.is_empty() || RESERVED.contains(&name.as_str()) {
            return Err(RefusedWrite::ReservedAttribute { name: name.clone() });
        }
        let value_size = value_size(value).map_err(|why| RefusedWrite::Attribute { name: name.clone(), why })?;
        size_bytes += name.len() + value_size;
    }
    if size_bytes <= ITEM_LIMIT_BYTES {
        return Ok(());
    }
    Err(RefusedWrite::ItemTooLarge { key: key.clone(), size_bytes })
}

/// Most bytes that DynamoDB counts for a value, or why it does not keep it as it is.
fn value_size(value: &Value) -> Result<usize, UnsupportedValue> {
    Ok(match value {
        Value::Number(number) if number.is_f64() => {
            return Err(UnsupportedValue::FloatingPoint { number: number.clone() });
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
                    return Err(UnsupportedValue::UnnamedField);
                }
                size += 1 + name.len() + value_size(value)?;
            }
            size
        }
    })
}

fn check_key(key: &Key) -> Result<(), RefusedWrite> {
    check_length("partition key", &key.partition, PARTITION_LIMIT_BYTES)?;
    check_length("sort key", &key.sort, SORT_LIMIT_BYTES)
}

fn check_listing(listing: &Listing) -> Result<(), RefusedWrite> {
    check_length("shard", &listing.shard, PARTITION_LIMIT_BYTES)?;
    check_length("rank", &listing.rank, SORT_LIMIT_BYTES)
}

fn check_length(part: &'static str, text: &str, limit_bytes: usize) -> Result<(), RefusedWrite> {
    let size_bytes = text.len();
    if (1..=limit_bytes).contains(&size_bytes) {
        return Ok(());
    }
    Err(RefusedWrite::Length { part, size_bytes, limit_bytes })
}
