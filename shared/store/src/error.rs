//! The one way in which a seam fails.

use std::error::Error as StdError;

/// What went wrong behind a seam, folded into the two kinds that a caller treats differently.
///
/// A condition that does not hold is no error: it is an outcome ([`crate::table::Written::Conflict`]).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Throttled, timed out, connection lost: the same call may go through later.
    ///
    /// A write that ends like this *may have been applied*; repeating it must recognise its own success.
    #[error("failed to {operation}, which may go through later")]
    Retryable {
        /// What was tried and on what, as a verb phrase (``get item `pipeline/… meta` ``).
        operation: String,
        /// The back end's own error.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Repeating the call cannot help: access denied, no such table, malformed request or item.
    #[error("failed to {operation}")]
    Permanent {
        /// What was tried and on what, as a verb phrase.
        operation: String,
        /// The back end's own error.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
}

/// What every seam call returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Folds an error that may pass.
    pub fn retryable(operation: impl Into<String>, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Error::Retryable { operation: operation.into(), source: source.into() }
    }

    /// Folds an error that will not pass by itself.
    pub fn permanent(operation: impl Into<String>, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Error::Permanent { operation: operation.into(), source: source.into() }
    }

    /// Tells whether the same call may go through later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::Retryable { .. })
    }
}
