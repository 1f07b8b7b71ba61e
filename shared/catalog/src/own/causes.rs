//! What has made a drafted thing so: kept beside it, to be applied once more to what others have stored meanwhile.

use chrono::{DateTime, Utc};
use import::Entity;
use import::operation::Operation;
use pipeline::PipelineId;
use serde::{Deserialize, Serialize};
use serde_json::{Error, Value};

use super::age_by::AgeBy;
use crate::target::{Block, BlockSource, RowChange};

/// One write to a drafted thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub(super) enum Cause {
    /// Rows of a block speak of it.
    Rows(DraftedRows),
    /// Rows of other things name it, and it was not there: this is how it begins.
    Named {
        /// As it is stored.
        thing: String,
    },
    /// Rows of products name options that it lacked.
    Options {
        /// Their labels.
        labels: Vec<String>,
    },
    /// What it is below was deleted.
    Above,
}

/// The rows of a block that speak of one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DraftedRows {
    /// What they are rows of: `products`.
    pub(super) entity: String,
    operation: Operation,
    #[serde(default)]
    pub(super) age: AgeBy,
    file: String,
    mark: String,
    import: String,
    pipeline: PipelineId,
    at: DateTime<Utc>,
    pub(super) rows: Vec<DraftedRow>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DraftedRow {
    line: u64,
    change: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    if_known: Option<Value>,
}

/// What a drafted thing came from.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Drafted {
    /// The version of the stored thing that was read; none if none was stored.
    pub(super) base: Option<u64>,
    /// What has made it so, in order; none if there is more of it than an item takes.
    pub(super) causes: Option<Vec<Cause>>,
}

impl Cause {
    pub(super) fn rows<E: Entity>(block: &Block<E>, age: AgeBy, rows: &[RowChange<E::EntityChange>]) -> Self {
        let BlockSource { pipeline, at } = block.source.clone();
        let drafted = |row: &RowChange<E::EntityChange>| {
            let json = |change: &E::EntityChange| serde_json::to_value(change).expect("a change has only text keys");
            DraftedRow { line: row.line, change: json(&row.change), if_known: row.if_known.as_ref().map(json) }
        };
        Self::Rows(DraftedRows {
            entity: E::ABOUT.name.to_owned(),
            operation: block.operation,
            age,
            file: block.file.clone(),
            mark: block.mark.clone(),
            import: block.import.clone(),
            pipeline,
            at,
            rows: rows.iter().map(drafted).collect(),
        })
    }
}

impl DraftedRows {
    /// The rows as a block that has no others.
    pub(super) fn block<E: Entity>(&self) -> Result<Block<E>, Error> {
        let row = |row: &DraftedRow| {
            let if_known = row.if_known.clone().map(serde_json::from_value).transpose()?;
            Ok(RowChange { line: row.line, change: serde_json::from_value(row.change.clone())?, if_known })
        };
        Ok(Block {
            source: BlockSource { pipeline: self.pipeline.clone(), at: self.at },
            file: self.file.clone(),
            mark: self.mark.clone(),
            import: self.import.clone(),
            operation: self.operation,
            rows: self.rows.iter().map(row).collect::<Result<_, Error>>()?,
        })
    }
}

pub(super) fn write(causes: &[Cause]) -> String {
    serde_json::to_string(causes).expect("causes have only text keys")
}

pub(super) fn read(text: &str) -> Result<Vec<Cause>, Error> {
    serde_json::from_str(text)
}
