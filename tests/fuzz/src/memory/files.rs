//! Files in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use store::files::{FileInfo, Files, PutOutcome, Range, Upload, check_key};
use store::{Error, Result};

use super::lock;
use crate::fresh_engine::NOW;

type Contents = Arc<Mutex<BTreeMap<String, Bytes>>>;

#[derive(Default)]
pub(super) struct Folder {
    contents: Contents,
}

struct Piecewise {
    key: String,
    bytes: Vec<u8>,
    contents: Contents,
}

fn checked(key: &str) -> Result<()> {
    check_key(key).map_err(|why| Error::permanent(format!("take the file key `{key}`"), why))
}

fn info(key: &str, bytes: &Bytes) -> FileInfo {
    let fingerprint = format!("{}-{}", bytes.len(), bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>());
    FileInfo { key: key.to_owned(), size_bytes: bytes.len() as u64, modified_at: NOW, fingerprint }
}

#[async_trait]
impl Files for Folder {
    async fn info(&self, key: &str) -> Result<Option<FileInfo>> {
        checked(key)?;
        Ok(lock(&self.contents).get(key).map(|bytes| info(key, bytes)))
    }

    async fn get(&self, key: &str, range: Option<Range>) -> Result<Option<Bytes>> {
        checked(key)?;
        let Some(bytes) = lock(&self.contents).get(key).cloned() else { return Ok(None) };
        let Some(range) = range else { return Ok(Some(bytes)) };
        let place = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        Ok(Some(bytes.slice(place(range.start)..place(range.start.saturating_add(range.length)))))
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        checked(key)?;
        lock(&self.contents).insert(key.to_owned(), bytes);
        Ok(())
    }

    async fn put_if_absent(&self, key: &str, bytes: Bytes) -> Result<PutOutcome> {
        checked(key)?;
        let mut contents = lock(&self.contents);
        if contents.contains_key(key) {
            return Ok(PutOutcome::Existed);
        }
        contents.insert(key.to_owned(), bytes);
        Ok(PutOutcome::Written)
    }

    async fn upload(&self, key: &str) -> Result<Box<dyn Upload>> {
        checked(key)?;
        Ok(Box::new(Piecewise { key: key.to_owned(), bytes: Vec::new(), contents: self.contents.clone() }))
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool> {
        checked(from)?;
        checked(to)?;
        let mut contents = lock(&self.contents);
        let Some(bytes) = contents.get(from).cloned() else { return Ok(false) };
        contents.insert(to.to_owned(), bytes);
        Ok(true)
    }

    async fn delete(&self, key: &str) -> Result<()> {
        checked(key)?;
        lock(&self.contents).remove(key);
        Ok(())
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<FileInfo>> {
        let contents = lock(&self.contents);
        let start = match after.filter(|after| *after >= prefix) {
            Some(after) => Bound::Excluded(after.to_owned()),
            None => Bound::Included(prefix.to_owned()),
        };
        let found = contents.range((start, Bound::Unbounded)).take_while(|(key, _)| key.starts_with(prefix));
        Ok(found.take(limit).map(|(key, bytes)| info(key, bytes)).collect())
    }

    async fn presign_put(&self, _key: &str, _size_bytes: u64, _valid_for: Duration) -> Result<Option<String>> {
        Ok(None)
    }

    async fn presign_get(&self, _key: &str, _valid_for: Duration) -> Result<Option<String>> {
        Ok(None)
    }
}

#[async_trait]
impl Upload for Piecewise {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.bytes.extend_from_slice(&bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<()> {
        lock(&self.contents).insert(self.key, self.bytes.into());
        Ok(())
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
