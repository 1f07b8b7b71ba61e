//! Orders as they are stored.
//!
//! | item | partition, sort | holds | listed |
//! |---|---|---|---|
//! | order | `order/<number>`, `<store>` | `entity_id`, `updated_at`, `digest`, `lines`, `arrived_at`, `json` or `json_file` | by the month in which it was placed |
//!
//! | function | reads or writes |
//! |---|---|
//! | [`get`], [`get_all`] | one item for each order, consistent; a file for one that does not fit its item |
//! | [`with_number`] | the orders of a number, in all stores |
//! | [`of_month`] | the listing, stale, latest first |
//! | [`KeptOrder::write`] | a write under the version that was read, for a group with others |
//!
//! The whole order is kept as it came, packed. One that does not fit an item lies in a file that its digest names, so a
//! version that was read stays readable while a newer one comes.

use std::io::{Read, Write as _};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use orders::exact::ExactJson;
use orders::line_number::LineOrdinals;
use orders::order::Order;
use serde_json::json;
use store::Store;
use store::items::{self, Fields};
use store::table::{Change, Condition, Item, Key, Listed, Listing, ListingQuery, Page, Query, SortDirection, Write};

use super::order_key::OrderKey;

/// Where orders lie that do not fit an item.
const FILES: &str = "order-files/";

/// Most bytes of a packed order within its item; the rest of the item is small.
const IN_ITEM_BYTES: usize = 300_000;

/// Most bytes of an order that is unpacked; what has more was not written by us.
const MAX_BYTES: u64 = orders::read::MAX_ORDER_BYTES as u64 + 1;

/// An order as it is stored.
#[derive(Debug, Clone)]
pub struct KeptOrder {
    /// What the shop says.
    pub order: Order,
    /// Differs when the shop says something else; a time alone is nothing else.
    pub digest: String,
    /// The places of its lines, which stay.
    pub lines: LineOrdinals,
    /// When it came first.
    pub arrived_at: DateTime<Utc>,
    /// The version of the item; none if it is not stored yet.
    pub version: Option<u64>,
}

/// Why a stored order cannot be read. None of it can come of what was taken.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The packed text is spoilt.
    #[error("order {key}: what is stored of it cannot be unpacked")]
    Packed {
        /// Which order.
        key: OrderKey,
        /// What went wrong.
        source: std::io::Error,
    },
    /// Its file is gone.
    #[error("order {key}: its file `{file}` is gone")]
    File {
        /// Which order.
        key: OrderKey,
        /// The key of the file.
        file: String,
    },
    /// What was taken once is refused now.
    #[error("order {key}: what is stored of it cannot be read")]
    Order {
        /// Which order.
        key: OrderKey,
        /// What is wrong with it.
        source: orders::read::Error,
    },
}

/// Reads an order.
///
/// # Errors
/// The store did not answer, or what is stored cannot be read.
pub async fn get(store: &Store, key: &OrderKey) -> store::Result<Option<KeptOrder>> {
    match store.table.get(&item_key(key)).await? {
        Some(item) => kept(store, &item).await.map(Some),
        None => Ok(None),
    }
}

/// Reads some orders; those that are not there are left out.
///
/// # Errors
/// As [`get`].
pub async fn get_all(store: &Store, keys: &[OrderKey]) -> store::Result<Vec<KeptOrder>> {
    let keys: Vec<Key> = keys.iter().map(item_key).collect();
    let mut orders = Vec::new();
    for item in store.table.batch_get(&keys).await? {
        orders.push(kept(store, &item).await?);
    }
    Ok(orders)
}

/// Reads all orders of a number: several stores may have one each.
///
/// # Errors
/// As [`get`].
pub async fn with_number(store: &Store, number: &str) -> store::Result<Vec<KeptOrder>> {
    let (mut orders, mut query) = (Vec::new(), Query::prefix(partition(number), ""));
    loop {
        let page = store.table.query(&query).await?;
        for item in &page.entries {
            orders.push(kept(store, item).await?);
        }
        let Some(next) = page.next else { return Ok(orders) };
        query.after = Some(next);
    }
}

/// Lists the orders that were placed in a month, the latest first.
///
/// # Errors
/// The store did not answer.
pub async fn of_month(
    store: &Store,
    month: DateTime<Utc>,
    after: Option<Listed>,
    limit: usize,
) -> store::Result<Page<OrderKey, Listed>> {
    let (shard, order) = (shard(month), SortDirection::Descending);
    let page = store.table.listing(&ListingQuery { shard, after, order, limit: Some(limit) }).await?;
    let keys = page.entries.iter().filter_map(|listed| listed.rank.split_once('/')?.1.parse().ok());
    Ok(Page { entries: keys.collect(), next: page.next })
}

