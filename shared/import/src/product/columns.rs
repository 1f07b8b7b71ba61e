use std::collections::HashMap;

use super::kind::{Kind, kind_of};
use crate::bunch::BunchId;
use crate::csv::{Error, Header, Row};
use crate::dialect::Dialect;

/// Which column of a product file means what; made once per file.
#[derive(Debug, Clone)]
pub struct Columns {
    pub(super) file: String,
    /// Marks changes that must not be applied twice.
    pub(super) origin: String,
    pub(super) dialect: Dialect,
    pub(super) known: Vec<Column>,
    pub(super) sku_index: usize,
    indexes: HashMap<&'static str, usize>,
    unknown: Vec<String>,
}

/// A column with a meaning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) index: usize,
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

impl Columns {
    /// Looks up the columns of a file.
    ///
    /// # Errors
    /// Fails if there is no `sku` column.
    pub fn new(file: &str, header: &Header, dialect: Dialect) -> Result<Self, Error> {
        let sku_index = header.require("sku")?;
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for (index, column) in header.names().iter().enumerate() {
            match kind_of(column) {
                Some((name, kind)) => known.push(Column { index, name, kind }),
                None => unknown.push(column.clone()),
            }
        }
        let indexes = known.iter().map(|column| (column.name, column.index)).collect();
        Ok(Self { file: file.to_owned(), origin: file.to_owned(), dialect, known, sku_index, indexes, unknown })
    }

    /// Names the bunch that the file came with, so that a relative quantity counts again when the file is dropped again.
    #[must_use]
    pub fn of_bunch(mut self, bunch: &BunchId) -> Self {
        self.origin = format!("{bunch}/{}", self.file);
        self
    }

    /// Returns the columns that have no meaning here and are left out, in the order of the file.
    #[must_use]
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Returns a cell by its column's name, or an empty one if the file lacks the column.
    pub(super) fn cell<'a>(&self, row: &'a Row, name: &str) -> &'a str {
        let index = self.indexes.get(name);
        index.and_then(|&index| row.get(index)).unwrap_or_default()
    }
}
