//! Stock settings of a product.

use import::entity::Stated;
use import::entity::product::ProductChange;
use import::finding::ChangeRefusal;
use serde_json::{Map, Value, json};

use super::refusal::{Unsent, of_column};
use super::values::number;

/// How the shop takes a setting.
#[derive(Clone, Copy)]
enum Kind {
    Number,
    Flag,
    /// A flag that the shop takes as a number.
    FlagNumber,
}

/// Columns, and what the shop calls them.
const SETTINGS: [(&str, &str, Kind); 20] = [
    ("qty", "qty", Kind::Number),
    ("out_of_stock_qty", "min_qty", Kind::Number),
    ("use_config_min_qty", "use_config_min_qty", Kind::Flag),
    ("is_qty_decimal", "is_qty_decimal", Kind::Flag),
    ("allow_backorders", "backorders", Kind::Number),
    ("use_config_backorders", "use_config_backorders", Kind::Flag),
    ("min_cart_qty", "min_sale_qty", Kind::Number),
    ("use_config_min_sale_qty", "use_config_min_sale_qty", Kind::FlagNumber),
    ("max_cart_qty", "max_sale_qty", Kind::Number),
    ("use_config_max_sale_qty", "use_config_max_sale_qty", Kind::Flag),
    ("is_in_stock", "is_in_stock", Kind::Flag),
    ("notify_on_stock_below", "notify_stock_qty", Kind::Number),
    ("use_config_notify_stock_qty", "use_config_notify_stock_qty", Kind::Flag),
    ("manage_stock", "manage_stock", Kind::Flag),
    ("use_config_manage_stock", "use_config_manage_stock", Kind::Flag),
    ("use_config_qty_increments", "use_config_qty_increments", Kind::Flag),
    ("qty_increments", "qty_increments", Kind::Number),
    ("use_config_enable_qty_inc", "use_config_enable_qty_inc", Kind::Flag),
    ("enable_qty_increments", "enable_qty_increments", Kind::Flag),
    ("is_decimal_divided", "is_decimal_divided", Kind::Flag),
];

/// Takes over what a row says; returns what is not sent of it.
pub(super) fn take(item: &mut Map<String, Value>, change: &ProductChange) -> Result<Vec<Unsent>, ChangeRefusal> {
    if change.quantity_change.is_some() {
        let problem = "cannot be added in a shop, which does not remember what was added already and would add it twice; \
                       state what is there";
        return Err(of_column("qty", problem.to_owned()));
    }
    let mut unsent = Vec::new();
    for (column, stated) in &change.stock {
        let setting = SETTINGS.iter().find(|(known, ..)| known == column);
        match (setting, stated) {
            // The flag beside it says so.
            (Some(_), Stated::Set(text)) if text == "use_config" => {}
            (Some((_, name, kind)), Stated::Set(text)) => {
                let value = value(*kind, text).map_err(|problem| of_column(column, problem))?;
                item.insert((*name).to_owned(), value);
            }
            (Some((_, "qty", _)), Stated::Clear) => {
                item.insert("qty".to_owned(), json!(0));
            }
            (Some(_), Stated::Clear) => {
                unsent.push((column.clone(), "cannot be removed from a product of the shop".to_owned()));
            }
            (None, _) => unsent.push((column.clone(), "is not known to the REST interface of the shop".to_owned())),
        }
    }
    Ok(unsent)
}

fn value(kind: Kind, text: &str) -> Result<Value, String> {
    match kind {
        Kind::Number => number(text),
        Kind::Flag => Ok(json!(text == "1")),
        Kind::FlagNumber => Ok(json!(i64::from(text == "1"))),
    }
}
