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
            Error::Contended { .. } => Self::retryable(error.to_string()),
            Error::Thing { .. } | Error::Packed { .. } => Self::Permanent {
                problem: "the catalogue holds something that cannot be read".to_owned(),
                source: Some(Box::new(error)),
            },
        }
    }
}
