use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::entity::entity_type::EntityType;
use crate::entity::thing::Thing;

/// An attribute set as the catalogue keeps it. Which attributes are in it, the attributes say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeSet {
    /// Its name, by which files name it.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "EntityType::is_product")]
    pub entity_type: EntityType,
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
    /// Whether attributes go there that name no group. A set has one such group.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_default: bool,
}

impl Thing for AttributeSet {
    const NAME: &'static str = "attribute_set";
    const SCHEMA: u32 = 1;
    const IS_FACT: bool = true;
}
