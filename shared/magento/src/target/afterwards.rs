//! What is sent of a product once it is there, and what it names.

use import::entity::product::SourceItem;
use serde::{Deserialize, Serialize};

use super::images::WantedImages;
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
    /// Images, which need a product to be images of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) images: Option<WantedImages>,
}

/// The same with the product that it is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Attached {
    /// The product.
    pub(super) sku: String,
    /// Whether a part of it was sent already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) was_sent: bool,
    /// What is sent.
    #[serde(flatten)]
    pub(super) then: Afterwards,
}

impl Attached {
    pub(super) fn new(sku: String, then: Afterwards) -> Self {
        Self { sku, was_sent: false, then }
    }
}

impl Afterwards {
    pub(super) fn is_empty(&self) -> bool {
        self.relations.is_empty() && self.source_items.is_none() && self.images.is_none()
    }
}
