use std::collections::BTreeSet;

use super::change::{ImageChange, ProductChange, ProductType, QuantityChange, Stated, Value};
use super::columns::{Column, Columns};
use super::kind::{Form, Kind, Relation};
use crate::cell;
use crate::csv::{Position, Row};
use crate::validate::{Issue, Severity};

/// Longest sku that a catalogue takes.
const MAX_SKU_CHARS: usize = 64;

/// Columns that hold the start and the end of a time.
const DATE_SPANS: [(&str, &str); 3] = [
    ("special_price_from_date", "special_price_to_date"),
    ("new_from_date", "new_to_date"),
    ("custom_design_from", "custom_design_to"),
];

/// What a row of a product file says, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductRow {
    /// Line on which the row starts.
    pub line: u64,
    /// Where the next row can be read from.
    pub next: Position,
    /// What to change, without the values that cannot be used; nothing if the whole row cannot.
    pub change: Option<ProductChange>,
    /// Findings, in the order of the columns.
    pub issues: Vec<Issue>,
}

/// A row while it is being read.
pub(super) struct Reading<'a> {
    pub(super) columns: &'a Columns,
    pub(super) row: &'a Row,
    pub(super) change: ProductChange,
    issues: Vec<Issue>,
    /// Columns that a row of a store view cannot speak for.
    misplaced: Vec<&'static str>,
}

impl Columns {
    /// Reads a row.
    #[must_use]
    pub fn read(&self, row: &Row) -> ProductRow {
        let mut reading =
            Reading { columns: self, row, change: ProductChange::default(), issues: Vec::new(), misplaced: Vec::new() };
        let is_usable = reading.read_sku();
        if is_usable {
            reading.read_cells();
        }
        ProductRow {
            line: row.position.line,
            next: row.next,
            change: is_usable.then_some(reading.change),
            issues: reading.issues,
        }
    }
}

