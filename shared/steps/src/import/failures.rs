//! Failures of what imports write to, as failures of a step.

use catalog::{own, target};
use engine::ExecutorError;

/// A failure of a target as a failure of the step.
pub(super) fn of_target(error: target::Error) -> ExecutorError {
    match error {
        target::Error::Retryable { problem, source } => ExecutorError::Retryable { message: problem, source },
        target::Error::Permanent { problem, source } => ExecutorError::Permanent { message: problem, source },
    }
}

/// A failure of the own catalogue as a failure of the step.
pub(crate) fn of_own(error: own::Error) -> ExecutorError {
    of_target(error.into())
}
