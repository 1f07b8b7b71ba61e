//! `inventory/…salable…`: what can be sold, which is what the index knows and orders do not hold back.

use serde_json::{Value, json};

use crate::call::Call;
use crate::php::number;
use crate::refusal::Refusal;
use crate::route::{Answer, Route, get};

const RIGHT: &str = "Magento_InventorySalesApi::stock";

pub(super) const QUANTITY: Route = get("/V1/inventory/get-product-salable-quantity/:sku/:stockId", RIGHT, quantity);
pub(super) const IS_SALABLE: Route = get("/V1/inventory/is-product-salable/:sku/:stockId", RIGHT, is_salable);
pub(super) const IS_SALABLE_FOR: Route =
    get("/V1/inventory/is-product-salable-for-requested-qty/:sku/:stockId/:requestedQty", RIGHT, is_salable_for);
pub(super) const ARE_SALABLE: Route = get("/V1/inventory/are-products-salable", RIGHT, are_salable);

fn salable(call: &Call<'_>) -> Result<f64, Refusal> {
    let (sku, stock) = (call.text("sku"), call.whole("stockId"));
    if call.state.products.by_sku(&sku).is_none() {
        // An unknown SKU has no type, and the service cannot do with none.
        return Err(Refusal::TypeError);
    }
    if !call.state.inventory.stocks.contains_key(&stock) {
        return Err(Refusal::bad("Could not receive Stock Item data"));
    }
    Ok(call.state.inventory.salable(&sku, stock))
}

fn quantity(call: &mut Call<'_>) -> Answer {
    salable(call).map(number)
}

fn is_salable(call: &mut Call<'_>) -> Answer {
    salable(call).map(|salable| json!(salable > 0.0))
}

fn is_salable_for(call: &mut Call<'_>) -> Answer {
    let wanted: f64 = call.text("requestedQty").parse().unwrap_or(0.0);
    if salable(call)? >= wanted {
        return Ok(json!({"salable": true, "errors": []}));
    }
    let reasons = [
        ("back_order-disabled", "Backorders are disabled"),
        ("manage_stock-enabled", "Manage stock is enabled"),
        ("is_salable_with_reservations-not_enough_qty", "The requested qty is not available"),
    ];
    let errors: Vec<Value> = reasons.iter().map(|(code, message)| json!({"code": code, "message": message})).collect();
    Ok(json!({"salable": false, "errors": errors}))
}

fn are_salable(call: &mut Call<'_>) -> Answer {
    let stock: i64 = call.query.text("stock_id").and_then(|text| text.parse().ok()).unwrap_or(1);
    let skus =
        call.query.under(&["skus"]).into_iter().filter_map(|at| call.query.at(&["skus", &at]).map(str::to_owned));
    let shown = skus
        .map(|sku| json!({"sku": sku, "stock_id": stock, "salable": call.state.inventory.salable(&sku, stock) > 0.0}));
    Ok(shown.collect())
}
