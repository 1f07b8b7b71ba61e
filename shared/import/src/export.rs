//! Files that are written: the things of an entity as CSV that its own reader takes for the same things.
//!
//! An [`Export`] writes one thing after the other and keeps none, so memory does not grow with the file. Each thing is read
//! back at once: what a file cannot say of it, or what its own validation would complain about, becomes a finding and is
//! never lost without a word.

mod row_text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::Entity;
use crate::csv::{CsvPosition, CsvRow, Header};
use crate::dialect::Dialect;
use crate::entity::{Columns, ReadingRules, Thing, UnknownNames, Writing, WrittenRow};
use crate::finding::{Finding, Severity};
use crate::shop::ShopFacts;
pub use row_text::row_text;

/// A file of an entity while it is written.
#[derive(Debug)]
pub struct Export<E: Entity> {
    file: String,
    dialect: Dialect,
    shop: Arc<ShopFacts>,
    names: Vec<String>,
    /// How the file reads itself.
    columns: Columns<E::ColumnKind>,
    /// Of the next row.
    line: u64,
}

/// What is written of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WrittenThing {
    /// Its rows as text; empty if the entity's files have nothing to say of it.
    pub text: String,
    /// How many rows these are.
    pub rows: u64,
    /// What cannot be written such that it is read as the same again, or would not pass validation.
    pub findings: Vec<Finding>,
}

impl<E: Entity> Export<E> {
    /// Begins a file of a name.
    #[must_use]
    pub fn begin(file: &str, dialect: Dialect, shop: Arc<ShopFacts>) -> Self {
        let names = written_columns::<E>(&shop);
        let row = CsvRow::written(CsvPosition::START, names.iter().map(String::as_str));
        let header = Header::from_row(&row).expect("an entity names each of its columns once");
        // As an import judges it: of a shop that nobody has told of, names are taken as they come.
        let unknown_names = if shop.is_told { UnknownNames::Refused } else { UnknownNames::Taken };
        let rules =
            ReadingRules { dialect: dialect.clone(), shop: shop.clone(), unknown_names, ..ReadingRules::default() };
        let columns = E::columns(file, &header, rules).expect("a file that is written has every key column");
        Self { file: file.to_owned(), dialect, shop, names, columns, line: 2 }
    }

    /// Returns the first row of the file.
    #[must_use]
    pub fn header(&self) -> String {
        row_text(self.names.iter().map(String::as_str), self.dialect.format)
    }

    /// Writes a thing.
    pub fn write(&mut self, thing: &E::Thing) -> WrittenThing {
        let rows = written_rows::<E>(thing, &self.dialect, &self.shop);
        let mut written = WrittenThing { rows: rows.len() as u64, ..WrittenThing::default() };
        let mut readable = Vec::new();
        for row in &rows {
            self.note_homeless(row, &mut written.findings);
            let cells = || self.names.iter().map(|name| row.cell(name));
            let text = row_text(cells(), self.dialect.format);
            readable.push(CsvRow::written(CsvPosition { byte_offset: 0, line: self.line }, cells()));
            self.line += text.bytes().filter(|byte| *byte == b'\n').count() as u64;
            written.text.push_str(&text);
        }
        if let Some(first) = readable.first() {
            let line = first.position.line;
            let again = self.read_again(thing, &readable, &mut written.findings);
            self.compare(&rows, again.as_ref(), line, &mut written.findings);
        }
        written
    }

    /// Says which cells belong into columns that the file does not have, such as those of an attribute that is gone.
    fn note_homeless(&self, row: &WrittenRow, findings: &mut Vec<Finding>) {
        for column in row.columns().filter(|column| !self.names.iter().any(|name| name == column)) {
            let problem = "is no column that the shop knows any more, so the value is left out".to_owned();
            let finding = Finding::about(&self.file, self.line, problem, Severity::Value);
            findings.push(Finding { column: Some(column.to_owned()), ..finding });
        }
    }

    /// Makes the thing again from its rows.
    fn read_again(&mut self, thing: &E::Thing, rows: &[CsvRow], findings: &mut Vec<Finding>) -> Option<E::Thing> {
        let mut again = E::unwritten(thing);
        for row in rows {
            let read = E::read(&self.columns, row);
            findings.extend(read.findings);
            let Some(change) = read.change else { continue };
            if E::Thing::IS_FACT {
                // What the rows behind it may say follows from it; if it is refused, that is told below.
                let _ = self.columns.shop_mut().learn::<E>(&change);
            }
            let applied = match &mut again {
                Some(thing) => E::apply(thing, &change).map(drop),
                None => made::<E>(&change).map(|thing| again = Some(thing)),
            };
            if let Err(refusal) = applied {
                findings.push(Finding::refused(&self.file, row.position.line, refusal));
            }
        }
        again
    }

    /// Compares what a thing says with what it says after it was read again.
    fn compare(&self, rows: &[WrittenRow], again: Option<&E::Thing>, line: u64, findings: &mut Vec<Finding>) {
        // Whatever is told already makes a difference.
        if !findings.is_empty() {
            return;
        }
        let rows_again = again.map(|again| written_rows::<E>(again, &self.dialect, &self.shop)).unwrap_or_default();
        let differing = rows.iter().enumerate().find_map(|(place, row)| {
            let empty = WrittenRow::default();
            let other = rows_again.get(place).unwrap_or(&empty);
            self.names.iter().find(|name| row.cell(name) != other.cell(name))
        });
        let column = match differing {
            Some(column) => Some(column.clone()),
            None if rows.len() == rows_again.len() => return,
            None => None,
        };
        let problem = "cannot be written such that it is read as the same again".to_owned();
        findings.push(Finding { column, ..Finding::about(&self.file, line, problem, Severity::Value) });
    }
}

/// Returns things in the order of a file: that of their keys, but each behind the one that it needs in front.
#[must_use]
pub fn in_order<E: Entity>(things: &BTreeMap<String, E::Thing>) -> Vec<(&str, &E::Thing)> {
    let mut ordered = Vec::new();
    let mut placed = BTreeSet::new();
    for key in things.keys() {
        // The things that this one needs, the nearest first; one that needs itself by a detour ends the walk.
        let mut chain = Vec::new();
        let mut next = Some(key.clone());
        while let Some(key) = next.filter(|key| !placed.contains(key)) {
            let Some((key, thing)) = things.get_key_value(&key) else { break };
            placed.insert(key.clone());
            chain.push((key.as_str(), thing));
            next = E::stands_behind(thing);
        }
        ordered.extend(chain.into_iter().rev());
    }
    ordered
}

/// Makes a thing of its first row.
fn made<E: Entity>(change: &E::EntityChange) -> Result<E::Thing, crate::finding::ChangeRefusal> {
    match E::missing_if_new(change).into_iter().next() {
        Some(missing) => Err(missing),
        None => E::create(change),
    }
}

/// The columns of a file that is written: those of every shop, and those of this one.
fn written_columns<E: Entity>(shop: &ShopFacts) -> Vec<String> {
    let of_all = E::COLUMNS.iter().filter(|column| E::is_written(column)).map(|column| column.name.to_owned());
    let mut names: Vec<String> = of_all.collect();
    for name in E::written_columns_of_shop(shop) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The rows of a thing.
fn written_rows<E: Entity>(thing: &E::Thing, dialect: &Dialect, shop: &ShopFacts) -> Vec<WrittenRow> {
    let mut writing = Writing::new(dialect, shop);
    E::write(thing, &mut writing);
    writing.into_rows()
}
