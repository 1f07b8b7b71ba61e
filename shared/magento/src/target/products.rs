//! Products: what rows say becomes a body, is compared with what the shop has, and goes into lists.
//!
//! `values.rs` turns values into the shop's, `body.rs` puts them together, `stock_item.rs` and `tiers.rs` two parts of them,
//! `compare.rs` leaves out what the shop has already.

mod body;
mod compare;
mod refusal;
mod stock_item;
#[cfg(test)]
mod tests;
mod tiers;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use catalog::target::{self, Block, BlockOutcome, ItemOutcome};
use import::Entity;
use import::entity::product::{ProductChange, ProductType, Products};
use import::finding::ChangeRefusal;
use import::operation::Operation;
use serde_json::{Value, json};

use super::existing;
use super::in_flight::{HandedBatch, HandedItem, hand_over};
use super::problem::failed;
use super::tally::RowTally;
use super::{MagentoTarget, refused, target_of};
use crate::bulk::BulkRoute;
use crate::client::{Error, ShopCall, ShopClient, ShopScope, sku_key};
use crate::facts::ShopKnowledge;
use body::ProductBody;

target_of!(Products, import_products);

/// A row that says something about a product.
pub(super) struct ProductRow {
    /// Its place in the block.
    pub(super) row: usize,
    /// What it says.
    pub(super) change: ProductChange,
}

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
    let rows: Vec<ProductRow> = changes.map(|(row, taken)| ProductRow { row, change: taken.change }).collect();
    match block.operation {
        Operation::AddUpdate => write_rows(target, &known, &mut tally, (rows, Making::Allowed)).await?,
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
    rows: Vec<ProductRow>,
) -> Result<(), target::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    write_rows(target, known, tally, (rows, Making::Refused)).await
}

/// What all rows of a block say of one product in one scope.
#[derive(Clone)]
struct ProductGroup {
    sku: String,
    scope: ShopScope,
    rows: Vec<usize>,
    product_type: Option<ProductType>,
    body: ProductBody,
    is_new: bool,
    /// Categories that it is in and shall not be in any more.
    removed: Vec<i64>,
}

/// What the shop has, by scope.
struct Stored {
    by_scope: BTreeMap<ShopScope, existing::Products>,
    /// Products that the shop has open since before this attempt.
    open: BTreeSet<String>,
    /// Products that this attempt has sent already.
    sent: BTreeSet<String>,
}

impl Stored {
    async fn read(target: &MagentoTarget, rows: &[ProductRow]) -> Result<Self, Error> {
        let client = target.client.as_ref();
        let mut skus: BTreeMap<ShopScope, BTreeSet<&str>> = BTreeMap::new();
        for row in rows {
            let sku = row.change.sku.as_str();
            skus.entry(ShopScope::Global).or_default().insert(sku);
            skus.entry(ShopScope::of(row.change.store_view.as_deref())).or_default().insert(sku);
        }
        let mut by_scope = BTreeMap::new();
        let says_stock = rows.iter().filter(|row| !row.change.stock.is_empty());
        let says_stock: BTreeSet<String> = says_stock.map(|row| sku_key(&row.change.sku)).collect();
        for (scope, skus) in skus {
            let mut found = existing::products(client, &scope, skus, "").await?;
            if scope == ShopScope::Global {
                let keys: Vec<String> = found.keys().filter(|key| says_stock.contains(*key)).cloned().collect();
                existing::add_stock_settings(client, &mut found, &keys).await?;
            }
            by_scope.insert(scope, found);
        }
        let open = target.in_flight.open_skus(client).await?;
        let keys = rows.iter().map(|row| sku_key(&row.change.sku));
        let sent = keys.filter(|key| target.in_flight.has_sent(key)).collect();
        Ok(Self { by_scope, open, sent })
    }

    fn get(&self, scope: &ShopScope, sku: &str) -> Option<&Value> {
        self.by_scope.get(scope)?.get(&sku_key(sku))
    }

    /// Says whether the shop has a product, or will have it before anything that is sent now.
    fn is_there(&self, sku: &str) -> bool {
        self.get(&ShopScope::Global, sku).is_some() || self.sent.contains(&sku_key(sku))
    }
}

