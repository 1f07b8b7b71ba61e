//! Orders: what came in, where each export stands and why, and what a person can do about it.

mod rows;
pub mod templates;
pub mod websites;

use chrono::{DateTime, Months, NaiveDate, NaiveTime, Utc};
use engine::Context;
use orders::export::Chain;
pub use orders::export::{ExportStatus, NoStatus};
use orders::read;
use serde::Serialize;
use steps::entity_export::records::{self, Place, Record};
use steps::entity_export::reset;
pub use steps::entity_export::reset::{Doubt, Error as ResetError};
use steps::entity_export::{ExportEntity, Thing};
use steps::orders::ORDER_EXPORT;
use steps::orders::arrive::{self, Arrived};
use steps::orders::kept::{self, KeptOrder};
use steps::orders::order_export::{OrderExport, thing};
use steps::orders::order_key::OrderKey;
use steps::orders::website::{self as sites, Websites};

pub use rows::{ExportRow, LineRow, OrderDetails, OrderRow};

use crate::note;
use crate::operator::AuditStamp;

/// How many months a list goes back; what is older is asked for by its month.
const MONTHS: u32 = 24;

/// How many orders are read together.
const TOGETHER: usize = 100;

/// Why something cannot be done with orders.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such order.
    #[error("there is no order `{0}` (expected a number as `000000041`, or store and number as `1-000000041`)")]
    Unknown(String),
    /// Several orders have the number.
    #[error("{} orders have the number `{number}`: {}; say which one", .keys.len(), .keys.join(", "))]
    Ambiguous {
        /// The number.
        number: String,
        /// Store and number of each.
        keys: Vec<String>,
    },
    /// What was handed in is no list of orders.
    #[error("there are no orders in it: {0}")]
    NoOrders(String),
    /// It is no month.
    #[error("`{0}` is no month (expected one as `2026-11`)")]
    Month(String),
    /// The export cannot begin anew.
    #[error(transparent)]
    Reset(#[from] reset::Error),
    /// Somebody else was faster.
    #[error("the export of order `{0}` changed meanwhile; look at it and try again")]
    Busy(String),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// One of the orders that were handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TakenOrder {
    /// Its store and number, if it can be read.
    pub key: Option<String>,
    /// What became of it: `new`, `updated`, `known`, `older` or `refused`.
    pub outcome: &'static str,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Which orders to list.
#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    /// Only those whose export stands there.
    pub status: Option<ExportStatus>,
    /// Only those of this website.
    pub website: Option<String>,
    /// Only those that a person should see to.
    pub needs_attention: bool,
    /// Only those that were placed in this month.
    pub month: Option<DateTime<Utc>>,
}

/// Some orders, the latest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderList {
    /// They.
    pub orders: Vec<OrderRow>,
    /// Whether there are more.
    pub is_cut: bool,
}

/// Why an order leaves or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderWhy {
    /// Which order.
    pub key: String,
    /// Where its export stands.
    pub status: String,
    /// What comes next, in one sentence.
    pub next: String,
    /// Each filter that refuses it, and why.
    pub reasons: Vec<OrderReason>,
}

/// Why a filter refuses an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderReason {
    /// The filter.
    pub filter: &'static str,
    /// Its reason.
    pub reason: String,
}

/// Takes orders in: one, a list, or the answer of a shop to a search.
///
/// # Errors
/// There are none, or the store did not answer; what was taken by then stays. What is wrong with one order stands with it.
pub async fn import(context: &Context, text: &str, now: DateTime<Utc>) -> Result<Vec<TakenOrder>, Error> {
    let orders = read::orders(text).map_err(|error| Error::NoOrders(error.to_string()))?;
    let mut taken = Vec::new();
    for order in orders {
        let order = match order {
            Ok(order) => order,
            Err(problem) => {
                taken.push(TakenOrder { key: None, outcome: "refused", problem: Some(problem.to_string()) });
                continue;
            }
        };
        let key = Some(OrderKey::of(&order).to_string());
        taken.push(match arrive::arrive(&context.store, &order, now).await {
            Ok(arrived) => TakenOrder { key, outcome: in_a_word(arrived), problem: None },
            Err(arrive::Error::Store(error)) => return Err(error.into()),
            Err(problem) => TakenOrder { key, outcome: "refused", problem: Some(problem.to_string()) },
        });
    }
    Ok(taken)
}

