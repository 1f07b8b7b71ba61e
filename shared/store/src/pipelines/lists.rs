//! The listings of pipelines: the open ones by priority and age, the ended ones by the moment of their spawn.
//!
//! The index may be stale, so what is listed is a hint: who acts on it reads the pipeline.

use chrono::{DateTime, Datelike, Months, Utc};
use pipeline::{Name, PipelineId};

use crate::error::Result;
use crate::table::{Listed, ListingQuery, Page, SortDirection};
use crate::{Store, keys};

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

/// No pipeline was spawned before: nobody had a Systole. A list that asks for less looks at no more months.
const EARLIEST: DateTime<Utc> = DateTime::from_timestamp(1_577_836_800, 0).expect("2020 began at a moment");

impl Store {
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
        // A shard is read up to the limit, so the first of all shards are among what was read.
        Ok(listed.iter().filter_map(OpenPipeline::read).collect())
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
        let (mut month, mut after) = match behind {
            Some((spawned_at, id)) if month_of(*spawned_at) <= month_of(latest) => {
                let rank = keys::ended_listing(id, *spawned_at).rank;
                (*spawned_at, Some(Listed { key: keys::pipeline(id), rank }))
            }
            _ => (latest, None),
        };
        let since = since.max(EARLIEST);
        while found.len() < limit && month_of(month) >= month_of(since) {
            let shard = keys::ended_shard(month);
            let limit = Some(limit - found.len());
            let query = ListingQuery { shard, after: after.take(), order: SortDirection::Descending, limit };
            let Page { entries, next } = self.table.listing(&query).await?;
            found.extend(entries.iter().filter_map(|listed| keys::ended_entry(&query.shard, listed)));
            after = next;
            if after.is_none() {
                let Some(before) = month_before(month) else { break };
                month = before;
            }
        }
        Ok(found)
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
}

impl OpenPipeline {
    /// Reads an entry of the listing; `None` if it is none of ours.
    fn read(listed: &Listed) -> Option<OpenPipeline> {
        let id = keys::pipeline_id(&listed.key.partition)?;
        let place = format!("{}/{id}", listed.rank);
        let spawned_at = keys::open_spawned_at(&listed.rank)?;
        Some(OpenPipeline { id, name: keys::open_name(&listed.rank)?, spawned_at, place })
    }
}

fn month_of(at: DateTime<Utc>) -> (i32, u32) {
    (at.year(), at.month())
}

/// The first day of the month before. Not a month back from the 31st, which may be in the same month.
fn month_before(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    at.with_day(1)?.checked_sub_months(Months::new(1))
}
