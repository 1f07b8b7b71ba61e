mod doubts;

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::cell_place::CellPlace;
use super::change::{ImageChange, ProductChange, ProductType, ProductValue, QuantityChange};
use super::kind::{ProductColumn, Relation};
use super::row_scope::{RowScope, row_scope};
use super::shop_columns::attribute_code;
use super::{Products, stock};
use crate::cell;
use crate::entity::attribute::AttributeScope;
use crate::entity::columns::{UnknownNames, column_named};
use crate::entity::form::Form;
use crate::entity::reading::Reading;
use crate::entity::stated::Stated;
use crate::finding::{ChangeRefusal, Severity};
use crate::nearest::UnknownName;

/// Longest sku that a catalogue takes.
const MAX_SKU_CHARS: usize = 64;

/// Columns that hold the start and the end of a time.
const DATE_SPANS: [(&str, &str); 3] = [
    ("special_price_from_date", "special_price_to_date"),
    ("new_from_date", "new_to_date"),
    ("custom_design_from", "custom_design_to"),
];

/// Columns without which no product can be made. Why their cells cannot be used is kept, so that it is told once.
const NEEDED: [&str; 5] = ["name", "attribute_set_code", "product_type", "price", "downloadable_links"];

/// Values that a shop writes itself; files carry them along.
const UNBINDING: [&str; 2] = ["created_at", "updated_at"];

/// Values that a product always has: they can be replaced, but not removed.
const KEPT_VALUES: [&str; 4] = ["name", "price", "product_online", "url_key"];

/// A row of a product file while it is being read.
pub(super) struct ProductReading<'r, 'a> {
    pub(super) cells: &'r mut Reading<'a, ProductColumn>,
    pub(super) change: ProductChange,
    /// Columns that a row of a store view cannot speak for.
    misplaced: Vec<String>,
    /// Whether the row can be used as a whole.
    pub(super) is_usable: bool,
}

/// Reads a row; nothing comes of one without a usable sku, or of one that speaks of what the shop does not have.
pub(super) fn read(cells: &mut Reading<'_, ProductColumn>) -> Option<ProductChange> {
    let sku = cells.key("sku", MAX_SKU_CHARS)?.to_owned();
    doubts::question_sku(cells, &sku)?;
    let store_view = match row_scope(cells) {
        RowScope::All => None,
        RowScope::StoreView(code) => Some(code),
        RowScope::Unknown => return None,
    };
    let added_to = cells.columns().settings().added_to.clone();
    let change = ProductChange { sku, store_view, added_to, ..ProductChange::default() };
    // Who takes something away need only name it.
    if cells.is_delete() {
        return Some(change);
    }
    let mut reading = ProductReading { cells, change, misplaced: Vec::new(), is_usable: true };
    reading.read_cells();
    reading.is_usable.then_some(reading.change)
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
    let has_needed = [
        has_value("name"),
        change.attribute_set.is_some(),
        change.product_type.is_some(),
        !needs_price || has_value("price"),
        !is_downloadable || has_downloads,
    ];
    let mut missing = Vec::new();
    for (column, _) in NEEDED.into_iter().zip(has_needed).filter(|(_, has)| !has) {
        // What is wrong with the cell has been told already; that the product needs it is the smaller news.
        missing.push(match change.unusable.get(column) {
            Some(refusal) => refusal.clone(),
            None => ChangeRefusal::of_column(column, format!("is needed because product `{}` is new", change.sku)),
        });
    }
    missing
}

impl ProductReading<'_, '_> {
    fn read_cells(&mut self) {
        let columns = self.cells.columns();
        // What the additional attributes say counts more than a column, wherever it stands in the file.
        let is_additional = |kind: ProductColumn| kind == ProductColumn::AdditionalAttributes;
        let (last, first): (Vec<_>, Vec<_>) = columns.known().iter().partition(|column| is_additional(column.kind));
        for column in first.into_iter().chain(last) {
            let cell = self.cells.cell_of(column);
            if let Some(stated) = self.cells.stated(cell) {
                let place = CellPlace { label: &column.name, name: &column.name };
                self.read_needed(column.kind, place, stated);
            }
        }
        self.read_relative_quantity();
        stock::decide(&mut self.change.stock);
        self.check_date_order();
        self.report_misplaced();
    }

    /// Reads a cell, and keeps why it cannot be used if no product can be made without it.
    fn read_needed(&mut self, kind: ProductColumn, place: CellPlace<'_>, stated: Stated<&str>) {
        let found = self.cells.findings().len();
        if !self.is_spoilt(kind, place, &stated) {
            self.read_cell(kind, place, stated);
        }
        if !NEEDED.contains(&place.name) {
            return;
        }
        let mut found = self.cells.findings().iter().skip(found);
        let why = found.find(|finding| finding.severity > Severity::Notice);
        if let Some(finding) = why {
            let refusal = ChangeRefusal::again(finding);
            self.change.unusable.insert(place.name.to_owned(), refusal);
        }
    }

