//! `validate_products`: reads every row of the bunch before the first product is written.
//!
//! Argument `strict`: `true` stops the pipeline at the first row or value that cannot be used; `false` (default) leaves
//! them out and says so. What is so broken that rows cannot be told apart stops the pipeline either way.

use async_trait::async_trait;
use catalog::category::add_with_parents;
use engine::{Executor, ExecutorError, Outcome, Work};
use import::bunch::Bunch;
use import::product::{ProductRow, Stated};
use import::report::RowOutcome;
use import::validate::{Severity, Strictness};
use serde_json::json;

use super::bunch_files::{
    Checkpoint, Findings, NextRow, Output, Place, ProductFile, ROWS_PER_CHECKPOINT, bunch, checkpoint, count,
};

/// The executor.
pub struct ValidateProducts;

/// Most issues that the step's log repeats; the report has more.
const LOGGED_ISSUES: usize = 20;

#[async_trait]
impl Executor for ValidateProducts {
    fn name(&self) -> &'static str {
        "validate_products"
    }

    fn description(&self) -> &'static str {
        "checks every row of the product files and collects the categories they name"
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let strictness = strictness(work)?;
        let bunch = bunch(work)?;
        let (mut place, mut findings) = Checkpoint::read(work).await?;
        let mut rows = 0;
        while place.file < bunch.files.len() {
            if let Some(outcome) = validate_file(work, &bunch, &mut place, &mut rows, &mut findings).await? {
                return Ok(outcome);
            }
        }
        let key = findings.write(work, "validation.json").await?;
        work.set_output(json!(Output { findings: key }));
        conclude(work, &findings, strictness)
    }
}

/// How strictly the step's arguments want it.
pub(crate) fn strictness(work: &Work<'_>) -> Result<Strictness, ExecutorError> {
    match work.optional_argument("strict") {
        Some("true" | "1") => Ok(Strictness::Strict),
        None | Some("false" | "0") => Ok(Strictness::Skip),
        Some(other) => {
            Err(ExecutorError::permanent(format!("argument `strict` is `{other}` (expected `true` or `false`)")))
        }
    }
}

/// Reads one file to its end, or until time runs short. `rows` counts those since the last checkpoint.
async fn validate_file(
    work: &mut Work<'_>,
    bunch: &Bunch,
    place: &mut Place,
    rows: &mut u64,
    findings: &mut Findings,
) -> Result<Option<Outcome>, ExecutorError> {
    let files = work.store.files.clone();
    let directory = work.working_directory()?;
    let mut file =
        ProductFile::open(files.as_ref(), &directory, bunch, &bunch.files[place.file], place.position).await?;
    let name = file.name().to_owned();
    loop {
        match file.next().await? {
            NextRow::Row(row) => {
                place.position = Some(row.next);
                check_row(&name, *row, findings);
            }
            NextRow::Bad { issue, next } => {
                place.position = Some(next);
                findings.skip(&name, issue);
            }
            NextRow::Broken(issue) => {
                findings.report.file(&name).note(issue);
                break;
            }
            NextRow::End => break,
        }
        *rows += 1;
        if *rows == ROWS_PER_CHECKPOINT {
            *rows = 0;
            let outcome = checkpoint(work, *place, findings, "checked").await?;
            if outcome.is_some() {
                return Ok(outcome);
            }
        }
    }
    findings.report.file(&name).unknown_columns.extend(file.unknown_columns());
    *place = Place { file: place.file + 1, position: None };
    Ok(None)
}

fn check_row(file: &str, row: ProductRow, findings: &mut Findings) {
    let report = findings.report.file(file);
    report.count(if row.change.is_some() { RowOutcome::Unchanged } else { RowOutcome::Skipped });
    for issue in row.issues {
        report.note(issue);
    }
    if let Some(Stated::Set(categories)) = row.change.and_then(|change| change.categories) {
        categories.iter().for_each(|link| add_with_parents(&mut findings.categories, &link.path));
    }
}

fn conclude(work: &mut Work<'_>, findings: &Findings, strictness: Strictness) -> Result<Outcome, ExecutorError> {
    let issues: Vec<_> = findings.report.files.values().flat_map(|file| &file.issues).collect();
    for issue in issues.iter().take(LOGGED_ISSUES) {
        work.warn(&issue.to_string());
    }
    let (found, _) = findings.issues();
    let stopping: Vec<_> = issues.iter().filter(|issue| strictness.stops_at(issue.severity)).collect();
    if let Some(first) = stopping.first() {
        let more = match stopping.len() {
            1 => String::new(),
            several => format!(" (and {} more, see the log)", several - 1),
        };
        return Err(ExecutorError::permanent(format!("{first}{more}")));
    }
    let rows = findings.report.totals().rows;
    work.info(&format!("{} checked, {} categories named", count(rows, "row"), findings.categories.len()));
    let unusable = issues.iter().filter(|issue| issue.severity > Severity::Notice).count();
    if unusable > 0 {
        let message = match found {
            1 => format!("{}", issues[0]),
            _ => format!("{found} findings in {}; the first one: {}", count(rows, "row"), issues[0]),
        };
        return Err(ExecutorError::InvalidData { message });
    }
    Ok(Outcome::Done)
}
