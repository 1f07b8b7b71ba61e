//! What the three seams promise, proven alike for every back end: one function for each promise.

mod files;
mod queue;
mod table;

/// Makes each promise a test of each provider of the harness. A further back end is a further line here.
macro_rules! on_every_back_end {
    ($($promise:ident)*) => {
        mod embedded {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $promise() {
                    super::$promise(&tests::embedded().await).await;
                }
            )*
        }
    };
}
pub(crate) use on_every_back_end;
