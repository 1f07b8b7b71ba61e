//! Many items at once, without conditions and not atomically.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::{KeysAndAttributes, PutRequest, ReturnConsumedCapacity, WriteRequest};
use futures::stream::{self, StreamExt, TryStreamExt};
use store::table::{Attributes, Item, Key};
use store::{Error, Result};

use super::item::{SdkItem, stored_key};
use super::write::whole;
use super::{DynamoTable, check_key, read};
use crate::backoff;
use crate::sdk_error::{During, OrPermanent};

/// Most keys of one `BatchGetItem`.
const GET_LIMIT: usize = 100;
/// Most items of one `BatchWriteItem`.
const PUT_LIMIT: usize = 25;
/// Requests under way at once: enough to hide the round trips, too few to be throttled for.
const PARALLEL: usize = 4;
/// Requests after which items that DynamoDB leaves unprocessed are given up; with the pauses about two seconds.
const ROUNDS: u32 = 8;

/// DynamoDB did not get to all items.
#[derive(Debug, thiserror::Error)]
#[error("{items} items were left unprocessed after {ROUNDS} requests")]
struct Unprocessed {
    items: usize,
}

impl DynamoTable {
    pub(crate) async fn get_items(&self, keys: &[Key]) -> Result<Vec<Item>> {
        // DynamoDB refuses a request that names a key twice.
        let keys: Vec<Key> = keys.iter().cloned().collect::<HashSet<_>>().into_iter().collect();
        let chunks: Vec<Vec<Key>> = keys.chunks(GET_LIMIT).map(<[Key]>::to_vec).collect();
        let found: Vec<Vec<Item>> =
            stream::iter(chunks).map(|chunk| self.get_chunk(chunk)).buffer_unordered(PARALLEL).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    pub(crate) async fn put_items(&self, items: Vec<(Key, Attributes)>) -> Result<()> {
        let mut keys = HashSet::new();
        if let Some((twice, _)) = items.iter().find(|(key, _)| !keys.insert(key)) {
            return Err(Error::permanent(
                format!("put {} items", items.len()),
                format!("item `{twice}` is among them twice"),
            ));
        }
        let requests = items.into_iter().map(put_request).collect::<Result<Vec<_>>>()?;
        let chunks: Vec<Vec<WriteRequest>> = requests.chunks(PUT_LIMIT).map(<[WriteRequest]>::to_vec).collect();
        stream::iter(chunks).map(|chunk| self.put_chunk(chunk)).buffer_unordered(PARALLEL).try_collect().await
    }

    async fn get_chunk(&self, keys: Vec<Key>) -> Result<Vec<Item>> {
        let operation = format!("get {} items, one of them `{}`", keys.len(), keys[0]);
        keys.iter().try_for_each(|key| check_key(&operation, key))?;
        let mut left: Vec<SdkItem> = keys.iter().map(stored_key).collect();
        let mut found = Vec::with_capacity(left.len());
        for round in 1..=ROUNDS {
            let (stored, unprocessed) = self.send_get(&operation, left).await?;
            for stored in stored {
                found.push(read(&operation, stored)?);
            }
            if unprocessed.is_empty() {
                return Ok(found);
            }
            left = unprocessed;
            backoff::before_retry(round).await;
        }
        Err(Error::retryable(operation, Unprocessed { items: left.len() }))
    }

    /// Sends one request; returns what was found and the keys that DynamoDB did not get to.
    async fn send_get(&self, operation: &str, keys: Vec<SdkItem>) -> Result<(Vec<SdkItem>, Vec<SdkItem>)> {
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let reply = self
            .client
            .batch_get_item()
            .request_items(&self.table_name, wanted.or_permanent(operation)?)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .during(operation)?;
        let found = reply.responses.and_then(|mut tables| tables.remove(&self.table_name)).unwrap_or_default();
        let left = reply.unprocessed_keys.and_then(|mut tables| tables.remove(&self.table_name));
        Ok((found, left.map(|keys| keys.keys).unwrap_or_default()))
    }

    async fn put_chunk(&self, requests: Vec<WriteRequest>) -> Result<()> {
        let operation = format!("put {} items", requests.len());
        let mut left = requests;
        for round in 1..=ROUNDS {
            let reply = self
                .client
                .batch_write_item()
                .set_request_items(Some(HashMap::from([(self.table_name.clone(), left)])))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .during(&operation)?;
            left = reply.unprocessed_items.and_then(|mut tables| tables.remove(&self.table_name)).unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            backoff::before_retry(round).await;
        }
        Err(Error::retryable(operation, Unprocessed { items: left.len() }))
    }
}

/// The item as a put under [`Condition::Any`](store::table::Condition::Any) would write it.
fn put_request((key, attributes): (Key, Attributes)) -> Result<WriteRequest> {
    let operation = format!("put item `{key}`");
    let stored = whole(&operation, &Item { key, version: 1, attributes, listing: None, expires_at: None })?;
    let put = PutRequest::builder().set_item(Some(stored)).build();
    Ok(WriteRequest::builder().put_request(put.or_permanent(&operation)?).build())
}
