//! Leaves out of a body what the shop has already.
//!
//! The shop writes values in its own way: decimals as text with four places or six, dates with a time, categories that are
//! added to those that there are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::body::ProductBody;
use super::downloads::{self, Download, DownloadKind};
use super::{custom_options, tiers};

/// It is no value of the product: it counts only together with a new address.
const REWRITES: &str = "save_rewrites_history";

/// Leaves out what a product has already. Returns the categories that it is in and shall not be in any more.
pub(super) fn leave_out(body: &mut ProductBody, stored: &Value) -> Vec<i64> {
    let attributes = attributes_of(stored);
    let has = |code: &str, value: &Value| is_same(value, attributes.get(code).unwrap_or(&Value::Null));
    body.fields.retain(|name, value| !is_same(value, &stored[name.as_str()]));
    body.attributes.retain(|code, value| code == REWRITES || !has(code, value));
    leave_out_rewrites(body);
    let extension = &stored["extension_attributes"];
    let websites = numbers_of(&extension["website_ids"]);
    body.websites.take_if(|wanted| wanted.iter().copied().collect::<BTreeSet<i64>>() == websites);
    body.stock_item.retain(|name, value| !is_same_setting(value, &extension["stock_item"][name.as_str()]));
    let tiers: BTreeSet<String> = stored["tier_prices"].as_array().into_iter().flatten().map(tiers::key).collect();
    body.tier_prices.take_if(|wanted| wanted.iter().map(tiers::key).collect::<BTreeSet<String>>() == tiers);
    body.options.take_if(|wanted| custom_options::are(wanted, &stored["options"]));
    for (place, kind) in [DownloadKind::Link, DownloadKind::Sample].into_iter().enumerate() {
        let has = |wanted: &mut Vec<Download>| downloads::are(kind, wanted, &extension[downloads::PARTS[place]]);
        body.downloads[place].take_if(has);
    }
    leave_out_categories(body, &extension["category_links"])
}

/// Leaves out of the body for a store view what it shows already, and shows on its own account: otherwise all see it, and
/// the store view would change with them later.
pub(super) fn leave_out_of_view(body: &mut ProductBody, shown: &Value, for_all: &Value) {
    let (own, common) = (attributes_of(shown), attributes_of(for_all));
    let is_own = |wanted: &Value, shown: &Value, for_all: &Value| is_same(wanted, shown) && !is_same(wanted, for_all);
    body.fields.retain(|name, value| !is_own(value, &shown[name.as_str()], &for_all[name.as_str()]));
    let of = |attributes: &BTreeMap<String, Value>, code: &str| attributes.get(code).cloned().unwrap_or(Value::Null);
    body.attributes.retain(|code, value| code == REWRITES || !is_own(value, &of(&own, code), &of(&common, code)));
    leave_out_rewrites(body);
}

fn leave_out_rewrites(body: &mut ProductBody) {
    if !body.attributes.contains_key("url_key") {
        body.attributes.remove(REWRITES);
    }
}

fn leave_out_categories(body: &mut ProductBody, stored: &Value) -> Vec<i64> {
    let Some(wanted) = &mut body.categories else { return Vec::new() };
    let number = |link: &Value| link["category_id"].as_str()?.parse::<i64>().ok();
    let mut links = BTreeMap::new();
    for link in stored.as_array().into_iter().flatten() {
        links.extend(number(link).map(|id| (id, link["position"].as_i64())));
    }
    if wanted.is_empty() {
        // An empty list takes the product out of all of them.
        if links.is_empty() {
            body.categories = None;
        }
        return Vec::new();
    }
    let removed: Vec<i64> = links.keys().copied().filter(|id| !wanted.contains_key(id)).collect();
    // A list adds to the categories that there are, so those that stay as they are need not be in it.
    wanted.retain(|id, position| match links.get(id) {
        None => true,
        Some(stored) => position.is_some() && position != stored,
    });
    if wanted.is_empty() {
        body.categories = None;
    }
    removed
}

fn attributes_of(product: &Value) -> BTreeMap<String, Value> {
    let attributes = product["custom_attributes"].as_array().into_iter().flatten();
    attributes.filter_map(|one| Some((one["attribute_code"].as_str()?.to_owned(), one["value"].clone()))).collect()
}

fn numbers_of(list: &Value) -> BTreeSet<i64> {
    list.as_array().into_iter().flatten().filter_map(Value::as_i64).collect()
}

/// Says whether the shop means the same by two values.
fn is_same(wanted: &Value, stored: &Value) -> bool {
    let (wanted, stored) = (text_of(wanted), text_of(stored));
    if wanted == stored {
        return true;
    }
    if is_number(&wanted) && is_number(&stored) {
        // Two spellings of one number; a code with zeros in front is another text.
        let starts_alike = wanted.starts_with('0') == stored.starts_with('0');
        return starts_alike && wanted.parse::<f64>().is_ok_and(|wanted| Ok(wanted) == stored.parse::<f64>());
    }
    let parts = |list: &str| list.split(',').map(str::to_owned).collect::<BTreeSet<String>>();
    let is_list = |text: &str| text.contains(',') && text.split(',').all(is_number);
    is_list(&wanted) && is_list(&stored) && parts(&wanted) == parts(&stored)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'))
}

/// Flags of stock come as numbers now and then.
fn is_same_setting(wanted: &Value, stored: &Value) -> bool {
    let flag = |value: &Value| value.as_bool().map_or_else(|| value.as_f64(), |flag| Some(f64::from(u8::from(flag))));
    is_same(wanted, stored) || (flag(wanted).is_some() && flag(wanted) == flag(stored))
}

/// A value as text; nothing at all is an empty one.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Number(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
