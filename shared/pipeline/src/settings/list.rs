//! All settings that a program has.

use super::{Error, SETTINGS, Setting, shortened};
use crate::xml::suggest;

/// All settings that a program has: those of every program, and what its own parts declare.
#[derive(Debug, Clone)]
pub struct SettingList(Vec<&'static Setting>);

impl Default for SettingList {
    fn default() -> Self {
        Self::with([])
    }
}

impl SettingList {
    /// The settings of every program and those that some parts declare.
    ///
    /// # Panics
    /// If two settings have one name; names are written in the code.
    #[must_use]
    pub fn with(declared: impl IntoIterator<Item = &'static Setting>) -> Self {
        let mut all: Vec<&'static Setting> = SETTINGS.iter().chain(declared).collect();
        all.sort_by_key(|setting| setting.name);
        if let Some(pair) = all.windows(2).find(|pair| pair[0].name == pair[1].name) {
            panic!("setting `{}` is declared twice", pair[0].name);
        }
        Self(all)
    }

    /// The setting of a name.
    ///
    /// # Errors
    /// There is no such setting.
    pub fn named(&self, name: &str) -> Result<&'static Setting, Error> {
        self.iter().find(|setting| setting.name == name).ok_or_else(|| Error::Unknown {
            name: shortened(name),
            expected: suggest::expected(name, self.iter().map(|setting| setting.name)),
        })
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &'static Setting> + Clone + '_ {
        self.0.iter().copied()
    }
}
