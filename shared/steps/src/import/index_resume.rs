//! `index_resume`: lets listings go, so that readers see what an import has made.

use async_trait::async_trait;
use catalog::own::listing::{self, Resumed};
use engine::accepts::Accepts;
use engine::{Executor, ExecutorError, Outcome, Work};

use super::import_rows::of_target;

/// The executor.
pub struct IndexResume;

#[async_trait]
impl Executor for IndexResume {
    fn name(&self) -> &'static str {
        "index_resume"
    }

    fn description(&self) -> &'static str {
        "shows readers of listings the catalogue as it is, all of it at once"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let failed = |error: catalog::own::Error| of_target(error.into());
        let table = work.store.table.as_ref();
        let holders = listing::state(table).await.map_err(failed)?.holders;
        let ended = listing::ended(work.store, &holders).await.map_err(failed)?;
        match listing::resume(table, work.pipeline_id(), &ended).await.map_err(failed)? {
            Resumed::Shown => work.info("listings show the catalogue as it is"),
            Resumed::HeldByOthers => work.info("other pipelines hold listings back still"),
            // An earlier try of this step has let them go.
            Resumed::NotHeld if has_held_back(work).await? => work.info("listings show the catalogue as it is"),
            Resumed::NotHeld => {
                return Ok(Outcome::Skipped { reason: "this pipeline does not hold listings back".to_owned() });
            }
        }
        Ok(Outcome::Done)
    }
}

/// Whether a step of the pipeline has held listings back.
async fn has_held_back(work: &Work<'_>) -> Result<bool, ExecutorError> {
    for step in &work.pipeline.definition.steps {
        let is_suspend = step.executor.as_str() == "index_suspend";
        if is_suspend && work.output_of::<serde_json::Value>(step.name.as_str()).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
