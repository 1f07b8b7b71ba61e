mod options;
mod set_places;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use options::AttributeOptions;

use crate::entity::entity_type::EntityType;
use crate::entity::thing::Thing;

/// An attribute as the catalogue keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Its code, such as `color`.
    pub code: String,
    /// What has it.
    #[serde(default, skip_serializing_if = "EntityType::is_product")]
    pub entity_type: EntityType,
    /// How it is entered: `text`, `select`, `multiselect`, `boolean`, `price`, `media_image` …
    pub input: String,
    /// Where it may differ.
    #[serde(default)]
    pub scope: AttributeScope,
    /// Whether every product needs a value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_required: bool,
    /// Whether no two products may have the same value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unique: bool,
    /// Whether the shop's people made it, rather than the shop's makers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_user_defined: bool,
    /// The product types that have it; all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apply_to: Vec<String>,
    /// Its label for everybody.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Its labels in single store views, by code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub store_labels: BTreeMap<String, String>,
    /// What can be chosen: first what the latest file listed, in its order, then the rest.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub options: AttributeOptions,
    /// How many of the options the latest file listed; rows of store views count from there. All of them if it is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<usize>,
    /// The sets that it belongs to, by [`name_key`](fn@crate::name_key::name_key) of their names. Written as a list; older ones were written as a map.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "set_places")]
    pub sets: BTreeMap<String, SetPlace>,
    /// What else a file says, by column name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

/// Where the values of an attribute may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeScope {
    /// Each store view may have a value of its own.
    StoreView,
    /// Each website may.
    Website,
    /// There is one value for all.
    #[default]
    Global,
}

/// Something that can be chosen as the value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeOption {
    /// Its label for everybody, by which files name it.
    pub label: String,
    /// Its labels in single store views, by code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub store_labels: BTreeMap<String, String>,
    /// Its place among the options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_order: Option<u32>,
    /// What the shop shows instead of the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swatch: Option<Swatch>,
    /// What single store views show instead, by code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub store_swatches: BTreeMap<String, Swatch>,
}

/// What a shop shows instead of the label of an option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Swatch {
    /// A short text.
    Text(String),
    /// A colour, such as `#ff0000`.
    Color(String),
    /// Path of an image.
    Image(String),
}

/// The place of an attribute in a set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetPlace {
    /// Name of the set.
    pub set: String,
    /// Name of the group.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// Place in the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_order: Option<u32>,
}

impl Thing for Attribute {
    const NAME: &'static str = "attribute";
    const SCHEMA: u32 = 1;
    const IS_FACT: bool = true;
}

impl Attribute {
    /// Finds an option by its label for everybody, as the shop compares labels.
    #[must_use]
    pub fn option(&self, label: &str) -> Option<&AttributeOption> {
        self.options.find(label)
    }

    /// Says whether a value is one of the options, or several.
    #[must_use]
    pub fn has_options(&self) -> bool {
        matches!(self.input.as_str(), "select" | "multiselect" | "swatch_visual" | "swatch_text")
    }

    /// Returns how many options rows of store views give labels to.
    #[must_use]
    pub fn listed(&self) -> usize {
        self.listed.unwrap_or(self.options.len())
    }

    /// Adds options that it does not have, behind those that it has. Returns how many were added.
    pub fn add_options<'l>(&mut self, labels: impl IntoIterator<Item = &'l str>) -> usize {
        let before = self.options.len();
        for label in labels {
            if self.option(label).is_none() {
                self.options.push(AttributeOption { label: label.to_owned(), ..AttributeOption::default() });
            }
        }
        let added = self.options.len() - before;
        if added > 0 {
            self.listed.get_or_insert(before);
        }
        added
    }
}
