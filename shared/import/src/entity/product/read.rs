use std::collections::BTreeSet;

use super::change::{ImageChange, ProductChange, ProductType, ProductValue, QuantityChange};
use super::kind::{ProductColumn, Relation};
use crate::cell;
use crate::entity::columns::KnownColumn;
use crate::entity::form::Form;
use crate::entity::reading::Reading;
use crate::entity::stated::Stated;
use crate::finding::{ChangeRefusal, Severity};

/// Longest sku that a catalogue takes.
const MAX_SKU_CHARS: usize = 64;

/// Columns that hold the start and the end of a time.
const DATE_SPANS: [(&str, &str); 3] = [
    ("special_price_from_date", "special_price_to_date"),
    ("new_from_date", "new_to_date"),
    ("custom_design_from", "custom_design_to"),
];

/// A row of a product file while it is being read.
pub(super) struct ProductReading<'r, 'a> {
    pub(super) cells: &'r mut Reading<'a, ProductColumn>,
    pub(super) change: ProductChange,
    /// Columns that a row of a store view cannot speak for.
    misplaced: Vec<String>,
}

/// Reads a row; nothing comes of one without a usable sku.
pub(super) fn read(cells: &mut Reading<'_, ProductColumn>) -> Option<ProductChange> {
    let sku = cells.key("sku", MAX_SKU_CHARS)?.to_owned();
    let change = ProductChange { sku, ..ProductChange::default() };
    let mut reading = ProductReading { cells, change, misplaced: Vec::new() };
    reading.read_cells();
    Some(reading.change)
}

/// Returns what a row lacks if its product is new.
pub(super) fn missing_if_new(change: &ProductChange) -> Vec<ChangeRefusal> {
    // A row of a store view cannot create a product, whatever it holds; `Product::create` says so.
    if change.store_view.is_some() {
        return Vec::new();
    }
    let has_value = |code: &str| matches!(change.values.get(code), Some(Stated::Set(ProductValue::Text(_))));
    let needs_price = change.product_type.is_some_and(ProductType::has_own_price);
    let is_downloadable = change.product_type == Some(ProductType::Downloadable);
    let has_downloads = change.downloadable_links.is_some() || change.downloadable_samples.is_some();
    let required = [
        ("name", has_value("name")),
        ("attribute_set_code", change.attribute_set.is_some()),
        ("product_type", change.product_type.is_some()),
        ("price", !needs_price || has_value("price")),
        ("downloadable_links", !is_downloadable || has_downloads),
    ];
    let missing = required.into_iter().filter(|(_, is_there)| !is_there);
    missing
        .map(|(column, _)| {
            ChangeRefusal::of_column(column, format!("is needed because product `{}` is new", change.sku))
        })
        .collect()
}

impl ProductReading<'_, '_> {
    fn read_cells(&mut self) {
        let store_view = self.cells.cell("store_view_code").trim();
        self.change.store_view = Some(store_view.to_owned()).filter(|code| !code.is_empty());
        for column in self.cells.columns().known() {
            let cell = self.cells.cell_of(column);
            if let Some(stated) = self.cells.stated(cell) {
                self.read_cell(column, stated);
            }
        }
        self.read_relative_quantity();
        self.check_date_order();
        self.report_misplaced();
    }

    fn read_cell(&mut self, column: &KnownColumn<ProductColumn>, stated: Stated<&str>) {
        let name = &*column.name;
        match column.kind {
            ProductColumn::Sku
            | ProductColumn::StoreView
            | ProductColumn::Companion
            | ProductColumn::QuantityIsRelative
            | ProductColumn::Ignored => {}
            ProductColumn::AttributeSet => self.change.attribute_set = text_of(stated),
            ProductColumn::ProductType => self.read_product_type(stated),
            ProductColumn::Value(form) => {
                if let Some(value) = self.cells.canonical(name, form, stated) {
                    self.change.values.insert(name.to_owned(), value.map(ProductValue::Text));
                }
            }
            ProductColumn::AdditionalAttributes => self.read_additional_attributes(name, stated),
            ProductColumn::ImagePath(role) => self.image(role).path = Some(stated.map(|path| path.trim().to_owned())),
            ProductColumn::ImageLabel(role) => self.image(role).label = Some(stated.map(str::to_owned)),
            ProductColumn::ImagePosition(role) => {
                if let Stated::Set(text) = stated {
                    let position = text.trim().parse().map_err(|_| "is not a position");
                    self.image(role).position = self.cells.usable(name, text, position);
                }
            }
            ProductColumn::CustomOptions => self.read_custom_options(name, stated),
            ProductColumn::AdditionalImages => self.read_additional_images(name, stated),
            ProductColumn::HiddenImages => self.change.hidden_images = self.list(name, stated),
            ProductColumn::Stock(_) | ProductColumn::Relation(_) if self.change.store_view.is_some() => {
                self.misplace(column)
            }
            ProductColumn::Stock(form) => {
                if let Some(value) = self.cells.canonical(name, form, stated) {
                    self.change.stock.insert(name.to_owned(), value);
                }
            }
            ProductColumn::Relation(relation) => self.read_relation(name, relation, stated),
        }
    }

