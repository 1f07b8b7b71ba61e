//! `systole import …`: brings files into the drop area and waits for what becomes of them.

mod put;
mod wait;

use admin::view::{self, PipelineDetails};
use engine::bunches;
use pipeline::{PipelineStatus, StepStatus};
use serde_json::{Value, json};

pub(crate) use put::{Dropped, put};
pub(crate) use wait::{Waited, wait};

use self::wait::End;
use crate::arguments::DropArguments;
use crate::outcome::ExitReason;
use crate::output::{self, Output};
use crate::pipeline_commands::step_table;
use crate::target::{Place, Target};

/// `systole import drop`.
pub(crate) async fn run(target: &Target, options: &DropArguments, output: &Output) -> anyhow::Result<ExitReason> {
    let dropped = put(target, &options.paths, !options.no_ok, output).await?;
    if options.no_wait {
        output.show(&json!({ "dropped": dropped }), |_| "the next heartbeat takes them".to_owned())?;
        return Ok(ExitReason::Ok);
    }
    let waited = wait(target, &dropped, options.timeout, output).await?;
    show(target, &dropped, &waited, output)
}

/// `systole import list`.
pub(crate) async fn list(target: &Target, output: &Output) -> anyhow::Result<ExitReason> {
    let rows: Vec<_> = bunches::arrivals(&target.context).await?.iter().map(view::arrival).collect();
    output.show(&rows, |rows| {
        output::table(
            &["file", "bytes", "seen (UTC)", "what becomes of it"],
            rows.iter().map(|row| {
                let pipeline = row.pipeline.as_ref().map(|id| format!("taken by pipeline {id}"));
                let fate = pipeline.or_else(|| row.waits_for.clone());
                let seen = row.seen_at.format("%Y-%m-%d %H:%M:%S").to_string();
                let fate = fate.unwrap_or_else(|| "the next heartbeat looks".to_owned());
                vec![row.key.clone(), row.size_bytes.to_string(), seen, fate]
            }),
        )
    })?;
    Ok(ExitReason::Ok)
}

/// Prints what became of a drop.
pub(crate) fn show(target: &Target, dropped: &Dropped, waited: &Waited, output: &Output) -> anyhow::Result<ExitReason> {
    let Waited { pipelines, waiting, end } = waited;
    output.show(&json!({ "dropped": dropped, "pipelines": pipelines, "waiting": waiting }), |_| {
        let mut parts: Vec<String> = pipelines.iter().map(|details| summary(target, details)).collect();
        parts.extend(still_waiting(waited));
        parts.extend(next(target, waited));
        parts.join("\n")
    })?;
    let is_success = |details: &PipelineDetails| details.pipeline.status == PipelineStatus::Success;
    Ok(match end {
        End::Complete if pipelines.iter().all(is_success) => ExitReason::Ok,
        End::Complete => ExitReason::PipelineFailed,
        End::Stuck | End::TimedOut => ExitReason::TimedOut,
        End::Interrupted => ExitReason::Interrupted,
    })
}

/// A pipeline, its steps with their times, its rows, and where archive and report lie.
fn summary(target: &Target, details: &PipelineDetails) -> String {
    let row = &details.pipeline;
    let time = output::duration(row.duration_ms);
    let mut text =
        format!("\n{} {}: {} after {time}\n\n{}\n", row.name, row.id, row.status, step_table(&details.steps));
    let results = results(target, details);
    if !results.is_empty() {
        text += &format!("\n{results}");
    }
    text
}

/// The rows of an import, and where its archive and report lie.
pub(crate) fn results(target: &Target, details: &PipelineDetails) -> String {
    let mut text = String::new();
    let output = |key: &str| details.steps.iter().find_map(|step| step.output.as_ref()?.get(key).cloned());
    if let Some(totals) = output("totals") {
        let count = |key: &str| totals.get(key).and_then(Value::as_u64).unwrap_or(0);
        let [rows, created, updated] = ["rows", "created", "updated"].map(count);
        let [unchanged, skipped] = ["unchanged", "skipped"].map(count);
        text += &match output("is_imported") {
            Some(Value::Bool(false)) => format!("rows     {rows} checked, none imported\n"),
            _ if rows > 0 && rows == unchanged + skipped => {
                format!("rows     {rows}: every row unchanged, {skipped} skipped\n")
            }
            _ => format!(
                "rows     {rows}: {created} created, {updated} updated, {unchanged} unchanged, {skipped} skipped\n"
            ),
        };
    }
    if !matches!(details.pipeline.status, PipelineStatus::Success) && is_moved(details) {
        let files = format!("work/{}/files/", details.pipeline.id);
        text += &format!("files    {}\n", target.locate(&files));
    }
    for (label, key) in [("archive", "prefix"), ("report", "report")] {
        if let Some(Value::String(place)) = output(key) {
            text += &format!("{label:8} {}\n", target.locate(&place));
        }
    }
    text
}

/// Whether the files of the bunch are in the working directory and not yet in the archive.
fn is_moved(details: &PipelineDetails) -> bool {
    let has = |executor: &str| {
        let mut steps = details.steps.iter();
        steps.any(|step| step.executor == executor && step.status == StepStatus::Success)
    };
    has("move_files") && !has("archive")
}

/// Most files that are named for one reason.
const NAMED: usize = 10;

/// The files that no pipeline took, by what they wait for.
fn still_waiting(waited: &Waited) -> Vec<String> {
    let mut by_reason: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
    for (name, reason) in &waited.waiting {
        by_reason.entry(reason).or_default().push(name);
    }
    let lines = by_reason.into_iter().map(|(reason, names)| {
        let more = names.len().saturating_sub(NAMED);
        let mut names: Vec<_> = names.iter().take(NAMED).map(|name| format!("  {name}")).collect();
        if more > 0 {
            names.push(format!("  and {more} more"));
        }
        let reasons: Vec<_> = reason.split("; ").map(|reason| format!("    {reason}")).collect();
        format!("not imported:\n{}\n{}", names.join("\n"), reasons.join("\n"))
    });
    lines.collect()
}

/// What a person can do about a wait that did not end well.
fn next(target: &Target, waited: &Waited) -> Option<String> {
    let carry_on = match &target.place {
        Place::Embedded(_) => "`systole dev` carries on, and so does the next drop",
        Place::Aws => "the functions carry on",
    };
    match waited.end {
        End::Complete => None,
        End::Stuck => {
            Some("the files stay in the drop area; `systole import list` shows what they wait for".to_owned())
        }
        End::TimedOut => Some(format!("the time to wait is over; {carry_on}")),
        End::Interrupted => Some(format!("interrupted; {carry_on}")),
    }
}
