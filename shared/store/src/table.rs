//! The table seam: items under a partition key and a sort key, with a version that conditional writes compare.
//!
//! This module is the contract and knows no item kind; `keys` names the items, the modules beside it own the access
//! patterns. Both back ends promise:
//! - a read through [`Table::get`], [`Table::batch_get`] or [`Table::query`] sees every write that was answered before;
//!   [`Table::listing`] may lag behind and is a hint only;
//! - [`Table::write`] checks its condition and writes in one atomic step; [`Table::write_group`] does so for up to
//!   [`GROUP_LIMIT`] items, all or none;
//! - an answered write survives a crash and a power cut;
//! - the back end owns `version`: 1 after a write under [`Condition::Absent`] or [`Condition::Any`] of a whole item,
//!   one more than before after any other write.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::error::Result;

pub use crate::attributes::Attributes;

/// Most items that one [`Table::write_group`] takes: the limit of a DynamoDB transaction.
pub const GROUP_LIMIT: usize = 100;

/// Most bytes that one item may have, names included: the limit of DynamoDB (400 KB), less a margin for its own counting.
pub const ITEM_LIMIT_BYTES: usize = 390 * 1024;

/// Where an item lives.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The partition: everything that is read together.
    pub partition: String,
    /// The place within the partition; queries go by its prefix and in its byte order.
    pub sort: String,
}

/// The place of an item in the sparse listing: an item without one is not listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listing {
    /// Which list; a busy list is spread over several shards.
    pub shard: String,
    /// The order within the shard, by bytes.
    pub rank: String,
}

/// One item as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Where it lives.
    pub key: Key,
    /// Counts its writes; conditional writes compare it.
    pub version: u64,
    /// What it holds.
    pub attributes: Attributes,
    /// Its place in the sparse listing.
    pub listing: Option<Listing>,
    /// When the back end may delete it, at its own leisure and hours late.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What must hold of the stored item for a write to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// There is no item under the key.
    Absent,
    /// The item exists and has this version.
    Version(u64),
    /// The item exists, whatever its version.
    Present,
    /// Nothing is asked. Only for items that nobody compares versions of.
    Any,
}

/// What a write does to the item.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Replaces the whole item.
    Put {
        /// All attributes of the new item.
        attributes: Attributes,
        /// Its place in the listing.
        listing: Option<Listing>,
        /// When it may be deleted, in whole seconds.
        expires_at: Option<DateTime<Utc>>,
    },
    /// Sets some attributes and leaves the others; `Value::Null` removes one. Not with [`Condition::Absent`].
    Patch {
        /// The attributes to set or remove.
        attributes: Attributes,
        /// What becomes of the place in the listing.
        listing: Relist,
    },
    /// Deletes the item. Deleting what is not there is fine under [`Condition::Any`].
    Delete,
    /// Changes nothing; the condition alone counts. Only within a group.
    Check,
}

/// What a patch does to the item's place in the sparse listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relist {
    /// The place stays.
    Keep,
    /// The item leaves the listing.
    Unlist,
    /// The item gets this place.
    List(Listing),
}

/// One conditional write.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// The item to write.
    pub key: Key,
    /// What must hold before.
    pub condition: Condition,
    /// What is done.
    pub change: Change,
}

/// What became of a conditional write.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// Applied; the item as it is now. `None` after a delete.
    Applied(Option<Item>),
    /// The condition does not hold; the item as it is, if there is one.
    Conflict(Option<Item>),
}

/// What became of a group of conditional writes.
#[derive(Debug, Clone, PartialEq)]
pub enum GroupWritten {
    /// All were applied.
    Applied,
    /// None was applied. For each write that stood in the way, its place in the group and the item as it is.
    Conflict(Vec<(usize, Option<Item>)>),
}

/// Which items of one partition to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The partition.
    pub partition: String,
    /// Only sort keys that begin with this; empty for all.
    pub sort_prefix: String,
    /// Only sort keys behind this one (exclusive), in the direction of the query: the cursor of the page before.
    pub after: Option<String>,
    /// Whether to go from the last sort key to the first.
    pub order: SortDirection,
    /// Most items to return; the back end may return fewer and a cursor.
    pub limit: Option<usize>,
}

/// The direction of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortDirection {
    /// From the first to the last.
    #[default]
    Ascending,
    /// From the last to the first.
    Descending,
}

/// Which part of the sparse listing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingQuery {
    /// The shard.
    pub shard: String,
    /// Only places behind this one (exclusive), in the direction of the query.
    pub after: Option<Listed>,
    /// Whether to go from the last rank to the first.
    pub order: SortDirection,
    /// Most entries to return.
    pub limit: Option<usize>,
}

/// One entry of the sparse listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The listed item.
    pub key: Key,
    /// Its rank.
    pub rank: String,
}

/// One page of a longer answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T, C> {
    /// What was found, in order.
    pub entries: Vec<T>,
    /// Where to go on, or `None` at the end.
    pub next: Option<C>,
}

/// The table seam; see the module documentation for what both back ends promise.
#[async_trait]
pub trait Table: Send + Sync {
    /// Reads one item.
    async fn get(&self, key: &Key) -> Result<Option<Item>>;

    /// Reads many items; absent ones are left out, the order is not kept.
    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Item>>;

    /// Reads a part of one partition in the order of its sort keys.
    async fn query(&self, query: &Query) -> Result<Page<Item, String>>;

    /// Reads a part of the sparse listing. May be stale: what it suggests is confirmed by a read or a condition.
    async fn listing(&self, query: &ListingQuery) -> Result<Page<Listed, Listed>>;

    /// Writes one item if its condition holds.
    async fn write(&self, write: Write) -> Result<Written>;

    /// Writes up to [`GROUP_LIMIT`] different items, all or none.
    async fn write_group(&self, writes: Vec<Write>) -> Result<GroupWritten>;

    /// Puts many different items without conditions and not atomically; all are written when this returns `Ok`.
    async fn batch_put(&self, items: Vec<(Key, Attributes)>) -> Result<()>;
}

impl Key {
    /// Names an item by its two keys.
    pub fn new(partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Key { partition: partition.into(), sort: sort.into() }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.partition, self.sort)
    }
}

impl Query {
    /// All items of a partition whose sort key begins with `sort_prefix`.
    pub fn prefix(partition: impl Into<String>, sort_prefix: impl Into<String>) -> Self {
        Query {
            partition: partition.into(),
            sort_prefix: sort_prefix.into(),
            after: None,
            order: SortDirection::Ascending,
            limit: None,
        }
    }
}
