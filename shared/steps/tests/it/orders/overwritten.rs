//! A file of orders that is written anew while it is taken.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use store::Result;
use store::files::{FileInfo, Files, PutOutcome, Range, Upload};
use workshop::runner;

use super::shop::{ALL, Shop, json, numbered};

const KEY: &str = "orders/one.json";

/// Files of which one is written anew by somebody as soon as it has been read.
struct Overwritten {
    inner: Arc<dyn Files>,
    by: String,
}

#[async_trait]
impl Files for Overwritten {
    async fn info(&self, key: &str) -> Result<Option<FileInfo>> {
        self.inner.info(key).await
    }

    async fn get(&self, key: &str, range: Option<Range>) -> Result<Option<Bytes>> {
        let bytes = self.inner.get(key, range).await?;
        if key == KEY {
            self.inner.put(key, self.by.clone().into()).await?;
        }
        Ok(bytes)
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        self.inner.put(key, bytes).await
    }

    async fn put_if_absent(&self, key: &str, bytes: Bytes) -> Result<PutOutcome> {
        self.inner.put_if_absent(key, bytes).await
    }

    async fn upload(&self, key: &str) -> Result<Box<dyn Upload>> {
        self.inner.upload(key).await
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool> {
        self.inner.copy(from, to).await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.inner.delete(key).await
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

#[tokio::test]
async fn a_file_that_is_written_anew_while_it_is_taken_loses_no_order() {
    let shop = Shop::with(ALL).await;
    shop.drop("one.json", &json(&[])).await;
    shop.workshop.beat().await;
    let message = shop.workshop.receive().await.unwrap();
    let mut context = shop.workshop.context.clone();
    let inner = shop.workshop.store().files.clone();
    context.store.files = Arc::new(Overwritten { inner, by: numbered(2) });
    runner::run(&context, &message.body, &shop.workshop.invocation()).await.unwrap();
    shop.minutes(2).await;
    assert_eq!(shop.outgoing().await, ["outgoing/base/000000041.json", "outgoing/base/000000042.json"]);
}
