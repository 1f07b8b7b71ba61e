//! Steps that a running step adds to later stages of its own pipeline.
//!
//! | function | reads or writes | cost on AWS |
//! |---|---|---|
//! | [`Store::put_added_steps`] | a chunk of a hundred steps each, no condition | 1 write unit per KB |
//! | [`Store::count_added_steps`] | all chunks of the pipeline, consistent | 1 read unit per 4 KB |
//!
//! Chunks are written first and named by the fenced write that keeps the checkpoint or commits the step. Each invocation
//! has its own, under its token, so nobody overwrites what another one has named, and what a losing invocation wrote is
//! named by nobody. They count when the step has succeeded: whoever reads the pipeline with its steps joins them then.

use std::collections::HashMap;
use std::sync::Arc;

use pipeline::step::AddedSteps;
use pipeline::{Name, PipelineId, StepDefinition, StepRecord};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::items::{self, Fields, SCHEMA};
use crate::table::{Attributes, Item, Query};
use crate::{Store, keys};

/// Most steps of one chunk.
const CHUNK_STEPS: usize = 100;

/// Most bytes of one chunk, far below the limit of an item: what is read together should not be large either.
const CHUNK_BYTES: usize = 200 * 1024;

impl Store {
    /// Stores steps that `adder` adds, behind the chunks that its batch names already; the batch names them all after that.
    ///
    /// # Errors
    /// The store did not answer, or a step cannot be stored; the latter is permanent.
    pub async fn put_added_steps(
        &self,
        pipeline: &PipelineId,
        adder: &Name,
        batch: &AddedSteps,
        steps: &[StepDefinition],
    ) -> Result<AddedSteps> {
        let chunks = chunks(steps);
        let mut batch = batch.clone();
        let mut puts = Vec::new();
        for chunk in chunks {
            batch.steps += u32::try_from(chunk.len()).unwrap_or(u32::MAX);
            let attributes = items::attributes([("schema", json!(SCHEMA)), ("steps", Value::Array(chunk))]);
            puts.push((keys::added(pipeline, adder, &batch.batch, batch.chunks), attributes));
            batch.chunks += 1;
        }
        self.table.batch_put(puts).await?;
        Ok(batch)
    }

    /// Counts the steps that were added to a pipeline, those of losing attempts included.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn count_added_steps(&self, pipeline: &PipelineId) -> Result<usize> {
        let mut count = 0;
        let mut query = Query::prefix(keys::pipeline_partition(pipeline), keys::ADDED);
        loop {
            let page = self.table.query(&query).await?;
            count += page.entries.iter().map(|item| len(&item.attributes)).sum::<usize>();
            let Some(next) = page.next else { return Ok(count) };
            query.after = Some(next);
        }
    }
}

fn len(chunk: &Attributes) -> usize {
    chunk.get("steps").and_then(Value::as_array).map_or(0, Vec::len)
}

/// The stored forms of steps, cut so that each chunk fits an item.
fn chunks(steps: &[StepDefinition]) -> Vec<Vec<Value>> {
    let mut chunks: Vec<Vec<Value>> = Vec::new();
    let mut bytes = 0;
    for step in steps {
        let stored = json!(step);
        let length = stored.to_string().len();
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK_STEPS && bytes + length <= CHUNK_BYTES => chunk.push(stored),
            Some(_) | None => {
                chunks.push(vec![stored]);
                bytes = 0;
            }
        }
        bytes += length;
    }
    chunks
}

/// The steps that count, out of all chunks of a pipeline.
pub(crate) fn committed(
    id: &PipelineId,
    records: &HashMap<Name, StepRecord>,
    chunks: &[Item],
) -> Result<Vec<Arc<StepDefinition>>> {
    let by_sort: HashMap<&str, &Item> = chunks.iter().map(|item| (item.key.sort.as_str(), item)).collect();
    let mut steps = Vec::new();
    for (adder, batch) in records.iter().flat_map(|(name, record)| record.added.iter().map(move |it| (name, it))) {
        for number in 0..batch.chunks {
            let key = keys::added(id, adder, &batch.batch, number);
            let Some(item) = by_sort.get(key.sort.as_str()) else {
                let why = "a step has added what it should hold, but it is not there";
                return Err(Error::permanent(format!("get item `{key}`"), why));
            };
            let chunk = item.attributes.meaning(|| Fields::of(item)?.json("steps", "a list of steps"))?;
            let chunk: Option<&Vec<Arc<StepDefinition>>> = (*chunk).as_ref();
            steps.extend(chunk.into_iter().flatten().cloned());
        }
    }
    Ok(steps)
}
