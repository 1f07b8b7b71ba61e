//! What a block sends of products: lists by turn, stock by source, and what has to wait.

use std::collections::{BTreeMap, BTreeSet};

use catalog::target::{self, ItemOutcome};

use super::group::{ProductGroup, Turn};
use super::stored::Stored;
use crate::client::ShopScope;
use crate::target::MagentoTarget;
use crate::target::accepted::AcceptedRows;
use crate::target::afterwards::Attached;
use crate::target::in_flight::{HandedBatch, HandedItem, PutOff, hand_over, put_off};
use crate::target::placed_stock::PlacedStock;
use crate::target::problem::failed;
use crate::target::tally::RowTally;

/// What is to be sent.
#[derive(Default)]
pub(super) struct Outgoing {
    batches: BTreeMap<Turn, HandedBatch>,
    later: BTreeMap<ShopScope, Vec<PutOff>>,
    placed: PlacedStock,
    /// Products of which something is sent.
    sent: BTreeSet<String>,
    /// Rows of which nothing is.
    unchanged: Vec<AcceptedRows>,
}

impl Outgoing {
    /// Takes over a product as it is sent.
    pub(super) fn take(
        &mut self,
        stored: &Stored,
        tally: &mut RowTally,
        (mut group, store_id): (ProductGroup, i64),
        accepted: Option<AcceptedRows>,
    ) {
        let items = group.body.source_items.take();
        self.placed.take(&stored.source_items, (&group.sku, &group.rows, ItemOutcome::Updated), items);
        if !group.is_new && group.body.is_empty() && group.then.is_empty() {
            let is_told = |row: &usize| tally.is_noted(*row) || !tally.is_open(*row);
            let is_as_said = !self.placed.has(&group.sku) && !group.rows.iter().any(is_told);
            self.unchanged.extend(accepted.filter(|_| is_as_said));
            group.rows.iter().for_each(|row| tally.settle(*row, ItemOutcome::Unchanged));
            return;
        }
        self.sent.insert(group.sku.clone());
        if !group.is_new && group.body.is_empty() {
            let attached = Attached::new(group.sku, group.then);
            self.later.entry(group.scope).or_default().push(PutOff { rows: group.rows, attached, accepted });
            return;
        }
        let (route, scope) = (group.route(), group.scope.clone());
        let batch = self.batches.entry(Turn::of(&group));
        let batch = batch.or_insert_with(|| HandedBatch { route, scope, store_id, items: Vec::new() });
        let body = group.body.into_item(&group.sku);
        batch.items.push(HandedItem { rows: group.rows, body, is_new: group.is_new, then: group.then, accepted });
    }

    /// Sends it.
    pub(super) async fn send(self, target: &MagentoTarget, tally: &mut RowTally) -> Result<(), target::Error> {
        let client = target.client.as_ref();
        // First it is forgotten what the shop has: whoever dies in between makes it only be compared again.
        target.forget_accepted(self.sent.iter().map(String::as_str).chain(self.placed.skus())).await?;
        target.remember(self.unchanged).await?;
        self.placed.send(client, tally).await.map_err(failed)?;
        for batch in self.batches.into_values() {
            hand_over(client, &target.in_flight, tally, batch).await?;
        }
        for (scope, products) in self.later {
            put_off(client, tally, (&scope, products));
        }
        Ok(())
    }
}
