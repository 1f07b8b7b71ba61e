//! Custom options of a product: what a customer may choose or enter.
//!
//! A list replaces all of them, and gives each a new number, so it is sent only if something differs.

use import::cell::Pairs;
use serde_json::{Map, Value, json};

use super::values::number;

/// Kinds that have values to choose from.
const CHOICES: [&str; 4] = ["drop_down", "radio", "checkbox", "multiple"];

/// Texts and numbers of a file, and what the shop calls them.
const TEXTS: [(&str, &str); 1] = [("file_extension", "file_extension")];
const NUMBERS: [(&str, &str); 3] =
    [("max_characters", "max_characters"), ("image_size_x", "image_size_x"), ("image_size_y", "image_size_y")];

/// Puts the entries of a row together: those of one name and kind are the values of one choice.
pub(super) fn options(sku: &str, entries: &[Pairs]) -> Result<Vec<Value>, String> {
    let mut options: Vec<Value> = Vec::new();
    for pairs in entries {
        let text = |key: &str| pairs.get(key).map(|text| text.trim()).filter(|text| !text.is_empty());
        let kind = text("type").unwrap_or_default().to_lowercase();
        let title = text("name").unwrap_or_default();
        let is_same = |option: &Value| option["title"] == json!(title) && option["type"] == json!(kind);
        let is_choice = CHOICES.contains(&kind.as_str());
        let place = match options.iter().position(|option| is_choice && is_same(option)) {
            Some(place) => place,
            None => {
                options.push(json!({
                    "product_sku": sku, "title": title, "type": kind, "sort_order": options.len() + 1,
                    "is_require": text("required") == Some("1"),
                }));
                options.len() - 1
            }
        };
        let option = &mut options[place];
        if is_choice {
            let values = option.as_object_mut().expect("it was made as one").entry("values").or_insert(json!([]));
            let values = values.as_array_mut().expect("it was made as one");
            let sort_order = values.len() + 1;
            let mut value = json!({ "title": text("option_title").unwrap_or_default(), "sort_order": sort_order });
            add_price(value.as_object_mut().expect("it was made as one"), pairs)?;
            values.push(value);
        } else {
            add_details(option.as_object_mut().expect("it was made as one"), pairs)?;
        }
    }
    Ok(options)
}

fn add_price(fields: &mut Map<String, Value>, pairs: &Pairs) -> Result<(), String> {
    let text = |key: &str| pairs.get(key).map(|text| text.trim()).filter(|text| !text.is_empty());
    let kind =
        if text("price_type").is_some_and(|kind| kind.eq_ignore_ascii_case("percent")) { "percent" } else { "fixed" };
    fields.insert("price".to_owned(), number(text("price").unwrap_or("0"))?);
    fields.insert("price_type".to_owned(), json!(kind));
    if let Some(sku) = text("sku") {
        fields.insert("sku".to_owned(), json!(sku));
    }
    Ok(())
}

fn add_details(fields: &mut Map<String, Value>, pairs: &Pairs) -> Result<(), String> {
    add_price(fields, pairs)?;
    let text = |key: &str| pairs.get(key).map(|text| text.trim()).filter(|text| !text.is_empty());
    for (key, name) in TEXTS {
        fields.extend(text(key).map(|text| (name.to_owned(), json!(text))));
    }
    for (key, name) in NUMBERS {
        if let Some(text) = text(key) {
            fields.insert(name.to_owned(), number(text)?);
        }
    }
    Ok(())
}

/// Says whether the shop has these options.
pub(super) fn are(wanted: &[Value], stored: &Value) -> bool {
    let stored = stored.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut stored: Vec<&Value> = stored.iter().collect();
    stored.sort_by_key(|option| option["sort_order"].as_i64());
    wanted.len() == stored.len() && wanted.iter().zip(stored).all(|(wanted, stored)| is(wanted, stored))
}

fn is(wanted: &Value, stored: &Value) -> bool {
    let fields = ["title", "type", "sort_order", "is_require", "price_type", "sku", "max_characters", "file_extension"];
    let sizes = ["price", "image_size_x", "image_size_y"];
    let values = |option: &Value| {
        let mut values = option["values"].as_array().cloned().unwrap_or_default();
        values.sort_by_key(|value| value["sort_order"].as_i64());
        values
    };
    let (own, other) = (values(wanted), values(stored));
    fields.iter().chain(&sizes).all(|name| said(&wanted[*name]) == said(&stored[*name]))
        && own.len() == other.len()
        && own.iter().zip(&other).all(|(own, other)| is(own, other))
}

/// A value in one form: nothing, an empty text and 0 say the same, and so does the usual kind of price.
fn said(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::String(text) if text == "fixed" => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => {
            number.as_f64().filter(|number| *number != 0.0).map_or(String::new(), |number| number.to_string())
        }
        Value::Bool(true) => "1".to_owned(),
        Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
