//! `reindex`: brings the listings of the catalogue in order.

use std::time::Duration;

use async_trait::async_trait;
use catalog::own::listing::{self, MendPlace, Sight};
use engine::accepts::{Accepts, Argument, OneOf, Presence};
use engine::{Executor, ExecutorError, Outcome, Shortage, Work};
use serde_json::json;

use super::import_rows::of_target;
use super::progress::count;

/// Pages between two checkpoints, so that a killed step repeats little and a living one writes little.
const PAGES_PER_CHECKPOINT: usize = 20;

const SCOPE: Argument<OneOf> = Argument {
    name: "scope",
    kind: OneOf(&["changed", "all"]),
    presence: Presence::Default("changed"),
    meaning: "`changed` drops what only readers from before the latest changes needed, `all` looks at every product and \
              puts entries that are missing, too",
};

/// The executor.
pub struct Reindex;

#[async_trait]
impl Executor for Reindex {
    fn name(&self) -> &'static str {
        "reindex"
    }

    fn description(&self) -> &'static str {
        "brings the listings of the own catalogue in order: drops what nobody sees any more, puts what is missing; indexes of a \
         shop belong to the shop"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&SCOPE])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let is_full = work.argument(&SCOPE)? == "all";
        let failed = |error: catalog::own::Error| of_target(error.into());
        let state = listing::state(work.store.table.as_ref()).await.map_err(failed)?;
        let ended = listing::ended(work.store, &state.indexing).await.map_err(failed)?;
        let table = work.store.table.clone();
        listing::begin_indexing(table.as_ref(), work.pipeline_id(), &ended).await.map_err(failed)?;
        let sight = listing::sight(work.store).await.map_err(failed)?;
        let mut walk: Walk = work.checkpoint::<Walk>()?.unwrap_or_default();
        while !walk.is_done(is_full) {
            for _ in 0..PAGES_PER_CHECKPOINT {
                walk.step(work, sight, is_full).await?;
            }
            if let Some(outcome) = walk.pause(work, is_full).await? {
                return Ok(outcome);
            }
        }
        listing::end_indexing(table.as_ref(), work.pipeline_id()).await.map_err(failed)?;
        conclude(work, &walk)
    }
}

/// The way over what is to be brought in order.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Walk {
    tidied: MendPlace,
    is_tidy: bool,
    rebuilt: MendPlace,
    is_rebuilt: bool,
}

impl Walk {
    fn is_done(&self, is_full: bool) -> bool {
        self.is_tidy && (self.is_rebuilt || !is_full)
    }

    /// Looks at the next page.
    async fn step(&mut self, work: &Work<'_>, sight: Sight, is_full: bool) -> Result<(), ExecutorError> {
        let table = work.store.table.as_ref();
        if !self.is_tidy {
            let has_more = listing::tidy(table, sight, &mut self.tidied).await;
            self.is_tidy = !has_more.map_err(|error| of_target(error.into()))?;
        } else if is_full && !self.is_rebuilt {
            let has_more = listing::rebuild(table, &mut self.rebuilt).await;
            self.is_rebuilt = !has_more.map_err(|error| of_target(error.into()))?;
        }
        Ok(())
    }

    /// Keeps a checkpoint, and lets the runner go if time runs short.
    async fn pause(&self, work: &mut Work<'_>, is_full: bool) -> Result<Option<Outcome>, ExecutorError> {
        let checkpoint = json!(self);
        work.save(checkpoint.clone(), &format!("{} looked at", count(self.looked_at(), "thing"))).await?;
        let is_short = work.shortage() == Shortage::Time && !self.is_done(is_full);
        Ok(is_short.then_some(Outcome::Continue { checkpoint, after: Duration::ZERO }))
    }

    fn looked_at(&self) -> u64 {
        self.tidied.mended.things + self.rebuilt.mended.things
    }
}

fn conclude(work: &mut Work<'_>, walk: &Walk) -> Result<Outcome, ExecutorError> {
    let (dropped, missing) = (walk.tidied.mended.dropped, walk.rebuilt.mended.missing);
    work.info(&format!("{} dropped, {} put that were missing", count(dropped, "old view"), count(missing, "entry")));
    work.set_output(json!({ "dropped": dropped, "missing": missing, "things": walk.looked_at() }));
    Ok(Outcome::Done)
}
