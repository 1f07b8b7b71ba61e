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
use import::bunch::Bunch;
use import::entity::{Thing, UnknownNames};
use import::operation::Operation;
use import::report::RowCounts;

use super::bunch_files::{BUNCH, TAKES, files_taken};
use super::configuration::CONFIGURATION;
use super::drafts::{DRY_RUN, SINGLE_TRANSACTION};
use super::entity_file::FileRules;
use super::progress::{RowProgress, TargetTally};
use super::targets::{target_for, target_names};
use super::told_rows::ToldRows;
use super::verdict::{check_is_bearable, conclude};
use crate::shop::settings::OWN;
use crate::shop::{self, ShopClients};
use blocks::RowsImport;
use drafting::{check_drafts_nothing, draft_of_step, end_draft, knows_no_drafts};
use older::{SKIP_OLDER, age_by};
use pending::{ask_for_pending, wait_for_pending};

pub(super) use super::failures::of_target;
pub(super) use blocks::{is_missing, will_be_made};

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
    /// What the setting `catalog.target` names, one after the other.
    Set(Arc<ShopClients>),
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

    /// Imports into what the setting `catalog.target` names: the own catalogue, shops, or both.
    #[must_use]
    pub fn into_set_targets(shops: Arc<ShopClients>) -> Self {
        Self { into: Into::Set(shops) }
    }

    /// Imports into whatever target is found for a step.
    pub fn into_target(find_target: impl Fn(&Work<'_>) -> Arc<dyn Target<E>> + Send + Sync + 'static) -> Self {
        Self { into: Into::Target(Box::new(find_target)) }
    }

    /// Notes what the step writes to when it begins: a setting that is changed later counts for the next import.
    async fn note_targets(&self, work: &Work<'_>, progress: &mut RowProgress) -> Result<(), ExecutorError> {
        if !progress.tally.targets.is_empty() || progress.has_begun() {
            return Ok(());
        }
        let names = match &self.into {
            Into::Set(_) => target_names(work).await?,
            Into::Own | Into::Target(_) => return Ok(()),
        };
        if names != [OWN] {
            progress.tally.targets = names.into_iter().map(TargetTally::of).collect();
        }
        Ok(())
    }

    /// What the step writes to, and the draft that this is if it is one.
    async fn target(
        &self,
        work: &mut Work<'_>,
        name: &str,
        operation: Operation,
    ) -> Result<(Arc<dyn Target<E>>, Option<Draft>), ExecutorError> {
        let target = match &self.into {
            Into::Set(shops) if name != OWN => {
                check_drafts_nothing(work, name).await?;
                target_for::<E>(work, shops, name).await?
            }
            Into::Own | Into::Set(_) => {
                let draft = draft_of_step::<E>(work, operation).await?;
                let own = OwnCatalogue::new(work.store.table.clone())
                    .drafting(draft.clone())
                    .skipping_older(age_by(work).await?);
                return Ok((Arc::new(own), draft));
            }
            Into::Target(find) => find(work),
        };
        for argument in [&DRY_RUN, &SINGLE_TRANSACTION] {
            if work.optional_argument(argument)? == Some(true) {
                return Err(knows_no_drafts(target.name()));
            }
        }
        Ok((target, None))
    }

    /// Imports the rows into the target whose turn it is; tells how to end if the step goes on later.
    async fn import_into(
        &self,
        work: &mut Work<'_>,
        bunch: &Bunch,
        progress: &mut RowProgress,
    ) -> Result<TargetEnd, ExecutorError> {
        let operation = Self::operation(work)?;
        let name = progress.target_name().to_owned();
        let (target, draft) = self.target(work, &name, operation).await?;
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
        let mut import = RowsImport { target: target.as_ref(), bunch: bunch.clone(), rules, makes_parents, told };
        let has_waited = progress.place.file == import.bunch.files.len();
        while progress.place.file < import.bunch.files.len() {
            if let Some(outcome) = import.import_file(work, progress).await? {
                return Ok(TargetEnd::Later(outcome));
            }
        }
        if has_waited {
            ask_for_pending(target.as_ref(), progress).await?;
        }
        if let Some(outcome) = wait_for_pending(work, target.name(), progress).await? {
            return Ok(TargetEnd::Later(outcome));
        }
        if let Some(draft) = &draft
            && let Some(outcome) = end_draft::<E>(work, draft, &import.bunch, operation, progress).await?
        {
            return Ok(TargetEnd::Later(outcome));
        }
        if E::Thing::IS_FACT && name != OWN {
            // What the rows have made of the shop is asked for anew by whoever needs it.
            shop::forget(work, &name).await?;
        }
        Ok(TargetEnd::Complete(draft.map(|draft| draft.mode)))
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
        let mut progress = RowProgress::read(work).await?;
        self.note_targets(work, &mut progress).await?;
        let draft = loop {
            match self.import_into(work, &bunch, &mut progress).await {
                Ok(TargetEnd::Later(outcome)) => return Ok(outcome),
                Ok(TargetEnd::Complete(draft)) if progress.is_last_target() => break draft,
                Ok(TargetEnd::Complete(_)) => {
                    progress.next_target();
                    if let Some(outcome) = progress.checkpoint(work, "imported").await? {
                        return Ok(outcome);
                    }
                }
                Err(error) => return wait_out(work, &mut progress, error).await,
            }
        };
        progress.leave(work, "import.json").await?;
        end(work, &progress, draft).await
    }
}

/// How the import into one target ends.
enum TargetEnd {
    /// The step goes on later.
    Later(Outcome),
    /// All rows are dealt with; in what kind of draft, if in one.
    Complete(Option<DraftMode>),
}

/// Waits for a shop that cannot be reached or is being maintained; any other failure is one of the step.
async fn wait_out(
    work: &mut Work<'_>,
    progress: &mut RowProgress,
    error: ExecutorError,
) -> Result<Outcome, ExecutorError> {
    let is_passing = matches!(error, ExecutorError::Retryable { .. }) && progress.target_name() != OWN;
    if !is_passing {
        return Err(error);
    }
    let shop = progress.target_name().to_owned();
    match progress.wait_out(work).await? {
        Some(Outcome::Continue { checkpoint, after }) => {
            let seconds = after.as_secs();
            work.warn(&format!(
                "shop `{shop}` cannot be written to at the moment; it is asked again in {seconds} s: {error}"
            ));
            Ok(Outcome::Continue { checkpoint, after })
        }
        Some(_) | None => Err(error),
    }
}

async fn end(work: &mut Work<'_>, progress: &RowProgress, draft: Option<DraftMode>) -> Result<Outcome, ExecutorError> {
    for target in &progress.tally.targets {
        work.info(&format!("target `{}`: {}", target.name, in_words(&target.totals())));
    }
    let report = &progress.tally.report;
    let RowCounts { rows, created, updated, unchanged, deleted, skipped } = report.totals();
    work.info(&match draft {
        Some(DraftMode::DryRun) => format!(
            "{rows} rows: would create {created}, update {updated}, leave {unchanged} unchanged, delete {deleted}; {skipped} skipped"
        ),
        Some(DraftMode::Transaction) | None => in_words(&report.totals()),
    });
    check_is_bearable(work, report).await?;
    conclude(report)
}

fn in_words(counts: &RowCounts) -> String {
    let RowCounts { rows, created, updated, unchanged, deleted, skipped } = counts;
    format!(
        "{rows} rows: {created} created, {updated} updated, {unchanged} unchanged, {deleted} deleted, {skipped} skipped"
    )
}
