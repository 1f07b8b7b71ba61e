//! A product as it is answered.

use serde_json::{Map, Value, json};

use super::{bundles, image, links, stock, tier_prices, variants};
use crate::php::number;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::product::Product;

/// How a product is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Store view.
    pub store: u32,
    /// Lists leave out the stock item.
    pub in_list: bool,
}

/// A single product.
pub(crate) fn full(state: &State, product: &Product, store: u32) -> Result<Value, Refusal> {
    view(state, product, Wanted { store, in_list: false })
}

/// A product, alone or in a list.
///
/// # Errors
/// If one of its variant options names an attribute that does not exist: the shop accepts such an option and then fails at
/// every read that meets it.
pub(crate) fn view(state: &State, product: &Product, wanted: Wanted) -> Result<Value, Refusal> {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    let store = wanted.store;
    let whole = |code: &str| {
        product.value(code, store).and_then(|value| value.parse::<i64>().ok()).map_or(Value::Null, |value| json!(value))
    };
    put("id", json!(product.id));
    put("sku", json!(product.sku));
    put("name", json!(product.value("name", store)));
    put("attribute_set_id", json!(product.set));
    put("price", price(product, store));
    put("status", whole("status"));
    put("visibility", whole("visibility"));
    put("type_id", json!(product.kind));
    put("created_at", json!(product.created_at));
    put("updated_at", json!(product.updated_at));
    put("weight", weight(product, store));
    put("extension_attributes", extension(state, product, wanted)?);
    put("product_links", links::view(state, product));
    put("options", json!(product.options));
    put("media_gallery_entries", image::view(product, store));
    put("tier_prices", tier_prices::view(product));
    put("custom_attributes", custom_attributes(product, store));
    Ok(Value::Object(fields))
}

fn is_dynamic(product: &Product, code: &str) -> bool {
    product.kind == "bundle" && product.value(code, 0) != Some("1")
}

fn price(product: &Product, store: u32) -> Value {
    match product.kind.as_str() {
        "configurable" => json!(0),
        _ if is_dynamic(product, "price_type") => json!(0),
        _ => product.decimal("price", store).map_or(Value::Null, number),
    }
}

fn weight(product: &Product, store: u32) -> Value {
    if is_dynamic(product, "weight_type") {
        return json!(0);
    }
    product.decimal("weight", store).map_or(Value::Null, number)
}

fn extension(state: &State, product: &Product, wanted: Wanted) -> Result<Value, Refusal> {
    let mut fields = Map::new();
    fields.insert("website_ids".to_owned(), json!(product.websites));
    if !product.categories.is_empty() {
        let link = |(id, position): &(i64, i64)| json!({"position": position, "category_id": id.to_string()});
        fields.insert("category_links".to_owned(), product.categories.iter().map(link).collect());
    }
    if !wanted.in_list {
        fields.insert("stock_item".to_owned(), stock::view(product));
    }
    match product.kind.as_str() {
        "configurable" => {
            fields.insert("configurable_product_options".to_owned(), variants::options_view(state, product)?);
            fields.insert("configurable_product_links".to_owned(), json!(product.variants));
        }
        "bundle" => {
            fields.insert("bundle_product_options".to_owned(), bundles::view(state, product));
        }
        "downloadable" => {
            fields.insert("downloadable_product_links".to_owned(), json!(product.download_links));
            fields.insert("downloadable_product_samples".to_owned(), json!(product.download_samples));
        }
        _ => {}
    }
    Ok(Value::Object(fields))
}

/// Values that stand elsewhere in the answer.
const ELSEWHERE: [&str; 5] = ["name", "price", "status", "visibility", "weight"];

fn custom_attributes(product: &Product, store: u32) -> Value {
    let value = |code: &String| product.value(code, store).map(|value| json!({"attribute_code": code, "value": value}));
    let mut list: Vec<Value> =
        product.values.keys().filter(|code| !ELSEWHERE.contains(&code.as_str())).filter_map(value).collect();
    let computed = [("required_options", product.had_required_options), ("has_options", product.had_options)];
    list.extend(computed.map(|(code, is_so)| json!({"attribute_code": code, "value": if is_so { "1" } else { "0" }})));
    let categories: Vec<String> = product.categories.iter().map(|(id, _)| id.to_string()).collect();
    list.push(json!({"attribute_code": "category_ids", "value": categories}));
    list.extend(image::labels_view(product, store));
    Value::Array(list)
}
