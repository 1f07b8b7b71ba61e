//! Hands bodies over to the shop, which works through them later.
//!
//! Before the first list of an attempt the shop is asked what it has open: an attempt that died may have handed the same
//! bodies over, and a second time could make a second product. What is open already is only waited for.
//!
//! Two lists at once must not make the same new product. So a product that is on its way counts as there: it is changed by
//! a call that makes none, and if that came first, it is sent again.

use catalog::target;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use tokio::sync::OnceCell;

use super::accepted::AcceptedRows;
use super::afterwards::{Afterwards, Attached};
use super::problem::failed;
use super::refused;
use super::tally::RowTally;
use super::token::BulkToken;
use crate::bulk::{BulkBatch, BulkRoute, OpenRequest, look_after, open_requests, submit};
use crate::client::{Error, ShopClient, ShopScope};

/// What is on its way, as far as this attempt knows.
#[derive(Default)]
pub(super) struct InFlight {
    skus: Mutex<BTreeSet<String>>,
    open: OnceCell<Vec<(BulkRoute, OpenRequest)>>,
}

/// A body with the rows that it is made of.
pub(super) struct HandedItem {
    pub(super) rows: Vec<usize>,
    pub(super) body: Value,
    /// Whether the shop does not have the product yet.
    pub(super) is_new: bool,
    /// What is sent once the product is there.
    pub(super) then: Afterwards,
    /// What its rows said, to be remembered once the shop has done it.
    pub(super) accepted: Option<AcceptedRows>,
}

/// A product of which nothing is sent yet: its rows, and what is sent later.
pub(super) struct PutOff {
    pub(super) rows: Vec<usize>,
    pub(super) attached: Attached,
    pub(super) accepted: Option<AcceptedRows>,
}

/// Items for one call and one scope, in their order.
pub(super) struct HandedBatch {
    pub(super) route: BulkRoute,
    pub(super) scope: ShopScope,
    /// The number of the scope in the shop.
    pub(super) store_id: i64,
    pub(super) items: Vec<HandedItem>,
}

impl InFlight {
    /// Asks the shop once what it has open.
    async fn load(&self, client: &ShopClient) -> Result<&[(BulkRoute, OpenRequest)], Error> {
        let read = async || {
            let mut open = Vec::new();
            for route in [BulkRoute::SaveProducts, BulkRoute::UpdateProducts] {
                open.extend(open_requests(client, route).await?.into_iter().map(|request| (route, request)));
            }
            Ok::<_, Error>(open)
        };
        Ok(self.open.get_or_try_init(read).await?.as_slice())
    }

    /// Returns the products that the shop has open since before this attempt. Nobody knows yet how they will be.
    pub(super) async fn open_skus(&self, client: &ShopClient) -> Result<BTreeSet<String>, Error> {
        let open = self.load(client).await?;
        Ok(open.iter().filter_map(|(route, open)| route.sku(&open.request)).collect())
    }

    /// Says whether this attempt has sent a product.
    pub(super) fn has_sent(&self, key: &str) -> bool {
        self.skus.lock().expect("nothing panics while it is held").contains(key)
    }

    /// Finds what the shop has open and what says the same as an item.
    fn find(&self, (route, store_id): (BulkRoute, i64), item: &Value) -> Option<&OpenRequest> {
        let open = self.open.get()?.iter();
        let mut same = open.filter(|(of, open)| *of == route && open.store_id == Some(store_id));
        same.find(|(_, open)| open.is_for(item)).map(|(_, open)| open)
    }

    /// Says whether the shop has something open that says the same as an item: an earlier attempt has sent it.
    pub(super) fn has_open(&self, call: (BulkRoute, i64), item: &Value) -> bool {
        self.find(call, item).is_some()
    }

    fn add(&self, batch: &HandedBatch) {
        let mut skus = self.skus.lock().expect("nothing panics while it is held");
        skus.extend(batch.items.iter().filter_map(|item| batch.route.sku(&item.body)));
    }
}

