//! `import_<entity>`: merges the rows of the bunch into what a target keeps.
//!
//! Rows are taken in blocks, and a target deals with a block as one. A checkpoint follows every block, so a repetition
//! begins with the block that was interrupted, cuts it alike, and gives it the same mark, by which the target recognises
//! what it did already: the counts are those of an undisturbed run.
//!
//! Rows for which the target answers later are asked for behind the last block. While it does not know, the step
//! continues later and holds no runner.

mod blocks;
mod drafting;
mod older;
mod pending;

use std::sync::Arc;

use async_trait::async_trait;
use catalog::own::{Draft, DraftMode, OwnCatalogue};
use catalog::target::Target;
use engine::accepts::{Accepts, Argument, DeclaredArgument, OneOf, Presence};
use engine::{Executor, ExecutorError, Outcome, Work};
use import::Entity;
use import::entity::UnknownNames;
use import::operation::Operation;
use import::report::RowCounts;

use super::bunch_files::{BUNCH, TAKES, files_taken};
use super::configuration::CONFIGURATION;
use super::drafts::{DRY_RUN, SINGLE_TRANSACTION};
use super::entity_file::FileRules;
use super::progress::RowProgress;
use super::told_rows::ToldRows;
use super::verdict::{check_is_bearable, conclude};
use blocks::RowsImport;
use drafting::{draft_of_step, end_draft, knows_no_drafts};
use older::{SKIP_OLDER, age_by};
use pending::{ask_for_pending, wait_for_pending};

pub(super) use super::failures::of_target;
pub(super) use blocks::{is_missing, will_be_made};

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

/// What an import writes to.
enum Into<E: Entity> {
    /// The own catalogue, or a draft over it.
    Own,
    /// Another target, which knows no drafts.
    Target(Box<FindTarget<E>>),
}

/// The executor that imports the files of an entity.
pub struct Import<E: Entity> {
    into: Into<E>,
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
        true => &[
            &Self::OPERATION,
            &MISSING_PARENTS,
            &DRY_RUN,
            &SINGLE_TRANSACTION,
            &SKIP_OLDER,
            &TAKES,
            &CONFIGURATION,
            &BUNCH,
        ],
        false => &[&Self::OPERATION, &DRY_RUN, &SINGLE_TRANSACTION, &SKIP_OLDER, &TAKES, &CONFIGURATION, &BUNCH],
    };

    /// Imports into the own catalogue.
    #[must_use]
    pub fn into_own_catalogue() -> Self {
        Self { into: Into::Own }
    }

    /// Imports into whatever target is found for a step.
    pub fn into_target(find_target: impl Fn(&Work<'_>) -> Arc<dyn Target<E>> + Send + Sync + 'static) -> Self {
        Self { into: Into::Target(Box::new(find_target)) }
    }

    /// What the step writes to, and the draft that this is if it is one.
    async fn target(
        &self,
        work: &mut Work<'_>,
        operation: Operation,
    ) -> Result<(Arc<dyn Target<E>>, Option<Draft>), ExecutorError> {
        let find = match &self.into {
            Into::Own => {
                let draft = draft_of_step::<E>(work, operation).await?;
                let own = OwnCatalogue::new(work.store.table.clone())
                    .drafting(draft.clone())
                    .skipping_older(age_by(work).await?);
                return Ok((Arc::new(own), draft));
            }
            Into::Target(find) => find,
        };
        let target = find(work);
        for argument in [&DRY_RUN, &SINGLE_TRANSACTION] {
            if work.optional_argument(argument)? == Some(true) {
                return Err(knows_no_drafts(target.name()));
            }
        }
        Ok((target, None))
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
        let bunch = files_taken(work, &E::prefixes())?;
        if bunch.files.is_empty() {
            return Ok(Outcome::Skipped { reason: format!("the bunch has no files of {}", E::ABOUT.name) });
        }
        let operation = Self::operation(work)?;
        let (target, draft) = self.target(work, operation).await?;
        let shop = target.shop_facts().await.map_err(of_target)?;
        // By now the options that rows name exist, unless nobody wanted them created.
        let rules = FileRules::new(work, shop, operation, UnknownNames::Refused).await?;
        let makes_parents = E::NESTS && work.argument(&MISSING_PARENTS)? == "create";
        let told = ToldRows::of(work).await?;
        if told.left_out() > 0 {
            work.warn(&format!(
                "{} more like the first notices across rows are in the validation only",
                told.left_out()
            ));
        }
        let mut import = RowsImport { target: target.as_ref(), bunch, rules, makes_parents, told };
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
        if let Some(draft) = &draft
            && let Some(outcome) = end_draft::<E>(work, draft, &import.bunch, operation, &mut progress).await?
        {
            return Ok(outcome);
        }
        progress.leave(work, "import.json").await?;
        end(work, &progress, draft.map(|draft| draft.mode)).await
    }
}

/// What the step's arguments want done with the rows.
pub(super) fn operation(work: &Work<'_>) -> Result<Operation, ExecutorError> {
    let found = work.argument(&OPERATION)?;
    let known = Operation::ALL.into_iter().find(|(name, _)| *name == found);
    Ok(known.expect("the argument takes no other word").1)
}

async fn end(work: &mut Work<'_>, progress: &RowProgress, draft: Option<DraftMode>) -> Result<Outcome, ExecutorError> {
    let report = &progress.tally.report;
    let RowCounts { rows, created, updated, unchanged, deleted, skipped } = report.totals();
    work.info(&match draft {
        Some(DraftMode::DryRun) => format!(
            "{rows} rows: would create {created}, update {updated}, leave {unchanged} unchanged, delete {deleted}; {skipped} skipped"
        ),
        Some(DraftMode::Transaction) | None => format!(
            "{rows} rows: {created} created, {updated} updated, {unchanged} unchanged, {deleted} deleted, {skipped} skipped"
        ),
    });
    check_is_bearable(work, report).await?;
    conclude(report)
}
