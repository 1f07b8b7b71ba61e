//! The rerun: a person runs one step again.

use engine::Context;
use engine::apply::outgoing;
use pipeline::{Name, Pipeline, PipelineId, Step};
use store::message::StepMessage;
use store::steps::Enqueued;

use super::{Error, Operator, RACES, note};

/// Enqueues one step, whatever its conditions, its attempts and its pipeline say.
///
/// A pipeline that has ended is open until the step has ended, and is settled anew then: one that was stopped is cancelled
/// again and nothing else of it is begun; one that had failed goes on with the steps that were never reached, if the step
/// succeeds now. What has run does not run again, but for what runs always: it told of a pipeline in which the step had
/// not succeeded, and tells anew.
///
/// # Errors
/// There is no such pipeline or step, the step is enqueued or running, or the store did not answer. If only the message was
/// not sent, a beat sends it.
pub async fn rerun_step(context: &Context, id: &PipelineId, name: &Name, operator: Operator<'_>) -> Result<(), Error> {
    let Operator { name: by, invocation } = operator;
    for _ in 0..RACES {
        let Some(pipeline) = context.store.pipeline_with_steps(id).await? else {
            return Err(Error::UnknownPipeline(id.clone()));
        };
        let step = found(&pipeline, name)?;
        let status = step.record.status;
        if status.is_active() {
            return Err(Error::StepActive { id: id.clone(), step: name.clone(), status });
        }
        // The same invocation comes to the same token, and so recognises its own write if its reply was lost.
        let token = invocation.token(id, name, step.record.attempt + 1, 0);
        if let Enqueued::Done(record) = context.store.enqueue_rerun(&pipeline, step, &token, invocation.now()).await? {
            tracing::info!(pipeline.id = %id, pipeline.name = %pipeline.name(), step.name = %name, "step enqueued by {by}");
            let what = format!("processed step `{name}` of pipeline {} {id}, which was {status}", pipeline.name());
            note(context, &what, operator.stamp()).await;
            let step = Step { definition: step.definition.clone(), record: *record };
            // Sent last: a crash before leaves a step that a beat sends again.
            let message = outgoing(&StepMessage::new(id, &step, token, 0));
            context.store.queue.send(pipeline.definition.priority, vec![message]).await?;
            return Ok(());
        }
    }
    Err(Error::Busy(id.clone()))
}

/// Most steps that a message about an unknown one names.
const NAMED: usize = 20;

fn found<'a>(pipeline: &'a Pipeline, name: &Name) -> Result<&'a Step, Error> {
    if let Some(step) = pipeline.step(name) {
        return Ok(step);
    }
    let known: Vec<&str> = pipeline.steps.iter().take(NAMED).map(|step| step.definition.name.as_str()).collect();
    let more = if pipeline.steps.len() > NAMED { ", …" } else { "" };
    let known = format!("{}{more}", known.join(", "));
    Err(Error::UnknownStep { id: pipeline.id.clone(), name: name.to_string(), known })
}
