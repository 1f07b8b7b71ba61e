//! `validate`: reads every row of the bunch before the first thing is written; `validate_<entity>` those of one entity.
//!
//! Files are read in the order of the bunch, and what the files of sets, attributes and categories will make of the shop
//! counts for the files behind them. What is so broken that rows cannot be told apart stops the pipeline, whatever the
//! argument `strict` says.

mod ending;
mod rows;

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::mem;
use std::sync::Arc;

use async_trait::async_trait;
use engine::accepts::{Accepts, Argument, Flag, Presence};
use engine::{Executor, ExecutorError, Outcome, Work};
use import::Entity;
use import::across::Across;
use import::bunch::Bunch;
use import::entity::{Thing, UnknownNames, Visitor, visit_all};
use import::finding::{Finding, Severity, Strictness};

use super::across::{self, RowBlock};
use super::bunch_files::{BUNCH, TAKES, bunch, files_taken};
use super::configuration::CONFIGURATION;
use super::entity_file::{EntityFile, FileRules, NextRow};
use super::import_rows::MISSING_PARENTS;
use super::operation::{OPERATION, operation};
use super::progress::{ROWS_PER_CHECKPOINT, RowPlace, RowProgress, count};
use super::targets::CheckedAgainst;
use super::verdict::check_is_bearable;
use crate::shop::ShopClients;
use ending::{end, stop_if_strict, tell};
use rows::{check_block, recall_block};

const STRICT: Argument<Flag> = Argument {
    name: "strict",
    kind: Flag,
    presence: Presence::Optional,
    meaning: "`true` stops the pipeline at rows and values that cannot be used; `false` leaves them out and says so; as \
              `strict-mode` of the configuration says if there is no such argument",
};

/// The executor that validates the files of one entity, or of several.
pub struct Validate {
    name: &'static str,
    description: &'static str,
    entities: Vec<Arc<dyn CheckFiles>>,
    /// Where shops are spoken to, if rows are checked against them.
    shops: Option<Arc<ShopClients>>,
}

impl Validate {
    /// Validates the files of every entity that ships.
    #[must_use]
    pub fn all() -> Self {
        struct All(Vec<Arc<dyn CheckFiles>>);
        impl Visitor for All {
            fn visit<E: Entity>(&mut self) {
                self.0.push(Arc::new(FilesOf::<E>(PhantomData)));
            }
        }
        let mut all = All(Vec::new());
        visit_all(&mut all);
        let description = "checks every row of every file of the bunch, and collects the categories they name";
        Self { name: "validate", description, entities: all.0, shops: None }
    }

    /// Validates the files of one entity.
    #[must_use]
    pub fn of<E: Entity>() -> Self {
        let entities: Vec<Arc<dyn CheckFiles>> = vec![Arc::new(FilesOf::<E>(PhantomData))];
        Self { name: E::ABOUT.validate.name, description: E::ABOUT.validate.description, entities, shops: None }
    }

    /// Checks rows against the shop that the setting `catalog.target` names, if it names one.
    #[must_use]
    pub fn against_set_targets(mut self, shops: Arc<ShopClients>) -> Self {
        self.shops = Some(shops);
        self
    }

    /// Validates the files of one more entity, such as one of your own.
    #[must_use]
    pub fn and<E: Entity>(mut self) -> Self {
        self.entities.push(Arc::new(FilesOf::<E>(PhantomData)));
        self
    }

    /// The entity whose rows a file holds. A step for one entity takes every file: its definition may name them otherwise.
    fn entity_of(&self, bunch: &Bunch, file: usize) -> Option<&Arc<dyn CheckFiles>> {
        if let [entity] = &self.entities[..] {
            return Some(entity);
        }
        let prefix = bunch.files[file].name.prefix();
        self.entities.iter().find(|entity| entity.prefixes().contains(&prefix))
    }
}

#[async_trait]
impl Executor for Validate {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        self.description
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&STRICT, &OPERATION, &MISSING_PARENTS, &TAKES, &CONFIGURATION, &BUNCH])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let mut check = self.begin(work).await?;
        self.learn_again(work, &mut check).await?;
        while check.progress.place.file < check.bunch.files.len() {
            let outcome = match self.entity_of(&check.bunch, check.progress.place.file) {
                Some(entity) => entity.check(work, &mut check).await?,
                None => check.leave_out(self.name),
            };
            if let Some(outcome) = outcome {
                return Ok(outcome);
            }
        }
        for entity in &self.entities {
            entity.settle_orphans(&mut check);
            entity.settle_names(work, &mut check).await?;
        }
        check.progress.leave(work, "validation.json").await?;
        let strict_files = self.strict_files(work, &check)?;
        tell(work, &check.progress.tally.report);
        stop_if_strict(&check.progress.tally.report, &strict_files)?;
        let report = &check.progress.tally.report;
        let categories = check.progress.tally.named.categories.len();
        work.info(&format!("{} checked, {categories} categories named", count(report.totals().rows, "row")));
        check_is_bearable(work, report).await?;
        end(report)
    }
}