/// Finds the orders that are meant by a number, or the one that store and number name.
///
/// # Errors
/// There is none, or the store did not answer.
pub async fn find(context: &Context, reference: &str) -> Result<Vec<KeptOrder>, Error> {
    if let Ok(key) = reference.parse::<OrderKey>()
        && let Some(kept) = kept::get(&context.store, &key).await?
    {
        return Ok(vec![kept]);
    }
    let found = kept::with_number(&context.store, reference).await?;
    if found.is_empty() {
        return Err(Error::Unknown(reference.chars().take(60).collect()));
    }
    Ok(found)
}

/// Lists orders, the latest first.
///
/// # Errors
/// The store did not answer.
pub async fn list(
    context: &Context,
    filter: &OrderFilter,
    limit: usize,
    now: DateTime<Utc>,
) -> Result<OrderList, Error> {
    let websites = sites::load(&context.store).await?;
    let (begin, count) = filter.month.map_or((now, MONTHS), |month| (month, 1));
    let mut orders = Vec::new();
    for back in 0..count {
        let Some(month) = begin.checked_sub_months(Months::new(back)) else { break };
        let mut after = None;
        loop {
            let page = kept::of_month(&context.store, month, after, TOGETHER).await?;
            let rows = rows::rows(context, &page.entries, &websites).await?;
            orders.extend(rows.into_iter().filter(|row| filter.takes(row)));
            if orders.len() > limit {
                orders.truncate(limit);
                return Ok(OrderList { orders, is_cut: true });
            }
            let Some(next) = page.next else { break };
            after = Some(next);
        }
    }
    Ok(OrderList { orders, is_cut: false })
}

/// Reads a month: `2026-11`.
///
/// # Errors
/// It is none.
pub fn month(text: &str) -> Result<DateTime<Utc>, Error> {
    let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d");
    let first = first.map_err(|_| Error::Month(text.chars().take(20).collect()))?;
    Ok(first.and_time(NaiveTime::MIN).and_utc())
}

/// Shows all orders that are meant by a number, each with its lines and its story.
///
/// # Errors
/// There is none, or the store did not answer.
pub async fn show(context: &Context, reference: &str) -> Result<Vec<OrderDetails>, Error> {
    let websites = sites::load(&context.store).await?;
    let mut shown = Vec::new();
    for kept in find(context, reference).await? {
        let record = record_of(context, &kept).await?;
        let story = records::story(&context.store, ORDER_EXPORT, &record.id).await?;
        shown.push(rows::details(&kept, &record, &websites, story));
    }
    Ok(shown)
}

/// Tells why orders leave or not: the code that decides is the code that explains.
///
/// # Errors
/// There is no such order, or the store did not answer.
pub async fn why(context: &Context, reference: &str, now: DateTime<Utc>) -> Result<Vec<OrderWhy>, Error> {
    let websites = sites::load(&context.store).await?;
    let mut told = Vec::new();
    for kept in find(context, reference).await? {
        let record = record_of(context, &kept).await?;
        told.push(why_of(&record, &thing(&kept, &websites), now));
    }
    Ok(told)
}

/// Begins anew with the export of one order.
///
/// # Errors
/// It is not clear which one, it has left or is on its way, or the store did not answer.
pub async fn reset(
    context: &Context,
    reference: &str,
    doubt: Doubt,
    stamp: AuditStamp<'_>,
) -> Result<OrderDetails, Error> {
    let kept = only(context, reference).await?;
    let id = OrderKey::of(&kept.order).to_string();
    let AuditStamp { by, at } = stamp;
    let record = reset::reset(&context.store, (ORDER_EXPORT, &id), doubt, by, at).await?;
    note(context, &format!("reset the export of order {id}"), stamp).await;
    let websites = sites::load(&context.store).await?;
    Ok(rows::details(&kept, &record, &websites, Vec::new()))
}

