//! An import that works on a draft: of its pipeline, or of its own if it takes things away.
//!
//! Replacing and deleting is always drafted first, so that people are told what is removed before it is, and a file that
//! turns out to be unreadable in its middle has removed nothing.

use catalog::own::{self, Draft, DraftHead, DraftMode, DraftName, Publisher};
use engine::{ExecutorError, Outcome, Work};
use import::Entity;
use import::bunch::Bunch;
use import::finding::{Finding, Severity};
use import::operation::Operation;
use pipeline::settings::Scope;

use crate::import::drafts::{DRY_RUN, DRY_RUN_SETTING, SINGLE_TRANSACTION, TRANSACTION_SETTING, draft_of};
use crate::import::failures::of_own;
use crate::import::progress::RowProgress;
use crate::import::publish::publish;
use crate::import::published::Published;

/// The draft that a step works on; none if it writes into the catalogue.
pub(super) async fn draft_of_step<E: Entity>(
    work: &mut Work<'_>,
    operation: Operation,
) -> Result<Option<Draft>, ExecutorError> {
    if let Some(draft) = draft_of(work, E::ABOUT.name).await? {
        return Ok(Some(draft));
    }
    match operation {
        Operation::AddUpdate => return Ok(None),
        Operation::Replace | Operation::Delete => {}
    }
    let name = DraftName { pipeline: work.pipeline_id().clone(), step: Some(work.step.name.clone()) };
    let table = work.store.table.clone();
    if let Some(head) = DraftHead::find(table.as_ref(), &name).await.map_err(of_own)?
        && work.checkpoint::<serde_json::Value>()?.is_some()
    {
        // It may be published in part.
        return Ok(Some(head.draft()));
    }
    let draft = DraftHead::open(table.as_ref(), name, DraftMode::Transaction, E::ABOUT.name).await;
    draft.map(Some).map_err(of_own)
}

/// Tells what the rows remove, and publishes the draft if it is the step's own. Returns how to end if time runs short.
pub(super) async fn end_draft<E: Entity>(
    work: &mut Work<'_>,
    draft: &Draft,
    bunch: &Bunch,
    operation: Operation,
    progress: &mut RowProgress,
) -> Result<Option<Outcome>, ExecutorError> {
    if progress.tally.published.is_none() {
        tell_removals::<E>(work, draft, bunch, operation, progress).await?;
    }
    if draft.name.step.is_none() {
        return Ok(None);
    }
    if progress.tally.published.is_none() {
        // What was told is kept before the first thing is gone: afterwards nobody could find it out again.
        progress.tally.published = Some(Published::nothing());
        if let Some(outcome) = progress.checkpoint(work, "drafted").await? {
            return Ok(Some(outcome));
        }
    }
    let head = DraftHead::find(work.store.table.as_ref(), &draft.name).await.map_err(of_own)?;
    let Some(head) = head else {
        return Err(ExecutorError::permanent("the draft of this step is not there any more; run the step again"));
    };
    publish(work, &Publisher::of::<E>(), head, progress).await
}

/// Says what the rows take away, in the log and in the report.
async fn tell_removals<E: Entity>(
    work: &mut Work<'_>,
    draft: &Draft,
    bunch: &Bunch,
    operation: Operation,
    progress: &mut RowProgress,
) -> Result<(), ExecutorError> {
    let (word, will) = match (operation, draft.mode) {
        (Operation::AddUpdate, _) => return Ok(()),
        (Operation::Replace, DraftMode::DryRun) => ("replace", "would"),
        (Operation::Replace, DraftMode::Transaction) => ("replace", "will"),
        (Operation::Delete, DraftMode::DryRun) => ("delete", "would"),
        (Operation::Delete, DraftMode::Transaction) => ("delete", "will"),
    };
    let import = format!("{}/{}/", bunch.id, E::ABOUT.name);
    let removals = own::removals::<E::Thing>(work.store.table.as_ref(), draft, &import).await.map_err(of_own)?;
    let Some(first) = bunch.files.first() else { return Ok(()) };
    let file = first.name.unpacked().to_string();
    for sentence in removals.sentences(will) {
        let problem = format!("`{word}` {sentence}");
        work.info(&problem);
        progress.tally.report.file(&file).note(Finding::about(&file, 1, problem, Severity::Notice));
    }
    Ok(())
}

/// Makes sure that nobody wants an import into a shop drafted.
pub(super) async fn check_drafts_nothing(work: &Work<'_>, target: &str) -> Result<(), ExecutorError> {
    let scope = Scope::Pipeline(work.pipeline.name().clone());
    let settings = work.settings().await?;
    for (argument, setting) in [(&DRY_RUN, DRY_RUN_SETTING), (&SINGLE_TRANSACTION, TRANSACTION_SETTING)] {
        if work.optional_argument(argument)?.unwrap_or_else(|| settings.flag(setting, &scope)) {
            return Err(knows_no_drafts(target));
        }
    }
    Ok(())
}

/// Says that a target writes at once.
pub(super) fn knows_no_drafts(target: &str) -> ExecutorError {
    ExecutorError::permanent(format!(
        "target `{target}` writes at once; `dry_run` and `single_transaction` are for the own catalogue"
    ))
}