impl Validate {
    /// Where the check stands, and what it goes by.
    async fn begin(&self, work: &Work<'_>) -> Result<Check, ExecutorError> {
        let bunch = match &self.entities[..] {
            [entity] => files_taken(work, &entity.prefixes())?,
            _ => bunch(work)?,
        };
        let against = CheckedAgainst::of(work, self.shops.as_deref()).await?;
        let shop = against.facts(work).await?;
        let mut check = Check {
            // Options that are missing are created before products are imported.
            rules: FileRules::new(work, shop, operation(work)?, UnknownNames::OptionsTaken).await?,
            makes_parents: work.argument(&MISSING_PARENTS)? == "create",
            progress: RowProgress::read(work).await?,
            sees_all: bunch.files.len() == self::bunch(work)?.files.len(),
            bunch,
            rows: 0,
            across: Across::new(Strictness::Skip),
            against,
        };
        if !self.strict_files(work, &check)?.is_empty() {
            check.across = Across::new(Strictness::Strict);
        }
        Ok(check)
    }

    /// The names of the files that stop the pipeline if a row or value cannot be used.
    fn strict_files(&self, work: &Work<'_>, check: &Check) -> Result<BTreeSet<String>, ExecutorError> {
        let argument = work.optional_argument(&STRICT)?;
        let is_strict = |file: usize| {
            let configured =
                || self.entity_of(&check.bunch, file).is_some_and(|it| check.rules.settings(it.name()).is_strict);
            argument.unwrap_or_else(configured)
        };
        let strict = (0..check.bunch.files.len()).filter(|file| is_strict(*file));
        Ok(strict.map(|file| check.bunch.files[file].name.unpacked().to_string()).collect())
    }

    /// Reads again what an earlier try has read of the shop, up to where it stood.
    async fn learn_again(&self, work: &mut Work<'_>, check: &mut Check) -> Result<(), ExecutorError> {
        let stood = check.progress.place;
        for file in 0..check.bunch.files.len().min(stood.file + 1) {
            if let Some(entity) = self.entity_of(&check.bunch, file) {
                entity.learn(work, check, file).await?;
            }
        }
        Ok(())
    }
}

/// A validation while it goes through the files of a bunch.
struct Check {
    bunch: Bunch,
    /// What files are read with; the shop is what it will be once the files read so far are imported.
    rules: FileRules,
    makes_parents: bool,
    progress: RowProgress,
    /// Those since the latest checkpoint.
    rows: u64,
    /// What only shows across rows.
    across: Across,
    /// Whether all files of the bunch are checked here, so that what none of them makes comes with none.
    sees_all: bool,
    /// What the rows are checked against.
    against: CheckedAgainst,
}

impl Check {
    /// Leaves out a file of which nobody here knows what it holds.
    fn leave_out(&mut self, step: &str) -> Option<Outcome> {
        let name = self.bunch.files[self.progress.place.file].name.unpacked().to_string();
        let problem = format!("nothing in `{step}` knows files of this name; the file is left out");
        let finding = Finding::about(&name, 1, problem, Severity::Row);
        self.progress.tally.report.file(&name).note(finding);
        self.progress.next_file();
        None
    }
}

/// An entity without its types, as far as its files are checked.
#[async_trait]
trait CheckFiles: Send + Sync {
    /// Name of the entity.
    fn name(&self) -> &'static str;

    /// Starts of the names of its files.
    fn prefixes(&self) -> Vec<&'static str>;

