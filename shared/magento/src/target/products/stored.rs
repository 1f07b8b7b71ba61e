//! What the shop has of the products that rows speak of.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{ProductRow, downloads, variations};
use crate::client::{Error, ShopScope, sku_key};
use crate::target::relations::{NAMED_FIELDS, NamedProducts, listed};
use crate::target::{MagentoTarget, bundle, existing};

/// What the shop has, by scope.
pub(super) struct Stored {
    by_scope: BTreeMap<ShopScope, existing::Products>,
    /// Products that the shop has open since before this attempt.
    pub(super) open: BTreeSet<String>,
    /// Products that this attempt has sent already.
    pub(super) sent: BTreeSet<String>,
    /// The products that rows name, as far as they are there.
    pub(super) named: NamedProducts,
    /// What lies where, of products whose rows say it.
    pub(super) source_items: existing::SourceItems,
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
        for (scope, skus) in skus {
            let mut found = existing::products(client, &scope, skus, "").await?;
            if scope == ShopScope::Global {
                for (parts, keys) in keys_by_parts(rows, &found) {
                    existing::add_parts(client, &mut found, (&keys, &parts)).await?;
                }
            }
            by_scope.insert(scope, found);
        }
        let named = existing::products(client, &ShopScope::Global, names(rows), NAMED_FIELDS).await?;
        let placed = rows.iter().filter(|row| row.change.source_items.is_some());
        let placed: BTreeSet<&str> = placed.map(|row| row.change.sku.as_str()).collect();
        let source_items = existing::source_items(client, placed).await?;
        let open = target.in_flight.open_skus(client).await?;
        let keys = rows.iter().map(|row| sku_key(&row.change.sku));
        let sent = keys.filter(|key| target.in_flight.has_sent(key)).collect();
        Ok(Self { by_scope, open, sent, named, source_items })
    }

    pub(super) fn get(&self, scope: &ShopScope, sku: &str) -> Option<&Value> {
        self.by_scope.get(scope)?.get(&sku_key(sku))
    }

    /// Says whether the shop has a product, or will have it before anything that is sent now.
    pub(super) fn is_there(&self, sku: &str) -> bool {
        self.get(&ShopScope::Global, sku).is_some() || self.sent.contains(&sku_key(sku))
    }
}

/// What lists leave out of products and rows speak of: the products that are asked for each combination of parts.
fn keys_by_parts(rows: &[ProductRow], found: &existing::Products) -> BTreeMap<Vec<&'static str>, Vec<String>> {
    let mut parts: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for ProductRow { change, .. } in rows.iter().filter(|row| found.contains_key(&sku_key(&row.change.sku))) {
        let of_product = parts.entry(sku_key(&change.sku)).or_default();
        of_product.extend((!change.stock.is_empty()).then_some("stock_item"));
        of_product.extend(change.variations.iter().flat_map(|_| variations::PARTS));
        of_product.extend(change.bundle_values.iter().map(|_| bundle::PART));
        of_product.extend(change.downloadable_links.iter().map(|_| downloads::PARTS[0]));
        of_product.extend(change.downloadable_samples.iter().map(|_| downloads::PARTS[1]));
    }
    let mut keys: BTreeMap<Vec<&'static str>, Vec<String>> = BTreeMap::new();
    for (key, parts) in parts.into_iter().filter(|(_, parts)| !parts.is_empty()) {
        keys.entry(parts.into_iter().collect()).or_default().push(key);
    }
    keys
}

/// Every product that rows name beside those that they are about.
fn names(rows: &[ProductRow]) -> BTreeSet<&str> {
    let mut names: BTreeSet<&str> = rows.iter().flat_map(|row| variations::skus(&row.change)).collect();
    for ProductRow { change, .. } in rows {
        names.extend(change.links.values().flat_map(listed).map(|link| link.sku.as_str()));
        names.extend(change.associated.iter().flat_map(listed).map(|member| member.sku.as_str()));
        let selections = change.bundle_values.iter().flat_map(listed);
        names.extend(selections.filter_map(|pairs| pairs.get("sku")).map(|sku| sku.trim()));
    }
    names
}
