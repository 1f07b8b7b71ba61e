//! What a product holds as names and texts, from the referee's results and from our catalogue, so that they compare.

use std::collections::BTreeMap;

use import::entity::product::{LinkType, Product, ProductValue, StoreViewContent};
use import::name_key::name_key;
use import::{date, number};
use serde_json::{Map, Value, json};

/// What a product holds: text by name, such as `all.name` or `stock.qty`. What is not there is not in it.
pub(super) type Fields = BTreeMap<String, String>;

/// Names of attributes inside the shop, and the columns of files that stand for them.
const COLUMNS: [(&str, &str); 19] = [
    ("status", "product_online"),
    ("tax_class_id", "tax_class_name"),
    ("special_from_date", "special_price_from_date"),
    ("special_to_date", "special_price_to_date"),
    ("news_from_date", "new_from_date"),
    ("news_to_date", "new_to_date"),
    ("meta_keyword", "meta_keywords"),
    ("options_container", "display_product_options_in"),
    ("msrp", "msrp_price"),
    ("minimal_price", "map_price"),
    ("image", "base_image"),
    ("thumbnail", "thumbnail_image"),
    ("image_label", "base_image_label"),
    ("thumbnail_label", "thumbnail_image_label"),
    ("price_type", "bundle_price_type"),
    ("sku_type", "bundle_sku_type"),
    ("weight_type", "bundle_weight_type"),
    ("price_view", "bundle_price_view"),
    ("shipment_type", "bundle_shipment_type"),
];

const STOCK: [(&str, &str); 5] = [
    ("min_qty", "out_of_stock_qty"),
    ("min_sale_qty", "min_cart_qty"),
    ("max_sale_qty", "max_cart_qty"),
    ("notify_stock_qty", "notify_on_stock_below"),
    ("backorders", "allow_backorders"),
];

/// What holds of a product that says nothing else; neither side need store it.
const DEFAULTS: [(&str, &str); 11] = [
    ("all.product_online", "1"),
    ("all.visibility", "Catalog, Search"),
    ("all.tax_class_name", "Taxable Goods"),
    ("stock.qty", "0"),
    ("stock.out_of_stock_qty", "0"),
    ("stock.min_cart_qty", "1"),
    ("stock.max_cart_qty", "10000"),
    ("stock.notify_on_stock_below", "1"),
    ("stock.manage_stock", "1"),
    ("stock.allow_backorders", "0"),
    ("stock.is_qty_decimal", "0"),
];

/// What the referee lists and nobody can say in a file, or a type of products has without being told.
pub(super) const UNSAID: [&str; 12] = [
    "quantity_and_stock_status",
    "msrp_display_actual_price_type",
    "options_container",
    "links_title",
    "samples_title",
    "links_purchased_separately",
    "links_exist",
    "price_type",
    "sku_type",
    "weight_type",
    "price_view",
    "shipment_type",
];

/// Lays what a run changed over what was there.
pub(super) fn overlaid(before: &Value, result: &Value) -> Value {
    if result["existed"] != true {
        return result.clone();
    }
    let mut after = before.clone();
    lay_over(&mut after, &result["changed"], 0);
    after
}

fn lay_over(after: &mut Value, changed: &Value, depth: usize) {
    let Some(changes) = changed.as_object() else { return };
    if !after.is_object() {
        *after = Value::Object(Map::new());
    }
    for (name, change) in changes {
        let entry = &mut after[name.as_str()];
        match change {
            Value::String(text) if text == "(gone)" => *entry = Value::Null,
            Value::Object(_) if depth < 3 => lay_over(entry, change, depth + 1),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                entry.clone_from(change);
            }
        }
    }
}

pub(super) fn column(code: &str) -> String {
    let found = COLUMNS.iter().find(|(inside, _)| *inside == code);
    found.map_or(code, |(_, column)| column).to_owned()
}

/// The path of a category without the place of the product in it.
pub(super) fn category(listed: &str) -> String {
    let (path, position) = listed.rsplit_once(':').unwrap_or((listed, ""));
    let path = if position.parse::<i64>().is_ok() { path } else { listed };
    // A slash in a name is escaped there and quoted here.
    path.parse::<import::category_path::CategoryPath>().map_or(path.to_owned(), |path| path.to_string())
}

/// The text of a value of the referee; nothing if the shop has none.
pub(super) fn value(code: &str, json: &Value) -> Option<String> {
    let text = match json {
        Value::Null => return None,
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("|"),
        Value::Bool(_) | Value::Object(_) => panic!("{code}: {json}"),
    };
    Some(match (code, text.as_str()) {
        ("status", "enabled") => "1".to_owned(),
        ("status", "disabled") => "2".to_owned(),
        ("flag" | "gift_message_available", _) => text,
        (_, date) if date.ends_with(" 00:00:00") => date::canonical(date).unwrap_or_else(|| text.clone()),
        _ => number::canonical(&text).filter(|_| !code.ends_with("name")).unwrap_or(text),
    })
}

