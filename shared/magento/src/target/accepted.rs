//! What of products the shop has accepted, as digests of the rows that said it: rows that say the same again need not be
//! compared with the shop at all.
//!
//! Before anything is sent of a product, all that is remembered of it is forgotten; once the shop has done it, the digest of
//! its rows is remembered. So whoever dies in between only makes the shop be asked again.

use std::collections::{BTreeMap, BTreeSet};

use catalog::target;
use import::entity::product::ProductChange;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{MagentoTarget, images};
use crate::client::{ShopScope, sku_key};

/// What rows said of a product in one scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AcceptedRows {
    /// The product, as skus compare.
    sku: String,
    /// What kind of rows, and for whom they speak.
    slot: String,
    digest: String,
}

/// Digests by slot.
type Slots = BTreeMap<String, String>;

/// Digests of all rows of a block, by scope and sku.
pub(super) type BlockDigests = BTreeMap<(ShopScope, String), AcceptedRows>;

impl MagentoTarget {
    /// Returns the digests of rows, each with what it says of products that are there; nothing if there is no memory.
    pub(super) async fn digests(
        &self,
        kind: &str,
        rows: &[[Option<&ProductChange>; 2]],
    ) -> Result<BlockDigests, target::Error> {
        let mut digests = BlockDigests::new();
        if self.memory.is_none() {
            return Ok(digests);
        }
        let mut said: BTreeMap<(ShopScope, String), Sha256> = BTreeMap::new();
        for row in rows {
            for change in row.iter().flatten() {
                let key = (ShopScope::of(change.store_view.as_deref()), sku_key(&change.sku));
                let hash = said.entry(key).or_default();
                hash.update(serde_json::to_vec(change).expect("it has text keys only"));
                // Another content in the same file is another image.
                hash.update(images::contents_of(self, change).await?);
            }
        }
        for ((scope, sku), hash) in said {
            let slot = format!("{kind}/{}", scope.code());
            let digest = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            digests.insert((scope, sku.clone()), AcceptedRows { sku, slot, digest });
        }
        Ok(digests)
    }

    /// Returns the rows that the shop has accepted as they are.
    pub(super) async fn known_rows(
        &self,
        digests: &BlockDigests,
    ) -> Result<BTreeSet<(ShopScope, String)>, target::Error> {
        if self.asks_in_full {
            return Ok(BTreeSet::new());
        }
        let keys: BTreeSet<String> = digests.values().map(AcceptedRows::key).collect();
        let kept = self.recall(&keys.into_iter().collect::<Vec<_>>()).await?;
        let is_known = |rows: &AcceptedRows| slots(kept.get(&rows.key())).get(&rows.slot) == Some(&rows.digest);
        Ok(digests.iter().filter(|(_, rows)| is_known(rows)).map(|(place, _)| place.clone()).collect())
    }

    /// Remembers rows that the shop has accepted.
    pub(super) async fn remember(&self, accepted: Vec<AcceptedRows>) -> Result<(), target::Error> {
        let keys: BTreeSet<String> = accepted.iter().map(AcceptedRows::key).collect();
        let kept = self.recall(&keys.into_iter().collect::<Vec<_>>()).await?;
        let mut records: BTreeMap<String, Slots> = BTreeMap::new();
        for rows in accepted {
            let of_product = records.entry(rows.key()).or_insert_with_key(|key| slots(kept.get(key)));
            of_product.insert(rows.slot, rows.digest);
        }
        let text = |slots: &Slots| serde_json::to_string(slots).expect("it has texts only");
        self.keep(records.iter().map(|(key, slots)| (key.clone(), text(slots))).collect()).await
    }

    /// Forgets what the shop has accepted of products, because something else is sent of them.
    pub(super) async fn forget_accepted<'s>(
        &self,
        skus: impl IntoIterator<Item = &'s str>,
    ) -> Result<(), target::Error> {
        let keys: BTreeSet<String> = skus.into_iter().map(|sku| key_of(&sku_key(sku))).collect();
        self.forget(&keys.into_iter().collect::<Vec<_>>()).await
    }
}

impl AcceptedRows {
    fn key(&self) -> String {
        key_of(&self.sku)
    }
}

fn key_of(sku: &str) -> String {
    format!("accepted/{sku}")
}

fn slots(text: Option<&String>) -> Slots {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}
