//! What a shop has where files say something else.

use std::collections::{BTreeMap, BTreeSet};

use engine::ExecutorError;
use magento::client::{SearchCriteria, SearchFilter, ShopCall, ShopClient, sku_key};
use serde_json::Value;

use super::Difference;
use crate::shop::of_shop;

/// Most products that are asked for: whoever compares for the first time would ask for all.
const MOST: usize = 500;

/// Adds what the shop has of the values that differ, for the first products.
pub(super) async fn shop_values(client: &ShopClient, differences: &mut [Difference]) -> Result<(), ExecutorError> {
    let skus: BTreeSet<&str> = differences.iter().map(|one| one.thing.as_str()).take(MOST).collect();
    let mut found = BTreeMap::new();
    for group in SearchFilter::any_of("sku", skus) {
        let listed = client.list(ShopCall::get(&["products"]), SearchCriteria::of_group(group)).await;
        for product in listed.map_err(|error| of_shop(&error))? {
            if let Some(sku) = product["sku"].as_str() {
                found.insert(sku_key(sku), product);
            }
        }
    }
    for difference in differences {
        if let Some(product) = found.get(&sku_key(&difference.thing)) {
            difference.shop = value_of(product, &difference.field);
        }
    }
    Ok(())
}

fn value_of(product: &Value, field: &str) -> Value {
    let own = product.get(field).or_else(|| product["extension_attributes"].get(field));
    let custom = || {
        let attributes = product["custom_attributes"].as_array()?;
        attributes.iter().find(|attribute| attribute["attribute_code"] == field).map(|found| &found["value"])
    };
    own.or_else(custom).cloned().unwrap_or(Value::Null)
}
