//! Files whose writer dies at a given change: from then on nothing answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use patience::Bell;
use store::Result;
use store::files::{FileInfo, Files, PutOutcome, Range, Upload};

/// Whether the change at which the writer dies is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    Before,
    After,
}

/// Puts, finished uploads, copies and deletes count as changes.
#[derive(Clone)]
pub(crate) struct DyingFiles {
    inner: Arc<dyn Files>,
    left: Arc<AtomicUsize>,
    death: Death,
    /// Rung when the writer dies.
    pub(crate) dead: Arc<Bell>,
}

impl DyingFiles {
    /// Lets the writer die at the change after `changes` others.
    pub(crate) fn at(inner: Arc<dyn Files>, changes: usize, death: Death) -> Self {
        DyingFiles {
            inner,
            left: Arc::new(AtomicUsize::new(changes + 1)),
            death,
            dead: Arc::new(Bell::of("a writer dies, or the work ends")),
        }
    }

    /// Whether the writer has died.
    pub(crate) fn has_died(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }

    /// Makes a change, or dies at it.
    async fn change<T>(&self, change: impl Future<Output = Result<T>>) -> Result<T> {
        match self.left.load(Ordering::SeqCst) {
            0 => std::future::pending().await,
            1 => {
                self.left.store(0, Ordering::SeqCst);
                if self.death == Death::After {
                    drop(change.await);
                }
                self.dead.notify_one();
                std::future::pending().await
            }
            more => {
                self.left.store(more - 1, Ordering::SeqCst);
                change.await
            }
        }
    }
}

struct DyingUpload {
    inner: Box<dyn Upload>,
    files: DyingFiles,
}

#[async_trait]
impl Upload for DyingUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.inner.write(bytes).await
    }

    async fn finish(self: Box<Self>) -> Result<()> {
        let DyingUpload { inner, files } = *self;
        files.change(inner.finish()).await
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        self.inner.abort().await
    }
}

#[async_trait]
impl Files for DyingFiles {
    async fn info(&self, key: &str) -> Result<Option<FileInfo>> {
        self.inner.info(key).await
    }

    async fn get(&self, key: &str, range: Option<Range>) -> Result<Option<Bytes>> {
        self.inner.get(key, range).await
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        self.change(self.inner.put(key, bytes)).await
    }

    async fn put_if_absent(&self, key: &str, bytes: Bytes) -> Result<PutOutcome> {
        self.change(self.inner.put_if_absent(key, bytes)).await
    }

    async fn upload(&self, key: &str) -> Result<Box<dyn Upload>> {
        let inner = self.inner.upload(key).await?;
        Ok(Box::new(DyingUpload { inner, files: self.clone() }))
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool> {
        self.change(self.inner.copy(from, to)).await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.change(self.inner.delete(key)).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<FileInfo>> {
        self.inner.list(prefix, after, limit).await
    }

    async fn presign_put(&self, key: &str, size_bytes: u64, valid_for: Duration) -> Result<Option<String>> {
        self.inner.presign_put(key, size_bytes, valid_for).await
    }

    async fn presign_get(&self, key: &str, valid_for: Duration) -> Result<Option<String>> {
        self.inner.presign_get(key, valid_for).await
    }
}
