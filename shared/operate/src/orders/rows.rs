//! Orders as people and programs see them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use engine::Context;
use serde::Serialize;
use steps::entity_export::records::{self, Record, StoryLine};
use steps::orders::ORDER_EXPORT;
use steps::orders::kept::{self, KeptOrder};
use steps::orders::order_key::OrderKey;
use steps::orders::website::Websites;

use super::Error;

/// An order in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderRow {
    /// Store and number.
    pub key: String,
    /// The number that people use.
    pub number: String,
    /// Its id within the shop.
    pub entity_id: u64,
    /// The website that its store belongs to.
    pub website: Option<String>,
    /// Where it stands in the shop.
    pub status: String,
    /// When it was placed.
    pub created_at: DateTime<Utc>,
    /// When the shop last changed it.
    pub updated_at: DateTime<Utc>,
    /// What the customer pays.
    pub total: String,
    /// In which currency.
    pub currency: String,
    /// Its export.
    pub export: ExportRow,
}

/// Where the export of an order stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportRow {
    /// `pending`, `scheduled`, `error` or `exported`.
    pub status: String,
    /// How many pipelines have failed since it was pending.
    pub error_count: u32,
    /// The pipeline that it has, or had last.
    pub pipeline: Option<String>,
    /// When it is tried again.
    pub retry_at: Option<DateTime<Utc>>,
    /// Where its document went.
    pub sent_to: Option<String>,
    /// When.
    pub sent_at: Option<DateTime<Utc>>,
    /// The number that the other side has for it.
    pub external_id: Option<String>,
    /// Whether a document was sent and no answer came.
    pub may_be_received: bool,
    /// Why it waits, as the last look says.
    pub waits_for: Option<String>,
    /// What a person should see to.
    pub attention: Option<String>,
}

/// An order with its lines and its story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderDetails {
    /// The order.
    #[serde(flatten)]
    pub row: OrderRow,
    /// When it came first.
    pub arrived_at: DateTime<Utc>,
    /// Its lines.
    pub lines: Vec<LineRow>,
    /// What happened to it, the first first.
    pub story: Vec<StoryLine>,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineRow {
    /// The number by which the other side answers; none for what is no line of its own.
    pub number: Option<String>,
    /// The id of the item within the shop.
    pub item_id: u64,
    /// What it is.
    pub sku: String,
    /// How much of it.
    pub quantity: String,
}

/// The rows of some orders, in their order.
pub(super) async fn rows(context: &Context, keys: &[OrderKey], websites: &Websites) -> Result<Vec<OrderRow>, Error> {
    let ids: Vec<String> = keys.iter().map(ToString::to_string).collect();
    let records = records::get_all(&context.store, ORDER_EXPORT, &ids).await?;
    let records: BTreeMap<&str, &Record> = records.iter().map(|record| (record.id.as_str(), record)).collect();
    let kept = kept::get_all(&context.store, keys).await?;
    let mut rows: BTreeMap<String, OrderRow> = BTreeMap::new();
    for kept in &kept {
        let id = OrderKey::of(&kept.order).to_string();
        if let Some(record) = records.get(id.as_str()) {
            rows.insert(id, row(kept, record, websites));
        }
    }
    Ok(ids.iter().filter_map(|id| rows.remove(id)).collect())
}

pub(super) fn details(kept: &KeptOrder, record: &Record, websites: &Websites, story: Vec<StoryLine>) -> OrderDetails {
    let numbers = websites.of_store(kept.order.store).map(|website| &website.settings.numbers);
    let lines = kept.order.items.iter().map(|item| LineRow {
        number: kept.lines.get(&item.id).map(|place| match numbers {
            Some(numbers) => numbers.written(*place),
            None => place.to_string(),
        }),
        item_id: item.id,
        sku: item.sku.to_string(),
        quantity: item.quantity.normalize().to_string(),
    });
    let lines = lines.collect();
    OrderDetails { row: row(kept, record, websites), arrived_at: kept.arrived_at, lines, story }
}

fn row(kept: &KeptOrder, record: &Record, websites: &Websites) -> OrderRow {
    let order = &kept.order;
    OrderRow {
        key: record.id.clone(),
        number: order.number.to_string(),
        entity_id: order.id.0,
        website: websites.of_store(order.store).map(|website| website.code.clone()),
        status: order.status.to_string(),
        created_at: order.created_at,
        updated_at: order.updated_at,
        total: order.totals.currency.written(order.totals.grand_total),
        currency: order.totals.currency.code().to_string(),
        export: export(record),
    }
}

fn export(record: &Record) -> ExportRow {
    let sent = record.sent.as_ref();
    ExportRow {
        status: record.export.status.to_string(),
        error_count: record.export.error_count,
        pipeline: record.export.pipeline.as_deref().map(str::to_owned),
        retry_at: record.due_again_at(),
        sent_to: sent.map(|sent| sent.to.clone()),
        sent_at: sent.map(|sent| sent.at),
        external_id: record.external_id.clone(),
        may_be_received: record.frozen.as_ref().is_some_and(|frozen| frozen.may_be_received),
        waits_for: record.waits_for.clone(),
        attention: record.attention.clone(),
    }
}
