//! The rows of a block, checked one by one with what the target has of what they name.

use std::collections::BTreeSet;

use engine::{ExecutorError, Work};
use import::Entity;
use import::across::{Holders, Judged, Judging, RowPlace};
use import::entity::EntityRow;
use import::finding::Finding;
use import::operation::Operation;
use import::report::RowOutcome;

use super::Check;
use crate::import::across::{self, RowBlock};
use crate::import::entity_file::EntityFile;
use crate::import::found_across::GivenAddress;
use crate::import::import_rows::{is_missing, will_be_made};
use crate::import::progress::Orphan;

/// Checks the rows that were read since the last time.
pub(super) async fn check_block<E: Entity>(
    work: &Work<'_>,
    file: &mut EntityFile<E>,
    block: &mut RowBlock<E>,
    check: &mut Check,
) -> Result<(), ExecutorError> {
    let mut known = Known::of_block(work, block, check).await?;
    for row in block.take() {
        check_row::<E>(work, file, row, (&mut known, check)).await?;
    }
    across::make_room::<E>(check.against.target(work).as_ref(), &mut check.across).await
}

/// Takes note once more of rows that an earlier try has checked.
pub(super) async fn recall_block<E: Entity>(
    work: &Work<'_>,
    file: &mut EntityFile<E>,
    block: &mut RowBlock<E>,
    check: &mut Check,
) -> Result<(), ExecutorError> {
    let mut known = Known::of_block(work, block, check).await?;
    let name = file.name().to_owned();
    for row in block.take() {
        let Some(change) = &row.change else { continue };
        // What is wrong was told when the row was checked.
        let _ = known.judge::<E>(work, RowPlace { file: &name, line: row.line }, change, check).await?;
    }
    across::make_room::<E>(check.against.target(work).as_ref(), &mut check.across).await
}

/// What the target has of what the rows of a block name.
struct Known {
    existing: BTreeSet<String>,
    holders: Holders,
}

impl Known {
    async fn of_block<E: Entity>(work: &Work<'_>, block: &RowBlock<E>, check: &Check) -> Result<Self, ExecutorError> {
        let target = check.against.target::<E>(work);
        let existing = across::existing_of_block(target.as_ref(), block, &check.across).await?;
        let mut known = Self { existing, holders: Holders::new() };
        known.holders = across::holders_of_block(target.as_ref(), block, &check.across, known.judging(check)).await?;
        Ok(known)
    }

    fn judging<'j>(&'j self, check: &'j Check) -> Judging<'j> {
        let Self { existing, holders } = self;
        Judging { operation: check.rules.operation, shop: &check.rules.shop, existing, holders }
    }

    /// Judges a row once all is known for that.
    async fn judge<E: Entity>(
        &mut self,
        work: &Work<'_>,
        place: RowPlace<'_>,
        change: &E::EntityChange,
        check: &mut Check,
    ) -> Result<Judged, ExecutorError> {
        let Self { existing, holders } = self;
        let shop = check.rules.shop.clone();
        let target = check.against.target::<E>(work);
        let nobody = Holders::new();
        let judging = Judging { operation: check.rules.operation, shop: &shop, existing, holders: &nobody };
        across::ask_for_holders(target.as_ref(), &check.across, change, (judging, holders)).await?;
        Ok(check.across.judge::<E>(place, change, Judging { holders, ..judging }))
    }
}

async fn check_row<E: Entity>(
    work: &Work<'_>,
    file: &mut EntityFile<E>,
    row: EntityRow<E::EntityChange>,
    (known, check): (&mut Known, &mut Check),
) -> Result<(), ExecutorError> {
    let name = file.name().to_owned();
    let tally = &mut check.progress.tally;
    let report = tally.report.file(&name);
    for finding in row.findings {
        report.note(finding);
    }
    let Some(change) = &row.change else {
        report.count(RowOutcome::Skipped);
        return Ok(());
    };
    tally.orphans.extend(orphan(file, change, row.line, check.makes_parents));
    if let Err(refusal) = file.learn(change, row.if_known.as_ref()) {
        report.note(file.placed(Finding::refused(&name, row.line, refusal)));
        report.count(RowOutcome::Skipped);
        return Ok(());
    }
    let judged = known.judge::<E>(work, RowPlace { file: &name, line: row.line }, change, check).await?;
    let tally = &mut check.progress.tally;
    let is_refused = judged.is_refused();
    let report = tally.report.file(&name);
    judged.found_again.into_iter().for_each(|finding| report.note(finding));
    for finding in judged.found_here {
        report.note(finding.clone());
        tally.found_across.note(finding);
    }
    if let Some(address) = judged.address {
        tally.found_across.addresses.push(GivenAddress { file: name.clone(), line: row.line, address });
    }
    if is_refused {
        report.count(RowOutcome::Skipped);
        return Ok(());
    }
    report.count(RowOutcome::Unchanged);
    // Whoever takes things away wants nothing made that the rows name beside them.
    if check.rules.operation != Operation::Delete {
        // Only rows that name other things need the facts of the shop here.
        E::name_others(change, file.shop(), &mut tally.named);
    }
    Ok(())
}

/// What is missing above a thing, which may come with a later row. Only the topmost is told: the others would be below it.
fn orphan<E: Entity>(
    file: &mut EntityFile<E>,
    change: &E::EntityChange,
    line: u64,
    makes_parents: bool,
) -> Option<Orphan> {
    let missing = file.missing_above(change);
    let above = missing.first()?;
    let finding = match makes_parents {
        true => will_be_made::<E>(file.name(), line, &above.name),
        false => is_missing::<E>(file.name(), line, &above.name),
    };
    Some(Orphan { entity: E::ABOUT.name.to_owned(), above: E::key(&above.change), finding })
}
