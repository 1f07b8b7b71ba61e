use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::Entity;
use super::columns::{Columns, KnownColumn, UnknownNames};
use super::entity_type::EntityType;
use super::form::Form;
use super::row_plan::{self, PlannedRow};
use super::spreadsheet;
use super::stated::Stated;
use crate::cell;
use crate::configuration::ConfigurationPlace;
use crate::csv::{CsvPosition, CsvRow};
use crate::date;
use crate::finding::{Finding, Severity};
use crate::nearest::UnknownName;
use crate::operation::Operation;
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
    /// What to change instead if the thing is there already, where the configuration lets columns count for new things only.
    pub if_known: Option<C>,
    /// What is wrong, in the order of the columns.
    pub findings: Vec<Finding>,
}

/// A row speaks for a store view that the shop does not have; a finding says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownStoreView;

/// What to know of a date like `1/2/2026`.
const MONTH_FIRST: &str =
    "is read with the month first; if the day comes first, say so with `source-date-format` in the configuration";

/// Reads a row: for new things, and for those that there are already if that is another matter.
pub(super) fn read<E: Entity>(columns: &Columns<E::ColumnKind>, row: &CsvRow) -> EntityRow<E::EntityChange> {
    let mut read = read_with::<E>(columns, columns.shop(), row);
    let (Some(for_known), Some(_)) = (&columns.for_known, &read.change) else { return read };
    read.if_known = read_with::<E>(for_known, columns.shop(), row).change;
    if read.if_known.is_none() {
        let problem = "says nothing without the columns that count for new things only".to_owned();
        read.findings.push(Finding::about(&columns.file, read.line, problem, Severity::Row));
        read.change = None;
    }
    read
}

fn read_with<E: Entity>(
    columns: &Columns<E::ColumnKind>,
    shop: &ShopFacts,
    written: &CsvRow,
) -> EntityRow<E::EntityChange> {
    let Some(plan) = &columns.plan else {
        let mut reading = Reading { columns, shop, row: written, written, findings: Vec::new() };
        let change = E::read_cells(&mut reading);
        return reading.into_row(change);
    };
    let PlannedRow { row, failed, left_out } = plan.planned(written, columns.dialect());
    let mut reading = Reading { columns, shop, row: &row, written, findings: Vec::new() };
    for (column, problem) in failed {
        reading.note(&column, Some(""), problem, Severity::Value);
    }
    let change = match left_out {
        Some(left_out) => reading.leave_out(&left_out),
        None => E::read_cells(&mut reading),
    };
    reading.into_row(change)
}

/// A row while its entity reads it: the cells, and the findings about them.
#[derive(Debug)]
pub struct Reading<'a, K> {
    columns: &'a Columns<K>,
    shop: &'a ShopFacts,
    row: &'a CsvRow,
    /// The row as it stands in the file, before the configuration made something else of it.
    written: &'a CsvRow,
    findings: Vec<Finding>,
}

impl<'a, K: Clone> Reading<'a, K> {
    fn into_row<C>(self, change: Option<C>) -> EntityRow<C> {
        EntityRow { line: self.row.position.line, next: self.row.next, change, if_known: None, findings: self.findings }
    }

    /// Tells that the configuration leaves the row out.
    fn leave_out<C>(&mut self, (column, place): &(Arc<str>, ConfigurationPlace)) -> Option<C> {
        let problem = format!("is on the black list in {place}; the row is left out");
        self.note(column, Some(self.cell(column)), problem, Severity::Notice);
        None
    }

