//! Marks steps enqueued and sends their messages, in this order; see [`crate::apply`] for why.

use std::time::Duration;

use futures::{StreamExt, stream};
use pipeline::condition::StepCondition;
use pipeline::plan::{Plan, begins_run};
use pipeline::transition::StepEvent;
use pipeline::{Name, Pipeline, PipelineId, Step, StepStatus, Token};
use store::message::StepMessage;
use store::queue::{DELAY_LIMIT, Outgoing};
use store::steps::{EnqueueMark, Enqueued};

use super::{AdvanceReport, Beat, count, steps, warn_step};
use crate::context::{Context, Invocation};

/// Why a step is marked.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// Its message got lost.
    Resend,
    /// It is ready.
    Enqueue {
        /// The stage that is a gate, see [`Plan::gated`].
        gated: Option<i32>,
    },
}

/// How many steps are marked before their messages are sent.
pub(super) const CHUNK: usize = 100;

impl Beat<'_> {
    pub(super) async fn enqueue(
        self,
        pipeline: &Pipeline,
        plan: &Plan,
        applied: &mut AdvanceReport,
    ) -> store::Result<()> {
        if self.hops > self.context.limits.hop_limit {
            applied.left_to_heartbeat += plan.enqueue.len();
            return Ok(());
        }
        let mut ready = Vec::with_capacity(plan.enqueue.len());
        for step in steps(pipeline, &plan.enqueue) {
            // A retry comes with a heartbeat: without a wait between attempts a failing step would spin through mini beats.
            if self.hops > 0 && step.record.status == StepStatus::Error {
                applied.left_to_heartbeat += 1;
            } else {
                ready.push(step);
            }
        }
        self.send(pipeline, ready, Purpose::Enqueue { gated: plan.gated }, applied).await
    }

    /// Marks steps, a chunk at a time, and sends the messages of each chunk right after its marks: who dies in the middle
    /// of a wide stage leaves few marks without a message.
    pub(super) async fn send(
        self,
        pipeline: &Pipeline,
        steps: Vec<&Step>,
        purpose: Purpose,
        applied: &mut AdvanceReport,
    ) -> store::Result<()> {
        let mut apart = Vec::new();
        for chunk in steps.chunks(CHUNK) {
            if self.enqueue_at_once(pipeline, chunk, purpose).await? {
                applied.enqueued += chunk.len();
            } else {
                apart.extend_from_slice(chunk);
            }
        }
        for chunk in apart.chunks(CHUNK) {
            self.mark_and_send(pipeline, chunk, purpose, applied).await?;
        }
        Ok(())
    }

    async fn mark_and_send(
        self,
        pipeline: &Pipeline,
        steps: &[&Step],
        purpose: Purpose,
        applied: &mut AdvanceReport,
    ) -> store::Result<()> {
        let marks: Vec<_> = steps.iter().map(|step| self.mark(pipeline, step, purpose)).collect();
        let marked = stream::iter(marks).buffered(self.context.limits.parallel_marks);
        let outcomes: Vec<store::Result<Option<Outgoing>>> = marked.collect().await;
        let (mut messages, mut failed) = (Vec::new(), None);
        for outcome in outcomes {
            match outcome {
                Ok(message) => {
                    count_marked(purpose, message.as_ref(), applied);
                    messages.extend(message);
                }
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        // Even if a mark failed: what is marked waits for its message.
        if !messages.is_empty() {
            self.context.store.queue.send(pipeline.definition.priority, messages).await?;
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Marks steps and sends their messages in one commit, if that can be done; otherwise does nothing.
    async fn enqueue_at_once(self, pipeline: &Pipeline, steps: &[&Step], purpose: Purpose) -> store::Result<bool> {
        let Purpose::Enqueue { gated } = purpose else { return Ok(false) };
        if self.context.store.shared_commits.is_none() || steps.iter().any(|step| !waits_for(step).is_empty()) {
            return Ok(false);
        }
        let marks: Vec<_> = steps.iter().map(|step| self.planned_mark(pipeline, step)).collect();
        let message = |step: &Step, token: &Token| {
            let message = StepMessage::new(&pipeline.id, step, token.clone(), self.hops);
            self.outgoing(step, message, gated)
        };
        self.context.store.enqueue_at_once(pipeline, &marks, message, self.invocation.now()).await
    }

    /// The message of a step, which knows whether its stage is a gate.
    fn outgoing(self, step: &Step, message: StepMessage, gated: Option<i32>) -> Outgoing {
        outgoing(&if gated == Some(step.definition.sort_order) { message.gated() } else { message })
    }

    /// Marks one step and returns the message that is to be sent after that; `None` if somebody was faster.
    async fn mark(self, pipeline: &Pipeline, step: &Step, purpose: Purpose) -> store::Result<Option<Outgoing>> {
        match purpose {
            Purpose::Resend => {
                let message = resend_step(self.context, &pipeline.id, step, self.invocation).await?;
                if message.is_some() {
                    warn_step(pipeline, step, "message sent again: no runner took the step within the grace time");
                }
                Ok(message)
            }
            Purpose::Enqueue { gated } => {
                let message = self.enqueue_step(pipeline, step).await?;
                Ok(message.map(|message| self.outgoing(step, message, gated)))
            }
        }
    }

    /// Marks one step enqueued as planned and returns the message that is to be sent after that; `None` if somebody was
    /// faster.
    async fn enqueue_step(self, pipeline: &Pipeline, step: &Step) -> store::Result<Option<StepMessage>> {
        let (store, now) = (&self.context.store, self.invocation.now());
        let mark = self.planned_mark(pipeline, step);
        let waits_for = waits_for(step);
        let enqueued = if waits_for.is_empty() {
            store.enqueue_step(&pipeline.id, &mark, now).await?
        } else {
            store.enqueue_step_alone(&pipeline.id, &mark, &waits_for, now).await?
        };
        match enqueued {
            Enqueued::Done(record) => {
                let step = Step { definition: step.definition.clone(), record: *record };
                Ok(Some(StepMessage::new(&pipeline.id, &step, mark.token, self.hops)))
            }
            Enqueued::Lost => Ok(None),
        }
    }

    fn planned_mark<'s>(self, pipeline: &Pipeline, step: &'s Step) -> EnqueueMark<'s> {
        let token = self.invocation.token(&pipeline.id, &step.definition.name, step.record.attempt + 1, 0);
        let event = if begins_run(pipeline, step) { StepEvent::Recur } else { StepEvent::Enqueue };
        EnqueueMark { step, event, token, reruns: pipeline.reruns }
    }
}

/// The names under which nobody may be busy while the step is.
fn waits_for(step: &Step) -> Vec<Name> {
    let mut names = Vec::new();
    for described in &step.definition.conditions {
        if let StepCondition::WaitForStepIsNotRunning { steps } = &described.condition {
            names.extend(steps.iter().cloned());
        }
    }
    names
}

/// Notes that a step's message is sent again and returns it; `None` if the step has moved.
pub(crate) async fn resend_step(
    context: &Context,
    pipeline: &PipelineId,
    step: &Step,
    invocation: &Invocation,
) -> store::Result<Option<Outgoing>> {
    let now = invocation.now();
    let Some(record) = context.store.touch_sent(pipeline, step, now).await? else { return Ok(None) };
    let Some(token) = record.token.clone() else { return Ok(None) };
    let delay = record.due_at(now).and_then(|due| (due - now).to_std().ok()).unwrap_or_default();
    let step = Step { definition: step.definition.clone(), record };
    Ok(Some(outgoing_after(&StepMessage::new(pipeline, &step, token, 0), delay)))
}

/// A message that is delivered at once.
#[must_use]
pub fn outgoing(message: &StepMessage) -> Outgoing {
    outgoing_after(message, Duration::ZERO)
}

pub(crate) fn outgoing_after(message: &StepMessage, delay: Duration) -> Outgoing {
    Outgoing { body: message.body(), delay: delay.min(DELAY_LIMIT) }
}

fn count_marked(purpose: Purpose, message: Option<&Outgoing>, applied: &mut AdvanceReport) {
    let done = match purpose {
        Purpose::Enqueue { .. } => &mut applied.enqueued,
        Purpose::Resend => &mut applied.resent,
    };
    count(message.is_some(), done, &mut applied.lost);
}