    fn read_cell(&mut self, kind: ProductColumn, place: CellPlace<'_>, stated: Stated<&str>) {
        let CellPlace { label, name } = place;
        match kind {
            ProductColumn::Sku
            | ProductColumn::StoreView
            | ProductColumn::Companion
            | ProductColumn::QuantityIsRelative
            | ProductColumn::Ignored => {}
            ProductColumn::AttributeSet => self.read_attribute_set(place, stated),
            ProductColumn::ProductType => self.read_product_type(place, stated),
            ProductColumn::Value(_) | ProductColumn::Attribute if self.is_misplaced_value(name) => {
                self.misplaced.push(name.to_owned());
            }
            ProductColumn::Value(form) => self.read_value(form, place, stated),
            ProductColumn::Attribute => self.read_attribute(place, stated),
            ProductColumn::AdditionalAttributes => self.read_additional_attributes(label, stated),
            ProductColumn::ImagePath => self.read_image_path(place, stated),
            ProductColumn::ImageLabel => {
                if let Some(text) = self.cells.canonical(label, Form::Line, stated) {
                    self.image_of(name).label = Some(text);
                }
            }
            ProductColumn::ImagePosition => self.read_image_position(place, stated),
            ProductColumn::CustomOptions => self.read_custom_options(label, stated),
            ProductColumn::Videos => self.read_videos(label, stated),
            ProductColumn::OldUrlKeys => self.read_old_url_keys(label, stated),
            ProductColumn::AdditionalImages => self.read_additional_images(label, stated),
            ProductColumn::HiddenImages => self.change.hidden_images = self.list(label, stated),
            ProductColumn::Stock(_) | ProductColumn::Relation(_) if self.change.store_view.is_some() => {
                self.misplace(kind, place);
            }
            ProductColumn::Stock(form) => {
                if let Some(value) = self.cells.canonical(label, form, stated) {
                    self.change.stock.insert(name.to_owned(), value);
                }
            }
            ProductColumn::Relation(relation) => self.read_relation(relation, place, stated),
        }
    }

    fn read_image_position(&mut self, CellPlace { label, name }: CellPlace<'_>, stated: Stated<&str>) {
        if let Stated::Set(text) = stated {
            let position = text.trim().parse().map_err(|_| "is not a position");
            self.image_of(name).position = self.cells.usable(label, text, position);
        }
    }

    fn read_value(&mut self, form: Form, place: CellPlace<'_>, stated: Stated<&str>) {
        if form == Form::TaxClass {
            return self.read_tax_class(place, stated);
        }
        if stated == Stated::Clear && KEPT_VALUES.contains(&place.name) && self.change.store_view.is_none() {
            return self.refuse_removal(place);
        }
        if UNBINDING.contains(&place.name) {
            return self.read_unbinding(form, place, stated);
        }
        self.question_thousands(place, &stated);
        if let Some(value) = self.cells.canonical(place.label, form, stated) {
            self.set_value(place.name, value.map(ProductValue::Text));
        }
    }

    /// Reads a value that a shop writes itself: what cannot be used of it costs nothing.
    fn read_unbinding(&mut self, form: Form, place: CellPlace<'_>, stated: Stated<&str>) {
        let Stated::Set(text) = stated else { return };
        match form.canonical(text, self.cells.columns().dialect()) {
            Ok(value) => self.set_value(place.name, Stated::Set(ProductValue::Text(value))),
            Err(problem) => self.cells.note(place.label, Some(text), problem, Severity::Notice),
        }
    }

    /// Says that something cannot be removed that every product has.
    pub(super) fn refuse_removal(&mut self, place: CellPlace<'_>) {
        let problem = "cannot be removed, because every product has it; leave the cell empty to keep what is stored";
        self.cells.note(place.label, None, problem, Severity::Value);
    }

    /// Whether a row of a store view speaks of a value that all of them share.
    fn is_misplaced_value(&self, name: &str) -> bool {
        // Of a shop that nobody knows nobody knows what differs where.
        if self.change.store_view.is_none() || self.cells.columns().unknown_names() == UnknownNames::Taken {
            return false;
        }
        let shop = self.cells.shop();
        let Some(attribute) = shop.attributes.get(attribute_code(name)) else { return false };
        let is_price_of_website = attribute.input == "price" && shop.basics.has_website_prices;
        attribute.scope == AttributeScope::Global && !is_price_of_website
    }

