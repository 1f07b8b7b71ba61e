//! The rows of a block, checked one by one with what the target has of what they name.

use std::collections::BTreeSet;

use engine::{ExecutorError, Work};
use import::Entity;
use import::across::{Judging, RowPlace};
use import::entity::EntityRow;
use import::finding::Finding;
use import::operation::Operation;
use import::report::RowOutcome;

use super::Check;
use crate::import::across::{self, RowBlock};
use crate::import::entity_file::EntityFile;
use crate::import::import_rows::{is_missing, will_be_made};
use crate::import::progress::Orphan;

/// Checks the rows that were read since the last time.
pub(super) async fn check_block<E: Entity>(
    work: &Work<'_>,
    file: &mut EntityFile<E>,
    block: &mut RowBlock<E>,
    check: &mut Check,
) -> Result<(), ExecutorError> {
    let existing = across::existing_of_block(work, block, &check.across).await?;
    for row in block.take() {
        check_row::<E>(file, row, &existing, check);
    }
    across::make_room::<E>(work, &mut check.across).await
}

/// Takes note once more of rows that an earlier try has checked.
pub(super) async fn recall_block<E: Entity>(
    work: &Work<'_>,
    file: &mut EntityFile<E>,
    block: &mut RowBlock<E>,
    check: &mut Check,
) -> Result<(), ExecutorError> {
    let existing = across::existing_of_block(work, block, &check.across).await?;
    let name = file.name().to_owned();
    let operation = check.rules.operation;
    for row in block.take() {
        let Some(change) = &row.change else { continue };
        let place = RowPlace { file: &name, line: row.line };
        let judging = Judging { operation, shop: &check.rules.shop, existing: &existing };
        // What is wrong was told when the row was checked.
        let _ = check.across.judge::<E>(place, change, judging);
    }
    across::make_room::<E>(work, &mut check.across).await
}

fn check_row<E: Entity>(
    file: &mut EntityFile<E>,
    row: EntityRow<E::EntityChange>,
    existing: &BTreeSet<String>,
    check: &mut Check,
) {
    let name = file.name().to_owned();
    let tally = &mut check.progress.tally;
    let report = tally.report.file(&name);
    for finding in row.findings {
        report.note(finding);
    }
    let Some(change) = &row.change else { return report.count(RowOutcome::Skipped) };
    // What is missing may come with a later row. Only the topmost is told: the others would be below it.
    if let Some(above) = file.missing_above(change).first() {
        let finding = match check.makes_parents {
            true => will_be_made::<E>(&name, row.line, &above.name),
            false => is_missing::<E>(&name, row.line, &above.name),
        };
        tally.orphans.push(Orphan { entity: E::ABOUT.name.to_owned(), above: E::key(&above.change), finding });
    }
    if let Err(refusal) = file.learn(change, row.if_known.as_ref()) {
        report.note(file.placed(Finding::refused(&name, row.line, refusal)));
        return report.count(RowOutcome::Skipped);
    }
    let judging = Judging { operation: check.rules.operation, shop: &check.rules.shop, existing };
    let judged = check.across.judge::<E>(RowPlace { file: &name, line: row.line }, change, judging);
    let is_refused = judged.is_refused();
    judged.found_again.into_iter().for_each(|finding| report.note(finding));
    for finding in judged.found_here {
        report.note(finding.clone());
        tally.found_across.note(finding);
    }
    if is_refused {
        return report.count(RowOutcome::Skipped);
    }
    report.count(RowOutcome::Unchanged);
    // Whoever takes things away wants nothing made that the rows name beside them.
    if check.rules.operation == Operation::Delete {
        return;
    }
    // Only rows that name other things need the facts of the shop here.
    E::name_others(change, file.shop(), &mut tally.named);
}
