//! Where a pipeline of a list stands: the one step that a person would look at first, and why it is not further.

use chrono::{DateTime, Utc};
use engine::{Context, gather};
use futures::{StreamExt, TryStreamExt, stream};
use pipeline::plan::{self, Outlook};
use pipeline::{Pipeline, PipelineStatus, Step, StepStatus};

use crate::attempts::{is_last_attempt, last_attempt};
use crate::list::{self, ListedPipeline};
use crate::view::{self, ListRow, StandsAt};
use crate::why::{SignSource, WaitSigns, text};

/// Shows rows of a list, each with the step that it stands at. Those that succeeded cost nothing more, the others a read of
/// their steps.
///
/// # Errors
/// The store did not answer. A pipeline that cannot be read with its steps is a row that says so.
pub async fn rows(context: &Context, listed: &[ListedPipeline], now: DateTime<Utc>) -> store::Result<Vec<ListRow>> {
    let source = SignSource::read(context).await?;
    let rows = listed.iter().map(|listed| row(context, listed, &source, now)).collect::<Vec<_>>();
    stream::iter(rows).buffered(context.limits.parallel_pipelines).try_collect().await
}

async fn row(
    context: &Context,
    listed: &ListedPipeline,
    source: &SignSource,
    now: DateTime<Utc>,
) -> store::Result<ListRow> {
    match &listed.pipeline {
        // They stand at no step, and so their steps need not be read.
        Ok(Pipeline { status: PipelineStatus::Success, .. }) | Err(_) => return Ok(view::row(listed, now)),
        Ok(_) => {}
    }
    let read = match context.store.pipeline_with_steps(&listed.id).await {
        Ok(Some(read)) => read,
        // It was cleaned up since it was listed.
        Ok(None) => return Ok(view::row(listed, now)),
        Err(error) if error.is_retryable() => return Err(error),
        Err(error) => return Ok(view::row(&list::unreadable(listed, &error), now)),
    };
    let mut row = view::pipeline(&read, now);
    row.stands_at = stands_at(context, &read, &source.signs(context, &read, now).await).await?;
    Ok(ListRow::Readable(Box::new(row)))
}

/// The step that a pipeline stands at; none if it succeeded or was stopped before one failed.
async fn stands_at(context: &Context, pipeline: &Pipeline, signs: &WaitSigns) -> store::Result<Option<StandsAt>> {
    let around = gather::around(context, pipeline, signs.now).await?;
    let outlooks = plan::outlooks(pipeline, &around, signs.now);
    let index = match text::failed(pipeline, &outlooks) {
        Some(failed) => Some(failed),
        None if pipeline.status.is_open() => text::next(pipeline, &outlooks),
        None => None,
    };
    let Some(index) = index else { return Ok(None) };
    let (step, outlook) = (&pipeline.steps[index], &outlooks[index]);
    Ok(Some(StandsAt {
        step: step.definition.name.to_string(),
        status: step.record.status,
        attempt: step.record.attempt,
        attempts_limit: last_attempt(step),
        is_last_attempt: is_last_attempt(step),
        since: since(pipeline, step),
        reason: reason(pipeline, step, outlook, signs),
    }))
}

/// Since when a step stands where it stands. One that was never enqueued stands there since what came before it ended.
fn since(pipeline: &Pipeline, step: &Step) -> Option<DateTime<Utc>> {
    let record = &step.record;
    match record.status {
        StepStatus::Running => record.started_at,
        StepStatus::Enqueued => record.enqueued_at,
        StepStatus::Success | StepStatus::Skipped | StepStatus::Error | StepStatus::Cancelled => record.finished_at,
        StepStatus::Pending => {
            let ended_last = pipeline.steps.iter().filter_map(|step| step.record.finished_at).max();
            pipeline.paused_at.or(ended_last).or(Some(pipeline.spawned_at))
        }
    }
}

/// Why it is not further, as short as a row needs it: the other columns have name, status, attempt and time.
fn reason(pipeline: &Pipeline, step: &Step, outlook: &Outlook, signs: &WaitSigns) -> String {
    let record = &step.record;
    let is_held = record.lease_until.is_none_or(|until| until >= signs.now);
    match (record.status, outlook, &record.message) {
        (StepStatus::Running, Outlook::Active, _) if is_held => {
            record.progress.clone().unwrap_or_else(|| "it is running".to_owned())
        }
        (StepStatus::Error, Outlook::Ended(_), Some(message)) => message.clone(),
        _ => text::step(pipeline, step, outlook, signs),
    }
}
