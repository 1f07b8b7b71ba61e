//! `systole import validate`: files are checked by the pipeline `check_files`, and all that is found is printed.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use import::file_name::FileName;
use import::finding::Finding;
use operate::Operator;
use pipeline::{PipelineId, PipelineStatus};
use serde_json::Value;
use steps::import::archive;

use super::to_check::{files_of, put_to_check};
use super::wait::{Awaited, End, wait};
use crate::arguments::CheckArguments;
use crate::installation::{BEAT_BUDGET, Installation};
use crate::outcome::ExitReason;
use crate::output::{Output, count};

/// The definition that checks files.
const DEFINITION: &str = "check_files";

pub(super) async fn run(
    installation: &Installation,
    options: &CheckArguments,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let files = files_of(&options.paths)?;
    let id = spawn(installation, &files).await?;
    let waited = wait(installation, Awaited::Pipeline(&id), options.timeout, output).await?;
    match waited.end {
        End::Complete => {}
        End::Stuck | End::TimedOut => {
            bail!("the check has not ended in time; `systole pipeline details {id}` shows it")
        }
        End::Interrupted => return Ok(ExitReason::Interrupted),
    }
    let Some(report) = read(installation, &id, "report.json").await? else {
        bail!("the check has left no report; `systole pipeline details {id}` shows what failed");
    };
    let report: Value = serde_json::from_slice(&report).context("the report cannot be read")?;
    show(installation, &id, &report, output).await?;
    let has_failed = waited.pipelines.iter().any(|details| details.pipeline.status != PipelineStatus::Success);
    Ok(match report["to_look_at"].as_u64() {
        _ if has_failed => ExitReason::PipelineFailed,
        Some(0) if report["totals"]["rows"].as_u64() > Some(0) => ExitReason::Ok,
        _ => ExitReason::WithFindings,
    })
}

/// Spawns the pipeline with the files.
async fn spawn(installation: &Installation, files: &[(FileName, PathBuf)]) -> anyhow::Result<PipelineId> {
    let arguments = put_to_check(installation, files).await?;
    let invocation = installation.host().invocation("cli", BEAT_BUDGET);
    let operator = Operator { name: &installation.by, invocation: &invocation };
    Ok(operate::init(&installation.context, DEFINITION, arguments, operator).await?)
}

/// Prints every finding, a line each, and what they come to; as JSON the whole report.
async fn show(installation: &Installation, id: &PipelineId, report: &Value, output: &Output) -> anyhow::Result<()> {
    if output.is_json() {
        return output.show(report, |_| String::new());
    }
    let findings = read(installation, id, "findings.jsonl").await?.unwrap_or_default();
    for line in findings.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let finding: Finding = serde_json::from_slice(line).context("the findings cannot be read")?;
        output.say(&format!("{finding}{}", finding.severity.consequence()))?;
    }
    for (name, file) in report["files"].as_object().into_iter().flatten() {
        for column in file["unknown_columns"].as_array().into_iter().flatten() {
            output.say(&format!("{name}: column `{}` is unknown", column.as_str().unwrap_or_default()))?;
        }
    }
    let rows = usize::try_from(report["totals"]["rows"].as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
    let verdict = report["verdict"].as_str().unwrap_or_default();
    let key = format!("{}report.html", archive::prefix(id));
    output.say(&format!("\n{} checked: {verdict}\nreport   {}", count(rows, "row"), installation.locate(&key)))
}

/// A file of the archive.
async fn read(installation: &Installation, id: &PipelineId, name: &str) -> anyhow::Result<Option<bytes::Bytes>> {
    let key = format!("{}{name}", archive::prefix(id));
    Ok(installation.context.store.files.get(&key, None).await?)
}
