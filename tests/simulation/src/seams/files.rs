//! The bucket with faults.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use store::files::{FileInfo, Files, PutOutcome, Range, Upload};
use store::{Error, Result};

use super::{alone, called};
use crate::faults::Kind;
use crate::history::What;
use crate::stage::Stage;

/// The bucket with faults.
pub(crate) struct Bucket {
    stage: Arc<Stage>,
    inner: Arc<dyn Files>,
}

impl Bucket {
    pub(crate) fn new(stage: Arc<Stage>, inner: Arc<dyn Files>) -> Self {
        Bucket { stage, inner }
    }
}

#[async_trait]
impl Files for Bucket {
    async fn info(&self, key: &str) -> Result<Option<FileInfo>> {
        let (inner, own) = (self.inner.clone(), key.to_owned());
        let label = || format!("look at file `{key}`");
        called(&self.stage, Kind::Reads, "info", label, move || Ok(alone(inner.info(&own))?.map(told))).await
    }

    async fn get(&self, key: &str, range: Option<Range>) -> Result<Option<Bytes>> {
        let (inner, own) = (self.inner.clone(), key.to_owned());
        let label = || format!("read file `{key}`");
        called(&self.stage, Kind::Reads, "read", label, move || alone(inner.get(&own, range))).await
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let (inner, stage, own) = (self.inner.clone(), self.stage.clone(), key.to_owned());
        called(
            &self.stage,
            Kind::Writes,
            "put",
            || format!("put file `{key}`"),
            move || {
                alone(inner.put(&own, bytes.clone()))?;
                stage.note(What::File { key: own.clone(), change: "puts" });
                Ok(())
            },
        )
        .await
    }

    async fn put_if_absent(&self, key: &str, bytes: Bytes) -> Result<PutOutcome> {
        let (inner, own) = (self.inner.clone(), key.to_owned());
        let label = || format!("put file `{key}`");
        called(&self.stage, Kind::Writes, "put", label, move || alone(inner.put_if_absent(&own, bytes.clone()))).await
    }

    async fn upload(&self, key: &str) -> Result<Box<dyn Upload>> {
        // No executor of a run uploads in pieces; one that begins to would run past the faults unseen.
        Err(Error::permanent(format!("upload file `{key}`"), "the simulation has no uploads in pieces"))
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool> {
        let (inner, stage) = (self.inner.clone(), self.stage.clone());
        let (own_from, own_to) = (from.to_owned(), to.to_owned());
        called(
            &self.stage,
            Kind::Writes,
            "copy",
            || format!("copy file `{from}`"),
            move || {
                let is_copied = alone(inner.copy(&own_from, &own_to))?;
                if is_copied {
                    stage.note(What::File { key: own_to.clone(), change: "copies" });
                }
                Ok(is_copied)
            },
        )
        .await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        let (inner, stage, own) = (self.inner.clone(), self.stage.clone(), key.to_owned());
        called(
            &self.stage,
            Kind::Writes,
            "remove",
            || format!("delete file `{key}`"),
            move || {
                alone(inner.delete(&own))?;
                stage.note(What::File { key: own.clone(), change: "deletes" });
                Ok(())
            },
        )
        .await
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<FileInfo>> {
        let (inner, own, after) = (self.inner.clone(), prefix.to_owned(), after.map(str::to_owned));
        let label = || format!("list files `{prefix}`");
        called(&self.stage, Kind::Reads, "files", label, move || {
            let listed = alone(inner.list(&own, after.as_deref(), limit))?;
            Ok(listed.into_iter().map(told).collect())
        })
        .await
    }

    async fn presign_put(&self, key: &str, size_bytes: u64, valid_for: Duration) -> Result<Option<String>> {
        self.inner.presign_put(key, size_bytes, valid_for).await
    }

    async fn presign_get(&self, key: &str, valid_for: Duration) -> Result<Option<String>> {
        self.inner.presign_get(key, valid_for).await
    }
}

/// The fingerprint without what differs from machine to machine.
fn told(info: FileInfo) -> FileInfo {
    let nanos = info.modified_at.timestamp_nanos_opt().unwrap_or(0);
    FileInfo { fingerprint: format!("{}-{nanos}", info.size_bytes), ..info }
}
