//! Access patterns of whole pipelines.
//!
//! | function | reads or writes | cost on AWS |
//! |---|---|---|
//! | [`Store::spawn_pipeline`] | pipeline (absent) + latest of the name + what was found (absent), one group; definition once per content | 5 write units, 2 more per thing found |
//! | [`Store::pipeline_with_steps`] | one partition, consistent | 1 read unit per 4 KB |
//! | [`Store::pipeline_without_steps`] | one item, consistent | 1 read unit |
//! | [`Store::open_pipelines`] | the listing, stale | half a read unit per 4 KB and shard |
//! | [`Store::ended_pipelines`], [`Store::ended_pipelines_behind`] | the listing, stale, newest first | the same |
//! | [`Store::latest_pipeline`] | one item, consistent | 1 read unit |
//! | [`Store::stop_pipeline`], [`Store::pause_pipeline`], [`Store::resume_pipeline`], [`Store::settle_pipeline`] | pipeline (version) | 1 write unit, 2 more when it is relisted |
//!
//! A definition is stored once per content and never changed, so that a pipeline's own copy costs a hash.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Months, Utc};
use pipeline::Arguments;
use pipeline::PipelineStatus;
use pipeline::pipeline::{Pipeline, StopRequest};
use pipeline::{Definition, DefinitionHash, Name, PipelineId};
use serde_json::json;

use crate::error::{Error, Result};
use crate::items::{self, Fields, SCHEMA};
use crate::table::{
    Attributes, Change, Condition, GroupWritten, ITEM_LIMIT_BYTES, Item, Listed, ListingQuery, Page, Query, Relist,
    SortDirection, Write, Written,
};
use crate::{Store, keys};

/// A pipeline to spawn.
#[derive(Debug, Clone)]
pub struct NewPipeline {
    /// Its id, which names what made it spawn.
    pub id: PipelineId,
    /// What it is spawned from.
    pub definition: Arc<Definition>,
    /// What all its steps are told.
    pub arguments: Arguments,
    /// Who spawns it and why, for people.
    pub spawned_by: String,
    /// The keys of what was found: nothing that was found spawns two pipelines of one name.
    pub found: Vec<String>,
    /// If set, it is spawned only if this is still the latest of its name: two beats that both saw no open sibling must not
    /// spawn one each.
    pub after: Option<Latest>,
}

/// Which pipeline of a name was spawned last, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// Its id; `None` before the first spawn.
    pub id: Option<PipelineId>,
    version: Option<u64>,
}

/// A pipeline in the listing of the open ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPipeline {
    /// Its id.
    pub id: PipelineId,
    /// The name of its definition.
    pub name: Name,
    /// When it was spawned.
    pub spawned_at: DateTime<Utc>,
    /// Its place: by priority, then by age.
    pub place: String,
}

/// What became of a spawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spawned {
    /// The pipeline is there now.
    New,
    /// It is not: it was there already, another one was spawned for what was found, or there is a later sibling.
    Existed,
}

/// What became of a write to a pipeline's own item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PipelineWritten {
    /// Applied.
    Done,
    /// Somebody else wrote first; look again.
    Lost,
    /// There is no such pipeline (any more).
    Gone,
}

/// No pipeline was spawned before: nobody had a Systole. A list that asks for less looks at no more months.
const EARLIEST: DateTime<Utc> = DateTime::from_timestamp(1_577_836_800, 0).expect("2020 began at a moment");

