//! A failure of the client as one of the target.

use catalog::target;

use crate::client::Error;

/// A failure of the client as one of the target: the whole sentence, and whether a later try can help.
pub(super) fn failed(error: Error) -> target::Error {
    let problem = error.told();
    if error.is_retryable() { target::Error::retryable(problem) } else { target::Error::permanent(problem) }
}
