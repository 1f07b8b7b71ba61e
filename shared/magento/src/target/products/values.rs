//! Values as the shop takes them: numbers of options instead of labels, and nothing instead of an empty text.

use import::entity::Stated;
use import::entity::attribute::Attribute;
use import::entity::product::{ProductType, ProductValue};
use import::name_key::name_key;
use serde_json::{Value, json};

use crate::facts::ShopKnowledge;

/// Where a value stands in a body.
pub(super) enum Place {
    /// In a field of its own.
    Field(&'static str),
    /// Among the attributes.
    Attribute,
    /// It is not sent; with the reason, if that is worth a word.
    Nowhere(Option<&'static str>),
}

/// What has a field of its own.
const FIELDS: [&str; 5] = ["name", "price", "weight", "status", "visibility"];

/// From the first on, as the shop numbers them from 1.
const VISIBILITIES: [&str; 4] = ["Not Visible Individually", "Catalog", "Search", "Catalog, Search"];

/// Words of files for choices of which the shop has numbers only: the attribute, the word, the number.
const WORDS: [(&str, &str, &str); 10] = [
    ("price_type", "dynamic", "0"),
    ("price_type", "fixed", "1"),
    ("sku_type", "dynamic", "0"),
    ("sku_type", "fixed", "1"),
    ("weight_type", "dynamic", "0"),
    ("weight_type", "fixed", "1"),
    ("price_view", "Price range", "0"),
    ("price_view", "As low as", "1"),
    ("shipment_type", "together", "0"),
    ("shipment_type", "separately", "1"),
];

/// It is no attribute, but the shop takes it among them.
const REWRITES: &str = "save_rewrites_history";

/// Returns where a value stands.
pub(super) fn place_of(code: &str) -> Place {
    match code {
        // The shop writes these itself; files carry them along.
        "created_at" | "updated_at" => Place::Nowhere(None),
        "url_path" => Place::Nowhere(Some("is made by the shop from `url_key`, and is not sent")),
        _ => FIELDS.iter().find(|field| **field == code).map_or(Place::Attribute, |field| Place::Field(field)),
    }
}

/// Returns what a field of its own holds.
pub(super) fn field(code: &str, stated: &Stated<ProductValue>) -> Result<Value, String> {
    let Some(text) = text_of(stated) else {
        return match code {
            "weight" => Ok(Value::Null),
            _ => Err("cannot be removed, because every product of the shop has it".to_owned()),
        };
    };
    match code {
        "price" | "weight" => number(text),
        "status" => text.parse::<i64>().map(|status| json!(status)).map_err(|_| format!("`{text}` is not a status")),
        "visibility" => {
            let place = VISIBILITIES.iter().position(|known| known.eq_ignore_ascii_case(text));
            place.map(|place| json!(place + 1)).ok_or_else(|| format!("`{text}` is not a visibility"))
        }
        _ => Ok(json!(text)),
    }
}

/// Whether products of a type have an attribute.
pub(super) enum TypeHas {
    It,
    /// The shop would drop the value without a word.
    NotIt(String),
    /// The shop's own pages do not show it either, as the tax class of a group: files carry such values along.
    NotItAsUsual,
}

/// Says whether products of a type have an attribute.
pub(super) fn type_has(known: &ShopKnowledge, code: &str, kind: Option<ProductType>) -> TypeHas {
    let (Some(attribute), Some(kind)) = (known.facts.attribute(code), kind.map(ProductType::as_str)) else {
        return TypeHas::It;
    };
    if attribute.apply_to.is_empty() || attribute.apply_to.iter().any(|known| known == kind) {
        return TypeHas::It;
    }
    match attribute.is_user_defined {
        true => TypeHas::NotIt(format!("is no attribute of products of type {kind} in the shop, and was not sent")),
        false => TypeHas::NotItAsUsual,
    }
}

/// Returns what an attribute holds: nothing, if it shall be gone. An empty text would be a price of 0.
pub(super) fn attribute(
    known: &ShopKnowledge,
    set: Option<&str>,
    code: &str,
    stated: &Stated<ProductValue>,
) -> Result<Value, String> {
    if code == REWRITES {
        return Ok(text_of(stated).map_or(Value::Null, |text| json!(text)));
    }
    // The shop takes attributes that it does not have, or that the set does not have, and drops them without a word.
    let Some(attribute) = known.facts.attribute(code) else {
        return Err(format!("the shop has no attribute `{code}`, and would drop the value without a word"));
    };
    if let Some(set) = set.and_then(|name| known.facts.attribute_set(name).ok())
        && !known.facts.has_attribute(set, attribute)
    {
        let set = &set.name;
        return Err(format!(
            "attribute `{code}` is not in attribute set `{set}`, and the shop would drop the value without a word"
        ));
    }
    match stated {
        Stated::Clear => Ok(Value::Null),
        Stated::Set(ProductValue::Text(text)) => one(known, attribute, text).map(Value::String),
        Stated::Set(ProductValue::List(labels)) if attribute.input == "multiselect" => {
            let ids: Vec<String> =
                labels.iter().map(|label| option(known, attribute, label)).collect::<Result<_, _>>()?;
            Ok(json!(ids.join(",")))
        }
        Stated::Set(ProductValue::List(_)) => Err(format!("attribute `{code}` takes one value only")),
    }
}

fn text_of(stated: &Stated<ProductValue>) -> Option<&str> {
    match stated {
        Stated::Set(ProductValue::Text(text)) => Some(text),
        Stated::Set(ProductValue::List(_)) | Stated::Clear => None,
    }
}

fn one(known: &ShopKnowledge, attribute: &Attribute, text: &str) -> Result<String, String> {
    let code = attribute.code.as_str();
    let word = WORDS.iter().find(|(of, word, _)| *of == code && word.eq_ignore_ascii_case(text));
    if let Some((_, _, number)) = word {
        return Ok((*number).to_owned());
    }
    match (code, attribute.input.as_str()) {
        ("tax_class_id", _) => tax_class(known, text),
        (_, "date" | "datetime") => Ok(text.replace('T', " ")),
        (_, "boolean") if text == "use_config" => option(known, attribute, "Use config"),
        (_, "select" | "multiselect") if !attribute.options.is_empty() => option(known, attribute, text),
        _ => Ok(text.to_owned()),
    }
}

fn tax_class(known: &ShopKnowledge, name: &str) -> Result<String, String> {
    if name.eq_ignore_ascii_case("none") {
        return Ok("0".to_owned());
    }
    let id = known.ids.product_tax_classes.get(&name_key(name));
    id.map(i64::to_string).ok_or_else(|| format!("`{name}` is no tax class of the shop"))
}

/// The number of an option. The shop keeps numbers that stand for nothing, so only what it has is sent.
fn option(known: &ShopKnowledge, attribute: &Attribute, label: &str) -> Result<String, String> {
    let options = known.ids.options.get(&attribute.code);
    let by_label = options.and_then(|options| options.get(&name_key(label)));
    // Choices such as countries are written by their value, too.
    let by_value = || options.and_then(|options| options.values().find(|value| value.as_str() == label));
    let found = by_label.or_else(by_value).cloned();
    found.ok_or_else(|| format!("`{label}` is no option of attribute `{}` in the shop", attribute.code))
}

/// A number as JSON has it.
pub(super) fn number(text: &str) -> Result<Value, String> {
    let whole = text.parse::<i64>().ok().map(|whole| json!(whole));
    let broken = || text.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| json!(number));
    whole.or_else(broken).ok_or_else(|| format!("`{text}` is not a number"))
}
