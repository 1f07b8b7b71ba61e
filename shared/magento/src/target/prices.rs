//! Prices and special prices, by calls that take hundreds of them and answer at once.
//!
//! What these calls cannot say goes with the product: prices that only some shops show, and a date that shall be gone.

use std::collections::{BTreeMap, BTreeSet};

use catalog::target::{self, Block, BlockOutcome, ItemOutcome};
use import::entity::Stated;
use import::entity::price::Prices;
use import::entity::product::{ProductChange, ProductValue};
use import::operation::Operation;
use serde_json::{Value, json};

use super::batch::{BatchCall, BatchRow, information, send};
use super::existing;
use super::problem::failed;
use super::products::{ProductRow, import_rows};
use super::tally::RowTally;
use super::{MagentoTarget, refused, target_of};
use crate::client::{ShopClient, ShopScope, sku_key};
use crate::facts::ShopKnowledge;

target_of!(Prices, import_prices);

const BASE: BatchCall = BatchCall { path: &["products", "base-prices"], list: "prices" };
const SPECIAL: BatchCall = BatchCall { path: &["products", "special-price"], list: "prices" };
const SPECIAL_DELETE: BatchCall = BatchCall { path: &["products", "special-price-delete"], list: "prices" };
const BASE_INFORMATION: &[&str] = &["products", "base-prices-information"];
const SPECIAL_INFORMATION: &[&str] = &["products", "special-price-information"];

/// The number of the scope that holds for all store views.
const EVERYWHERE: i64 = 0;

/// What is remembered of rows of prices is called so.
const KIND: &str = "prices";

/// What a price is of: the sku as skus compare, and the number of the store view.
type PricePlace = (String, i64);

/// A special price as the shop has it.
#[derive(Debug, Clone, PartialEq)]
struct SpecialPrice {
    price: f64,
    from: Option<String>,
    to: Option<String>,
}

/// What the shop has.
#[derive(Default)]
struct KnownPrices {
    base: BTreeMap<PricePlace, f64>,
    special: BTreeMap<PricePlace, SpecialPrice>,
}

/// What rows want, by the call that brings it; the latest row of a place counts.
#[derive(Default)]
struct WantedPrices {
    base: BTreeMap<PricePlace, (Vec<usize>, BatchRow)>,
    special: BTreeMap<PricePlace, (Vec<usize>, BatchRow)>,
    special_delete: BTreeMap<PricePlace, (Vec<usize>, BatchRow)>,
}

async fn import_prices(target: &MagentoTarget, block: Block<Prices>) -> Result<BlockOutcome, target::Error> {
    let known = target.known().await?;
    let client = target.client.as_ref();
    let mut tally = RowTally::new(&block.file, block.rows.iter().map(|row| row.line).collect());
    if block.operation != Operation::AddUpdate {
        (0..block.rows.len()).for_each(|row| tally.refuse(row, refused("prices are changed, not replaced or deleted")));
        return Ok(tally.finish());
    }
    let changes: Vec<ProductChange> = block.rows.into_iter().map(|row| row.if_known.unwrap_or(row.change)).collect();
    let prices = KnownPrices::read(client, &changes).await.map_err(failed)?;
    let skus: Vec<String> = changes.iter().map(|change| change.sku.clone()).collect();
    let mut wanted = WantedPrices::default();
    let mut rest = Vec::new();
    for (row, change) in changes.into_iter().enumerate() {
        match store_id(&known, &change) {
            Ok(store) => rest.extend(wanted.take(row, change, store, &prices)),
            Err(problem) => tally.refuse(row, refused(problem)),
        }
    }
    refuse_unknown(client, &mut tally, (&wanted, &rest, &prices), &skus).await.map_err(failed)?;
    target.forget_accepted(wanted.skus()).await?;
    wanted.send(client, &mut tally).await.map_err(failed)?;
    rest.retain(|row| !tally.is_refused(row.row));
    import_rows(target, &known, &mut tally, (KIND, rest)).await?;
    Ok(tally.finish())
}

