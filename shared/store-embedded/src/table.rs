//! The table seam on the SQLite file.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use store::table::{
    Attributes, Change, GROUP_LIMIT, GroupWritten, Item, Key, Listed, ListingQuery, Page, Query, Table, Write, Written,
};
use store::{Error, Result};

use crate::conditional_writes::{self, Prepared, PreparedItem};
use crate::limits::{RefusedWrite, check_different, check_group, check_write};
use crate::readers::Readers;
use crate::writer::{Durability, Writer};
use crate::{Clock, items};

/// Items of a batch that go into one transaction; between two of them other requests get their turn.
const BATCH: usize = 500;

/// The table in the SQLite file.
pub(crate) struct EmbeddedTable {
    pub(crate) writer: Arc<Writer>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) clock: Clock,
}

#[async_trait]
impl Table for EmbeddedTable {
    async fn get(&self, key: &Key) -> Result<Option<Item>> {
        self.readers
            .read(|session| items::get(session, key))
            .map_err(|failure| failure.during(format!("get item `{key}`")))
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Item>> {
        self.readers
            .read(|session| {
                // One transaction instead of one for each key.
                let _transaction = session.unchecked_transaction()?;
                let keys: HashSet<&Key> = keys.iter().collect();
                keys.into_iter().filter_map(|key| items::get(session, key).transpose()).collect()
            })
            .map_err(|failure| failure.during(format!("get {} items", keys.len())))
    }

    async fn query(&self, query: &Query) -> Result<Page<Item, String>> {
        let operation = || format!("query `{} {}*`", query.partition, query.sort_prefix);
        check_limit(query.limit).map_err(|refusal| Error::permanent(operation(), refusal))?;
        self.readers.read(|session| items::query(session, query)).map_err(|failure| failure.during(operation()))
    }

    async fn listing(&self, query: &ListingQuery) -> Result<Page<Listed, Listed>> {
        let operation = || format!("query listing `{}`", query.shard);
        check_limit(query.limit).map_err(|refusal| Error::permanent(operation(), refusal))?;
        self.readers.read(|session| items::listing(session, query)).map_err(|failure| failure.during(operation()))
    }

    async fn write(&self, write: Write) -> Result<Written> {
        let key = write.key.clone();
        let operation = || format!("write item `{key}`");
        if write.change == Change::Check {
            return Err(Error::permanent(operation(), "a check alone changes nothing: it belongs in a group"));
        }
        let write = check_write(write).map_err(|refusal| Error::permanent(operation(), refusal))?;
        let prepared = Prepared::new(write, &self.writer.attribute_cache);
        let clock = self.clock.clone();
        self.writer
            .execute(Durability::Flushed, move |session| conditional_writes::write(session, &prepared, clock()))
            .await
            .map_err(|failure| failure.during(operation()))?
            .into_result()
            .map_err(|refusal| Error::permanent(operation(), refusal))
    }

    async fn write_group(&self, writes: Vec<Write>) -> Result<GroupWritten> {
        let Some(first) = writes.first() else { return Ok(GroupWritten::Applied) };
        let (key, count) = (first.key.clone(), writes.len());
        let operation = || format!("write a group of {count} items from `{key}` on");
        let writes = check_group(writes, GROUP_LIMIT).map_err(|refusal| Error::permanent(operation(), refusal))?;
        let group: Vec<Prepared> =
            writes.into_iter().map(|write| Prepared::new(write, &self.writer.attribute_cache)).collect();
        let clock = self.clock.clone();
        self.writer
            .execute(Durability::Flushed, move |session| conditional_writes::write_group(session, &group, clock()))
            .await
            .map_err(|failure| failure.during(operation()))?
            .into_result()
            .map_err(|refusal| Error::permanent(operation(), refusal))
    }

    async fn batch_put(&self, items: Vec<(Key, Attributes)>) -> Result<()> {
        let count = items.len();
        let operation = || format!("put {count} items");
        let mut prepared = prepare(items).map_err(|refusal| Error::permanent(operation(), refusal))?;
        while !prepared.is_empty() {
            let rest = prepared.split_off(prepared.len().min(BATCH));
            let batch = std::mem::replace(&mut prepared, rest);
            self.writer
                .execute(Durability::Flushed, move |session| {
                    batch.iter().try_for_each(|item| conditional_writes::put(session, item))
                })
                .await
                .map_err(|failure| failure.during(operation()))?;
        }
        Ok(())
    }
}

fn prepare(items: Vec<(Key, Attributes)>) -> std::result::Result<Vec<PreparedItem>, RefusedWrite> {
    check_different(items.iter().map(|(key, _)| key))?;
    items.into_iter().map(|(key, attributes)| PreparedItem::new(key, attributes)).collect()
}

/// DynamoDB refuses a limit of 0.
fn check_limit(limit: Option<usize>) -> std::result::Result<(), &'static str> {
    if limit == Some(0) { Err("a limit of 0 asks for nothing") } else { Ok(()) }
}
