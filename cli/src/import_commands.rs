//! `systole import …`: brings files into the drop area and waits for what becomes of them.

mod put;
mod wait;

use std::collections::BTreeMap;

use operate::view::{ArrivalRow, PipelineDetails};
use pipeline::PipelineStatus;
use serde_json::json;
use steps::import::DROP_PREFIX;

pub(crate) use put::{Dropped, put};
pub(crate) use wait::{Waited, wait};

use self::wait::End;
use crate::arguments::DropArguments;
use crate::installation::{Installation, Place};
use crate::outcome::ExitReason;
use crate::output::{self, Output};
use crate::pipeline_commands::{results, step_table};

/// `systole import drop`.
pub(crate) async fn run(
    installation: &Installation,
    options: &DropArguments,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let dropped = put(installation, &options.paths, !options.no_ok, output).await?;
    if options.no_wait {
        output.show(&json!({ "dropped": dropped }), |_| "the next heartbeat takes them".to_owned())?;
        return Ok(ExitReason::Ok);
    }
    let waited = wait(installation, &dropped, options.timeout, output).await?;
    show(installation, &dropped, &waited, output)
}

/// `systole import list`.
pub(crate) async fn list(installation: &Installation, output: &Output) -> anyhow::Result<ExitReason> {
    let rows = operate::arrivals(&installation.context).await?;
    output.show(&rows, |rows| in_words(rows))?;
    Ok(ExitReason::Ok)
}

fn in_words(rows: &[ArrivalRow]) -> String {
    let name = |row: &ArrivalRow| row.key.strip_prefix(DROP_PREFIX).unwrap_or(&row.key).to_owned();
    let waits = |row: &ArrivalRow| row.waits_for.clone().filter(|_| row.pipeline.is_none());
    let waiting: Vec<_> = rows.iter().filter_map(|row| Some((name(row), waits(row)?))).collect();
    let mut parts = by_reason("waiting", &waiting, usize::MAX);
    let others = rows.iter().filter(|row| waits(row).is_none()).map(|row| {
        let fate = row.pipeline.as_ref().map(|id| format!("taken by pipeline {id}"));
        let seen = row.seen_at.format("%Y-%m-%d %H:%M:%S").to_string();
        vec![name(row), row.size_bytes.to_string(), seen, fate.unwrap_or_else(|| "the next heartbeat looks".to_owned())]
    });
    if waiting.len() < rows.len() || rows.is_empty() {
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
    let is_success = |details: &PipelineDetails| details.pipeline.status == PipelineStatus::Success;
    Ok(match end {
        End::Complete if pipelines.iter().all(is_success) => ExitReason::Ok,
        End::Complete => ExitReason::PipelineFailed,
        End::Stuck | End::TimedOut => ExitReason::TimedOut,
        End::Interrupted => ExitReason::Interrupted,
    })
}

/// A pipeline, its steps with their times, its rows, and where archive and report lie.
fn summary(installation: &Installation, details: &PipelineDetails) -> String {
    let row = &details.pipeline;
    let time = output::duration(row.duration_ms);
    let mut text =
        format!("\n{} {}: {} after {time}\n\n{}\n", row.name, row.id, row.status, step_table(&details.steps));
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
    let lines = by_reason.into_iter().map(|(reason, names)| {
        let more = names.len().saturating_sub(most);
        let mut names: Vec<_> = names.iter().take(most).map(|name| format!("  {name}")).collect();
        if more > 0 {
            names.push(format!("  and {more} more"));
        }
        let reasons: Vec<_> = reason.split("; ").map(|reason| format!("    {reason}")).collect();
        format!("{heading}:\n{}\n{}", names.join("\n"), reasons.join("\n"))
    });
    lines.collect()
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
