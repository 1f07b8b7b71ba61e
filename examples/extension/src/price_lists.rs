//! The data fetcher `price_lists`.

use async_trait::async_trait;
use engine::data_fetchers::{DataFetcher, FetchError, FetchQuestion, NewPipelineRequest, Wanted};
use pipeline::Arguments;

/// Asks for one pipeline for each file under `price-lists/`.
pub(crate) struct PriceLists;

/// Where suppliers put their lists.
const PREFIX: &str = "price-lists/";

/// Most lists told at once; the others come with a later beat, when these have been taken away.
const MOST: usize = 100;

#[async_trait]
impl DataFetcher for PriceLists {
    fn name(&self) -> &'static str {
        "price_lists"
    }

    fn description(&self) -> &'static str {
        "finds price lists of suppliers"
    }

    // It remembers nothing: the key sees to it that no list gets a second pipeline, however often it is told.
    async fn fetch(&self, question: &FetchQuestion<'_>) -> Result<Vec<NewPipelineRequest>, FetchError> {
        let lists = question.store.files.list(PREFIX, None, MOST).await?;
        let definition = Wanted::Named("price_list".parse()?);
        let request = |list: store::files::FileInfo| NewPipelineRequest {
            definition: definition.clone(),
            // A list that is put there anew is another piece of work.
            key: format!("{} {}", list.key, list.fingerprint),
            at: list.modified_at,
            arguments: Arguments::from([("file".to_owned(), list.key)]),
            priority: None,
        };
        Ok(lists.into_iter().map(request).collect())
    }
}
