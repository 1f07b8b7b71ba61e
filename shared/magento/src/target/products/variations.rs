//! The products that a configurable product is a choice of.
//!
//! The shop takes an attribute that it does not have, and then nothing that reads the product works any more, so that is
//! looked at here. It takes two variations with the same choices, too, and sells one of them; that is told.

use std::collections::{BTreeMap, BTreeSet};

use import::entity::Stated;
use import::entity::product::{ProductChange, Variation};
use import::name_key::name_key;
use serde_json::{Value, json};

use crate::client::sku_key;
use crate::facts::ShopKnowledge;
use crate::target::relations::NamedProducts;

/// What a product has of them.
pub(super) const PARTS: [&str; 2] = ["configurable_product_options", "configurable_product_links"];

/// The products that one is a choice of, and what tells them apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Variations {
    /// By the number of the attribute.
    options: BTreeMap<i64, OptionOfChoice>,
    skus: Vec<String>,
    /// Says which of them nobody can choose between, if there are such.
    pub(super) alike: Option<String>,
    /// Numbers of all of the products, once the shop has them.
    ids: Option<BTreeSet<i64>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct OptionOfChoice {
    label: String,
    position: i64,
    values: BTreeSet<i64>,
}

/// Returns the products that a row names as variations.
pub(super) fn skus(change: &ProductChange) -> impl Iterator<Item = &str> {
    let stated = match &change.variations {
        Some(Stated::Set(variations)) => variations.as_slice(),
        Some(Stated::Clear) | None => &[],
    };
    stated.iter().map(|variation| variation.sku.as_str())
}

impl Variations {
    pub(super) fn of(known: &ShopKnowledge, change: &ProductChange, stated: &[Variation]) -> Result<Self, String> {
        let mut variations = Self::default();
        let mut seen: BTreeMap<BTreeMap<i64, i64>, &str> = BTreeMap::new();
        for variation in stated {
            let mut choices = BTreeMap::new();
            for (code, label) in &variation.options {
                let (attribute, value) = choice(known, code, label)?;
                choices.insert(attribute, value);
                let position = i64::try_from(variations.options.len()).unwrap_or(0);
                let option = variations.options.entry(attribute).or_insert_with(|| OptionOfChoice {
                    label: label_of(known, change, code),
                    position: position_of(change, code).unwrap_or(position),
                    values: BTreeSet::new(),
                });
                option.values.insert(value);
            }
            if let Some(other) = seen.insert(choices, &variation.sku) {
                let told = || {
                    format!(
                        "tells `{other}` and `{}` apart by nothing; the shop keeps both, and sells one",
                        variation.sku
                    )
                };
                variations.alike.get_or_insert_with(told);
            }
            variations.skus.push(variation.sku.clone());
        }
        Ok(variations)
    }

    pub(super) fn into_fields(self) -> Vec<(String, Value)> {
        let option = |(id, option): (i64, OptionOfChoice)| {
            let values: Vec<Value> = option.values.iter().map(|value| json!({ "value_index": value })).collect();
            json!({ "attribute_id": id.to_string(), "label": option.label, "position": option.position, "values": values })
        };
        let options: Value = self.options.into_iter().map(option).collect();
        let links = self.ids.map(|ids| (PARTS[1].to_owned(), json!(ids)));
        [(PARTS[0].to_owned(), options)].into_iter().chain(links).collect()
    }
}

/// Gives variations the numbers that the shop knows them by; returns all of them if it does not have all yet.
pub(super) fn resolve(variations: Option<&mut Variations>, named: &NamedProducts) -> Vec<String> {
    let Some(variations) = variations else { return Vec::new() };
    let id = |sku: &String| named.get(&sku_key(sku))?["id"].as_i64();
    variations.ids = variations.skus.iter().map(id).collect();
    if variations.ids.is_some() { Vec::new() } else { variations.skus.clone() }
}

/// Leaves variations out that a product has already; says whether it did.
pub(super) fn leave_out(variations: &mut Option<Variations>, stored: &Value) -> bool {
    let Some(Variations { options, ids: Some(ids), .. }) = variations else { return false };
    let extension = &stored["extension_attributes"];
    let links: BTreeSet<i64> = extension[PARTS[1]].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    let number = |option: &Value| option["attribute_id"].as_str().and_then(|id| id.parse().ok());
    let attributes: BTreeSet<i64> = extension[PARTS[0]].as_array().into_iter().flatten().filter_map(number).collect();
    let is_same = links == *ids && options.keys().copied().collect::<BTreeSet<i64>>() == attributes;
    if is_same {
        *variations = None;
    }
    is_same
}

fn choice(known: &ShopKnowledge, code: &str, label: &str) -> Result<(i64, i64), String> {
    let attribute = known.ids.attributes.get(code);
    let attribute =
        attribute.ok_or_else(|| format!("the shop has no attribute `{code}`, and its pages would break"))?;
    let value = known.ids.options.get(code).and_then(|options| options.get(&name_key(label)));
    let value = value.and_then(|value| value.parse().ok());
    Ok((*attribute, value.ok_or_else(|| format!("`{label}` is no option of attribute `{code}` in the shop"))?))
}

fn label_of(known: &ShopKnowledge, change: &ProductChange, code: &str) -> String {
    let stated = match &change.variation_labels {
        Some(Stated::Set(labels)) => labels.get(code).cloned(),
        Some(Stated::Clear) | None => None,
    };
    let own = || known.facts.attribute(code).map(|attribute| attribute.label.clone()).filter(|label| !label.is_empty());
    stated.or_else(own).unwrap_or_else(|| code.to_owned())
}

fn position_of(change: &ProductChange, code: &str) -> Option<i64> {
    match &change.variation_positions {
        Some(Stated::Set(positions)) => positions.get(code)?.parse().ok(),
        Some(Stated::Clear) | None => None,
    }
}
