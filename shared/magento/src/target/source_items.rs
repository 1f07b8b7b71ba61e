//! Stock by source, in calls that take hundreds of rows and do all or nothing.
//!
//! The shop keeps stock of products that it does not have and says nothing, and does not name a source that it does not
//! know. So products and sources are looked up before.

use std::collections::{BTreeMap, BTreeSet};

use catalog::target::{self, Block, BlockOutcome, ItemOutcome};
use import::entity::source_item::{SourceItemChange, SourceItems, SourceQuantity};
use import::operation::Operation;
use serde_json::json;

use super::batch::{BatchCall, BatchRow, send};
use super::existing::{self, Products};
use super::problem::failed;
use super::tally::RowTally;
use super::{MagentoTarget, refused, target_of};
use crate::client::{Error, ShopClient, ShopScope, sku_key};
use crate::facts::ShopKnowledge;

target_of!(SourceItems, import_source_items);

const SAVE: BatchCall = BatchCall { path: &["inventory", "source-items"], list: "sourceItems" };
const DELETE: BatchCall = BatchCall { path: &["inventory", "source-items-delete"], list: "sourceItems" };

/// What lies at a source, and the rows that say so; the latest row counts.
pub(super) struct WantedStock {
    pub(super) rows: Vec<usize>,
    pub(super) sku: String,
    pub(super) quantity: f64,
    pub(super) status: i64,
    pub(super) outcome: ItemOutcome,
}

/// Wanted stock by sku, as skus compare, and source.
pub(super) type WantedPlaces = BTreeMap<(String, String), WantedStock>;

async fn import_source_items(target: &MagentoTarget, block: Block<SourceItems>) -> Result<BlockOutcome, target::Error> {
    let known = target.known().await?;
    let client = target.client.as_ref();
    let mut tally = RowTally::new(&block.file, block.rows.iter().map(|row| row.line).collect());
    let changes: Vec<SourceItemChange> = block.rows.into_iter().map(|row| row.change).collect();
    let skus: BTreeSet<&str> = changes.iter().map(|change| change.sku.as_str()).collect();
    let products = countable(client, skus.iter().copied()).await.map_err(failed)?;
    let stored = existing::source_items(client, skus).await.map_err(failed)?;
    let mut wanted = WantedPlaces::new();
    for (row, change) in changes.iter().enumerate() {
        let checked = check(&known, &products, change).and_then(|()| match block.operation {
            Operation::AddUpdate | Operation::Replace => want(&stored, &mut wanted, row, change),
            Operation::Delete => want_gone(&stored, &mut wanted, row, change),
        });
        if let Err(problem) = checked {
            tally.refuse(row, refused(problem));
        }
    }
    let call = if block.operation == Operation::Delete { DELETE } else { SAVE };
    target.forget_accepted(wanted.values().map(|stock| stock.sku.as_str())).await?;
    send_wanted(client, call, wanted, &mut tally).await.map_err(failed)?;
    Ok(tally.finish())
}

/// Reads which products there are, and what they are.
pub(super) async fn countable<'n>(
    client: &ShopClient,
    skus: impl IntoIterator<Item = &'n str>,
) -> Result<Products, Error> {
    existing::products(client, &ShopScope::Global, skus, "sku,type_id").await
}

/// Says why nothing of a product can lie anywhere.
pub(super) fn check_product(products: &Products, sku: &str) -> Result<(), String> {
    let Some(product) = products.get(&sku_key(sku)) else {
        return Err(format!(
            "product `{sku}` does not exist in the shop, and this kind of file makes none; import it first"
        ));
    };
    match product["type_id"].as_str() {
        Some(kind @ ("configurable" | "bundle" | "grouped")) => {
            Err(format!("product `{sku}` is {kind} and has no stock of its own; name the products that it is made of"))
        }
        _ => Ok(()),
    }
}

