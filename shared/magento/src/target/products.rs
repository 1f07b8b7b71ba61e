//! Products: what rows say becomes a body, is compared with what the shop has, and goes into lists.
//!
//! `values.rs` turns values into the shop's, `body.rs` puts them together, `stock_item.rs`, `tiers.rs`, `variations.rs`,
//! `custom_options.rs` and `downloads.rs` are parts of it, `group.rs` takes all rows of a product, `stored.rs` reads what the
//! shop has, `compare.rs` leaves that out, `prepare.rs` decides what is sent at once and what later, `outgoing.rs` sends it.

mod body;
mod compare;
mod custom_options;
mod downloads;
mod group;
mod outgoing;
mod prepare;
mod refusal;
mod stock_item;
mod stored;
#[cfg(test)]
mod tests;
mod tiers;
mod values;
mod variations;

use std::collections::{BTreeMap, BTreeSet};

use catalog::target::{self, Block, BlockOutcome, ItemOutcome};
use import::entity::product::{ProductChange, Products};
use import::operation::Operation;
use serde_json::json;

use super::afterwards::Afterwards;
use super::existing;
use super::in_flight::{HandedBatch, HandedItem, hand_over};
use super::problem::failed;
use super::tally::RowTally;
use super::{MagentoTarget, refused, target_of};
use crate::bulk::BulkRoute;
use crate::client::{Error, ShopCall, ShopClient, ShopScope, sku_key};
use crate::facts::ShopKnowledge;
use group::group;
use outgoing::Outgoing;
use stored::Stored;

target_of!(Products, import_products);

/// A row that says something about a product.
pub(super) struct ProductRow {
    /// Its place in the block.
    pub(super) row: usize,
    /// What it says.
    pub(super) change: ProductChange,
    /// What it says instead if the product is there, where some columns count for new ones only.
    pub(super) if_known: Option<ProductChange>,
}

impl ProductRow {
    /// Says whether it names something that is not known; what is wrong with it otherwise, is found out again.
    fn names_unknown(&self, known: &ShopKnowledge) -> bool {
        let set = self.change.attribute_set.as_deref();
        body::ProductBody::default().take(known, &self.change, (set, self.change.product_type)).is_err()
    }
}

/// Rows of product files, as what is remembered of them is called.
const PRODUCTS: &str = "products";

/// Whether rows may make products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Making {
    Allowed,
    Refused,
}

async fn import_products(target: &MagentoTarget, block: Block<Products>) -> Result<BlockOutcome, target::Error> {
    let known = target.known().await?;
    let mut tally = RowTally::new(&block.file, block.rows.iter().map(|row| row.line).collect());
    let changes = block.rows.into_iter().enumerate();
    let rows: Vec<ProductRow> =
        changes.map(|(row, taken)| ProductRow { row, change: taken.change, if_known: taken.if_known }).collect();
    // Files before this one may have made what rows name.
    let known = if rows.iter().any(|row| row.names_unknown(&known)) { target.refreshed().await? } else { known };
    match block.operation {
        Operation::AddUpdate => {
            write_rows(target, &known, &mut tally, (rows, Making::Allowed, PRODUCTS)).await?;
        }
        Operation::Delete => delete_rows(target, &mut tally, rows).await?,
        Operation::Replace => {
            let problem = "products of a shop are not replaced: it would give them new numbers, which orders and links \
                           refer to; use `add-update`, and `delete` for what shall be gone";
            rows.iter().for_each(|row| tally.refuse(row.row, refused(problem)));
        }
    }
    Ok(tally.finish())
}

/// Changes products that there are, as rows of prices and stock do.
pub(super) async fn import_rows(
    target: &MagentoTarget,
    known: &ShopKnowledge,
    tally: &mut RowTally,
    (kind, rows): (&str, Vec<ProductRow>),
) -> Result<(), target::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    write_rows(target, known, tally, (rows, Making::Refused, kind)).await
}