impl Reading<'_> {
    /// Adds a finding about a cell.
    pub(super) fn issue(&mut self, column: &str, found: Option<&str>, problem: &str, severity: Severity) {
        let line = self.row.position.line;
        self.issues.push(Issue {
            column: Some(column.to_owned()),
            found: found.map(str::to_owned),
            ..Issue::about(&self.columns.file, line, problem.to_owned(), severity)
        });
    }

    /// Keeps a value or adds what is wrong with the cell it was read from.
    pub(super) fn usable<T, P: AsRef<str>>(&mut self, column: &str, found: &str, value: Result<T, P>) -> Option<T> {
        value.map_err(|problem| self.issue(column, Some(found), problem.as_ref(), Severity::Value)).ok()
    }

    /// Returns what a cell says, or nothing if it is empty.
    pub(super) fn stated<'a>(&self, cell: &'a str) -> Option<Stated<&'a str>> {
        match cell.trim() {
            "" => None,
            text if text == self.columns.dialect.empty_value => Some(Stated::Clear),
            _ => Some(Stated::Set(cell)),
        }
    }

    fn read_sku(&mut self) -> bool {
        let sku = self.row.get(self.columns.sku_index).unwrap_or_default();
        let (found, problem) = match sku {
            "" => (None, "is empty"),
            _ if sku.trim() != sku => (Some(sku), "starts or ends with a blank"),
            _ if sku.chars().count() > MAX_SKU_CHARS => (Some(sku), "is longer than 64 characters"),
            _ => {
                self.change.sku = sku.to_owned();
                return true;
            }
        };
        self.issue("sku", found, problem, Severity::Row);
        false
    }

    fn read_cells(&mut self) {
        let store_view = self.columns.cell(self.row, "store_view_code").trim();
        self.change.store_view = Some(store_view.to_owned()).filter(|code| !code.is_empty());
        let columns = self.columns;
        for column in &columns.known {
            let cell = self.row.get(column.index).unwrap_or_default();
            if let Some(stated) = self.stated(cell) {
                self.read_cell(column, stated);
            }
        }
        self.read_relative_quantity();
        self.check_date_order();
        self.report_misplaced();
    }

    fn read_cell(&mut self, column: &Column, stated: Stated<&str>) {
        let name = column.name;
        match column.kind {
            Kind::Sku | Kind::StoreView | Kind::Companion => {}
            Kind::AttributeSet => self.change.attribute_set = text_of(stated),
            Kind::ProductType => self.read_product_type(stated),
            Kind::Value(form) => {
                if let Some(value) = self.form(name, form, stated) {
                    self.change.values.insert(name.to_owned(), value.map(Value::Text));
                }
            }
            Kind::AdditionalAttributes => self.read_additional_attributes(name, stated),
            Kind::ImagePath(role) => self.image(role).path = Some(stated.map(|path| path.trim().to_owned())),
            Kind::ImageLabel(role) => self.image(role).label = Some(stated.map(str::to_owned)),
            Kind::ImagePosition(role) => {
                if let Stated::Set(text) = stated {
                    let position = text.trim().parse().map_err(|_| "is not a position");
                    self.image(role).position = self.usable(name, text, position);
                }
            }
            Kind::CustomOptions => self.read_custom_options(name, stated),
            Kind::AdditionalImages => self.read_additional_images(name, stated),
            Kind::HiddenImages => self.change.hidden_images = self.list(name, stated),
            Kind::Stock(_) | Kind::Relation(_) if self.change.store_view.is_some() => self.misplace(column),
            Kind::Stock(form) => {
                if let Some(value) = self.form(name, form, stated) {
                    self.change.stock.insert(name.to_owned(), value);
                }
            }
            Kind::Relation(relation) => self.read_relation(name, relation, stated),
        }
    }

    fn read_product_type(&mut self, stated: Stated<&str>) {
        if let Stated::Set(text) = stated {
            let product_type = text.trim().parse::<ProductType>();
            let product_type = product_type.map_err(|unknown| unknown.to_string());
            self.change.product_type = self.usable("product_type", text, product_type);
        }
    }

    fn form(&mut self, column: &str, form: Form, stated: Stated<&str>) -> Option<Stated<String>> {
        let numbers = self.columns.dialect.numbers;
        match stated {
            Stated::Clear => Some(Stated::Clear),
            Stated::Set(text) => self.usable(column, text, form.canonical(text, numbers)).map(Stated::Set),
        }
    }

    fn image(&mut self, role: &'static str) -> &mut ImageChange {
        self.change.images.entry(role.to_owned()).or_default()
    }

    fn read_additional_attributes(&mut self, column: &str, stated: Stated<&str>) {
        // Nobody can clear attributes without naming them.
        let Stated::Set(text) = stated else { return };
        let pairs = cell::raw_pairs(text, &self.columns.dialect).map_err(|error| error.to_string());
        for (code, value) in self.usable(column, text, pairs).unwrap_or_default() {
            let is_code = !code.is_empty() && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if !is_code {
                self.issue(column, Some(&code), "is not an attribute code", Severity::Value);
            } else if let Some(stated) = self.stated(&value) {
                self.read_attribute(column, code, stated);
            }
        }
    }

    fn read_attribute(&mut self, column: &str, code: String, stated: Stated<&str>) {
        let value = match stated {
            Stated::Clear => Stated::Clear,
            Stated::Set(text) => {
                let values = cell::values(text, &self.columns.dialect).map_err(|error| error.to_string());
                let Some(mut values) = self.usable(column, text, values) else { return };
                let mut seen = BTreeSet::new();
                values.retain(|value| !value.is_empty() && seen.insert(value.clone()));
                match values.len() {
                    0 => return,
                    1 => Stated::Set(Value::Text(values.remove(0))),
                    _ => Stated::Set(Value::List(values)),
                }
            }
        };
        self.change.values.insert(code, value);
    }

    fn read_relative_quantity(&mut self) {
        let cell = self.columns.cell(self.row, "qty_relative");
        let Some(Stated::Set(text)) = self.stated(cell) else { return };
        if self.change.store_view.is_some() {
            return;
        }
        let is_relative = self.usable("qty_relative", text, Form::Flag.canonical(text, self.columns.dialect.numbers));
        if is_relative.as_deref() != Some("1") {
            return;
        }
        if let Some(Stated::Set(add)) = self.change.stock.remove("qty") {
            let id = format!("{}:{}", self.columns.origin, self.row.position.line);
            self.change.quantity_change = Some(QuantityChange { add, id });
        }
    }

    /// Drops an end that lies before its start; both are in canonical form, which sorts by time.
    fn check_date_order(&mut self) {
        for (from, to) in DATE_SPANS {
            let (start, end) = (self.change.values.get(from), self.change.values.get(to));
            if let (Some(Stated::Set(start)), Some(Stated::Set(end))) = (start, end)
                && end < start
            {
                self.change.values.remove(to);
                let found = self.columns.cell(self.row, to);
                self.issue(to, Some(found), &format!("is before `{from}`"), Severity::Value);
            }
        }
    }

    fn misplace(&mut self, column: &Column) {
        if column.kind == Kind::Relation(Relation::Variations) {
            let problem = "variations belong on the row without store view code";
            self.issue(column.name, None, problem, Severity::Value);
        } else {
            self.misplaced.push(column.name);
        }
    }

    fn report_misplaced(&mut self) {
        let Some((first, rest)) = self.misplaced.split_first() else { return };
        let others = match rest.len() {
            0 => String::new(),
            1 => "; so is 1 other column".to_owned(),
            count => format!("; so are {count} other columns"),
        };
        let problem = format!("counts only on the row without store view code and is left out here{others}");
        self.issue(first, None, &problem, Severity::Notice);
    }
}

impl<T> Stated<T> {
    /// Changes what is set and leaves a clearing alone.
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Stated<U> {
        match self {
            Self::Set(value) => Stated::Set(change(value)),
            Self::Clear => Stated::Clear,
        }
    }
}

fn text_of(stated: Stated<&str>) -> Option<String> {
    match stated {
        Stated::Set(text) => Some(text.trim().to_owned()),
        Stated::Clear => None,
    }
}
