//! How a failure of this back end becomes an error of the seams: somebody says what was tried.

use std::fmt::Display;

use store::{Error, Result};

use crate::database_error::DatabaseError;
use crate::limits::{RefusedMessage, RefusedWrite, ZeroLimit};

/// Why something failed. What was tried is not in it yet.
pub(crate) trait Failure {
    /// Folds the failure of `operation` into the error of the seams.
    fn into_error(self, operation: String) -> Error;
}

/// Says of an outcome what was tried.
pub(crate) trait During<T> {
    /// Names what failed as a verb phrase with its operand. It becomes a text only if something has failed.
    fn during(self, operation: impl Display) -> Result<T>;
}

impl<T, E: Failure> During<T> for std::result::Result<T, E> {
    fn during(self, operation: impl Display) -> Result<T> {
        match self {
            Ok(done) => Ok(done),
            Err(failure) => Err(failure.into_error(operation.to_string())),
        }
    }
}

/// Why a request to the table or the queue failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestFailure {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Write(#[from] RefusedWrite),
    #[error(transparent)]
    Message(#[from] RefusedMessage),
    #[error(transparent)]
    Limit(#[from] ZeroLimit),
}

impl Failure for RequestFailure {
    fn into_error(self, operation: String) -> Error {
        match self {
            RequestFailure::Database(failure) => failure.into_error(operation),
            // A refusal is for good: the same request would be refused again.
            RequestFailure::Write(refusal) => Error::permanent(operation, refusal),
            RequestFailure::Message(refusal) => Error::permanent(operation, refusal),
            RequestFailure::Limit(refusal) => Error::permanent(operation, refusal),
        }
    }
}

impl Failure for DatabaseError {
    fn into_error(self, operation: String) -> Error {
        if self.may_pass() { Error::retryable(operation, self) } else { Error::permanent(operation, self) }
    }
}
