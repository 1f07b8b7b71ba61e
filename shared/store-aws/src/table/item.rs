//! Items as DynamoDB keeps them: the caller's attributes beside the six that belong to the table itself.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use store::table::{Attributes, ITEM_LIMIT_BYTES, Item, Key, Listed, Listing};

use super::value::{StoredValueError, from_stored, stored_size, to_stored};

/// Partition key of the table.
pub(crate) const PARTITION: &str = "pk";
/// Sort key of the table.
pub(crate) const SORT: &str = "sk";
/// What conditional writes compare.
pub(crate) const VERSION: &str = "version";
/// Partition key of the index; an item without it is not in the index.
pub(crate) const LISTING_SHARD: &str = "listing_shard";
/// Sort key of the index.
pub(crate) const LISTING_RANK: &str = "listing_rank";
/// Seconds since 1970 after which DynamoDB may delete the item.
pub(crate) const EXPIRES_AT: &str = "expires_at";
/// The index; `infra/storage.yaml` has the same names.
pub(crate) const LISTING_INDEX: &str = "listing";

const OWN: [&str; 6] = [PARTITION, SORT, VERSION, LISTING_SHARD, LISTING_RANK, EXPIRES_AT];

/// Most bytes of a partition key and of a sort key: the limits of DynamoDB.
const PARTITION_LIMIT_BYTES: usize = 2048;
const SORT_LIMIT_BYTES: usize = 1024;

/// An item, or a part of one, in the SDK's form.
pub(crate) type SdkItem = HashMap<String, AttributeValue>;

/// Why a stored item cannot be read. Somebody else wrote it, or wrote into it.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum MalformedItem {
    /// An attribute that every item has is missing or of another kind.
    #[error("item `{key}`: attribute `{name}` is {found}; expected {expected}")]
    Own { key: String, name: &'static str, found: String, expected: &'static str },
    /// An attribute of the caller has a value that is never written here.
    #[error("item `{key}`: attribute `{name}`: {why}")]
    Attribute { key: String, name: String, why: StoredValueError },
}

/// Why an item cannot be stored: DynamoDB would refuse it, or keep it otherwise than it was given.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum UnstorableItem {
    /// The name is empty or one of the table's own six.
    #[error("attribute `{name}` belongs to the table itself; choose another name")]
    OwnAttribute { name: String },
    /// An attribute has a value that DynamoDB does not keep.
    #[error("attribute `{name}`: {why}")]
    Attribute { name: String, why: StoredValueError },
    /// A part of the key is empty or too long.
    #[error("the {part} has {size_bytes} bytes; 1 to {limit_bytes} are allowed")]
    KeyLength { part: &'static str, size_bytes: usize, limit_bytes: usize },
    /// The whole item is too large.
    #[error("it has {size_bytes} bytes; at most {ITEM_LIMIT_BYTES} fit into an item")]
    TooLarge { size_bytes: usize },
}

/// The caller's attributes in the SDK's form. One whose value is `null` has none: it is not stored, or is removed.
pub(crate) type SdkAttributes = Vec<(String, Option<AttributeValue>)>;

/// The two key attributes.
pub(crate) fn stored_key(key: &Key) -> SdkItem {
    let (partition, sort) = (AttributeValue::S(key.partition.clone()), AttributeValue::S(key.sort.clone()));
    HashMap::from([(PARTITION.to_owned(), partition), (SORT.to_owned(), sort)])
}

/// The caller's attributes in the SDK's form; `null` becomes `None`.
///
/// # Errors
/// Names the attribute that cannot be stored.
pub(crate) fn stored_attributes(attributes: &Attributes) -> Result<SdkAttributes, UnstorableItem> {
    let mut stored = SdkAttributes::with_capacity(attributes.len());
    for (name, value) in attributes {
        if name.is_empty() || OWN.contains(&name.as_str()) {
            return Err(UnstorableItem::OwnAttribute { name: name.clone() });
        }
        if value.is_null() {
            stored.push((name.clone(), None));
            continue;
        }
        match to_stored(value) {
            Ok(value) => stored.push((name.clone(), Some(value))),
            Err(why) => return Err(UnstorableItem::Attribute { name: name.clone(), why }),
        }
    }
    Ok(stored)
}

/// A whole item in the SDK's form.
///
/// # Errors
/// Names the attribute that cannot be stored.
pub(crate) fn stored_item(item: &Item) -> Result<SdkItem, UnstorableItem> {
    let mut stored = stored_key(&item.key);
    for (name, value) in stored_attributes(&item.attributes)? {
        // In a whole item there is nothing to remove: `null` is left out.
        if let Some(value) = value {
            stored.insert(name, value);
        }
    }
    stored.insert(VERSION.to_owned(), AttributeValue::N(item.version.to_string()));
    if let Some(listing) = &item.listing {
        stored.extend(stored_listing(listing));
    }
    if let Some(expires_at) = item.expires_at {
        stored.insert(EXPIRES_AT.to_owned(), AttributeValue::N(expires_at.timestamp().to_string()));
    }
    Ok(stored)
}

