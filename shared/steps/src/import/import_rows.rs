//! `import_<entity>`: merges the rows of the bunch into what a target keeps.
//!
//! Rows are taken in blocks, and a target deals with a block as one. A checkpoint follows every block, so a repetition
//! begins with the block that was interrupted, cuts it alike, and gives it the same mark, by which the target recognises
//! what it did already: the counts are those of an undisturbed run.
//!
//! Rows for which the target answers later are asked for behind the last block. While it does not know, the step
//! continues later and holds no runner.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalog::own::OwnCatalogue;
use catalog::target::{self, Block, BlockOutcome, BlockSource, ItemOutcome, RowChange, Target};
use engine::accepts::{Accepts, Argument, DeclaredArgument, OneOf, Presence};
use engine::{Executor, ExecutorError, Outcome, Work};
use import::Entity;
use import::bunch::Bunch;
use import::entity::{EntityRow, ReadingRules, UnknownNames};
use import::finding::{Finding, Severity};
use import::operation::Operation;
use import::report::RowOutcome;

use super::bunch_files::{BUNCH, TAKES, files_taken};
use super::entity_file::{EntityFile, NextRow, rules};
use super::progress::{BYTES_PER_CHECKPOINT, ROWS_PER_CHECKPOINT, RowPlace, RowProgress, count};

pub(super) const OPERATION: Argument<OneOf> = Argument {
    name: "operation",
    kind: OneOf(&["add-update", "replace", "delete"]),
    presence: Presence::Default("add-update"),
    meaning: "what to do with the rows: `add-update` changes what they say, `replace` makes things anew from them alone, \
              `delete` takes things away",
};

pub(super) const MISSING_PARENTS: Argument<OneOf> = Argument {
    name: "missing_parents",
    kind: OneOf(&["refuse", "create"]),
    presence: Presence::Default("refuse"),
    meaning: "what to do with categories that are below one that neither the shop nor a file has: `refuse` leaves them out \
              and says so, `create` makes what is missing",
};

/// Finds the target of a step.
type FindTarget<E> = dyn Fn(&Work<'_>) -> Arc<dyn Target<E>> + Send + Sync;

/// The executor that imports the files of an entity.
pub struct Import<E: Entity> {
    find_target: Box<FindTarget<E>>,
}

impl<E: Entity> Import<E> {
    const OPERATION: Argument<OneOf> = Argument {
        name: "operation",
        kind: OneOf(E::OPERATIONS),
        presence: Presence::Default("add-update"),
        meaning: match E::OPERATIONS.len() {
            1 => "what to do with the rows; files of this kind only change what they say",
            _ => {
                "what to do with the rows: `add-update` changes what they say, `replace` makes things anew from them \
                 alone, `delete` takes things away"
            }
        },
    };
    const ARGUMENTS: &'static [&'static dyn DeclaredArgument] = match E::NESTS {
        true => &[&Self::OPERATION, &MISSING_PARENTS, &TAKES, &BUNCH],
        false => &[&Self::OPERATION, &TAKES, &BUNCH],
    };

    /// Imports into the own catalogue.
    #[must_use]
    pub fn into_own_catalogue() -> Self {
        Self::into_target(|work| Arc::new(OwnCatalogue::new(work.store.table.clone())))
    }

    /// Imports into whatever target is found for a step.
    pub fn into_target(find_target: impl Fn(&Work<'_>) -> Arc<dyn Target<E>> + Send + Sync + 'static) -> Self {
        Self { find_target: Box::new(find_target) }
    }

    /// What the step's arguments want done with the rows.
    fn operation(work: &Work<'_>) -> Result<Operation, ExecutorError> {
        let found = work.argument(&Self::OPERATION)?;
        let known = Operation::ALL.into_iter().find(|(name, _)| *name == found);
        Ok(known.expect("the argument takes no other word").1)
    }
}

#[async_trait]
impl<E: Entity> Executor for Import<E> {
    fn name(&self) -> &'static str {
        E::ABOUT.import.name
    }

    fn description(&self) -> &'static str {
        E::ABOUT.import.description
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(Self::ARGUMENTS)
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let bunch = files_taken(work, E::ABOUT.prefix)?;
        if bunch.files.is_empty() {
            return Ok(Outcome::Skipped { reason: format!("the bunch has no files of {}", E::ABOUT.name) });
        }
        let target = (self.find_target)(work);
        let shop = target.shop_facts().await.map_err(of_target)?;
        // By now the options that rows name exist, unless nobody wanted them created.
        let rules = rules(shop, Self::operation(work)?, UnknownNames::Refused);
        let makes_parents = E::NESTS && work.argument(&MISSING_PARENTS)? == "create";
        let mut import = RowsImport { target: target.as_ref(), bunch, rules, makes_parents };
        let mut progress = RowProgress::read(work).await?;
        let has_waited = progress.place.file == import.bunch.files.len();
        while progress.place.file < import.bunch.files.len() {
            let outcome = import.import_file(work, &mut progress).await?;
            if let Some(outcome) = outcome {
                return Ok(outcome);
            }
        }
        if has_waited {
            ask_for_pending(target.as_ref(), &mut progress).await?;
        }
        if let Some(outcome) = wait_for_pending(work, target.name(), &mut progress).await? {
            return Ok(outcome);
        }
        progress.leave(work, "import.json").await?;
        conclude(work, &progress)
    }
}

