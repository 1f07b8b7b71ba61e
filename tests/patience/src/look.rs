//! What a look of a wait brings.

use std::fmt::Debug;

/// An answer, or that there is none yet: `None`, or what was seen instead, which a failure shows.
pub trait Look<T> {
    /// The answer, or what was seen instead, in words.
    ///
    /// # Errors
    /// If there is no answer yet.
    fn answer(self) -> Result<T, Option<String>>;
}

impl<T> Look<T> for Option<T> {
    fn answer(self) -> Result<T, Option<String>> {
        self.ok_or(None)
    }
}

impl<T, S: Debug> Look<T> for Result<T, S> {
    fn answer(self) -> Result<T, Option<String>> {
        self.map_err(|seen| Some(format!("{seen:?}")))
    }
}
