//! Carries a plan out: conditional writes, then messages.
//!
//! What comes first matters in three places.
//! - A step is marked enqueued **before** its message is sent. A crash in between leaves a mark without a message, which a
//!   later beat sends again after the grace time; the other way round could lose a step for ever.
//! - A stop is written **before** anything is read that follows from it. A runner claims first and looks for the stop
//!   second; a beat writes the stop first and looks at the steps second. So one of the two always sees the other.
//! - The status is settled **last**: it follows from steps that are already written.
//!
//! A lost write is no error: somebody else did the same or better, and the next beat looks again.

mod enqueue;

use pipeline::plan::{Plan, plan};
use pipeline::{Name, Pipeline, PipelineId, PipelineStatus, Step};
use serde::Serialize;
use store::pipelines::PipelineWritten;
use store::services::Event;

use crate::context::{Context, Invocation};
use crate::gather::FactGatherer;
use crate::monitor::{self, Monitor, Watched};

pub use enqueue::outgoing;
use enqueue::{CHUNK, Purpose};
pub(crate) use enqueue::{outgoing_after, resend_step};

/// What a beat did for pipelines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AdvanceReport {
    /// Steps that were enqueued.
    pub enqueued: usize,
    /// Messages that were sent again.
    pub resent: usize,
    /// Running steps whose lease ran out.
    pub ghosted: usize,
    /// Enqueued steps that were cancelled.
    pub cancelled: usize,
    /// Pipelines that expired.
    pub expired: usize,
    /// Pipelines that ended.
    pub ended: usize,
    /// Those of them that ended in an error.
    pub failed: usize,
    /// Writes that somebody else had made first.
    pub lost: usize,
    /// Ready steps that a mini beat left to the heartbeat: retries, and all when the chain of runners got too long.
    pub left_to_heartbeat: usize,
    /// Events that could not be sent.
    pub unsent_events: usize,
    /// What was seen of runners and of steps that wait for them.
    #[serde(skip)]
    pub watched: Watched,
}

/// Most looks at one pipeline in one beat: a stop, what follows from it, what follows from a ghosted step, and one more for
/// a write that was lost.
const LOOKS: usize = 4;

/// Does for one pipeline what its facts ask for.
///
/// # Errors
/// The store did not answer.
pub(crate) async fn advance(
    gatherer: &FactGatherer<'_>,
    id: &PipelineId,
    hops: u32,
    invocation: &Invocation,
) -> store::Result<AdvanceReport> {
    let beat = Beat { context: gatherer.context, monitor: &gatherer.monitor, invocation, hops };
    let mut applied = AdvanceReport::default();
    for look in 0..LOOKS {
        let Some(pipeline) = beat.context.store.pipeline_with_steps(id).await? else { break };
        if !pipeline.status.is_open() {
            break;
        }
        if look == 0 {
            let (watched, events) = beat.monitor.watch(&pipeline, gatherer.settings(), invocation.now());
            applied.watched = watched;
            beat.tell(events, &mut applied).await;
        }
        let plan = planned(gatherer, &pipeline, invocation).await?;
        let lost_before = applied.lost;
        beat.apply(&pipeline, &plan, &mut applied).await?;
        let follows_more = plan.stop.is_some() || !plan.ghosted.is_empty() || !plan.cancel.is_empty();
        // Where a write was lost, the pipeline has moved on, perhaps to where nobody else looks before the next heartbeat.
        if !follows_more && applied.lost == lost_before {
            break;
        }
    }
    Ok(applied)
}

/// Does the same if no step of the pipeline is active and nothing is to be done but to go on; `None` otherwise.
///
/// # Errors
/// The store did not answer.
pub(crate) async fn advance_alone(
    gatherer: &FactGatherer<'_>,
    id: &PipelineId,
    hops: u32,
    invocation: &Invocation,
) -> store::Result<Option<AdvanceReport>> {
    let beat = Beat { context: gatherer.context, monitor: &gatherer.monitor, invocation, hops };
    let Some(pipeline) = beat.context.store.pipeline_with_steps(id).await? else { return Ok(None) };
    if !pipeline.status.is_open() || pipeline.steps.iter().any(|step| step.record.status.is_active()) {
        return Ok(None);
    }
    let plan = planned(gatherer, &pipeline, invocation).await?;
    if plan.stop.is_some() || !plan.ghosted.is_empty() || !plan.cancel.is_empty() || !plan.resend.is_empty() {
        return Ok(None);
    }
    if plan.enqueue.len() > CHUNK {
        // The first of them can run while the others are being marked.
        return Ok(None);
    }
    let mut applied = AdvanceReport::default();
    beat.apply(&pipeline, &plan, &mut applied).await?;
    Ok((applied.lost == 0).then_some(applied))
}

