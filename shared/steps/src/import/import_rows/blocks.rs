//! The rows of a file in blocks: read, handed on to a target, counted.

use catalog::target::{Block, BlockOutcome, BlockSource, ItemOutcome, RowChange, Target};
use engine::{ExecutorError, Outcome, Work};
use import::Entity;
use import::bunch::Bunch;
use import::entity::EntityRow;
use import::finding::{Finding, Severity};
use import::operation::Operation;
use import::report::RowOutcome;

use crate::import::entity_file::{EntityFile, FileRules, NextRow};
use crate::import::failures::of_target;
use crate::import::progress::{BYTES_PER_CHECKPOINT, ROWS_PER_CHECKPOINT, RowPlace, RowProgress, count};
use crate::import::told_rows::ToldRows;

/// What an import of the files of an entity needs throughout.
pub(super) struct RowsImport<'a, E: Entity> {
    pub(super) target: &'a dyn Target<E>,
    /// The files of the entity only.
    pub(super) bunch: Bunch,
    /// What the files are read with; what they make of the shop is added.
    pub(super) rules: FileRules,
    /// Whether things that others are below are made if they are missing.
    pub(super) makes_parents: bool,
    /// What only shows across rows, as the validation has found it.
    pub(super) told: ToldRows,
}

/// The rows of a block.
struct ReadBlock<E: Entity> {
    rows: Rows<E>,
    /// What these are below, to be made before them.
    parents: Rows<E>,
    is_last: bool,
}

impl<E: Entity> RowsImport<'_, E> {
    /// Imports one file to its end, or until time runs short.
    pub(super) async fn import_file(
        &mut self,
        work: &mut Work<'_>,
        progress: &mut RowProgress,
    ) -> Result<Option<Outcome>, ExecutorError> {
        let mut file = EntityFile::<E>::open(work, &self.bunch, progress.place, self.rules.clone()).await?;
        let name = file.name().to_owned();
        loop {
            let place = progress.place;
            let ReadBlock { rows, parents, is_last } = self.read_block(work, &mut file, progress).await?;
            if !parents.is_empty() {
                self.make_parents(self.block(work, &name, &format!("{}^", at(place)), parents), progress).await?;
            }
            self.import_block(self.block(work, &name, &at(place), rows), &file, progress).await?;
            if is_last {
                let report = progress.tally.report.file(&name);
                report.unknown_columns.extend(file.unknown_columns());
                file.header_findings().into_iter().for_each(|finding| report.note(finding));
                progress.next_file();
                if progress.place.file == self.bunch.files.len() {
                    progress.next_pass();
                }
            }
            // Behind the last block the step ends or waits, and keeps what it knows in either way.
            if progress.place.file == self.bunch.files.len() {
                return Ok(None);
            }
            let outcome = progress.checkpoint(work, "imported").await?;
            if outcome.is_some() || is_last {
                self.rules.shop = file.into_shop();
                return Ok(outcome);
            }
        }
    }

    /// The rows of a file that were read from a place on.
    fn block(&self, work: &Work<'_>, file: &str, at: &str, rows: Rows<E>) -> Block<E> {
        let source = BlockSource { pipeline: work.pipeline_id().clone(), at: work.invocation.now() };
        // Several entities of a bunch may speak of the same things; what one has replaced, another may replace as well.
        let import = format!("{}/{}", self.bunch.id, E::ABOUT.name);
        let mark = format!("{import}/{file}@{at}");
        Block { source, file: file.to_owned(), mark, import, operation: self.rules.operation, rows }
    }

    /// Hands a block on to the target, and counts what it makes of it.
    async fn import_block(
        &self,
        block: Block<E>,
        read: &EntityFile<E>,
        progress: &mut RowProgress,
    ) -> Result<(), ExecutorError> {
        let (file, given) = (block.file.clone(), block.rows.len());
        let mut outcome = self.target.import(block).await.map_err(of_target)?;
        check_is_complete(self.target.name(), &file, given, &outcome)?;
        for item in &mut outcome.items {
            if let ItemOutcome::Refused(finding) = item {
                *finding = self.told_of(progress, read.placed(finding.clone()));
            }
        }
        progress.tally.count(&file, outcome);
        Ok(())
    }

    /// A finding of a target; where there are several, it says which.
    fn told_of(&self, progress: &RowProgress, finding: Finding) -> Finding {
        if progress.tally.targets.len() > 1 { of_target_named(self.target.name(), finding) } else { finding }
    }

    /// Makes what rows are below. It has no rows of its own, so it is not counted among them.
    async fn make_parents(&self, block: Block<E>, progress: &mut RowProgress) -> Result<(), ExecutorError> {
        let file = block.file.clone();
        let outcome = self.target.import(block).await.map_err(of_target)?;
        let report = progress.tally.report.file(&file);
        for item in outcome.items {
            if let ItemOutcome::Refused(finding) = item {
                report.note(finding);
            }
        }
        progress.tally.pending.extend(outcome.pending);
        Ok(())
    }

    /// Reads the next rows. Those that cannot be used are counted here; those that can, when the target answers.
    async fn read_block(
        &self,
        work: &Work<'_>,
        file: &mut EntityFile<E>,
        progress: &mut RowProgress,
    ) -> Result<ReadBlock<E>, ExecutorError> {
        let name = file.name().to_owned();
        let start = offset(progress.place);
        let mut block = ReadBlock { rows: Rows::<E>::new(), parents: Rows::<E>::new(), is_last: false };
        let mut read = 0;
        // The bounds of a block follow from its first row alone: whoever repeats it cuts it alike, and its mark fits.
        while read < ROWS_PER_CHECKPOINT && offset(progress.place).saturating_sub(start) < BYTES_PER_CHECKPOINT {
            match file.next().await? {
                NextRow::Row(row) => {
                    progress.place.position = Some(row.next);
                    self.take_row(file, *row, &mut block, progress);
                }
                NextRow::Bad { finding, next } => {
                    progress.place.position = Some(next);
                    match progress.place {
                        RowPlace { pass: 0, target: 0, .. } => progress.tally.skip(&name, finding),
                        // It was told when the first target was written to.
                        RowPlace { pass: 0, .. } => progress.tally.report.file(&name).count(RowOutcome::Skipped),
                        RowPlace { .. } => {}
                    }
                }
                NextRow::Notice(finding) => {
                    if progress.place.pass == 0 && progress.place.target == 0 {
                        progress.tally.report.file(&name).note(finding);
                    }
                    continue;
                }
                // Validation refuses such a file, so it became unreadable since.
                NextRow::Broken(finding) => return Err(ExecutorError::permanent(finding.to_string())),
                NextRow::End => return Ok(ReadBlock { is_last: true, ..block }),
            }
            read += 1;
            progress.make_room(work, &name).await?;
        }
        Ok(block)
    }

    /// Puts a row into the block if its turn has come.
    fn take_row(
        &self,
        file: &mut EntityFile<E>,
        row: EntityRow<E::EntityChange>,
        block: &mut ReadBlock<E>,
        progress: &mut RowProgress,
    ) {
        let level = row.change.as_ref().map_or(0, |change| self.level(change));
        progress.tally.deepest = progress.tally.deepest.max(level);
        if level != progress.place.pass {
            return;
        }
        let name = file.name().to_owned();
        let report = progress.tally.report.file(&name);
        let told = self.told.at(&name, row.line);
        // What a row says is told once, and again only if another target loses the row for it.
        if progress.place.target == 0 {
            row.findings.into_iter().for_each(|finding| report.note(finding));
            told.iter().for_each(|finding| report.note(finding.clone()));
        } else if row.change.is_none() {
            let target = self.target.name();
            row.findings.into_iter().for_each(|finding| report.note(of_target_named(target, finding)));
        }
        if told.iter().any(|finding| finding.severity >= Severity::Row) {
            return report.count(RowOutcome::Skipped);
        }
        let Some(change) = row.change else { return report.count(RowOutcome::Skipped) };
        for above in file.missing_above(&change) {
            if !self.makes_parents {
                let missing = file.placed(is_missing::<E>(&name, row.line, &above.name));
                return progress.tally.skip(&name, missing);
            }
            report.note(file.placed(will_be_made::<E>(&name, row.line, &above.name)));
            // The target says if it refuses it.
            let _ = file.learn(&above.change, None);
            block.parents.push(RowChange { line: row.line, change: above.change, if_known: None });
        }
        // The target says if it refuses it.
        let _ = file.learn(&change, row.if_known.as_ref());
        block.rows.push(self.addressed(&name, RowChange { line: row.line, change, if_known: row.if_known }));
    }

    /// The row with the address that validation has found for its thing. One that is there by now keeps its own.
    fn addressed(&self, file: &str, row: RowChange<E::EntityChange>) -> RowChange<E::EntityChange> {
        let address = self.told.address_at(file, row.line);
        let Some(change) = address.and_then(|address| E::with_address(&row.change, address)) else { return row };
        RowChange { change, if_known: row.if_known.or(Some(row.change)), ..row }
    }

    /// In which pass the row of a thing is taken. Deleting takes children together with their parents, in one pass.
    fn level(&self, change: &E::EntityChange) -> usize {
        match self.rules.operation {
            Operation::AddUpdate | Operation::Replace => E::above(change).len(),
            Operation::Delete => 0,
        }
    }
}

