//! `fetch_data`: asks every data fetcher and spawns what is new, as a step instead of in the heartbeat.
//!
//! It asks one fetcher after the other and keeps as its checkpoint which of them it is through with. A fetcher that is
//! interrupted by the deadline is asked again; what it asked for is known by its keys. One that fails is a warning of the
//! step, and the next pipeline asks it again.

use std::time::Duration;

use async_trait::async_trait;
use engine::accepts::Accepts;
use engine::data_fetchers::spawn::Fetching;
use engine::{Executor, ExecutorError, Outcome, Shortage, Work};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The executor.
pub struct FetchData;

/// Which fetchers are done, and what came of it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct FetchProgress {
    /// The fetcher that was done last, in the order of their names.
    after: String,
    spawned: usize,
    problems: usize,
}

#[async_trait]
impl Executor for FetchData {
    fn name(&self) -> &'static str {
        "fetch_data"
    }

    fn description(&self) -> &'static str {
        "asks data fetchers and spawns a pipeline for each new thing that they name"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let fetching = Fetching::of_step(work).await?;
        if !fetching.is_on() {
            let reason = "there is no data fetcher, or a setting or maintenance mode holds them".to_owned();
            return Ok(Outcome::Skipped { reason });
        }
        let mut progress: FetchProgress = work.checkpoint()?.unwrap_or_default();
        let after = progress.after.clone();
        for fetcher in fetching.fetchers().iter().filter(|fetcher| fetcher.name() > after.as_str()) {
            if work.shortage() == Shortage::Time {
                return Ok(Outcome::Continue { checkpoint: json!(progress), after: Duration::ZERO });
            }
            let has_time = || work.shortage() == Shortage::None;
            // Some time must be left to spawn, or an invocation after the other would only ask.
            let fetched = fetching.one(fetcher.as_ref(), work.time_left() / 4 * 3, has_time).await?;
            progress.spawned = progress.spawned.saturating_add(fetched.spawned.len());
            fetched.problems.iter().for_each(|problem| work.warn(problem));
            work.info(&format!("data fetcher `{}`: {} pipelines spawned", fetcher.name(), fetched.spawned.len()));
            if fetched.left > 0 {
                return Ok(Outcome::Continue { checkpoint: json!(progress), after: Duration::ZERO });
            }
            progress.problems = progress.problems.saturating_add(fetched.problems.len());
            fetcher.name().clone_into(&mut progress.after);
            work.save(json!(progress), &format!("{} pipelines spawned", progress.spawned)).await?;
        }
        work.set_output(json!({ "spawned": progress.spawned, "problems": progress.problems }));
        if progress.problems > 0 {
            let message = format!("{} problems with data fetchers; the log names them", progress.problems);
            return Err(ExecutorError::InvalidData { message });
        }
        Ok(Outcome::Done)
    }
}
