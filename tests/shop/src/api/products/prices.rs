//! `products/base-prices`, `products/special-price` and `products/cost`: good rows are written, bad ones are told in a list
//! that names no row.

use serde_json::{Value, json};

use crate::call::{Call, decimal_of, text_of, whole_of};
use crate::php::{decimal, moment, number};
use crate::refusal::plain;
use crate::route::{Answer, Route, post};
use crate::shape::{Kind, Parameter, Shape, required};
use crate::state::product::Product;

const RIGHT: &str = "Magento_Catalog::catalog";

const BASE: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\BasePriceInterface",
    fields: &[
        ("price", Kind::Float),
        ("store_id", Kind::Int),
        ("sku", Kind::Text),
        ("extension_attributes", Kind::Any),
    ],
};
const SPECIAL: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\SpecialPriceInterface",
    fields: &[
        ("price", Kind::Float),
        ("store_id", Kind::Int),
        ("sku", Kind::Text),
        ("price_from", Kind::Text),
        ("price_to", Kind::Text),
        ("extension_attributes", Kind::Any),
    ],
};
const COST: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\CostInterface",
    fields: &[("cost", Kind::Float), ("store_id", Kind::Int), ("sku", Kind::Text), ("extension_attributes", Kind::Any)],
};

const SKUS: &[Parameter] = &[required("skus", Kind::List(&Kind::Text))];
const BASES: &[Parameter] = &[required("prices", Kind::List(&Kind::Object(&BASE)))];
const SPECIALS: &[Parameter] = &[required("prices", Kind::List(&Kind::Object(&SPECIAL)))];
const COSTS: &[Parameter] = &[required("prices", Kind::List(&Kind::Object(&COST)))];

pub(super) const ROUTES: &[Route] = &[
    post("/V1/products/base-prices", RIGHT, BASES, base).named(
        "Magento\\Catalog\\Model\\Product\\Price\\BasePriceStorage::update",
        "magento.catalog.api.basepricestorageinterface.update",
    ),
    post("/V1/products/base-prices-information", RIGHT, SKUS, base_information)
        .on("magento.catalog.api.basepricestorageinterface.get"),
    post("/V1/products/special-price", RIGHT, SPECIALS, special).named(
        "Magento\\Catalog\\Model\\Product\\Price\\SpecialPriceStorage::update",
        "magento.catalog.api.specialpricestorageinterface.update",
    ),
    post("/V1/products/special-price-delete", RIGHT, SPECIALS, special_delete).named(
        "Magento\\Catalog\\Model\\Product\\Price\\SpecialPriceStorage::delete",
        "magento.catalog.api.specialpricestorageinterface.delete",
    ),
    post("/V1/products/special-price-information", RIGHT, SKUS, special_information)
        .on("magento.catalog.api.specialpricestorageinterface.get"),
    post("/V1/products/cost", RIGHT, COSTS, cost).named(
        "Magento\\Catalog\\Model\\Product\\Price\\CostStorage::update",
        "magento.catalog.api.coststorageinterface.update",
    ),
    post("/V1/products/cost-delete", RIGHT, SKUS, cost_delete).named(
        "Magento\\Catalog\\Model\\Product\\Price\\CostStorage::delete",
        "magento.catalog.api.coststorageinterface.delete",
    ),
    post("/V1/products/cost-information", RIGHT, SKUS, cost_information)
        .on("magento.catalog.api.coststorageinterface.get"),
];

/// Types that have a price of their own. A dynamic bundle has none.
fn is_priced(product: &Product) -> bool {
    match product.kind.as_str() {
        "simple" | "virtual" | "downloadable" => true,
        "bundle" => product.value("price_type", 0) == Some("1"),
        _ => false,
    }
}

fn invalid(field: &str, value: &str) -> Value {
    json!({"message": "Invalid attribute %fieldName = %fieldValue.", "parameters": [field, value]})
}

/// Number of a row as it stands in a message.
fn shown(row: &Value, name: &str) -> String {
    decimal_of(row, name).map(|value| plain(&number(value))).unwrap_or_default()
}

/// A refusal of a row's store, which names the row.
fn unknown_store(row: &Value, sku: &str) -> Value {
    let store = text_of(row, "store_id");
    let message =
        format!("Requested store is not found. Row ID: SKU = {sku}, Store ID: {}.", store.clone().unwrap_or_default());
    json!({"message": message, "parameters": [sku, store]})
}

fn has_store(call: &Call<'_>, row: &Value) -> bool {
    whole_of(row, "store_id").is_some_and(|id| call.state.stores.has_view(id))
}

fn base(call: &mut Call<'_>) -> Answer {
    let mut errors = Vec::new();
    for row in call.list("prices") {
        let sku = text_of(&row, "sku").unwrap_or_default();
        let price = decimal_of(&row, "price");
        let is_known = call.state.products.by_sku(&sku).is_some_and(is_priced);
        let mut wrong = Vec::new();
        if !is_known {
            wrong.push(invalid("SKU", &sku));
        }
        if price.is_none_or(|price| price < 0.0) {
            wrong.push(invalid("Price", &shown(&row, "price")));
        }
        if !has_store(call, &row) {
            wrong.push(unknown_store(&row, &sku));
        }
        if let (true, Some(price)) = (wrong.is_empty(), price) {
            // Prices are global here: a row of a store view overwrites the one price there is.
            put(call, &sku, &[("price", Some(decimal(price)))]);
        }
        errors.append(&mut wrong);
    }
    Ok(Value::Array(errors))
}

