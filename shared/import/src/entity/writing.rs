use std::collections::BTreeMap;

use crate::cell;
use crate::dialect::Dialect;
use crate::shop::ShopFacts;

/// A thing while its entity writes it: the rows of a file that make it again.
#[derive(Debug)]
pub struct Writing<'a> {
    /// How cells are written.
    pub dialect: &'a Dialect,
    /// What the shop has, and so how a reader understands cells.
    pub shop: &'a ShopFacts,
    /// Whether the file has a column for values that no column of their own can hold.
    pub has_additional_attributes: bool,
    rows: Vec<WrittenRow>,
}

/// The cells of a row that is written, by column. A column without one is left empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WrittenRow {
    cells: BTreeMap<String, String>,
}

impl<'a> Writing<'a> {
    /// Begins without rows.
    #[must_use]
    pub fn new(dialect: &'a Dialect, shop: &'a ShopFacts) -> Self {
        Self { dialect, shop, has_additional_attributes: true, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, row: WrittenRow) {
        self.rows.push(row);
    }

    /// Returns the rows in their order.
    #[must_use]
    pub fn into_rows(self) -> Vec<WrittenRow> {
        self.rows
    }

    /// Says whether a text can stand alone in a cell: it is neither empty nor the word that clears.
    #[must_use]
    pub fn can_stand_alone(&self, text: &str) -> bool {
        !text.trim().is_empty() && text.trim() != self.dialect.empty_value
    }

    /// Writes a list of texts.
    #[must_use]
    pub fn list(&self, entries: &[String]) -> String {
        cell::write::list(entries.iter().map(String::as_str), self.dialect)
    }
}

impl WrittenRow {
    /// Fills a cell; an empty text leaves it as it is.
    pub fn set(&mut self, column: &str, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.cells.insert(column.to_owned(), text);
        }
    }

    /// Fills a cell with yes or no.
    pub fn set_flag(&mut self, column: &str, flag: bool) {
        self.set(column, if flag { "1" } else { "0" });
    }

    /// Fills a cell with a place in an order, if there is one.
    pub fn set_order(&mut self, column: &str, order: Option<u32>) {
        self.set(column, order.map(|order| order.to_string()).unwrap_or_default());
    }

    /// Returns a cell, or an empty text.
    #[must_use]
    pub fn cell(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    /// Returns the columns that have a cell.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.cells.keys().map(String::as_str)
    }

    /// Drops the cells of all columns but some.
    pub fn keep(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.cells.retain(|column, _| is_kept(column));
    }
}
