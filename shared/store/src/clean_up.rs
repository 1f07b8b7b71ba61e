//! Access patterns of the clean-up: ended pipelines from the oldest on, what became of their files, their end.
//!
//! | function | reads or writes | cost on AWS |
//! |---|---|---|
//! | [`Store::ended_since`] | the listing, stale, oldest first; then the pipelines, consistent | half a read unit per 4 KB, 1 per pipeline |
//! | [`Store::mark_files`] | pipeline (version) | 1 write unit |
//! | [`Store::delete_pipeline`] | pipeline (version) marked, its steps and logs deleted, then itself | 3 write units, 1 per step and kept log |
//!
//! What stays for ever: the item that tells what a pipeline was spawned for (`spawned/…`), so that what was found once and
//! is still there gets no second pipeline because its first one is gone; the latest pipeline of each name; definitions, of
//! which there is one per content.

use chrono::{DateTime, Datelike, Months, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use pipeline::{Name, PipelineId, PipelineStatus};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::items::{self, Fields};
use crate::pipelines::PipelineWritten;
use crate::table::{Change, Condition, Item, Key, Listed, ListingQuery, Query, Relist, SortDirection, Write, Written};
use crate::{Store, keys};

/// An ended pipeline as the clean-up sees it; its definition is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedPipeline {
    /// Its id.
    pub id: PipelineId,
    /// The name of its definition.
    pub name: Name,
    /// When it ended last.
    pub ended_at: DateTime<Utc>,
    /// What has been done with its files since.
    pub files: FilesMark,
    version: u64,
}

/// What has been done with the files of an ended pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FilesMark {
    /// Nothing.
    Untouched,
    /// They are packed, or there were none.
    Packed,
    /// They are deleted.
    Deleted,
}

/// A place in the row of ended pipelines, by the moment of their spawn: the cursor of the page before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedPlace {
    /// When the pipeline there was spawned, or the first moment of the month to begin with.
    pub spawned_at: DateTime<Utc>,
    /// The pipeline there; `None` for the beginning of the month.
    pub id: Option<PipelineId>,
}

/// What became of a write to the item of an ended pipeline.
enum PatchedEnded {
    /// Applied; the version of the item now.
    Version(u64),
    /// Not applied, for this reason.
    Not(PipelineWritten),
}

/// A page of ended pipelines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedPage {
    /// Those that were found, the oldest spawn first.
    pub pipelines: Vec<EndedPipeline>,
    /// Where to go on, or `None` at the end.
    pub next: Option<EndedPlace>,
}

/// How many years back the clean-up looks for ended pipelines; each month without any costs half a read unit.
const YEARS: u32 = 10;

/// How many deletes are under way at once.
const PARALLEL: usize = 16;

impl EndedPlace {
    /// Where the row begins.
    #[must_use]
    pub fn beginning(now: DateTime<Utc>) -> Self {
        EndedPlace { spawned_at: now - Months::new(12 * YEARS), id: None }
    }
}

