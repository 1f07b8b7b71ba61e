//! Why something that a person wants cannot be done.

use pipeline::{PipelineId, PipelineStatus};

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
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}
