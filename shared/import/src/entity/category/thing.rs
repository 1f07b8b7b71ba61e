use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::category_path::CategoryPath;
use crate::entity::thing::Thing;
use crate::url_key;

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
    const IS_LISTED: bool = true;
}

impl Category {
    /// A category of which only its place is known, as a product row names it.
    #[must_use]
    pub fn named(path: CategoryPath) -> Self {
        Self { path, attribute_set: None, values: BTreeMap::new(), store_views: BTreeMap::new() }
    }

    /// Returns what the shop shows as its name, for everybody.
    #[must_use]
    pub fn name(&self) -> &str {
        self.values.get("name").map_or(self.path.name(), String::as_str)
    }

    /// Returns the part of an address that names it in a store view, or for everybody; empty if nothing can.
    #[must_use]
    pub fn url_key(&self, store_view: Option<&str>) -> String {
        let of_view = store_view.and_then(|view| self.store_views.get(view)?.get("url_key"));
        let stated = of_view.or_else(|| self.values.get("url_key"));
        stated.cloned().unwrap_or_else(|| url_key::from_text(self.name()))
    }
}
