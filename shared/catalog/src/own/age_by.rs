use serde::{Deserialize, Serialize};

/// What tells how old a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgeBy {
    /// Nothing: rows count in the order in which they come.
    #[default]
    Nothing,
    /// The column `updated_at`, compared with the stored one.
    UpdatedAt,
    /// The time in the name of the file, compared with that of the file that changed the thing last.
    FileTime,
}
