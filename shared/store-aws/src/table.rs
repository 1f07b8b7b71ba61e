//! The table seam on one DynamoDB table with one sparse index.
//!
//! | attribute | kind | what |
//! |---|---|---|
//! | `pk`, `sk` | S | the key |
//! | `version` | N | counts the writes |
//! | `listing_shard`, `listing_rank` | S | the place in the index `listing`; most items have none |
//! | `expires_at` | N | seconds since 1970, for DynamoDB's own deletion |
//! | all others | | the caller's |
//!
//! Every call asks for its consumed capacity: it costs nothing and is what the cost per step is counted from.
//!
//! **A lost reply:** if the reply to a conditional write is lost, the SDK repeats the write and finds its own; that comes
//! back as a conflict with the item as it is. Only the caller can tell, by the tokens in the item.

mod batch;
mod expression;
mod group;
mod item;
mod read;
#[cfg(test)]
mod tests;
mod value;
mod write;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use store::Result;
use store::table::{Attributes, GroupWritten, Item, Key, Listed, ListingQuery, Page, Query, Table, Write, Written};

use crate::sdk_error::OrPermanent;

/// The table seam on DynamoDB.
pub(crate) struct DynamoTable {
    client: Client,
    table_name: String,
}

impl DynamoTable {
    pub(crate) fn new(client: Client, table_name: String) -> Self {
        DynamoTable { client, table_name }
    }
}

#[async_trait]
impl Table for DynamoTable {
    async fn get(&self, key: &Key) -> Result<Option<Item>> {
        self.get_item(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Item>> {
        self.get_items(keys).await
    }

    async fn query(&self, query: &Query) -> Result<Page<Item, String>> {
        self.query_items(query).await
    }

    async fn listing(&self, query: &ListingQuery) -> Result<Page<Listed, Listed>> {
        self.query_listing(query).await
    }

    async fn write(&self, write: Write) -> Result<Written> {
        self.write_item(write).await
    }

    async fn write_group(&self, writes: Vec<Write>) -> Result<GroupWritten> {
        self.write_items(writes).await
    }

    async fn batch_put(&self, items: Vec<(Key, Attributes)>) -> Result<()> {
        self.put_items(items).await
    }
}

/// Reads a stored item for `operation`.
fn read(operation: &str, stored: item::SdkItem) -> Result<Item> {
    item::read_item(stored).or_permanent(operation)
}

/// Refuses a key that DynamoDB would refuse with a less telling message.
fn check_key(operation: &str, key: &Key) -> Result<()> {
    item::check_key(key).or_permanent(operation)
}
