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

/// Adds parts of products that lists do not have, such as stock settings: each product is asked for, several at once.
pub(super) async fn add_parts(
    client: &ShopClient,
    products: &mut Products,
    (keys, parts): (&[String], &[&str]),
) -> Result<(), Error> {
    for some in keys.chunks(client.limits().concurrent_requests.max(1)) {
        let calls: Vec<(&String, ShopCall)> =
            some.iter().filter_map(|key| Some((key, part_call(products.get(key)?, parts)?))).collect();
        let answers = join_all(calls.iter().map(|(_, call)| client.call(call))).await;
        for ((key, _), answer) in calls.into_iter().zip(answers) {
            let mut answer = match answer {
                Ok(answer) => answer,
                // A name that the web server does not let through: what is not known is sent.
                Err(error) if error.is_not_there() => continue,
                Err(error) => return Err(error),
            };
            if let Some(product) = products.get_mut(key) {
                for part in parts {
                    product["extension_attributes"][*part] = answer["extension_attributes"][*part].take();
                }
            }
        }
    }
    Ok(())
}

fn part_call(product: &Value, parts: &[&str]) -> Option<ShopCall> {
    let fields = ("fields".to_owned(), format!("extension_attributes[{}]", parts.join(",")));
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
