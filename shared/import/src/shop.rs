//! What a shop has, and so what a row may say: websites, store views, customer groups, tax classes, sources and stocks,
//! attribute sets, attributes and categories.
//!
//! A catalogue target knows these **shop facts**: the own catalogue keeps them as things, a shop is asked. Rows of one
//! file may add to them for the files behind it, as an attribute file does for the products of its bunch.
//!
//! Names compare as the shop compares them, see [`name_key`].

mod basics;
mod nearest;
mod plain;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

pub use basics::{ShopBasics, Source, Stock, StoreView, TaxClass, TaxClassKind, Website};
pub use nearest::{UnknownName, nearest};

use crate::entity::attribute::Attribute;
use crate::entity::attribute_set::AttributeSet;
use crate::entity::category::Category;
use crate::entity::{Entity, Thing};

/// Everything that is known of a shop.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShopFacts {
    /// What no file speaks of.
    #[serde(flatten)]
    pub basics: ShopBasics,
    /// By [`name_key`].
    pub attribute_sets: BTreeMap<String, AttributeSet>,
    /// By [`name_key`] of the code.
    pub attributes: BTreeMap<String, Attribute>,
    /// By [`crate::category_path::CategoryPath::key`].
    pub categories: BTreeMap<String, Category>,
    /// Whether somebody said which shop it is, rather than that a plain one is assumed.
    #[serde(skip)]
    pub is_told: bool,
}

/// Returns the form in which names compare: composed characters, no outer blanks, no upper case.
///
/// Magento compares skus, category names, attribute codes and option labels without case; composed and decomposed
/// characters look the same to everybody.
#[must_use]
pub fn name_key(name: &str) -> String {
    name.trim().nfc().collect::<String>().to_lowercase()
}

impl ShopFacts {
    /// Returns the facts of a plain Magento Open Source shop: what a catalogue knows before anybody tells it more.
    #[must_use]
    pub fn plain() -> Self {
        plain::facts()
    }

    /// Takes note of what a row will make of the shop once it is imported, for the files behind its own.
    pub fn learn<E: Entity>(&mut self, change: &E::EntityChange) {
        let Some(facts) = E::Thing::facts(self) else { return };
        let key = E::key(change);
        if let Some(thing) = facts.get_mut(&key) {
            // What a row cannot change, the import will say.
            let _ = E::apply(thing, change);
        } else if let Ok(thing) = E::create(change) {
            facts.insert(key, thing);
        }
    }

    /// Finds an attribute by its code.
    #[must_use]
    pub fn attribute(&self, code: &str) -> Option<&Attribute> {
        self.attributes.get(&name_key(code))
    }

    /// Finds an attribute set by its name.
    ///
    /// # Errors
    /// Names the nearest set if there is none of this name.
    pub fn attribute_set(&self, name: &str) -> Result<&AttributeSet, UnknownName> {
        let known = || self.attribute_sets.values().map(|set| set.name.as_str());
        self.attribute_sets.get(&name_key(name)).ok_or_else(|| UnknownName::new("attribute set", name, known()))
    }

    /// Says whether an attribute belongs to a set, or to one that the set was made from.
    #[must_use]
    pub fn has_attribute(&self, set: &AttributeSet, attribute: &Attribute) -> bool {
        let mut next = Some(set);
        // A set that is based on itself by a detour ends the walk.
        for _ in 0..=self.attribute_sets.len() {
            let Some(set) = next else { return false };
            if attribute.sets.contains_key(&name_key(&set.name)) {
                return true;
            }
            next = set.based_on.as_ref().and_then(|name| self.attribute_sets.get(&name_key(name)));
        }
        false
    }

    /// Returns the image columns: the attributes with the input `media_image`.
    pub fn image_attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.values().filter(|attribute| attribute.input == "media_image")
    }
}
