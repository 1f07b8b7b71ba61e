//! What is sent of a product once it is there, and what it names.

use import::entity::product::SourceItem;
use serde::{Deserialize, Serialize};

use super::relations::Relations;

/// What is sent of a product later.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Afterwards {
    /// What it has to do with others.
    #[serde(flatten)]
    pub(super) relations: Relations,
    /// Stock by source, of which the shop keeps that of products that are not there, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source_items: Option<Vec<SourceItem>>,
}

/// The same with the product that it is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Attached {
    /// The product.
    pub(super) sku: String,
    /// What is sent.
    #[serde(flatten)]
    pub(super) then: Afterwards,
}

impl Afterwards {
    pub(super) fn is_empty(&self) -> bool {
        self.relations.is_empty() && self.source_items.is_none()
    }
}
