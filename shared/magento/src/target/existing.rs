//! What the shop has of the products that rows speak of.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::client::{Error, SearchCriteria, SearchFilter, ShopCall, ShopClient, ShopScope, sku_key};

/// Products by the form in which skus compare.
pub(super) type Products = BTreeMap<String, Value>;

/// Reads products as one scope shows them, whole or with some fields.
pub(super) async fn products<'n>(
    client: &ShopClient,
    scope: &ShopScope,
    skus: impl IntoIterator<Item = &'n str>,
    fields: &str,
) -> Result<Products, Error> {
    let mut found = Products::new();
    for group in SearchFilter::any_of("sku", skus) {
        let criteria = SearchCriteria { item_fields: fields.to_owned(), ..SearchCriteria::of_group(group) };
        let call = ShopCall::get(&["products"]).in_scope(scope.clone());
        for product in client.list(call, criteria).await? {
            if let Some(sku) = product["sku"].as_str() {
                found.insert(sku_key(sku), product);
            }
        }
    }
    Ok(found)
}

/// What lies where: quantity and status by sku and source.
pub(super) type SourceItems = BTreeMap<(String, String), (f64, i64)>;

/// Reads what lies at the sources of some products.
pub(super) async fn source_items<'n>(
    client: &ShopClient,
    skus: impl IntoIterator<Item = &'n str>,
) -> Result<SourceItems, Error> {
    let mut found = SourceItems::new();
    for group in SearchFilter::any_of("sku", skus) {
        let call = ShopCall::get(&["inventory", "source-items"]);
        for item in client.list(call, SearchCriteria::of_group(group)).await? {
            let (Some(sku), Some(source)) = (item["sku"].as_str(), item["source_code"].as_str()) else { continue };
            let stock = (item["quantity"].as_f64().unwrap_or(0.0), item["status"].as_i64().unwrap_or(0));
            found.insert((sku_key(sku), source.to_owned()), stock);
        }
    }
    Ok(found)
}
