//! What rows name beside the thing they speak of, and what must be there before they are applied.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::category_path::CategoryPath;
use crate::name_key::name_key;
use crate::shop::ShopFacts;

/// The things that the rows of an import name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Named {
    /// Categories, each with everything above it. In the order of the set parents come before their children.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub categories: BTreeSet<CategoryPath>,
    /// Options that attributes of products do not have yet: their labels as first written, by code of the attribute and
    /// by [`name_key`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, BTreeMap<String, String>>,
}

impl Named {
    /// Adds a category and everything above it.
    pub fn add_category(&mut self, path: &CategoryPath) {
        // If a path is there, so is everything above it.
        if self.categories.contains(path) {
            return;
        }
        let mut next = Some(path.clone());
        while let Some(path) = next.filter(|path| !self.categories.contains(path)) {
            next = path.parent();
            self.categories.insert(path);
        }
    }
}

impl Named {
    /// Adds the option of an attribute that products are given, unless the attribute has it.
    ///
    /// Only attributes that the shop's people made can get options by being used; those of Magento's own, such as the tax
    /// class, choose among things that are not options.
    pub fn add_option(&mut self, code: &str, label: &str, shop: &ShopFacts) {
        let Some(attribute) = shop.attribute(code) else { return };
        let may_grow = attribute.is_user_defined && attribute.has_options();
        if !may_grow || attribute.option(label).is_some() {
            return;
        }
        let labels = self.options.entry(attribute.code.clone()).or_default();
        labels.entry(name_key(label)).or_insert_with(|| label.trim().to_owned());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with_parents(paths: &[CategoryPath]) -> Vec<CategoryPath> {
        let mut all = Named::default();
        paths.iter().for_each(|path| all.add_category(path));
        all.categories.into_iter().collect()
    }

    fn texts(paths: &[&str]) -> Vec<String> {
        let paths: Vec<CategoryPath> = paths.iter().map(|path| path.parse().unwrap()).collect();
        with_parents(&paths).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn parents_are_added_and_come_first() {
        assert_eq!(texts(&["Root/B/C", "Root/A"]), ["Root", "Root/A", "Root/B", "Root/B/C"]);
        assert_eq!(texts(&[]), Vec::<String>::new());
    }

    #[test]
    fn a_name_with_a_slash_is_one_level() {
        assert_eq!(texts(&["Root/\"B/C\""]), ["Root", "Root/\"B/C\""]);
    }

    proptest! {
        #[test]
        fn every_path_comes_once_behind_its_parent(paths in prop::collection::vec("[a-c](/[a-c]){0,3}", 0..10)) {
            let paths: Vec<CategoryPath> = paths.iter().map(|path| path.parse().unwrap()).collect();
            let ordered = with_parents(&paths);
            for (index, path) in ordered.iter().enumerate() {
                prop_assert!(!ordered[index + 1..].contains(path));
                prop_assert!(path.parent().is_none_or(|parent| ordered[..index].contains(&parent)));
            }
            prop_assert!(paths.iter().all(|path| ordered.contains(path)));
            let mut turned = paths;
            turned.reverse();
            prop_assert_eq!(with_parents(&turned), ordered);
        }
    }
}
