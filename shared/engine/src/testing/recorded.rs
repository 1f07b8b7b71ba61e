//! A table that remembers which items were written.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use store::Result;
use store::table::{Attributes, GroupWritten, Item, Key, Listed, ListingQuery, Page, Query, Table, Write, Written};

pub(super) struct Recorded {
    inner: Arc<dyn Table>,
    written: Mutex<BTreeSet<Key>>,
}

impl Recorded {
    pub(super) fn new(inner: Arc<dyn Table>) -> Self {
        Recorded { inner, written: Mutex::default() }
    }

    /// The keys of all items that were written so far.
    pub(super) fn written(&self) -> BTreeSet<Key> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, keys: impl IntoIterator<Item = Key>) {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).extend(keys);
    }
}

#[async_trait]
impl Table for Recorded {
    async fn get(&self, key: &Key) -> Result<Option<Item>> {
        self.inner.get(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Item>> {
        self.inner.batch_get(keys).await
    }

    async fn query(&self, query: &Query) -> Result<Page<Item, String>> {
        self.inner.query(query).await
    }

    async fn listing(&self, query: &ListingQuery) -> Result<Page<Listed, Listed>> {
        self.inner.listing(query).await
    }

    async fn write(&self, write: Write) -> Result<Written> {
        self.note([write.key.clone()]);
        self.inner.write(write).await
    }

    async fn write_group(&self, writes: Vec<Write>) -> Result<GroupWritten> {
        self.note(writes.iter().map(|write| write.key.clone()));
        self.inner.write_group(writes).await
    }

    async fn batch_put(&self, items: Vec<(Key, Attributes)>) -> Result<()> {
        self.note(items.iter().map(|(key, _)| key.clone()));
        self.inner.batch_put(items).await
    }
}
