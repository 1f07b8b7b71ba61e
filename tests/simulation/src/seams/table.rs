//! The table with faults, and what is noted of each write.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::Value;
use store::Result;
use store::keys::SETTINGS;
use store::table::{
    Attributes, Change, GroupWritten, Item, Key, Listed, ListingQuery, Page, Query, Table, Write, Written,
};

use super::{alone, called};
use crate::faults::Kind;
use crate::history::{PipelineState, StepState, What};
use crate::stage::Stage;

/// The table with faults.
pub(crate) struct Items {
    stage: Arc<Stage>,
    inner: Arc<dyn Table>,
    listings: Arc<Listings>,
}

/// What each listing answered lately.
type Listings = Mutex<BTreeMap<String, Vec<(i64, Page<Listed, Listed>)>>>;

/// How far a listing may lag behind.
pub(crate) const LAG: i64 = 90_000;

impl Items {
    pub(crate) fn new(stage: Arc<Stage>, inner: Arc<dyn Table>) -> Self {
        Items { stage, inner, listings: Arc::default() }
    }
}

#[async_trait]
impl Table for Items {
    async fn get(&self, key: &Key) -> Result<Option<Item>> {
        let (inner, own) = (self.inner.clone(), key.clone());
        called(&self.stage, Kind::Reads, "get", || format!("get `{key}`"), move || alone(inner.get(&own))).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Item>> {
        let (inner, own) = (self.inner.clone(), keys.to_vec());
        let label = || format!("get {} items", keys.len());
        called(&self.stage, Kind::Reads, "batch_get", label, move || {
            let mut items = alone(inner.batch_get(&own))?;
            items.sort_by(|a, b| a.key.cmp(&b.key));
            Ok(items)
        })
        .await
    }

    async fn query(&self, query: &Query) -> Result<Page<Item, String>> {
        let (inner, own) = (self.inner.clone(), query.clone());
        let label = || format!("query `{} {}`", query.partition, query.sort_prefix);
        let stage = self.stage.clone();
        called(&self.stage, Kind::Reads, "query", label, move || {
            let page = alone(inner.query(&own))?;
            if let (Some(id), "") = (own.partition.strip_prefix("pipeline/"), own.sort_prefix.as_str()) {
                stage.note(What::Looks { id: id.to_owned() });
            }
            Ok(page)
        })
        .await
    }

    async fn listing(&self, query: &ListingQuery) -> Result<Page<Listed, Listed>> {
        let (inner, own, stage) = (self.inner.clone(), query.clone(), self.stage.clone());
        let listings = self.listings.clone();
        let name = format!("{query:?}");
        called(
            &self.stage,
            Kind::Lists,
            "listing",
            || format!("list `{}`", query.shard),
            move || {
                let fresh = alone(inner.listing(&own))?;
                let is_stale = stage.lock().is_stale;
                let shown = as_listed(&listings, &name, &fresh, stage.now(), is_stale);
                stage.lock().counts.stale += u64::from(shown != fresh);
                Ok(shown)
            },
        )
        .await
    }

    async fn write(&self, write: Write) -> Result<Written> {
        let (inner, stage, own) = (self.inner.clone(), self.stage.clone(), write.clone());
        called(
            &self.stage,
            Kind::Writes,
            "write",
            || format!("write `{}`", write.key),
            move || {
                let written = alone(inner.write(own.clone()))?;
                if let Written::Applied(Some(item)) = &written {
                    noted(&stage, item);
                }
                Ok(written)
            },
        )
        .await
    }

    async fn write_group(&self, writes: Vec<Write>) -> Result<GroupWritten> {
        let (inner, stage, own) = (self.inner.clone(), self.stage.clone(), writes.clone());
        let label = || {
            let keys: Vec<String> = writes.iter().map(|write| format!("`{}`", write.key)).collect();
            format!("write {}", keys.join(", "))
        };
        called(&self.stage, Kind::Writes, "write_group", label, move || {
            let written = alone(inner.write_group(own.clone()))?;
            if written == GroupWritten::Applied {
                noted_group(&stage, inner.as_ref(), &own)?;
            }
            Ok(written)
        })
        .await
    }

    async fn batch_put(&self, items: Vec<(Key, Attributes)>) -> Result<()> {
        let (inner, stage, own) = (self.inner.clone(), self.stage.clone(), items.clone());
        called(
            &self.stage,
            Kind::Writes,
            "batch_put",
            || format!("put {} items", items.len()),
            move || {
                alone(inner.batch_put(own.clone()))?;
                own.iter().for_each(|(key, attributes)| noted_added(&stage, key, attributes));
                Ok(())
            },
        )
        .await
    }
}

/// What a listing shows: an answer of the last minute and a half if it is stale.
fn as_listed(
    listings: &Listings,
    name: &str,
    fresh: &Page<Listed, Listed>,
    now: i64,
    is_stale: bool,
) -> Page<Listed, Listed> {
    let mut listings = listings.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = listings.entry(name.to_owned()).or_default();
    kept.retain(|(at, _)| *at + LAG >= now);
    let shown = if is_stale { kept.first().map(|(_, page)| page.clone()) } else { None };
    if kept.last().is_none_or(|(_, page)| page != fresh) {
        kept.push((now, fresh.clone()));
    }
    shown.unwrap_or_else(|| fresh.clone())
}

/// Notes what a group of writes left of pipelines and their steps.
pub(super) fn noted_group<'a>(
    stage: &Stage,
    table: &dyn Table,
    writes: impl IntoIterator<Item = &'a Write>,
) -> Result<()> {
    let is_told = |write: &&Write| {
        let Key { partition, .. } = &write.key;
        (partition.starts_with("pipeline/") || partition == SETTINGS) && write.change != Change::Check
    };
    for write in writes.into_iter().filter(is_told) {
        if let Some(item) = alone(table.get(&write.key))? {
            noted(stage, &item);
        }
    }
    Ok(())
}

