use std::collections::HashMap;

use super::description::Column;
use crate::bunch::BunchId;
use crate::csv::{CsvRow, Header};
use crate::dialect::Dialect;

/// Which column of a file means what; made once per file.
#[derive(Debug, Clone)]
pub struct Columns<K> {
    pub(super) file: String,
    /// Marks changes that must not be applied twice.
    origin: String,
    dialect: Dialect,
    known: Vec<KnownColumn<K>>,
    indexes: HashMap<&'static str, usize>,
    unknown: Vec<String>,
}

/// A column of a file that has a meaning.
#[derive(Debug, Clone, Copy)]
pub struct KnownColumn<K> {
    /// Its place in the file, from 0.
    pub index: usize,
    /// Its name.
    pub name: &'static str,
    /// What the entity does with it.
    pub kind: K,
}

impl<K: Copy> Columns<K> {
    /// Looks up the columns of a file among those that its entity knows.
    pub(super) fn find(file: &str, header: &Header, dialect: Dialect, columns: &'static [Column<K>]) -> Self {
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for (index, name) in header.names().iter().enumerate() {
            match columns.iter().find(|column| column.name == name) {
                Some(column) => known.push(KnownColumn { index, name: column.name, kind: column.kind }),
                None => unknown.push(name.clone()),
            }
        }
        let indexes = known.iter().map(|column| (column.name, column.index)).collect();
        Self { file: file.to_owned(), origin: file.to_owned(), dialect, known, indexes, unknown }
    }

    /// Names the bunch that the file came with, so that a relative change counts again when the file is dropped again.
    #[must_use]
    pub fn of_bunch(mut self, bunch: &BunchId) -> Self {
        self.origin = format!("{bunch}/{}", self.file);
        self
    }

    /// Returns the columns with a meaning, in the order of the file.
    #[must_use]
    pub fn known(&self) -> &[KnownColumn<K>] {
        &self.known
    }

    /// Returns the columns that have no meaning here and are left out, in the order of the file.
    #[must_use]
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Returns how the cells are written.
    #[must_use]
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Returns what stands for the file wherever a change must not be applied twice.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns a cell by its column's name, or an empty one if the file lacks the column.
    #[must_use]
    pub fn cell<'a>(&self, row: &'a CsvRow, name: &str) -> &'a str {
        let index = self.indexes.get(name);
        index.and_then(|&index| row.get(index)).unwrap_or_default()
    }
}
