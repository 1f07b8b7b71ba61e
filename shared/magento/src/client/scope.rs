//! For whom a call speaks: for everybody, or for one store view.

/// For whom a call speaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ShopScope {
    /// For everybody.
    #[default]
    Global,
    /// For one store view, by its code.
    View(String),
}

impl ShopScope {
    /// Returns the scope of a row: one store view, or everybody.
    #[must_use]
    pub fn of(store_view: Option<&str>) -> Self {
        store_view.map_or(Self::Global, |code| Self::View(code.to_owned()))
    }

    /// Returns the code that addresses use.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Global => "all",
            Self::View(code) => code,
        }
    }
}
