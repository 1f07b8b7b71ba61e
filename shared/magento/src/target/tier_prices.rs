//! Tier prices, by calls that take many of them. One unknown product refuses all of a call, so products are looked up
//! before; rows that others have already said are not sent.

use std::collections::{BTreeMap, BTreeSet};

use catalog::target::{self, Block, BlockOutcome, ItemOutcome};
use import::entity::tier_price::{TierPriceChange, TierPrices};
use import::operation::Operation;
use serde_json::{Value, json};

use super::batch::{BatchCall, BatchRow, information, send};
use super::existing;
use super::problem::failed;
use super::tally::RowTally;
use super::{MagentoTarget, refused, target_of};
use crate::client::{Error, ShopClient, ShopScope, sku_key};
use crate::facts::ShopKnowledge;

target_of!(TierPrices, import_tier_prices);

const SAVE: BatchCall = BatchCall { path: &["products", "tier-prices"], list: "prices" };
const DELETE: BatchCall = BatchCall { path: &["products", "tier-prices-delete"], list: "prices" };
const INFORMATION: &[&str] = &["products", "tier-prices-information"];

const ALL_WEBSITES: &str = "All Websites";

/// What tells tier prices apart: product, website, group in small letters, quantity as a number says it.
type TierPlace = (String, i64, String, String);

/// The price, and whether it is one or a discount.
type TierValue = (f64, String);

/// What is to be sent, and the rows that say so.
type Wanted = BTreeMap<TierPlace, (Vec<usize>, BatchRow, ItemOutcome)>;

async fn import_tier_prices(target: &MagentoTarget, block: Block<TierPrices>) -> Result<BlockOutcome, target::Error> {
    let known = target.known().await?;
    let client = target.client.as_ref();
    let mut tally = RowTally::new(&block.file, block.rows.iter().map(|row| row.line).collect());
    let changes: Vec<TierPriceChange> = block.rows.into_iter().map(|row| row.change).collect();
    let skus: BTreeSet<&str> = changes.iter().map(|change| change.sku.as_str()).collect();
    let products = existing::products(client, &ShopScope::Global, skus.iter().copied(), "sku").await.map_err(failed)?;
    let there: Vec<&str> = skus.into_iter().filter(|sku| products.contains_key(&sku_key(sku))).collect();
    let stored = read(client, &there).await.map_err(failed)?;
    let mut wanted = Wanted::new();
    for (row, change) in changes.iter().enumerate() {
        let is_there = products.contains_key(&sku_key(&change.sku));
        let checked = match block.operation {
            _ if !is_there => Err(format!("product `{}` does not exist in the shop; import it first", change.sku)),
            Operation::AddUpdate => want(&known, &stored, &mut wanted, (row, change)),
            Operation::Delete => want_gone(&known, &stored, &mut wanted, (row, change)),
            Operation::Replace => {
                Err("tier prices of a shop are not replaced yet; use `add-update` and `delete`".to_owned())
            }
        };
        if let Err(problem) = checked {
            tally.refuse(row, refused(problem));
        }
    }
    let call = if block.operation == Operation::Delete { DELETE } else { SAVE };
    target.forget_accepted(wanted.values().map(|(_, row, _)| row.sku.as_str())).await?;
    send_wanted(client, call, wanted, &mut tally).await.map_err(failed)?;
    Ok(tally.finish())
}

async fn read(client: &ShopClient, skus: &[&str]) -> Result<BTreeMap<TierPlace, TierValue>, Error> {
    let mut stored = BTreeMap::new();
    for row in information(client, INFORMATION, skus).await? {
        let (Some(sku), Some(price)) = (row["sku"].as_str(), row["price"].as_f64()) else { continue };
        let group = row["customer_group"].as_str().unwrap_or_default().to_lowercase();
        let website = row["website_id"].as_i64().unwrap_or(0);
        let quantity = row["quantity"].as_f64().unwrap_or(0.0).to_string();
        let kind = row["price_type"].as_str().unwrap_or_default().to_owned();
        stored.insert((sku_key(sku), website, group, quantity), (price, kind));
    }
    Ok(stored)
}

fn place_of(known: &ShopKnowledge, change: &TierPriceChange) -> Result<TierPlace, String> {
    let website = match change.website.as_str() {
        ALL_WEBSITES => 0,
        code => *known.ids.websites.get(code).ok_or_else(|| format!("the shop has no website `{code}`"))?,
    };
    let quantity = change.quantity.parse::<f64>().map_err(|_| format!("`{}` is not a number", change.quantity))?;
    Ok((sku_key(&change.sku), website, change.customer_group.to_lowercase(), quantity.to_string()))
}

fn want(
    known: &ShopKnowledge,
    stored: &BTreeMap<TierPlace, TierValue>,
    wanted: &mut Wanted,
    (row, change): (usize, &TierPriceChange),
) -> Result<(), String> {
    let place = place_of(known, change)?;
    let before = stored.get(&place);
    let needed = |column: &str| format!("column `{column}` is needed because the tier price is new");
    let price = match &change.price {
        Some(price) => price.parse::<f64>().map_err(|_| format!("`{price}` is not a number"))?,
        None => before.map(|(price, _)| *price).ok_or_else(|| needed("tier_price"))?,
    };
    let kind = change.value_type.as_ref().map(|kind| kind.to_lowercase()).or(before.map(|(_, kind)| kind.clone()));
    let kind = kind.ok_or_else(|| needed("tier_price_value_type"))?;
    wanted.remove(&place);
    let value = (price, kind);
    if before != Some(&value) {
        let outcome = if before.is_none() { ItemOutcome::Created } else { ItemOutcome::Updated };
        let body = body(change, &place, &value);
        wanted.insert(place, (vec![row], BatchRow { sku: change.sku.clone(), body }, outcome));
    }
    Ok(())
}

fn want_gone(
    known: &ShopKnowledge,
    stored: &BTreeMap<TierPlace, TierValue>,
    wanted: &mut Wanted,
    (row, change): (usize, &TierPriceChange),
) -> Result<(), String> {
    let place = place_of(known, change)?;
    let value = stored.get(&place).ok_or_else(|| "there is nothing of this to delete".to_owned())?;
    let body = body(change, &place, value);
    let gone = (Vec::new(), BatchRow { sku: change.sku.clone(), body }, ItemOutcome::Deleted);
    wanted.entry(place).or_insert(gone).0.push(row);
    Ok(())
}

fn body(change: &TierPriceChange, place: &TierPlace, (price, kind): &TierValue) -> Value {
    let quantity = change.quantity.parse::<f64>().unwrap_or_default();
    json!({ "sku": change.sku, "website_id": place.1, "customer_group": change.customer_group, "quantity": quantity,
        "price": price, "price_type": kind })
}

async fn send_wanted(client: &ShopClient, call: BatchCall, wanted: Wanted, tally: &mut RowTally) -> Result<(), Error> {
    let wanted: Vec<(Vec<usize>, BatchRow, ItemOutcome)> = wanted.into_values().collect();
    let bodies: Vec<BatchRow> = wanted.iter().map(|(_, body, _)| body.clone()).collect();
    let problems = send(client, call, &bodies).await?;
    for (place, (rows, _, outcome)) in wanted.into_iter().enumerate() {
        for row in rows {
            match problems.get(&place) {
                Some(problem) => tally.refuse(row, refused(problem)),
                None => tally.settle(row, outcome.clone()),
            }
        }
    }
    Ok(())
}
