//! What a product has to do with others: its links, its variations, and what a bundle offers.
//!
//! The shop refuses a whole product that names one which it does not have. So relations are sent once all products that they
//! name are there; until then they are kept beside the list that makes them.
//!
//! A list of links replaces those of every type, so what a row does not speak of is sent along as it is. Options of a bundle
//! that come without their number are made anew, so each gets the number that it has.

use std::collections::{BTreeMap, BTreeSet};

use import::entity::Stated;
use import::entity::product::{LinkType, ProductChange};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::bundle::{self, BundleOption};
use crate::client::sku_key;

/// Type of the links that make up a grouped product.
const ASSOCIATED: &str = "associated";

/// What a product has to do with others, by their skus.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Relations {
    /// All variations, if they are attached later than what tells them apart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) variations: Vec<String>,
    /// All links of each type that is spoken of.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) links: BTreeMap<String, Vec<LinkedProduct>>,
    /// All options of a bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bundle: Option<Vec<BundleOption>>,
}

/// A product that another one points to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LinkedProduct {
    sku: String,
    position: i64,
    /// What is proposed to a customer; only of a grouped product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quantity: Option<f64>,
}

/// Products that rows name, by the form in which skus compare.
pub(super) type NamedProducts = BTreeMap<String, Value>;

/// What is read of a product that rows name.
pub(super) const NAMED_FIELDS: &str = "id,sku,type_id";

impl Relations {
    /// Takes over what a row says of them; what it does not speak of stays.
    pub(super) fn take(&mut self, change: &ProductChange) -> Result<(), (&'static str, String)> {
        for (link_type, stated) in &change.links {
            let linked = |link: &import::entity::product::Link| LinkedProduct {
                sku: link.sku.clone(),
                position: i64::from(link.position),
                quantity: None,
            };
            self.links.insert(word(*link_type).to_owned(), listed(stated).iter().map(linked).collect());
        }
        if let Some(stated) = &change.associated {
            let mut members = Vec::new();
            for member in listed(stated) {
                let quantity = member.quantity.parse();
                let quantity =
                    quantity.map_err(|_| ("associated_skus", format!("`{}` is not a number", member.quantity)))?;
                let (sku, position) = (member.sku.clone(), i64::from(member.position));
                members.push(LinkedProduct { sku, position, quantity: Some(quantity) });
            }
            self.links.insert(ASSOCIATED.to_owned(), members);
        }
        if let Some(stated) = &change.bundle_values {
            let positions = change.bundle_positions.as_ref();
            let options = bundle::options(listed(stated), positions);
            self.bundle = Some(options.map_err(|problem| ("bundle_values", problem))?);
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.variations.is_empty() && self.links.is_empty() && self.bundle.is_none()
    }

    /// Every product that is named.
    pub(super) fn skus(&self) -> impl Iterator<Item = &str> {
        let links = self.links.values().flatten().map(|link| link.sku.as_str());
        let bundle = self.bundle.iter().flatten().flat_map(BundleOption::skus);
        self.variations.iter().map(String::as_str).chain(links).chain(bundle)
    }

    /// The first product that is named and not there.
    pub(super) fn missing(&self, named: &NamedProducts) -> Option<&str> {
        self.skus().find(|sku| !named.contains_key(&sku_key(sku)))
    }

    /// Leaves out links to products that are not there, if the product is whole without them; returns their skus.
    pub(super) fn leave_out_missing(&mut self, named: &NamedProducts) -> Vec<String> {
        let mut left_out = Vec::new();
        for (_, links) in self.links.iter_mut().filter(|(kind, _)| *kind != ASSOCIATED) {
            links.retain(|link| {
                let is_there = named.contains_key(&sku_key(&link.sku));
                left_out.extend((!is_there).then(|| link.sku.clone()));
                is_there
            });
        }
        left_out
    }

    /// The list of links that a product shall have; nothing if it has them.
    pub(super) fn links_of(&self, sku: &str, named: &NamedProducts, stored: &Value) -> Option<Value> {
        if self.links.is_empty() {
            return None;
        }
        let all = stored["product_links"].as_array().map(Vec::as_slice).unwrap_or_default();
        let spoken_of = |link: &&Value| link["link_type"].as_str().is_some_and(|kind| self.links.contains_key(kind));
        let before: BTreeSet<String> = all.iter().filter(spoken_of).map(place_of).collect();
        let mut wanted = Vec::new();
        for (kind, links) in &self.links {
            wanted.extend(links.iter().map(|link| link.body(sku, kind, named)));
        }
        if wanted.iter().map(place_of).collect::<BTreeSet<String>>() == before {
            return None;
        }
        // The list replaces links of every type.
        wanted.extend(all.iter().filter(|link| !spoken_of(link)).cloned());
        Some(Value::Array(wanted))
    }

    /// The list of options that a bundle shall have; nothing if it has them.
    pub(super) fn bundle_of(&self, stored: &Value) -> Option<Value> {
        bundle::differing(self.bundle.as_deref()?, &stored["extension_attributes"][bundle::PART])
    }

    /// The numbers of all variations, if there are any and all of them are there.
    pub(super) fn variation_ids(&self, named: &NamedProducts) -> Option<BTreeSet<i64>> {
        let id = |sku: &String| named.get(&sku_key(sku))?["id"].as_i64();
        if self.variations.is_empty() { None } else { self.variations.iter().map(id).collect() }
    }
}

impl LinkedProduct {
    fn body(&self, sku: &str, kind: &str, named: &NamedProducts) -> Value {
        // The shop's own spelling of the other one, which its links are kept by.
        let other = named.get(&sku_key(&self.sku));
        let spelled = other.and_then(|product| product["sku"].as_str()).unwrap_or(&self.sku);
        let type_id = other.and_then(|product| product["type_id"].as_str()).unwrap_or("simple");
        let mut body = json!({
            "sku": sku, "link_type": kind, "linked_product_sku": spelled, "linked_product_type": type_id,
            "position": self.position,
        });
        if let Some(quantity) = self.quantity {
            body["extension_attributes"] = json!({ "qty": quantity });
        }
        body
    }
}

/// What tells a link apart from another one, the same for what is sent and for what the shop says.
fn place_of(link: &Value) -> String {
    let text = |name: &str| link[name].as_str().unwrap_or_default();
    let quantity = link["extension_attributes"]["qty"].as_f64().filter(|_| text("link_type") == ASSOCIATED);
    let (kind, sku) = (text("link_type"), sku_key(text("linked_product_sku")));
    format!("{kind}/{}/{quantity:?}/{sku}", link["position"].as_i64().unwrap_or(0))
}

fn word(link_type: LinkType) -> &'static str {
    match link_type {
        LinkType::Related => "related",
        LinkType::Crosssell => "crosssell",
        LinkType::Upsell => "upsell",
    }
}

/// What is set; nothing if it is cleared.
pub(super) fn listed<T>(stated: &Stated<Vec<T>>) -> &[T] {
    match stated {
        Stated::Set(items) => items,
        Stated::Clear => &[],
    }
}
