use serde::{Deserialize, Serialize};

/// Characters that give the bytes of a file their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvFormat {
    /// What separates two cells.
    pub delimiter: u8,
    /// What encloses a cell that holds delimiters or line breaks; doubled inside such a cell it stands for itself.
    pub quote: u8,
    /// What makes a quote stand for itself as well, as a backslash does in files of older systems.
    pub escape: Option<u8>,
}

impl CsvFormat {
    /// RFC 4180: comma, double quote, no escape.
    pub const RFC_4180: Self = Self { delimiter: b',', quote: b'"', escape: None };
}