/// Writes or clears global values of a product.
fn put(call: &mut Call<'_>, sku: &str, values: &[(&str, Option<String>)]) {
    let stamp = call.stamp();
    let Some(product) = call.state.products.by_sku_mut(sku) else { return };
    for (code, value) in values {
        match value {
            Some(value) => product.put(code, 0, value),
            None => product.clear(code, 0),
        }
    }
    product.updated_at = stamp;
}

fn information(call: &Call<'_>, row: impl Fn(&Product) -> Option<Value>) -> Answer {
    let skus = call.list("skus");
    let found = skus.iter().filter_map(Value::as_str).filter_map(|sku| call.state.products.by_sku(sku));
    Ok(found.filter_map(row).collect())
}

fn base_information(call: &mut Call<'_>) -> Answer {
    information(call, |product| {
        let price = product.decimal("price", 0).filter(|_| is_priced(product))?;
        Some(json!({"price": number(price), "store_id": 0, "sku": product.sku}))
    })
}

fn special(call: &mut Call<'_>) -> Answer {
    let mut errors = Vec::new();
    for row in call.list("prices") {
        let wrong = special_errors(call, &row);
        if wrong.is_empty() {
            let sku = text_of(&row, "sku").unwrap_or_default();
            let mut values = vec![("special_price", decimal_of(&row, "price").map(decimal))];
            // Without dates the stored ones stay.
            for (code, name) in [("special_from_date", "price_from"), ("special_to_date", "price_to")] {
                if let Some(time) = text_of(&row, name) {
                    values.push((code, moment(&time)));
                }
            }
            put(call, &sku, &values);
        }
        errors.extend(wrong);
    }
    Ok(Value::Array(errors))
}

fn special_errors(call: &Call<'_>, row: &Value) -> Vec<Value> {
    let part = |name: &str| text_of(row, name).unwrap_or_default();
    let [sku, store, from, to] = ["sku", "store_id", "price_from", "price_to"].map(part);
    let place = format!("Row ID: SKU = {sku}, Store ID: {store}, Price From: {from}, Price To: {to}.");
    let mut wrong = Vec::new();
    if call.state.products.by_sku(&sku).is_none_or(|product| !is_priced(product)) {
        let message =
            format!("The product that was requested doesn't exist. Verify the product and try again. {place}");
        wrong.push(json!({"message": message, "parameters": [sku, store, from, to]}));
    }
    if decimal_of(row, "price").is_none_or(|price| price < 0.0) {
        let price = shown(row, "price");
        wrong.push(json!({"message": format!("Invalid attribute Price = {price}. {place}"), "parameters": [price, sku, store, from, to]}));
    }
    if !has_store(call, row) {
        let message = format!("Requested store is not found. {place}");
        wrong.push(json!({"message": message, "parameters": [sku, store, from, to]}));
    }
    for (name, value) in [("Price From", &from), ("Price To", &to)] {
        if !value.is_empty() && moment(value).is_none() {
            // Both messages name the end of the span.
            let message = format!("Invalid attribute {name} = {to}. {place}");
            wrong.push(json!({"message": message, "parameters": [name, sku, store, from, to]}));
        }
    }
    wrong
}

/// Removes special prices, whatever price the row names.
fn special_delete(call: &mut Call<'_>) -> Answer {
    let mut errors = Vec::new();
    for row in call.list("prices") {
        let wrong = special_errors(call, &row);
        if wrong.is_empty() {
            let sku = text_of(&row, "sku").unwrap_or_default();
            put(call, &sku, &[("special_price", None), ("special_from_date", None), ("special_to_date", None)]);
        }
        errors.extend(wrong);
    }
    Ok(Value::Array(errors))
}

fn special_information(call: &mut Call<'_>) -> Answer {
    information(call, |product| {
        let price = product.decimal("special_price", 0)?;
        let mut row = json!({"price": number(price), "store_id": 0, "sku": product.sku});
        for (name, code) in [("price_from", "special_from_date"), ("price_to", "special_to_date")] {
            row[name] = json!(product.value(code, 0));
        }
        Some(row)
    })
}

fn cost(call: &mut Call<'_>) -> Answer {
    let mut errors = Vec::new();
    for row in call.list("prices") {
        let sku = text_of(&row, "sku").unwrap_or_default();
        let store = text_of(&row, "store_id").unwrap_or_default();
        let cost = decimal_of(&row, "cost");
        let mut wrong = Vec::new();
        if call.state.products.by_sku(&sku).is_none_or(|product| !is_priced(product)) {
            wrong.push(invalid("SKU", &sku));
        }
        if cost.is_none_or(|cost| cost < 0.0) {
            let cost = shown(&row, "cost");
            let message = format!("Invalid attribute Cost = {cost}. Row ID: SKU = {sku}, Store ID: {store}.");
            wrong.push(json!({"message": message, "parameters": [cost, sku, store]}));
        }
        if !has_store(call, &row) {
            wrong.push(unknown_store(&row, &sku));
        }
        if wrong.is_empty() {
            put(call, &sku, &[("cost", cost.map(decimal))]);
        }
        errors.append(&mut wrong);
    }
    Ok(Value::Array(errors))
}

fn cost_information(call: &mut Call<'_>) -> Answer {
    information(call, |product| {
        Some(json!({"cost": number(product.decimal("cost", 0)?), "store_id": 0, "sku": product.sku}))
    })
}

fn cost_delete(call: &mut Call<'_>) -> Answer {
    for sku in call.list("skus").iter().filter_map(Value::as_str) {
        put(call, sku, &[("cost", None)]);
    }
    Ok(true.into())
}