    /// Checks the next file to its end, or until time runs short.
    async fn check(&self, work: &mut Work<'_>, check: &mut Check) -> Result<Option<Outcome>, ExecutorError>;

    /// Reads what a file will make of the shop, up to where the check stands.
    async fn learn(&self, work: &Work<'_>, check: &mut Check, file: usize) -> Result<(), ExecutorError>;

    /// Tells of the rows whose things are below others that have not come with any file.
    fn settle_orphans(&self, check: &mut Check);

    /// Tells of what rows want that others have, and of the things that they name and nothing has made.
    async fn settle_names(&self, work: &Work<'_>, check: &mut Check) -> Result<(), ExecutorError>;
}

struct FilesOf<E>(PhantomData<E>);

#[async_trait]
impl<E: Entity> CheckFiles for FilesOf<E> {
    fn name(&self) -> &'static str {
        E::ABOUT.name
    }

    fn prefixes(&self) -> Vec<&'static str> {
        E::prefixes()
    }

    async fn check(&self, work: &mut Work<'_>, check: &mut Check) -> Result<Option<Outcome>, ExecutorError> {
        let mut file = EntityFile::<E>::open(work, &check.bunch, check.progress.place, check.rules.clone()).await?;
        let name = file.name().to_owned();
        if check.progress.place.position.is_none() {
            check.across.begin_file(&name);
        }
        let mut block = RowBlock::<E>::default();
        loop {
            match file.next().await? {
                NextRow::Row(row) => {
                    check.progress.place.position = Some(row.next);
                    block.push(*row);
                }
                NextRow::Notice(finding) => {
                    check.progress.tally.report.file(&name).note(finding);
                    continue;
                }
                NextRow::Bad { finding, next } => {
                    check.progress.place.position = Some(next);
                    check.progress.tally.skip(&name, finding);
                }
                NextRow::Broken(finding) => {
                    check.progress.tally.report.file(&name).note(finding);
                    break;
                }
                NextRow::End => break,
            }
            check.rows += 1;
            let is_due = check.rows == ROWS_PER_CHECKPOINT || block.is_large();
            // What a row of facts makes counts for how the next one is read.
            if is_due || E::Thing::IS_FACT {
                check_block(work, &mut file, &mut block, check).await?;
            }
            check.progress.make_room(work, &name).await?;
            if is_due {
                check.rows = 0;
                let outcome = check.progress.checkpoint(work, "checked").await?;
                if outcome.is_some() {
                    return Ok(outcome);
                }
            }
        }
        check_block(work, &mut file, &mut block, check).await?;
        end_file(file, check);
        Ok(None)
    }

    async fn learn(&self, work: &Work<'_>, check: &mut Check, file: usize) -> Result<(), ExecutorError> {
        let stood = check.progress.place;
        if file == stood.file && stood.position.is_none() {
            return Ok(());
        }
        let end = stood.position.filter(|_| file == stood.file).map(|position| position.byte_offset);
        let place = RowPlace { file, ..RowPlace::default() };
        let mut rows = EntityFile::<E>::open(work, &check.bunch, place, check.rules.clone()).await?;
        check.across.begin_file(rows.name());
        let mut block = RowBlock::<E>::default();
        loop {
            let next = match rows.next().await? {
                NextRow::Row(row) => {
                    if let Some(change) = &row.change {
                        // What was refused was told when the row was checked.
                        let _ = rows.learn(change, row.if_known.as_ref());
                    }
                    let next = row.next;
                    block.push(*row);
                    if block.is_full() {
                        recall_block(work, &mut rows, &mut block, check).await?;
                    }
                    next
                }
                NextRow::Notice(_) => continue,
                NextRow::Bad { next, .. } => next,
                NextRow::Broken(_) | NextRow::End => break,
            };
            if end.is_some_and(|end| next.byte_offset >= end) {
                break;
            }
        }
        recall_block(work, &mut rows, &mut block, check).await?;
        check.rules.shop = rows.into_shop();
        Ok(())
    }

    async fn settle_names(&self, work: &Work<'_>, check: &mut Check) -> Result<(), ExecutorError> {
        for finding in check.across.settle_claims::<E>() {
            check.progress.tally.report.file(&finding.file.clone()).note(finding.clone());
            check.progress.tally.found_across.note(finding);
        }
        if !check.sees_all {
            return Ok(());
        }
        across::ask_for_names::<E>(check.against.target(work).as_ref(), &mut check.across).await?;
        for finding in check.across.settle::<E>() {
            // A row without its thing is refused by the import in the same words.
            if finding.severity < Severity::Row {
                check.progress.tally.found_across.note(finding.clone());
            }
            check.progress.tally.report.file(&finding.file.clone()).note(finding);
        }
        Ok(())
    }

    fn settle_orphans(&self, check: &mut Check) {
        let Some(facts) = Arc::make_mut(&mut check.rules.shop).facts_of::<E::Thing>() else { return };
        for orphan in mem::take(&mut check.progress.tally.orphans) {
            if orphan.entity != E::ABOUT.name {
                check.progress.tally.orphans.push(orphan);
            } else if !facts.contains_key(&orphan.above) {
                check.progress.tally.report.file(&orphan.finding.file.clone()).note(orphan.finding);
            }
        }
    }
}

/// Notes what is told once per file, and takes over what the file says of the shop.
fn end_file<E: Entity>(file: EntityFile<E>, check: &mut Check) {
    let report = check.progress.tally.report.file(file.name());
    report.unknown_columns.extend(file.unknown_columns());
    file.header_findings().into_iter().for_each(|finding| report.note(finding));
    check.progress.next_file();
    check.rules.shop = file.into_shop();
}