async fn write_rows(
    target: &MagentoTarget,
    known: &ShopKnowledge,
    tally: &mut RowTally,
    (rows, making): (Vec<ProductRow>, Making),
) -> Result<(), target::Error> {
    let client = target.client.as_ref();
    let stored = Stored::read(target, &rows).await.map_err(failed)?;
    let groups = group(known, &stored, tally, (rows, making));
    let changed: BTreeSet<String> =
        groups.iter().filter(|group| group.scope == ShopScope::Global).map(|group| sku_key(&group.sku)).collect();
    let mut batches: BTreeMap<Turn, HandedBatch> = BTreeMap::new();
    for group in groups {
        let store_id = store_id(known, &group.scope);
        let Some(mut group) = prepare(target, &stored, (group, store_id), &changed) else { continue };
        for category in std::mem::take(&mut group.removed) {
            take_out_of(client, category, &group.sku).await.map_err(failed)?;
            group.rows.iter().for_each(|row| tally.settle(*row, ItemOutcome::Updated));
        }
        if !group.is_new && group.body.is_empty() {
            group.rows.iter().for_each(|row| tally.settle(*row, ItemOutcome::Unchanged));
            continue;
        }
        let (route, scope) = (group.route(), group.scope.clone());
        let batch = batches.entry(Turn::of(&group));
        let batch = batch.or_insert_with(|| HandedBatch { route, scope, store_id, items: Vec::new() });
        let body = group.body.into_item(&group.sku);
        batch.items.push(HandedItem { rows: group.rows, body, is_new: group.is_new });
    }
    for batch in batches.into_values() {
        hand_over(client, &target.in_flight, tally, batch).await?;
    }
    Ok(())
}

fn store_id(known: &ShopKnowledge, scope: &ShopScope) -> i64 {
    match scope {
        ShopScope::Global => 0,
        ShopScope::View(code) => known.ids.store_views.get(code).copied().unwrap_or_default(),
    }
}

/// Leaves out of a product what the shop has already, as far as anybody knows what it will have.
fn prepare(
    target: &MagentoTarget,
    stored: &Stored,
    (group, store_id): (ProductGroup, i64),
    changed: &BTreeSet<String>,
) -> Option<ProductGroup> {
    let key = sku_key(&group.sku);
    if stored.sent.contains(&key) {
        return Some(group.without_making());
    }
    let mut compared = group.clone();
    compared.removed = leave_out(stored, changed, &mut compared);
    if !stored.open.contains(&key) {
        return Some(compared);
    }
    // An attempt that died has sent the same, if it found the shop as this one does. Else it is on its way to something
    // that nobody knows: all of it is sent, by a call that makes no second product.
    let item = compared.body.clone().into_item(&compared.sku);
    let is_same = target.in_flight.has_open((compared.route(), store_id), &item);
    Some(if is_same { compared } else { group.without_making() })
}

impl ProductGroup {
    fn route(&self) -> BulkRoute {
        if self.is_new { BulkRoute::SaveProducts } else { BulkRoute::UpdateProducts }
    }

    /// The same by a call that makes no product: that is what it does with an attribute set and a type.
    fn without_making(mut self) -> Self {
        self.is_new = false;
        self.body.fields.remove("attribute_set_id");
        self.body.fields.remove("type_id");
        self
    }
}

/// In which order lists are handed over: what others are made of comes first, store views come last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    New,
    NewOfOthers,
    Global,
    View(String),
}

impl Turn {
    fn of(group: &ProductGroup) -> Self {
        let is_of_others = group.product_type.is_some_and(|kind| match kind {
            ProductType::Configurable | ProductType::Bundle | ProductType::Grouped => true,
            ProductType::Simple | ProductType::Virtual | ProductType::Downloadable | ProductType::Giftcard => false,
        });
        match &group.scope {
            ShopScope::View(code) => Self::View(code.clone()),
            ShopScope::Global if group.is_new && is_of_others => Self::NewOfOthers,
            ShopScope::Global if group.is_new => Self::New,
            ShopScope::Global => Self::Global,
        }
    }
}

