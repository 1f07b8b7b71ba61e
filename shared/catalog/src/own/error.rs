use import::entity::JsonError;

use super::stored_json::UnpackError;
use crate::target;

/// Why the own catalogue cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Others write the same things all the time.
    #[error("others keep writing to `{key}` or to what is below it")]
    Contended {
        /// The key of the thing.
        key: String,
    },
    /// The draft is just being published, which is carried on to its end.
    #[error("the draft is being published and takes nothing more until that is through")]
    IsPublishing,
    /// The head of a draft cannot be understood.
    #[error("the draft `{key}` cannot be read (expected mode, status and entities as this version writes them)")]
    DraftHead {
        /// Its key.
        key: String,
    },
    /// The rows beside a drafted thing cannot be understood.
    #[error("failed to read the rows of the drafted `{key}`")]
    Draft {
        /// Its key.
        key: String,
        /// What is wrong with them.
        #[source]
        source: serde_json::Error,
    },
    /// Nobody here knows what rows of a draft speak of.
    #[error(
        "a draft has rows of `{entity}`, which are unknown here (expected one of {known}); add the entity to those that `publish` knows"
    )]
    UnknownEntity {
        /// The entity.
        entity: String,
        /// Those that are known.
        known: String,
    },
    /// A stored thing cannot be understood.
    #[error("failed to read {name} `{key}` of the catalogue")]
    Thing {
        /// What it should be, such as `product`.
        name: &'static str,
        /// Its key.
        key: String,
        /// What is wrong with it.
        #[source]
        source: JsonError,
    },
    /// A stored thing cannot be unpacked.
    #[error("failed to read {name} `{key}` of the catalogue")]
    Packed {
        /// What it should be, such as `attribute`.
        name: &'static str,
        /// Its key.
        key: String,
        /// What is wrong with it.
        #[source]
        source: UnpackError,
    },
}

impl From<Error> for target::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(source) if source.is_retryable() => Self::Retryable {
                problem: "the store did not answer as expected".to_owned(),
                source: Some(Box::new(source)),
            },
            Error::Store(source) => Self::Permanent {
                problem: "the store did not answer as expected".to_owned(),
                source: Some(Box::new(source)),
            },
            Error::Contended { .. } | Error::IsPublishing => Self::retryable(error.to_string()),
            Error::UnknownEntity { .. } | Error::DraftHead { .. } => Self::permanent(error.to_string()),
            Error::Thing { .. } | Error::Packed { .. } | Error::Draft { .. } => Self::Permanent {
                problem: "the catalogue holds something that cannot be read".to_owned(),
                source: Some(Box::new(error)),
            },
        }
    }
}
