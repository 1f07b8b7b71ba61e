//! Where the steps of an import write: into the catalogue at once, or into a draft over it.
//!
//! All steps of a pipeline write to the same place. The first of them that writes decides, and the head of the draft
//! keeps what it decided; a step that is told otherwise is refused.

use catalog::own::{Draft, DraftHead, DraftMode, DraftName};
use engine::accepts::{Argument, Flag, Presence};
use engine::{ExecutorError, Work};
use pipeline::settings::Scope;
use serde_json::Value;

use super::failures::of_own;

pub(super) const DRY_RUN: Argument<Flag> = Argument {
    name: "dry_run",
    kind: Flag,
    presence: Presence::Optional,
    meaning: "`true` only shows what would be created, updated, left unchanged and deleted, and writes nothing into the \
              catalogue; give it to the pipeline, so that all its steps have it; without it the setting `import.dry_run` \
              counts",
};

pub(super) const SINGLE_TRANSACTION: Argument<Flag> = Argument {
    name: "single_transaction",
    kind: Flag,
    presence: Presence::Optional,
    meaning: "`true` keeps all changes of the pipeline in a draft until its step `publish` brings them into the catalogue, \
              so that a failed import leaves it as it was; without it the setting `import.single_transaction` counts",
};

/// The settings that are asked where no argument is given.
pub(super) const DRY_RUN_SETTING: &str = "import.dry_run";
pub(super) const TRANSACTION_SETTING: &str = "import.single_transaction";

/// The executor that publishes the draft of a pipeline.
pub(super) const PUBLISH: &str = "publish";

/// The draft of the whole pipeline.
pub(super) fn pipeline_draft(work: &Work<'_>) -> DraftName {
    DraftName { pipeline: work.pipeline_id().clone(), step: None }
}

/// The draft that a step writes into, on its way through rows of an entity; none if it writes into the catalogue.
pub(super) async fn draft_of(work: &mut Work<'_>, entity: &str) -> Result<Option<Draft>, ExecutorError> {
    let table = work.store.table.clone();
    let name = pipeline_draft(work);
    let head = DraftHead::find(table.as_ref(), &name).await.map_err(of_own)?;
    let told = ToldMode::of(work)?;
    let mode = match head.map(|head| head.mode) {
        Some(mode) if told.contradicts(mode) => return Err(contradiction(work, mode)),
        Some(mode) => mode,
        None => match told.or_set(work).await? {
            Some(mode) => mode,
            None => return Ok(None),
        },
    };
    if mode == DraftMode::Transaction {
        check_is_published(work)?;
    }
    let draft = DraftHead::open(table.as_ref(), name, mode, entity).await.map_err(of_own)?;
    work.info(match mode {
        DraftMode::DryRun => "dry run: nothing is written into the catalogue",
        DraftMode::Transaction => {
            "single transaction: changes are drafted, and step `publish` brings them into the catalogue"
        }
    });
    Ok(Some(draft))
}

/// What the arguments of a step say; nothing where they leave it to the settings.
#[derive(Debug, Clone, Copy)]
struct ToldMode {
    dry_run: Option<bool>,
    transaction: Option<bool>,
}

impl ToldMode {
    fn of(work: &Work<'_>) -> Result<Self, ExecutorError> {
        let dry_run = work.optional_argument(&DRY_RUN)?;
        Ok(Self { dry_run, transaction: work.optional_argument(&SINGLE_TRANSACTION)? })
    }

    /// Whether a draft of this mode is not what the arguments want.
    fn contradicts(self, mode: DraftMode) -> bool {
        match mode {
            DraftMode::DryRun => self.dry_run == Some(false),
            DraftMode::Transaction => self.dry_run == Some(true) || self.transaction == Some(false),
        }
    }

    /// What is wanted of the first step that writes.
    async fn or_set(self, work: &mut Work<'_>) -> Result<Option<DraftMode>, ExecutorError> {
        let scope = Scope::Pipeline(work.pipeline.name().clone());
        let settings = work.settings().await?;
        let dry_run = self.dry_run.unwrap_or_else(|| settings.flag(DRY_RUN_SETTING, &scope));
        let transaction = self.transaction.unwrap_or_else(|| settings.flag(TRANSACTION_SETTING, &scope));
        let mode = match (dry_run, transaction) {
            (true, _) => DraftMode::DryRun,
            (false, true) => DraftMode::Transaction,
            (false, false) => return Ok(None),
        };
        let Some(before) = has_written(work).await? else { return Ok(Some(mode)) };
        if self.dry_run == Some(true) || self.transaction == Some(true) {
            return Err(too_late(work, &before));
        }
        // The setting was changed in the middle of this import.
        work.info(&format!(
            "step `{before}` has written into the catalogue, so settings that ask for a draft count for the next import"
        ));
        Ok(None)
    }
}

/// A step that has written into the catalogue.
async fn has_written(work: &Work<'_>) -> Result<Option<String>, ExecutorError> {
    // A checkpoint without a draft is that of this very step.
    if work.checkpoint::<Value>()?.is_some() {
        return Ok(Some(work.step.name.to_string()));
    }
    let own = work.step.sort_order;
    for step in work.pipeline.definition.steps.iter().filter(|step| step.sort_order < own) {
        let executor = step.executor.as_str();
        let writes = executor.starts_with("import_") || executor.starts_with("create_");
        if writes && work.output_of::<Value>(step.name.as_str()).await?.is_some() {
            return Ok(Some(step.name.to_string()));
        }
    }
    Ok(None)
}

/// Makes sure that what is drafted will be published.
fn check_is_published(work: &Work<'_>) -> Result<(), ExecutorError> {
    let own = work.step.sort_order;
    let mut later = work.pipeline.definition.steps.iter().filter(|step| step.sort_order > own);
    if later.any(|step| step.executor.as_str() == PUBLISH) {
        return Ok(());
    }
    let (step, pipeline) = (&work.step.name, work.pipeline.name());
    Err(ExecutorError::permanent(format!(
        "step `{step}` drafts its changes, and pipeline `{pipeline}` has no later step with executor `{PUBLISH}`, which brings \
         them into the catalogue; add one, or leave out `{}` and the setting `{TRANSACTION_SETTING}`",
        SINGLE_TRANSACTION.name
    )))
}

fn contradiction(work: &Work<'_>, mode: DraftMode) -> ExecutorError {
    let step = &work.step.name;
    let before = match mode {
        DraftMode::DryRun => "are a dry run",
        DraftMode::Transaction => "are a single transaction",
    };
    ExecutorError::permanent(format!(
        "the steps before `{step}` {before}, and its arguments `{}` and `{}` say otherwise; give these arguments to the \
         pipeline, so that all its steps have the same",
        DRY_RUN.name, SINGLE_TRANSACTION.name
    ))
}

fn too_late(work: &Work<'_>, before: &str) -> ExecutorError {
    let step = &work.step.name;
    ExecutorError::permanent(format!(
        "step `{step}` is to draft its changes, and step `{before}` has written into the catalogue already; give `{}` and \
         `{}` to the pipeline, so that all its steps have the same",
        DRY_RUN.name, SINGLE_TRANSACTION.name
    ))
}