/// The two attributes that put an item into the index.
pub(crate) fn stored_listing(listing: &Listing) -> [(String, AttributeValue); 2] {
    [
        (LISTING_SHARD.to_owned(), AttributeValue::S(listing.shard.clone())),
        (LISTING_RANK.to_owned(), AttributeValue::S(listing.rank.clone())),
    ]
}

/// Reads a whole item.
///
/// # Errors
/// Names the item, the attribute and its value.
pub(crate) fn read_item(mut stored: SdkItem) -> Result<Item, MalformedItem> {
    let key = read_key(&mut stored)?;
    let mut own = OwnAttributes { key: &key, stored: &mut stored };
    let version = own.number(VERSION)?.ok_or_else(|| own.malformed(VERSION, None, NUMBER))?;
    let listing = match (own.text(LISTING_SHARD)?, own.text(LISTING_RANK)?) {
        (Some(shard), Some(rank)) => Some(Listing { shard, rank }),
        _ => None,
    };
    let expires_at = match own.number(EXPIRES_AT)? {
        Some(seconds) => Some(time(seconds).ok_or_else(|| own.malformed(EXPIRES_AT, None, "a date"))?),
        None => None,
    };
    let mut attributes = Attributes::new();
    // What is left is the caller's: the own ones have been taken out above.
    for (name, value) in stored {
        match from_stored(value) {
            Ok(value) => attributes.insert(name, value),
            Err(why) => return Err(MalformedItem::Attribute { key: key.to_string(), name, why }),
        };
    }
    Ok(Item { key, version, attributes, listing, expires_at })
}

/// Reads an entry of the index, which carries the keys only.
///
/// # Errors
/// Names the item and the attribute.
pub(crate) fn read_listed(mut stored: SdkItem) -> Result<Listed, MalformedItem> {
    let key = read_key(&mut stored)?;
    let mut own = OwnAttributes { key: &key, stored: &mut stored };
    let rank = own.text(LISTING_RANK)?.ok_or_else(|| own.malformed(LISTING_RANK, None, TEXT))?;
    Ok(Listed { key, rank })
}

/// Why DynamoDB would refuse a key, or `Ok`.
///
/// # Errors
/// Names the key and the limit.
pub(crate) fn check_key(key: &Key) -> Result<(), UnstorableItem> {
    for (part, value, limit_bytes) in
        [("partition key", &key.partition, PARTITION_LIMIT_BYTES), ("sort key", &key.sort, SORT_LIMIT_BYTES)]
    {
        let size_bytes = value.len();
        if size_bytes == 0 || size_bytes > limit_bytes {
            return Err(UnstorableItem::KeyLength { part, size_bytes, limit_bytes });
        }
    }
    Ok(())
}

/// Why an item is too large, or `Ok`.
///
/// # Errors
/// Names its size and the limit.
pub(crate) fn check_size(stored: &SdkItem) -> Result<(), UnstorableItem> {
    let size_bytes = stored.iter().map(|(name, value)| name.len() + stored_size(value)).sum::<usize>();
    if size_bytes <= ITEM_LIMIT_BYTES { Ok(()) } else { Err(UnstorableItem::TooLarge { size_bytes }) }
}

/// The item as it will be read after it was put: without `null`, and with an expiry of whole seconds.
pub(crate) fn as_kept(mut item: Item) -> Item {
    item.attributes.remove_nulls();
    item.expires_at = item.expires_at.and_then(|at| DateTime::from_timestamp(at.timestamp(), 0));
    item
}

const TEXT: &str = "a text";
const NUMBER: &str = "a number of at least 0";

struct OwnAttributes<'a> {
    key: &'a Key,
    stored: &'a mut SdkItem,
}

impl OwnAttributes<'_> {
    fn text(&mut self, name: &'static str) -> Result<Option<String>, MalformedItem> {
        match self.stored.remove(name) {
            None => Ok(None),
            Some(AttributeValue::S(text)) => Ok(Some(text)),
            other => Err(self.malformed(name, other, TEXT)),
        }
    }

    fn number(&mut self, name: &'static str) -> Result<Option<u64>, MalformedItem> {
        let Some(stored) = self.stored.remove(name) else { return Ok(None) };
        if let AttributeValue::N(digits) = &stored
            && let Ok(number) = digits.parse()
        {
            return Ok(Some(number));
        }
        Err(self.malformed(name, Some(stored), NUMBER))
    }

    fn malformed(&self, name: &'static str, found: Option<AttributeValue>, expected: &'static str) -> MalformedItem {
        let found = match found {
            Some(found) => format!("`{found:?}`"),
            None => "missing".to_owned(),
        };
        MalformedItem::Own { key: self.key.to_string(), name, found, expected }
    }
}

fn read_key(stored: &mut SdkItem) -> Result<Key, MalformedItem> {
    let mut key = Key::new("", "");
    for (name, place) in [(PARTITION, &mut key.partition), (SORT, &mut key.sort)] {
        let nowhere = Key::new("", "");
        let mut own = OwnAttributes { key: &nowhere, stored };
        *place = own.text(name)?.ok_or_else(|| own.malformed(name, None, TEXT))?;
    }
    Ok(key)
}

fn time(seconds: u64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)
}
