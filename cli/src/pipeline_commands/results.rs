//! What an import came to.

use operate::view::PipelineDetails;
use pipeline::{PipelineStatus, StepStatus};
use serde_json::Value;

use crate::installation::Installation;

/// The rows of an import, and where its archive and report lie.
pub(crate) fn results(installation: &Installation, details: &PipelineDetails) -> String {
    let mut text = String::new();
    let output = |key: &str| details.steps.iter().find_map(|step| step.output.as_ref()?.get(key).cloned());
    if let Some(totals) = output("totals") {
        let count = |key: &str| totals.get(key).and_then(Value::as_u64).unwrap_or(0);
        let [rows, created, updated] = ["rows", "created", "updated"].map(count);
        let [unchanged, skipped] = ["unchanged", "skipped"].map(count);
        let deleted = match count("deleted") {
            0 => String::new(),
            deleted => format!(", {deleted} deleted"),
        };
        text += &match output("is_imported") {
            _ if output("unpublished").is_some() => format!(
                "rows     {rows}: would create {created}, update {updated}, leave {unchanged} unchanged, delete {}; {skipped} \
                 skipped; nothing is written\n",
                count("deleted")
            ),
            Some(Value::Bool(false)) => format!("rows     {rows} checked, none imported\n"),
            _ if rows > 0 && rows == skipped => format!("rows     {rows}: every row skipped, the report says why\n"),
            _ if rows > 0 && rows == unchanged + skipped => {
                format!("rows     {rows}: every row unchanged, {skipped} skipped\n")
            }
            _ => format!(
                "rows     {rows}: {created} created, {updated} updated, {unchanged} unchanged{deleted}, {skipped} skipped\n"
            ),
        };
    }
    if !matches!(details.pipeline.status, PipelineStatus::Success) && is_moved(details) {
        let files = format!("work/{}/files/", details.pipeline.id);
        text += &format!("files    {}\n", installation.locate(&files));
    }
    for (label, key) in [("archive", "prefix"), ("report", "report")] {
        if let Some(Value::String(place)) = output(key) {
            text += &format!("{label:8} {}\n", installation.locate(&place));
        }
    }
    if output("errors").and_then(|errors| errors.as_u64()) > Some(0) {
        text += &format!("{:8} `systole import errors {}` prints the rows to correct\n", "errors", details.pipeline.id);
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
