//! The parts of a product beside its values, each with its own idea of what a list means.

use serde_json::{Map, Value, json};

use super::bundles;
use super::change::{Save, custom_attributes, unable};
use super::image;
use super::links;
use super::tier_prices;
use super::variants;
use crate::call::{Call, decimal_of, text_of, whole_of};
use crate::refusal::Refusal;
use crate::shape::whole;
use crate::state::State;
use crate::state::product::{Link, Product, next};

/// A part of `extension_attributes`; null counts as absent.
pub(super) fn extension<'a>(sent: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    sent.get("extension_attributes").and_then(|extension| extension.get(name)).filter(|value| !value.is_null())
}

/// A list of the product itself; null counts as absent.
fn own_list<'a>(sent: &'a Map<String, Value>, name: &str) -> Option<&'a Vec<Value>> {
    sent.get(name).and_then(Value::as_array)
}

/// A list of websites replaces; a new product without one gets those of the path.
pub(super) fn websites(
    call: &Call<'_>,
    sent: &Map<String, Value>,
    product: &mut Product,
    save: Save,
) -> Result<(), Refusal> {
    let stores = &call.state.stores;
    let Some(list) = extension(sent, "website_ids").and_then(Value::as_array) else {
        if save == Save::Create && call.store == 0 {
            product.websites = stores.websites.iter().map(|website| website.id).filter(|id| *id != 0).collect();
        } else if save == Save::Create {
            product.websites = [stores.website_of(call.store)].into();
        }
        return Ok(());
    };
    let ids: Vec<u32> = list.iter().filter_map(whole).filter_map(|id| u32::try_from(id).ok()).collect();
    if ids.iter().any(|id| !stores.has_website(*id)) {
        return Err(unable());
    }
    product.websites = ids.into_iter().collect();
    Ok(())
}

/// Category links add to those that are there, an empty list removes all of them; `category_ids` replaces.
pub(super) fn categories(call: &Call<'_>, sent: &Map<String, Value>, product: &mut Product) -> Result<(), Refusal> {
    let categories = &call.state.categories.list;
    if let Some((_, value)) = custom_attributes(sent).iter().find(|(code, _)| code == "category_ids") {
        let ids: Vec<i64> = value.as_array().into_iter().flatten().filter_map(whole).collect();
        if let Some(unknown) = ids.iter().find(|id| !categories.contains_key(id)) {
            return Err(Refusal::no_entity("id", *unknown));
        }
        let old = std::mem::take(&mut product.categories);
        let position = |id: &i64| old.iter().find(|(one, _)| one == id).map_or(0, |(_, position)| *position);
        product.categories = ids.iter().map(|id| (*id, position(id))).collect();
    }
    let Some(links) = extension(sent, "category_links").and_then(Value::as_array) else { return Ok(()) };
    if links.is_empty() {
        product.categories.clear();
    }
    for link in links {
        let Some(id) = whole_of(link, "category_id").filter(|id| categories.contains_key(id)) else { continue };
        let position = whole_of(link, "position").unwrap_or(0);
        product.categories.retain(|(one, _)| *one != id);
        product.categories.push((id, position));
    }
    Ok(())
}

/// Everything that needs to know the product's id.
pub(super) fn lists(call: &mut Call<'_>, sent: &Map<String, Value>, product: &mut Product) -> Result<(), Refusal> {
    if let Some(list) = own_list(sent, "product_links") {
        product.links = list.iter().map(|link| own_link(call.state, link)).collect::<Result<_, _>>()?;
    }
    if let Some(list) = own_list(sent, "tier_prices") {
        product.tiers = tier_prices::of_product(call.state, list)?;
    }
    if let Some(list) = own_list(sent, "options") {
        options(call, product, list);
    }
    if let Some(list) = own_list(sent, "media_gallery_entries") {
        image::replace(call, product, list)?;
    }
    variants::in_product(call, sent, product)?;
    if let Some(list) = extension(sent, "bundle_product_options").and_then(Value::as_array) {
        bundles::replace(call, product, list)?;
    }
    downloads(call, sent, product)
}

/// A link of a product's body: an unknown target is told otherwise than by the calls of links.
fn own_link(state: &State, sent: &Value) -> Result<Link, Refusal> {
    let sku = text_of(sent, "linked_product_sku").unwrap_or_default();
    if state.products.id_of(&sku).is_none() {
        return Err(Refusal::missing_with("The Product with the \"%1\" SKU doesn't exist.", json!([sku])));
    }
    links::link(state, sent)
}

/// Options without an id are new ones, and those that are not named go.
fn options(call: &mut Call<'_>, product: &mut Product, list: &[Value]) {
    product.options = list.iter().map(|option| custom_option(call, product, option)).collect();
    product.had_options |= !product.options.is_empty();
    product.had_required_options |= product.options.iter().any(|option| option.get("is_require") == Some(&json!(true)));
}

/// An option as it is stored, with ids for what is new.
pub(super) fn custom_option(call: &mut Call<'_>, product: &Product, option: &Value) -> Map<String, Value> {
    let mut option = option.as_object().cloned().unwrap_or_default();
    option.insert("product_sku".to_owned(), json!(product.sku));
    option.entry("option_id").or_insert_with(|| json!(next(&mut call.state.products.next_option)));
    for value in option.get_mut("values").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(fields) = value.as_object_mut() {
            fields.entry("option_type_id").or_insert_with(|| json!(next(&mut call.state.products.next_option_value)));
            show_numbers(fields, &["price"]);
        }
    }
    show_numbers(&mut option, &["price"]);
    option
}

/// Writes numbers as the shop answers them.
fn show_numbers(fields: &mut Map<String, Value>, names: &[&str]) {
    for name in names {
        if let Some(number) = decimal_of(&Value::Object(fields.clone()), name) {
            fields.insert((*name).to_owned(), crate::php::number(number));
        }
    }
}

fn downloads(call: &mut Call<'_>, sent: &Map<String, Value>, product: &mut Product) -> Result<(), Refusal> {
    if let Some(list) = extension(sent, "downloadable_product_links").and_then(Value::as_array) {
        product.download_links = list.iter().map(|link| download(call, link, "link")).collect::<Result<_, _>>()?;
    }
    if let Some(list) = extension(sent, "downloadable_product_samples").and_then(Value::as_array) {
        product.download_samples = list.iter().map(|link| download(call, link, "sample")).collect::<Result<_, _>>()?;
    }
    Ok(())
}

/// A link or sample: files come in base64, addresses only from hosts that the operator listed.
fn download(call: &mut Call<'_>, sent: &Value, part: &str) -> Result<Map<String, Value>, Refusal> {
    let mut fields = sent.as_object().cloned().unwrap_or_default();
    if let Some(address) = text_of(sent, &format!("{part}_url")) {
        let host = address.split('/').nth(2).unwrap_or_default();
        if !call.state.downloadable_domains.contains(host) {
            let whose = if part == "link" { "Link" } else { "Sample" };
            return Err(Refusal::bad(format!(
                "{whose} URL's domain is not in list of downloadable_domains in env.php."
            )));
        }
    }
    for part in ["link", "sample"] {
        if let Some(content) = fields.remove(&format!("{part}_file_content")) {
            let name = text_of(&content, "name").unwrap_or_default();
            fields.insert(format!("{part}_file"), json!(image::path_of(&image::clean(&name))));
        }
    }
    fields.entry("id").or_insert_with(|| json!(next(&mut call.state.products.next_download)));
    if part == "link" {
        fields.entry("sample_type").or_insert(Value::Null);
        show_numbers(&mut fields, &["price"]);
    }
    Ok(fields)
}