/// Refuses rows of products that the shop does not have and of which it is not asked by any call.
async fn refuse_unknown(
    client: &ShopClient,
    tally: &mut RowTally,
    (wanted, rest, prices): (&WantedPrices, &[ProductRow], &KnownPrices),
    skus: &[String],
) -> Result<(), crate::client::Error> {
    let calls = [&wanted.base, &wanted.special, &wanted.special_delete];
    let sent = calls.into_iter().flat_map(BTreeMap::values).flat_map(|(rows, _)| rows.iter().copied());
    let sent: BTreeSet<usize> = sent.chain(rest.iter().map(|row| row.row)).collect();
    let has_price: BTreeSet<&String> = prices.base.keys().map(|(sku, _)| sku).collect();
    let is_unclear =
        |row: usize| tally.is_open(row) && !sent.contains(&row) && !has_price.contains(&sku_key(&skus[row]));
    let unclear: Vec<usize> = (0..skus.len()).filter(|row| is_unclear(*row)).collect();
    let names = unclear.iter().map(|row| skus[*row].as_str());
    let there = existing::products(client, &ShopScope::Global, names, "sku").await?;
    for row in unclear {
        if !there.contains_key(&sku_key(&skus[row])) {
            let problem = format!("product `{}` does not exist in the shop; import it first", skus[row]);
            tally.refuse(row, refused(problem));
        }
    }
    Ok(())
}

/// The number of the scope of a row. With the same prices everywhere a store view would change them for all.
fn store_id(known: &ShopKnowledge, change: &ProductChange) -> Result<i64, String> {
    let Some(view) = &change.store_view else { return Ok(EVERYWHERE) };
    if !known.facts.basics.has_website_prices {
        return Err(format!(
            "the shop has the same prices everywhere, so a price of store view `{view}` would hold for all"
        ));
    }
    known.ids.store_views.get(view).copied().ok_or_else(|| format!("the shop has no store view `{view}`"))
}

impl KnownPrices {
    async fn read(client: &ShopClient, changes: &[ProductChange]) -> Result<Self, crate::client::Error> {
        let skus: BTreeMap<String, &str> =
            changes.iter().map(|change| (sku_key(&change.sku), change.sku.as_str())).collect();
        let says = |code: &str| changes.iter().any(|change| change.values.contains_key(code));
        let skus: Vec<&str> = skus.into_values().collect();
        let mut known = Self::default();
        if !skus.is_empty() {
            for row in information(client, BASE_INFORMATION, &skus).await? {
                let (Some(place), Some(price)) = (place_of(&row), row["price"].as_f64()) else { continue };
                known.base.insert(place, price);
            }
        }
        if says("special_price") || says("special_price_from_date") || says("special_price_to_date") {
            for row in information(client, SPECIAL_INFORMATION, &skus).await? {
                let (Some(place), Some(price)) = (place_of(&row), row["price"].as_f64()) else { continue };
                let date = |name: &str| row[name].as_str().map(str::to_owned).filter(|date| !date.is_empty());
                known.special.insert(place, SpecialPrice { price, from: date("price_from"), to: date("price_to") });
            }
        }
        Ok(known)
    }
}

fn place_of(row: &Value) -> Option<PricePlace> {
    Some((sku_key(row["sku"].as_str()?), row["store_id"].as_i64()?))
}

impl WantedPrices {
    /// Takes what a row says to the calls that can say it; returns what is left for the product.
    fn take(&mut self, row: usize, mut change: ProductChange, store: i64, known: &KnownPrices) -> Option<ProductRow> {
        let place = (sku_key(&change.sku), store);
        if let Some(Stated::Set(ProductValue::Text(price))) = change.values.get("price")
            && let Ok(price) = price.parse::<f64>()
        {
            let body = json!({ "sku": change.sku, "price": price, "store_id": store });
            let is_new = known.base.get(&place) != Some(&price);
            want(&mut self.base, &place, row, is_new.then_some((&change.sku, body)));
            change.values.remove("price");
        }
        self.take_special(row, &mut change, &place, known);
        let is_over = change.values.is_empty();
        (!is_over).then_some(ProductRow { row, change, if_known: None })
    }