fn check(known: &ShopKnowledge, products: &Products, change: &SourceItemChange) -> Result<(), String> {
    check_product(products, &change.sku)?;
    match known.facts.basics.source(&change.source) {
        Ok(_) => Ok(()),
        Err(unknown) => Err(format!("`{}` {unknown}", change.source)),
    }
}

fn want(
    stored: &existing::SourceItems,
    wanted: &mut WantedPlaces,
    row: usize,
    change: &SourceItemChange,
) -> Result<(), String> {
    let place = (sku_key(&change.sku), change.source.clone());
    let before = stored.get(&place).copied();
    // What an earlier row of the block says counts as stored.
    let latest = wanted.get(&place).map(|wanted| (wanted.quantity, wanted.status)).or(before);
    let quantity = match &change.quantity {
        Some(SourceQuantity::Is(quantity)) => quantity.parse().map_err(|_| format!("`{quantity}` is not a number"))?,
        Some(SourceQuantity::Changes(_)) => {
            return Err(
                "a quantity cannot be added in a shop, which does not remember what was added already and would \
                        add it twice; state what is there"
                    .to_owned(),
            );
        }
        None => latest.map(|(quantity, _)| quantity).ok_or_else(|| {
            format!("column `quantity` is needed because nothing of product `{}` is at the source yet", change.sku)
        })?,
    };
    let follows = i64::from(quantity > 0.0);
    let stated = change.status.as_deref().and_then(|status| status.parse().ok());
    let status = stated.or(latest.map(|(_, status)| status)).unwrap_or(follows);
    let outcome = if before.is_none() { ItemOutcome::Created } else { ItemOutcome::Updated };
    let rows = wanted.remove(&place).map(|wanted| wanted.rows).unwrap_or_default();
    if before != Some((quantity, status)) {
        let rows = rows.into_iter().chain([row]).collect();
        wanted.insert(place, WantedStock { rows, sku: change.sku.clone(), quantity, status, outcome });
    }
    Ok(())
}

fn want_gone(
    stored: &existing::SourceItems,
    wanted: &mut WantedPlaces,
    row: usize,
    change: &SourceItemChange,
) -> Result<(), String> {
    let place = (sku_key(&change.sku), change.source.clone());
    let nothing = || "there is nothing of this to delete".to_owned();
    let (quantity, status) = stored.get(&place).copied().ok_or_else(nothing)?;
    let gone =
        WantedStock { rows: Vec::new(), sku: change.sku.clone(), quantity, status, outcome: ItemOutcome::Deleted };
    wanted.entry(place).or_insert(gone).rows.push(row);
    Ok(())
}

/// Sends what is wanted, and says what became of its rows.
pub(super) async fn save(client: &ShopClient, wanted: WantedPlaces, tally: &mut RowTally) -> Result<(), Error> {
    send_wanted(client, SAVE, wanted, tally).await
}

/// Takes away what shall lie there no more, and says what became of its rows.
pub(super) async fn remove(client: &ShopClient, gone: WantedPlaces, tally: &mut RowTally) -> Result<(), Error> {
    send_wanted(client, DELETE, gone, tally).await
}

async fn send_wanted(
    client: &ShopClient,
    call: BatchCall,
    wanted: WantedPlaces,
    tally: &mut RowTally,
) -> Result<(), Error> {
    let mut stocks = Vec::new();
    let mut bodies = Vec::new();
    for ((_, source), stock) in wanted {
        // All four are needed: without a status the shop refuses the whole call.
        let WantedStock { sku, quantity, status, .. } = &stock;
        let body = json!({ "sku": sku, "source_code": source, "quantity": quantity, "status": status });
        bodies.push(BatchRow { sku: sku.clone(), body });
        stocks.push(stock);
    }
    let problems = send(client, call, &bodies).await?;
    for (place, stock) in stocks.into_iter().enumerate() {
        for row in stock.rows {
            match problems.get(&place) {
                Some(problem) => tally.refuse(row, refused(problem)),
                None => tally.settle(row, stock.outcome.clone()),
            }
        }
    }
    Ok(())
}
