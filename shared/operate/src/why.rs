//! Why something does not run: the sentence that people get, the same in the CLI and in the API.
//!
//! Nothing is decided here. What the planner says of a step ([`pipeline::plan::outlooks`]) is joined with what is known of
//! its record, of the queue and of the last beat; the sentences themselves are made in [`text`], without I/O.

pub(crate) mod text;

use chrono::{DateTime, Utc};
use engine::heartbeat::{self, SpawnOutlook};
use engine::{Context, gather};
use pipeline::condition::Check;
use pipeline::plan::{self, Outlook, Spawn};
use pipeline::{Definition, Name, Pipeline, PipelineId, PipelineStatus, StepStatus};
use serde::Serialize;
use serde_json::Value;

use super::{Error, definition};

/// Why a pipeline and its steps do not run, or what they do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Why {
    /// The pipeline.
    pub id: PipelineId,
    /// The name of its definition.
    pub name: Name,
    /// Where it stands.
    pub status: PipelineStatus,
    /// What holds it up, in one sentence.
    pub text: String,
    /// The same of each step, in their order.
    pub steps: Vec<WhyStep>,
}

/// Why a step does not run, or what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhyStep {
    /// Its name.
    pub name: Name,
    /// Where it stands.
    pub status: StepStatus,
    /// The sentence.
    pub text: String,
}

/// Why nothing is spawned from a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhyNotSpawned {
    /// The definition.
    pub name: String,
    /// Whether the next beat spawns a pipeline.
    pub is_due: bool,
    /// What holds it up, in one sentence.
    pub text: String,
    /// Its conditions one by one.
    pub conditions: Vec<Answered>,
    /// What its author hardly meant, as sentences.
    pub warnings: Vec<String>,
}

/// A condition and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answered {
    /// The condition with what its author gave it: its `type` and its arguments.
    pub condition: Value,
    /// `met`, `unmet` (now) or `never` (any more).
    pub answer: &'static str,
    /// Why it is not met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a sentence can tell beside what the planner says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WaitSigns {
    /// When the last complete beat was.
    last_beat: Option<DateTime<Utc>>,
    /// How many messages wait in the queue of the pipeline's priority, if the back end could tell.
    messages: Option<u64>,
    /// After how long a message counts as lost.
    resend_after: std::time::Duration,
    /// When it is now.
    pub(crate) now: DateTime<Utc>,
}

/// Tells why a pipeline and its steps do not run.
///
/// # Errors
/// There is no such pipeline, or the store did not answer.
pub async fn why(context: &Context, id: &PipelineId, now: DateTime<Utc>) -> Result<Why, Error> {
    let Some(pipeline) = context.store.pipeline_with_steps(id).await? else {
        return Err(Error::UnknownPipeline(id.clone()));
    };
    Ok(why_of(context, &pipeline, now).await?)
}

/// Tells why a pipeline that has been read with its steps does not run.
///
/// # Errors
/// The store did not answer.
pub async fn why_of(context: &Context, pipeline: &Pipeline, now: DateTime<Utc>) -> store::Result<Why> {
    let around = gather::around(context, pipeline, now).await?;
    let outlooks = plan::outlooks(pipeline, &around, now);
    let signs = SignSource::read(context).await?.signs(context, pipeline, now).await;
    let mut texts = Vec::new();
    for (step, outlook) in pipeline.steps.iter().zip(&outlooks) {
        texts.push(text::step(pipeline, step, outlook, &signs));
    }
    let text = text::pipeline(pipeline, &outlooks, &texts, &signs);
    let mut steps = Vec::new();
    for (step, text) in pipeline.steps.iter().zip(texts) {
        steps.push(WhyStep { name: step.definition.name.clone(), status: step.record.status, text });
    }
    Ok(Why { id: pipeline.id.clone(), name: pipeline.name().clone(), status: pipeline.status, text, steps })
}

/// The conditions of one step with their answers.
///
/// # Errors
/// The store did not answer.
pub async fn conditions_of(
    context: &Context,
    pipeline: &Pipeline,
    step: &pipeline::Step,
    now: DateTime<Utc>,
) -> store::Result<Vec<Answered>> {
    let around = gather::around_step(context, pipeline, step, now).await?;
    let answers = plan::answers(pipeline, &step.definition.name, &around, now);
    Ok(answered(&step.definition.conditions, answers))
}

/// Tells why no pipeline is spawned from a definition, without spawning one.
///
/// # Errors
/// There is no such definition, or the store did not answer.
pub async fn why_not_spawned(context: &Context, name: &str, now: DateTime<Utc>) -> Result<WhyNotSpawned, Error> {
    let definition = match definition(context, name).await {
        Ok(definition) => definition,
        Err(error @ Error::BrokenDefinition { .. }) => {
            let (name, text) = (name.to_owned(), error.to_string());
            let (conditions, warnings) = (Vec::new(), Vec::new());
            return Ok(WhyNotSpawned { name, is_due: false, text, conditions, warnings });
        }
        Err(error) => return Err(error),
    };
    Ok(why_not_spawned_from(context, &definition, now).await?)
}

async fn why_not_spawned_from(
    context: &Context,
    definition: &std::sync::Arc<Definition>,
    now: DateTime<Utc>,
) -> store::Result<WhyNotSpawned> {
    let SpawnOutlook { spawn, answers, last_beat } = heartbeat::outlook(context, definition, now).await?;
    let conditions = answered(&definition.conditions, answers);
    let loaded = context.definitions.load(context.store.files.as_ref()).await?;
    Ok(WhyNotSpawned {
        name: definition.name.to_string(),
        is_due: matches!(spawn, Spawn::Yes { .. }),
        text: text::spawn(&spawn, last_beat, now),
        conditions,
        warnings: loaded.warnings_of(definition.name.as_str()).map(str::to_owned).collect(),
    })
}

/// What a sentence can tell of the whole installation, read once for many pipelines.
pub(crate) struct SignSource {
    last_beat: Option<DateTime<Utc>>,
}

impl SignSource {
    pub(crate) async fn read(context: &Context) -> store::Result<SignSource> {
        Ok(SignSource { last_beat: context.store.last_beat().await? })
    }

    pub(crate) async fn signs(&self, context: &Context, pipeline: &Pipeline, now: DateTime<Utc>) -> WaitSigns {
        let waits = pipeline.steps.iter().any(|step| step.record.status == StepStatus::Enqueued);
        let mut messages = None;
        // A queue that does not tell keeps nobody from the rest of the answer.
        if waits && let Ok(depth) = context.store.queue.depth(pipeline.definition.priority).await {
            messages = Some(depth.waiting);
        }
        WaitSigns { last_beat: self.last_beat, messages, resend_after: context.limits.grace.resend_after, now }
    }
}

/// Conditions with their answers, in their order.
fn answered<C: Serialize>(conditions: &[C], checks: Vec<Check>) -> Vec<Answered> {
    let mut answered = Vec::new();
    for (condition, check) in conditions.iter().zip(checks) {
        let condition =
            serde_json::to_value(condition).expect("a condition has only string keys and no failing serializer");
        let (answer, reason) = match check {
            Check::Met(_) => ("met", None),
            Check::Unmet(reason) => ("unmet", Some(reason)),
            Check::Never(reason) => ("never", Some(reason)),
        };
        answered.push(Answered { condition, answer, reason });
    }
    answered
}

impl Why {
    /// The sentence about one step.
    #[must_use]
    pub fn of(&self, step: &Name) -> Option<&str> {
        let found = self.steps.iter().find(|other| other.name == *step)?;
        Some(&found.text)
    }
}
