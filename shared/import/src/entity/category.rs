//! Categories: the tree under which a shop shows its products.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Thing;
use crate::category_path::CategoryPath;
use crate::shop::ShopFacts;

/// A category as the catalogue keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Its place in the tree, as first written.
    pub path: CategoryPath,
    /// Name of its attribute set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute_set: Option<String>,
    /// What every store view shows unless it has something of its own, by column name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// What single store views show instead, by code and column name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub store_views: BTreeMap<String, BTreeMap<String, String>>,
}

impl Thing for Category {
    const NAME: &'static str = "category";
    const SCHEMA: u32 = 1;
    const IS_FACT: bool = true;

    fn facts(shop: &mut ShopFacts) -> Option<&mut BTreeMap<String, Self>> {
        Some(&mut shop.categories)
    }
}

impl Category {
    /// A category of which only its place is known, as a product row names it.
    #[must_use]
    pub fn named(path: CategoryPath) -> Self {
        Self { path, attribute_set: None, values: BTreeMap::new(), store_views: BTreeMap::new() }
    }
}
