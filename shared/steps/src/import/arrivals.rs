//! Files seen in the drop area. A record for people and a hint for beats; the truth is the bucket.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use store::items::{self, Fields, optional};
use store::table::{Change, Condition, Item, Key, Query, Write};
use store::{Result, Store};

/// The partition of all arrivals; the sort key is the key of the file.
const PARTITION: &str = "arrivals";

/// A file seen in the drop area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The file's key.
    pub key: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Differs when the content differs.
    pub fingerprint: String,
    /// When it was seen first with this content.
    pub seen_at: DateTime<Utc>,
    /// Why it has not been taken yet; `None` before a beat looked and after a pipeline took it.
    pub waits_for: Option<String>,
    /// The pipeline that takes it.
    pub pipeline: Option<String>,
}

/// How long a file's record outlives its last change.
const KEEP: Duration = Duration::days(30);

/// Notes what is known of a file in the drop area.
///
/// # Errors
/// The store did not answer.
pub async fn record(store: &Store, arrival: &Arrival, now: DateTime<Utc>) -> Result<()> {
    let attributes = items::attributes([
        ("size_bytes", json!(arrival.size_bytes)),
        ("fingerprint", json!(arrival.fingerprint)),
        ("seen_at", items::time(arrival.seen_at)),
        ("waits_for", optional(arrival.waits_for.as_deref())),
        ("pipeline", optional(arrival.pipeline.as_deref())),
    ]);
    let change = Change::Put { attributes, listing: None, expires_at: Some(now + KEEP) };
    let write = Write { key: Key::new(PARTITION, &arrival.key), condition: Condition::Any, change };
    store.table.write(write).await?;
    Ok(())
}

/// Reads what is known of one file.
///
/// # Errors
/// The store did not answer, or an item cannot be read.
pub async fn of_file(store: &Store, file_key: &str) -> Result<Option<Arrival>> {
    store.table.get(&Key::new(PARTITION, file_key)).await?.as_ref().map(arrival).transpose()
}

/// Reads what is known of some files; unknown ones are left out.
///
/// # Errors
/// The store did not answer, or an item cannot be read.
pub async fn of_files(store: &Store, file_keys: &[String]) -> Result<Vec<Arrival>> {
    let keys: Vec<_> = file_keys.iter().map(|key| Key::new(PARTITION, key)).collect();
    store.table.batch_get(&keys).await?.iter().map(arrival).collect()
}

/// Lists what is known of all files, by key.
///
/// # Errors
/// The store did not answer, or an item cannot be read.
pub async fn all(store: &Store) -> Result<Vec<Arrival>> {
    let mut found = Vec::new();
    let mut query = Query::prefix(PARTITION, "");
    loop {
        let page = store.table.query(&query).await?;
        for item in &page.entries {
            found.push(arrival(item)?);
        }
        let Some(next) = page.next else { return Ok(found) };
        query.after = Some(next);
    }
}

fn arrival(item: &Item) -> Result<Arrival> {
    let fields = Fields::of(item)?;
    Ok(Arrival {
        key: item.key.sort.clone(),
        size_bytes: fields.number("size_bytes")?.unwrap_or(0),
        fingerprint: fields.text("fingerprint")?.unwrap_or_default().to_owned(),
        seen_at: fields.required("seen_at", fields.time("seen_at")?)?,
        waits_for: fields.text("waits_for")?.map(str::to_owned),
        pipeline: fields.text("pipeline")?.map(str::to_owned),
    })
}
