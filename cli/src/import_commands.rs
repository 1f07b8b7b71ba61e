//! `systole import …`: brings files into the drop area and waits for what becomes of them.

mod configuration;
mod dry_run;
mod errors;
mod export;
mod history;
mod ok_file;
mod progress;
mod put;
mod to_check;
mod validate;
mod wait;

use std::collections::BTreeMap;

use operate::view::{ArrivalRow, PipelineDetails, PipelineRow, WITH_FINDINGS};
use pipeline::PipelineStatus;
use serde_json::json;
use steps::import::DROP_PREFIX;

pub(crate) use configuration::{configuration, problem as problem_of_configuration, read as read_configuration};
pub(crate) use put::{Dropped, put};
pub(crate) use to_check::{files_of, put_to_check};
pub(crate) use wait::{Awaited, End, Waited, wait};

use crate::arguments::{DropArguments, ImportCommand, RunArguments};
use crate::installation::{Installation, Place};
use crate::outcome::ExitReason;
use crate::output::{self, Output};
use crate::pipeline_commands::{results, step_table};

/// `systole import …`.
pub(crate) async fn run(
    installation: &Installation,
    command: ImportCommand,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    match command {
        ImportCommand::Run(options) if options.dry_run => dry_run::run(installation, &options, output).await,
        ImportCommand::Run(RunArguments { paths, timeout, services, .. }) => {
            let options = DropArguments { paths, no_ok: false, no_wait: false, timeout, services };
            drop_files(installation, &options, output).await
        }
        ImportCommand::Validate(options) => validate::run(installation, &options, output).await,
        ImportCommand::Drop(options) => drop_files(installation, &options, output).await,
        ImportCommand::OkFile(options) => ok_file::run(installation, &options, output).await,
        ImportCommand::List => list(installation, output).await,
        ImportCommand::History(options) => history::list(installation, &options, output).await,
        ImportCommand::Show { reference } => history::show(installation, &reference, output).await,
        ImportCommand::Configuration(options) => {
            configuration::configuration(Some(installation), options, output).await
        }
        ImportCommand::Errors(options) => errors::run(installation, &options).await,
        ImportCommand::Export(options) => export::export(installation, &options).await,
    }
}

/// `systole import drop` and `systole import run`.
async fn drop_files(
    installation: &Installation,
    options: &DropArguments,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let dropped = put(installation, &options.paths, !options.no_ok, output).await?;
    if options.no_wait {
        output.show(&json!({ "dropped": dropped }), |_| "the next heartbeat takes them".to_owned())?;
        return Ok(ExitReason::Ok);
    }
    let waited = wait(installation, Awaited::Files(&dropped), options.timeout, output).await?;
    show(installation, &dropped, &waited, output)
}

/// `systole import list`.
async fn list(installation: &Installation, output: &Output) -> anyhow::Result<ExitReason> {
    let rows = operate::arrivals(&installation.context).await?;
    output.show(&rows, |rows| in_words(rows))?;
    Ok(ExitReason::Ok)
}

fn in_words(rows: &[ArrivalRow]) -> String {
    let (mut waiting, mut others) = (Vec::new(), Vec::new());
    for row in rows {
        let name = row.key.strip_prefix(DROP_PREFIX).unwrap_or(&row.key).to_owned();
        let fate = match (&row.pipeline, &row.waits_for) {
            // What a file waited for before it was taken is of no interest any more.
            (Some(id), _) => format!("taken by pipeline {id}"),
            (None, Some(reason)) => {
                waiting.push((name, reason.clone()));
                continue;
            }
            (None, None) => "the next heartbeat looks".to_owned(),
        };
        let seen = row.seen_at.format("%Y-%m-%d %H:%M:%S").to_string();
        others.push(vec![name, row.size_bytes.to_string(), seen, fate]);
    }
    let mut parts = by_reason("waiting", &waiting, usize::MAX);
    if !others.is_empty() || rows.is_empty() {
        parts.push(output::table(&["file", "bytes", "seen (UTC)", "what becomes of it"], others));
    }
    parts.join("\n\n")
}

/// Prints what became of a drop.
pub(crate) fn show(
    installation: &Installation,
    dropped: &Dropped,
    waited: &Waited,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let Waited { pipelines, waiting, end } = waited;
    output.show(&json!({ "dropped": dropped, "pipelines": pipelines, "waiting": waiting }), |_| {
        let mut parts: Vec<String> = pipelines.iter().map(|details| summary(installation, details)).collect();
        let waiting: Vec<_> = waiting.iter().map(|(name, reason)| (name.clone(), reason.clone())).collect();
        parts.extend(by_reason("not imported", &waiting, NAMED));
        parts.extend(next(installation, waited));
        parts.join("\n")
    })?;
    Ok(match end {
        End::Complete => outcome(pipelines.iter().map(|details| &details.pipeline)),
        End::Stuck | End::TimedOut => ExitReason::TimedOut,
        End::Interrupted => ExitReason::Interrupted,
    })
}

/// How a command ends that waited for pipelines.
fn outcome<'a>(pipelines: impl Iterator<Item = &'a PipelineRow>) -> ExitReason {
    let mut reason = ExitReason::Ok;
    for pipeline in pipelines {
        if pipeline.status != PipelineStatus::Success {
            return ExitReason::PipelineFailed;
        } else if pipeline.outcome == Some(WITH_FINDINGS) {
            reason = ExitReason::WithFindings;
        }
    }
    reason
}

/// A pipeline, its steps with their times, its rows, and where archive and report lie.
fn summary(installation: &Installation, details: &PipelineDetails) -> String {
    let row = &details.pipeline;
    let time = output::duration(row.duration_ms);
    let mut text =
        format!("\n{} {}: {} after {time}\n\n{}\n", row.name, row.id, row.standing(), step_table(&details.steps));
    let results = results(installation, details);
    if !results.is_empty() {
        text += &format!("\n{results}");
    }
    text
}

/// Most files that are named for one reason after a drop.
const NAMED: usize = 10;

/// Files with what they wait for, each reason once, `most` names for one.
fn by_reason(heading: &str, waiting: &[(String, String)], most: usize) -> Vec<String> {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, reason) in waiting {
        by_reason.entry(reason).or_default().push(name);
    }
    let mut parts = Vec::new();
    for (reason, names) in by_reason {
        let mut lines = vec![format!("{heading}:")];
        for name in names.iter().take(most) {
            lines.push(format!("  {name}"));
        }
        if names.len() > most {
            lines.push(format!("  and {} more", names.len() - most));
        }
        for reason in reason.split("; ") {
            lines.push(format!("    {reason}"));
        }
        parts.push(lines.join("\n"));
    }
    parts
}

/// What a person can do about a wait that did not end well.
fn next(installation: &Installation, waited: &Waited) -> Option<String> {
    let carry_on = match &installation.place {
        Place::Embedded(_) => "`systole dev` carries on, and so does the next drop",
        Place::Aws { .. } => "the functions carry on",
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
