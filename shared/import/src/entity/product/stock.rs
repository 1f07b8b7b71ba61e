//! Stock settings of a product: which of them the shop decides on, and whether it can be bought.

use std::collections::BTreeMap;

use super::change::{ProductChange, ProductType};
use super::kind::ProductColumn;
use super::thing::Product;
use crate::dialect::Dialect;
use crate::entity::stated::Stated;
use crate::entity::writing::WrittenRow;
use crate::number;

/// Settings, and the columns that leave them to the configuration of the shop.
const LEFT_TO_SHOP: [(&str, &str); 9] = [
    ("out_of_stock_qty", "use_config_min_qty"),
    ("allow_backorders", "use_config_backorders"),
    ("min_cart_qty", "use_config_min_sale_qty"),
    ("max_cart_qty", "use_config_max_sale_qty"),
    ("notify_on_stock_below", "use_config_notify_stock_qty"),
    ("manage_stock", "use_config_manage_stock"),
    ("qty_increments", "use_config_qty_increments"),
    ("enable_qty_increments", "use_config_enable_qty_inc"),
    ("deferred_stock_update", "use_config_deferred_stock_update"),
];

/// The source whose quantity is that of the classic stock.
pub(in crate::entity) const DEFAULT_SOURCE: &str = "default";

/// A setting that a row states counts from then on, unless the row leaves it to the shop all the same.
pub(super) fn decide(stock: &mut BTreeMap<String, Stated<String>>) {
    for (setting, left_to_shop) in LEFT_TO_SHOP {
        let Some(Stated::Set(value)) = stock.get(setting) else { continue };
        let is_left = if value == "use_config" { "1" } else { "0" };
        if !stock.contains_key(left_to_shop) {
            stock.insert(left_to_shop.to_owned(), Stated::Set(is_left.to_owned()));
        }
    }
}

/// Puts a product into stock, or out of it, as its quantity demands.
///
/// A row that states the flag itself is believed, but for a product of which nothing is there.
pub(super) fn follow_quantity(before: &Product, product: &mut Product, change: &ProductChange) {
    let is_counted = match product.product_type {
        ProductType::Simple | ProductType::Virtual | ProductType::Downloadable | ProductType::Giftcard => true,
        ProductType::Configurable | ProductType::Bundle | ProductType::Grouped => false,
    };
    let states = |column: &str| change.stock.contains_key(column);
    // An addition that was made before says nothing new.
    let adds = change.quantity_change.as_ref().is_some_and(|add| !before.quantity_changes.contains(&add.id));
    let states_quantity = states("qty") || adds;
    let is_managed = own(product, "manage_stock", "use_config_manage_stock").is_none_or(|flag| flag != "0");
    if !is_counted || !(states_quantity || states("is_in_stock") || states("out_of_stock_qty")) {
        return;
    }
    let quantity = match product.stock.get("qty") {
        Some(quantity) => quantity,
        // Cleared: nothing is there.
        None if states_quantity => "0",
        None => return,
    };
    let least = own(product, "out_of_stock_qty", "use_config_min_qty").unwrap_or("0");
    let is_there = number::is_above(quantity, least);
    let sells_more = own(product, "allow_backorders", "use_config_backorders").is_some_and(|way| way != "0");
    let is_in_stock = match is_there {
        false if is_managed && !sells_more => "0",
        true if states_quantity && !states("is_in_stock") => "1",
        _ => return,
    };
    product.stock.insert("is_in_stock".to_owned(), is_in_stock.to_owned());
}

/// Writes the settings. What a row would make of those that it leaves out is cleared.
pub(super) fn write(stock: &BTreeMap<String, String>, row: &mut WrittenRow, dialect: &Dialect) {
    for (name, value) in stock {
        let column = super::COLUMNS.iter().find(|column| column.name == name).map(|column| column.kind);
        let text = match column {
            Some(ProductColumn::Stock(form)) => form.written(value, dialect.numbers),
            _ => value.clone(),
        };
        row.set(name, text);
    }
    let follows = LEFT_TO_SHOP.into_iter().chain([("qty", "is_in_stock")]);
    for (setting, follower) in follows {
        if stock.contains_key(setting) && !stock.contains_key(follower) {
            row.set(follower, &dialect.empty_value);
        }
    }
}

/// A setting of the product itself, if it is not left to the shop.
fn own<'p>(product: &'p Product, setting: &str, left_to_shop: &str) -> Option<&'p str> {
    let is_left = product.stock.get(left_to_shop).is_some_and(|flag| flag == "1");
    product.stock.get(setting).map(String::as_str).filter(|_| !is_left)
}

/// The quantity of the classic stock is that of one source, if the product is there; a row that states its sources means
/// them.
pub(super) fn follow_source(product: &mut Product, change: &ProductChange) {
    let says_quantity = change.quantity_change.is_some() || change.stock.contains_key("qty");
    let says_stock = says_quantity || change.stock.contains_key("is_in_stock");
    if !says_stock || change.source_items.is_some() {
        return;
    }
    let Product { stock, source_items, .. } = product;
    let Some(item) = source_items.iter_mut().find(|item| item.source == DEFAULT_SOURCE) else { return };
    if says_quantity {
        item.quantity = stock.get("qty").map_or("0", String::as_str).to_owned();
    }
    item.status = stock.get("is_in_stock").map_or("1", String::as_str).to_owned();
}
