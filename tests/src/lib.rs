//! The harness of the tests: each provider gives a store on storage that nobody else uses.

mod aws;

use std::any::Any;
use std::ops::Deref;

use patience::{Look, wait};
use pipeline::Pipeline;
use store::Store;

pub use aws::{aws, aws_over, aws_with_variables};

/// A store with its three seams on fresh, empty storage, which goes when this is dropped.
pub struct Provided {
    /// The store.
    pub store: Store,
    /// What must live as long as the storage. Declared last, so it is dropped last.
    pub keep: Box<dyn Any + Send + Sync>,
}

impl Deref for Provided {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// A store in a temporary folder.
///
/// # Panics
/// If the folder cannot be made.
#[must_use]
#[expect(clippy::unused_async, reason = "all providers are called alike, and the others wait for servers")]
pub async fn embedded() -> Provided {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = store_embedded::open(folder.path(), store_embedded::Options::default());
    Provided { store: store.expect("a store opens in an empty folder"), keep: Box::new(folder) }
}

/// Asks again until there is an answer, for what a back end shows late.
///
/// # Panics
/// If there is none in time.
#[track_caller]
pub fn eventually<T, L: Look<T>, F: Future<Output = L>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> impl Future<Output = T> {
    let wait = wait(what);
    async move { wait.ask(async || ask().await).await }
}

/// Where a pipeline and its steps stand.
#[must_use]
pub fn seen(pipeline: &Pipeline) -> String {
    let steps = pipeline.steps.iter().map(|step| format!("{} {}", step.definition.name, step.record.status));
    format!("{}: {}", pipeline.status, steps.collect::<Vec<_>>().join(", "))
}
