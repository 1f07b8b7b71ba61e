use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::category_path::CategoryPath;

/// A category that a product belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryLink {
    /// The category; created if it does not exist.
    pub path: CategoryPath,
    /// Place of the product in the category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
}

/// Why one product points to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkType {
    /// Shown beside it.
    Related,
    /// Shown in the cart.
    Crosssell,
    /// Shown as the better choice.
    Upsell,
}

/// A product that another one points to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The other product; it need not be in the same file.
    pub sku: String,
    /// Place among the links of its type, from 1 on.
    pub position: u32,
}

/// A product of a grouped product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssociatedProduct {
    /// The product.
    pub sku: String,
    /// Proposed quantity.
    pub quantity: String,
    /// Place in the list, from 1 on.
    pub position: u32,
}

/// A variation of a configurable product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variation {
    /// The product that the customer gets.
    pub sku: String,
    /// What tells it apart: option label by attribute code.
    pub options: BTreeMap<String, String>,
}

/// A price from a quantity on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierPrice {
    /// From this quantity on.
    pub quantity: String,
    /// The price, or the discount in percent.
    pub price: String,
    /// `Fixed` or `Discount`.
    pub value_type: String,
    /// Code of a website, or `All Websites`.
    pub website: String,
    /// Name of a customer group, or `ALL GROUPS`.
    pub customer_group: String,
}

/// Stock of a product in one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceItem {
    /// Code of the source.
    pub source: String,
    /// What is there.
    pub quantity: String,
    /// Whether it may be sold from there: `1` or `0`.
    pub status: String,
}

/// An image without a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdditionalImage {
    /// Path below the media directory, or address.
    pub path: String,
    /// Text shown for it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Place in the gallery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// Whether the shop leaves it out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_disabled: bool,
}

/// A video of the gallery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Video {
    /// Where it is, such as the address of a page with it.
    pub url: String,
    /// Text shown for it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// What can be seen.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The image that stands for it: path below the media directory, or address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image: String,
    /// Place in the gallery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// Whether the product page leaves it out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_hidden: bool,
}
