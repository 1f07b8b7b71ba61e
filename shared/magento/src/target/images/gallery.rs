//! The images that a product has in the shop, and what is in them.
//!
//! The shop tells the content of images only all at once, so it is asked for once, and what was found out is remembered: an
//! image keeps its number and its content as long as it is there.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalog::target;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::client::{Error, ShopCall, sku_key};
use crate::target::MagentoTarget;
use crate::target::problem::failed;

/// An image of a product.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) id: i64,
    pub(super) is_image: bool,
    pub(super) file: String,
    pub(super) label: Option<String>,
    pub(super) position: i64,
    pub(super) is_disabled: bool,
    pub(super) types: BTreeSet<String>,
    /// Of its content, if that is known.
    pub(super) digest: Option<String>,
}

/// Returns the images that a product has, as the shop lists them.
pub(super) fn entries(product: &Value) -> Vec<Entry> {
    let entries = product["media_gallery_entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().filter_map(entry).collect()
}

fn entry(value: &Value) -> Option<Entry> {
    let types = value["types"].as_array().into_iter().flatten();
    Some(Entry {
        id: value["id"].as_i64()?,
        is_image: value["media_type"].as_str() == Some("image"),
        file: value["file"].as_str()?.to_owned(),
        label: value["label"].as_str().filter(|label| !label.is_empty()).map(str::to_owned),
        position: value["position"].as_i64().unwrap_or(0),
        is_disabled: value["disabled"].as_bool().unwrap_or(false),
        types: types.filter_map(Value::as_str).map(str::to_owned).collect(),
        digest: None,
    })
}

/// Says what is in images, as far as that is remembered, or else by asking the shop.
pub(super) async fn add_digests(target: &MagentoTarget, sku: &str, entries: &mut [Entry]) -> Result<(), target::Error> {
    let key = key(sku);
    let kept = target.recall(std::slice::from_ref(&key)).await?;
    let mut known: BTreeMap<i64, String> =
        kept.get(&key).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    if entries.iter().any(|entry| entry.is_image && !known.contains_key(&entry.id)) {
        known = contents(target, sku).await.map_err(failed)?;
        let text = serde_json::to_string(&known).expect("it has numbers and texts only");
        target.keep([(key, text)].into()).await?;
    }
    for entry in entries {
        entry.digest = known.get(&entry.id).cloned();
    }
    Ok(())
}

async fn contents(target: &MagentoTarget, sku: &str) -> Result<BTreeMap<i64, String>, Error> {
    let answer = target.client.call(&ShopCall::get(&["products", sku, "media"])).await?;
    let mut known = BTreeMap::new();
    for entry in answer.as_array().into_iter().flatten() {
        let content = entry["content"]["base64_encoded_data"].as_str().and_then(|text| STANDARD.decode(text).ok());
        if let (Some(id), Some(bytes)) = (entry["id"].as_i64(), content) {
            known.insert(id, digest(&bytes));
        }
    }
    Ok(known)
}

/// Where the digests of a product's images are remembered.
fn key(sku: &str) -> String {
    format!("images/{}", sku_key(sku))
}

/// The digest of a content.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