/// What an import of the files of an entity needs throughout.
struct RowsImport<'a, E: Entity> {
    target: &'a dyn Target<E>,
    /// The files of the entity only.
    bunch: Bunch,
    /// What the files are read with; what they make of the shop is added.
    rules: ReadingRules,
    /// Whether things that others are below are made if they are missing.
    makes_parents: bool,
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
    async fn import_file(
        &mut self,
        work: &mut Work<'_>,
        progress: &mut RowProgress,
    ) -> Result<Option<Outcome>, ExecutorError> {
        let mut file = EntityFile::<E>::open(work, &self.bunch, progress.place, self.rules.clone()).await?;
        let name = file.name().to_owned();
        loop {
            let place = progress.place;
            let ReadBlock { rows, parents, is_last } = self.read_block(&mut file, progress).await?;
            if !parents.is_empty() {
                self.make_parents(self.block(work, &name, &format!("{}^", at(place)), parents), progress).await?;
            }
            self.import_block(self.block(work, &name, &at(place), rows), progress).await?;
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
    async fn import_block(&self, block: Block<E>, progress: &mut RowProgress) -> Result<(), ExecutorError> {
        let (file, given) = (block.file.clone(), block.rows.len());
        let outcome = self.target.import(block).await.map_err(of_target)?;
        check_is_complete(self.target.name(), &file, given, &outcome)?;
        progress.tally.count(&file, outcome);
        Ok(())
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
        file: &mut EntityFile<E>,
        progress: &mut RowProgress,
    ) -> Result<ReadBlock<E>, ExecutorError> {
        let name = file.name().to_owned();
        let start = offset(progress.place);
        let mut block = ReadBlock { rows: Rows::<E>::new(), parents: Rows::<E>::new(), is_last: false };
        let mut read = 0;
        while read < ROWS_PER_CHECKPOINT && offset(progress.place).saturating_sub(start) < BYTES_PER_CHECKPOINT {
            match file.next().await? {
                NextRow::Row(row) => {
                    progress.place.position = Some(row.next);
                    self.take_row(file, *row, &mut block, progress);
                }
                NextRow::Bad { finding, next } => {
                    progress.place.position = Some(next);
                    if progress.place.pass == 0 {
                        progress.tally.skip(&name, finding);
                    }
                }
                NextRow::Notice(finding) => {
                    if progress.place.pass == 0 {
                        progress.tally.report.file(&name).note(finding);
                    }
                    continue;
                }
                // Validation refuses such a file, so it became unreadable since.
                NextRow::Broken(finding) => return Err(ExecutorError::permanent(finding.to_string())),
                NextRow::End => return Ok(ReadBlock { is_last: true, ..block }),
            }
            read += 1;
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
        row.findings.into_iter().for_each(|finding| report.note(finding));
        let Some(change) = row.change else { return report.count(RowOutcome::Skipped) };
        for above in file.missing_above(&change) {
            if !self.makes_parents {
                return progress.tally.skip(&name, is_missing::<E>(&name, row.line, &above.name));
            }
            report.note(will_be_made::<E>(&name, row.line, &above.name));
            // The target says if it refuses it.
            let _ = file.learn(&above.change);
            block.parents.push(RowChange { line: row.line, change: above.change });
        }
        // The target says if it refuses it.
        let _ = file.learn(&change);
        block.rows.push(RowChange { line: row.line, change });
    }

    /// In which pass the row of a thing is taken. Deleting takes children together with their parents, in one pass.
    fn level(&self, change: &E::EntityChange) -> usize {
        match self.rules.operation {
            Operation::AddUpdate | Operation::Replace => E::above(change).len(),
            Operation::Delete => 0,
        }
    }
}

/// Says that a thing is below one that nobody has.
pub(super) fn is_missing<E: Entity>(file: &str, line: u64, above: &str) -> Finding {
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
pub(super) fn will_be_made<E: Entity>(file: &str, line: u64, above: &str) -> Finding {
    let problem = format!("is below {} `{above}`, which has no row and is made because of it", E::ABOUT.singular);
    Finding {
        column: E::ABOUT.key.first().map(|key| (*key).to_owned()),
        ..Finding::about(file, line, problem, Severity::Notice)
    }
}

/// What the step's arguments want done with the rows.
pub(super) fn operation(work: &Work<'_>) -> Result<Operation, ExecutorError> {
    let found = work.argument(&OPERATION)?;
    let known = Operation::ALL.into_iter().find(|(name, _)| *name == found);
    Ok(known.expect("the argument takes no other word").1)
}

/// Rows that say something about a thing.
type Rows<E> = Vec<RowChange<<E as Entity>::EntityChange>>;

/// Asks for the rows that the target has not answered for.
async fn ask_for_pending<E: Entity>(target: &dyn Target<E>, progress: &mut RowProgress) -> Result<(), ExecutorError> {
    for pending in mem::take(&mut progress.tally.pending) {
        let (file, given) = (pending.file.clone(), pending.lines.len());
        let outcome = target.ask(pending).await.map_err(of_target)?;
        check_is_complete(target.name(), &file, given, &outcome)?;
        progress.tally.count(&file, outcome);
    }
    Ok(())
}

/// Lets the runner go if the target has not answered for all rows.
async fn wait_for_pending(
    work: &mut Work<'_>,
    target: &str,
    progress: &mut RowProgress,
) -> Result<Option<Outcome>, ExecutorError> {
    let pending = progress.tally.pending.iter();
    let Some(seconds) = pending.map(|pending| pending.ask_after_seconds).min() else { return Ok(None) };
    work.info(&format!("target `{target}` has not answered for all rows; it is asked again in {seconds} s"));
    let checkpoint = progress.save(work, "imported").await?;
    Ok(Some(Outcome::Continue { checkpoint, after: Duration::from_secs(seconds) }))
}

/// Makes sure that no row is lost without a word: the counts of the report are those of the file.
fn check_is_complete(target: &str, file: &str, given: usize, outcome: &BlockOutcome) -> Result<(), ExecutorError> {
    if outcome.rows() == given {
        return Ok(());
    }
    Err(ExecutorError::permanent(format!(
        "target `{target}` was given {} of `{file}` and told of {}; that is a mistake of the target",
        count(given as u64, "row"),
        outcome.rows(),
    )))
}

fn conclude(work: &mut Work<'_>, progress: &RowProgress) -> Result<Outcome, ExecutorError> {
    let totals = progress.tally.report.totals();
    work.info(&format!(
        "{} rows: {} created, {} updated, {} unchanged, {} deleted, {} skipped",
        totals.rows, totals.created, totals.updated, totals.unchanged, totals.deleted, totals.skipped
    ));
    let message = match totals.skipped {
        0 => return Ok(Outcome::Done),
        1 => format!("1 of {} was skipped; the report names it", count(totals.rows, "row")),
        several => format!("{several} of {} rows were skipped; the report names them", totals.rows),
    };
    Err(ExecutorError::InvalidData { message })
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

/// A failure of a target as a failure of the step.
pub(super) fn of_target(error: target::Error) -> ExecutorError {
    match error {
        target::Error::Retryable { problem, source } => ExecutorError::Retryable { message: problem, source },
        target::Error::Permanent { problem, source } => ExecutorError::Permanent { message: problem, source },
    }
}
