//! Saves a product: an upsert that changes what was sent, and all of it or nothing.

use serde_json::{Map, Value, json};

use super::change::{Save, custom_attributes};
use super::{save_parts, stock};
use crate::call::{Call, text_of, whole_of};
use crate::php::{decimal, leading_number, moment, url_key};
use crate::refusal::Refusal;
use crate::shape::text;
use crate::state::attribute::{Attribute, Backend, Scope};
use crate::state::product::{Product, key, next};

/// Most characters of a SKU.
const LONGEST_SKU: usize = 64;

/// Attributes that stand beside the custom ones in a request.
const TOP_LEVEL: [&str; 5] = ["name", "price", "status", "visibility", "weight"];

/// Attributes without a value of their own.
const NOT_STORED: [&str; 8] = [
    "sku",
    "created_at",
    "updated_at",
    "media_gallery",
    "tier_price",
    "category_ids",
    "required_options",
    "has_options",
];

/// Creates or changes a product and gives its id.
///
/// Everything is done on a copy, which is kept only if nothing was refused: the shop rolls back the whole product.
pub(crate) fn save_product(call: &mut Call<'_>, sent: &Map<String, Value>) -> Result<i64, Refusal> {
    // Without a SKU the repository is called with null, which PHP does not take.
    let sku = sent.get("sku").and_then(Value::as_str).ok_or(Refusal::TypeError)?.to_owned();
    let existing = existing(call, sent, &sku);
    let save = if existing.is_none() { Save::Create } else { Save::Update };
    let mut product = existing.unwrap_or_default();
    let old_sku = product.sku.clone();
    identify(call, sent, &mut product, save)?;
    write_values(call, sent, &mut product, save)?;
    check_values(call, sent, &product, save)?;
    save_parts::websites(call, sent, &mut product, save)?;
    save_parts::categories(call, sent, &mut product)?;
    if let Err(refusal) = check_url_key(call, &product) {
        // A new product has used up an id by now, though it is rolled back.
        call.state.products.next += i64::from(save == Save::Create);
        return Err(refusal);
    }
    if save == Save::Create {
        product.id = next(&mut call.state.products.next);
        product.created_at = call.stamp();
    }
    save_parts::lists(call, sent, &mut product)?;
    product.updated_at = call.stamp();
    let item = sent
        .get("extension_attributes")
        .and_then(|extension| extension.get("stock_item"))
        .filter(|item| !item.is_null());
    stock::apply(call, &mut product, item, save);
    if save == Save::Update && key(&old_sku) != key(&product.sku) {
        stock::rename(call, &old_sku, &product.sku);
    }
    let id = product.id;
    call.state.products.put(product);
    Ok(id)
}

/// The product that is meant: by id if one was sent, else by SKU.
fn existing(call: &Call<'_>, sent: &Map<String, Value>, sku: &str) -> Option<Product> {
    if let Some(id) = whole_of(&Value::Object(sent.clone()), "id") {
        return call.state.products.list.get(&id).cloned();
    }
    if call.was_new { None } else { call.state.products.by_sku(sku).cloned() }
}

/// Set, SKU and type.
fn identify(call: &Call<'_>, sent: &Map<String, Value>, product: &mut Product, save: Save) -> Result<(), Refusal> {
    let fields = Value::Object(sent.clone());
    let sku = text_of(&fields, "sku").unwrap_or_default();
    if let Some(set) = whole_of(&fields, "attribute_set_id") {
        product.set = set;
    }
    if sku.trim().is_empty() {
        return Err(Refusal::bad("The \"sku\" attribute value is empty. Set the attribute and try again."));
    }
    // An unknown SKU without a set gets this answer, too: it does not say that the SKU is unknown.
    if call.state.attributes.set(product.set).is_none() {
        return Err(Refusal::bad_with("Invalid product data: %1", json!(["Invalid attribute set entity type"])));
    }
    if sku.trim().chars().count() > LONGEST_SKU {
        return Err(Refusal::bad("SKU length should be 64 characters maximum."));
    }
    sku.trim().clone_into(&mut product.sku);
    if let Some(kind) = text_of(&fields, "type_id").filter(|kind| !kind.is_empty()) {
        product.kind = kind;
    } else if save == Save::Create {
        "simple".clone_into(&mut product.kind);
    }
    Ok(())
}

fn write_values(call: &Call<'_>, sent: &Map<String, Value>, product: &mut Product, save: Save) -> Result<(), Refusal> {
    if save == Save::Create {
        put_defaults(product);
    }
    let top = TOP_LEVEL.iter().filter_map(|code| sent.get(*code).map(|value| ((*code).to_owned(), value.clone())));
    let custom: Vec<(String, Value)> =
        custom_attributes(sent).into_iter().filter(|(code, _)| !TOP_LEVEL.contains(&code.as_str())).collect();
    for (code, value) in top.chain(custom) {
        // Unknown attributes, those of other sets and those of other types are left out without a word.
        let Some(attribute) = call.state.attributes.in_set(product.set, &code) else { continue };
        if NOT_STORED.contains(&code.as_str()) || !applies(&code, &product.kind) {
            continue;
        }
        write_value(call, product, attribute, &value, save);
    }
    complete(call, sent, product, save);
    Ok(())
}

/// Writes one value where its scope puts it. Null takes the row away, so that a store view falls back to the global value.
fn write_value(call: &Call<'_>, product: &mut Product, attribute: &Attribute, value: &Value, save: Save) {
    for store in stores_of(call, attribute.scope, save) {
        match stored(attribute, value) {
            Some(value) => product.put(&attribute.code, store, value),
            None => product.clear(&attribute.code, store),
        }
    }
}