async fn write_rows(
    target: &MagentoTarget,
    known: &ShopKnowledge,
    tally: &mut RowTally,
    (mut rows, making, kind): (Vec<ProductRow>, Making, &str),
) -> Result<(), target::Error> {
    let client = target.client.as_ref();
    let said: Vec<_> = rows.iter().map(|row| [Some(&row.change), row.if_known.as_ref()]).collect();
    let mut digests = target.digests(kind, &said).await?;
    let known_rows = target.known_rows(&digests).await?;
    // The shop has accepted the same already: it need not even be asked.
    rows.retain(|row| {
        !known_rows.contains(&(ShopScope::of(row.change.store_view.as_deref()), sku_key(&row.change.sku)))
    });
    let stored = Stored::read(target, &rows).await.map_err(failed)?;
    let mut groups = group(known, &stored, tally, (rows, making));
    // What all see comes first: what a store view shows follows from it.
    groups.sort_by_key(|group| group.scope != ShopScope::Global);
    let mut changed = BTreeSet::new();
    let mut outgoing = Outgoing::default();
    for group in groups {
        let store_id = store_id(known, &group.scope);
        let mut group = prepare::prepare(target, &stored, (group, store_id), &changed);
        if let Err(problem) = prepare::fill_files(target, &mut group.body).await? {
            group.rows.iter().for_each(|row| tally.refuse(*row, problem.clone()));
            continue;
        }
        for problem in prepare::put_off_images(target, &stored, &mut group).await? {
            tally.note(group.rows[0], Some("base_image"), problem);
        }
        for category in std::mem::take(&mut group.removed) {
            target.forget_accepted([group.sku.as_str()]).await?;
            take_out_of(client, category, &group.sku).await.map_err(failed)?;
            group.rows.iter().for_each(|row| tally.settle(*row, ItemOutcome::Updated));
        }
        if group.is_new || !group.body.is_empty() {
            changed.insert(sku_key(&group.sku));
        }
        let accepted = digests.remove(&(group.scope.clone(), sku_key(&group.sku)));
        outgoing.take(&stored, tally, (group, store_id), accepted);
    }
    outgoing.send(target, tally).await
}

fn store_id(known: &ShopKnowledge, scope: &ShopScope) -> i64 {
    match scope {
        ShopScope::Global => 0,
        ShopScope::View(code) => known.ids.store_views.get(code).copied().unwrap_or_default(),
    }
}

/// Takes a product out of a category. That it is not there any more is what is wanted.
async fn take_out_of(client: &ShopClient, category: i64, sku: &str) -> Result<(), Error> {
    match client.call(&ShopCall::delete(&["categories", &category.to_string(), "products", sku])).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_not_there() => Ok(()),
        Err(error) => Err(error),
    }
}

async fn delete_rows(target: &MagentoTarget, tally: &mut RowTally, rows: Vec<ProductRow>) -> Result<(), target::Error> {
    let client = target.client.as_ref();
    let skus: BTreeSet<&str> = rows.iter().map(|row| row.change.sku.as_str()).collect();
    let there = existing::products(client, &ShopScope::Global, skus, "sku").await.map_err(failed)?;
    let mut items: BTreeMap<String, HandedItem> = BTreeMap::new();
    for ProductRow { row, change, .. } in rows {
        let key = sku_key(&change.sku);
        if change.store_view.is_some() {
            let problem =
                "what one store view shows of a product is not deleted yet; clear its values with `add-update`";
            tally.refuse(row, refused(problem));
        } else if there.contains_key(&key) {
            let body = json!({ "sku": there[&key]["sku"] });
            items
                .entry(key)
                .or_insert(HandedItem {
                    rows: Vec::new(),
                    body,
                    is_new: false,
                    then: Afterwards::default(),
                    accepted: None,
                })
                .rows
                .push(row);
        } else {
            tally.refuse(row, refused("there is nothing of this to delete"));
        }
    }
    target.forget_accepted(items.keys().map(String::as_str)).await?;
    let (route, scope) = (BulkRoute::DeleteProducts, ShopScope::Global);
    let batch = HandedBatch { route, scope, store_id: 0, items: items.into_values().collect() };
    hand_over(client, &target.in_flight, tally, batch).await
}
