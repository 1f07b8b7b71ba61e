//! The table seam on the SQLite file.

use std::sync::Arc;

use async_trait::async_trait;
use store::Result;
use store::table::{
    Attributes, Change, GROUP_LIMIT, GroupWritten, Item, Key, Listed, ListingQuery, Page, Query, Table, Write, Written,
};

use crate::conditional_writes::{self, Prepared, PreparedItem};
use crate::failure::{During, RequestFailure};
use crate::limits::{RefusedWrite, check_different, check_group, check_limit, check_write};
use crate::readers::Readers;
use crate::session::Session;
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
        self.readers.read(|session| items::get(session, key)).during(format_args!("get item `{key}`"))
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Item>> {
        let found = self.readers.read(|session| items::get_all(session, keys));
        found.during(format_args!("get {} items", keys.len()))
    }

    async fn query(&self, query: &Query) -> Result<Page<Item, String>> {
        self.try_query(query).during(format_args!("query `{} {}*`", query.partition, query.sort_prefix))
    }

    async fn listing(&self, query: &ListingQuery) -> Result<Page<Listed, Listed>> {
        self.try_listing(query).during(format_args!("query listing `{}`", query.shard))
    }

    async fn write(&self, write: Write) -> Result<Written> {
        let key = write.key.clone();
        self.try_write(write).await.during(format_args!("write item `{key}`"))
    }

    async fn write_group(&self, writes: Vec<Write>) -> Result<GroupWritten> {
        let Some(first) = writes.first() else { return Ok(GroupWritten::Applied) };
        let (key, count) = (first.key.clone(), writes.len());
        let written = self.try_write_group(writes).await;
        written.during(format_args!("write a group of {count} items from `{key}` on"))
    }

    async fn batch_put(&self, items: Vec<(Key, Attributes)>) -> Result<()> {
        let count = items.len();
        self.try_put(items).await.during(format_args!("put {count} items"))
    }
}

/// What the seam's functions do, with failures that do not know yet what was tried.
impl EmbeddedTable {
    fn try_query(&self, query: &Query) -> std::result::Result<Page<Item, String>, RequestFailure> {
        check_limit(query.limit)?;
        Ok(self.readers.read(|session| items::query(session, query))?)
    }

    fn try_listing(&self, query: &ListingQuery) -> std::result::Result<Page<Listed, Listed>, RequestFailure> {
        check_limit(query.limit)?;
        Ok(self.readers.read(|session| items::listing(session, query))?)
    }

    async fn try_write(&self, write: Write) -> std::result::Result<Written, RequestFailure> {
        if write.change == Change::Check {
            return Err(RefusedWrite::LoneCheck.into());
        }
        // The text is made here, on the thread of the caller: the writer has little time.
        let prepared = Prepared::new(check_write(write)?, &self.writer.attribute_cache);
        let clock = self.clock.clone();
        let work = move |session: &Session| conditional_writes::write(session, &prepared, clock());
        Ok(self.writer.execute(Durability::Flushed, work).await?.into_result()?)
    }

    async fn try_write_group(&self, writes: Vec<Write>) -> std::result::Result<GroupWritten, RequestFailure> {
        let group = Prepared::group(check_group(writes, GROUP_LIMIT)?, &self.writer.attribute_cache);
        let clock = self.clock.clone();
        let work = move |session: &Session| conditional_writes::write_group(session, &group, clock());
        Ok(self.writer.execute(Durability::Flushed, work).await?.into_result()?)
    }

    async fn try_put(&self, items: Vec<(Key, Attributes)>) -> std::result::Result<(), RequestFailure> {
        check_different(items.iter().map(|(key, _)| key))?;
        let mut prepared = Vec::with_capacity(items.len());
        // All are looked at before the first is put, so that what is refused changes nothing.
        for (key, attributes) in items {
            prepared.push(PreparedItem::new(key, attributes)?);
        }
        while !prepared.is_empty() {
            let rest = prepared.split_off(prepared.len().min(BATCH));
            let batch = std::mem::replace(&mut prepared, rest);
            let work = move |session: &Session| conditional_writes::put_all(session, &batch);
            self.writer.execute(Durability::Flushed, work).await?;
        }
        Ok(())
    }
}
