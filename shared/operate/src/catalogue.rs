//! Failures of the own catalogue, as people see them.

use catalog::own;

use crate::error::Error;

/// A failure while something was read.
pub(crate) fn of_catalogue(what: &str, error: own::Error) -> Error {
    // Only writers contend or draft.
    let own::Error::Store(error) = error else {
        return Error::Store(store::Error::permanent(format!("read {what}"), error));
    };
    Error::Store(error)
}