    fn take_special(&mut self, row: usize, change: &mut ProductChange, place: &PricePlace, known: &KnownPrices) {
        const NAMES: [&str; 3] = ["special_price", "special_price_from_date", "special_price_to_date"];
        let text = |name: &str| match change.values.get(name) {
            Some(Stated::Set(ProductValue::Text(text))) => Some(text.as_str()),
            _ => None,
        };
        let clears = |name: &str| matches!(change.values.get(name), Some(Stated::Clear));
        let stored = known.special.get(place);
        let [_, from_name, to_name] = NAMES;
        if !NAMES.iter().any(|name| change.values.contains_key(*name)) {
            return;
        }
        if clears(NAMES[0]) && [from_name, to_name].iter().all(|name| !change.values.contains_key(*name)) {
            self.special.remove(place);
            // The shop deletes whatever the row says of its price.
            let body = stored.map(|stored| {
                json!({ "sku": change.sku, "price": stored.price, "store_id": place.1,
                    "price_from": stored.from, "price_to": stored.to })
            });
            want(&mut self.special_delete, place, row, body.map(|body| (change.sku.as_str(), body)));
        } else {
            let price = text(NAMES[0]).and_then(|price| price.parse().ok()).or(stored.map(|stored| stored.price));
            // A date that shall be gone, and one without a price, these calls cannot say.
            let (Some(price), false) = (price, NAMES.iter().any(|name| clears(name))) else { return };
            let date =
                |name: &str, stored: Option<&String>| text(name).map(|date| date.replace('T', " ")).or(stored.cloned());
            let from = date(from_name, stored.and_then(|stored| stored.from.as_ref()));
            let to = date(to_name, stored.and_then(|stored| stored.to.as_ref()));
            self.special_delete.remove(place);
            let special = SpecialPrice { price, from, to };
            let body = (stored != Some(&special)).then(|| (change.sku.as_str(), special.body(&change.sku, place.1)));
            want(&mut self.special, place, row, body);
        }
        NAMES.iter().for_each(|name| drop(change.values.remove(*name)));
    }

    /// The products of which something is sent.
    fn skus(&self) -> impl Iterator<Item = &str> {
        let all = [&self.special_delete, &self.base, &self.special].into_iter();
        all.flat_map(|wanted| wanted.values()).map(|(_, row)| row.sku.as_str())
    }

    async fn send(self, client: &ShopClient, tally: &mut RowTally) -> Result<(), crate::client::Error> {
        // What is deleted goes first: a later row of the same product may set it anew.
        for (call, wanted) in [(SPECIAL_DELETE, self.special_delete), (BASE, self.base), (SPECIAL, self.special)] {
            let (rows, bodies): (Vec<Vec<usize>>, Vec<BatchRow>) = wanted.into_values().unzip();
            let problems = send(client, call, &bodies).await?;
            let bad: BTreeSet<usize> = problems.keys().copied().collect();
            for (place, problem) in problems {
                rows[place].iter().for_each(|row| tally.refuse(*row, refused(&problem)));
            }
            let good = rows.iter().enumerate().filter(|(place, _)| !bad.contains(place));
            good.flat_map(|(_, rows)| rows).for_each(|row| tally.settle(*row, ItemOutcome::Updated));
        }
        Ok(())
    }
}

/// Puts what the latest row of a place says where earlier rows of it have said something; nothing is sent for what the
/// shop has already.
fn want(
    wanted: &mut BTreeMap<PricePlace, (Vec<usize>, BatchRow)>,
    place: &PricePlace,
    row: usize,
    sent: Option<(&str, Value)>,
) {
    let earlier = wanted.remove(place).map(|(rows, _)| rows).unwrap_or_default();
    let Some((sku, body)) = sent else { return };
    let rows = earlier.into_iter().chain([row]).collect();
    wanted.insert(place.clone(), (rows, BatchRow { sku: sku.to_owned(), body }));
}

impl SpecialPrice {
    /// Absent dates are left out: the shop keeps those that it has.
    fn body(&self, sku: &str, store: i64) -> Value {
        let mut body = json!({ "sku": sku, "price": self.price, "store_id": store });
        let dates = [("price_from", &self.from), ("price_to", &self.to)];
        for (name, date) in dates.into_iter().filter_map(|(name, date)| Some((name, date.as_ref()?))) {
            body[name] = json!(date);
        }
        body
    }
}
