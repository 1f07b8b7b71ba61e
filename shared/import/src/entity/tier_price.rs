//! Tier prices: what a product costs from a quantity on, for a website and a customer group.
//!
//! A row speaks of one tier price. Adding leaves the others alone, deleting takes this one away, and replacing forgets all
//! tier prices that the product had before the import. Magento's own files of advanced prices have the same columns.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::product::{Product, TierPrice};
use super::product_part::not_there;
use super::{
    About, Cells, ChangeEffect, Column, Entity, ExecutorAbout, Form, Need, Reading, Removal, Stated, Writing,
    WrittenRow, column,
};
use crate::finding::{ChangeRefusal, Severity};
use crate::number;
use crate::shop::ShopFacts;

/// Tier prices of products.
pub struct TierPrices;

/// What a cell of a tier price file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TierPriceColumn {
    /// The product.
    Sku,
    /// For which website the price holds.
    Website,
    /// For which customers the price holds.
    CustomerGroup,
    /// From which quantity on the price holds.
    Quantity,
    /// The price, or the discount.
    Price,
    /// Which of the two it is.
    ValueType,
    /// Known, but without a meaning here.
    Ignored,
}

/// What a row says about one tier price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierPriceChange {
    /// The product, as written in the file.
    pub sku: String,
    /// Code of a website, or `All Websites`.
    pub website: String,
    /// Name of a customer group, or `ALL GROUPS`.
    pub customer_group: String,
    /// From this quantity on.
    pub quantity: String,
    /// The price, or the discount in percent.
    pub price: Option<String>,
    /// `Fixed` or `Discount`.
    pub value_type: Option<String>,
}

const ALL_WEBSITES: &str = "All Websites";
const ALL_GROUPS: &str = "ALL GROUPS";
const VALUE_TYPES: [&str; 2] = ["Fixed", "Discount"];
const MAX_SKU_CHARS: usize = 64;

impl Entity for TierPrices {
    type ColumnKind = TierPriceColumn;
    type EntityChange = TierPriceChange;
    type Thing = Product;

