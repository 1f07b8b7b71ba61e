//! Carries on what a dead host of the same machine held.
//!
//! On AWS a runner that dies is known by its lease alone, and its attempt counts. A local host can know better: a process
//! that was killed on this machine is gone for certain, and its steps were interrupted, not failed. They go on at their
//! checkpoint at once, as if the runner had run short of time, without using up an attempt.

use pipeline::{Step, StepStatus};
use store::message::StepMessage;
use store::steps::{Claimed, Held};

use crate::apply::outgoing;
use crate::context::{Context, Invocation};

/// Enqueues the running steps of dead owners again and frees a dead beat's lease; returns how many steps.
///
/// # Errors
/// The store did not answer.
pub async fn take_over(
    context: &Context,
    is_dead: impl Fn(&str) -> bool,
    invocation: &Invocation,
) -> store::Result<usize> {
    let store = &context.store;
    store.free_lease(&is_dead).await?;
    let mut taken = 0;
    for open in store.open_pipelines(context.limits.pipelines_per_beat).await? {
        let Some(pipeline) = store.pipeline_with_steps(&open.id).await? else { continue };
        for step in pipeline.steps.iter().filter(|step| step.record.status == StepStatus::Running) {
            let Some(owner) = step.record.owner.clone().filter(|owner| is_dead(owner)) else { continue };
            tracing::warn!(
                pipeline.id = %pipeline.id,
                step.name = %step.definition.name,
                "step carried on: the process that ran it is gone"
            );
            let mut claimed = Claimed {
                pipeline: pipeline.id.clone(),
                name: step.definition.name.clone(),
                sort_order: step.definition.sort_order,
                record: step.record.clone(),
                owner,
            };
            let continuation = step.record.continuations + 1;
            let token = invocation.token(&pipeline.id, &claimed.name, step.record.attempt, continuation);
            let checkpoint = step.record.checkpoint.clone().unwrap_or_default();
            let log = step.record.log.clone();
            let held = store.continue_step(&mut claimed, checkpoint, &token, &log, invocation.now()).await?;
            if held == Held::Committed {
                taken += 1;
                let step = Step { definition: step.definition.clone(), record: claimed.record };
                let message = StepMessage::new(&pipeline.id, &step, token, 0);
                store.queue.send(pipeline.definition.priority, vec![outgoing(&message)]).await?;
            }
        }
    }
    Ok(taken)
}
