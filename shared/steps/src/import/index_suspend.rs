//! `index_suspend`: holds listings back, so that readers see the catalogue of before until an import is through.

use async_trait::async_trait;
use catalog::own::listing;
use engine::accepts::Accepts;
use engine::{Executor, ExecutorError, Outcome, Work};
use serde_json::json;

use super::import_rows::of_target;
use super::targets::writes_own;

/// The executor.
pub struct IndexSuspend;

#[async_trait]
impl Executor for IndexSuspend {
    fn name(&self) -> &'static str {
        "index_suspend"
    }

    fn description(&self) -> &'static str {
        "holds the listings of the catalogue back: readers see what there is now until `index_resume`"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        if !writes_own(work).await? {
            return Ok(Outcome::Skipped { reason: "nothing is written into the own catalogue".to_owned() });
        }
        let failed = |error: catalog::own::Error| of_target(error.into());
        let table = work.store.table.as_ref();
        let holders = listing::state(table).await.map_err(failed)?.holders;
        // A pipeline that was killed before its `index_resume` must not hold listings back for ever.
        let ended = listing::ended(work.store, &holders).await.map_err(failed)?;
        let is_new = listing::suspend(table, work.pipeline_id(), &ended).await.map_err(failed)?;
        work.info(if is_new { "listings are held back" } else { "listings are held back already by an earlier try" });
        work.set_output(json!({ "is_held_back": true }));
        Ok(Outcome::Done)
    }
}
