//! A look at one stage that costs little however wide it is.
//!
//! | function | reads | cost on AWS |
//! |---|---|---|
//! | [`Store::is_stage_busy`] | the steps around one of the stage, consistent, until one of them is busy | half a read unit per step and side, 1 at least |
//!
//! Steps of a stage end in about the order in which they were enqueued, so the neighbours of one that has just ended are
//! the most likely to be busy. Where they end in any order, the nearest busy step is about `n / k` steps away when `k` of
//! `n` are busy, which makes a few steps read for each.

use pipeline::{Name, PipelineId};

use crate::error::Result;
use crate::table::{Query, SortDirection};
use crate::{Store, items, keys};

/// How many steps the first query of each side asks for, and by how much the next ones ask for more.
const FIRST_LIMIT: usize = 2;
const GROWTH: usize = 4;
const LONGEST_LIMIT: usize = 512;

impl Store {
    /// Whether a step of the stage, other than the one named, is enqueued or running.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn is_stage_busy(&self, pipeline: &PipelineId, sort_order: i32, but: &Name) -> Result<bool> {
        let own = keys::step(pipeline, sort_order, but);
        let side = |order: SortDirection| Query {
            order,
            after: Some(own.sort.clone()),
            limit: Some(FIRST_LIMIT),
            ..Query::prefix(own.partition.clone(), keys::stage_prefix(sort_order))
        };
        let mut sides = vec![side(SortDirection::Ascending), side(SortDirection::Descending)];
        while !sides.is_empty() {
            let mut open = Vec::new();
            for mut query in sides {
                let page = self.table.query(&query).await?;
                for item in &page.entries {
                    if items::step_record(item)?.status.is_active() {
                        return Ok(true);
                    }
                }
                if page.next.is_some() {
                    query.after = page.next;
                    query.limit = query.limit.map(|limit| (limit * GROWTH).min(LONGEST_LIMIT));
                    open.push(query);
                }
            }
            sides = open;
        }
        Ok(false)
    }
}
