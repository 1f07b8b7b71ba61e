use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::error::{Error, ErrorKind};
use super::row::CsvRow;

/// How many names of a header a message repeats, and how many characters of each.
const SHOWN_NAMES: usize = 4;
const SHOWN_CHARS: usize = 40;

/// The column names of a file, each named once.
///
/// Serialisable, so that a checkpoint can carry it to the reader that goes on in the middle of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    names: Vec<String>,
    /// Line of the file on which it stands, for errors about it.
    line: u64,
}

impl Header {
    /// Reads the column names from the first row of a file.
    ///
    /// # Errors
    /// Refuses a column without a name and a name used twice.
    pub fn from_row(row: &CsvRow) -> Result<Self, Error> {
        let line = row.position.line;
        let mut numbers = HashMap::new();
        // Spreadsheet programs write separators behind the last name, if cells there were filled once.
        let mut names: Vec<&str> = row.iter().collect();
        while names.len() > 1 && names.last().is_some_and(|name| name.trim().is_empty()) {
            names.pop();
        }
        for (index, &name) in names.iter().enumerate() {
            let number = index + 1;
            if name.trim().is_empty() {
                let kind = ErrorKind::UnnamedColumn { number };
                return Err(Error { line, kind });
            }
            if let Some(first) = numbers.insert(name, number) {
                let name = name.to_owned();
                let kind = ErrorKind::RepeatedColumn { name, number, first };
                return Err(Error { line, kind });
            }
        }
        let names = names.into_iter().map(str::to_owned).collect();
        Ok(Self { names, line })
    }

    /// Returns the column names in the order of the file.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the line of the file on which the header stands.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Checks that a column is there and returns its index.
    ///
    /// # Errors
    /// Names the missing column, with a hint if the file seems to use another delimiter.
    pub fn require(&self, name: &'static str) -> Result<usize, Error> {
        // `SKU` and ` sku` are the column `sku`; whoever reads the rows says so.
        let index = self.names.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
        index.ok_or_else(|| self.missing(name))
    }

    /// Says that a column is missing, with a hint if the file seems to use another delimiter.
    #[must_use]
    pub fn missing(&self, name: &'static str) -> Error {
        let kind = ErrorKind::MissingColumn { name, hint: self.hint() };
        Error { line: self.line, kind }
    }

    fn hint(&self) -> String {
        match self.names.as_slice() {
            [only] if only.contains(';') => "; is the delimiter of this file `;`?".to_owned(),
            [only] if only.contains('\t') => "; is the delimiter of this file a tab?".to_owned(),
            [only] if only.contains(',') => {
                "; is the delimiter of this file `,`, or are its lines in quotes as a whole?".to_owned()
            }
            names => {
                let first: Vec<String> = names.iter().take(SHOWN_NAMES).map(|name| shown(name)).collect();
                let more = if names.len() > SHOWN_NAMES { ", …" } else { "" };
                format!("; the first line must name the columns, and it holds {}{more}", first.join(", "))
            }
        }
    }
}

fn shown(name: &str) -> String {
    let visible = |found: char| if found.is_control() { found.escape_default().to_string() } else { found.into() };
    let text: String = name.chars().take(SHOWN_CHARS).map(visible).collect();
    format!("`{text}{}`", if name.chars().count() > SHOWN_CHARS { "…" } else { "" })
}
