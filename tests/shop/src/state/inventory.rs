//! Sources, stocks, quantities and what the index knows of them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::product::key;

/// A quantity at a source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SourceItem {
    /// As it was sent first.
    pub sku: String,
    pub source: String,
    pub quantity: f64,
    pub status: i64,
}

/// A stock, which sells what lies at its sources.
#[derive(Debug, Clone)]
pub(crate) struct Stock {
    pub id: i64,
    pub name: String,
    /// Codes of the websites it serves.
    pub websites: Vec<String>,
    /// Code and priority of its sources.
    pub sources: Vec<(String, i64)>,
}

/// Everything about quantities.
#[derive(Debug, Clone)]
pub(crate) struct Inventory {
    /// Fields of sources by code.
    pub sources: BTreeMap<String, Map<String, Value>>,
    pub stocks: BTreeMap<i64, Stock>,
    /// By SKU without case, then source.
    pub items: BTreeMap<(String, String), SourceItem>,
    /// What orders hold back (negative), by SKU without case and stock.
    pub reservations: BTreeMap<(String, i64), f64>,
    /// What the index says is there, by SKU without case and stock. Without an entry nothing can be sold.
    pub index: BTreeMap<(String, i64), f64>,
    pub next_stock: i64,
    /// Whether a quantity is in the index as soon as it is written.
    pub indexes_at_once: bool,
}

/// The source that is there from the start.
pub(crate) const DEFAULT_SOURCE: &str = "default";
/// The stock that is there from the start.
pub(crate) const DEFAULT_STOCK: i64 = 1;

impl Inventory {
    pub(crate) fn installed() -> Self {
        let source = json!({
            "source_code": "default", "name": "Default Source", "enabled": true, "description": "Default Source", "latitude": 0,
            "longitude": 0, "country_id": "US", "postcode": "00000", "use_default_carrier_config": true, "carrier_links": [],
            "extension_attributes": {"is_pickup_location_active": false, "frontend_name": ""},
        });
        let stock = Stock {
            id: DEFAULT_STOCK,
            name: "Default Stock".to_owned(),
            websites: vec!["base".to_owned(), "b2b".to_owned()],
            sources: vec![(DEFAULT_SOURCE.to_owned(), 1)],
        };
        Self {
            sources: [(DEFAULT_SOURCE.to_owned(), source.as_object().cloned().unwrap_or_default())].into(),
            stocks: [(DEFAULT_STOCK, stock)].into(),
            items: BTreeMap::new(),
            reservations: BTreeMap::new(),
            index: BTreeMap::new(),
            next_stock: 2,
            indexes_at_once: false,
        }
    }

    /// Writes a quantity; the spelling of the SKU stays that of the first writer.
    pub(crate) fn put(&mut self, item: SourceItem) {
        let place = (key(&item.sku), item.source.clone());
        let sku = self.items.get(&place).map_or_else(|| item.sku.clone(), |old| old.sku.clone());
        self.items.insert(place, SourceItem { sku: sku.clone(), ..item });
        if self.indexes_at_once {
            self.index_sku(&sku);
        }
    }

    /// What the sources of a stock hold of a SKU, or nothing if none of them has it.
    pub(crate) fn quantity(&self, sku: &str, stock: i64) -> Option<f64> {
        let sources = &self.stocks.get(&stock)?.sources;
        let quantities = sources.iter().filter_map(|(source, _)| self.items.get(&(key(sku), source.clone())));
        let quantities: Vec<f64> = quantities.map(|item| if item.status == 1 { item.quantity } else { 0.0 }).collect();
        (!quantities.is_empty()).then(|| quantities.iter().sum())
    }

    /// Runs the index of one SKU.
    pub(crate) fn index_sku(&mut self, sku: &str) {
        for stock in self.stocks.keys().copied().collect::<Vec<_>>() {
            match self.quantity(sku, stock) {
                Some(quantity) => self.index.insert((key(sku), stock), quantity),
                None => self.index.remove(&(key(sku), stock)),
            };
        }
    }

    /// Runs the whole index.
    pub(crate) fn index_all(&mut self) {
        let mut skus: Vec<String> = self.items.keys().map(|(sku, _)| sku.clone()).collect();
        skus.dedup();
        for sku in skus {
            self.index_sku(&sku);
        }
    }

    /// What can be sold.
    pub(crate) fn salable(&self, sku: &str, stock: i64) -> f64 {
        let place = (key(sku), stock);
        self.index.get(&place).map_or(0.0, |indexed| indexed + self.reservations.get(&place).unwrap_or(&0.0))
    }

    /// Holds back (negative) or gives free what an order needs.
    pub(crate) fn reserve(&mut self, sku: &str, quantity: f64) {
        *self.reservations.entry((key(sku), DEFAULT_STOCK)).or_insert(0.0) += quantity;
    }

    /// Takes pieces from the default source, or puts them back (negative).
    pub(crate) fn take(&mut self, sku: &str, quantity: f64) {
        if let Some(item) = self.items.get_mut(&(key(sku), DEFAULT_SOURCE.to_owned())) {
            item.quantity -= quantity;
        }
        self.index_sku(sku);
    }
}
