//! Sources and stocks.

use import::shop::{Source, Stock};
use serde::Deserialize;

use super::ShopKnowledge;
use super::rows::{listed, or_default};
use crate::client::{Error, RefusalReason, ShopCall, ShopClient};

#[derive(Deserialize)]
struct SourceRow {
    source_code: String,
    #[serde(default, deserialize_with = "or_default")]
    enabled: bool,
}

#[derive(Deserialize)]
struct StockRow {
    stock_id: i64,
    name: String,
}

#[derive(Deserialize)]
struct LinkRow {
    stock_id: i64,
    source_code: String,
    #[serde(default, deserialize_with = "or_default")]
    priority: i64,
}

pub(super) async fn read(client: &ShopClient, known: &mut ShopKnowledge) -> Result<(), Error> {
    let call = ShopCall::get(&["inventory", "sources"]);
    let sources: Vec<SourceRow> = match listed(client, call, "source_code,enabled").await {
        Ok(sources) => sources,
        // A shop without its inventory modules has one stock, as every shop once had.
        Err(error) if is_without_inventory(&error) => return Ok(()),
        Err(error) => return Err(error),
    };
    let stocks: Vec<StockRow> = listed(client, ShopCall::get(&["inventory", "stocks"]), "stock_id,name").await?;
    let call = ShopCall::get(&["inventory", "stock-source-links"]);
    let mut links: Vec<LinkRow> = listed(client, call, "stock_id,source_code,priority").await?;
    links.sort_by_key(|link| (link.stock_id, link.priority));
    let basics = &mut known.facts.basics;
    basics.sources =
        sources.into_iter().map(|source| Source { code: source.source_code, is_enabled: source.enabled }).collect();
    basics.stocks.clear();
    for stock in stocks {
        let of_stock = links.iter().filter(|link| link.stock_id == stock.stock_id);
        let sources = of_stock.map(|link| link.source_code.clone()).collect();
        basics.stocks.push(Stock { name: stock.name, sources });
    }
    Ok(())
}

fn is_without_inventory(error: &Error) -> bool {
    error.refusal().is_some_and(|refusal| refusal.reason == RefusalReason::NoRoute)
}
