//! Source items: how much of a product lies at which source, for shops with more than one.
//!
//! A row speaks of one product at one source; deleting takes that away. Magento's own files of stock sources have the same
//! columns. The quantity at the source `default` is that of the classic stock.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::product::{DEFAULT_SOURCE, Product, QuantityChange, SourceItem};
use super::product_part::not_there;
use super::{
    About, Cells, ChangeEffect, Column, Entity, ExecutorAbout, Form, Need, Reading, Removal, Stated, Writing,
    WrittenRow, column,
};
use crate::finding::{ChangeRefusal, Severity};
use crate::number;

/// Stock of products by source.
pub struct SourceItems;

/// What a cell of a source item file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceItemColumn {
    /// The product.
    Sku,
    /// The source.
    Source,
    /// Whether it may be sold from there.
    Status,
    /// What is there.
    Quantity,
    /// Whether the quantity is added to what is there.
    QuantityIsRelative,
    /// Known, but without a meaning here.
    Ignored,
}

/// What a row says about a product at a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceItemChange {
    /// The product, as written in the file.
    pub sku: String,
    /// Code of the source.
    pub source: String,
    /// Whether it may be sold from there: `1` or `0`.
    pub status: Option<String>,
    /// What is there, or what comes to it.
    pub quantity: Option<SourceQuantity>,
}

/// A quantity at a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceQuantity {
    /// What is there.
    Is(String),
    /// What comes to what is there.
    Changes(QuantityChange),
}

const MAX_SKU_CHARS: usize = 64;

impl Entity for SourceItems {
    type ColumnKind = SourceItemColumn;
    type EntityChange = SourceItemChange;
    type Thing = Product;

    const ABOUT: About = About {
        name: "source_items",
        singular: "source item",
        prefix: "product-import-inventory-msi",
        summary: "quantities of products by source",
        key: &["sku", "source_code"],
        validate: ExecutorAbout {
            name: "validate_source_items",
            description: "checks every row of the source item files",
        },
        import: ExecutorAbout {
            name: "import_source_items",
            description: "merges the rows of the source item files into the products",
        },
    };
    const OTHER_PREFIXES: &'static [&'static str] = &["stock_sources"];
    const MAKES_THINGS: bool = false;
    const COLUMNS: &'static [Column<SourceItemColumn>] = &[
        Column {
            need: Need::Always,
            ..column("sku", SourceItemColumn::Sku, "24-MB01", "the product; upper and lower case are the same")
        },
        Column {
            need: Need::Always,
            ..column("source_code", SourceItemColumn::Source, "default", "where the goods lie")
        },
        Column {
            default: "`1` if there is anything",
            ..column("status", SourceItemColumn::Status, "1", "whether the product may be sold from there")
        },
        Column { need: Need::New, ..column("quantity", SourceItemColumn::Quantity, "99", "what is there") },
        column(
            "relative",
            SourceItemColumn::QuantityIsRelative,
            "0",
            "whether `quantity` is added to what is there, instead of replacing it",
        ),
        column("original_data", SourceItemColumn::Ignored, "original_filename=a.csv", "not read"),
    ];

    fn cells(kind: SourceItemColumn) -> Cells {
        let key = |holds: &'static str| Cells { empty_value: "costs the row", ..Cells::holding(holds) };
        match kind {
            SourceItemColumn::Sku => key("text of at most 64 characters without blanks around it"),
            SourceItemColumn::Source => key("code of a source"),
            SourceItemColumn::Status => Form::Flag.cells().kept(),
            SourceItemColumn::Quantity => Form::Number.cells().kept(),
            SourceItemColumn::QuantityIsRelative => Cells::saying_nothing("`1` or `0`"),
            SourceItemColumn::Ignored => Cells::saying_nothing("anything"),
        }
    }

    fn read_cells(reading: &mut Reading<'_, SourceItemColumn>) -> Option<SourceItemChange> {
        let sku = reading.key("sku", MAX_SKU_CHARS)?.to_owned();
        let source = source(reading);
        let status = value(reading, "status", Form::Flag);
        let quantity = value(reading, "quantity", Form::Number);
        let is_relative = value(reading, "relative", Form::Flag).as_deref() == Some("1");
        let quantity = quantity.map(|quantity| match is_relative {
            false => SourceQuantity::Is(quantity),
            true => {
                let id = format!("{}:{}", reading.columns().origin(), reading.line());
                SourceQuantity::Changes(QuantityChange { add: quantity, id })
            }
        });
        Some(SourceItemChange { sku, source: source?, status, quantity })
    }

    fn key(change: &SourceItemChange) -> String {
        Product::key(&change.sku)
    }

    fn create(change: &SourceItemChange) -> Result<Product, ChangeRefusal> {
        Err(not_there(&change.sku))
    }

    /// Replaces what is at the source that the row names, as Magento does; what lies elsewhere stays.
    fn renew(before: Option<&Product>, change: &SourceItemChange) -> Result<Product, ChangeRefusal> {
        let mut product = before.cloned().ok_or_else(|| not_there(&change.sku))?;
        // Whether this comes to what there was does not matter: the caller compares.
        let _ = Self::apply(&mut product, change)?;
        Ok(product)
    }

    fn apply(product: &mut Product, change: &SourceItemChange) -> Result<ChangeEffect, ChangeRefusal> {
        let mut changed = product.clone();
        let quantity = quantity(&mut changed, change)?;
        let place = changed.source_items.iter().position(|item| item.source == change.source);
        let stored = place.map(|place| changed.source_items[place].status.clone());
        // Goods that are new at a source can be sold from there if there are any.
        let is_there = quantity != "0" && !number::is_negative(&quantity);
        let follows = if is_there { "1" } else { "0" }.to_owned();
        let status = change.status.clone().or(stored).unwrap_or(follows);
        if change.source == DEFAULT_SOURCE {
            changed.stock.insert("qty".to_owned(), quantity.clone());
            changed.stock.insert("is_in_stock".to_owned(), status.clone());
        }
        let item = SourceItem { source: change.source.clone(), quantity, status };
        match place {
            Some(place) => changed.source_items[place] = item,
            None => changed.source_items.push(item),
        }
        if *product == changed {
            return Ok(ChangeEffect::Unchanged);
        }
        *product = changed;
        Ok(ChangeEffect::Changed)
    }

    fn write(product: &Product, writing: &mut Writing<'_>) {
        let numbers = writing.dialect.numbers;
        for item in &product.source_items {
            let mut row = WrittenRow::default();
            row.set("sku", &product.sku);
            row.set("source_code", &item.source);
            row.set("status", &item.status);
            row.set("quantity", numbers.written(&item.quantity));
            writing.push(row);
        }
    }

    fn is_written(column: &Column<SourceItemColumn>) -> bool {
        !matches!(column.kind, SourceItemColumn::Ignored | SourceItemColumn::QuantityIsRelative)
    }

    fn unwritten(product: &Product) -> Option<Product> {
        Some(Product { source_items: Vec::new(), ..product.clone() })
    }

    fn remove(product: &mut Product, change: &SourceItemChange) -> Removal {
        let before = product.source_items.len();
        product.source_items.retain(|item| item.source != change.source);
        if product.source_items.len() == before {
            return Removal::Nothing;
        }
        if change.source == DEFAULT_SOURCE {
            product.stock.insert("qty".to_owned(), "0".to_owned());
            product.stock.insert("is_in_stock".to_owned(), "0".to_owned());
        }
        Removal::Part
    }
}

