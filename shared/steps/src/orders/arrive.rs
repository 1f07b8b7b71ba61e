//! Orders coming in, from wherever: a drop, a person, the API, a poll.
//!
//! | what comes | what becomes of it |
//! |---|---|
//! | a new order | stored, its lines numbered, its export pending |
//! | a later version | stored; what waits is looked at again |
//! | the same second, but it says something else | the one that arrives later holds, as clocks of shops count seconds |
//! | the same, or the same but for its times | nothing |
//! | an older version | nothing |
//! | another order of the shop with this store and number | refused: nobody can say which one a number means |
//!
//! Order and export are written in one group, under the versions that were read.

use chrono::{DateTime, Utc};
use orders::digest;
use orders::export::ExportStatus;
use orders::line_number;
use orders::order::Order;
use store::Store;
use store::table::GroupWritten;

use super::ORDER_EXPORT;
use super::kept::{self, KeptOrder};
use super::order_key::OrderKey;
use crate::entity_export::records::{self, Place, Record, told};

/// How often an arrival is tried again because somebody else wrote the order meanwhile.
const RACES: usize = 8;

/// States in which a shop has given an order up.
const GIVEN_UP: [&str; 2] = ["canceled", "closed"];

/// What became of an order that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrived {
    /// It is new.
    New,
    /// It says something else than before.
    Updated,
    /// It is stored already.
    Known,
    /// A later version of it is stored already.
    Older,
}

/// Why an order was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another order of the shop has its store and number.
    #[error(
        "order {key} is order {found} of the shop, and order {stored} is stored under this store and number; which one is \
         meant must be settled in the shop"
    )]
    OtherOrder {
        /// Store and number.
        key: OrderKey,
        /// The id of the one that came.
        found: u64,
        /// The id of the one that is stored.
        stored: u64,
    },
    /// Others keep writing to it.
    #[error("order {0} was changed again and again while it was being stored; try again")]
    Busy(OrderKey),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Takes an order in. The same again changes nothing.
///
/// # Errors
/// It is not clear which order it is, or the store did not answer; in that case it may have been taken.
pub async fn arrive(store: &Store, order: &Order, now: DateTime<Utc>) -> Result<Arrived, Error> {
    let (key, digest) = (OrderKey::of(order), digest::of(&order.json));
    for _ in 0..RACES {
        let before = kept::get(store, &key).await?;
        let arrived = match &before {
            Some(before) if before.order.id != order.id => {
                let (found, stored) = (order.id.0, before.order.id.0);
                return Err(Error::OtherOrder { key, found, stored });
            }
            Some(before) => judge(before, order, &digest),
            None => Arrived::New,
        };
        if matches!(arrived, Arrived::Known | Arrived::Older) {
            return Ok(arrived);
        }
        if take(store, order, &digest, before, now).await? {
            return Ok(arrived);
        }
    }
    Err(Error::Busy(key))
}

fn judge(before: &KeptOrder, order: &Order, digest: &str) -> Arrived {
    if before.digest == digest {
        return Arrived::Known;
    }
    if order.updated_at < before.order.updated_at { Arrived::Older } else { Arrived::Updated }
}

/// Writes an order and what becomes of its export; `false` if somebody else has written one of them meanwhile.
async fn take(
    store: &Store,
    order: &Order,
    digest: &str,
    before: Option<KeptOrder>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let key = OrderKey::of(order);
    let mut lines = before.as_ref().map(|before| before.lines.clone()).unwrap_or_default();
    line_number::number(order, &mut lines);
    let next = KeptOrder {
        order: order.clone(),
        digest: digest.to_owned(),
        lines,
        arrived_at: before.as_ref().map_or(now, |before| before.arrived_at),
        version: before.as_ref().and_then(|before| before.version),
    };
    let record = records::get(store, ORDER_EXPORT, &key.to_string()).await?;
    let (record, story) = follow(record, &key, order, now);
    let mut writes = record.writes(Some(&story), now);
    writes.push(next.write(store).await?);
    Ok(store.table.write_group(writes).await? == GroupWritten::Applied)
}

/// What becomes of the export of an order that says something else.
fn follow(record: Option<Record>, key: &OrderKey, order: &Order, now: DateTime<Utc>) -> (Record, String) {
    let version = version_of(order);
    let Some(mut record) = record else {
        let place = Some(Place::Pending(now));
        return (
            Record { place, ..Record::new(ORDER_EXPORT, &key.to_string()) },
            format!("arrived with version {version}"),
        );
    };
    let mut story = format!("arrived again with version {version}");
    match record.export.status {
        ExportStatus::Pending => record.place = Some(Place::Pending(now)),
        ExportStatus::Error => record.place = Some(Place::Failed(record.due_again_at().unwrap_or(now).max(now))),
        // Its own pipeline looks at it again before anything leaves.
        ExportStatus::Scheduled => {}
        ExportStatus::Exported => {}
    }
    let may_be_there = record.sent.is_some() || record.frozen.as_ref().is_some_and(|frozen| frozen.may_be_received);
    let state = order.state.as_deref().unwrap_or(&order.status);
    if may_be_there && GIVEN_UP.contains(&state) && record.attention.is_none() {
        let attention =
            format!("it is {state} in the shop since {}, and its document has left", told(order.updated_at));
        story += &format!("; a person should see to it: {attention}");
        record.attention = Some(attention);
    }
    (record, story)
}

/// The version of an order as stories tell it.
#[must_use]
pub fn version_of(order: &Order) -> String {
    format!("{} ({})", told(order.updated_at), order.status)
}
