//! The harness of the tests: each provider gives a store on storage that nobody else uses.

mod aws;

use std::any::Any;
use std::ops::Deref;
use std::time::{Duration, Instant};

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
/// If there is none within 20 seconds, which is much longer than any of them takes.
#[expect(clippy::disallowed_methods, reason = "a test waits for what a server does by itself")]
pub async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("in vain waited for this: {what}");
}
