//! Attribute sets: which attributes a product has, and in which groups people see them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Thing;
use crate::shop::ShopFacts;

/// An attribute set as the catalogue keeps it. Which attributes are in it, the attributes say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeSet {
    /// Its name, by which files name it.
    pub name: String,
    /// The set whose attributes it has, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub based_on: Option<String>,
    /// Its place among the sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_order: Option<u32>,
    /// Its groups, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, AttributeGroup>,
}

/// A group of attributes in a set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttributeGroup {
    /// Its code.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// The tab that shows it: `basic` or `advanced`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tab: String,
    /// Its place in the set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort_order: Option<u32>,
}

impl Thing for AttributeSet {
    const NAME: &'static str = "attribute_set";
    const SCHEMA: u32 = 1;
    const IS_FACT: bool = true;

    fn facts(shop: &mut ShopFacts) -> Option<&mut BTreeMap<String, Self>> {
        Some(&mut shop.attribute_sets)
    }
}