/// Notes the mark of a step that the same commit claimed, if it was there that the step was marked.
pub(super) fn noted_mark(stage: &Stage, writes: &[Write], item: &Item) {
    if writes.iter().any(|write| write.key == item.key) {
        let mut marked = item.clone();
        marked.version -= 1;
        marked.attributes.insert("status".to_owned(), "enqueued".into());
        marked.attributes.retain(|name, _| !["owner", "lease_until", "started_at"].contains(&name.as_str()));
        noted(stage, &marked);
    }
}

pub(super) fn noted(stage: &Stage, item: &Item) {
    let Key { partition, sort } = &item.key;
    if let Some(hash) = partition.strip_prefix("definition/") {
        let definition = item.attributes.get("definition").cloned().unwrap_or_default();
        stage.note(What::Definition { hash: hash.to_owned(), definition });
        return;
    }
    if partition == SETTINGS {
        let value = item.attributes.get("value").and_then(Value::as_str).unwrap_or_default().to_owned();
        stage.note(match sort.as_str() {
            "maintenance/default" => What::Maintenance { is_on: value == "true" },
            _ => What::Setting { key: sort.clone(), value },
        });
        return;
    }
    let Some(id) = partition.strip_prefix("pipeline/").map(str::to_owned) else { return };
    if sort == "meta" {
        if let Some(state) = PipelineState::of(item) {
            stage.note(What::Pipeline { id, state });
        }
    } else if let (Some(name), Some(state)) = (store::keys::step_name(sort), StepState::of(item)) {
        stage.note(What::Step { id, step: name.to_string(), state });
    }
}

fn noted_added(stage: &Stage, key: &Key, attributes: &Attributes) {
    let (Some(id), Some(place)) = (key.partition.strip_prefix("pipeline/"), key.sort.strip_prefix("added/")) else {
        return;
    };
    let steps = attributes.get("steps").and_then(Value::as_array).cloned().unwrap_or_default();
    stage.note(What::Added { id: id.to_owned(), place: place.to_owned(), steps });
}
