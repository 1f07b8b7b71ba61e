//! Products with their values by attribute and store view.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value};

/// A link to another product.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// `related`, `upsell`, `crosssell` or `associated`.
    pub kind: String,
    /// Id of the other one.
    pub product: i64,
    pub position: i64,
    pub qty: Option<f64>,
}

/// A price from a quantity on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TierPrice {
    pub website: i64,
    pub group: i64,
    pub qty: f64,
    /// An amount, or a discount in percent.
    pub value: Tier,
}

/// How a tier price is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Tier {
    Fixed(f64),
    Percent(f64),
}

/// An image.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub id: i64,
    pub media_type: String,
    pub file: String,
    pub position: i64,
    /// Label and whether it is hidden, by store view.
    pub labels: BTreeMap<u32, (Option<String>, bool)>,
    /// Content in base64, and its MIME type.
    pub content: (String, String),
}

/// An attribute that tells variants apart.
#[derive(Debug, Clone)]
pub(crate) struct VariantOption {
    pub id: i64,
    pub attribute: i64,
    pub label: String,
    pub position: i64,
    pub values: Vec<i64>,
}

/// The stock item of the times before sources; it follows the default source.
#[derive(Debug, Clone, Default)]
pub(crate) struct StockItem {
    pub id: i64,
    pub qty: Option<f64>,
    pub is_in_stock: bool,
    pub low_stock_date: Option<String>,
    /// Whether the shop itself turned the flag.
    pub is_auto: bool,
    /// Settings that differ from the defaults.
    pub settings: Map<String, Value>,
}

/// A product.
#[derive(Debug, Clone, Default)]
pub(crate) struct Product {
    pub id: i64,
    pub sku: String,
    pub kind: String,
    pub set: i64,
    pub created_at: String,
    pub updated_at: String,
    /// Values by attribute code and store view, as the database has them.
    pub values: BTreeMap<String, BTreeMap<u32, String>>,
    pub websites: BTreeSet<u32>,
    /// Category and position.
    pub categories: Vec<(i64, i64)>,
    pub stock: StockItem,
    pub links: Vec<Link>,
    pub tiers: Vec<TierPrice>,
    pub images: Vec<Image>,
    /// Custom options as they are answered.
    pub options: Vec<Map<String, Value>>,
    pub variant_options: Vec<VariantOption>,
    pub variants: Vec<i64>,
    pub bundle_options: Vec<Map<String, Value>>,
    pub download_links: Vec<Map<String, Value>>,
    pub download_samples: Vec<Map<String, Value>>,
    /// Whether it ever had a required option: nothing takes that back.
    pub had_required_options: bool,
    pub had_options: bool,
}

impl Product {
    /// A value as a store view sees it.
    pub(crate) fn value(&self, code: &str, store: u32) -> Option<&str> {
        let stores = self.values.get(code)?;
        stores.get(&store).or_else(|| stores.get(&0)).map(String::as_str)
    }

    /// A value as a number.
    pub(crate) fn decimal(&self, code: &str, store: u32) -> Option<f64> {
        self.value(code, store)?.parse().ok()
    }

    pub(crate) fn put(&mut self, code: &str, store: u32, value: impl Into<String>) {
        self.values.entry(code.to_owned()).or_default().insert(store, value.into());
    }

    pub(crate) fn clear(&mut self, code: &str, store: u32) {
        if let Some(stores) = self.values.get_mut(code) {
            stores.remove(&store);
        }
    }
}

/// All products. Ids are unique, SKUs are not: parallel creates of one SKU all succeed.
#[derive(Debug, Clone)]
pub(crate) struct Products {
    pub list: BTreeMap<i64, Product>,
    skus: HashMap<String, Vec<i64>>,
    url_keys: HashMap<String, BTreeSet<i64>>,
    pub next: i64,
    pub next_stock_item: i64,
    pub next_image: i64,
    pub next_option: i64,
    pub next_option_value: i64,
    pub next_variant_option: i64,
    pub next_bundle_option: i64,
    pub next_bundle_link: i64,
    pub next_download: i64,
}

impl Default for Products {
    fn default() -> Self {
        Self {
            list: BTreeMap::new(),
            skus: HashMap::new(),
            url_keys: HashMap::new(),
            next: 1,
            next_stock_item: 1,
            next_image: 1,
            next_option: 1,
            next_option_value: 1,
            next_variant_option: 1,
            next_bundle_option: 1,
            next_bundle_link: 1,
            next_download: 1,
        }
    }
}

/// What SKUs are compared by: neither case nor a space at the end counts.
pub(crate) fn key(sku: &str) -> String {
    sku.trim_end_matches(' ').to_lowercase()
}

impl Products {
    /// The product of a SKU, the first one if several share it.
    pub(crate) fn by_sku(&self, sku: &str) -> Option<&Product> {
        self.id_of(sku).and_then(|id| self.list.get(&id))
    }

    pub(crate) fn by_sku_mut(&mut self, sku: &str) -> Option<&mut Product> {
        self.id_of(sku).and_then(|id| self.list.get_mut(&id))
    }

    pub(crate) fn id_of(&self, sku: &str) -> Option<i64> {
        self.skus.get(&key(sku)).and_then(|ids| ids.first()).copied()
    }

    /// The products of some SKUs, by id.
    pub(crate) fn by_skus(&self, skus: &[&str]) -> Vec<&Product> {
        let ids: BTreeSet<i64> = skus.iter().filter_map(|sku| self.skus.get(&key(sku))).flatten().copied().collect();
        ids.iter().filter_map(|id| self.list.get(id)).collect()
    }

    /// Ids of products whose address has this key in any store view.
    pub(crate) fn with_url_key(&self, url_key: &str) -> impl Iterator<Item = &Product> {
        self.url_keys.get(url_key).into_iter().flatten().filter_map(|id| self.list.get(id))
    }

    /// Writes a product, new or changed.
    pub(crate) fn put(&mut self, product: Product) {
        self.forget(product.id);
        let ids = self.skus.entry(key(&product.sku)).or_default();
        ids.push(product.id);
        ids.sort_unstable();
        for url_key in product.values.get("url_key").into_iter().flat_map(BTreeMap::values) {
            self.url_keys.entry(url_key.clone()).or_default().insert(product.id);
        }
        self.list.insert(product.id, product);
    }

    /// Removes a product.
    pub(crate) fn remove(&mut self, id: i64) -> Option<Product> {
        self.forget(id);
        self.list.remove(&id)
    }

    fn forget(&mut self, id: i64) {
        let Some(old) = self.list.get(&id) else { return };
        if let Some(ids) = self.skus.get_mut(&key(&old.sku)) {
            ids.retain(|one| *one != id);
        }
        for url_key in old.values.get("url_key").into_iter().flat_map(BTreeMap::values) {
            if let Some(ids) = self.url_keys.get_mut(url_key) {
                ids.remove(&id);
            }
        }
    }
}

/// Gives the next number of a counter.
pub(crate) fn next(counter: &mut i64) -> i64 {
    *counter += 1;
    *counter - 1
}
