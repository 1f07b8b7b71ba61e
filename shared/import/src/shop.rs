//! What a shop has, and so what a row may say: websites, store views, customer groups, tax classes, sources and stocks,
//! attribute sets, attributes and categories.
//!
//! A catalogue target knows these **shop facts**: the own catalogue keeps them as things, a shop is asked. Rows of one
//! file may add to them for the files behind it, as an attribute file does for the products of its bunch.
//!
//! Names compare as the shop compares them, see [`name_key`](fn@name_key).

mod basics;
mod difference;
mod file;
mod plain;
mod usage;

use std::any::Any;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use basics::{ShopBasics, Source, Stock, StoreView, TaxClass, TaxClassKind, Website};
pub use difference::{ShopChanges, ShopName};
pub use file::{BadShopFile, FileProblem, ShopFile};
pub use usage::{Usage, UsedName};

use crate::entity::attribute::thing::Attribute;
use crate::entity::attribute_set::thing::AttributeSet;
use crate::entity::category::thing::Category;
use crate::entity::entity_type::EntityType;
use crate::name_key::name_key;
use crate::nearest::UnknownName;

/// Everything that is known of a shop.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShopFacts {
    /// What no file speaks of.
    #[serde(flatten)]
    pub basics: ShopBasics,
    /// By [`EntityType::key`].
    pub attribute_sets: BTreeMap<String, AttributeSet>,
    /// By [`EntityType::key`] of the code: products and customers may each have a `gender`.
    pub attributes: BTreeMap<String, Attribute>,
    /// By [`crate::category_path::CategoryPath::key`].
    pub categories: BTreeMap<String, Category>,
    /// Whether somebody said which shop it is, rather than that a plain one is assumed.
    #[serde(skip)]
    pub is_told: bool,
}

impl ShopFacts {
    /// Returns the facts of a plain Magento Open Source shop: what a catalogue knows before anybody tells it more.
    #[must_use]
    pub fn plain() -> Self {
        plain::facts()
    }

    /// Returns the facts of a kind, by key; nothing for things that are no facts.
    pub fn facts_of<T: 'static>(&mut self) -> Option<&mut BTreeMap<String, T>> {
        let Self { attribute_sets, attributes, categories, .. } = self;
        let kinds: [&mut dyn Any; 3] = [attribute_sets, attributes, categories];
        kinds.into_iter().find_map(<dyn Any>::downcast_mut)
    }

    /// Finds an attribute of products by its code.
    #[must_use]
    pub fn attribute(&self, code: &str) -> Option<&Attribute> {
        self.attribute_of(EntityType::Product, code)
    }

    /// Finds an attribute by its code.
    #[must_use]
    pub fn attribute_of(&self, entity_type: EntityType, code: &str) -> Option<&Attribute> {
        self.attributes.get(&entity_type.key(code))
    }

    /// Finds an attribute set of products by its name.
    ///
    /// # Errors
    /// Names the nearest set if there is none of this name.
    pub fn attribute_set(&self, name: &str) -> Result<&AttributeSet, UnknownName> {
        self.attribute_set_of(EntityType::Product, name)
    }

    /// Finds an attribute set by its name.
    ///
    /// # Errors
    /// Names the nearest set if there is none of this name.
    pub fn attribute_set_of(&self, entity_type: EntityType, name: &str) -> Result<&AttributeSet, UnknownName> {
        let of_type = || self.attribute_sets.values().filter(|set| set.entity_type == entity_type);
        let known = || of_type().map(|set| set.name.as_str());
        self.attribute_sets.get(&entity_type.key(name)).ok_or_else(|| UnknownName::new("attribute set", name, known()))
    }

    /// Returns a set, the one that it was made from, and so on.
    fn with_bases<'a>(&'a self, set: &'a AttributeSet) -> Vec<&'a AttributeSet> {
        let mut sets = vec![set];
        // A set that is based on itself by a detour ends the walk.
        while sets.len() <= self.attribute_sets.len() {
            let base = sets[sets.len() - 1].based_on.as_ref();
            let Some(base) = base.and_then(|name| self.attribute_sets.get(&set.entity_type.key(name))) else { break };
            sets.push(base);
        }
        sets
    }

    /// Returns the names of the groups that a set has, or one that it was made from.
    pub fn groups<'a>(&'a self, set: &'a AttributeSet) -> impl Iterator<Item = &'a str> {
        self.with_bases(set).into_iter().flat_map(|set| set.groups.keys().map(String::as_str))
    }

    /// Says whether an attribute belongs to a set, or to one that the set was made from.
    #[must_use]
    pub fn has_attribute(&self, set: &AttributeSet, attribute: &Attribute) -> bool {
        let is_of_type = set.entity_type == attribute.entity_type;
        is_of_type && self.with_bases(set).iter().any(|set| attribute.sets.contains_key(&name_key(&set.name)))
    }

    /// Returns the attributes of products.
    pub fn product_attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.values().filter(|attribute| attribute.entity_type == EntityType::Product)
    }

    /// Returns the image columns: the attributes with the input `media_image`.
    pub fn image_attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.product_attributes().filter(|attribute| attribute.input == "media_image")
    }
}
