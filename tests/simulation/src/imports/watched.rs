//! The seams of a store, watched.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use pipeline::Priority;
use store::files::{FileInfo, Files, PutOutcome, Range, Upload};
use store::queue::{DeadLetter, Depth, Outgoing, Queue, Receipt, Received};
use store::shared_commit::{CommitGroup, SharedCommits, TakeNext, WrittenAndTaken};
use store::table::{Attributes, GroupWritten, Item, Key, Listed, ListingQuery, Page, Query, Table, Write, Written};
use store::{Result, Store};

use super::sites::Watch;

/// The seams of a store, watched.
pub(super) fn watched(store: &Store, watch: Arc<Watch>) -> Store {
    let table = Arc::new(Items { inner: store.table.clone(), watch: watch.clone() });
    let queue = Arc::new(Messages { inner: store.queue.clone(), watch: watch.clone() });
    let files = Arc::new(Bucket { inner: store.files.clone(), watch: watch.clone() });
    let mut watched = Store::new(table, queue, files);
    let shared = store.shared_commits.clone();
    watched.shared_commits = shared.map(|inner| Arc::new(Commits { inner, watch }) as Arc<dyn SharedCommits>);
    watched
}

struct Items {
    inner: Arc<dyn Table>,
    watch: Arc<Watch>,
}

#[async_trait]
impl Table for Items {
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
        let key = write.key.clone();
        self.watch.writes([key.clone()]);
        self.watch.change(&format!("the write of `{key}`"), self.inner.write(write)).await
    }

    async fn write_group(&self, writes: Vec<Write>) -> Result<GroupWritten> {
        let call = in_words(&writes);
        self.watch.writes(writes.iter().map(|write| write.key.clone()));
        self.watch.change(&call, self.inner.write_group(writes)).await
    }

    /// On AWS a part of it may be there, so each item is put by itself.
    async fn batch_put(&self, items: Vec<(Key, Attributes)>) -> Result<()> {
        self.watch.writes(items.iter().map(|(key, _)| key.clone()));
        for item in items {
            let call = format!("the put of `{}`", item.0);
            self.watch.change(&call, self.inner.batch_put(vec![item])).await?;
        }
        Ok(())
    }
}

fn in_words(writes: &[Write]) -> String {
    let keys: Vec<String> = writes.iter().map(|write| format!("`{}`", write.key)).collect();
    format!("the write of {}", keys.join(", "))
}

struct Messages {
    inner: Arc<dyn Queue>,
    watch: Arc<Watch>,
}

#[async_trait]
impl Queue for Messages {
    /// Some messages may have been sent, so each is sent by itself.
    async fn send(&self, priority: Priority, messages: Vec<Outgoing>) -> Result<()> {
        for message in messages {
            self.watch.change("the sending of a message", self.inner.send(priority, vec![message])).await?;
        }
        Ok(())
    }

    async fn receive(&self, limit: usize, wait: Duration) -> Result<Vec<Received>> {
        self.watch.change("the receipt of a message", self.inner.receive(limit, wait)).await
    }

    async fn extend(&self, receipt: &Receipt, visibility: Duration) -> Result<()> {
        self.inner.extend(receipt, visibility).await
    }

    async fn delete(&self, receipt: &Receipt) -> Result<()> {
        self.watch.change("the deletion of a message", self.inner.delete(receipt)).await
    }

    async fn depth(&self, priority: Priority) -> Result<Depth> {
        self.inner.depth(priority).await
    }

    async fn count_dead_letters(&self) -> Result<u64> {
        self.inner.count_dead_letters().await
    }

    async fn peek_dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>> {
        self.inner.peek_dead_letters(limit).await
    }

    async fn redrive_dead_letters(&self) -> Result<Option<u64>> {
        self.inner.redrive_dead_letters().await
    }
}

struct Commits {
    inner: Arc<dyn SharedCommits>,
    watch: Arc<Watch>,
}

#[async_trait]
impl SharedCommits for Commits {
    async fn write_and_send(&self, group: CommitGroup) -> Result<GroupWritten> {
        let call = in_words(&group.writes);
        self.watch.writes(group.writes.iter().map(|write| write.key.clone()));
        self.watch.change(&call, self.inner.write_and_send(group)).await
    }

    async fn write_and_take_next(&self, group: CommitGroup, take: TakeNext) -> Result<WrittenAndTaken> {
        let call = format!("{} and the receipt of the next message", in_words(&group.writes));
        self.watch.writes(group.writes.iter().map(|write| write.key.clone()));
        self.watch.change(&call, self.inner.write_and_take_next(group, take)).await
    }
}

struct Bucket {
    inner: Arc<dyn Files>,
    watch: Arc<Watch>,
}

/// The fingerprint without what differs between a file and its copy.
fn told(info: FileInfo) -> FileInfo {
    let nanos = info.modified_at.timestamp_nanos_opt().unwrap_or(0);
    FileInfo { fingerprint: format!("{}-{nanos}", info.size_bytes), ..info }
}

#[async_trait]
impl Files for Bucket {
    async fn info(&self, key: &str) -> Result<Option<FileInfo>> {
        Ok(self.inner.info(key).await?.map(told))
    }

    async fn get(&self, key: &str, range: Option<Range>) -> Result<Option<Bytes>> {
        self.inner.get(key, range).await
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        self.watch.change(&format!("the put of file `{key}`"), self.inner.put(key, bytes)).await
    }

    async fn put_if_absent(&self, key: &str, bytes: Bytes) -> Result<PutOutcome> {
        self.watch.change(&format!("the put of file `{key}`"), self.inner.put_if_absent(key, bytes)).await
    }

    async fn upload(&self, key: &str) -> Result<Box<dyn Upload>> {
        let (inner, watch) = (self.inner.upload(key).await?, self.watch.clone());
        Ok(Box::new(WatchedUpload { inner, key: key.to_owned(), watch }))
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool> {
        self.watch.change(&format!("the copy of file `{from}`"), self.inner.copy(from, to)).await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.watch.change(&format!("the deletion of file `{key}`"), self.inner.delete(key)).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<FileInfo>> {
        Ok(self.inner.list(prefix, after, limit).await?.into_iter().map(told).collect())
    }

    async fn presign_put(&self, key: &str, size_bytes: u64, valid_for: Duration) -> Result<Option<String>> {
        self.inner.presign_put(key, size_bytes, valid_for).await
    }

    async fn presign_get(&self, key: &str, valid_for: Duration) -> Result<Option<String>> {
        self.inner.presign_get(key, valid_for).await
    }
}

struct WatchedUpload {
    inner: Box<dyn Upload>,
    key: String,
    watch: Arc<Watch>,
}

/// Its pieces are seen by nobody before it is finished.
#[async_trait]
impl Upload for WatchedUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.watch.change(&format!("a piece of file `{}`", self.key), self.inner.write(bytes)).await
    }

    async fn finish(self: Box<Self>) -> Result<()> {
        let WatchedUpload { inner, key, watch } = *self;
        watch.change(&format!("the upload of file `{key}`"), inner.finish()).await
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        self.inner.abort().await
    }
}
