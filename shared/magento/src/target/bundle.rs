//! What a bundle offers: options, each with the products that can be chosen.

use std::collections::BTreeMap;

use import::cell::Pairs;
use import::entity::Stated;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::sku_key;

/// What a product has of it.
pub(super) const PART: &str = "bundle_product_options";

/// One choice of a bundle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct BundleOption {
    title: String,
    kind: String,
    is_required: bool,
    position: i64,
    selections: Vec<Selection>,
}

/// A product that can be chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Selection {
    sku: String,
    quantity: f64,
    position: i64,
    is_default: bool,
    price: f64,
    /// 0 for a price, 1 for percents of that of the bundle.
    price_type: i64,
    can_change_quantity: i64,
}

impl BundleOption {
    pub(super) fn skus(&self) -> impl Iterator<Item = &str> {
        self.selections.iter().map(|selection| selection.sku.as_str())
    }
}

/// Puts the selections of a row together by the name of their option.
pub(super) fn options(selections: &[Pairs], positions: Option<&Stated<Pairs>>) -> Result<Vec<BundleOption>, String> {
    let positions = match positions {
        Some(Stated::Set(positions)) => positions.clone(),
        Some(Stated::Clear) | None => Pairs::new(),
    };
    let mut options: Vec<BundleOption> = Vec::new();
    for pairs in selections {
        let text = |key: &str| pairs.get(key).map(|text| text.trim()).filter(|text| !text.is_empty());
        let title = text("name").unwrap_or_default();
        let place = match options.iter().position(|option| option.title == title) {
            Some(place) => place,
            None => {
                let running = i64::try_from(options.len() + 1).unwrap_or(1);
                let position = positions.get(title).and_then(|position| position.trim().parse().ok());
                options.push(BundleOption {
                    title: title.to_owned(),
                    kind: text("type").unwrap_or("select").to_lowercase(),
                    is_required: text("required") != Some("0"),
                    position: position.unwrap_or(running),
                    selections: Vec::new(),
                });
                options.len() - 1
            }
        };
        let running = i64::try_from(options[place].selections.len() + 1).unwrap_or(1);
        options[place].selections.push(selection(pairs, running)?);
    }
    Ok(options)
}

fn selection(pairs: &Pairs, running: i64) -> Result<Selection, String> {
    let text = |key: &str| pairs.get(key).map(|text| text.trim()).filter(|text| !text.is_empty());
    let number = |key: &str, otherwise: f64| match text(key) {
        Some(text) => text.parse::<f64>().map_err(|_| format!("`{text}` as `{key}` is not a number")),
        None => Ok(otherwise),
    };
    Ok(Selection {
        sku: text("sku").unwrap_or_default().to_owned(),
        quantity: number("default_qty", 1.0)?,
        position: text("selection_position")
            .or_else(|| text("position"))
            .and_then(|position| position.parse().ok())
            .unwrap_or(running),
        is_default: text("default") == Some("1"),
        price: number("price", 0.0)?,
        price_type: i64::from(text("price_type").is_some_and(|kind| kind.eq_ignore_ascii_case("percent"))),
        can_change_quantity: i64::from(text("can_change_qty") != Some("0")),
    })
}

/// The list of all options; nothing if the shop has them like this.
pub(super) fn differing(wanted: &[BundleOption], stored: &Value) -> Option<Value> {
    let stored = stored.as_array().map(Vec::as_slice).unwrap_or_default();
    let by_title: BTreeMap<&str, &Value> =
        stored.iter().filter_map(|option| Some((option["title"].as_str()?, option))).collect();
    let same = |option: &BundleOption| by_title.get(option.title.as_str()).is_some_and(|stored| option.is(stored));
    if wanted.len() == stored.len() && wanted.iter().all(same) {
        return None;
    }
    Some(wanted.iter().map(|option| option.body(by_title.get(option.title.as_str()).copied())).collect())
}

impl BundleOption {
    fn is(&self, stored: &Value) -> bool {
        let links = stored["product_links"].as_array().map(Vec::as_slice).unwrap_or_default();
        let has = |selection: &Selection| links.iter().any(|link| selection.is(link));
        stored["type"] == json!(self.kind)
            && stored["required"].as_bool() == Some(self.is_required)
            && stored["position"].as_i64() == Some(self.position)
            && links.len() == self.selections.len()
            && self.selections.iter().all(has)
    }

    fn body(&self, stored: Option<&Value>) -> Value {
        let links = stored.and_then(|stored| stored["product_links"].as_array());
        let links = links.map(Vec::as_slice).unwrap_or_default();
        let selections: Vec<Value> = self.selections.iter().map(|selection| selection.body(links)).collect();
        let mut body = json!({
            "title": self.title, "required": self.is_required, "type": self.kind, "position": self.position,
            "product_links": selections,
        });
        if let Some(id) = stored.map(|stored| &stored["option_id"]).filter(|id| id.is_number()) {
            body["option_id"] = id.clone();
        }
        body
    }
}

impl Selection {
    fn is(&self, link: &Value) -> bool {
        let number = |name: &str| link[name].as_f64();
        // Of a bundle whose price is made up of its parts, the shop says their prices, and no kind.
        let is_priced = link["price_type"].is_null()
            || (number("price") == Some(self.price) && link["price_type"].as_i64() == Some(self.price_type));
        is_priced
            && link["sku"].as_str().map(sku_key) == Some(sku_key(&self.sku))
            && number("qty") == Some(self.quantity)
            && link["position"].as_i64() == Some(self.position)
            && link["is_default"].as_bool() == Some(self.is_default)
            && link["can_change_quantity"].as_i64() == Some(self.can_change_quantity)
    }

    fn body(&self, links: &[Value]) -> Value {
        let mut body = json!({
            "sku": self.sku, "qty": self.quantity, "position": self.position, "is_default": self.is_default,
            "price": self.price, "price_type": self.price_type, "can_change_quantity": self.can_change_quantity,
        });
        let key = Some(sku_key(&self.sku));
        let known = links.iter().find(|link| link["sku"].as_str().map(sku_key) == key);
        if let Some(id) = known.and_then(|link| link["id"].as_str()) {
            body["id"] = json!(id);
        }
        body
    }
}
