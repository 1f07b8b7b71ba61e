//! One pass of a fetcher over the lists of an entity: which records to look at, and what becomes of each.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use engine::data_fetchers::{FetchError, FetchQuestion, NewPipelineRequest, Wanted, spawn_key};
use futures::stream::{self, StreamExt};
use orders::export::{Chain, ExportStatus};
use pipeline::plan::spawn_hold;
use pipeline::{Name, Pipeline, PipelineId};
use store::Store;

use super::records::{self, List, Place, Record};
use super::{EntityLook, ExportEntity, Thing, in_words};

/// How many records of a list are looked at in a beat; a beat spawns about as many pipelines.
const LOOKED_AT: usize = 500;

/// How many records are written at once.
const PARALLEL_WRITES: usize = 16;

/// When it is looked first at what became of a pipeline. One that goes well has told it itself by then.
const FIRST_LOOK: TimeDelta = TimeDelta::minutes(2);

/// When it is looked again at a pipeline that is under way: it may wait for an answer for days.
const NEXT_LOOK: TimeDelta = TimeDelta::minutes(5);

/// What a fetcher does: both do the same with other lists.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    /// The name of the fetcher; ids of pipelines are made of it.
    pub(super) fetcher: &'static str,
    /// The filters that decide.
    pub(super) chain: Chain,
    /// The list that it takes from.
    pub(super) due: List,
    /// Whether an earlier pipeline of the thing failed.
    pub(super) is_retry: bool,
}

/// One pass over one entity.
pub(super) struct Sweep<'a> {
    pub(super) course: Course,
    pub(super) store: &'a Store,
    pub(super) entity: &'a dyn ExportEntity,
    pub(super) now: DateTime<Utc>,
}

impl Course {
    /// Asks every active entity in turn.
    pub(super) async fn fetch(
        self,
        entities: &[std::sync::Arc<dyn ExportEntity>],
        question: &FetchQuestion<'_>,
    ) -> Result<Vec<NewPipelineRequest>, FetchError> {
        let mut requests = Vec::new();
        for entity in entities.iter().filter(|entity| entity.is_active()) {
            let name: Name = entity.pipeline().parse()?;
            // Nothing would be spawned, so nothing is marked.
            if spawn_hold(&name, question.settings).is_some() {
                continue;
            }
            let sweep = Sweep { course: self, store: question.store, entity: entity.as_ref(), now: question.now };
            requests.extend(sweep.lost(&name).await?);
            requests.extend(sweep.due(&name).await?);
        }
        Ok(requests)
    }

    fn watched(self) -> List {
        if self.is_retry { List::Rescheduled } else { List::Scheduled }
    }

    fn watch_at(self, at: DateTime<Utc>) -> Place {
        if self.is_retry { Place::Rescheduled(at) } else { Place::Scheduled(at) }
    }
}

