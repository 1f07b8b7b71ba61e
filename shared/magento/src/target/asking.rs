//! Asks the shop what became of rows that it works through later.
//!
//! Most of it is waiting: a look costs one small request, and comes less and less often. What failed for something that may
//! pass is sent once more in a list of its own; the shop keeps what was sent, so nothing of it has to be kept here.
//! `attach.rs` sends what has to wait until products are there.

mod attach;

use std::collections::BTreeSet;
use std::time::Duration;

use catalog::target::{self, BlockOutcome, ItemOutcome, Pending};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::accepted::AcceptedRows;
use super::afterwards::Attached;
use super::problem::failed;
use super::tally::RowTally;
use super::token::BulkToken;
use super::{MagentoTarget, refused};
use crate::bulk::{
    BulkBatch, BulkOperation, BulkRoute, FailureKind, OperationState, look_after, open_operations, read_status, submit,
};
use crate::client::ShopClient;

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

/// Asks what became of rows.
pub(super) async fn ask(target: &MagentoTarget, pending: Pending) -> Result<BlockOutcome, target::Error> {
    let client = target.client.as_ref();
    let Some(token) = BulkToken::read(&pending.token).filter(|token| token.entries.len() == pending.lines.len()) else {
        let problem =
            format!("rows of `{}` were left pending under `{}`, which means nothing here", pending.file, pending.token);
        return Err(target::Error::permanent(problem));
    };
    let mut asked = Asked {
        tally: RowTally::new(&pending.file, pending.lines.clone()),
        token,
        again: Vec::new(),
        attach: Vec::new(),
        accepted: Vec::new(),
    };
    if asked.token.is_later() {
        asked.attach = asked.token.then.keys().copied().collect();
        asked.attach(target).await?;
        target.remember(std::mem::take(&mut asked.accepted)).await?;
        return Ok(asked.tally.finish());
    }
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
    asked.attach(target).await?;
    target.remember(std::mem::take(&mut asked.accepted)).await?;
    Ok(asked.tally.finish())
}

/// Rows of a list while it is found out what became of them.
struct Asked {
    tally: RowTally,
    token: BulkToken,
    /// Entries that are sent again.
    again: Vec<SentAgain>,
    /// Entries whose products are there, so that the rest of them is sent now.
    attach: Vec<usize>,
    /// What the shop has done, to be remembered.
    accepted: Vec<AcceptedRows>,
}

/// What is sent once more, or for the first time in a second step.
struct SentAgain {
    rows: Vec<usize>,
    item: Value,
    is_new: bool,
    then: Option<Attached>,
    accepted: Option<AcceptedRows>,
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
                OperationState::Done { errors } if errors.is_empty() && self.token.then.contains_key(&entry) => {
                    self.attach.push(entry);
                }
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
                let (item, then) = (request.clone(), self.token.then.get(&entry).cloned());
                let accepted = self.token.accepted.get(&entry).cloned();
                self.again.push(SentAgain { rows, item, is_new, then, accepted });
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
        self.accept(entry);
    }

    /// Remembers what rows said, if nothing about them is to be told again.
    fn accept(&mut self, entry: usize) {
        let rows = self.rows_of(entry);
        let is_told = rows.iter().any(|row| self.tally.is_refused(*row) || self.tally.is_noted(*row));
        self.accepted.extend(self.token.accepted.get(&entry).filter(|_| !is_told).cloned());
    }

    fn settle_unchanged(&mut self, entry: usize) {
        self.rows_of(entry).into_iter().for_each(|row| self.tally.settle(row, ItemOutcome::Unchanged));
        self.accept(entry);
    }

    fn refuse(&mut self, entry: usize, problem: &str) {
        self.rows_of(entry).into_iter().for_each(|row| self.tally.refuse(row, refused(problem)));
    }

    /// Sends what may pass in a list of its own.
    async fn send_again(&mut self, client: &ShopClient) -> Result<(), target::Error> {
        let again = std::mem::take(&mut self.again);
        let (route, tries) = (self.token.route(), self.token.tries + 1);
        self.send(client, (route, tries), again).await
    }

    async fn send(
        &mut self,
        client: &ShopClient,
        (route, tries): (BulkRoute, u32),
        sent: Vec<SentAgain>,
    ) -> Result<(), target::Error> {
        if sent.is_empty() {
            return Ok(());
        }
        let items = sent.iter().map(|one| one.item.clone()).collect();
        let batch = BulkBatch { route, scope: self.token.scope(), items };
        let submission = submit(client, &batch).await.map_err(failed)?;
        for item in submission.refused {
            sent[item.item].rows.iter().for_each(|row| self.tally.refuse(*row, refused(&item.problem)));
        }
        for list in submission.accepted {
            let mut token = BulkToken::new((route, &batch.scope), list.uuid, Vec::new(), client.wire().now());
            token.tries = tries;
            let mut rows = Vec::new();
            for (entry, place) in list.items.iter().enumerate() {
                let one = &sent[*place];
                token.new.extend(one.is_new.then_some(entry));
                token.then.extend(one.then.clone().map(|then| (entry, then)));
                token.accepted.extend(one.accepted.clone().map(|rows| (entry, rows)));
                for row in one.rows.iter().filter(|row| !self.tally.is_refused(**row)) {
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