/// Hands a batch over, and leaves its rows pending.
pub(super) async fn hand_over(
    client: &ShopClient,
    in_flight: &InFlight,
    tally: &mut RowTally,
    mut batch: HandedBatch,
) -> Result<(), target::Error> {
    if batch.items.is_empty() {
        return Ok(());
    }
    let now = client.wire().now();
    in_flight.add(&batch);
    let mut rest = Vec::new();
    let mut found: BTreeMap<String, Vec<(usize, HandedItem)>> = BTreeMap::new();
    for item in std::mem::take(&mut batch.items) {
        match in_flight.find((batch.route, batch.store_id), &item.body) {
            Some(open) => found.entry(open.uuid.clone()).or_default().push((open.place, item)),
            None => rest.push(item),
        }
    }
    for (uuid, items) in found {
        let entries = items.iter().map(|(entry, item)| (*entry, item)).collect();
        leave(tally, (batch.route, &batch.scope), (uuid, entries), now);
    }
    let items = rest.iter().map(|item| item.body.clone()).collect();
    let sent = BulkBatch { route: batch.route, scope: batch.scope.clone(), items };
    let skus: Vec<String> = sent.items.iter().filter_map(|item| batch.route.sku(item)).collect();
    let guard = client.writers().take(skus.iter().map(String::as_str)).await;
    let submission = submit(client, &sent).await.map_err(failed)?;
    drop(guard);
    let bad: BTreeSet<usize> = submission.refused.iter().map(|item| item.item).collect();
    for item in &submission.refused {
        rest[item.item].rows.iter().for_each(|row| tally.refuse(*row, refused(&item.problem)));
    }
    for list in submission.accepted {
        let good = list.items.iter().enumerate().filter(|(_, place)| !bad.contains(place));
        let entries = good.map(|(entry, place)| (entry, &rest[*place])).collect();
        leave(tally, (batch.route, &batch.scope), (list.uuid, entries), now);
    }
    Ok(())
}

/// Leaves rows pending of which nothing is to be sent before other products are there.
pub(super) fn put_off(client: &ShopClient, tally: &mut RowTally, (scope, products): (&ShopScope, Vec<PutOff>)) {
    let mut rows = Vec::new();
    let mut entries = Vec::new();
    let mut then = Vec::new();
    let mut accepted = BTreeMap::new();
    for (entry, product) in products.into_iter().enumerate() {
        accepted.extend(product.accepted.map(|rows| (entry, rows)));
        let attached = product.attached;
        for row in product.rows.into_iter().filter(|row| !tally.is_refused(*row)) {
            rows.push(row);
            entries.push(entry);
        }
        then.push(attached);
    }
    if rows.is_empty() {
        return;
    }
    let after = look_after(None);
    let mut token = BulkToken::later(scope, then, client.wire().now());
    token.entries = entries;
    token.accepted = accepted;
    token.waited = after.as_secs();
    tally.leave(&rows, token.write(), after.as_secs());
}

fn leave(
    tally: &mut RowTally,
    call: (BulkRoute, &ShopScope),
    (uuid, items): (String, Vec<(usize, &HandedItem)>),
    now: DateTime<Utc>,
) {
    let mut rows = Vec::new();
    let mut token = BulkToken::new(call, uuid, Vec::new(), now);
    for (entry, item) in items {
        for row in item.rows.iter().filter(|row| !tally.is_refused(**row)) {
            rows.push(*row);
            token.entries.push(entry);
        }
        if item.is_new {
            token.new.push(entry);
        }
        token.accepted.extend(item.accepted.clone().map(|rows| (entry, rows)));
        if !item.then.is_empty() {
            let sku = item.body["product"]["sku"].as_str().unwrap_or_default().to_owned();
            token.then.insert(entry, Attached::new(sku, item.then.clone()));
        }
    }
    if rows.is_empty() {
        return;
    }
    let after = look_after(None);
    token.waited = after.as_secs();
    tally.leave(&rows, token.write(), after.as_secs());
}