impl Store {
    /// Lists about `limit` ended pipelines behind a place that were spawned up to `until`, the oldest first. A hint: those
    /// that ended a moment ago may be missing.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn ended_since(&self, place: &EndedPlace, until: DateTime<Utc>, limit: usize) -> Result<EndedPage> {
        let mut listed = Vec::new();
        let beginning = EndedPlace::beginning(until);
        let place = if place.spawned_at < beginning.spawned_at { &beginning } else { place };
        let mut month = place.spawned_at;
        let mut after = place.id.as_ref().map(|id| listed_at(id, place.spawned_at));
        let mut next = None;
        while (month.year(), month.month()) <= (until.year(), until.month()) {
            let query = ListingQuery {
                shard: keys::ended_shard(month),
                after: after.take(),
                order: SortDirection::Ascending,
                limit: Some(limit - listed.len()),
            };
            let page = self.table.listing(&query).await?;
            for entry in page.entries {
                if keys::ended_entry(&query.shard, &entry).is_some() {
                    listed.push(entry);
                }
            }
            after = page.next;
            if after.is_none() {
                let Some(following) = month_after(month) else { break };
                month = following;
            }
            if listed.len() >= limit {
                next = listed.last().and_then(place_of);
                break;
            }
        }
        // What was spawned later than wanted is the end of the row.
        let next = next.filter(|next| next.spawned_at <= until);
        listed.retain(|listed| spawned_at(listed).is_some_and(|spawned| spawned <= until));
        Ok(EndedPage { pipelines: self.ended(&listed).await?, next })
    }

    async fn ended(&self, listed: &[Listed]) -> Result<Vec<EndedPipeline>> {
        let keys: Vec<Key> = listed.iter().map(|listed| listed.key.clone()).collect();
        let mut found = std::collections::HashMap::new();
        for item in self.table.batch_get(&keys).await? {
            // What cannot be read, because a newer version wrote it, is not ours to clean up.
            if let Ok(Some(ended)) = ended(&item) {
                found.insert(item.key, ended);
            }
        }
        Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
    }

    /// Notes what was done with the files of a pipeline, unless it has moved since.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn mark_files(
        &self,
        ended: &EndedPipeline,
        mark: FilesMark,
        now: DateTime<Utc>,
    ) -> Result<PipelineWritten> {
        let field = match mark {
            FilesMark::Untouched => return Ok(PipelineWritten::Done),
            FilesMark::Packed => PACKED,
            FilesMark::Deleted => DELETED,
        };
        Ok(match self.patch_ended(ended, field, now).await? {
            PatchedEnded::Version(_) => PipelineWritten::Done,
            PatchedEnded::Not(lost) => lost,
        })
    }

    /// Deletes a pipeline from the table. From its first write on nobody but the clean-up finds the pipeline any more; its own
    /// item goes last, so that what a crash leaves is found and deleted the next time.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn delete_pipeline(&self, ended: &EndedPipeline, now: DateTime<Utc>) -> Result<PipelineWritten> {
        let version = match self.patch_ended(ended, items::DELETING, now).await? {
            PatchedEnded::Version(version) => version,
            PatchedEnded::Not(lost) => return Ok(lost),
        };
        for partition in [keys::attempts_partition(&ended.id), keys::pipeline_partition(&ended.id)] {
            self.delete_partition(partition).await?;
        }
        let condition = Condition::Version(version);
        let write = Write { key: keys::pipeline(&ended.id), condition, change: Change::Delete };
        Ok(match self.table.write(write).await? {
            Written::Applied(_) | Written::Conflict(None) => PipelineWritten::Done,
            // Another clean-up marked it, too, and will delete it.
            Written::Conflict(Some(_)) => PipelineWritten::Lost,
        })
    }

    /// Deletes everything of a partition but the item of a pipeline.
    async fn delete_partition(&self, partition: String) -> Result<()> {
        let mut query = Query::prefix(partition, "");
        loop {
            let page = self.table.query(&query).await?;
            let mut deletes = Vec::with_capacity(page.entries.len());
            for Item { key, .. } in page.entries {
                // The pipeline's own item goes last, by its version.
                if key.sort != keys::META {
                    deletes.push(self.table.write(Write { key, condition: Condition::Any, change: Change::Delete }));
                }
            }
            stream::iter(deletes).buffer_unordered(PARALLEL).try_collect::<Vec<_>>().await?;
            let Some(next) = page.next else { return Ok(()) };
            query.after = Some(next);
        }
    }

    /// Sets a time on the item of an ended pipeline.
    async fn patch_ended(&self, ended: &EndedPipeline, field: &str, now: DateTime<Utc>) -> Result<PatchedEnded> {
        let attributes = items::patch([(field, items::time(now))]);
        let change = Change::Patch { attributes: attributes.clone(), listing: Relist::Keep };
        let condition = Condition::Version(ended.version);
        Ok(match self.table.write(Write { key: keys::pipeline(&ended.id), condition, change }).await? {
            Written::Applied(Some(item)) => PatchedEnded::Version(item.version),
            Written::Applied(None) => PatchedEnded::Version(ended.version + 1),
            Written::Conflict(None) => PatchedEnded::Not(PipelineWritten::Gone),
            // The reply to our own write got lost.
            Written::Conflict(Some(item)) if items::is_written(&item, &attributes) => {
                PatchedEnded::Version(item.version)
            }
            Written::Conflict(Some(_)) => PatchedEnded::Not(PipelineWritten::Lost),
        })
    }
}

const PACKED: &str = "packed_at";
const DELETED: &str = "files_deleted_at";

/// What the clean-up wants to know of a pipeline's item; `None` if it has not ended (any more).
fn ended(item: &Item) -> Result<Option<EndedPipeline>> {
    let fields = Fields::of(item)?;
    let status: Option<PipelineStatus> = fields.parsed("status", "a pipeline status")?;
    let name: Option<Name> = fields.parsed("name", "the name of a definition")?;
    let (Some(id), Some(ended_at)) = (keys::pipeline_id(&item.key.partition), fields.time("ended_at")?) else {
        return Ok(None);
    };
    if fields.required("status", status)?.is_open() {
        return Ok(None);
    }
    // A pipeline that was opened again by hand and ended again may have new files.
    let has_since = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at >= ended_at);
    let files = if has_since(fields.time(DELETED)?) {
        FilesMark::Deleted
    } else if has_since(fields.time(PACKED)?) {
        FilesMark::Packed
    } else {
        FilesMark::Untouched
    };
    Ok(Some(EndedPipeline { id, name: fields.required("name", name)?, ended_at, files, version: item.version }))
}

fn listed_at(id: &PipelineId, spawned_at: DateTime<Utc>) -> Listed {
    Listed { key: keys::pipeline(id), rank: keys::ended_listing(id, spawned_at).rank }
}

/// The first day of the month after.
fn month_after(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    at.with_day(1)?.checked_add_months(Months::new(1))
}

fn spawned_at(listed: &Listed) -> Option<DateTime<Utc>> {
    keys::ended_spawned_at(&listed.rank)
}

fn place_of(listed: &Listed) -> Option<EndedPlace> {
    Some(EndedPlace { spawned_at: spawned_at(listed)?, id: keys::pipeline_id(&listed.key.partition) })
}
