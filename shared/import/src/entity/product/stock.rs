//! Stock settings of a product: which of them the shop decides on, and whether it can be bought.

use std::collections::BTreeMap;

use super::change::{ProductChange, ProductType};
use super::thing::Product;
use crate::entity::stated::Stated;
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

/// A setting that a row states counts from then on, unless the row leaves it to the shop all the same.
pub(super) fn decide(stock: &mut BTreeMap<String, Stated<String>>) {
    for (setting, left_to_shop) in LEFT_TO_SHOP {
        let is_stated = matches!(stock.get(setting), Some(Stated::Set(value)) if value != "use_config");
        if is_stated && !stock.contains_key(left_to_shop) {
            stock.insert(left_to_shop.to_owned(), Stated::Set("0".to_owned()));
        }
    }
}

impl Product {
    /// Makes `is_in_stock` follow the quantity that a row states: sold out at nothing, back at more than that.
    ///
    /// A row that states the flag itself is believed, but for a product of which nothing is there.
    pub(super) fn follow_quantity(&mut self, change: &ProductChange) {
        let is_counted = match self.product_type {
            ProductType::Simple | ProductType::Virtual | ProductType::Downloadable | ProductType::Giftcard => true,
            ProductType::Configurable | ProductType::Bundle | ProductType::Grouped => false,
        };
        let states = |column: &str| change.stock.contains_key(column);
        let states_quantity = states("qty") || change.quantity_change.is_some();
        if !is_counted || !(states_quantity || states("is_in_stock") || states("out_of_stock_qty")) {
            return;
        }
        let quantity = match self.stock.get("qty") {
            Some(quantity) => quantity,
            // Cleared: nothing is there.
            None if states_quantity => "0",
            None => return,
        };
        let least = self.stock.get("out_of_stock_qty").map_or("0", String::as_str);
        let is_there = number::is_above(quantity, least);
        let sells_more = self.stock.get("allow_backorders").is_some_and(|backorders| backorders != "0");
        let is_in_stock = match is_there {
            false if !sells_more => "0",
            true if states_quantity && !states("is_in_stock") => "1",
            _ => return,
        };
        self.stock.insert("is_in_stock".to_owned(), is_in_stock.to_owned());
    }
}
