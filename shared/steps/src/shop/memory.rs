//! What a shop has accepted, remembered in items of the table: one for each key, in a partition for each shop.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use magento::target::{MemoryError, ShopMemory};
use serde_json::{Value, json};
use store::table::{Attributes, Change, Condition, Key, Table, Write};

/// The attribute that holds a text.
const TEXT: &str = "text";

/// The memory of one shop.
pub(super) struct StoredMemory {
    table: Arc<dyn Table>,
    partition: String,
}

impl StoredMemory {
    /// What is remembered of a shop. Another address is another shop, of which nothing is remembered.
    pub(super) fn of(table: Arc<dyn Table>, name: &str, url: &str) -> Self {
        Self { table, partition: format!("shop {name} {url}") }
    }

    fn key(&self, key: &str) -> Key {
        Key::new(self.partition.clone(), key)
    }
}

#[async_trait]
impl ShopMemory for StoredMemory {
    async fn recall(&self, keys: &[String]) -> Result<BTreeMap<String, String>, MemoryError> {
        let keys: Vec<Key> = keys.iter().map(|key| self.key(key)).collect();
        let items = self.table.batch_get(&keys).await.map_err(failed)?;
        let text = |item: store::table::Item| {
            Some((item.key.sort, item.attributes.get(TEXT).and_then(Value::as_str)?.to_owned()))
        };
        Ok(items.into_iter().filter_map(text).collect())
    }

    async fn keep(&self, texts: BTreeMap<String, String>) -> Result<(), MemoryError> {
        let item = |(key, text): (String, String)| (self.key(&key), Attributes::from([(TEXT.to_owned(), json!(text))]));
        self.table.batch_put(texts.into_iter().map(item).collect()).await.map_err(failed)
    }

    async fn forget(&self, keys: &[String]) -> Result<(), MemoryError> {
        for key in keys {
            let write = Write { key: self.key(key), condition: Condition::Any, change: Change::Delete };
            self.table.write(write).await.map_err(failed)?;
        }
        Ok(())
    }
}

fn failed(error: store::Error) -> MemoryError {
    MemoryError(error.to_string())
}
