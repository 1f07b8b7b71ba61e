//! The three storage seams of Systole and everything typed above them.
//!
//! `table`, `queue` and `files` are the contracts that `store-aws` and `store-embedded` implement; nothing else touches
//! a back end. Every access pattern is a typed function above a seam, written once: `pipelines`, `steps` and `leases` open
//! with the table of theirs. Packages above keep items of their own in the same way, with [`items`] to read them.
//!
//! **Invariant:** no status changes without a condition.

pub mod added;
mod attributes;
pub mod clean_up;
mod error;
pub mod exclusions;
pub mod files;
pub mod items;
pub mod keys;
pub mod leases;
pub mod message;
pub mod pipelines;
pub mod queue;
pub mod reruns;
pub mod services;
pub mod settings;
pub mod shared_commit;
pub mod stages;
pub mod steps;
pub mod table;
pub mod take_next;
pub mod transaction;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use pipeline::{Definition, DefinitionHash};

pub use error::{Error, Result};
pub use items::Malformed;

/// The three seams of one back end, with the typed access patterns as its methods.
#[derive(Clone)]
pub struct Store {
    /// Items with conditional writes.
    pub table: Arc<dyn table::Table>,
    /// Messages for runners.
    pub queue: Arc<dyn queue::Queue>,
    /// Import files, archives, artifacts.
    pub files: Arc<dyn files::Files>,
    /// Items and messages in one commit, where the back end can.
    pub shared_commits: Option<Arc<dyn shared_commit::SharedCommits>>,
    definitions: Arc<KnownDefinitions>,
}

/// Definitions by their hash. What a hash names never changes, so keeping it is no cache that could be stale.
#[derive(Default)]
struct KnownDefinitions {
    by_hash: Mutex<HashMap<DefinitionHash, Arc<Definition>>>,
}

/// Most definitions that are kept in memory; a process that meets more starts again with none.
const KEPT_DEFINITIONS: usize = 1_000;

impl Store {
    /// Joins the seams of one back end.
    #[must_use]
    pub fn new(table: Arc<dyn table::Table>, queue: Arc<dyn queue::Queue>, files: Arc<dyn files::Files>) -> Self {
        Store { table, queue, files, shared_commits: None, definitions: Arc::default() }
    }

    /// The same for a back end whose table and queue can share a commit.
    #[must_use]
    pub fn with_shared_commits(self, shared_commits: Arc<dyn shared_commit::SharedCommits>) -> Self {
        Store { shared_commits: Some(shared_commits), ..self }
    }
}

impl KnownDefinitions {
    fn get(&self, hash: &DefinitionHash) -> Option<Arc<Definition>> {
        self.lock().get(hash).cloned()
    }

    fn contains(&self, hash: &DefinitionHash) -> bool {
        self.lock().contains_key(hash)
    }

    fn keep(&self, hash: DefinitionHash, definition: Arc<Definition>) {
        let mut by_hash = self.lock();
        if by_hash.len() >= KEPT_DEFINITIONS {
            by_hash.clear();
        }
        by_hash.insert(hash, definition);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<DefinitionHash, Arc<Definition>>> {
        self.by_hash.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
