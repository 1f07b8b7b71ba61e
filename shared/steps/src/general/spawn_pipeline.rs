//! Spawns a pipeline, and may wait for its end.
//!
//! The output is the id of the pipeline. As with a spawn by hand, its conditions are not asked. It lives on its own: a cancel
//! of this pipeline does not reach it.
//!
//! One pipeline is spawned however often the step is repeated: its id is kept in the checkpoint before it is spawned, and a
//! retry after a failure meets the same one. So the retry of a step whose pipeline failed looks whether somebody has helped
//! that pipeline to its end meanwhile. A step that runs again after a success spawns another one.
//!
//! Pipelines that spawn each other in a circle would never end, so each carries as the argument `spawn_depth` how many
//! spawned each other before it, and past `DEPTH_LIMIT` the step fails for good.

use std::time::Duration;

use async_trait::async_trait;
use engine::accepts::{Accepts, Argument, Flag, PipelineName, Presence, Text};
use engine::{Executor, ExecutorError, Outcome, Work};
use pipeline::Arguments;
use pipeline::{PipelineId, PipelineStatus};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::pipelines::NewPipeline;

/// See the module documentation.
pub struct SpawnPipeline;

/// What a step keeps of the pipeline that it spawns.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SpawnCheckpoint {
    pipeline: PipelineId,
    /// How often it was looked at since.
    looks: u32,
}

const PIPELINE: Argument<PipelineName> = Argument {
    name: "pipeline",
    kind: PipelineName,
    presence: Presence::Required,
    meaning: "the name of its definition",
};

const HANDED_ON: Argument<Text> = Argument {
    name: "argument.*",
    kind: Text { example: "spring" },
    presence: Presence::Optional,
    meaning: "an argument of the new pipeline, whose key is what stands for the star",
};

const WAIT: Argument<Flag> = Argument {
    name: "wait",
    kind: Flag,
    presence: Presence::Default("false"),
    meaning: "`true`: the step ends when the pipeline has ended, and fails unless that was a success",
};

/// The argument of a pipeline that tells how many pipelines spawned each other before it.
const DEPTH: &str = "spawn_depth";

/// Most pipelines that spawn each other in a row: far more than a process has levels.
const DEPTH_LIMIT: u32 = 16;

/// The wait between two looks at the pipeline: doubled with each, because who takes long takes longer.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[async_trait]
impl Executor for SpawnPipeline {
    fn name(&self) -> &'static str {
        "spawn_pipeline"
    }

    fn description(&self) -> &'static str {
        "spawns a pipeline, and may wait for its end"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&PIPELINE, &HANDED_ON, &WAIT])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let waits = work.argument(&WAIT)?;
        let place = match work.checkpoint::<SpawnCheckpoint>()? {
            Some(place) => place,
            None => begin(work).await?,
        };
        if place.looks == 0 {
            spawn(work, &place.pipeline).await?;
        }
        work.set_output(json!(place.pipeline));
        if waits { look(work, place).await } else { Ok(Outcome::Done) }
    }
}

/// Decides on the id, once for all repetitions.
async fn begin(work: &mut Work<'_>) -> Result<SpawnCheckpoint, ExecutorError> {
    let name = work.argument(&PIPELINE)?;
    let key = format!("{} {} {}", work.pipeline_id(), work.step.name, work.attempt());
    let place = SpawnCheckpoint { pipeline: PipelineId::derive(&name, &key, work.now()), looks: 0 };
    work.save(json!(place), &format!("spawns {}", place.pipeline)).await?;
    Ok(place)
}

async fn spawn(work: &mut Work<'_>, id: &PipelineId) -> Result<(), ExecutorError> {
    let definition = work.definition(work.argument(&PIPELINE)?.as_str()).await?;
    let spawned_by = format!("step `{}` of pipeline {}", work.step.name, work.pipeline_id());
    let mut arguments = handed_on(work);
    arguments.insert(DEPTH.to_owned(), depth(work)?.to_string());
    let new = NewPipeline { id: id.clone(), definition, arguments, spawned_by, found: Vec::new(), after: None };
    work.spawn(&new).await?;
    Ok(())
}

/// How many pipelines will have spawned each other before the new one.
fn depth(work: &Work<'_>) -> Result<u32, ExecutorError> {
    let own: u32 = work.pipeline.arguments.get(DEPTH).and_then(|depth| depth.parse().ok()).unwrap_or(0);
    if own >= DEPTH_LIMIT {
        let name = work.pipeline.name();
        return Err(ExecutorError::permanent(format!(
            "pipeline `{name}` is the last of {own} that spawned each other; at most {DEPTH_LIMIT} may, in case they go in a circle"
        )));
    }
    Ok(own + 1)
}

/// The arguments of the new pipeline. Those of the step win over those of its pipeline, as for the step itself.
fn handed_on(work: &Work<'_>) -> Arguments {
    let given = work.pipeline.arguments.iter().chain(&work.step.arguments);
    let start = HANDED_ON.name.trim_end_matches('*');
    given.filter_map(|(key, value)| Some((key.strip_prefix(start)?.to_owned(), value.clone()))).collect()
}

async fn look(work: &mut Work<'_>, place: SpawnCheckpoint) -> Result<Outcome, ExecutorError> {
    let id = &place.pipeline;
    let Some(pipeline) = work.store.pipeline_without_steps(id).await? else {
        return Err(ExecutorError::permanent(format!("pipeline {id} was deleted before it was seen to end")));
    };
    match pipeline.status {
        PipelineStatus::Success => Ok(Outcome::Done),
        PipelineStatus::Error | PipelineStatus::Cancelled => {
            let name = pipeline.name();
            Err(ExecutorError::retryable(format!("pipeline `{name}` {id} ended, it is {}", pipeline.status)))
        }
        PipelineStatus::Pending | PipelineStatus::Running | PipelineStatus::Paused => {
            let after = (FIRST_WAIT * 2_u32.saturating_pow(place.looks.min(10))).min(LONGEST_WAIT);
            let checkpoint = json!(SpawnCheckpoint { looks: place.looks.saturating_add(1), ..place });
            Ok(Outcome::Continue { checkpoint, after })
        }
    }
}
