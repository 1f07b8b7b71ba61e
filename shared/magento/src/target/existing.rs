//! What the shop has of the products that rows speak of.

use std::collections::BTreeMap;

use futures::future::join_all;
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

/// Adds the stock settings of products. Lists have none, so each product is asked for; several at once.
pub(super) async fn add_stock_settings(
    client: &ShopClient,
    products: &mut Products,
    keys: &[String],
) -> Result<(), Error> {
    for part in keys.chunks(client.limits().concurrent_requests.max(1)) {
        let calls: Vec<(&String, ShopCall)> =
            part.iter().filter_map(|key| Some((key, stock_call(products.get(key)?)?))).collect();
        let answers = join_all(calls.iter().map(|(_, call)| client.call(call))).await;
        for ((key, _), answer) in calls.into_iter().zip(answers) {
            match answer {
                Ok(mut answer) => {
                    let settings = answer["extension_attributes"]["stock_item"].take();
                    if let Some(product) = products.get_mut(key) {
                        product["extension_attributes"]["stock_item"] = settings;
                    }
                }
                // A name that the web server does not let through: what is not known is sent.
                Err(error) if error.is_not_there() => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

fn stock_call(product: &Value) -> Option<ShopCall> {
    let fields = ("fields".to_owned(), "extension_attributes[stock_item]".to_owned());
    Some(ShopCall::get(&["products", product["sku"].as_str()?]).asking([fields]))
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
