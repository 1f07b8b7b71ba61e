//! What the shop has of the products that rows speak of.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{ProductRow, variations};
use crate::client::{Error, ShopClient, ShopScope, sku_key};
use crate::target::{MagentoTarget, existing};

/// What the shop has, by scope.
pub(super) struct Stored {
    by_scope: BTreeMap<ShopScope, existing::Products>,
    /// Products that the shop has open since before this attempt.
    pub(super) open: BTreeSet<String>,
    /// Products that this attempt has sent already.
    pub(super) sent: BTreeSet<String>,
    /// Numbers of the products that are variations of others.
    pub(super) variations: BTreeMap<String, i64>,
}

impl Stored {
    pub(super) async fn read(target: &MagentoTarget, rows: &[ProductRow]) -> Result<Self, Error> {
        let client = target.client.as_ref();
        let mut skus: BTreeMap<ShopScope, BTreeSet<&str>> = BTreeMap::new();
        for row in rows {
            let sku = row.change.sku.as_str();
            skus.entry(ShopScope::Global).or_default().insert(sku);
            skus.entry(ShopScope::of(row.change.store_view.as_deref())).or_default().insert(sku);
        }
        let mut by_scope = BTreeMap::new();
        let variations = read_variations(client, rows).await?;
        let has_variations = rows.iter().filter(|row| row.change.variations.is_some());
        let has_variations: BTreeSet<String> = has_variations.map(|row| sku_key(&row.change.sku)).collect();
        let says_stock = rows.iter().filter(|row| !row.change.stock.is_empty());
        let says_stock: BTreeSet<String> = says_stock.map(|row| sku_key(&row.change.sku)).collect();
        for (scope, skus) in skus {
            let mut found = existing::products(client, &scope, skus, "").await?;
            if scope == ShopScope::Global {
                let of =
                    |wanted: &BTreeSet<String>| found.keys().filter(|key| wanted.contains(*key)).cloned().collect();
                let (stock, variations): (Vec<String>, Vec<String>) = (of(&says_stock), of(&has_variations));
                existing::add_parts(client, &mut found, (&stock, &["stock_item"])).await?;
                existing::add_parts(client, &mut found, (&variations, &variations::PARTS)).await?;
            }
            by_scope.insert(scope, found);
        }
        let open = target.in_flight.open_skus(client).await?;
        let keys = rows.iter().map(|row| sku_key(&row.change.sku));
        let sent = keys.filter(|key| target.in_flight.has_sent(key)).collect();
        Ok(Self { by_scope, open, sent, variations })
    }

    pub(super) fn get(&self, scope: &ShopScope, sku: &str) -> Option<&Value> {
        self.by_scope.get(scope)?.get(&sku_key(sku))
    }

    /// Says whether the shop has a product, or will have it before anything that is sent now.
    pub(super) fn is_there(&self, sku: &str) -> bool {
        self.get(&ShopScope::Global, sku).is_some() || self.sent.contains(&sku_key(sku))
    }
}

/// Reads the numbers of all products that rows name as variations.
async fn read_variations(client: &ShopClient, rows: &[ProductRow]) -> Result<BTreeMap<String, i64>, Error> {
    let skus: BTreeSet<&str> = rows.iter().flat_map(|row| variations::skus(&row.change)).collect();
    let found = existing::products(client, &ShopScope::Global, skus, "id,sku").await?;
    Ok(found.into_iter().filter_map(|(key, product)| Some((key, product["id"].as_i64()?))).collect())
}
