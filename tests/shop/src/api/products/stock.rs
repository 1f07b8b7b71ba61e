//! `products/:sku/stockItems`, `stockItems` and `stockStatuses`: the stock item of the times before sources.

use serde_json::{Map, Value, json};

use super::body::STOCK_ITEM;
use super::change::Save;
use super::{product, unknown_product};
use crate::call::{Call, decimal_of};
use crate::php::number;
use crate::route::{Answer, Route, get, put};
use crate::shape::{Kind, flag, required};
use crate::state::inventory::{DEFAULT_SOURCE, SourceItem};
use crate::state::product::{Product, key, next};

const RIGHT: &str = "Magento_Catalog::catalog_inventory";

pub(super) const ROUTES: &[Route] = &[
    put(
        "/V1/products/:productSku/stockItems/:itemId",
        RIGHT,
        &[required("stockItem", Kind::Object(&STOCK_ITEM))],
        write,
    )
    .on("magento.cataloginventory.api.stockregistryinterface.updatestockitembysku"),
    get("/V1/stockItems/:productSku", RIGHT, read),
    get("/V1/stockStatuses/:productSku", RIGHT, status),
];

/// Whether products of a type have a quantity of their own.
pub(super) fn is_counted(kind: &str) -> bool {
    ["simple", "virtual", "downloadable"].contains(&kind)
}

/// Writes what was sent of the stock item, with what follows from it.
pub(super) fn apply(call: &mut Call<'_>, product: &mut Product, sent: Option<&Value>, save: Save) {
    let stamp = call.stamp();
    if product.stock.id == 0 {
        product.stock.id = next(&mut call.state.products.next_stock_item);
    }
    let qty = sent.and_then(|item| decimal_of(item, "qty"));
    let told = sent.and_then(|item| item.get("is_in_stock")).and_then(flag);
    let item = &mut product.stock;
    if let Some(told) = told {
        item.is_in_stock = told;
    }
    keep_settings(&mut item.settings, sent);
    if !is_counted(&product.kind) {
        item.qty = Some(0.0);
        item.low_stock_date = None;
        return;
    }
    if let Some(qty) = qty {
        // The quantity alone turns the flag: 0 sells nothing, more than 0 sells again.
        let had = item.is_in_stock;
        item.is_in_stock = qty > 0.0 && told.unwrap_or(true);
        item.is_auto |= had && qty <= 0.0;
        item.qty = Some(qty);
    }
    let is_low = item.qty.unwrap_or(0.0) < 1.0;
    item.low_stock_date = (is_low && save == Save::Update).then_some(stamp);
    if let Some(quantity) = qty {
        let status = i64::from(item.is_in_stock);
        call.state.inventory.put(SourceItem {
            sku: product.sku.clone(),
            source: DEFAULT_SOURCE.to_owned(),
            quantity,
            status,
        });
    }
}

fn keep_settings(settings: &mut Map<String, Value>, sent: Option<&Value>) {
    const NO_SETTINGS: [&str; 7] =
        ["item_id", "product_id", "stock_id", "qty", "is_in_stock", "low_stock_date", "stock_status_changed_auto"];
    for (name, value) in sent.and_then(Value::as_object).into_iter().flatten() {
        if !NO_SETTINGS.contains(&name.as_str()) {
            settings.insert(name.clone(), value.clone());
        }
    }
}

/// What happens after an answer: an item without a quantity that is saved again has 0 from then on, though the answer
/// still says that it has none.
pub(super) fn settle(call: &mut Call<'_>, id: i64) {
    if let Some(product) =
        call.state.products.list.get_mut(&id).filter(|product| product.stock.low_stock_date.is_some())
    {
        product.stock.qty.get_or_insert(0.0);
    }
}

/// Moves the quantities of a renamed product.
pub(super) fn rename(call: &mut Call<'_>, from: &str, to: &str) {
    let inventory = &mut call.state.inventory;
    let places: Vec<_> = inventory.items.keys().filter(|(sku, _)| *sku == key(from)).cloned().collect();
    for place in places {
        if let Some(item) = inventory.items.remove(&place) {
            inventory.put(SourceItem { sku: to.to_owned(), ..item });
        }
    }
}

/// The stock item as it is answered.
pub(super) fn view(product: &Product) -> Value {
    let item = &product.stock;
    let mut fields = json!({
        "item_id": item.id, "product_id": product.id, "stock_id": 1,
        "qty": item.qty.map_or(Value::Null, number), "is_in_stock": item.is_in_stock,
        "is_qty_decimal": false, "show_default_notification_message": false, "use_config_min_qty": true, "min_qty": 0,
        "use_config_min_sale_qty": 1, "min_sale_qty": 1, "use_config_max_sale_qty": true, "max_sale_qty": 10000,
        "use_config_backorders": true, "backorders": 0, "use_config_notify_stock_qty": true, "notify_stock_qty": 1,
        "use_config_qty_increments": true, "qty_increments": 0, "use_config_enable_qty_inc": true,
        "enable_qty_increments": false, "use_config_manage_stock": true, "manage_stock": true,
        "low_stock_date": item.low_stock_date, "is_decimal_divided": false,
        "stock_status_changed_auto": i64::from(item.is_auto),
    });
    for (name, value) in &item.settings {
        let value = value.as_f64().filter(|_| value.is_f64()).map_or_else(|| value.clone(), number);
        fields[name] = value;
    }
    fields
}

fn write(call: &mut Call<'_>) -> Answer {
    let sku = call.text("productSku");
    let mut found = product(call, &sku)?.clone();
    let item = call.value("stockItem").clone();
    apply(call, &mut found, Some(&item), Save::Update);
    let id = found.stock.id;
    call.state.products.put(found);
    Ok(json!(id))
}

fn read(call: &mut Call<'_>) -> Answer {
    let found = call.state.products.by_sku(&call.text("productSku")).ok_or_else(unknown_product)?;
    Ok(view(found))
}

/// The status of a product whose index has not run is empty; the one of a product that has been indexed is full.
fn status(call: &mut Call<'_>) -> Answer {
    let found = product(call, &call.text("productSku"))?;
    let Some(quantity) = call.state.inventory.index.get(&(key(&found.sku), 1)) else {
        return Ok(json!({"product_id": null, "stock_id": null, "qty": 0, "stock_status": 0, "stock_item": no_item()}));
    };
    let status = i64::from(found.stock.is_in_stock);
    Ok(
        json!({"product_id": found.id, "stock_id": 1, "qty": number(*quantity), "stock_status": status, "stock_item": view(found)}),
    )
}

fn no_item() -> Value {
    json!({
        "product_id": 0, "stock_id": 1, "qty": null, "is_in_stock": true, "is_qty_decimal": false,
        "show_default_notification_message": false, "use_config_min_qty": false, "min_qty": 0, "use_config_min_sale_qty": 0,
        "min_sale_qty": 0, "use_config_max_sale_qty": false, "max_sale_qty": 0, "use_config_backorders": false, "backorders": 0,
        "use_config_notify_stock_qty": false, "notify_stock_qty": 0, "use_config_qty_increments": false, "qty_increments": 0,
        "use_config_enable_qty_inc": false, "enable_qty_increments": false, "use_config_manage_stock": false, "manage_stock": false,
        "low_stock_date": null, "is_decimal_divided": false, "stock_status_changed_auto": 0,
    })
}