    const ABOUT: About = About {
        name: "tier_prices",
        singular: "tier price",
        prefix: "product-import-tier-price",
        summary: "prices of products from a quantity on, by website and customer group",
        key: &["sku", "tier_price_website", "tier_price_customer_group", "tier_price_qty"],
        validate: ExecutorAbout {
            name: "validate_tier_prices",
            description: "checks every row of the tier price files",
        },
        import: ExecutorAbout {
            name: "import_tier_prices",
            description: "merges the rows of the tier price files into the products",
        },
    };
    const OTHER_PREFIXES: &'static [&'static str] = &["advanced_pricing"];
    const MAKES_THINGS: bool = false;
    const COLUMNS: &'static [Column<TierPriceColumn>] = &[
        key(column("sku", TierPriceColumn::Sku, "24-MB01", "the product; upper and lower case are the same")),
        key(column(
            "tier_price_website",
            TierPriceColumn::Website,
            "All Websites",
            "the website on which the price holds; a shop with the same prices everywhere takes it for all",
        )),
        key(column(
            "tier_price_customer_group",
            TierPriceColumn::CustomerGroup,
            "ALL GROUPS",
            "the customers for whom the price holds",
        )),
        key(column("tier_price_qty", TierPriceColumn::Quantity, "10", "the quantity from which on the price holds")),
        Column {
            need: Need::New,
            ..column("tier_price", TierPriceColumn::Price, "29.00", "the price, or the discount in percent")
        },
        Column {
            need: Need::New,
            ..column(
                "tier_price_value_type",
                TierPriceColumn::ValueType,
                "Fixed",
                "whether it is a price or a discount",
            )
        },
        column("original_data", TierPriceColumn::Ignored, "original_filename=a.csv", "not read"),
    ];

    fn cells(kind: TierPriceColumn) -> Cells {
        let key = |holds: &'static str| Cells { empty_value: "costs the row", ..Cells::holding(holds) };
        match kind {
            TierPriceColumn::Sku => key("text of at most 64 characters without blanks around it"),
            TierPriceColumn::Website => {
                key("`All Websites`, with or without the currency as in `All Websites [EUR]`, or a code")
            }
            TierPriceColumn::CustomerGroup => key("`ALL GROUPS`, or the name of a customer group"),
            TierPriceColumn::Quantity => key("number, 0 or more"),
            TierPriceColumn::Price => Cells::holding("number, 0 or more; of a discount at most 100").kept(),
            TierPriceColumn::ValueType => Cells::holding("`Fixed` or `Discount`").kept(),
            TierPriceColumn::Ignored => Cells::saying_nothing("anything"),
        }
    }

    fn read_cells(reading: &mut Reading<'_, TierPriceColumn>) -> Option<TierPriceChange> {
        let sku = reading.key("sku", MAX_SKU_CHARS)?.to_owned();
        // All of them are read, so that a row with several mistakes tells them at once.
        let website = key_cell(reading, "tier_price_website").and_then(|text| website(reading, text));
        let customer_group = key_cell(reading, "tier_price_customer_group").and_then(|text| group(reading, text));
        let quantity = key_cell(reading, "tier_price_qty").and_then(|text| quantity(reading, text));
        let value = value(reading);
        Some(TierPriceChange {
            sku,
            website: website?,
            customer_group: customer_group?,
            quantity: quantity?,
            price: value.as_ref()?.price.clone(),
            value_type: value?.value_type,
        })
    }

    fn key(change: &TierPriceChange) -> String {
        Product::key(&change.sku)
    }

    fn create(change: &TierPriceChange) -> Result<Product, ChangeRefusal> {
        Err(not_there(&change.sku))
    }

    fn renew(before: Option<&Product>, change: &TierPriceChange) -> Result<Product, ChangeRefusal> {
        let mut product = before.cloned().ok_or_else(|| not_there(&change.sku))?;
        product.tier_prices.clear();
        // Whether this comes to what there was does not matter: the caller compares.
        let _ = Self::apply(&mut product, change)?;
        Ok(product)
    }

    fn apply(product: &mut Product, change: &TierPriceChange) -> Result<ChangeEffect, ChangeRefusal> {
        let place = product.tier_prices.iter().position(|price| change.is_about(price));
        let stored = place.map(|place| &product.tier_prices[place]);
        let stated = |column, stated: &Option<String>, stored: Option<&String>| {
            let known = stated.as_ref().or(stored).cloned();
            known.ok_or_else(|| ChangeRefusal::of_column(column, "is needed because the tier price is new".to_owned()))
        };
        let price = TierPrice {
            quantity: change.quantity.clone(),
            price: stated("tier_price", &change.price, stored.map(|stored| &stored.price))?,
            value_type: stated("tier_price_value_type", &change.value_type, stored.map(|stored| &stored.value_type))?,
            website: change.website.clone(),
            customer_group: change.customer_group.clone(),
        };
        check_website(product, &price)?;
        if stored == Some(&price) {
            return Ok(ChangeEffect::Unchanged);
        }
        match place {
            Some(place) => product.tier_prices[place] = price,
            None => product.tier_prices.push(price),
        }
        Ok(ChangeEffect::Changed)
    }

    fn write(product: &Product, writing: &mut Writing<'_>) {
        let numbers = writing.dialect.numbers;
        for price in &product.tier_prices {
            let mut row = WrittenRow::default();
            row.set("sku", &product.sku);
            row.set("tier_price_website", &price.website);
            row.set("tier_price_customer_group", &price.customer_group);
            row.set("tier_price_qty", numbers.written(&price.quantity));
            row.set("tier_price", numbers.written(&price.price));
            row.set("tier_price_value_type", &price.value_type);
            writing.push(row);
        }
    }

    fn is_written(column: &Column<TierPriceColumn>) -> bool {
        column.kind != TierPriceColumn::Ignored
    }

    fn unwritten(product: &Product) -> Option<Product> {
        Some(Product { tier_prices: Vec::new(), ..product.clone() })
    }

    fn remove(product: &mut Product, change: &TierPriceChange) -> Removal {
        let before = product.tier_prices.len();
        product.tier_prices.retain(|price| !change.is_about(price));
        if product.tier_prices.len() == before { Removal::Nothing } else { Removal::Part }
    }
}

impl TierPriceChange {
    fn is_about(&self, price: &TierPrice) -> bool {
        price.website == self.website && price.customer_group == self.customer_group && price.quantity == self.quantity
    }
}

const fn key(column: Column<TierPriceColumn>) -> Column<TierPriceColumn> {
    Column { need: Need::Always, ..column }
}

/// A cell that says which tier price the row speaks of; an empty one costs the row.
fn key_cell<'a>(reading: &mut Reading<'a, TierPriceColumn>, column: &str) -> Option<&'a str> {
    let cell = reading.cell(column);
    match reading.stated(cell) {
        Some(Stated::Set(text)) => Some(text),
        Some(Stated::Clear) | None => {
            reading.note(column, None, "is empty", Severity::Row);
            None
        }
    }
}

