use serde::{Deserialize, Serialize};

/// A place between two rows, from which reading can carry on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CsvPosition {
    /// Bytes of the file before it.
    pub byte_offset: u64,
    /// Physical line, counted from 1; line breaks inside of quoted cells count.
    pub line: u64,
}

impl CsvPosition {
    /// The first byte of a file.
    pub const START: Self = Self { byte_offset: 0, line: 1 };
}