impl Store {
    /// Spawns a pipeline, once per id.
    ///
    /// # Errors
    /// The store did not answer, or the definition is too large for an item.
    pub async fn spawn_pipeline(&self, new: &NewPipeline, now: DateTime<Utc>) -> Result<Spawned> {
        let hash = self.keep_definition(&new.definition).await?;
        let definition = &new.definition;
        let listing = keys::open_listing(&new.id, &definition.name, definition.priority, now);
        let attributes = items::attributes([
            ("schema", json!(SCHEMA)),
            ("name", json!(new.definition.name)),
            ("definition", json!(hash)),
            ("arguments", if new.arguments.is_empty() { json!(null) } else { json!(new.arguments) }),
            ("status", json!(PipelineStatus::Pending)),
            ("spawned_at", items::time(now)),
            ("spawned_by", json!(new.spawned_by)),
        ]);
        let put = Change::Put { attributes: attributes.clone(), listing: Some(listing), expires_at: None };
        let pointer = items::attributes([("pipeline", json!(new.id)), ("spawned_at", items::time(now))]);
        let point = Change::Put { attributes: pointer.clone(), listing: None, expires_at: None };
        let mut group = vec![
            Write { key: keys::pipeline(&new.id), condition: Condition::Absent, change: put },
            point_at(&definition.name, new.after.as_ref(), pointer),
        ];
        group.extend(new.found.iter().map(|found| Write {
            key: keys::spawned(&definition.name, found),
            condition: Condition::Absent,
            change: point.clone(),
        }));
        match self.table.write_group(group).await? {
            GroupWritten::Applied => Ok(Spawned::New),
            // The reply to our own write got lost.
            GroupWritten::Conflict(conflicts)
                if conflicts.iter().any(|(place, item)| {
                    *place == 0 && item.as_ref().is_some_and(|item| items::is_written(item, &attributes))
                }) =>
            {
                Ok(Spawned::New)
            }
            GroupWritten::Conflict(_) => Ok(Spawned::Existed),
        }
    }

