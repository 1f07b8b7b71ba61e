//! Values of a category as the shop takes them.

use std::collections::BTreeMap;

use import::Entity;
use import::entity::Stated;
use import::entity::category::{Categories, CategoryChange, CategoryColumn};
use serde_json::{Map, Value, json};

/// What has a field of its own; everything else is an attribute.
const FLAGS: [&str; 2] = ["is_active", "include_in_menu"];

/// What is not sent, and why.
const UNSENT: [(&str, &str); 1] =
    [("image_path", "is not sent: the shop takes images of categories by its pages only")];

/// What the shop writes itself.
const OF_SHOP: [&str; 2] = ["created_at", "updated_at"];

/// What rows say of a category, in the shop's words.
#[derive(Debug, Default)]
pub(super) struct CategoryBody {
    fields: BTreeMap<String, Value>,
    attributes: BTreeMap<String, Value>,
    pub(super) position: Option<i64>,
}

/// Reads a row; returns what is not sent of it.
pub(super) fn body(change: &CategoryChange) -> Result<(CategoryBody, Vec<(String, String)>), String> {
    let mut body = CategoryBody::default();
    let mut unsent = Vec::new();
    for (column, stated) in &change.values {
        if OF_SHOP.contains(&column.as_str()) {
            continue;
        }
        if let Some((_, why)) = UNSENT.iter().find(|(known, _)| known == column) {
            unsent.push((column.clone(), (*why).to_owned()));
            continue;
        }
        let name = column.as_str();
        let value = value(column, stated);
        match name {
            "position" => body.position = value.as_str().and_then(|text| text.parse().ok()),
            "name" if change.store_view.is_none() && value.is_null() => {}
            "name" => drop(body.fields.insert(name.to_owned(), value)),
            // Of a store view, nothing is what everybody has; for everybody there must be something.
            _ if FLAGS.contains(&name) && value.is_null() && change.store_view.is_some() => {
                drop(body.fields.insert(name.to_owned(), Value::Null))
            }
            _ if FLAGS.contains(&name) => drop(body.fields.insert(name.to_owned(), json!(value != json!("0")))),
            _ => drop(body.attributes.insert(name.to_owned(), value)),
        }
    }
    Ok((body, unsent))
}

fn value(column: &str, stated: &Stated<String>) -> Value {
    let Stated::Set(text) = stated else { return Value::Null };
    match Categories::COLUMNS.iter().find(|known| known.name == column).map(|known| known.kind) {
        Some(CategoryColumn::Choice(choice) | CategoryColumn::ChoiceOrCode(choice)) => json!(choice.code(text)),
        Some(CategoryColumn::Choices(choice)) => {
            let codes: Vec<&str> = text.split(['|', ',']).map(|word| choice.code(word.trim())).collect();
            json!(codes.join(","))
        }
        // Times of files are in one form, which the shop writes with a blank.
        _ if column.ends_with("_from") || column.ends_with("_to") => json!(text.replace('T', " ")),
        _ => json!(text),
    }
}

impl CategoryBody {
    /// The fields of a new category. Without a word about it the shop does not take it at all.
    pub(super) fn of_new(self, name: &str) -> Map<String, Value> {
        let mut body = self;
        body.position = None;
        body.fields.entry("name".to_owned()).or_insert(json!(name));
        for flag in FLAGS {
            body.fields.entry(flag.to_owned()).or_insert(json!(true));
        }
        body.attributes.retain(|_, value| !value.is_null());
        body.into_fields()
    }

    /// The fields in which the shop has something else.
    pub(super) fn differing(mut self, stored: &Value) -> Map<String, Value> {
        let attributes = stored["custom_attributes"].as_array().into_iter().flatten();
        let attributes: BTreeMap<&str, &Value> =
            attributes.filter_map(|one| Some((one["attribute_code"].as_str()?, &one["value"]))).collect();
        self.fields.retain(|name, wanted| *wanted != stored[name.as_str()]);
        self.attributes
            .retain(|code, wanted| said(wanted) != said(attributes.get(code.as_str()).unwrap_or(&&Value::Null)));
        self.position = self.position.filter(|wanted| stored["position"].as_i64() != Some(*wanted));
        self.into_fields()
    }

    fn into_fields(self) -> Map<String, Value> {
        let mut fields: Map<String, Value> = self.fields.into_iter().collect();
        fields.extend(self.position.map(|position| ("position".to_owned(), json!(position))));
        if !self.attributes.is_empty() {
            let attribute = |(code, value)| json!({ "attribute_code": code, "value": value });
            fields.insert("custom_attributes".to_owned(), self.attributes.into_iter().map(attribute).collect());
        }
        fields
    }
}

/// A value in one form: the shop gives lists for some texts, and numbers with more places.
fn said(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => {
            let number = text.contains('.').then(|| text.parse::<f64>().ok()).flatten();
            let is_midnight = text.strip_suffix(" 00:00:00");
            number.map_or_else(|| is_midnight.unwrap_or(text).to_owned(), |number| number.to_string())
        }
        Value::Array(items) => items.iter().map(said).collect::<Vec<String>>().join(","),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}