/// Rows that say something about a thing.
type Rows<E> = Vec<RowChange<<E as Entity>::EntityChange>>;

/// Says which target a finding is of.
pub(super) fn of_target_named(target: &str, finding: Finding) -> Finding {
    Finding { problem: format!("{target}: {}", finding.problem), ..finding }
}

/// Says that a thing is below one that nobody has.
pub(in crate::import) fn is_missing<E: Entity>(file: &str, line: u64, above: &str) -> Finding {
    let singular = E::ABOUT.singular;
    let problem = format!(
        "is below {singular} `{above}`, which neither the shop nor a row has; add a row for it, or set argument \
         `missing_parents` to `create`"
    );
    Finding {
        column: E::ABOUT.key.first().map(|key| (*key).to_owned()),
        ..Finding::about(file, line, problem, Severity::Row)
    }
}

/// Says that a thing is below one that nobody has and that is made because of it.
pub(in crate::import) fn will_be_made<E: Entity>(file: &str, line: u64, above: &str) -> Finding {
    let problem = format!("is below {} `{above}`, which has no row and is made because of it", E::ABOUT.singular);
    Finding {
        column: E::ABOUT.key.first().map(|key| (*key).to_owned()),
        ..Finding::about(file, line, problem, Severity::Notice)
    }
}

/// Makes sure that no row is lost without a word: the counts of the report are those of the file.
pub(super) fn check_is_complete(
    target: &str,
    file: &str,
    given: usize,
    outcome: &BlockOutcome,
) -> Result<(), ExecutorError> {
    if outcome.rows() == given {
        return Ok(());
    }
    Err(ExecutorError::permanent(format!(
        "target `{target}` was given {} of `{file}` and told of {}; that is a mistake of the target",
        count(given as u64, "row"),
        outcome.rows(),
    )))
}

/// Names a place of a file: the same for the same rows, and for no others.
fn at(place: RowPlace) -> String {
    match place.pass {
        0 => offset(place).to_string(),
        pass => format!("{}.{pass}", offset(place)),
    }
}

fn offset(place: RowPlace) -> u64 {
    place.position.map_or(0, |position| position.byte_offset)
}