pub(super) fn of_referee(json: &Value) -> Fields {
    let mut fields = Fields::new();
    let mut put = |name: String, text: Option<String>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            fields.insert(name, text);
        }
    };
    put("type".to_owned(), json["type"].as_str().map(str::to_owned));
    put("set".to_owned(), json["set"].as_str().map(str::to_owned));
    put("websites".to_owned(), Some(sorted(json["websites"].as_array(), |code| code.as_str().map(str::to_owned))));
    put("categories".to_owned(), Some(sorted(json["categories"].as_array(), |path| path.as_str().map(category))));
    for (view, values) in json["values"].as_object().into_iter().flatten() {
        for (code, value) in values.as_object().into_iter().flatten() {
            if UNSAID.contains(&code.as_str()) {
                continue;
            }
            let text = self::value(code, value);
            let is_image = ["image", "small_image", "thumbnail", "swatch_image"].contains(&code.as_str());
            put(format!("{view}.{}", column(code)), if is_image { text.map(|path| base_name(&path)) } else { text });
        }
    }
    for (name, value) in json["stock"].as_object().into_iter().flatten() {
        let column = STOCK.iter().find(|(inside, _)| inside == name).map_or(name.as_str(), |(_, column)| column);
        if column != "stock_status_changed_auto" {
            put(format!("stock.{column}"), self::value(column, value));
        }
    }
    // Skus compare without case wherever they are named.
    let skus = |list: &Value| sorted(list.as_array(), |link| link["sku"].as_str().map(name_key));
    for name in ["relation", "cross_sell", "up_sell"] {
        put(format!("links.{name}"), Some(skus(&json["links"][name])));
    }
    let members =
        |link: &Value| Some(format!("{}={}", name_key(link["sku"].as_str()?), link["qty"].as_str().unwrap_or("0")));
    put("links.super".to_owned(), Some(sorted(json["links"]["super"].as_array(), members)));
    let children = json["configurable"]["children"].as_array();
    put("variations".to_owned(), Some(sorted(children, |sku| sku.as_str().map(name_key))));
    let options = json["bundle"].as_array().into_iter().flatten();
    let selections: Vec<Value> =
        options.flat_map(|option| option["selections"].as_array().cloned().unwrap_or_default()).collect();
    put("bundle".to_owned(), Some(skus(&json!(selections))));
    put(
        "options".to_owned(),
        Some(sorted(json["options"].as_array(), |option| option["title"]["all"].as_str().map(str::to_owned))),
    );
    put("gallery".to_owned(), Some(sorted(json["images"].as_array(), |image| image["path"].as_str().map(base_name))));
    without_defaults(fields)
}

pub(super) fn of_product(product: &Product) -> Fields {
    let mut fields = Fields::new();
    let mut put = |name: String, text: String| {
        if !text.is_empty() {
            fields.insert(name, text);
        }
    };
    put("type".to_owned(), product.product_type.as_str().to_owned());
    put("set".to_owned(), product.attribute_set.clone());
    put("websites".to_owned(), product.websites.join("|"));
    put("categories".to_owned(), joined(product.categories.iter().map(|link| link.path.to_string())));
    let views = product.store_views.iter().map(|(code, content)| (code.as_str(), content));
    for (view, content) in views.chain([("all", &product.default)]) {
        for (name, text) in of_content(content) {
            put(format!("{view}.{name}"), text);
        }
    }
    for (column, text) in &product.stock {
        put(format!("stock.{column}"), text.clone());
    }
    let types = [("relation", LinkType::Related), ("cross_sell", LinkType::Crosssell), ("up_sell", LinkType::Upsell)];
    for (name, link_type) in types {
        let links = product.links.get(&link_type).into_iter().flatten();
        put(format!("links.{name}"), joined(links.map(|link| name_key(&link.sku))));
    }
    let members = product.associated.iter().map(|member| format!("{}={}", name_key(&member.sku), member.quantity));
    put("links.super".to_owned(), joined(members));
    put("variations".to_owned(), joined(product.variations.iter().map(|variation| name_key(&variation.sku))));
    put("bundle".to_owned(), joined(product.bundle_values.iter().map(|selection| name_key(&selection["sku"]))));
    put("options".to_owned(), joined(product.default.custom_options.iter().map(|option| option["name"].clone())));
    let additional = product.default.additional_images.iter().map(|image| base_name(&image.path));
    let with_role = product.default.images.values().filter_map(|image| image.path.as_deref().map(base_name));
    put("gallery".to_owned(), joined(additional.chain(with_role)));
    without_defaults(fields)
}

fn of_content(content: &StoreViewContent) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for (code, value) in &content.values {
        let text = match value {
            ProductValue::Text(text) => text.clone(),
            ProductValue::List(list) => list.join("|"),
        };
        if code != "display_product_options_in" && !code.starts_with("bundle_") {
            fields.push((code.clone(), text));
        }
    }
    for (role, image) in &content.images {
        fields.extend(image.path.as_ref().map(|path| (role.clone(), base_name(path))));
        fields.extend(image.label.as_ref().map(|label| (format!("{role}_label"), label.clone())));
    }
    fields
}

fn without_defaults(mut fields: Fields) -> Fields {
    // A product made of others has no quantity of its own that it could lack.
    let is_made_of_others =
        fields.get("type").is_some_and(|name| ["configurable", "grouped", "bundle"].contains(&name.as_str()));
    let in_stock = ("stock.is_in_stock", if is_made_of_others { "1" } else { "0" });
    fields.retain(|name, text| !(name.starts_with("stock.use_config_") && text == "1"));
    for (name, default) in DEFAULTS.into_iter().chain([in_stock]) {
        if fields.get(name).is_some_and(|text| text == default) {
            fields.remove(name);
        }
    }
    fields
}

/// The name of an image as the shop stores it: in lower case, and numbered if the name was taken.
fn base_name(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    name.replacen("_1.", ".", 1)
}

fn sorted(list: Option<&Vec<Value>>, text: impl Fn(&Value) -> Option<String>) -> String {
    joined(list.into_iter().flatten().filter_map(text))
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    let texts: std::collections::BTreeSet<String> = texts.collect();
    texts.into_iter().collect::<Vec<_>>().join("|")
}
