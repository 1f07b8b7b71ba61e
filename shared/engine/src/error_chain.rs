//! An error with everything behind it, in one line: what people read in logs, records and reports.

use std::error::Error;

/// The error and its causes, each behind a colon.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}