/// Lets the next beat look at an order that waits, and tells what it will find.
///
/// # Errors
/// It is not clear which one, or the store did not answer.
pub async fn export(context: &Context, reference: &str, stamp: AuditStamp<'_>) -> Result<OrderWhy, Error> {
    let kept = only(context, reference).await?;
    let record = record_of(context, &kept).await?;
    let websites: Websites = sites::load(&context.store).await?;
    let why = why_of(&record, &thing(&kept, &websites), stamp.at);
    let place = match record.export.status {
        ExportStatus::Pending => Place::Pending(stamp.at),
        ExportStatus::Error | ExportStatus::Scheduled | ExportStatus::Exported => return Ok(why),
    };
    let story = format!("{} asked for its export", stamp.by);
    let id = record.id.clone();
    let next = Record { place: Some(place), ..record };
    match records::write(&context.store, next, Some(&story), stamp.at).await? {
        Some(_) => Ok(why),
        None => Err(Error::Busy(id)),
    }
}

impl OrderFilter {
    fn takes(&self, row: &OrderRow) -> bool {
        let has_status = self.status.is_none_or(|status| row.export.status == status.to_string());
        let is_of_website = self.website.as_ref().is_none_or(|website| row.website.as_ref() == Some(website));
        has_status && is_of_website && (!self.needs_attention || row.export.attention.is_some())
    }
}

async fn only(context: &Context, reference: &str) -> Result<KeptOrder, Error> {
    let mut found = find(context, reference).await?;
    if found.len() > 1 {
        let keys = found.iter().map(|kept| OrderKey::of(&kept.order).to_string()).collect();
        return Err(Error::Ambiguous { number: reference.to_owned(), keys });
    }
    Ok(found.remove(0))
}

async fn record_of(context: &Context, kept: &KeptOrder) -> Result<Record, Error> {
    let id = OrderKey::of(&kept.order).to_string();
    let record = records::get(&context.store, ORDER_EXPORT, &id).await?;
    // Both are written in one group, so there is none only for a moment of a read in between.
    Ok(record.unwrap_or_else(|| Record::new(ORDER_EXPORT, &id)))
}

fn why_of(record: &Record, thing: &Thing, now: DateTime<Utc>) -> OrderWhy {
    let status = record.export.status;
    let chain = match status {
        ExportStatus::Pending => Chain::Schedule,
        ExportStatus::Error => Chain::Reschedule,
        ExportStatus::Scheduled => Chain::Leave,
        ExportStatus::Exported => {
            let sent =
                record.sent.as_ref().map(|sent| format!("it left for {} at {}", sent.to, records::told(sent.at)));
            let next = sent.unwrap_or_else(|| "it has left".to_owned());
            return OrderWhy { key: record.id.clone(), status: status.to_string(), next, reasons: Vec::new() };
        }
    };
    let refusals = thing.refusals(&OrderExport.filters(chain), &record.export, now);
    let reasons: Vec<OrderReason> =
        refusals.into_iter().map(|it| OrderReason { filter: it.filter, reason: it.reason }).collect();
    let waits_for = thing.website.as_ref().ok().and_then(|website| website.waits_for.as_ref());
    let next = match (status, reasons.is_empty(), waits_for) {
        (_, false, _) => "it is not exported".to_owned(),
        (_, true, Some((reason, until))) => format!("it waits until {}: {reason}", records::told(*until)),
        (ExportStatus::Scheduled, true, None) => {
            format!("pipeline {} exports it", record.export.pipeline.as_deref().unwrap_or("?"))
        }
        (_, true, None) => "the next beat gives it a pipeline".to_owned(),
    };
    OrderWhy { key: record.id.clone(), status: status.to_string(), next, reasons }
}

fn in_a_word(arrived: Arrived) -> &'static str {
    match arrived {
        Arrived::New => "new",
        Arrived::Updated => "updated",
        Arrived::Known => "known",
        Arrived::Older => "older",
    }
}
