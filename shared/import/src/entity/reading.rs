use std::fmt;

use super::columns::{Columns, KnownColumn};
use super::form::Form;
use super::stated::Stated;
use crate::csv::{CsvPosition, CsvRow};
use crate::finding::{Finding, Severity};
use crate::shop::ShopFacts;

/// What a row of a file says, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityRow<C> {
    /// Line on which the row starts.
    pub line: u64,
    /// Where the next row can be read from.
    pub next: CsvPosition,
    /// What to change, without the values that cannot be used; nothing if the whole row cannot.
    pub change: Option<C>,
    /// What is wrong, in the order of the columns.
    pub findings: Vec<Finding>,
}

/// A row while its entity reads it: the cells, and the findings about them.
#[derive(Debug)]
pub struct Reading<'a, K> {
    columns: &'a Columns<K>,
    row: &'a CsvRow,
    findings: Vec<Finding>,
}

impl<'a, K: Clone> Reading<'a, K> {
    pub(super) fn new(columns: &'a Columns<K>, row: &'a CsvRow) -> Self {
        Self { columns, row, findings: Vec::new() }
    }

    pub(super) fn into_row<C>(self, change: Option<C>) -> EntityRow<C> {
        EntityRow { line: self.row.position.line, next: self.row.next, change, findings: self.findings }
    }

    /// Returns which column of the file means what.
    #[must_use]
    pub fn columns(&self) -> &'a Columns<K> {
        self.columns
    }

    /// Returns what the shop has, and so what the cells may say.
    #[must_use]
    pub fn shop(&self) -> &'a ShopFacts {
        self.columns.shop()
    }

    /// Returns the line on which the row starts.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.row.position.line
    }

    /// Returns what is wrong with the row so far.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns the cell of a column that the file has.
    #[must_use]
    pub fn cell_of(&self, column: &KnownColumn<K>) -> &'a str {
        self.row.get(column.index).unwrap_or_default()
    }

    /// Returns a cell by its column's name, or an empty one if the file lacks the column.
    #[must_use]
    pub fn cell(&self, name: &str) -> &'a str {
        self.columns.cell(self.row, name)
    }

    /// Returns what a cell says, or nothing if it is empty.
    #[must_use]
    pub fn stated<'c>(&self, cell: &'c str) -> Option<Stated<&'c str>> {
        match cell.trim() {
            "" => None,
            text if text == self.columns.dialect().empty_value => Some(Stated::Clear),
            _ => Some(Stated::Set(cell)),
        }
    }

    /// Returns the canonical text of what a cell says, or nothing and a finding if it cannot be used.
    pub fn canonical(&mut self, column: &str, form: Form, stated: Stated<&str>) -> Option<Stated<String>> {
        let numbers = self.columns.dialect().numbers;
        match stated {
            Stated::Clear => Some(Stated::Clear),
            Stated::Set(text) => self.usable(column, text, form.canonical(text, numbers)).map(Stated::Set),
        }
    }

    /// Returns a cell that says which thing the row speaks of, or nothing and a finding that costs the row.
    pub fn key(&mut self, column: &str, max_chars: usize) -> Option<&'a str> {
        let key = self.cell(column);
        let (found, problem) = match key {
            "" => (None, "is empty".to_owned()),
            _ if key == self.columns.dialect().empty_value => (Some(key), "names nothing".to_owned()),
            _ if key.trim() != key => (Some(key), "starts or ends with a blank".to_owned()),
            _ if key.chars().any(char::is_control) => (Some(key), "holds a control character".to_owned()),
            _ if key.chars().count() > max_chars => (Some(key), format!("is longer than {max_chars} characters")),
            _ => return Some(key),
        };
        self.note(column, found, problem, Severity::Row);
        None
    }

    /// Keeps a value, or notes what is wrong with the cell it was read from.
    pub fn usable<T, P: fmt::Display>(&mut self, column: &str, found: &str, value: Result<T, P>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(problem) => {
                self.note(column, Some(found), problem, Severity::Value);
                None
            }
        }
    }

    /// Notes what is wrong with a cell; the problem continues a sentence that starts with what was found.
    pub fn note(&mut self, column: &str, found: Option<&str>, problem: impl fmt::Display, severity: Severity) {
        self.findings.push(Finding {
            column: Some(column.to_owned()),
            found: found.map(str::to_owned),
            ..Finding::about(&self.columns.file, self.line(), problem.to_string(), severity)
        });
    }
}
