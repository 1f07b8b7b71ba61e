//! The data fetcher of first attempts (`ScheduleEntitiesForExport` of the original).

use std::sync::Arc;

use async_trait::async_trait;
use engine::data_fetchers::{DataFetcher, FetchError, FetchQuestion, NewPipelineRequest};
use orders::export::{Chain, ExportStatus};

use super::ExportEntity;
use super::records::{self, List, Place, Record};
use super::sweep::{Course, Sweep};

/// Asks for the first pipeline of each thing that waits and qualifies.
pub struct ScheduleEntities {
    entities: Vec<Arc<dyn ExportEntity>>,
}

const COURSE: Course =
    Course { fetcher: "schedule_entities_for_export", chain: Chain::Schedule, due: List::Pending, is_retry: false };

impl ScheduleEntities {
    /// For these kinds of things.
    #[must_use]
    pub fn of(entities: Vec<Arc<dyn ExportEntity>>) -> Self {
        ScheduleEntities { entities }
    }
}

#[async_trait]
impl DataFetcher for ScheduleEntities {
    fn name(&self) -> &'static str {
        COURSE.fetcher
    }

    fn description(&self) -> &'static str {
        "finds things that wait for their export"
    }

    async fn fetch(&self, question: &FetchQuestion<'_>) -> Result<Vec<NewPipelineRequest>, FetchError> {
        for entity in self.entities.iter().filter(|entity| entity.is_active()) {
            let sweep = Sweep { course: COURSE, store: question.store, entity: entity.as_ref(), now: question.now };
            sweep.release().await?;
        }
        COURSE.fetch(&self.entities, question).await
    }
}

impl Sweep<'_> {
    /// Lists those anew that were held back under what was set before.
    async fn release(&self) -> store::Result<()> {
        let revision = self.look(&[]).await?.revision;
        let Some(older) = revision.checked_sub(1) else { return Ok(()) };
        for record in self.listed(List::Held, older).await? {
            let place = match record.export.status {
                ExportStatus::Pending => Some(Place::Pending(self.now)),
                ExportStatus::Error => Some(Place::Failed(record.due_again_at().unwrap_or(self.now).max(self.now))),
                ExportStatus::Scheduled | ExportStatus::Exported => None,
            };
            records::write(self.store, Record { place, ..record }, None, self.now).await?;
        }
        Ok(())
    }
}
