//! The data fetcher of later attempts (`RescheduleErroredEntitiesForExport` of the original).

use std::sync::Arc;

use async_trait::async_trait;
use engine::data_fetchers::{DataFetcher, FetchError, FetchQuestion, NewPipelineRequest};
use orders::export::Chain;

use super::ExportEntity;
use super::records::List;
use super::sweep::Course;

/// Asks for another pipeline of each thing that failed, has attempts left, and has rested for an hour.
pub struct RescheduleEntities {
    entities: Vec<Arc<dyn ExportEntity>>,
}

const COURSE: Course = Course {
    fetcher: "reschedule_errored_entities_for_export",
    chain: Chain::Reschedule,
    due: List::Failed,
    is_retry: true,
};

impl RescheduleEntities {
    /// For these kinds of things.
    #[must_use]
    pub fn of(entities: Vec<Arc<dyn ExportEntity>>) -> Self {
        RescheduleEntities { entities }
    }
}

#[async_trait]
impl DataFetcher for RescheduleEntities {
    fn name(&self) -> &'static str {
        COURSE.fetcher
    }

    fn description(&self) -> &'static str {
        "finds things whose export failed and is due again"
    }

    async fn fetch(&self, question: &FetchQuestion<'_>) -> Result<Vec<NewPipelineRequest>, FetchError> {
        COURSE.fetch(&self.entities, question).await
    }
}
