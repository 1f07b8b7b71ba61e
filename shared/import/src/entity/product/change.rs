use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::parts::{
    AdditionalImage, AssociatedProduct, CategoryLink, Link, LinkType, SourceItem, TierPrice, Variation, Video,
};
use crate::cell::Pairs;
use crate::configuration::ListPart;
use crate::entity::stated::Stated;
use crate::finding::ChangeRefusal;

/// The value of an attribute: text in canonical form, or several such texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ProductValue {
    /// One text, number, date or flag.
    Text(String),
    /// Two or more values, such as the options of a multiple select.
    List(Vec<String>),
}

/// What a product is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProductType {
    /// A thing that is shipped.
    Simple,
    /// Something without weight, such as a service.
    Virtual,
    /// A choice between variations, which are products of their own.
    Configurable,
    /// A set put together by the customer.
    Bundle,
    /// Products shown together.
    Grouped,
    /// Files to download.
    Downloadable,
    /// A gift card.
    Giftcard,
}

/// What one row says about one product.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProductChange {
    /// As written in the file; products are matched without regard to case.
    pub sku: String,
    /// The store view that the row speaks for; all of them if there is none.
    pub store_view: Option<String>,
    /// Name of the attribute set.
    pub attribute_set: Option<String>,
    /// What the product is.
    pub product_type: Option<ProductType>,
    /// The lists of which the row names a part: what it does not name of them stays. Other lists it names as a whole.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub added_to: BTreeSet<ListPart>,
    /// Codes of the websites that offer it.
    pub websites: Option<Stated<Vec<String>>>,
    /// The categories it belongs to.
    pub categories: Option<Stated<Vec<CategoryLink>>>,
    /// Texts, prices, dates and other attributes by code; those of `additional_attributes` too.
    pub values: BTreeMap<String, Stated<ProductValue>>,
    /// Stock settings by column, but not what `quantity_change` says.
    pub stock: BTreeMap<String, Stated<String>>,
    /// What to add to the stored quantity (`qty_relative`), instead of a `qty` in `stock`.
    pub quantity_change: Option<QuantityChange>,
    /// Stock by source.
    pub source_items: Option<Stated<Vec<SourceItem>>>,
    /// Graduated prices.
    pub tier_prices: Option<Stated<Vec<TierPrice>>>,
    /// Images by role, such as `base_image`.
    pub images: BTreeMap<String, ImageChange>,
    /// Images without a role.
    pub additional_images: Option<Stated<Vec<AdditionalImage>>>,
    /// Paths of images that the product page does not show.
    pub hidden_images: Option<Stated<Vec<String>>>,
    /// Videos of the gallery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub videos: Option<Stated<Vec<Video>>>,
    /// Related products, cross-sells and up-sells.
    pub links: BTreeMap<LinkType, Stated<Vec<Link>>>,
    /// The products of a grouped product.
    pub associated: Option<Stated<Vec<AssociatedProduct>>>,
    /// The variations of a configurable product.
    pub variations: Option<Stated<Vec<Variation>>>,
    /// Labels of the attributes that tell the variations apart.
    pub variation_labels: Option<Stated<Pairs>>,
    /// Positions of the attributes that tell the variations apart.
    pub variation_positions: Option<Stated<Pairs>>,
    /// The selections of a bundle.
    pub bundle_values: Option<Stated<Vec<Pairs>>>,
    /// Positions of the options of a bundle.
    pub bundle_positions: Option<Stated<Pairs>>,
    /// The files of a downloadable product.
    pub downloadable_links: Option<Stated<Vec<Pairs>>>,
    /// The samples of a downloadable product.
    pub downloadable_samples: Option<Stated<Vec<Pairs>>>,
    /// What the customer may choose or enter.
    pub custom_options: Option<Stated<Vec<Pairs>>>,
    /// Addresses that lead to the product from earlier, oldest first.
    pub old_url_keys: Option<Stated<Vec<String>>>,
    /// Labels that are no options of their attribute yet, by its code: they must be created before the change is made.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub new_options: BTreeMap<String, BTreeSet<String>>,
    /// Why cells cannot be used without which no product is made, by column.
    #[serde(skip)]
    pub unusable: BTreeMap<String, ChangeRefusal>,
}

/// An addition to the stored quantity.
///
/// Adding twice is not the same as adding once, so it carries an id by which the stored product remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuantityChange {
    /// Canonical number; negative to take away.
    pub add: String,
    /// Where it comes from: `<bunch>/<file>:<line>`.
    pub id: String,
}

/// What a row says about the image of one role.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImageChange {
    /// Path below the media directory, or address.
    pub path: Option<Stated<String>>,
    /// Text shown for it.
    pub label: Option<Stated<String>>,
    /// Place in the gallery.
    pub position: Option<u32>,
}

/// A text that names no product type; reads as the end of a sentence that starts with the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not a product type (expected `simple`, `virtual`, `configurable`, `bundle`, `grouped`, `downloadable` or `giftcard`)"
)]
pub struct UnknownProductType;

impl ProductType {
    const ALL: [Self; 7] = [
        Self::Simple,
        Self::Virtual,
        Self::Configurable,
        Self::Bundle,
        Self::Grouped,
        Self::Downloadable,
        Self::Giftcard,
    ];

    /// Returns the type as files write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Virtual => "virtual",
            Self::Configurable => "configurable",
            Self::Bundle => "bundle",
            Self::Grouped => "grouped",
            Self::Downloadable => "downloadable",
            Self::Giftcard => "giftcard",
        }
    }

    /// Says whether the product has a price of its own, rather than one made up of its parts.
    #[must_use]
    pub fn has_own_price(self) -> bool {
        match self {
            Self::Simple | Self::Virtual | Self::Downloadable => true,
            Self::Configurable | Self::Bundle | Self::Grouped | Self::Giftcard => false,
        }
    }
}

impl fmt::Display for ProductType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ProductType {
    type Err = UnknownProductType;

    fn from_str(text: &str) -> Result<Self, UnknownProductType> {
        let mut all = Self::ALL.into_iter();
        all.find(|known| known.as_str().eq_ignore_ascii_case(text)).ok_or(UnknownProductType)
    }
}
