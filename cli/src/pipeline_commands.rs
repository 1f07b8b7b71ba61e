//! `systole pipeline …`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use admin::view::{self, DefinitionRow, PipelineDetails, PipelineRow, StepRow};
use anyhow::{Context as _, bail};
use engine::{definitions, executors, operate};
use pipeline::PipelineId;
use pipeline::merge;
use serde_json::json;

use crate::arguments::PipelineCommand;
use crate::drop;
use crate::outcome::ExitReason;
use crate::output::{self, Output};
use crate::target::{BEAT_BUDGET, Target, now};

pub(crate) async fn run(target: &Target, command: PipelineCommand, output: &Output) -> anyhow::Result<ExitReason> {
    let context = &target.context;
    match command {
        PipelineCommand::List { definitions: true, .. } => list_definitions(target, output).await,
        PipelineCommand::List { name, status, limit, definitions: false } => {
            let filter =
                operate::Filter { name, statuses: status.into_iter().collect(), limit, ..operate::Filter::default() };
            let page = operate::list(context, &filter, now()).await?;
            let readable = page.rows.iter().filter_map(operate::Row::readable);
            let rows: Vec<PipelineRow> = readable.map(|pipeline| view::pipeline(pipeline, now())).collect();
            output.show(&rows, |rows| pipeline_table(rows))?;
            Ok(ExitReason::Ok)
        }
        PipelineCommand::Init { name, arguments } => {
            let arguments = arguments.into_iter().collect();
            let id =
                operate::init(context, &name, arguments, "CLI", &target.host().invocation("cli", BEAT_BUDGET)).await?;
            output.show(&json!({ "id": id }), |_| format!("spawned {name} {id}"))?;
            Ok(ExitReason::Ok)
        }
        PipelineCommand::Details { id, log } => {
            let details = details(target, &id).await?;
            output.show(&details, |details| in_words(target, details, log))?;
            Ok(ExitReason::Ok)
        }
        PipelineCommand::Cancel { id, reason } => {
            operate::cancel(context, &id, "CLI", &reason, &target.host().invocation("cli", BEAT_BUDGET)).await?;
            output.show(&json!({ "id": id, "cancelled": true }), |_| format!("{id} is being cancelled"))?;
            Ok(ExitReason::Ok)
        }
        PipelineCommand::Validate { files } => validate(&files, output),
    }
}

/// Checks files together with those that ship, as the heartbeat would load them from the bucket.
pub(crate) fn validate(files: &[PathBuf], output: &Output) -> anyhow::Result<ExitReason> {
    let mut sources = Vec::new();
    for path in files {
        let bytes = std::fs::read(path).with_context(|| format!("failed to read `{}`", path.display()))?;
        sources.push((path.display().to_string(), bytes));
    }
    let given: BTreeSet<_> = files.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    let shipped = definitions::SHIPPED.iter().filter(|(name, _)| !given.contains(name));
    sources.extend(shipped.map(|(name, xml)| ((*name).to_owned(), xml.as_bytes().to_vec())));
    let vocabulary = merge::Vocabulary::default();
    let mut merged = merge::load(sources.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())), &vocabulary);
    let executors = executors::all();
    merged.refuse_unknown_executors(&executors.names().into_iter().collect());
    let problems: Vec<String> = merged.errors.iter().map(ToString::to_string).collect();
    let rows: Vec<DefinitionRow> = merged.definitions.iter().map(view::definition).collect();
    output.show(&json!({ "definitions": rows, "problems": problems }), |_| {
        if problems.is_empty() {
            format!("no problems found\n\n{}", definition_table(&rows))
        } else {
            problems.join("\n")
        }
    })?;
    Ok(if problems.is_empty() { ExitReason::Ok } else { ExitReason::Failed })
}

/// A pipeline with its steps.
pub(crate) async fn details(target: &Target, id: &PipelineId) -> anyhow::Result<PipelineDetails> {
    let Some(pipeline) = target.context.store.pipeline_with_steps(id).await? else {
        bail!("there is no pipeline {id}");
    };
    let world = engine::world::around(&target.context, &pipeline, now()).await?;
    Ok(view::details(&pipeline, &world, now()))
}

/// The steps of a pipeline as a table.
pub(crate) fn step_table(steps: &[StepRow]) -> String {
    let row = |step: &StepRow| {
        let progress = step.progress.clone().filter(|_| step.status.is_active());
        let note = step.message.clone().or_else(|| step.waits_for.first().cloned()).or(progress);
        vec![
            step.name.clone(),
            step.status.to_string(),
            step.attempt.to_string(),
            step.duration_ms.map(output::duration).unwrap_or_default(),
            note.unwrap_or_default(),
        ]
    };
    output::table(&["step", "status", "attempt", "time", "note"], steps.iter().map(row))
}

async fn list_definitions(target: &Target, output: &Output) -> anyhow::Result<ExitReason> {
    let loaded = target.context.definitions.load(target.context.store.files.as_ref()).await?;
    let rows: Vec<DefinitionRow> = loaded.definitions.iter().map(|definition| view::definition(definition)).collect();
    output.show(&json!({ "definitions": rows, "problems": loaded.problems }), |_| {
        let problems = loaded.problems.iter().map(|problem| format!("\nbroken: {problem}"));
        format!("{}\n{}", definition_table(&rows), problems.collect::<String>())
    })?;
    Ok(ExitReason::Ok)
}

fn definition_table(rows: &[DefinitionRow]) -> String {
    let row = |row: &DefinitionRow| {
        vec![row.name.clone(), row.steps.len().to_string(), row.description.clone().unwrap_or_default()]
    };
    output::table(&["pipeline", "steps", "description"], rows.iter().map(row))
}

fn pipeline_table(rows: &[PipelineRow]) -> String {
    let row = |row: &PipelineRow| {
        vec![
            row.id.clone(),
            row.name.clone(),
            row.status.to_string(),
            row.spawned_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            output::duration(row.duration_ms),
            row.stopped.clone().unwrap_or_else(|| row.spawned_by.clone()),
        ]
    };
    output::table(&["id", "pipeline", "status", "spawned (UTC)", "time", "note"], rows.iter().map(row))
}

fn in_words(target: &Target, details: &PipelineDetails, with_logs: bool) -> String {
    let row = &details.pipeline;
    let mut text = format!(
        "{} {}: {}, spawned {} UTC by {}, {}\n",
        row.name,
        row.id,
        row.status,
        row.spawned_at.format("%Y-%m-%d %H:%M:%S"),
        row.spawned_by,
        output::duration(row.duration_ms)
    );
    if let Some(reason) = &row.stopped {
        text += &format!("stopped: {reason}\n");
    }
    text += &format!("\n{}\n", step_table(&details.steps));
    let results = drop::results(target, details);
    if !results.is_empty() {
        text += &format!("\n{results}");
    }
    for step in details.steps.iter().filter(|step| with_logs && !step.log.is_empty()) {
        text += &format!("\n--- {} attempt {} ---\n{}", step.name, step.attempt, step.log);
    }
    text
}
