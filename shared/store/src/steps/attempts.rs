//! The logs of earlier attempts, kept when a step is enqueued again.

use chrono::{DateTime, Utc};
use pipeline::{Name, PipelineId, Step};
use serde_json::{Value, json};

use crate::error::Result;
use crate::items::{self, Fields, optional};
use crate::table::{Change, Condition, Item, Query, Write};
use crate::{Store, keys};

/// The log of an earlier attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its number.
    pub number: u32,
    /// When it was claimed.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// What failed.
    pub message: Option<String>,
    /// The end of its log.
    pub log: String,
}

impl Store {
    /// Reads the logs of a step's earlier attempts, the first one first.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn attempts(&self, pipeline: &PipelineId, step: &Name) -> Result<Vec<Attempt>> {
        let mut attempts = Vec::new();
        let mut query = Query::prefix(keys::attempts_partition(pipeline), format!("{step}/"));
        loop {
            let page = self.table.query(&query).await?;
            for item in &page.entries {
                attempts.push(attempt(item)?);
            }
            let Some(next) = page.next else { return Ok(attempts) };
            query.after = Some(next);
        }
    }

    /// Copies the log of the attempt that ended, before the step's item is used for the next one.
    pub(crate) async fn keep_attempt(&self, pipeline: &PipelineId, step: &Step) -> Result<()> {
        let record = &step.record;
        if record.attempt == 0 {
            return Ok(());
        }
        let attributes = items::attributes([
            ("started_at", optional_time(record.started_at)),
            ("finished_at", optional_time(record.finished_at)),
            ("message", optional(record.message.as_deref())),
            ("log", json!(record.log)),
        ]);
        let change = Change::Put { attributes, listing: None, expires_at: None };
        // No condition: a repetition after a crash writes the same once more.
        let key = keys::attempt(pipeline, &step.definition.name, record.attempt);
        self.table.write(Write { key, condition: Condition::Any, change }).await?;
        Ok(())
    }
}

fn optional_time(at: Option<DateTime<Utc>>) -> Value {
    match at {
        Some(at) => items::time(at),
        None => Value::Null,
    }
}

fn attempt(item: &Item) -> Result<Attempt> {
    let fields = Fields::of(item)?;
    let number = item.key.sort.rsplit('/').next().and_then(|number| number.parse().ok());
    Ok(Attempt {
        number: fields.required("attempt", number)?,
        started_at: fields.time("started_at")?,
        finished_at: fields.time("finished_at")?,
        message: fields.text("message")?.map(str::to_owned),
        log: fields.text("log")?.unwrap_or_default().to_owned(),
    })
}