/// The store views that a write goes to: a new product is global from any path.
fn stores_of(call: &Call<'_>, scope: Scope, save: Save) -> Vec<u32> {
    if save == Save::Create || call.store == 0 {
        return vec![0];
    }
    match scope {
        Scope::Global => vec![0],
        Scope::Website => call.state.stores.views_of(call.state.stores.website_of(call.store)).collect(),
        Scope::Store => vec![call.store],
    }
}

/// Longest value of a short text; the rest is cut off without a word.
const LONGEST_TEXT: usize = 255;

/// A value as the database gets it, nothing for none.
pub(crate) fn stored(attribute: &Attribute, value: &Value) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let value = text(value);
    match attribute.backend {
        Backend::Varchar if attribute.code == "url_key" => Some(url_key(&value)).filter(|key| !key.is_empty()),
        Backend::Varchar => Some(value.chars().take(LONGEST_TEXT).collect()).filter(|text: &String| !text.is_empty()),
        Backend::Text | Backend::Static => Some(value).filter(|text| !text.is_empty()),
        Backend::Int => Some(value),
        // An empty text is 0 here: a special price cleared this way sells the product for nothing.
        Backend::Decimal => Some(decimal(leading_number(&value))),
        Backend::Datetime => moment(&value),
    }
}

fn put_defaults(product: &mut Product) {
    let kind = product.kind.clone();
    let defaults = [
        ("status", "1"),
        ("visibility", "4"),
        ("options_container", "container2"),
        ("msrp_display_actual_price_type", "0"),
        ("tax_class_id", "2"),
    ];
    for (code, value) in defaults.into_iter().filter(|(code, _)| applies(code, &kind)) {
        product.put(code, 0, value);
    }
}

/// What the shop fills in: the key of the address, and the day from which a special price counts.
fn complete(call: &Call<'_>, sent: &Map<String, Value>, product: &mut Product, save: Save) {
    let touched_from_date = custom_attributes(sent).iter().any(|(code, _)| code == "special_from_date");
    if save == Save::Create && product.value("url_key", 0).is_none() {
        let made = url_key(product.value("name", 0).unwrap_or_default());
        product.put("url_key", 0, made);
    }
    let has_special = product.value("special_price", 0).is_some();
    if has_special && !touched_from_date && product.value("special_from_date", call.store).is_none() {
        product.put("special_from_date", 0, call.now.format("%Y-%m-%d 00:00:00").to_string());
    }
}

/// Whether products of a type have an attribute.
fn applies(code: &str, kind: &str) -> bool {
    let is_known = ["simple", "virtual", "downloadable", "bundle", "configurable"].contains(&kind);
    match code {
        "price" | "special_price" | "special_from_date" | "special_to_date" | "cost" | "minimal_price" | "weight"
        | "msrp" => is_known,
        "tax_class_id" | "msrp_display_actual_price_type" => is_known,
        "price_type" | "sku_type" | "weight_type" | "price_view" | "shipment_type" => kind == "bundle",
        "links_purchased_separately" | "links_title" | "samples_title" | "links_exist" => kind == "downloadable",
        _ => true,
    }
}

fn check_values(call: &Call<'_>, sent: &Map<String, Value>, product: &Product, save: Save) -> Result<(), Refusal> {
    let empty = |label: &str| {
        Err(Refusal::bad(format!("The \"{label}\" attribute value is empty. Set the attribute and try again.")))
    };
    let is_global = save == Save::Create || call.store == 0;
    let has_empty_name = sent.get("name").is_some_and(|name| name.as_str() == Some(""));
    if has_empty_name || (is_global && product.value("name", 0).is_none()) {
        return empty("Product Name");
    }
    // Without a type nobody asks for a price.
    let is_asked = save == Save::Update || sent.get("type_id").is_some_and(|kind| !kind.is_null());
    let needs_price = ["simple", "virtual", "downloadable"].contains(&product.kind.as_str()) && is_asked;
    let had_price = save == Save::Create || sent.contains_key("price");
    if needs_price && had_price && product.value("price", 0).is_none() {
        return empty("Price");
    }
    if sent.get("price").and_then(Value::as_f64).is_some_and(|price| price < 0.0) {
        return Err(Refusal::bad("Please enter a number 0 or greater in this field."));
    }
    check_unique(call, sent, product)
}

fn check_unique(call: &Call<'_>, sent: &Map<String, Value>, product: &Product) -> Result<(), Refusal> {
    for (code, _) in custom_attributes(sent) {
        let Some(attribute) = call.state.attributes.by_code(&code).filter(|attribute| attribute.is_unique) else {
            continue;
        };
        let Some(value) = product.value(&code, 0) else { continue };
        let is_taken = call
            .state
            .products
            .list
            .values()
            .any(|other| other.id != product.id && other.value(&code, 0) == Some(value));
        if is_taken {
            let label = &attribute.label;
            return Err(Refusal::bad(format!(
                "The value of the \"{label}\" attribute isn't unique. Set a unique value and try again."
            )));
        }
    }
    Ok(())
}

/// Two visible products of one website cannot have the same address.
fn check_url_key(call: &Call<'_>, product: &Product) -> Result<(), Refusal> {
    let is_visible = |one: &Product| one.value("visibility", 0) != Some("1");
    let Some(stores) = product.values.get("url_key").filter(|_| is_visible(product) && !call.was_new_twice(product))
    else {
        return Ok(());
    };
    for url_key in stores.values() {
        let is_taken =
            call.state.products.with_url_key(url_key).any(|other| {
                other.id != product.id && is_visible(other) && !other.websites.is_disjoint(&product.websites)
            });
        if is_taken {
            return Err(Refusal::bad("URL key for specified store already exists."));
        }
    }
    Ok(())
}