impl KeptOrder {
    /// Prepares the write of this order, under the version that was read.
    ///
    /// # Errors
    /// The store did not answer; only an order that does not fit an item is written before.
    pub async fn write(&self, store: &Store) -> store::Result<Write> {
        let key = OrderKey::of(&self.order);
        let packed = pack(&self.order.json.to_string());
        let text = STANDARD.encode(&packed);
        let kept_in = if text.len() <= IN_ITEM_BYTES {
            ("json", json!(text))
        } else {
            let file = format!("{FILES}{}.json.gz", self.file_name());
            store.files.put(&file, Bytes::from(packed)).await?;
            ("json_file", json!(file))
        };
        let lines: Vec<(u64, u64)> = self.lines.iter().map(|(item, place)| (*item, *place)).collect();
        let attributes = items::attributes([
            ("schema", json!(1)),
            ("entity_id", json!(self.order.id.0)),
            ("updated_at", items::time(self.order.updated_at)),
            ("digest", json!(self.digest)),
            ("lines", json!(lines)),
            ("arrived_at", items::time(self.arrived_at)),
            kept_in,
        ]);
        let listing = Some(Listing {
            shard: shard(self.order.created_at),
            rank: format!("{:013}/{key}", self.order.created_at.timestamp_millis().max(0)),
        });
        let condition = self.version.map_or(Condition::Absent, Condition::Version);
        Ok(Write { key: item_key(&key), condition, change: Change::Put { attributes, listing, expires_at: None } })
    }

    /// A name for its file that no other version has.
    fn file_name(&self) -> String {
        format!("{}-{}-{}", self.order.store, self.order.id.0, self.digest)
    }
}

fn partition(number: &str) -> String {
    format!("order/{number}")
}

fn item_key(key: &OrderKey) -> Key {
    Key::new(partition(&key.number), key.store.to_string())
}

fn shard(month: DateTime<Utc>) -> String {
    format!("orders/{}", month.format("%Y-%m"))
}

async fn kept(store: &Store, item: &Item) -> store::Result<KeptOrder> {
    let fields = Fields::of(item)?;
    let number = item.key.partition.strip_prefix("order/").unwrap_or_default();
    let key = OrderKey { store: item.key.sort.parse().unwrap_or_default(), number: number.into() };
    let permanent = |problem: Unreadable| store::Error::permanent("read a stored order", problem);
    let packed = match fields.text("json_file")? {
        Some(file) => {
            let bytes = store.files.get(file, None).await?;
            let gone = || permanent(Unreadable::File { key: key.clone(), file: file.to_owned() });
            bytes.ok_or_else(gone)?.to_vec()
        }
        None => {
            let text = fields.required("json", fields.text("json")?)?;
            let spoilt = |error| std::io::Error::new(std::io::ErrorKind::InvalidData, error);
            let decoded = STANDARD.decode(text).map_err(spoilt);
            decoded.map_err(|source| permanent(Unreadable::Packed { key: key.clone(), source }))?
        }
    };
    let text = unpack(&packed).map_err(|source| permanent(Unreadable::Packed { key: key.clone(), source }))?;
    let unreadable = |source| permanent(Unreadable::Order { key: key.clone(), source });
    let json = ExactJson::parse(&text).map_err(|error| unreadable(error.into()))?;
    let order = Order::read(json).map_err(|error| unreadable(error.into()))?;
    let lines: Vec<(u64, u64)> = fields.json("lines", "items and their places")?.unwrap_or_default();
    Ok(KeptOrder {
        order,
        digest: fields.required("digest", fields.text("digest")?)?.to_owned(),
        lines: lines.into_iter().collect(),
        arrived_at: fields.required("arrived_at", fields.time("arrived_at")?)?,
        version: Some(item.version),
    })
}

fn pack(text: &str) -> Vec<u8> {
    let mut packing = GzEncoder::new(Vec::new(), Compression::default());
    packing.write_all(text.as_bytes()).expect("memory takes every byte");
    packing.finish().expect("memory takes every byte")
}

fn unpack(packed: &[u8]) -> std::io::Result<String> {
    let mut text = String::new();
    GzDecoder::new(packed).take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(text)
}
