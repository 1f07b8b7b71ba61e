//! Hands bodies over to the shop, and asks later what became of them.
//!
//! Before the first list of an attempt the shop is asked what it has open: an attempt that died may have handed the same
//! bodies over, and a second time could make a second product. What is open already is only waited for.
//!
//! Two lists at once must not make the same new product. So a product that is on its way counts as there: it is changed by
//! a call that makes none, and if that came first, it is sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use catalog::target::{self, BlockOutcome, ItemOutcome, Pending};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::problem::failed;
use super::refused;
use super::tally::RowTally;
use super::token::BulkToken;
use crate::bulk::{
    BulkBatch, BulkOperation, BulkRoute, FailureKind, OpenRequest, OperationState, look_after, open_operations,
    open_requests, read_status, submit,
};
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
}

/// Items for one call and one scope, in their order.
pub(super) struct HandedBatch {
    pub(super) route: BulkRoute,
    pub(super) scope: ShopScope,
    /// The number of the scope in the shop.
    pub(super) store_id: i64,
    pub(super) items: Vec<HandedItem>,
}

/// How often an entry is sent again that failed for something that may pass.
const TRIES: u32 = 3;

/// How long nothing may move before entries that others have overtaken count as lost.
const STALLED: TimeDelta = TimeDelta::minutes(15);

/// How long nothing may move before the shop is given up. A consumer may be stopped for an hour, or for a night.
const GIVEN_UP: TimeDelta = TimeDelta::hours(24);

/// What a call that makes no product says if the product is not there yet.
const NOT_THERE_YET: &str = "Invalid attribute set entity type";

/// What is said of something that is as it shall be already.
const DONE_BEFORE: [(BulkRoute, &str); 2] =
    [(BulkRoute::DeleteProducts, "doesn't exist"), (BulkRoute::AttachChildren, "already attached")];

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
    }
    if rows.is_empty() {
        return;
    }
    let after = look_after(None);
    token.waited = after.as_secs();
    tally.leave(&rows, token.write(), after.as_secs());
}

/// Asks what became of rows.
pub(super) async fn ask(client: &ShopClient, pending: Pending) -> Result<BlockOutcome, target::Error> {
    let Some(token) = BulkToken::read(&pending.token).filter(|token| token.entries.len() == pending.lines.len()) else {
        let problem =
            format!("rows of `{}` were left pending under `{}`, which means nothing here", pending.file, pending.token);
        return Err(target::Error::permanent(problem));
    };
    let mut asked = Asked { tally: RowTally::new(&pending.file, pending.lines.clone()), token, again: Vec::new() };
    let open = open_operations(client, &asked.token.uuid).await.map_err(failed)?;
    if open > 0 && !asked.is_stalled(open, client.wire().now()) {
        asked.look_later();
        return Ok(asked.tally.finish());
    }
    match read_status(client, &asked.token.uuid).await.map_err(failed)? {
        Some(status) => asked.judge(&status.operations, client.wire().now()),
        None => asked.refuse_all(
            "the shop does not know the list any more in which it took this row; what became of it is unknown",
        ),
    }
    asked.send_again(client).await?;
    Ok(asked.tally.finish())
}

/// Rows of a list while it is found out what became of them.
struct Asked {
    tally: RowTally,
    token: BulkToken,
    /// Entries that are sent again: what was sent, and whether its product is new.
    again: Vec<(Vec<usize>, Value, bool)>,
}

impl Asked {
    /// Keeps how far the shop is; says whether nothing has moved for long.
    fn is_stalled(&mut self, open: u64, now: DateTime<Utc>) -> bool {
        if self.token.open != Some(open) {
            self.token.open = Some(open);
            self.token.since = now;
        }
        now - self.token.since >= STALLED
    }

    /// Leaves all rows that are not answered pending under the same list.
    fn look_later(&mut self) {
        let after = look_after(Some(Duration::from_secs(self.token.waited)));
        let mut rows = Vec::new();
        let mut token = self.token.clone();
        token.entries.clear();
        token.waited = after.as_secs();
        for (row, entry) in self.token.entries.iter().enumerate() {
            if self.tally.is_open(row) {
                rows.push(row);
                token.entries.push(*entry);
            }
        }
        if !rows.is_empty() {
            self.tally.leave(&rows, token.write(), after.as_secs());
        }
    }

    fn rows_of(&self, entry: usize) -> Vec<usize> {
        let rows = self.token.entries.iter().enumerate();
        rows.filter(|(_, known)| **known == entry).map(|(row, _)| row).collect()
    }

    fn refuse_all(&mut self, problem: &str) {
        (0..self.token.entries.len()).for_each(|row| self.tally.refuse(row, refused(problem)));
    }

