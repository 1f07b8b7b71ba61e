//! What a change does to a product.
//!
//! A change that says nothing about a part leaves it alone, one that clears it removes it, and one that sets it
//! replaces all of it: the categories of a row are *the* categories.
//!
//! **Invariant:** applying the same change a second time never changes anything, relative quantities included.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::change::{ImageChange, ProductChange, ProductType, ProductValue, QuantityChange};
use super::stock::{follow_quantity, follow_source};
use super::thing::{Image, Product, StoreViewContent};
use crate::configuration::ListPart;
use crate::entity::stated::Stated;
use crate::entity::thing::ChangeEffect;
use crate::name_key::name_key;
use crate::{number, url_key};

/// Relative changes of a quantity that are remembered. A repeated step repeats its latest ones.
const MAX_QUANTITY_CHANGES: usize = 50;

/// Why a change cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// A product stays what it is.
    #[error("product `{sku}` is {from} and cannot become {to}")]
    TypeChange {
        /// The product.
        sku: String,
        /// What it is.
        from: ProductType,
        /// What the row says.
        to: ProductType,
    },
    /// The quantities cannot be added.
    #[error("quantity `{add}` cannot be added to that of product `{sku}`")]
    Quantity {
        /// The product.
        sku: String,
        /// What the row says.
        add: String,
    },
}

/// Why a change does not make a new product.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreateError {
    /// The row speaks for a store view of a product that does not exist.
    #[error("product `{sku}` does not exist; a row for store view `{store_view}` cannot create it")]
    StoreView {
        /// The product.
        sku: String,
        /// The store view.
        store_view: String,
    },
    /// The row lacks something that every product has.
    #[error("product `{sku}` is new, but the row has no `{column}`")]
    Missing {
        /// The product.
        sku: String,
        /// What it lacks.
        column: &'static str,
    },
    /// What the row has cannot be applied.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

impl Product {
    /// Makes a new product of a change.
    ///
    /// # Errors
    /// Fails if the change is that of a store view, or lacks the product type or the attribute set.
    pub fn create(change: &ProductChange) -> Result<Self, CreateError> {
        let missing = |column| CreateError::Missing { sku: change.sku.clone(), column };
        if let Some(store_view) = &change.store_view {
            return Err(CreateError::StoreView { sku: change.sku.clone(), store_view: store_view.clone() });
        }
        let mut product = Self {
            sku: change.sku.clone(),
            product_type: change.product_type.ok_or_else(|| missing("product_type"))?,
            attribute_set: change.attribute_set.clone().ok_or_else(|| missing("attribute_set_code"))?,
            websites: Vec::new(),
            categories: Vec::new(),
            default: StoreViewContent::default(),
            store_views: BTreeMap::new(),
            stock: BTreeMap::new(),
            quantity_changes: Vec::new(),
            source_items: Vec::new(),
            tier_prices: Vec::new(),
            links: BTreeMap::new(),
            associated: Vec::new(),
            variations: Vec::new(),
            variation_labels: BTreeMap::new(),
            variation_positions: BTreeMap::new(),
            bundle_values: Vec::new(),
            bundle_positions: BTreeMap::new(),
            downloadable_links: Vec::new(),
            downloadable_samples: Vec::new(),
        };
        // Whether an empty product becomes another one by this does not matter: it is new.
        let _ = product.apply(change)?;
        product.name_address();
        Ok(product)
    }

    /// Gives a new product an address made of its name, unless its row states one.
    pub(in crate::entity) fn name_address(&mut self) {
        let values = &mut self.default.values;
        if let (None, Some(ProductValue::Text(name))) = (values.get("url_key"), values.get("name"))
            && let key = url_key::from_text(name)
            && !key.is_empty()
        {
            values.insert("url_key".to_owned(), ProductValue::Text(key));
        }
    }

    /// Merges a change: what it does not state stays, what it clears goes, what it sets replaces.
    ///
    /// # Errors
    /// Fails, and changes nothing, if the row says that the product is of another type, or if quantities cannot be
    /// added.
    pub fn apply(&mut self, change: &ProductChange) -> Result<ChangeEffect, ApplyError> {
        let mut product = self.clone();
        match &change.store_view {
            None => product.apply_to_all(change)?,
            Some(code) => {
                let shown = product.store_views.entry(code.clone()).or_default();
                shown.apply(change);
                if *shown == StoreViewContent::default() {
                    product.store_views.remove(code);
                }
            }
        }
        if *self == product {
            return Ok(ChangeEffect::Unchanged);
        }
        *self = product;
        Ok(ChangeEffect::Changed)
    }

    fn apply_to_all(&mut self, change: &ProductChange) -> Result<(), ApplyError> {
        let before = self.clone();
        if let Some(to) = change.product_type.filter(|to| *to != self.product_type) {
            return Err(ApplyError::TypeChange { sku: self.sku.clone(), from: self.product_type, to });
        }
        if let Some(attribute_set) = &change.attribute_set {
            self.attribute_set.clone_from(attribute_set);
        }
        self.apply_lists(change);
        self.default.apply(change);
        for (column, stated) in &change.stock {
            merge(&mut self.stock, column, stated);
        }
        Stated::replace(change.source_items.as_ref(), &mut self.source_items);
        Stated::replace(change.tier_prices.as_ref(), &mut self.tier_prices);
        Stated::replace(change.associated.as_ref(), &mut self.associated);
        Stated::replace(change.variation_labels.as_ref(), &mut self.variation_labels);
        Stated::replace(change.variation_positions.as_ref(), &mut self.variation_positions);
        Stated::replace(change.bundle_values.as_ref(), &mut self.bundle_values);
        Stated::replace(change.bundle_positions.as_ref(), &mut self.bundle_positions);
        Stated::replace(change.downloadable_links.as_ref(), &mut self.downloadable_links);
        Stated::replace(change.downloadable_samples.as_ref(), &mut self.downloadable_samples);
        if let Some(quantity) = &change.quantity_change {
            self.add_quantity(quantity)?;
        }
        follow_quantity(&before, self, change);
        follow_source(self, change);
        Ok(())
    }

