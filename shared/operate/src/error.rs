//! Why something that a person wants cannot be done.

use catalog::own::LastChange;
use engine::definitions::FindError;
use pipeline::{Name, PipelineId, PipelineStatus, StepStatus};

/// Most bytes of all arguments, with their keys: with the rest of the pipeline they must fit an item of 400 KB.
pub(crate) const ARGUMENTS_LIMIT_BYTES: usize = 300_000;

/// Why something cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such definition.
    #[error("there is no pipeline definition `{name}` (known: {known}{broken})")]
    UnknownDefinition {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
        /// What is wrong with definitions, each behind a semicolon.
        broken: String,
    },
    /// The definition is broken.
    #[error("the definition cannot be used: {problems}")]
    BrokenDefinition {
        /// What is wrong with it.
        problems: String,
    },
    /// There is no such pipeline.
    #[error("there is no pipeline {0}")]
    UnknownPipeline(PipelineId),
    /// The pipeline has ended.
    #[error("pipeline {id} has ended, it is {status}")]
    Ended {
        /// Which.
        id: PipelineId,
        /// How.
        status: PipelineStatus,
    },
    /// Somebody was faster.
    #[error("pipeline {id} is being stopped already: {reason}")]
    Stopping {
        /// Which.
        id: PipelineId,
        /// Why.
        reason: String,
    },
    /// The pipeline is paused already.
    #[error("pipeline {id} is paused already, since {since}")]
    Paused {
        /// Which.
        id: PipelineId,
        /// Since when.
        since: String,
    },
    /// The pipeline is not paused.
    #[error("pipeline {0} is not paused")]
    NotPaused(PipelineId),
    /// No step of the pipeline has failed.
    #[error("no step of pipeline {id} has failed, it is {status}")]
    NothingFailed {
        /// Which.
        id: PipelineId,
        /// Where it stands.
        status: PipelineStatus,
    },
    /// The pipeline has no such step.
    #[error("pipeline {id} has no step `{name}` (it has {known})")]
    UnknownStep {
        /// Which.
        id: PipelineId,
        /// The name asked for.
        name: String,
        /// The first of the names that there are.
        known: String,
    },
    /// The step is enqueued or running.
    #[error(
        "step `{step}` of pipeline {id} is {status}; only a step that nobody is busy with can be processed by hand"
    )]
    StepActive {
        /// Which pipeline.
        id: PipelineId,
        /// Which step.
        step: Name,
        /// Where it stands.
        status: StepStatus,
    },
    /// Others keep writing to the pipeline.
    #[error("pipeline {0} changed while it was being changed; try again")]
    Busy(PipelineId),
    /// A request with the same key asked for something else.
    #[error("key `{key}` has been used for pipeline {id} of `{name}` with other arguments; expected a fresh key")]
    KeyReused {
        /// The key.
        key: String,
        /// The definition.
        name: String,
        /// What the first request spawned.
        id: PipelineId,
    },
    /// The key of a request was used for another definition.
    #[error("key `{key}` has been used for a pipeline of `{name}`; expected a fresh key")]
    KeyOfOther {
        /// The key.
        key: String,
        /// The definition of the first request.
        name: String,
    },
    /// An argument has no name, or one that cannot be printed.
    #[error("`{found}` is no key of an argument (expected at least one printable character)")]
    ArgumentKey {
        /// The key, shortened.
        found: String,
    },
    /// The arguments do not fit the item of a pipeline.
    #[error("the arguments have {size_bytes} bytes; at most {ARGUMENTS_LIMIT_BYTES} are possible")]
    ArgumentsTooLarge {
        /// How many bytes keys and values have.
        size_bytes: usize,
    },
    /// Several pipelines fit the beginning of an id.
    #[error("`{found}` begins {count} ids: {named}; give more of it")]
    Ambiguous {
        /// The beginning.
        found: String,
        /// How many ids begin with it.
        count: usize,
        /// The latest of them.
        named: String,
    },
    /// No pipeline fits the beginning of an id.
    #[error("there is no pipeline whose id begins with `{0}`")]
    NoneBegins(String),
    /// A list was asked for by more than one thing.
    #[error("products are listed by one thing: category, attribute set or url key")]
    SeveralFilters,
    /// A cursor is none that was told.
    #[error("`{found}` is no cursor (expected that of the page before)")]
    BadCursor {
        /// What was found, shortened.
        found: String,
    },
    /// The path of a category cannot be read.
    #[error("`{path}` {error}")]
    BadCategory {
        /// The path asked for.
        path: String,
        /// What is wrong with it.
        error: import::category_path::CategoryPathError,
    },
    /// Files cannot be written as the configuration says.
    #[error(transparent)]
    BrokenConfiguration(#[from] steps::import::configuration::BrokenConfiguration),
    /// There is no such entity.
    #[error("there are no `{found}` (expected one of `{}`)", .known.join("`, `"))]
    UnknownEntity {
        /// The word asked for, shortened.
        found: String,
        /// Those that there are.
        known: Vec<&'static str>,
    },
    /// There is no such product in the own catalogue.
    #[error("there is no product `{sku}`")]
    UnknownProduct {
        /// The sku asked for, shortened.
        sku: String,
    },
    /// The product was deleted.
    #[error(
        "there is no product `{sku}` any more; it was deleted at {} UTC by {}:{} in pipeline {}",
        .deletion.at.format("%Y-%m-%d %H:%M:%S"), .deletion.file, .deletion.line, .deletion.pipeline
    )]
    DeletedProduct {
        /// The sku asked for, shortened.
        sku: String,
        /// The row that did.
        deletion: Box<LastChange>,
    },
    /// No import is remembered by that name.
    #[error(
        "there is no import of a pipeline or bunch `{reference}` (expected the beginning of a pipeline's id, a bunch as in \
         `spring-0123456789ab`, or its identifier as in `spring`)"
    )]
    UnknownImport {
        /// What was asked for, shortened.
        reference: String,
    },
    /// The import has not ended.
    #[error("the import of pipeline {pipeline} has left no report yet")]
    ImportInProgress {
        /// Which.
        pipeline: PipelineId,
    },
    /// Every row of the import was used as a whole.
    #[error("no row of the import of pipeline {pipeline} is to be corrected")]
    NoErrors {
        /// Which.
        pipeline: PipelineId,
    },
    /// The import has rows to correct of other files, or of several.
    #[error("rows to correct of pipeline {pipeline} are there for: {known}; name one of these files")]
    WhichErrors {
        /// Which.
        pipeline: PipelineId,
        /// The names there are.
        known: String,
    },
    /// The clean-up was there before.
    #[error("`{key}` is not there any more: the clean-up has packed or deleted the files of its pipeline")]
    CleanedUp {
        /// The key of the file.
        key: String,
    },
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<FindError> for Error {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Unknown { name, known, broken } => Error::UnknownDefinition { name, known, broken },
            FindError::Broken { problems } => Error::BrokenDefinition { problems },
            FindError::Store(error) => Error::Store(error),
        }
    }
}
