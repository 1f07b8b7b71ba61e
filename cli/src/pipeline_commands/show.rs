//! `systole pipeline details`.

use std::collections::BTreeMap;

use anyhow::bail;
use operate::view::{self, PipelineDetails, StepRow};
use pipeline::{Pipeline, PipelineId};
use serde::Serialize;

use crate::ids::{PipelineReference, resolve_or_latest};
use crate::installation::{Installation, now};
use crate::logs::{self, AttemptLog};
use crate::output::{self, Output, time};
use crate::pipeline_commands::results::results;

/// Shows the logs, too.
pub(super) struct Logs;

#[derive(Serialize)]
struct DetailsWithLogs {
    #[serde(flatten)]
    details: PipelineDetails,
    /// By step: the logs of its attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    logs: Option<BTreeMap<String, Vec<AttemptLog>>>,
}

pub(super) async fn run(
    installation: &Installation,
    reference: &PipelineReference,
    with: Option<Logs>,
    output: &Output,
) -> anyhow::Result<()> {
    let id = resolve_or_latest(installation, reference).await?;
    let pipeline = read(installation, &id).await?;
    let mut shown = DetailsWithLogs { details: shown(installation, &pipeline).await?, logs: None };
    if with.is_some() {
        let mut logs = BTreeMap::new();
        for step in pipeline.steps.iter().filter(|step| step.record.attempt > 0) {
            logs.insert(step.definition.name.to_string(), logs::of_step(installation, &id, step).await?);
        }
        shown.logs = Some(logs);
    }
    output.show(&shown, |shown| in_words(installation, shown))
}

/// A pipeline with its steps.
pub(crate) async fn details(installation: &Installation, id: &PipelineId) -> anyhow::Result<PipelineDetails> {
    shown(installation, &read(installation, id).await?).await
}

async fn read(installation: &Installation, id: &PipelineId) -> anyhow::Result<Pipeline> {
    let Some(pipeline) = installation.context.store.pipeline_with_steps(id).await? else {
        bail!("there is no pipeline {id}");
    };
    Ok(pipeline)
}

async fn shown(installation: &Installation, pipeline: &Pipeline) -> anyhow::Result<PipelineDetails> {
    let around = engine::gather::around(&installation.context, pipeline, now()).await?;
    Ok(view::details(pipeline, &around, now()))
}

/// The steps of a pipeline as a table.
pub(crate) fn step_table(steps: &[StepRow]) -> String {
    output::table(&["step", "status", "attempt", "time", "note"], steps.iter().map(cells))
}

fn cells(step: &StepRow) -> Vec<String> {
    vec![
        step.name.clone(),
        step.status.to_string(),
        output::attempt(step.attempt, step.attempts_limit),
        step.duration_ms.map(output::duration).unwrap_or_default(),
        note(step).unwrap_or_default(),
    ]
}

/// What a person wants to know of a step beside its status: what failed, what it waits for, or how far it is.
pub(crate) fn note(step: &StepRow) -> Option<String> {
    // How far it was says nothing of a step that has ended.
    let progress = if step.status.is_active() { step.progress.as_ref() } else { None };
    step.message.as_ref().or(step.waits_for.first()).or(progress).cloned()
}

fn in_words(installation: &Installation, shown: &DetailsWithLogs) -> String {
    let DetailsWithLogs { details, logs } = shown;
    let row = &details.pipeline;
    let mut text = format!(
        "{} {}: {}, spawned {} UTC by {}, {}\n",
        row.name,
        row.id,
        row.status,
        time(row.spawned_at),
        row.spawned_by,
        output::duration(row.duration_ms)
    );
    if let Some(reason) = &row.stopped {
        text += &format!("stopped: {reason}\n");
    }
    for (key, value) in &row.arguments {
        text += &format!("argument {key}={value}\n");
    }
    text += &format!("\n{}\n", step_table(&details.steps));
    let came_to = results(installation, details);
    if !came_to.is_empty() {
        text += &format!("\n{came_to}");
    }
    // In the order of the steps.
    for step in &details.steps {
        if let Some(logs) = logs.as_ref().and_then(|logs| logs.get(&step.name)) {
            let attempts: String = logs.iter().map(logs::in_words).collect();
            text += &format!("\nlog of step `{}`\n{attempts}", step.name);
        }
    }
    text
}
