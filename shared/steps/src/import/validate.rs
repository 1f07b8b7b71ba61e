//! `validate_<entity>`: reads every row of the bunch before the first thing is written.
//!
//! What is so broken that rows cannot be told apart stops the pipeline, whatever the argument `strict` says.

use std::marker::PhantomData;

use async_trait::async_trait;
use engine::accepts::{Accepts, Argument, Flag, Presence};
use engine::{Executor, ExecutorError, Outcome, Work};
use import::Entity;
use import::bunch::Bunch;
use import::entity::EntityRow;
use import::finding::{Severity, Strictness};
use import::report::RowOutcome;

use super::bunch_files::{BUNCH, bunch};
use super::entity_file::{EntityFile, NextRow};
use super::progress::{ROWS_PER_CHECKPOINT, RowProgress, Tally, count};

/// Most findings that the step's log repeats; the report has more.
const LOGGED_FINDINGS: usize = 20;

const STRICT: Argument<Flag> = Argument {
    name: "strict",
    kind: Flag,
    presence: Presence::Default("false"),
    meaning: "`true` stops the pipeline at rows and values that cannot be used; `false` leaves them out and says so",
};

/// The executor that validates the files of an entity.
pub struct Validate<E>(PhantomData<E>);

impl<E> Default for Validate<E> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

#[async_trait]
impl<E: Entity> Executor for Validate<E> {
    fn name(&self) -> &'static str {
        E::ABOUT.validate.name
    }

    fn description(&self) -> &'static str {
        E::ABOUT.validate.description
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&STRICT, &BUNCH])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let strictness = strictness(work)?;
        let bunch = bunch(work)?;
        let mut progress = RowProgress::read(work).await?;
        let mut rows = 0;
        while progress.place.file < bunch.files.len() {
            let outcome = validate_file::<E>(work, &bunch, &mut progress, &mut rows).await?;
            if let Some(outcome) = outcome {
                return Ok(outcome);
            }
        }
        progress.leave(work, "validation.json").await?;
        conclude(work, &progress.tally, strictness)
    }
}

/// How strictly the step's arguments want it.
fn strictness(work: &Work<'_>) -> Result<Strictness, ExecutorError> {
    Ok(if work.argument(&STRICT)? { Strictness::Strict } else { Strictness::Skip })
}

/// Validates one file to its end, or until time runs short. `rows` are those since the latest checkpoint.
async fn validate_file<E: Entity>(
    work: &mut Work<'_>,
    bunch: &Bunch,
    progress: &mut RowProgress,
    rows: &mut u64,
) -> Result<Option<Outcome>, ExecutorError> {
    let mut file = EntityFile::<E>::open(work, bunch, progress.place).await?;
    let name = file.name().to_owned();
    loop {
        match file.next().await? {
            NextRow::Row(row) => {
                progress.place.position = Some(row.next);
                check_row::<E>(&name, *row, &mut progress.tally);
            }
            NextRow::Bad { finding, next } => {
                progress.place.position = Some(next);
                progress.tally.skip(&name, finding);
            }
            NextRow::Broken(finding) => {
                progress.tally.report.file(&name).note(finding);
                break;
            }
            NextRow::End => break,
        }
        *rows += 1;
        if *rows == ROWS_PER_CHECKPOINT {
            *rows = 0;
            let outcome = progress.checkpoint(work, "checked").await?;
            if outcome.is_some() {
                return Ok(outcome);
            }
        }
    }
    progress.tally.report.file(&name).unknown_columns.extend(file.unknown_columns());
    progress.next_file();
    Ok(None)
}

fn check_row<E: Entity>(file: &str, row: EntityRow<E::EntityChange>, tally: &mut Tally) {
    let report = tally.report.file(file);
    report.count(if row.change.is_some() { RowOutcome::Unchanged } else { RowOutcome::Skipped });
    for finding in row.findings {
        report.note(finding);
    }
    if let Some(change) = &row.change {
        E::name_others(change, &mut tally.named);
    }
}

fn conclude(work: &mut Work<'_>, tally: &Tally, strictness: Strictness) -> Result<Outcome, ExecutorError> {
    let findings: Vec<_> = tally.report.files.values().flat_map(|file| &file.findings).collect();
    for finding in findings.iter().take(LOGGED_FINDINGS) {
        work.warn(&finding.to_string());
    }
    let stopping: Vec<_> = findings.iter().filter(|finding| strictness.stops_at(finding.severity)).collect();
    if let Some(first) = stopping.first() {
        let more = match stopping.len() {
            1 => String::new(),
            several => format!(" (and {} more, see the log)", several - 1),
        };
        return Err(ExecutorError::permanent(format!("{first}{more}")));
    }
    let rows = tally.report.totals().rows;
    work.info(&format!("{} checked, {} categories named", count(rows, "row"), tally.named.categories.len()));
    let unusable = findings.iter().filter(|finding| finding.severity > Severity::Notice).count();
    if unusable > 0 {
        let message = match tally.report.finding_count() {
            1 => format!("{}", findings[0]),
            found => format!("{found} findings in {}; the first one: {}", count(rows, "row"), findings[0]),
        };
        return Err(ExecutorError::InvalidData { message });
    }
    Ok(Outcome::Done)
}
