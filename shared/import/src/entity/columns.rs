use std::collections::HashMap;
use std::sync::Arc;

use super::Entity;
use super::row_plan::RowPlan;
use crate::bunch::BunchId;
use crate::configuration::EntitySettings;
use crate::csv::CsvRow;
use crate::dialect::Dialect;
use crate::finding::Finding;
use crate::operation::Operation;
use crate::shop::ShopFacts;

/// What a file is read with.
#[derive(Debug, Clone)]
pub struct ReadingRules {
    /// How its cells are written.
    pub dialect: Dialect,
    /// What the configuration says of its columns.
    pub settings: Arc<EntitySettings>,
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
    pub(super) origin: String,
    pub(super) rules: ReadingRules,
    pub(super) known: Vec<KnownColumn<K>>,
    pub(super) indexes: HashMap<Arc<str>, usize>,
    pub(super) unknown: Vec<String>,
    /// What the configuration makes of rows, if anything.
    pub(super) plan: Option<RowPlan>,
    /// What is worth knowing about the header.
    pub(super) findings: Vec<Finding>,
    /// For which things they count.
    pub(super) things: Things,
    /// The columns that count for things that there are already, if some count for new things only.
    pub(super) for_known: Option<Box<Columns<K>>>,
}

/// For which things the columns of a row count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Things {
    /// For new ones.
    New,
    /// For those that there are already.
    Known,
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
            settings: Arc::default(),
            shop,
            unknown_names: UnknownNames::default(),
            operation: Operation::default(),
        }
    }
}

impl<K: Clone> Columns<K> {
    /// Returns what is worth knowing about the header.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.findings.clone()
    }

    /// Names the bunch that the file came with, so that a relative change counts again when the file is dropped again.
    #[must_use]
    pub fn of_bunch(mut self, bunch: &BunchId) -> Self {
        self.origin = format!("{bunch}/{}", self.file);
        self.for_known = self.for_known.map(|columns| Box::new(columns.of_bunch(bunch)));
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

    /// Returns a finding about a row as it is told: by the names of the columns in the file.
    #[must_use]
    pub fn placed(&self, finding: Finding) -> Finding {
        match &self.plan {
            Some(plan) => plan.placed(finding, None),
            None => finding,
        }
    }

    /// Returns what the configuration says of the columns.
    #[must_use]
    pub fn settings(&self) -> &EntitySettings {
        &self.rules.settings
    }

    /// Returns where in the rows of the file the cell stands that an entity reads at a place; none if it is a default.
    pub(super) fn place_in_file(&self, index: usize) -> Option<usize> {
        self.plan.as_ref().map_or(Some(index), |plan| plan.place_in_file(index))
    }

    /// Says whether the configuration lets a column count, which may stand among the additional attributes.
    pub(super) fn lets_count<E: Entity>(&self, name: &str) -> bool {
        let is_for_others = self.things == Things::Known && counts_for_new_only::<E>(name, self.settings());
        !is_for_others && !self.settings().left_out.contains_key(name)
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

/// Says whether a column counts for new things only. What says which thing is meant always counts.
pub(super) fn counts_for_new_only<E: Entity>(name: &str, settings: &EntitySettings) -> bool {
    let names_the_thing = E::ABOUT.key.contains(&name) || name == "store_view_code";
    !names_the_thing && (settings.only_for_new.contains(name) || settings.only_for_new.contains("*"))
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
