//! Who uses what a shop is about to lose.

use std::collections::HashMap;

use serde::Serialize;

use super::difference::{Kind, ShopName};
use crate::entity::customer::Customer;
use crate::entity::product::{Product, ProductValue, StoreViewContent};
use crate::name_key::name_key;

/// Counts the things that use what is removed.
#[derive(Debug, Clone)]
pub struct Usage {
    removed: Vec<ShopName>,
    places: HashMap<(Kind, Option<String>, String), usize>,
    used: Vec<(u64, String)>,
}

/// Something that is removed although it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsedName {
    /// What is removed.
    pub name: ShopName,
    /// How many products or customers use it.
    pub used_by: u64,
    /// The first of them.
    pub example: String,
}

impl Usage {
    /// Begins to count.
    #[must_use]
    pub fn new(removed: &[ShopName]) -> Self {
        let place = |(index, name): (usize, &ShopName)| ((name.kind, name.of.clone(), name.key.clone()), index);
        Self {
            places: removed.iter().enumerate().map(place).collect(),
            used: vec![(0, String::new()); removed.len()],
            removed: removed.to_vec(),
        }
    }

    /// Counts a product.
    pub fn count_product(&mut self, product: &Product) {
        let mut found = Vec::new();
        let mut uses = |kind, of: Option<&str>, key: String| {
            found.extend(self.places.get(&(kind, of.map(str::to_owned), key)).copied());
        };
        product.websites.iter().for_each(|code| uses(Kind::Website, None, code.clone()));
        product.store_views.keys().for_each(|code| uses(Kind::StoreView, None, code.clone()));
        uses(Kind::AttributeSet, None, name_key(&product.attribute_set));
        product.source_items.iter().for_each(|item| uses(Kind::Source, None, item.source.clone()));
        product.tier_prices.iter().for_each(|price| uses(Kind::CustomerGroup, None, price.customer_group.clone()));
        product.categories.iter().for_each(|link| uses(Kind::Category, None, link.path.key()));
        for shown in product.store_views.values().chain([&product.default]) {
            uses_of_content(shown, &mut uses);
        }
        for variation in &product.variations {
            variation.options.iter().for_each(|(code, label)| uses(Kind::Option, Some(code), name_key(label)));
        }
        self.count(found, &format!("product `{}`", product.sku));
    }

    /// Counts a customer.
    pub fn count_customer(&mut self, customer: &Customer) {
        let mut found = Vec::new();
        let mut uses = |kind, key: &str| found.extend(self.places.get(&(kind, None, key.to_owned())).copied());
        uses(Kind::Website, &customer.website);
        customer.store_view.iter().for_each(|code| uses(Kind::StoreView, code));
        customer.group.iter().for_each(|group| uses(Kind::CustomerGroup, group));
        // Whose it is must not stand in a message.
        self.count(found, "a customer");
    }

    /// Returns what is used.
    #[must_use]
    pub fn used(self) -> Vec<UsedName> {
        let counted = self.removed.into_iter().zip(self.used);
        let used = counted.filter(|(_, (count, _))| *count > 0);
        used.map(|(name, (used_by, example))| UsedName { name, used_by, example }).collect()
    }

    /// Counts a thing once for each name, however often it uses it.
    fn count(&mut self, mut found: Vec<usize>, example: &str) {
        found.sort_unstable();
        found.dedup();
        for index in found {
            let (count, first) = &mut self.used[index];
            *count += 1;
            if *count == 1 {
                example.clone_into(first);
            }
        }
    }
}

fn uses_of_content(shown: &StoreViewContent, uses: &mut impl FnMut(Kind, Option<&str>, String)) {
    for (code, value) in &shown.values {
        uses(Kind::Attribute, None, code.clone());
        match value {
            ProductValue::Text(label) if code == "tax_class_name" => uses(Kind::TaxClass, None, name_key(label)),
            ProductValue::Text(label) => uses(Kind::Option, Some(code), name_key(label)),
            ProductValue::List(labels) => {
                labels.iter().for_each(|label| uses(Kind::Option, Some(code), name_key(label)));
            }
        }
    }
    shown.images.keys().for_each(|role| uses(Kind::Attribute, None, role.clone()));
}
