//! What is remembered of a shop between imports, so that less is asked and nothing is sent twice.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;

/// Keeps short texts by key, for one shop. All of it may be lost at any time: then the shop is asked again.
///
/// What is kept are digests of what the shop has accepted, and never contents.
#[async_trait]
pub trait ShopMemory: Send + Sync {
    /// Returns what is kept under these keys; those without anything are left out.
    ///
    /// # Errors
    /// The store cannot be asked.
    async fn recall(&self, keys: &[String]) -> Result<BTreeMap<String, String>, MemoryError>;

    /// Keeps texts under their keys, in place of what was there.
    ///
    /// # Errors
    /// The store cannot be written; what is kept then is either the old or the new of each key.
    async fn keep(&self, texts: BTreeMap<String, String>) -> Result<(), MemoryError>;

    /// Forgets what is kept under these keys.
    ///
    /// # Errors
    /// The store cannot be written.
    async fn forget(&self, keys: &[String]) -> Result<(), MemoryError>;
}

/// Why a memory cannot be used at the moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MemoryError(pub String);

/// A memory that lasts as long as the process.
#[derive(Debug, Default)]
pub struct VolatileMemory {
    texts: Mutex<BTreeMap<String, String>>,
}

#[async_trait]
impl ShopMemory for VolatileMemory {
    async fn recall(&self, keys: &[String]) -> Result<BTreeMap<String, String>, MemoryError> {
        let texts = self.texts.lock().expect("nothing panics while it is held");
        Ok(keys.iter().filter_map(|key| Some((key.clone(), texts.get(key)?.clone()))).collect())
    }

    async fn keep(&self, texts: BTreeMap<String, String>) -> Result<(), MemoryError> {
        self.texts.lock().expect("nothing panics while it is held").extend(texts);
        Ok(())
    }

    async fn forget(&self, keys: &[String]) -> Result<(), MemoryError> {
        let mut texts = self.texts.lock().expect("nothing panics while it is held");
        keys.iter().for_each(|key| drop(texts.remove(key)));
        Ok(())
    }
}