    fn judge(&mut self, operations: &[BulkOperation], now: DateTime<Utc>) {
        let last_moved = operations.iter().rposition(|operation| operation.state != OperationState::Open);
        let entries: BTreeSet<usize> = self.token.entries.iter().copied().collect();
        let mut waits = false;
        for entry in entries {
            let Some(operation) = operations.get(entry) else {
                self.refuse(
                    entry,
                    "the shop has no entry for this row in the list that it took; what became of it is unknown",
                );
                continue;
            };
            let is_overtaken = last_moved.is_some_and(|last| entry < last);
            match &operation.state {
                OperationState::Open if is_overtaken => {
                    self.try_again(entry, operation, "the shop's consumer lost this row")
                }
                OperationState::Open if now - self.token.since >= GIVEN_UP => {
                    self.refuse(
                        entry,
                        "the shop has not come to this row for a day; does its consumer `async.operations.all` run?",
                    );
                }
                OperationState::Open => waits = true,
                OperationState::Done { errors } if errors.is_empty() => self.settle(entry),
                OperationState::Done { errors } => self.refuse(entry, &errors.join("; ")),
                OperationState::Failed { message, .. } if self.was_done_before(message) => self.settle_unchanged(entry),
                OperationState::Failed { message, kind } => match self.may_pass(message, *kind) {
                    true => self.try_again(entry, operation, message),
                    false => self.refuse(entry, message),
                },
            }
        }
        if waits {
            self.look_later();
        }
    }

    fn may_pass(&self, message: &str, kind: FailureKind) -> bool {
        let came_first = self.token.route() == BulkRoute::UpdateProducts && message.contains(NOT_THERE_YET);
        match kind {
            FailureKind::Passing => true,
            FailureKind::Unclear => self.token.tries == 0,
            FailureKind::Final => came_first,
        }
    }

    fn was_done_before(&self, message: &str) -> bool {
        DONE_BEFORE.iter().any(|(route, words)| *route == self.token.route() && message.contains(words))
    }

    fn try_again(&mut self, entry: usize, operation: &BulkOperation, message: &str) {
        match &operation.request {
            Some(request) if self.token.tries < TRIES => {
                let (rows, is_new) = (self.rows_of(entry), self.token.new.contains(&entry));
                self.again.push((rows, request.clone(), is_new));
            }
            _ => self.refuse(entry, message),
        }
    }

    fn settle(&mut self, entry: usize) {
        let outcome = match self.token.route() {
            BulkRoute::DeleteProducts => ItemOutcome::Deleted,
            _ if self.token.new.contains(&entry) => ItemOutcome::Created,
            BulkRoute::SaveProducts | BulkRoute::UpdateProducts | BulkRoute::AttachChildren => ItemOutcome::Updated,
        };
        self.rows_of(entry).into_iter().for_each(|row| self.tally.settle(row, outcome.clone()));
    }

    fn settle_unchanged(&mut self, entry: usize) {
        self.rows_of(entry).into_iter().for_each(|row| self.tally.settle(row, ItemOutcome::Unchanged));
    }

    fn refuse(&mut self, entry: usize, problem: &str) {
        self.rows_of(entry).into_iter().for_each(|row| self.tally.refuse(row, refused(problem)));
    }

    /// Sends what may pass in a list of its own.
    async fn send_again(&mut self, client: &ShopClient) -> Result<(), target::Error> {
        let again = std::mem::take(&mut self.again);
        if again.is_empty() {
            return Ok(());
        }
        let items = again.iter().map(|(_, request, _)| request.clone()).collect();
        let batch = BulkBatch { route: self.token.route(), scope: self.token.scope(), items };
        let submission = submit(client, &batch).await.map_err(failed)?;
        for item in submission.refused {
            again[item.item].0.iter().for_each(|row| self.tally.refuse(*row, refused(&item.problem)));
        }
        for list in submission.accepted {
            let call = (batch.route, &batch.scope);
            let mut token = BulkToken::new(call, list.uuid, Vec::new(), client.wire().now());
            token.tries = self.token.tries + 1;
            let mut rows = Vec::new();
            for (entry, place) in list.items.iter().enumerate() {
                let (of_entry, _, is_new) = &again[*place];
                token.new.extend(is_new.then_some(entry));
                for row in of_entry.iter().filter(|row| self.tally.is_open(**row)) {
                    rows.push(*row);
                    token.entries.push(entry);
                }
            }
            let after = look_after(None);
            token.waited = after.as_secs();
            self.tally.leave(&rows, token.write(), after.as_secs());
        }
        Ok(())
    }
}
