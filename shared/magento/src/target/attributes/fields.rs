//! Settings of an attribute as the shop takes them.

use std::collections::BTreeMap;

use import::entity::Stated;
use import::entity::attribute::{AttributeChange, AttributeScope};
use serde_json::{Map, Value, json};

use crate::facts::ShopKnowledge;

/// How the shop takes a setting.
#[derive(Clone, Copy)]
enum Kind {
    Flag,
    Number,
    /// A flag as text, or a text.
    Text,
}

/// Settings that the shop has a field for. Others are kept by its own pages only.
const SETTINGS: [(&str, Kind); 18] = [
    ("is_wysiwyg_enabled", Kind::Flag),
    ("is_html_allowed_on_front", Kind::Flag),
    ("used_for_sort_by", Kind::Flag),
    ("is_filterable", Kind::Flag),
    ("is_filterable_in_search", Kind::Flag),
    ("is_used_in_grid", Kind::Flag),
    ("is_visible_in_grid", Kind::Flag),
    ("is_filterable_in_grid", Kind::Flag),
    ("is_visible", Kind::Flag),
    ("position", Kind::Number),
    ("is_searchable", Kind::Text),
    ("is_visible_in_advanced_search", Kind::Text),
    ("is_comparable", Kind::Text),
    ("is_used_for_promo_rules", Kind::Text),
    ("is_visible_on_front", Kind::Text),
    ("used_in_product_listing", Kind::Text),
    ("note", Kind::Text),
    ("frontend_class", Kind::Text),
];

/// What the shop makes of the input itself.
const OF_SHOP: [&str; 7] = [
    "attribute_model",
    "backend_model",
    "backend_table",
    "backend_type",
    "frontend_model",
    "source_model",
    "frontend_input_renderer",
];

/// What is not sent: the column, and what is said about it.
type Unsent = Vec<(String, String)>;

/// The input in the shop's words: swatches are a look of selects, which only its pages give.
fn input(change: &AttributeChange) -> &str {
    match change.input.as_deref() {
        Some("swatch_visual" | "swatch_text") => "select",
        Some(input) => input,
        None => "text",
    }
}

/// The fields of a new attribute.
pub(super) fn of_new(change: &AttributeChange) -> Result<(Map<String, Value>, Unsent), String> {
    let (mut fields, unsent) = stated(change)?;
    fields.insert("attribute_code".to_owned(), json!(change.code));
    fields.insert("entity_type_id".to_owned(), json!("4"));
    fields.insert("frontend_input".to_owned(), json!(input(change)));
    // The shop wants a label of every attribute.
    fields.entry("default_frontend_label").or_insert(json!(change.code));
    if let Some(Stated::Set(options)) = &change.options {
        let option = |(place, option): (usize, &import::entity::attribute::OptionChange)| {
            let order = option.sort_order.map_or(place + 1, |order| order as usize);
            Some(json!({ "label": option.label.as_ref()?, "sort_order": order }))
        };
        fields.insert("options".to_owned(), options.iter().enumerate().filter_map(option).collect());
    }
    Ok((fields, unsent))
}

/// The fields in which the shop has something else.
pub(super) fn differing(
    known: &ShopKnowledge,
    change: &AttributeChange,
    stored: &Value,
) -> Result<(Map<String, Value>, Unsent), String> {
    if let Some(view) = &change.store_view {
        return Ok((labels(known, (view, change), stored), Vec::new()));
    }
    let is_other = change.input.is_some() && stored["frontend_input"] != json!(input(change));
    if is_other {
        let before = stored["frontend_input"].as_str().unwrap_or_default();
        return Err(format!("attribute `{}` is entered as {before} and cannot become {}", change.code, input(change)));
    }
    let (mut fields, unsent) = stated(change)?;
    fields.retain(|name, wanted| said(wanted) != said(&stored[name.as_str()]));
    Ok((fields, unsent))
}

/// What is said for everybody.
fn stated(change: &AttributeChange) -> Result<(Map<String, Value>, Unsent), String> {
    let mut fields = Map::new();
    if let Some(Stated::Set(label)) = &change.label {
        fields.insert("default_frontend_label".to_owned(), json!(label));
    }
    if let Some(stated) = &change.scope {
        let word = match stated {
            Stated::Set(AttributeScope::StoreView) => "store",
            Stated::Set(AttributeScope::Website) => "website",
            Stated::Set(AttributeScope::Global) | Stated::Clear => "global",
        };
        fields.insert("scope".to_owned(), json!(word));
    }
    fields.extend(change.is_required.map(|flag| ("is_required".to_owned(), json!(flag))));
    fields.extend(change.is_unique.map(|flag| ("is_unique".to_owned(), json!(if flag { "1" } else { "0" }))));
    if let Some(stated) = &change.apply_to {
        let types = match stated {
            Stated::Set(types) => types.clone(),
            Stated::Clear => Vec::new(),
        };
        fields.insert("apply_to".to_owned(), json!(types));
    }
    let mut unsent = Unsent::new();
    for (column, stated) in &change.settings {
        let Stated::Set(text) = stated else { continue };
        match SETTINGS.iter().find(|(known, _)| known == column) {
            Some((_, kind)) => drop(fields.insert(column.clone(), value(*kind, text)?)),
            None if OF_SHOP.contains(&column.as_str()) => {}
            None => unsent.push((column.clone(), "is not known to the REST interface of the shop".to_owned())),
        }
    }
    let has_swatches =
        matches!(&change.options, Some(Stated::Set(options)) if options.iter().any(|option| option.swatch.is_some()));
    if has_swatches {
        let problem = "are not known to the REST interface of the shop; its options are shown by their labels";
        unsent.push(("attribute_option_swatch".to_owned(), problem.to_owned()));
    }
    Ok((fields, unsent))
}

fn value(kind: Kind, text: &str) -> Result<Value, String> {
    match kind {
        Kind::Flag => Ok(json!(text != "0")),
        Kind::Number => {
            text.parse::<i64>().map(|number| json!(number)).map_err(|_| format!("`{text}` is not a whole number"))
        }
        Kind::Text => Ok(json!(text)),
    }
}

/// The labels of all store views, if one of them gets another: a list replaces them.
fn labels(known: &ShopKnowledge, (view, change): (&str, &AttributeChange), stored: &Value) -> Map<String, Value> {
    let (Some(stated), Some(id)) = (&change.label, known.ids.store_views.get(view)) else { return Map::new() };
    let listed = stored["frontend_labels"].as_array().into_iter().flatten();
    let before: BTreeMap<i64, String> =
        listed.filter_map(|label| Some((label["store_id"].as_i64()?, label["label"].as_str()?.to_owned()))).collect();
    let mut wanted = before.clone();
    match stated {
        Stated::Set(label) => drop(wanted.insert(*id, label.clone())),
        Stated::Clear => drop(wanted.remove(id)),
    }
    if wanted == before {
        return Map::new();
    }
    let label = |(id, label): (i64, String)| json!({ "store_id": id, "label": label });
    Map::from_iter([("frontend_labels".to_owned(), wanted.into_iter().map(label).collect())])
}

/// A value in one form: flags come as text, as numbers, or as what they are.
fn said(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