/// Puts together what rows say of the same product in the same scope; the latest counts.
fn group(
    known: &ShopKnowledge,
    stored: &Stored,
    tally: &mut RowTally,
    (rows, making): (Vec<ProductRow>, Making),
) -> Vec<ProductGroup> {
    let mut groups: Vec<ProductGroup> = Vec::new();
    let mut places: BTreeMap<(ShopScope, String), usize> = BTreeMap::new();
    for ProductRow { row, change } in rows {
        let scope = ShopScope::of(change.store_view.as_deref());
        let is_for_all = scope == ShopScope::Global;
        let key = (scope.clone(), sku_key(&change.sku));
        let of_all = places.get(&(ShopScope::Global, key.1.clone())).map(|place| &groups[*place]);
        let made = of_all.filter(|group| group.is_new);
        let exists = stored.is_there(&change.sku) || made.is_some();
        let is_there = exists || stored.open.contains(&key.1);
        let refusals = check_row(stored, &change, (is_there, making), places.contains_key(&key));
        if !refusals.is_empty() {
            refusals.into_iter().for_each(|refusal| tally.refuse(row, refusal));
            continue;
        }
        let set = change.attribute_set.clone().or_else(|| made.and_then(|group| group.body.set.clone()));
        let set = set.or_else(|| set_of(known, stored.get(&ShopScope::Global, &change.sku)));
        let kind = change.product_type.or_else(|| made.and_then(|group| group.product_type));
        let kind = kind.or_else(|| type_of(stored.get(&ShopScope::Global, &change.sku)));
        let mut body = places.get(&key).map(|place| groups[*place].body.clone()).unwrap_or_default();
        match body.take(known, &change, (set.as_deref(), kind)) {
            Ok(unsent) => unsent.into_iter().for_each(|(column, problem)| tally.note(row, Some(&column), problem)),
            Err(refusal) => {
                tally.refuse(row, refusal);
                continue;
            }
        }
        match places.get(&key) {
            Some(place) => {
                groups[*place].rows.push(row);
                groups[*place].body = body;
            }
            None => {
                places.insert(key, groups.len());
                // The shop's own spelling stays: a product that is written in another one is renamed.
                let spelled = stored.get(&ShopScope::Global, &change.sku).and_then(|product| product["sku"].as_str());
                let sku = spelled.unwrap_or(&change.sku).trim().to_owned();
                groups.push(ProductGroup {
                    sku,
                    scope,
                    rows: vec![row],
                    product_type: kind,
                    body,
                    is_new: !exists && is_for_all && making == Making::Allowed,
                    removed: Vec::new(),
                });
            }
        }
    }
    groups
}

/// Says why a row makes or changes no product.
fn check_row(
    stored: &Stored,
    change: &ProductChange,
    (is_there, making): (bool, Making),
    has_rows: bool,
) -> Vec<ChangeRefusal> {
    let sku = &change.sku;
    if !is_there && (making == Making::Refused || change.store_view.is_some()) {
        let why =
            if making == Making::Refused { "this kind of file makes none" } else { "a row of a store view makes none" };
        return vec![refused(format!("product `{sku}` does not exist in the shop, and {why}; import it first"))];
    }
    if !is_there && !has_rows {
        return Products::missing_if_new(change);
    }
    let before = type_of(stored.get(&ShopScope::Global, sku));
    match (before, change.product_type) {
        (Some(before), Some(wanted)) if before != wanted => {
            vec![refused(format!("product `{sku}` is {before} and cannot become {wanted}"))]
        }
        _ => Vec::new(),
    }
}

fn type_of(product: Option<&Value>) -> Option<ProductType> {
    product?["type_id"].as_str()?.parse().ok()
}

fn set_of(known: &ShopKnowledge, product: Option<&Value>) -> Option<String> {
    let id = product?["attribute_set_id"].as_i64()?;
    let key = known.ids.attribute_sets.iter().find(|(_, known)| **known == id)?.0;
    known.facts.attribute_sets.get(key).map(|set| set.name.clone())
}

/// Leaves out what the shop has already; returns the categories that the product shall not be in any more.
fn leave_out(stored: &Stored, changed: &BTreeSet<String>, group: &mut ProductGroup) -> Vec<i64> {
    let key = sku_key(&group.sku);
    if group.is_new {
        group.body.begin();
        return Vec::new();
    }
    let Some(for_all) = stored.get(&ShopScope::Global, &group.sku) else { return Vec::new() };
    match &group.scope {
        ShopScope::Global => compare::leave_out(&mut group.body, for_all),
        // What all see changes as well, so nobody knows what the store view will show.
        ShopScope::View(_) if changed.contains(&key) => Vec::new(),
        ShopScope::View(_) => {
            if let Some(shown) = stored.get(&group.scope, &group.sku) {
                compare::leave_out_of_view(&mut group.body, shown, for_all);
            }
            Vec::new()
        }
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
    for ProductRow { row, change } in rows {
        let key = sku_key(&change.sku);
        if change.store_view.is_some() {
            let problem =
                "what one store view shows of a product is not deleted yet; clear its values with `add-update`";
            tally.refuse(row, refused(problem));
        } else if there.contains_key(&key) {
            let body = json!({ "sku": there[&key]["sku"] });
            items.entry(key).or_insert(HandedItem { rows: Vec::new(), body, is_new: false }).rows.push(row);
        } else {
            tally.refuse(row, refused("there is nothing of this to delete"));
        }
    }
    let (route, scope) = (BulkRoute::DeleteProducts, ShopScope::Global);
    let batch = HandedBatch { route, scope, store_id: 0, items: items.into_values().collect() };
    hand_over(client, &target.in_flight, tally, batch).await
}
