//! Bugs of imports that an undisturbed one does not show, planted between engine and seams.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use store::files::{FileInfo, Files, PutOutcome, Range, Upload};
use store::table::{
    Attributes, Change, GroupWritten, Item, Key, Listed, ListingQuery, Page, Query, Table, Write, Written,
};
use store::{Result, Store};

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ImportBug {
    /// The checkpoint of a block is written before the block.
    CheckpointBeforeBlock,
    /// A block leaves no mark, so that whoever repeats it counts its rows as what they are by then.
    UnmarkedBlock,
    /// A file is deleted before its copy is made.
    DeleteBeforeCopy,
    /// What is drafted for a single transaction is seen at once.
    DraftSeen,
}

/// Stands between the engine and the seams.
pub(super) struct Planted {
    bug: ImportBug,
    table: Arc<dyn Table>,
    files: Arc<dyn Files>,
    /// Writes to the catalogue that wait for the checkpoint behind them.
    held: Mutex<Vec<Write>>,
    /// A copy that waits for the deletion behind it.
    to_copy: Mutex<Option<(Bytes, String)>>,
}

impl Planted {
    /// Plants a bug.
    pub(super) fn between(bug: ImportBug, store: Store) -> Store {
        let (held, to_copy) = (Mutex::default(), Mutex::default());
        let planted = Arc::new(Planted { bug, table: store.table, files: store.files, held, to_copy });
        Store::new(planted.clone(), store.queue, planted)
    }

    fn holds(&self, writes: &[Write]) -> bool {
        let is_catalogue = |write: &Write| write.key.partition.starts_with("catalog/");
        self.bug == ImportBug::CheckpointBeforeBlock && writes.iter().all(is_catalogue)
    }

    fn hold(&self, writes: Vec<Write>) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).extend(writes);
    }

    /// Makes what was held back, once the step is written.
    async fn release(&self) -> Result<()> {
        let held = std::mem::take(&mut *self.held.lock().unwrap_or_else(PoisonError::into_inner));
        for write in held {
            self.table.write(write).await?;
        }
        Ok(())
    }

    /// Shows something to everybody.
    async fn show(&self) -> Result<()> {
        self.table.batch_put(vec![(Key::new("shop", "seen"), Attributes::new())]).await
    }

    fn without_mark(&self, mut write: Write) -> Write {
        let is_thing = write.key.partition.starts_with("catalog/");
        if self.bug == ImportBug::UnmarkedBlock
            && is_thing
            && let Change::Put { attributes, .. } | Change::Patch { attributes, .. } = &mut write.change
        {
            attributes.insert("mark".to_owned(), "nobody".into());
        }
        write
    }
}

#[async_trait]
impl Table for Planted {
    async fn get(&self, key: &Key) -> Result<Option<Item>> {
        self.table.get(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Item>> {
        self.table.batch_get(keys).await
    }

    async fn query(&self, query: &Query) -> Result<Page<Item, String>> {
        self.table.query(query).await
    }

    async fn listing(&self, query: &ListingQuery) -> Result<Page<Listed, Listed>> {
        self.table.listing(query).await
    }

    async fn write(&self, write: Write) -> Result<Written> {
        let write = self.without_mark(write);
        if self.holds(std::slice::from_ref(&write)) {
            self.hold(vec![write]);
            return Ok(Written::Applied(None));
        }
        let is_step = write.key.sort.starts_with("step/");
        let is_draft = self.bug == ImportBug::DraftSeen && write.key.partition.starts_with("draft/");
        let written = self.table.write(write).await?;
        if is_step {
            self.release().await?;
        }
        if is_draft {
            self.show().await?;
        }
        Ok(written)
    }

    async fn write_group(&self, writes: Vec<Write>) -> Result<GroupWritten> {
        let writes: Vec<Write> = writes.into_iter().map(|write| self.without_mark(write)).collect();
        if self.holds(&writes) {
            self.hold(writes);
            return Ok(GroupWritten::Applied);
        }
        let is_step = writes.iter().any(|write| write.key.sort.starts_with("step/"));
        let written = self.table.write_group(writes).await?;
        if is_step {
            self.release().await?;
        }
        Ok(written)
    }

    async fn batch_put(&self, items: Vec<(Key, Attributes)>) -> Result<()> {
        self.table.batch_put(items).await
    }
}

#[async_trait]
impl Files for Planted {
    async fn info(&self, key: &str) -> Result<Option<FileInfo>> {
        self.files.info(key).await
    }

    async fn get(&self, key: &str, range: Option<Range>) -> Result<Option<Bytes>> {
        self.files.get(key, range).await
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        self.files.put(key, bytes).await
    }

    async fn put_if_absent(&self, key: &str, bytes: Bytes) -> Result<PutOutcome> {
        self.files.put_if_absent(key, bytes).await
    }

    async fn upload(&self, key: &str) -> Result<Box<dyn Upload>> {
        self.files.upload(key).await
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool> {
        if self.bug != ImportBug::DeleteBeforeCopy || !to.starts_with("archive/") {
            return self.files.copy(from, to).await;
        }
        let Some(content) = self.files.get(from, None).await? else { return Ok(false) };
        *self.to_copy.lock().unwrap_or_else(PoisonError::into_inner) = Some((content, to.to_owned()));
        Ok(true)
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.files.delete(key).await?;
        let copied = self.to_copy.lock().unwrap_or_else(PoisonError::into_inner).take();
        match copied {
            Some((content, to)) => self.files.put(&to, content).await,
            None => Ok(()),
        }
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<FileInfo>> {
        self.files.list(prefix, after, limit).await
    }

    async fn presign_put(&self, key: &str, size_bytes: u64, valid_for: Duration) -> Result<Option<String>> {
        self.files.presign_put(key, size_bytes, valid_for).await
    }

    async fn presign_get(&self, key: &str, valid_for: Duration) -> Result<Option<String>> {
        self.files.presign_get(key, valid_for).await
    }
}