    /// Returns which column of the file means what.
    #[must_use]
    pub fn columns(&self) -> &'a Columns<K> {
        self.columns
    }

    /// Returns what the shop has, and so what the cells may say.
    #[must_use]
    pub fn shop(&self) -> &'a ShopFacts {
        self.shop
    }

    /// Says whether the row shall take its thing away: then only the key counts.
    #[must_use]
    pub fn is_delete(&self) -> bool {
        self.columns.operation() == Operation::Delete
    }

    /// Says whether the row shall make its thing anew: then nothing counts that is stored.
    #[must_use]
    pub fn is_replace(&self) -> bool {
        self.columns.operation() == Operation::Replace
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
        let dialect = self.columns.dialect();
        match stated {
            Stated::Clear => Some(Stated::Clear),
            Stated::Set(text) => {
                let value = self.usable(column, text, form.canonical(text, dialect))?;
                if form == Form::Date && dialect.dates.is_empty() && date::is_ambiguous(text) {
                    self.note(column, Some(text), MONTH_FIRST, Severity::Notice);
                }
                Some(Stated::Set(value))
            }
        }
    }

    /// Returns the canonical text of a column, or nothing if its cell is empty or cannot be used.
    pub fn form(&mut self, column: &str, form: Form) -> Option<Stated<String>> {
        let stated = self.stated(self.cell(column))?;
        self.canonical(column, form, stated)
    }

    /// Returns what a column says that holds a flag; one that is cleared says nothing.
    pub fn flag(&mut self, column: &str) -> Option<bool> {
        match self.form(column, Form::Flag)? {
            Stated::Set(flag) => Some(flag == "1"),
            Stated::Clear => None,
        }
    }

    /// Returns what a column says that holds a place in an order.
    pub fn order(&mut self, column: &str) -> Option<Stated<u32>> {
        let stated = self.stated(self.cell(column))?;
        let Stated::Set(text) = stated else { return Some(Stated::Clear) };
        let order = text.trim().parse::<u32>().map_err(|_| "is not a place (expected a whole number, 0 or more)");
        self.usable(column, text, order).map(Stated::Set)
    }

    /// Returns what column `entity_type_code` says, products if it is empty. An unknown type costs the row: nobody could
    /// say which thing it speaks of.
    pub fn entity_type(&mut self) -> Option<EntityType> {
        let text = self.cell("entity_type_code");
        let Some(Stated::Set(text)) = self.stated(text) else { return Some(EntityType::Product) };
        match text.parse() {
            Ok(entity_type) => Some(entity_type),
            Err(unknown) => {
                let unknown: UnknownName = unknown;
                self.note("entity_type_code", Some(text), unknown, Severity::Row);
                None
            }
        }
    }

    /// Returns the store view that column `store_view_code` names, if the row speaks for one. An unknown one costs the row.
    ///
    /// # Errors
    /// There is no such store view; a finding says so.
    pub fn store_view(&mut self) -> Result<Option<String>, UnknownStoreView> {
        let text = self.cell("store_view_code").trim();
        // Magento's own name for what holds for all of them.
        if text.is_empty() || text == "admin" {
            return Ok(None);
        }
        match self.shop().basics.store_view(text) {
            Ok(view) => Ok(Some(view.code.clone())),
            Err(_) if self.columns.unknown_names() == UnknownNames::Taken => Ok(Some(text.to_owned())),
            Err(unknown) => {
                self.note("store_view_code", Some(text), unknown, Severity::Row);
                Err(UnknownStoreView)
            }
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
            _ if spreadsheet::is_error(key) => (Some(key), spreadsheet::ERROR.to_owned()),
            _ => return Some(key),
        };
        self.note(column, found, problem, Severity::Row);
        None
    }

    /// Returns the columns as which the configuration has an additional attribute read.
    #[must_use]
    pub fn mapped(&self, code: &str) -> Vec<String> {
        let mapping = self.columns.settings().mappings.get(&code.trim().to_lowercase());
        mapping.map_or_else(|| vec![code.to_owned()], |mapping| mapping.targets.clone())
    }

    /// Returns what the callbacks of a column make of a value of the additional attributes, or nothing and a finding.
    pub fn made<'v>(&mut self, label: &str, column: &str, value: &'v str) -> Option<Cow<'v, str>> {
        let Some(callbacks) = self.columns.settings().callbacks.get(column) else { return Some(Cow::Borrowed(value)) };
        let text = cell::unquote_whole(value);
        let made = row_plan::made(&callbacks.value, &text, self.columns.dialect()).map(Cow::into_owned);
        self.usable(label, value, made).map(Cow::Owned)
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
        let finding = Finding {
            column: Some(column.to_owned()),
            found: found.map(str::to_owned),
            ..Finding::about(&self.columns.file, self.line(), problem.to_string(), severity)
        };
        self.findings.push(match &self.columns.plan {
            Some(plan) => plan.placed(finding, Some((self.written, self.row))),
            None => finding,
        });
    }
}