    /// Applies the lists that a change replaces or adds to.
    fn apply_lists(&mut self, change: &ProductChange) {
        let adds_to = |part: ListPart| change.added_to.contains(&part);
        match adds_to(ListPart::Websites) {
            true => add(change.websites.as_ref(), &mut self.websites, Clone::clone),
            false => Stated::replace(change.websites.as_ref(), &mut self.websites),
        }
        self.websites.sort_unstable();
        self.websites.dedup();
        match adds_to(ListPart::Categories) {
            true => add(change.categories.as_ref(), &mut self.categories, |link| link.path.key()),
            false => Stated::replace(change.categories.as_ref(), &mut self.categories),
        }
        for (link_type, stated) in &change.links {
            match (adds_to(ListPart::Links), stated) {
                (true, Stated::Set(_)) => {
                    let stored = self.links.entry(*link_type).or_default();
                    add(Some(stated), stored, |link| name_key(&link.sku));
                }
                (true, Stated::Clear) | (false, _) => merge(&mut self.links, link_type, stated),
            }
        }
        match adds_to(ListPart::Variants) {
            true => add(change.variations.as_ref(), &mut self.variations, |variation| name_key(&variation.sku)),
            false => Stated::replace(change.variations.as_ref(), &mut self.variations),
        }
    }

    fn add_quantity(&mut self, change: &QuantityChange) -> Result<(), ApplyError> {
        if self.quantity_changes.contains(&change.id) {
            return Ok(());
        }
        let stored = self.stock.get("qty").map_or("0", String::as_str);
        let quantity = number::sum(stored, &change.add)
            .ok_or_else(|| ApplyError::Quantity { sku: self.sku.clone(), add: change.add.clone() })?;
        self.stock.insert("qty".to_owned(), quantity);
        self.remember_quantity_change(&change.id);
        Ok(())
    }

    /// Takes note of a relative change, so that it is not made twice.
    pub(in crate::entity) fn remember_quantity_change(&mut self, id: &str) {
        self.quantity_changes.push(id.to_owned());
        let forgotten = self.quantity_changes.len().saturating_sub(MAX_QUANTITY_CHANGES);
        self.quantity_changes.drain(..forgotten);
    }
}

impl StoreViewContent {
    fn apply(&mut self, change: &ProductChange) {
        for (code, stated) in &change.values {
            merge(&mut self.values, code, stated);
        }
        for (role, image) in &change.images {
            let stored = self.images.entry(role.clone()).or_default();
            stored.apply(image);
            if *stored == Image::default() {
                self.images.remove(role);
            }
        }
        match change.added_to.contains(&ListPart::AdditionalImages) {
            true => add(change.additional_images.as_ref(), &mut self.additional_images, |image| image.path.clone()),
            false => Stated::replace(change.additional_images.as_ref(), &mut self.additional_images),
        }
        Stated::replace(change.hidden_images.as_ref(), &mut self.hidden_images);
        Stated::replace(change.videos.as_ref(), &mut self.videos);
        Stated::replace(change.custom_options.as_ref(), &mut self.custom_options);
        Stated::replace(change.old_url_keys.as_ref(), &mut self.old_url_keys);
    }
}

impl Image {
    fn apply(&mut self, change: &ImageChange) {
        match &change.path {
            Some(Stated::Set(path)) => self.path = Some(path.clone()),
            // Label and position belong to the image that goes.
            Some(Stated::Clear) => *self = Self::default(),
            None => {}
        }
        match &change.label {
            Some(Stated::Set(label)) => self.label = Some(label.clone()),
            Some(Stated::Clear) => self.label = None,
            None => {}
        }
        self.position = change.position.or(self.position);
    }
}

/// Puts the parts of a list that a row names into a stored one, each in the place of the one with its key.
fn add<T: Clone, K: PartialEq>(stated: Option<&Stated<Vec<T>>>, stored: &mut Vec<T>, key: impl Fn(&T) -> K) {
    match stated {
        Some(Stated::Set(parts)) => {
            for part in parts {
                let of_part = key(part);
                match stored.iter_mut().find(|stored| key(stored) == of_part) {
                    Some(stored) => stored.clone_from(part),
                    None => stored.push(part.clone()),
                }
            }
        }
        Some(Stated::Clear) => stored.clear(),
        None => {}
    }
}

fn merge<K: Ord + Clone, V: Clone>(stored: &mut BTreeMap<K, V>, key: &K, stated: &Stated<V>) {
    match stated {
        Stated::Set(value) => {
            stored.insert(key.clone(), value.clone());
        }
        Stated::Clear => {
            stored.remove(key);
        }
    }
}
