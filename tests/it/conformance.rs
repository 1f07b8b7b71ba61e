//! What the three seams promise, proven alike for every back end: one function for each promise.
//!
//! Where a back end may lag behind, a promise says so with [`tests::eventually`].

mod files;
mod queue;
mod table;

use patience::wait;
use store::Error;

/// Makes each promise a test of each provider of the harness. A further back end is a further module here.
macro_rules! on_every_back_end {
    ($($promise:ident)*) => {
        mod embedded {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $promise() {
                    let provided = tests::embedded().await;
                    $crate::conformance::kept(stringify!($promise), super::$promise(&provided.store)).await;
                }
            )*
        }

        mod aws {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $promise() {
                    let provided = tests::aws().await;
                    $crate::conformance::kept(stringify!($promise), super::$promise(&provided.store)).await;
                }
            )*
        }
    };
}
pub(crate) use on_every_back_end;

/// Proves a promise, whose loops and tasks have no end of their own where a back end breaks it.
pub(crate) async fn kept(promise: &str, proof: impl Future<Output = ()>) {
    wait(format!("{promise} is proven")).until(proof).await;
}

/// What an error says, its sources included, if it is one for good.
pub(crate) fn permanent<T: std::fmt::Debug>(outcome: store::Result<T>) -> String {
    let error = outcome.expect_err("this is refused");
    assert!(matches!(error, Error::Permanent { .. }), "{error:?}");
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
