//! Stock the classic way: quantities go to the default source, settings with the product.

use std::collections::BTreeSet;

use catalog::target::{self, Block, BlockOutcome, ItemOutcome};
use import::entity::Stated;
use import::entity::product::ProductChange;
use import::entity::stock::Stock;
use import::operation::Operation;

use super::existing;
use super::problem::failed;
use super::products::{ProductRow, import_rows};
use super::source_items::{WantedPlaces, WantedStock, check_product, countable, save};
use super::tally::RowTally;
use super::{MagentoTarget, refused, target_of};
use crate::client::sku_key;

target_of!(Stock, import_stock);

/// The source whose quantity is that of the classic stock.
const DEFAULT_SOURCE: &str = "default";

/// What is remembered of rows of stock is called so.
const KIND: &str = "stock";

/// What a source knows; everything else is a setting of the product.
const AT_SOURCE: [&str; 2] = ["qty", "is_in_stock"];

async fn import_stock(target: &MagentoTarget, block: Block<Stock>) -> Result<BlockOutcome, target::Error> {
    let known = target.known().await?;
    let client = target.client.as_ref();
    let mut tally = RowTally::new(&block.file, block.rows.iter().map(|row| row.line).collect());
    if block.operation != Operation::AddUpdate {
        (0..block.rows.len()).for_each(|row| tally.refuse(row, refused("stock is changed, not replaced or deleted")));
        return Ok(tally.finish());
    }
    let changes: Vec<ProductChange> = block.rows.into_iter().map(|row| row.if_known.unwrap_or(row.change)).collect();
    let skus: BTreeSet<&str> = changes.iter().map(|change| change.sku.as_str()).collect();
    let products = countable(client, skus.iter().copied()).await.map_err(failed)?;
    let stored = existing::source_items(client, skus).await.map_err(failed)?;
    let mut wanted = WantedPlaces::new();
    let mut rest = Vec::new();
    for (row, change) in changes.into_iter().enumerate() {
        // Without sources the quantity is one more setting of the product.
        let has_source = known.facts.basics.source(DEFAULT_SOURCE).is_ok();
        match check_product(&products, &change.sku).and_then(|()| check_addition(&change)) {
            Ok(()) if has_source => rest.extend(want(&stored, &mut wanted, row, change)),
            Ok(()) => rest.push(ProductRow { row, change, if_known: None }),
            Err(problem) => tally.refuse(row, refused(problem)),
        }
    }
    target.forget_accepted(wanted.values().map(|stock| stock.sku.as_str())).await?;
    save(client, wanted, &mut tally).await.map_err(failed)?;
    rest.retain(|row| !tally.is_refused(row.row));
    import_rows(target, &known, &mut tally, (KIND, rest)).await?;
    Ok(tally.finish())
}

fn check_addition(change: &ProductChange) -> Result<(), String> {
    match change.quantity_change {
        None => Ok(()),
        Some(_) => {
            Err("a quantity cannot be added in a shop, which does not remember what was added already and would \
                        add it twice; state what is there"
                .to_owned())
        }
    }
}

/// Takes what a row says of the default source; returns what is left for the product.
fn want(
    stored: &existing::SourceItems,
    wanted: &mut WantedPlaces,
    row: usize,
    mut change: ProductChange,
) -> Option<ProductRow> {
    if AT_SOURCE.iter().any(|name| change.stock.contains_key(*name)) {
        let place = (sku_key(&change.sku), DEFAULT_SOURCE.to_owned());
        let before = stored.get(&place).copied();
        let latest = wanted.get(&place).map(|wanted| (wanted.quantity, wanted.status)).or(before);
        let number = |name: &str| match change.stock.get(name) {
            Some(Stated::Set(text)) => text.parse::<f64>().ok(),
            Some(Stated::Clear) => Some(0.0),
            None => None,
        };
        let quantity = number("qty").or(latest.map(|(quantity, _)| quantity)).unwrap_or(0.0);
        let flag = number("is_in_stock").map(|flag| i64::from(flag != 0.0));
        // A quantity sells a product out or puts it back, unless the row says so itself, as when a merchant saves it.
        let follows = if number("qty").is_some() { None } else { latest.map(|(_, status)| status) };
        let status = flag.or(follows).unwrap_or_else(|| i64::from(quantity > 0.0));
        let rows = wanted.remove(&place).map(|wanted| wanted.rows).unwrap_or_default();
        if before != Some((quantity, status)) {
            let rows = rows.into_iter().chain([row]).collect();
            let (sku, outcome) = (change.sku.clone(), ItemOutcome::Updated);
            wanted.insert(place, WantedStock { rows, sku, quantity, status, outcome });
        }
        AT_SOURCE.iter().for_each(|name| drop(change.stock.remove(*name)));
    }
    (!change.stock.is_empty()).then_some(ProductRow { row, change, if_known: None })
}