    fn read_product_type(&mut self, place: CellPlace<'_>, stated: Stated<&str>) {
        match stated {
            Stated::Set(text) => {
                let product_type = text.trim().parse::<ProductType>();
                self.change.product_type = self.cells.usable(place.label, text, product_type);
            }
            Stated::Clear => self.refuse_removal(place),
        }
    }

    pub(super) fn image(&mut self, role: &str) -> &mut ImageChange {
        self.change.images.entry(role.to_owned()).or_default()
    }

    fn read_additional_attributes(&mut self, column: &str, stated: Stated<&str>) {
        // Nobody can clear attributes without naming them.
        let Stated::Set(text) = stated else {
            let problem = "clears nothing here; name the attributes, such as `color=__EMPTY__VALUE__`";
            return self.cells.note(column, None, problem, Severity::Value);
        };
        let pairs = cell::raw_pairs(text, self.cells.columns().dialect());
        let mut seen = BTreeSet::new();
        for (code, value) in self.cells.usable(column, text, pairs).unwrap_or_default() {
            if !seen.insert(code.to_lowercase()) {
                self.cells.note(column, Some(&code), "is stated twice; the later value counts", Severity::Notice);
            }
            let is_code = !code.is_empty() && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            for name in self.cells.mapped(&code) {
                match column_named::<Products>(&name, self.cells.shop()) {
                    Some((name, _)) if !self.cells.columns().lets_count::<Products>(&name) => {}
                    Some((name, kind)) => self.read_pair(column, (&name, kind), &value),
                    None if !is_code => {
                        self.cells.note(column, Some(&code), "is not an attribute code", Severity::Value)
                    }
                    None => self.read_pair_of_nothing(column, &name, &value),
                }
            }
        }
    }

    /// Reads a value of the additional attributes as if it stood in the column that it speaks for.
    fn read_pair(&mut self, column: &str, (name, kind): (&str, ProductColumn), value: &str) {
        let label = format!("{column}: {name}");
        let Some(value) = self.cells.made(&label, name, value) else { return };
        let value = &*value;
        let place = CellPlace { label: &label, name };
        match kind {
            ProductColumn::Sku
            | ProductColumn::StoreView
            | ProductColumn::AdditionalAttributes
            | ProductColumn::Companion
            | ProductColumn::QuantityIsRelative => {
                self.cells.note(&label, None, "counts only in a column of its own", Severity::Value);
            }
            ProductColumn::AttributeSet
            | ProductColumn::ProductType
            | ProductColumn::Value(_)
            | ProductColumn::Attribute
            | ProductColumn::Stock(_)
            | ProductColumn::ImagePath
            | ProductColumn::ImageLabel
            | ProductColumn::ImagePosition
            | ProductColumn::AdditionalImages
            | ProductColumn::HiddenImages
            | ProductColumn::Videos
            | ProductColumn::CustomOptions
            | ProductColumn::OldUrlKeys
            | ProductColumn::Relation(_)
            | ProductColumn::Ignored => {
                let text = cell::unquote_whole(value);
                // Whoever writes quotes means what is in them, even if it is the word that clears a cell.
                let is_quoted = matches!(text, Cow::Owned(_)) && !text.trim().is_empty();
                // A list keeps its quotes, for they may enclose its parts.
                let text = if kind == ProductColumn::Attribute { value } else { &text };
                let stated = if is_quoted { Some(Stated::Set(text)) } else { self.cells.stated(text) };
                if let Some(stated) = stated {
                    self.read_needed(kind, place, stated);
                }
            }
        }
    }

    fn read_pair_of_nothing(&mut self, column: &str, code: &str, value: &str) {
        if self.cells.columns().unknown_names() == UnknownNames::Taken {
            let name = code.to_lowercase();
            let Some(stated) = self.cells.stated(value) else { return };
            return self.read_attribute(CellPlace { label: column, name: &name }, stated);
        }
        let known = self.cells.shop().attributes.keys().map(String::as_str);
        let unknown = UnknownName::new("attribute", code, known);
        self.cells.note(column, Some(code), unknown, Severity::Value);
    }

    fn read_relative_quantity(&mut self) {
        let cell = self.cells.cell("qty_relative");
        let Some(Stated::Set(text)) = self.cells.stated(cell) else { return };
        if self.change.store_view.is_some() {
            return;
        }
        let is_relative =
            self.cells.usable("qty_relative", text, Form::Flag.canonical(text, self.cells.columns().dialect()));
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

    fn misplace(&mut self, kind: ProductColumn, place: CellPlace<'_>) {
        if kind == ProductColumn::Relation(Relation::Variations) {
            let problem = "variations belong on the row without store view code";
            self.cells.note(place.label, None, problem, Severity::Value);
        } else {
            self.misplaced.push(place.name.to_owned());
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
