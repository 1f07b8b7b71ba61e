use std::collections::HashMap;
use std::sync::Arc;

use super::Entity;
use crate::bunch::BunchId;
use crate::csv::{CsvRow, Header};
use crate::dialect::Dialect;
use crate::errors_file;
use crate::finding::{Finding, Severity};
use crate::operation::Operation;
use crate::shop::ShopFacts;

/// What a file is read with.
#[derive(Debug, Clone)]
pub struct ReadingRules {
    /// How its cells are written.
    pub dialect: Dialect,
    /// What its rows may say.
    pub shop: Arc<ShopFacts>,
    /// What is to be done with its rows: those that take something away need to name it only.
    pub operation: Operation,
    /// What becomes of names that the shop does not have.
    pub unknown_names: UnknownNames,
}

/// What becomes of names in cells that the shop does not have: attribute sets, attributes, options and the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownNames {
    /// They cost the value, or the row if it depends on them.
    #[default]
    Refused,
    /// Options of attributes are taken, for whoever reads creates them; everything else is refused.
    OptionsTaken,
    /// All are taken as they are: whoever reads does not know the shop.
    Taken,
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
    /// Columns that are spelled otherwise than the entity calls them, with the name as which they are read.
    respelled: Vec<(String, Arc<str>)>,
    header_line: u64,
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
        let shop = Arc::new(ShopFacts::plain());
        Self {
            dialect: Dialect::default(),
            shop,
            unknown_names: UnknownNames::default(),
            operation: Operation::default(),
        }
    }
}

impl<K: Clone> Columns<K> {
    /// Looks up the columns of a file among those that its entity knows.
    pub(super) fn find<E: Entity<ColumnKind = K>>(file: &str, header: &Header, rules: ReadingRules) -> Self {
        let mut columns = Self {
            file: file.to_owned(),
            origin: file.to_owned(),
            rules,
            known: Vec::new(),
            indexes: HashMap::new(),
            unknown: Vec::new(),
            respelled: Vec::new(),
            header_line: header.line(),
        };
        for (index, written) in header.names().iter().enumerate() {
            if errors_file::is_added(written) {
                continue;
            }
            let Some((name, kind)) = column_named::<E>(written, &columns.rules.shop) else {
                columns.unknown.push(written.clone());
                continue;
            };
            // Spelled in two ways the same column is there twice; the first one counts.
            if columns.indexes.contains_key(&*name) {
                columns.unknown.push(written.clone());
                continue;
            }
            let name: Arc<str> = Arc::from(name);
            if written.trim() != written || written.chars().any(char::is_uppercase) {
                columns.respelled.push((written.clone(), name.clone()));
            }
            columns.indexes.insert(name.clone(), index);
            columns.known.push(KnownColumn { index, name, kind });
        }
        columns
    }

    /// Returns what is worth knowing about the header.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let about = |(written, name): &(String, Arc<str>)| {
            let problem = format!("is read as column `{name}`; write it like this, without blanks and capitals");
            let found = Some(written.clone());
            Finding { found, ..Finding::about(&self.file, self.header_line, problem, Severity::Notice) }
        };
        self.respelled.iter().map(about).collect()
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

    /// Returns what becomes of names that the shop does not have.
    #[must_use]
    pub fn unknown_names(&self) -> UnknownNames {
        self.rules.unknown_names
    }

    /// Returns what the shop has, to be added to: the rows of a file may speak of what those above them made.
    pub fn shop_mut(&mut self) -> &mut ShopFacts {
        Arc::make_mut(&mut self.rules.shop)
    }

    /// Returns what the shop has, for the files that are read next.
    #[must_use]
    pub fn shared_shop(&self) -> Arc<ShopFacts> {
        self.rules.shop.clone()
    }

    /// Returns what is to be done with the rows.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.rules.operation
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

/// Finds out which column a name stands for, however it is spelled: `SKU`, ` sku` and the names inside the shop, too.
pub(crate) fn column_named<E: Entity>(written: &str, shop: &ShopFacts) -> Option<(String, E::ColumnKind)> {
    let name = written.trim().to_lowercase();
    let inside = E::OTHER_NAMES.iter().find(|(other, _)| *other == name);
    let name = inside.map_or(name, |(_, column)| (*column).to_owned());
    let column = E::COLUMNS.iter().find(|column| column.name == name);
    let kind = column.map(|column| column.kind.clone()).or_else(|| E::column_of_shop(&name, shop))?;
    Some((name, kind))
}
