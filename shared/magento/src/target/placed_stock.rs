//! Stock by source that rows of products say: all that a product shall have.

use std::collections::BTreeSet;

use catalog::target::ItemOutcome;
use import::entity::product::SourceItem;

use super::existing::SourceItems;
use super::source_items::{WantedPlaces, WantedStock, remove, save};
use super::tally::RowTally;
use crate::client::{Error, ShopClient, sku_key};

/// The source of the classic quantity, which is not taken away: the shop gives it to every product.
const DEFAULT_SOURCE: &str = "default";

/// What is to be sent, and what is to be taken away.
#[derive(Default)]
pub(super) struct PlacedStock {
    wanted: WantedPlaces,
    gone: WantedPlaces,
}

impl PlacedStock {
    /// Takes over what rows say of a product, as far as the shop does not have it.
    pub(super) fn take(
        &mut self,
        stored: &SourceItems,
        (sku, rows, outcome): (&str, &[usize], ItemOutcome),
        items: Option<Vec<SourceItem>>,
    ) {
        let Some(items) = items else { return };
        let key = sku_key(sku);
        let place = |quantity, status| WantedStock {
            rows: rows.to_vec(),
            sku: sku.to_owned(),
            quantity,
            status,
            outcome: outcome.clone(),
        };
        let named: BTreeSet<&str> = items.iter().map(|item| item.source.as_str()).collect();
        for ((_, source), (quantity, status)) in stored.iter().filter(|((of, _), _)| *of == key) {
            if source != DEFAULT_SOURCE && !named.contains(source.as_str()) {
                self.gone.insert((key.clone(), source.clone()), place(*quantity, *status));
            }
        }
        for item in &items {
            // Numbers of rows are in a form that reads.
            let quantity = item.quantity.parse::<f64>().unwrap_or_default();
            let status = i64::from(item.status == "1");
            let at = (key.clone(), item.source.clone());
            if stored.get(&at) != Some(&(quantity, status)) {
                self.wanted.insert(at, place(quantity, status));
            }
        }
    }

    /// The products of which something is sent.
    pub(super) fn skus(&self) -> impl Iterator<Item = &str> {
        self.wanted.values().chain(self.gone.values()).map(|stock| stock.sku.as_str())
    }

    /// Says whether something of a product is sent.
    pub(super) fn has(&self, sku: &str) -> bool {
        self.skus().any(|known| known == sku)
    }

    /// Sends it, and says what became of its rows.
    pub(super) async fn send(self, client: &ShopClient, tally: &mut RowTally) -> Result<(), Error> {
        save(client, self.wanted, tally).await?;
        remove(client, self.gone, tally).await
    }
}
