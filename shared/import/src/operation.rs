//! What an import does with its rows.

use serde::{Deserialize, Serialize};

/// What an import does with its rows. The names are those of the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Makes new things, and changes those that there are; what a row does not say is left alone.
    #[default]
    AddUpdate,
    /// Makes things anew from their rows alone; whatever else was known of them is lost.
    Replace,
    /// Takes things away; of a row only the key counts.
    Delete,
}

impl Operation {
    /// All of them, with the words that definitions use.
    pub const ALL: [(&'static str, Self); 3] =
        [("add-update", Self::AddUpdate), ("replace", Self::Replace), ("delete", Self::Delete)];
}
