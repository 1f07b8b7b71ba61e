//! The history of imports: what came of each, the latest first, and the files that it left for people.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use engine::Context;
use import::report::RowCounts;
use pipeline::PipelineId;
use serde::Serialize;
use steps::import::archive;
use steps::import::history::{self, ImportRecord, ImportResult, ImportStatus};

use crate::error::Error;

/// An import as people see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportRow {
    /// The pipeline that imported, or imports.
    pub pipeline: PipelineId,
    /// The name of its definition.
    pub definition: String,
    /// The id of the bunch.
    pub bunch: String,
    /// What its files speak of.
    pub entities: BTreeSet<String>,
    /// The first hundred names of its files.
    pub files: Vec<String>,
    /// How many files it has.
    pub file_count: u64,
    /// What came of it.
    pub status: ImportStatus,
    /// When its pipeline was spawned.
    pub spawned_at: DateTime<Utc>,
    /// By whom and why.
    pub spawned_by: String,
    /// What it came to; not while it is in progress.
    #[serde(flatten)]
    pub result: Option<ImportOutcome>,
}

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportOutcome {
    /// When it was reported.
    pub ended_at: DateTime<Utc>,
    /// In a sentence.
    pub verdict: String,
    /// Rows by outcome.
    pub rows: RowCounts,
    /// How many values, rows, files and columns were left out.
    pub findings: u64,
    /// How long its steps worked.
    pub seconds: f64,
    /// Rows that came in a second, if it took a time that could be measured.
    pub rows_per_second: Option<u64>,
    /// The key of its report as a page.
    pub report: String,
    /// The keys of the files of rows to correct.
    pub errors: Vec<String>,
}

/// A page of the history.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportHistory {
    /// The imports, the latest first.
    pub imports: Vec<ImportRow>,
    /// Where to go on, if more may follow.
    pub next: Option<PipelineId>,
}

/// Lists imports, the latest first. One whose pipeline has ended without a report has failed.
///
/// # Errors
/// The store did not answer.
pub async fn imports(context: &Context, limit: usize, behind: Option<&PipelineId>) -> Result<ImportHistory, Error> {
    let page = history::latest(&context.store, limit, behind).await?;
    let imports = with_true_status(context, page.imports).await?;
    Ok(ImportHistory { imports: imports.into_iter().map(row).collect(), next: page.next })
}

/// The latest import whose pipeline has an id that begins so, or whose bunch has this id or identifier.
///
/// # Errors
/// There is none, or the store did not answer.
pub async fn import_named(context: &Context, reference: &str) -> Result<ImportRow, Error> {
    let Some(found) = history::find(&context.store, reference).await? else {
        return Err(Error::UnknownImport { reference: reference.chars().take(60).collect() });
    };
    let mut found = with_true_status(context, vec![found]).await?;
    Ok(row(found.remove(0)))
}

/// The key of a file of an import: its report, or rows to correct.
///
/// # Errors
/// The import has no such file, or has not ended; or the clean-up has packed or deleted it; or the store did not answer.
pub async fn import_file(context: &Context, row: &ImportRow, file: &ImportFile<'_>) -> Result<String, Error> {
    let Some(result) = &row.result else { return Err(Error::ImportInProgress { pipeline: row.pipeline.clone() }) };
    let key = match file {
        ImportFile::Report => result.report.clone(),
        ImportFile::Errors(None) => match result.errors.as_slice() {
            [] => return Err(Error::NoErrors { pipeline: row.pipeline.clone() }),
            [only] => only.clone(),
            several => return Err(several_files(row, several)),
        },
        ImportFile::Errors(Some(name)) => {
            let wanted = format!("{}errors/{name}", archive::prefix(&row.pipeline));
            match result.errors.iter().find(|key| **key == wanted) {
                Some(key) => key.clone(),
                None => return Err(several_files(row, &result.errors)),
            }
        }
    };
    match context.store.files.info(&key).await? {
        Some(_) => Ok(key),
        None => Err(Error::CleanedUp { key }),
    }
}

/// A file that an import leaves for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportFile<'a> {
    /// The report as a page.
    Report,
    /// The rows to correct of the file of this name, or of the only one that has some.
    Errors(Option<&'a str>),
}

fn several_files(row: &ImportRow, keys: &[String]) -> Error {
    let names = keys.iter().filter_map(|key| key.rsplit_once('/')).map(|(_, name)| name.to_owned());
    Error::WhichErrors { pipeline: row.pipeline.clone(), known: names.collect::<Vec<_>>().join(", ") }
}

/// Looks at the pipelines of imports that seem to be in progress: one may have ended without a step that reports.
async fn with_true_status(context: &Context, mut imports: Vec<ImportRecord>) -> Result<Vec<ImportRecord>, Error> {
    let in_progress = |record: &&ImportRecord| record.status == ImportStatus::InProgress;
    let ids: Vec<PipelineId> = imports.iter().filter(in_progress).map(|record| record.pipeline.clone()).collect();
    if ids.is_empty() {
        return Ok(imports);
    }
    let pipelines = context.store.pipelines_without_steps(&ids).await?;
    let open: BTreeSet<PipelineId> =
        pipelines.into_iter().filter(|pipeline| pipeline.status.is_open()).map(|pipeline| pipeline.id).collect();
    for record in &mut imports {
        if record.status == ImportStatus::InProgress && !open.contains(&record.pipeline) {
            record.status = ImportStatus::Failed;
        }
    }
    Ok(imports)
}

fn row(record: ImportRecord) -> ImportRow {
    ImportRow {
        definition: record.definition.to_string(),
        bunch: record.bunch,
        entities: record.entities,
        files: record.files,
        file_count: record.file_count,
        status: record.status,
        spawned_at: record.spawned_at,
        spawned_by: record.spawned_by,
        result: record.result.map(outcome),
        pipeline: record.pipeline,
    }
}

fn outcome(result: ImportResult) -> ImportOutcome {
    let archive = result.archive;
    ImportOutcome {
        ended_at: result.ended_at,
        verdict: result.verdict,
        rows: result.rows,
        findings: result.findings,
        seconds: std::time::Duration::from_millis(result.work_ms).as_secs_f64(),
        rows_per_second: result.rows.rows.saturating_mul(1_000).checked_div(result.work_ms),
        report: format!("{archive}report.html"),
        errors: result.errors.iter().map(|file| format!("{archive}{file}")).collect(),
    }
}