impl Sweep<'_> {
    /// Schedules what is due and qualifies.
    async fn due(&self, pipeline: &Name) -> store::Result<Vec<NewPipelineRequest>> {
        let records = self.listed(self.course.due, self.until()).await?;
        let look = self.look(&records).await?;
        let (look, filters) = (&look, &self.entity.filters(self.course.chain));
        let outcomes = records.into_iter().map(|record| async move {
            let Some(next) = self.decide(&record, look, filters) else { return Ok(None) };
            let (next, story) = next;
            let is_scheduled = next.export.status == ExportStatus::Scheduled;
            // Somebody else may have been faster; then it is theirs.
            let written = records::write(self.store, next, story.as_deref(), self.now).await?;
            Ok::<_, store::Error>(written.filter(|_| is_scheduled))
        });
        let written: Vec<_> = stream::iter(outcomes.collect::<Vec<_>>()).buffered(PARALLEL_WRITES).collect().await;
        let mut requests = Vec::new();
        for record in written {
            requests.extend(record?.and_then(|record| self.request(&record, pipeline)));
        }
        Ok(requests)
    }

    /// What becomes of a record that is due, and the sentence that tells of it; nothing if it was listed by mistake.
    fn decide(
        &self,
        record: &Record,
        look: &EntityLook,
        filters: &[Box<dyn orders::export::Filter>],
    ) -> Option<(Record, Option<String>)> {
        let status = if self.course.is_retry { ExportStatus::Error } else { ExportStatus::Pending };
        if record.export.status != status {
            return None;
        }
        let Some(thing) = look.things.get(&record.id) else {
            let reason = format!("it is not there (in {})", self.entity.source());
            return Some(held(record, look.revision, reason));
        };
        let refusals = thing.refusals(filters, &record.export, self.now);
        if !refusals.is_empty() {
            return Some(held(record, look.revision, in_words(&refusals)));
        }
        if let Some((reason, until)) = thing.website.as_ref().ok().and_then(|website| website.waits_for.clone()) {
            let place = if self.course.is_retry { Place::Failed(until) } else { Place::Pending(until) };
            let is_new = record.waits_for.as_ref() != Some(&reason);
            let story = is_new.then(|| format!("waits: {reason}"));
            return Some((Record { waits_for: Some(reason), place: Some(place), ..record.clone() }, story));
        }
        Some(self.scheduled(record, thing))
    }

    fn scheduled(&self, record: &Record, thing: &Thing) -> (Record, Option<String>) {
        // The key of a pipeline has the number of its round, and the round begins with this pipeline.
        let round = record.export.rounds.saturating_add(1);
        let id = self.id_of(record, round);
        let Ok(export) = record.export.schedule(id.as_str()) else { return (record.clone(), None) };
        let place = Some(self.course.watch_at(self.now + FIRST_LOOK));
        let next = Record { export, scheduled_at: Some(self.now), waits_for: None, place, ..record.clone() };
        let again = if self.course.is_retry { "again " } else { "" };
        (next, Some(format!("scheduled {again}for pipeline {id}, with version {}", thing.version)))
    }

    /// Sees what became of pipelines: one that is not there is asked for again, one that ended without an export failed.
    async fn lost(&self, name: &Name) -> store::Result<Vec<NewPipelineRequest>> {
        let records = self.listed(self.course.watched(), self.until()).await?;
        let records: Vec<Record> =
            records.into_iter().filter(|record| record.export.status == ExportStatus::Scheduled).collect();
        let ids: Vec<PipelineId> = records.iter().filter_map(pipeline_of).collect();
        let found = self.store.pipelines_without_steps(&ids).await?;
        let found: BTreeMap<&str, &Pipeline> = found.iter().map(|pipeline| (pipeline.id.as_str(), pipeline)).collect();
        let mut requests = Vec::new();
        for record in records {
            let pipeline = record.export.pipeline.as_deref().and_then(|id| found.get(id).copied());
            let (next, story) = match pipeline {
                Some(pipeline) if pipeline.status.is_open() => {
                    (Record { place: Some(self.course.watch_at(self.now + NEXT_LOOK)), ..record }, None)
                }
                Some(pipeline) => ended(&record, pipeline, self.now),
                None if self.was_spawned(&record, name).await? => gone(&record, self.now),
                None => {
                    requests.extend(self.request(&record, name));
                    (Record { place: Some(self.course.watch_at(self.now + FIRST_LOOK)), ..record }, None)
                }
            };
            records::write(self.store, next, story.as_deref(), self.now).await?;
        }
        Ok(requests)
    }

    /// Whether the pipeline of a record was spawned once and is not there any more.
    async fn was_spawned(&self, record: &Record, name: &Name) -> store::Result<bool> {
        let key = spawn_key(self.course.fetcher, &self.key_of(record));
        Ok(!self.store.spawned_for(name, &[key]).await?.is_empty())
    }

    fn request(&self, record: &Record, pipeline: &Name) -> Option<NewPipelineRequest> {
        let arguments = [
            ("entity".to_owned(), record.entity.clone()),
            ("entity_id".to_owned(), record.id.clone()),
            ("is_retry".to_owned(), self.course.is_retry.to_string()),
        ];
        Some(NewPipelineRequest {
            definition: Wanted::Named(pipeline.clone()),
            key: self.key_of(record),
            at: record.scheduled_at?,
            arguments: arguments.into(),
            priority: None,
        })
    }

    fn key_of(&self, record: &Record) -> String {
        key(record, record.export.rounds)
    }

    fn id_of(&self, record: &Record, round: u32) -> PipelineId {
        let name: Name = self.entity.pipeline().parse().expect("names of pipelines are written in the code");
        PipelineId::derive(&name, &spawn_key(self.course.fetcher, &key(record, round)), self.now)
    }

    fn until(&self) -> u64 {
        self.now.timestamp_millis().max(0).unsigned_abs()
    }

    pub(super) async fn listed(&self, list: List, until: u64) -> store::Result<Vec<Record>> {
        let ids = records::listed(self.store, self.entity.code(), list, until, LOOKED_AT).await?;
        records::get_all(self.store, self.entity.code(), &ids).await
    }

    pub(super) async fn look(&self, records: &[Record]) -> store::Result<EntityLook> {
        let ids: Vec<String> = records.iter().map(|record| record.id.clone()).collect();
        self.entity.look(self.store, &ids, self.now).await
    }
}

/// A record that is not looked at again until something is set otherwise, or the thing changes.
fn held(record: &Record, revision: u64, reason: String) -> (Record, Option<String>) {
    let story = (record.waits_for.as_ref() != Some(&reason)).then(|| format!("not exported: {reason}"));
    (Record { waits_for: Some(reason), place: Some(Place::Held(revision)), ..record.clone() }, story)
}

/// Its pipeline ended, and the record does not say that anything left.
fn ended(record: &Record, pipeline: &Pipeline, now: DateTime<Utc>) -> (Record, Option<String>) {
    let at = pipeline.ended_at.unwrap_or(now);
    failed(record, at, &format!("pipeline {} ended as {}", pipeline.id, pipeline.status))
}

/// Its pipeline was deleted before anybody saw what became of it.
fn gone(record: &Record, now: DateTime<Utc>) -> (Record, Option<String>) {
    let id = record.export.pipeline.as_deref().unwrap_or_default();
    failed(record, now, &format!("pipeline {id} is gone and has not told how it ended"))
}

fn failed(record: &Record, at: DateTime<Utc>, reason: &str) -> (Record, Option<String>) {
    let pipeline = record.export.pipeline.as_deref().unwrap_or_default();
    let Ok(export) = record.export.failed(pipeline, at) else { return (record.clone(), None) };
    let mut next = Record { export, waits_for: None, ..record.clone() };
    next.place = next.due_again_at().map(Place::Failed);
    let story = format!("failed for the {}. time: {reason}", next.export.error_count);
    (next, Some(story))
}

/// Names one pipeline of one thing for ever.
fn key(record: &Record, round: u32) -> String {
    format!("{} {} {round}", record.entity, record.id)
}

fn pipeline_of(record: &Record) -> Option<PipelineId> {
    record.export.pipeline.as_deref()?.parse().ok()
}