    fn read_product_type(&mut self, stated: Stated<&str>) {
        if let Stated::Set(text) = stated {
            let product_type = text.trim().parse::<ProductType>();
            self.change.product_type = self.cells.usable("product_type", text, product_type);
        }
    }

    fn image(&mut self, role: &'static str) -> &mut ImageChange {
        self.change.images.entry(role.to_owned()).or_default()
    }

    fn read_additional_attributes(&mut self, column: &str, stated: Stated<&str>) {
        // Nobody can clear attributes without naming them.
        let Stated::Set(text) = stated else { return };
        let pairs = cell::raw_pairs(text, self.cells.columns().dialect());
        for (code, value) in self.cells.usable(column, text, pairs).unwrap_or_default() {
            let is_code = !code.is_empty() && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if !is_code {
                self.cells.note(column, Some(&code), "is not an attribute code", Severity::Value);
            } else if let Some(stated) = self.cells.stated(&value) {
                self.read_attribute(column, code, stated);
            }
        }
    }

    fn read_attribute(&mut self, column: &str, code: String, stated: Stated<&str>) {
        let value = match stated {
            Stated::Clear => Stated::Clear,
            Stated::Set(text) => {
                let values = cell::values(text, self.cells.columns().dialect());
                let Some(mut values) = self.cells.usable(column, text, values) else { return };
                let mut seen = BTreeSet::new();
                values.retain(|value| !value.is_empty() && seen.insert(value.clone()));
                match values.len() {
                    0 => return,
                    1 => Stated::Set(ProductValue::Text(values.remove(0))),
                    _ => Stated::Set(ProductValue::List(values)),
                }
            }
        };
        self.change.values.insert(code, value);
    }

    fn read_relative_quantity(&mut self) {
        let cell = self.cells.cell("qty_relative");
        let Some(Stated::Set(text)) = self.cells.stated(cell) else { return };
        if self.change.store_view.is_some() {
            return;
        }
        let is_relative =
            self.cells.usable("qty_relative", text, Form::Flag.canonical(text, self.cells.columns().dialect().numbers));
        if is_relative.as_deref() != Some("1") {
            return;
        }
        if let Some(Stated::Set(add)) = self.change.stock.remove("qty") {
            let id = format!("{}:{}", self.cells.columns().origin(), self.cells.line());
            self.change.quantity_change = Some(QuantityChange { add, id });
        }
    }

    /// Leaves out an end that lies before its start; both are in canonical form, which sorts by time.
    fn check_date_order(&mut self) {
        for (from, to) in DATE_SPANS {
            let (start, end) = (self.change.values.get(from), self.change.values.get(to));
            if let (Some(Stated::Set(start)), Some(Stated::Set(end))) = (start, end)
                && end < start
            {
                self.change.values.remove(to);
                let found = self.cells.cell(to);
                self.cells.note(to, Some(found), format_args!("is before `{from}`"), Severity::Value);
            }
        }
    }

    fn misplace(&mut self, column: &KnownColumn<ProductColumn>) {
        if column.kind == ProductColumn::Relation(Relation::Variations) {
            let problem = "variations belong on the row without store view code";
            self.cells.note(&column.name, None, problem, Severity::Value);
        } else {
            self.misplaced.push(column.name.to_string());
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
        self.cells.note(first, None, problem, Severity::Notice);
    }
}

fn text_of(stated: Stated<&str>) -> Option<String> {
    match stated {
        Stated::Set(text) => Some(text.trim().to_owned()),
        Stated::Clear => None,
    }
}