    /// Reads a pipeline with all its steps.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn pipeline_with_steps(&self, id: &PipelineId) -> Result<Option<Pipeline>> {
        let mut meta = None;
        let (mut records, mut chunks) = (std::collections::HashMap::new(), Vec::new());
        let mut query = Query::prefix(keys::pipeline_partition(id), "");
        loop {
            let page = self.table.query(&query).await?;
            for item in page.entries {
                if item.key.sort == keys::META {
                    meta = Some(item);
                } else if let Some(name) = keys::step_name(&item.key.sort) {
                    records.insert(name, items::step_record(&item)?);
                } else {
                    chunks.push(item);
                }
            }
            let Some(next) = page.next else { break };
            query.after = Some(next);
        }
        let Some(meta) = meta.filter(is_there) else { return Ok(None) };
        let mut pipeline = self.pipeline(id, &meta).await?;
        let added = crate::added::committed(id, &records, &chunks)?;
        let (definition, status) = (&pipeline.definition, pipeline.status);
        pipeline.steps = Pipeline::join_steps(definition, added, status, |name| records.remove(name));
        Ok(Some(pipeline))
    }

    /// Reads a pipeline alone; its `steps` are empty.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn pipeline_without_steps(&self, id: &PipelineId) -> Result<Option<Pipeline>> {
        match self.table.get(&keys::pipeline(id)).await? {
            Some(meta) => self.pipeline_of(id, &meta).await,
            None => Ok(None),
        }
    }

    /// The pipeline of an item that has been read, unless it is just being deleted.
    pub(crate) async fn pipeline_of(&self, id: &PipelineId, meta: &Item) -> Result<Option<Pipeline>> {
        if is_there(meta) { Ok(Some(self.pipeline(id, meta).await?)) } else { Ok(None) }
    }

    /// Reads many pipelines alone; those that are gone are left out, the order is kept.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn pipelines_without_steps(&self, ids: &[PipelineId]) -> Result<Vec<Pipeline>> {
        let keys: Vec<_> = ids.iter().map(keys::pipeline).collect();
        let mut pipelines = std::collections::HashMap::new();
        for meta in self.table.batch_get(&keys).await?.into_iter().filter(is_there) {
            if let Some(id) = keys::pipeline_id(&meta.key.partition) {
                pipelines.insert(id.clone(), self.pipeline(&id, &meta).await?);
            }
        }
        Ok(ids.iter().filter_map(|id| pipelines.remove(id)).collect())
    }

    /// Lists up to `limit` open pipelines by priority and age. A hint: the newest may be missing, ended ones present.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn open_pipelines(&self, limit: usize) -> Result<Vec<OpenPipeline>> {
        let mut listed: Vec<Listed> = Vec::new();
        for shard in 0..keys::OPEN_SHARDS {
            listed.extend(self.shard(keys::open_shard(shard), SortDirection::Ascending, limit).await?);
        }
        listed.sort_by(|a, b| a.rank.cmp(&b.rank));
        listed.truncate(limit);
        let open = |listed: &Listed| {
            let id = keys::pipeline_id(&listed.key.partition)?;
            let place = format!("{}/{id}", listed.rank);
            let spawned_at = keys::open_spawned_at(&listed.rank)?;
            Some(OpenPipeline { id, name: keys::open_name(&listed.rank)?, spawned_at, place })
        };
        Ok(listed.iter().filter_map(open).collect())
    }

    /// Tells which of the things that were found a pipeline of this name was spawned for already.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn spawned_for(&self, name: &Name, found: &[String]) -> Result<Vec<(String, PipelineId)>> {
        let keys: Vec<_> = found.iter().map(|found| keys::spawned(name, found)).collect();
        let mut spawned = Vec::new();
        for item in self.table.batch_get(&keys).await? {
            let fields = Fields::of(&item)?;
            let id = fields.required("pipeline", fields.parsed("pipeline", "a pipeline id")?)?;
            spawned.push((item.key.sort.clone(), id));
        }
        Ok(spawned)
    }

    /// Lists up to `limit` ended pipelines, the latest spawn first, looking back `months` calendar months.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn ended_pipelines(&self, limit: usize, months: u32, now: DateTime<Utc>) -> Result<Vec<PipelineId>> {
        let mut ids = Vec::new();
        for back in 0..=months {
            if ids.len() >= limit {
                break;
            }
            let shard = keys::ended_shard(now - Months::new(back));
            let listed = self.shard(shard, SortDirection::Descending, limit - ids.len()).await?;
            ids.extend(listed.iter().filter_map(|listed| keys::pipeline_id(&listed.key.partition)));
        }
        Ok(ids)
    }

    /// Lists up to `limit` ended pipelines with the moments of their spawns, the latest spawn first: behind the one given, or
    /// from the month of `latest` on, back to the month of `since`. The list is complete if it is empty.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn ended_pipelines_behind(
        &self,
        behind: Option<&(DateTime<Utc>, PipelineId)>,
        latest: DateTime<Utc>,
        since: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<(PipelineId, DateTime<Utc>)>> {
        let mut found = Vec::new();
        // A cursor may come from outside: what it names need not lie where pipelines are.
        let month_of = |at: DateTime<Utc>| (at.year(), at.month());
        let behind = behind.filter(|(spawned_at, _)| month_of(*spawned_at) <= month_of(latest));
        let since = since.max(EARLIEST);
        let mut month = behind.map_or(latest, |(spawned_at, _)| *spawned_at);
        let mut after = behind.map(|(spawned_at, id)| {
            let rank = keys::ended_listing(id, *spawned_at).rank;
            Listed { key: keys::pipeline(id), rank }
        });
        while found.len() < limit && month_of(month) >= month_of(since) {
            let shard = keys::ended_shard(month);
            let limit = Some(limit - found.len());
            let query = ListingQuery { shard, after: after.take(), order: SortDirection::Descending, limit };
            let Page { entries, next } = self.table.listing(&query).await?;
            found.extend(entries.iter().filter_map(|listed| keys::ended_entry(&query.shard, listed)));
            after = next;
            if after.is_none() {
                // Not a month back from the 31st, but the month before.
                let Some(before) = month.with_day(1).and_then(|first| first.checked_sub_months(Months::new(1))) else {
                    break;
                };
                month = before;
            }
        }
        Ok(found)
    }

    /// Names the pipeline that was spawned last from a definition.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn latest_pipeline(&self, name: &Name) -> Result<Latest> {
        let Some(item) = self.table.get(&keys::latest(name)).await? else {
            return Ok(Latest { id: None, version: None });
        };
        Ok(Latest { id: Fields::of(&item)?.parsed("pipeline", "a pipeline id")?, version: Some(item.version) })
    }

    /// Asks for the end of an open pipeline. From the answer on, no runner begins an ordinary step of it.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn stop_pipeline(&self, pipeline: &Pipeline, stop: &StopRequest) -> Result<PipelineWritten> {
        let attributes = items::patch([("stop", json!(stop))]);
        self.patch_pipeline(pipeline, attributes, Relist::Keep, |item| item.attributes.contains_key("stop")).await
    }

    /// Pauses an open pipeline: from the answer on, no beat that looks at it enqueues anything of it.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn pause_pipeline(&self, pipeline: &Pipeline, now: DateTime<Utc>) -> Result<PipelineWritten> {
        let attributes = items::patch([("paused_at", items::time(now))]);
        self.patch_pipeline(pipeline, attributes, Relist::Keep, |item| item.attributes.contains_key("paused_at")).await
    }

    /// Ends the pause of a pipeline and adds its length to what does not count for its expiry.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn resume_pipeline(&self, pipeline: &Pipeline, now: DateTime<Utc>) -> Result<PipelineWritten> {
        let pause = pipeline.paused_at.and_then(|since| (now - since).to_std().ok()).unwrap_or_default();
        let paused_ms = u64::try_from((pipeline.paused_for + pause).as_millis()).unwrap_or(u64::MAX);
        let attributes = items::patch([("paused_at", json!(null)), ("paused_for_ms", json!(paused_ms))]);
        self.patch_pipeline(pipeline, attributes, Relist::Keep, |item| !item.attributes.contains_key("paused_at")).await
    }

    /// Writes the status that follows from the steps; one that ends the pipeline also takes it out of the open ones.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn settle_pipeline(
        &self,
        pipeline: &Pipeline,
        status: PipelineStatus,
        now: DateTime<Utc>,
    ) -> Result<PipelineWritten> {
        let ended_at = if status.is_open() { json!(null) } else { items::time(now) };
        let attributes = items::patch([("status", json!(status)), ("ended_at", ended_at)]);
        let relist = match (pipeline.status.is_open(), status.is_open()) {
            (true, false) => Relist::List(keys::ended_listing(&pipeline.id, pipeline.spawned_at)),
            (false, true) => {
                let Definition { name, priority, .. } = &*pipeline.definition;
                Relist::List(keys::open_listing(&pipeline.id, name, *priority, pipeline.spawned_at))
            }
            (true, true) | (false, false) => Relist::Keep,
        };
        let is_ours = |item: &Item| item.attributes.get("status") == Some(&json!(status));
        self.patch_pipeline(pipeline, attributes, relist, is_ours).await
    }

    async fn patch_pipeline(
        &self,
        pipeline: &Pipeline,
        attributes: Attributes,
        listing: Relist,
        says_the_same: impl Fn(&Item) -> bool,
    ) -> Result<PipelineWritten> {
        let write = Write {
            key: keys::pipeline(&pipeline.id),
            condition: Condition::Version(pipeline.version),
            change: Change::Patch { attributes, listing },
        };
        Ok(match self.table.write(write).await? {
            Written::Applied(_) => PipelineWritten::Done,
            Written::Conflict(None) => PipelineWritten::Gone,
            // The reply to our own write got lost, or another beat came to the same result.
            Written::Conflict(Some(item)) if says_the_same(&item) => PipelineWritten::Done,
            Written::Conflict(Some(_)) => PipelineWritten::Lost,
        })
    }

    async fn shard(&self, shard: String, order: SortDirection, limit: usize) -> Result<Vec<Listed>> {
        let mut found = Vec::new();
        let mut query = ListingQuery { shard, after: None, order, limit: Some(limit) };
        while found.len() < limit {
            let Page { entries, next } = self.table.listing(&query).await?;
            found.extend(entries);
            if next.is_none() {
                break;
            }
            query.after = next;
        }
        Ok(found)
    }

    async fn keep_definition(&self, definition: &Arc<Definition>) -> Result<DefinitionHash> {
        let hash = definition.hash();
        if self.definitions.contains(&hash) {
            return Ok(hash);
        }
        let stored = serde_json::to_value(definition.as_ref())
            .map_err(|source| Error::permanent(format!("store definition `{}`", definition.name), source))?;
        let bytes = stored.to_string().len();
        if bytes > ITEM_LIMIT_BYTES {
            let why = format!("it takes {bytes} bytes stored; at most {ITEM_LIMIT_BYTES} are possible");
            return Err(Error::permanent(format!("store definition `{}`", definition.name), why));
        }
        let attributes = items::attributes([("schema", json!(SCHEMA)), ("definition", stored)]);
        let put = Change::Put { attributes, listing: None, expires_at: None };
        let write = Write { key: keys::definition(&hash), condition: Condition::Absent, change: put };
        // A conflict means that the same content is there already.
        self.table.write(write).await?;
        self.definitions.keep(hash.clone(), definition.clone());
        Ok(hash)
    }

    async fn definition(&self, hash: DefinitionHash) -> Result<Arc<Definition>> {
        if let Some(definition) = self.definitions.get(&hash) {
            return Ok(definition);
        }
        let key = keys::definition(&hash);
        let Some(item) = self.table.get(&key).await? else {
            return Err(Error::permanent(format!("get item `{key}`"), "a pipeline refers to it, but it is not there"));
        };
        let fields = Fields::of(&item)?;
        let definition: Option<Definition> = fields.json("definition", "a definition")?;
        let definition = Arc::new(fields.required("definition", definition)?);
        self.definitions.keep(hash, definition.clone());
        Ok(definition)
    }

    async fn pipeline(&self, id: &PipelineId, meta: &Item) -> Result<Pipeline> {
        let fields = Fields::of(meta)?;
        let hash = fields.required("definition", fields.text("definition")?)?;
        let status: Option<PipelineStatus> = fields.parsed("status", "a pipeline status")?;
        Ok(Pipeline {
            id: id.clone(),
            definition: self.definition(DefinitionHash::from_stored(hash.to_owned())).await?,
            arguments: fields.json("arguments", "texts by key")?.unwrap_or_default(),
            status: fields.required("status", status)?,
            spawned_at: fields.required("spawned_at", fields.time("spawned_at")?)?,
            spawned_by: fields.text("spawned_by")?.unwrap_or_default().to_owned(),
            ended_at: fields.time("ended_at")?,
            stop: fields.json("stop", "a stop with `by`, `reason` and `at`")?,
            paused_at: fields.time("paused_at")?,
            paused_for: std::time::Duration::from_millis(fields.number("paused_for_ms")?.unwrap_or(0)),
            reruns: fields.number("reruns")?.and_then(|count| u32::try_from(count).ok()).unwrap_or(0),
            steps: Vec::new(),
            version: meta.version,
        })
    }
}

/// Whether a pipeline is not just being deleted.
fn is_there(meta: &Item) -> bool {
    !meta.attributes.contains_key(items::DELETING)
}

/// The write that notes which pipeline of this name was spawned last, if that must be `after` the one seen.
///
/// Who asks for nothing patches: that counts the version on, which whoever asks then finds changed. A put would begin again
/// with 1, which may be the version that was seen.
fn point_at(name: &Name, after: Option<&Latest>, attributes: Attributes) -> Write {
    let put = |attributes| Change::Put { attributes, listing: None, expires_at: None };
    let (condition, change) = match after {
        None => (Condition::Any, Change::Patch { attributes, listing: Relist::Keep }),
        Some(Latest { version: None, .. }) => (Condition::Absent, put(attributes)),
        Some(Latest { version: Some(version), .. }) => (Condition::Version(*version), put(attributes)),
    };
    Write { key: keys::latest(name), condition, change }
}
