use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::change::{ProductType, ProductValue};
use super::parts::{
    AdditionalImage, AssociatedProduct, CategoryLink, Link, LinkType, SourceItem, TierPrice, Variation, Video,
};
use crate::cell::Pairs;
use crate::name_key::name_key;

/// A product of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// As it was first written; [`Product::key`] compares without regard to case.
    pub sku: String,
    /// What it is; never changes.
    pub product_type: ProductType,
    /// Name of its attribute set.
    pub attribute_set: String,
    /// Codes of the websites that offer it, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub websites: Vec<String>,
    /// The categories it belongs to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<CategoryLink>,
    /// What every store view shows unless it has something of its own.
    #[serde(default)]
    pub default: StoreViewContent,
    /// What single store views show instead, by code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub store_views: BTreeMap<String, StoreViewContent>,
    /// Stock settings by column name, `qty` among them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stock: BTreeMap<String, String>,
    /// Ids of the latest relative changes of the quantity, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quantity_changes: Vec<String>,
    /// Stock by source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_items: Vec<SourceItem>,
    /// Graduated prices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tier_prices: Vec<TierPrice>,
    /// Related products, cross-sells and up-sells.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<LinkType, Vec<Link>>,
    /// The products of a grouped product.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub associated: Vec<AssociatedProduct>,
    /// The variations of a configurable product.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variations: Vec<Variation>,
    /// Labels of the attributes that tell the variations apart.
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub variation_labels: Pairs,
    /// Positions of the attributes that tell the variations apart.
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub variation_positions: Pairs,
    /// The selections of a bundle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bundle_values: Vec<Pairs>,
    /// Positions of the options of a bundle.
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub bundle_positions: Pairs,
    /// The files of a downloadable product.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub downloadable_links: Vec<Pairs>,
    /// The samples of a downloadable product.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub downloadable_samples: Vec<Pairs>,
}

/// What a store view shows of a product.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StoreViewContent {
    /// Texts, prices, dates and other attributes by code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, ProductValue>,
    /// Images by role, such as `base_image`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<String, Image>,
    /// Images without a role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub additional_images: Vec<AdditionalImage>,
    /// Paths of images that the product page does not show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden_images: Vec<String>,
    /// Videos of the gallery.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub videos: Vec<Video>,
    /// What the customer may choose or enter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom_options: Vec<Pairs>,
    /// Addresses that were replaced and lead to the product still, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub old_url_keys: Vec<String>,
}

/// An image with a role.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Image {
    /// Path below the media directory, or address; a store view may have a label only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Text shown for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Place in the gallery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
}

impl Product {
    /// Returns the key under which a product is kept: its sku as the shop compares skus.
    #[must_use]
    pub fn key(sku: &str) -> String {
        name_key(sku)
    }

    /// Returns what a store view shows: its own values, images and the rest, and for everything else those for everybody.
    #[must_use]
    pub fn shown_in(&self, store_view: &str) -> StoreViewContent {
        let mut shown = self.default.clone();
        let Some(own) = self.store_views.get(store_view).cloned() else { return shown };
        shown.values.extend(own.values);
        shown.images.extend(own.images);
        for (list, own) in [(&mut shown.hidden_images, own.hidden_images), (&mut shown.old_url_keys, own.old_url_keys)]
        {
            if !own.is_empty() {
                *list = own;
            }
        }
        if !own.additional_images.is_empty() {
            shown.additional_images = own.additional_images;
        }
        if !own.videos.is_empty() {
            shown.videos = own.videos;
        }
        if !own.custom_options.is_empty() {
            shown.custom_options = own.custom_options;
        }
        shown
    }

    /// Returns an attribute as a store view shows it: its own, else the default.
    #[must_use]
    pub fn value(&self, code: &str, store_view: Option<&str>) -> Option<&ProductValue> {
        let own = store_view.and_then(|code| self.store_views.get(code));
        let own = own.and_then(|shown| shown.values.get(code));
        own.or_else(|| self.default.values.get(code))
    }
}
