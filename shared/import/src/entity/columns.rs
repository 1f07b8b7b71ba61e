use std::collections::HashMap;
use std::sync::Arc;

use super::Entity;
use crate::bunch::BunchId;
use crate::csv::{CsvRow, Header};
use crate::dialect::Dialect;
use crate::shop::ShopFacts;

/// What a file is read with.
#[derive(Debug, Clone)]
pub struct ReadingRules {
    /// How its cells are written.
    pub dialect: Dialect,
    /// What its rows may say.
    pub shop: Arc<ShopFacts>,
}

/// Which column of a file means what; made once per file.
#[derive(Debug, Clone)]
pub struct Columns<K> {
    pub(super) file: String,
    /// Marks changes that must not be applied twice.
    origin: String,
    rules: ReadingRules,
    known: Vec<KnownColumn<K>>,
    indexes: HashMap<Arc<str>, usize>,
    unknown: Vec<String>,
}

/// A column of a file that has a meaning.
#[derive(Debug, Clone)]
pub struct KnownColumn<K> {
    /// Its place in the file, from 0.
    pub index: usize,
    /// Its name.
    pub name: Arc<str>,
    /// What the entity does with it.
    pub kind: K,
}

impl Default for ReadingRules {
    /// The dialect of the import framework that Pacemaker uses, and a plain shop.
    fn default() -> Self {
        Self { dialect: Dialect::default(), shop: Arc::new(ShopFacts::plain()) }
    }
}

impl<K: Clone> Columns<K> {
    /// Looks up the columns of a file among those that its entity knows.
    pub(super) fn find<E: Entity<ColumnKind = K>>(file: &str, header: &Header, rules: ReadingRules) -> Self {
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for (index, name) in header.names().iter().enumerate() {
            let column = E::COLUMNS.iter().find(|column| column.name == name);
            let kind = column.map(|column| column.kind.clone()).or_else(|| E::column_of_shop(name, &rules.shop));
            match kind {
                Some(kind) => known.push(KnownColumn { index, name: Arc::from(name.as_str()), kind }),
                None => unknown.push(name.clone()),
            }
        }
        let indexes = known.iter().map(|column| (column.name.clone(), column.index)).collect();
        Self { file: file.to_owned(), origin: file.to_owned(), rules, known, indexes, unknown }
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
        &self.rules.dialect
    }

    /// Returns what the shop has, and so what the cells may say.
    #[must_use]
    pub fn shop(&self) -> &ShopFacts {
        &self.rules.shop
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
