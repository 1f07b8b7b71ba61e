//! What a shop has, read from the shop: what rows may say, and by which numbers the shop knows it.
//!
//! Files speak of names, the shop of numbers. The shop takes numbers that stand for nothing and attributes that it does not
//! have, and says nothing. So everything is looked up here before it is sent.

mod attributes;
mod categories;
mod rows;
mod stock;
mod stores;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use import::shop::ShopFacts;
use serde::{Deserialize, Serialize};

use crate::client::{Error, ShopClient};

/// What is known of a shop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShopKnowledge {
    /// What rows may say.
    pub facts: ShopFacts,
    /// By which numbers the shop knows it.
    pub ids: ShopIds,
    /// When it was read.
    pub read_at: DateTime<Utc>,
    /// What could not be taken over, for people.
    pub notices: Vec<String>,
}

/// By which numbers a shop knows its things.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ShopIds {
    /// Websites, by code.
    pub websites: BTreeMap<String, i64>,
    /// Store views, by code.
    pub store_views: BTreeMap<String, i64>,
    /// Customer groups, by name.
    pub customer_groups: BTreeMap<String, i64>,
    /// Tax classes of products, by [`import::name_key::name_key`].
    pub product_tax_classes: BTreeMap<String, i64>,
    /// Attribute sets of products, by [`import::name_key::name_key`].
    pub attribute_sets: BTreeMap<String, i64>,
    /// Groups of a set: by the number of the set, then by name.
    pub attribute_groups: BTreeMap<i64, BTreeMap<String, i64>>,
    /// Attributes of products, by code.
    pub attributes: BTreeMap<String, i64>,
    /// Options: by the code of the attribute, then by [`import::name_key::name_key`] of the label for everybody.
    pub options: BTreeMap<String, BTreeMap<String, String>>,
    /// Categories, by [`import::category_path::CategoryPath::key`].
    pub categories: BTreeMap<String, i64>,
}

/// Reads all of it. It takes some dozens of requests, so it is kept for a while.
///
/// # Errors
/// The shop cannot be asked; if it refuses, the error names the right that is missing.
pub async fn read(client: &ShopClient) -> Result<ShopKnowledge, Error> {
    let read_at = client.wire().now();
    let mut known = ShopKnowledge {
        // What is not asked for, such as the attributes of customers, is as every shop has it.
        facts: ShopFacts::plain(),
        ids: ShopIds::default(),
        read_at,
        notices: Vec::new(),
    };
    known.facts.is_told = true;
    known.facts.basics.download_hosts.clone_from(&client.settings().download_hosts);
    // Their names are needed for the websites.
    categories::read(client, &mut known).await?;
    stores::read(client, &mut known).await?;
    stock::read(client, &mut known).await?;
    attributes::read(client, &mut known).await?;
    Ok(known)
}

impl ShopKnowledge {
    /// Says that this was told, after it was kept as text: such facts count as told, however they were kept.
    #[must_use]
    pub fn told(mut self) -> Self {
        self.facts.is_told = true;
        self
    }
}