/// Plans, gathering only what the steps that are otherwise ready ask for.
async fn planned(gatherer: &FactGatherer<'_>, pipeline: &Pipeline, invocation: &Invocation) -> store::Result<Plan> {
    let (grace, now) = (gatherer.context.limits.grace, invocation.now());
    let guess = plan(pipeline, &gatherer.guess(), grace, now);
    match gatherer.around_steps(pipeline, steps(pipeline, &guess.enqueue), now).await? {
        Some(around) => Ok(plan(pipeline, &around, grace, now)),
        None => Ok(guess),
    }
}

/// What all writes and messages of one pass over a pipeline are made with.
#[derive(Clone, Copy)]
struct Beat<'a> {
    context: &'a Context,
    monitor: &'a Monitor,
    invocation: &'a Invocation,
    hops: u32,
}

impl Beat<'_> {
    async fn apply(self, pipeline: &Pipeline, plan: &Plan, applied: &mut AdvanceReport) -> store::Result<()> {
        let (store, now) = (&self.context.store, self.invocation.now());
        if let Some(stop) = &plan.stop {
            self.tell(vec![monitor::expired(pipeline, stop)], applied).await;
            match store.stop_pipeline(pipeline, stop).await? {
                PipelineWritten::Done => applied.expired += 1,
                PipelineWritten::Lost | PipelineWritten::Gone => applied.lost += 1,
            }
            tracing::warn!(pipeline.id = %pipeline.id, pipeline.name = %pipeline.name(), "pipeline expired: {}", stop.reason);
            return Ok(());
        }
        let ghosts = steps(pipeline, &plan.ghosted).map(|step| monitor::ghosted(pipeline, step, now)).collect();
        self.tell(ghosts, applied).await;
        for step in steps(pipeline, &plan.ghosted) {
            let lease = step.record.lease_until.map(|until| until.to_rfc3339()).unwrap_or_default();
            let cause = format!("the runner gave no sign of life until its lease ended at {lease}");
            let is_ours = store.ghost_step(&pipeline.id, step, &cause, now).await?;
            count(is_ours, &mut applied.ghosted, &mut applied.lost);
            warn_step(pipeline, step, "step ghosted: its runner gave no sign of life until the lease ended");
        }
        for step in steps(pipeline, &plan.cancel) {
            let is_ours = store.cancel_step(&pipeline.id, step, now).await?;
            count(is_ours, &mut applied.cancelled, &mut applied.lost);
        }
        self.send(pipeline, steps(pipeline, &plan.resend).collect(), Purpose::Resend, applied).await?;
        self.enqueue(pipeline, plan, applied).await?;
        if let Some(status) = plan.settle {
            self.settle(pipeline, status, applied).await?;
        }
        Ok(())
    }

    /// Tells of what is about to be written.
    async fn tell(self, events: Vec<Event>, applied: &mut AdvanceReport) {
        applied.unsent_events += self.monitor.tell(self.context, events).await;
    }

    async fn settle(
        self,
        pipeline: &Pipeline,
        status: PipelineStatus,
        applied: &mut AdvanceReport,
    ) -> store::Result<()> {
        let now = self.invocation.now();
        self.tell(monitor::changed(pipeline, status, now), applied).await;
        match self.context.store.settle_pipeline(pipeline, status, now).await? {
            PipelineWritten::Done if !status.is_open() => {
                applied.ended += 1;
                applied.failed += usize::from(status == PipelineStatus::Error);
                let duration_ms = (now - pipeline.spawned_at).num_milliseconds();
                let (id, name) = (&pipeline.id, pipeline.name());
                tracing::info!(pipeline.id = %id, pipeline.name = %name, duration_ms, "pipeline ended: {status}");
            }
            PipelineWritten::Done => {}
            PipelineWritten::Lost | PipelineWritten::Gone => applied.lost += 1,
        }
        Ok(())
    }
}

fn steps<'a>(pipeline: &'a Pipeline, names: &[Name]) -> std::vec::IntoIter<&'a Step> {
    pipeline.steps_named(names).into_iter()
}

fn count(is_ours: bool, done: &mut usize, lost: &mut usize) {
    *(if is_ours { done } else { lost }) += 1;
}

fn warn_step(pipeline: &Pipeline, step: &Step, message: &str) {
    tracing::warn!(
        pipeline.id = %pipeline.id,
        pipeline.name = %pipeline.name(),
        step.name = %step.definition.name,
        step.attempt = step.record.attempt,
        "{message}"
    );
}

impl AdvanceReport {
    /// Adds what was done for another pipeline.
    pub fn add(&mut self, other: &AdvanceReport) {
        self.enqueued += other.enqueued;
        self.resent += other.resent;
        self.ghosted += other.ghosted;
        self.cancelled += other.cancelled;
        self.expired += other.expired;
        self.ended += other.ended;
        self.failed += other.failed;
        self.lost += other.lost;
        self.left_to_heartbeat += other.left_to_heartbeat;
        self.unsent_events += other.unsent_events;
        self.watched.add(other.watched);
    }
}
