//! Text that nobody is shown.

use std::fmt;

/// A password, token or key. It shows itself as dots wherever values are printed, and is written nowhere but into requests.
#[derive(Clone, PartialEq, Eq)]
pub struct ShopSecret(String);

impl ShopSecret {
    /// Keeps a text to itself.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ShopSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
