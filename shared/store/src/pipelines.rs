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

mod definitions;
mod lists;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use pipeline::Arguments;
use pipeline::PipelineStatus;
use pipeline::pipeline::{Pipeline, StopRequest};
use pipeline::{Definition, DefinitionHash, Name, PipelineId, Step, StepStatus};
use serde_json::json;

use crate::error::Result;
use crate::items::{self, Fields, SCHEMA};
use crate::table::{Attributes, Change, Condition, GroupWritten, Item, Query, Relist, Write, Written};
use crate::{Store, keys};

pub use lists::OpenPipeline;

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
        for found in &new.found {
            let key = keys::spawned(&definition.name, found);
            group.push(Write { key, condition: Condition::Absent, change: point.clone() });
        }
        let conflicts = match self.table.write_group(group).await? {
            GroupWritten::Applied => return Ok(Spawned::New),
            GroupWritten::Conflict(conflicts) => conflicts,
        };
        for (place, item) in conflicts {
            // The pipeline is there as we would have written it: the reply to our own write got lost.
            if place == 0 && item.is_some_and(|item| items::is_written(&item, &attributes)) {
                return Ok(Spawned::New);
            }
        }
        Ok(Spawned::Existed)
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
        let since = pipeline.paused_at.unwrap_or(now);
        // Negative if a clock was set back meanwhile: then it counts as no pause.
        let pause = (now - since).to_std().unwrap_or_default();
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
        let is_warned = |step: &&Step| step.record.status == StepStatus::Success && step.record.is_warning;
        let warnings = match (status.is_open(), pipeline.steps.iter().filter(is_warned).count()) {
            (true, _) | (_, 0) => json!(null),
            (false, warnings) => json!(warnings),
        };
        let attributes = items::patch([("status", json!(status)), ("ended_at", ended_at), ("warnings", warnings)]);
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
            warnings: u32::try_from(fields.number("warnings")?.unwrap_or(0)).unwrap_or(u32::MAX),
            reruns: u32::try_from(fields.number("reruns")?.unwrap_or(0)).unwrap_or(0),
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
/// A spawn without this condition patches. That counts the version up, so a spawn with the condition finds it changed. A put
/// would begin again with 1, which may be the version that was seen.
fn point_at(name: &Name, after: Option<&Latest>, attributes: Attributes) -> Write {
    let put = |attributes| Change::Put { attributes, listing: None, expires_at: None };
    let (condition, change) = match after {
        None => (Condition::Any, Change::Patch { attributes, listing: Relist::Keep }),
        Some(Latest { version: None, .. }) => (Condition::Absent, put(attributes)),
        Some(Latest { version: Some(version), .. }) => (Condition::Version(*version), put(attributes)),
    };
    Write { key: keys::latest(name), condition, change }
}