fn website(reading: &mut Reading<'_, TierPriceColumn>, text: &str) -> Option<String> {
    const COLUMN: &str = "tier_price_website";
    let shop = reading.shop();
    let found = match all_websites_currency(text.trim()) {
        Some("") => Ok(ALL_WEBSITES.to_owned()),
        Some(currency) if currency == shop.basics.currency => Ok(ALL_WEBSITES.to_owned()),
        Some(_) => Err(format!("names another currency than the shop has (expected `{}`)", shop.basics.currency)),
        None => shop.basics.website(text.trim()).map(|website| website.code.clone()).map_err(|error| error.to_string()),
    };
    let code = found.map_err(|problem| reading.note(COLUMN, Some(text), problem, Severity::Row)).ok()?;
    if code != ALL_WEBSITES && holds_everywhere(shop) {
        let problem = "holds for all websites, because the shop has the same prices on all of them";
        reading.note(COLUMN, Some(text), problem, Severity::Notice);
        return Some(ALL_WEBSITES.to_owned());
    }
    Some(code)
}

fn holds_everywhere(shop: &ShopFacts) -> bool {
    !shop.basics.has_website_prices
}

/// What stands in the brackets of `All Websites [EUR]`; nothing if the text is something else.
fn all_websites_currency(text: &str) -> Option<&str> {
    let (start, rest) = text.split_at_checked(ALL_WEBSITES.len())?;
    let rest = rest.trim();
    let currency = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let currency = currency.or_else(|| rest.is_empty().then_some(""));
    currency.filter(|_| start.eq_ignore_ascii_case(ALL_WEBSITES))
}

fn group(reading: &mut Reading<'_, TierPriceColumn>, text: &str) -> Option<String> {
    if text.trim().eq_ignore_ascii_case(ALL_GROUPS) {
        return Some(ALL_GROUPS.to_owned());
    }
    match reading.shop().basics.customer_group(text.trim()) {
        Ok(name) => Some(name.to_owned()),
        Err(unknown) => {
            reading.note("tier_price_customer_group", Some(text), unknown, Severity::Row);
            None
        }
    }
}

fn quantity(reading: &mut Reading<'_, TierPriceColumn>, text: &str) -> Option<String> {
    match Form::NotNegative.canonical(text, reading.columns().dialect()) {
        Ok(quantity) => Some(quantity),
        Err(problem) => {
            reading.note("tier_price_qty", Some(text), problem, Severity::Row);
            None
        }
    }
}

/// What a tier price comes to; empty cells say nothing, for rows that delete need no price.
struct Value {
    price: Option<String>,
    value_type: Option<String>,
}

/// Reads the price itself. One that cannot be used costs the row: there is nothing else in it.
fn value(reading: &mut Reading<'_, TierPriceColumn>) -> Option<Value> {
    let dialect = reading.columns().dialect();
    let mut is_usable = true;
    let mut read = |column: &str, form: Form| {
        let Some(Stated::Set(text)) = reading.stated(reading.cell(column)) else { return None };
        let value = form.canonical(text, dialect).map_err(|problem| {
            is_usable = false;
            reading.note(column, Some(text), problem, Severity::Row);
        });
        value.ok()
    };
    let price = read("tier_price", Form::NotNegative);
    let value_type = read("tier_price_value_type", Form::OneOf(VALUE_TYPES));
    if value_type.as_deref() == Some("Discount")
        && let Some(percent) = price.as_ref().filter(|percent| is_more_than_all(percent))
    {
        is_usable = false;
        reading.note("tier_price", Some(percent), "is a discount of more than 100 percent", Severity::Row);
    }
    is_usable.then_some(Value { price, value_type })
}

/// A discount of more than the whole price would make goods cost less than nothing.
fn is_more_than_all(percent: &str) -> bool {
    let left = number::sum("100", &format!("-{percent}"));
    left.is_none_or(|left| number::is_negative(&left))
}

/// A price for a website that does not offer the product would never show.
fn check_website(product: &Product, price: &TierPrice) -> Result<(), ChangeRefusal> {
    if price.website == ALL_WEBSITES || product.websites.contains(&price.website) {
        return Ok(());
    }
    let problem = match product.websites.as_slice() {
        [] => format!("names `{}`, but no website offers product `{}`", price.website, product.sku),
        websites => format!(
            "names `{}`, which does not offer product `{}` (it is offered by `{}`)",
            price.website,
            product.sku,
            websites.join("`, `")
        ),
    };
    Err(ChangeRefusal::of_column("tier_price_website", problem))
}