fn source(reading: &mut Reading<'_, SourceItemColumn>) -> Option<String> {
    let text = reading.cell("source_code").trim();
    if text.is_empty() {
        reading.note("source_code", None, "is empty", Severity::Row);
        return None;
    }
    match reading.shop().basics.source(text) {
        Ok(source) => Some(source.code.clone()),
        Err(unknown) => {
            reading.note("source_code", Some(text), unknown, Severity::Row);
            None
        }
    }
}

fn value(reading: &mut Reading<'_, SourceItemColumn>, column: &str, form: Form) -> Option<String> {
    let stated = reading.stated(reading.cell(column))?;
    match reading.canonical(column, form, stated)? {
        Stated::Set(value) => Some(value),
        Stated::Clear => None,
    }
}

/// What will be at the source. An addition that was made before is not made again.
fn quantity(product: &mut Product, change: &SourceItemChange) -> Result<String, ChangeRefusal> {
    let item = product.source_items.iter().find(|item| item.source == change.source);
    // What a product file says of the classic stock is at the default source, whether there is an item or not.
    let classic = product.stock.get("qty").filter(|_| change.source == DEFAULT_SOURCE);
    let stored = item.map(|item| &item.quantity).or(classic).cloned();
    match &change.quantity {
        Some(SourceQuantity::Is(quantity)) => Ok(quantity.clone()),
        Some(SourceQuantity::Changes(QuantityChange { add, id })) => {
            let stored = stored.unwrap_or_else(|| "0".to_owned());
            if product.quantity_changes.contains(id) {
                return Ok(stored);
            }
            let problem = || format!("`{add}` cannot be added to what is at source `{}`", change.source);
            let sum = number::sum(&stored, add).ok_or_else(|| ChangeRefusal::of_column("quantity", problem()))?;
            product.remember_quantity_change(id);
            Ok(sum)
        }
        None => stored.ok_or_else(|| {
            let problem = format!("is needed because nothing of product `{}` is at the source yet", change.sku);
            ChangeRefusal::of_column("quantity", problem)
        }),
    }
}
