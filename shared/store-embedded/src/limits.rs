//! What the table refuses because DynamoDB would: a pipeline that runs here must run there too.

use serde_json::Value;
use store::table::{Attributes, Change, Condition, GROUP_LIMIT, ITEM_LIMIT_BYTES, Key, Listing, Relist, Write};

/// Most bytes of a partition key.
const PARTITION_LIMIT_BYTES: usize = 2048;

/// Most bytes of a sort key.
const SORT_LIMIT_BYTES: usize = 1024;

/// Why a write is refused, or `Ok`. The size of an item is checked when its text is made.
pub(crate) fn check_write(write: &Write) -> Result<(), String> {
    check_key(&write.key)?;
    match &write.change {
        Change::Put { attributes, listing, .. } => {
            check_values(attributes)?;
            listing.as_ref().map_or(Ok(()), check_listing)
        }
        Change::Patch { .. } if write.condition == Condition::Absent => {
            Err(format!("a patch of item `{}` asks for its absence", write.key))
        }
        Change::Patch { attributes, listing } => {
            check_values(attributes)?;
            match listing {
                Relist::Keep | Relist::Unlist => Ok(()),
                Relist::List(listing) => check_listing(listing),
            }
        }
        Change::Delete | Change::Check => Ok(()),
    }
}

/// Why a group is refused, or `Ok`.
pub(crate) fn check_group(writes: &[Write]) -> Result<(), String> {
    if writes.len() > GROUP_LIMIT {
        return Err(format!("{} writes in one group; {GROUP_LIMIT} at most are allowed", writes.len()));
    }
    writes.iter().try_for_each(check_write)?;
    let mut keys: Vec<&Key> = writes.iter().map(|write| &write.key).collect();
    keys.sort_unstable();
    match keys.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("item `{}` is twice in one group", pair[0])),
        None => Ok(()),
    }
}

/// Why an item of many that are put without condition is refused, or `Ok`.
pub(crate) fn check_item(key: &Key, attributes: &Attributes) -> Result<(), String> {
    check_key(key)?;
    check_values(attributes)
}

/// Why an item is too big, or `Ok`.
pub(crate) fn check_size(key: &Key, attributes: &str) -> Result<(), String> {
    let size = key.partition.len() + key.sort.len() + attributes.len();
    if size <= ITEM_LIMIT_BYTES {
        return Ok(());
    }
    Err(format!("item `{key}` has {size} bytes; {ITEM_LIMIT_BYTES} at most are allowed"))
}

fn check_key(key: &Key) -> Result<(), String> {
    check_length("partition", &key.partition, PARTITION_LIMIT_BYTES)?;
    check_length("sort", &key.sort, SORT_LIMIT_BYTES)
}

fn check_listing(listing: &Listing) -> Result<(), String> {
    check_length("shard", &listing.shard, PARTITION_LIMIT_BYTES)?;
    check_length("rank", &listing.rank, SORT_LIMIT_BYTES)
}

fn check_length(what: &str, text: &str, limit: usize) -> Result<(), String> {
    if (1..=limit).contains(&text.len()) {
        return Ok(());
    }
    Err(format!("{what} key of {} bytes; 1 to {limit} are allowed", text.len()))
}

fn check_values(attributes: &Attributes) -> Result<(), String> {
    match attributes.iter().find(|(_, value)| has_float(value)) {
        Some((name, _)) => Err(format!("attribute `{name}` has a floating point number")),
        None => Ok(()),
    }
}

fn has_float(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(values) => values.iter().any(has_float),
        Value::Object(fields) => fields.values().any(has_float),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}
