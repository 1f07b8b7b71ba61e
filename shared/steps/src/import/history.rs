//! What came of every import, kept for people when its files and its pipeline are gone.
//!
//! | item | partition | sort | written by |
//! |---|---|---|---|
//! | import | `imports` | `<pipeline id>`, which sorts by the time of the spawn | `move_files` when it begins, `report` when it has ended |
//! | import of a bunch | `import_bunches` | `<identifier of the bunch>/<pipeline id>` | `move_files` |
//!
//! | function | reads or writes | cost on AWS |
//! |---|---|---|
//! | [`begin`] | both items | 2 write units |
//! | [`end`] | import | 1 write unit per KB |
//! | [`latest`] | one partition, newest first, a page | 1 read unit per 4 KB |
//! | [`find`] | the last entry of the one partition, or some of the other one and one item | 1 to 3 read units |
//!
//! An item expires as the setting `import.history_kept` says; the clean-up of pipelines and of their files leaves it alone.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use import::bunch::{Bunch, BunchId};
use import::report::RowCounts;
use pipeline::settings::{Scope, Settings};
use pipeline::{Name, Pipeline, PipelineId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::items::{self, Fields};
use store::table::{Attributes, Change, Condition, Item, Key, Page, Query, SortDirection, Write};
use store::{Result, Store};

const IMPORTS: &str = "imports";
const BUNCHES: &str = "import_bunches";

/// The setting that says how long an import is remembered.
const KEPT: &str = "import.history_kept";

/// Most names of files that an item has; a bunch may have thousands.
const MOST_FILES: usize = 100;

/// How many imports of one identifier are looked at for a bunch.
const MOST_DROPS: usize = 100;

/// What is remembered of one import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRecord {
    /// The pipeline that imported, or imports.
    pub pipeline: PipelineId,
    /// The name of its definition.
    pub definition: Name,
    /// The id of the bunch.
    pub bunch: String,
    /// The first names of its files.
    pub files: Vec<String>,
    /// How many files it has.
    pub file_count: u64,
    /// What its files speak of: `products`.
    pub entities: BTreeSet<String>,
    /// What came of it.
    pub status: ImportStatus,
    /// When its pipeline was spawned.
    pub spawned_at: DateTime<Utc>,
    /// By whom and why.
    pub spawned_by: String,
    /// What it came to, once it has ended.
    pub result: Option<ImportResult>,
}

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportResult {
    /// When it was reported.
    pub ended_at: DateTime<Utc>,
    /// Rows by outcome.
    pub rows: RowCounts,
    /// How many values, rows, files and columns were left out.
    pub findings: u64,
    /// How long its steps worked.
    pub work_ms: u64,
    /// In a sentence.
    pub verdict: String,
    /// What the keys of its reports begin with.
    pub archive: String,
    /// Files of rows to correct, below that; the first of them.
    pub errors: Vec<String>,
}

/// What came of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// Its steps work, or wait.
    InProgress,
    /// All of it was understood and used.
    Imported,
    /// Something was left out.
    ImportedWithFindings,
    /// It was a dry run, or its changes were not published: the catalogue is as it was.
    Unpublished,
    /// It was stopped, or a step failed for good.
    Failed,
}

/// A page of imports, the latest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportPage {
    /// The imports.
    pub imports: Vec<ImportRecord>,
    /// The pipeline behind which to go on.
    pub next: Option<PipelineId>,
}

impl ImportStatus {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ImportStatus::InProgress => "in progress",
            ImportStatus::Imported => "imported",
            ImportStatus::ImportedWithFindings => "imported with findings",
            ImportStatus::Unpublished => "not published",
            ImportStatus::Failed => "failed",
        }
    }
}

impl ImportRecord {
    /// An import that begins.
    #[must_use]
    pub fn beginning(pipeline: &Pipeline, bunch: &Bunch) -> Self {
        let entities = import::entity::all();
        let entity_of = |prefix: &str| {
            let known = entities.iter().find(|entity| entity.has_prefix(prefix));
            known.map_or(prefix, |entity| entity.about.name).to_owned()
        };
        ImportRecord {
            pipeline: pipeline.id.clone(),
            definition: pipeline.name().clone(),
            bunch: bunch.id.to_string(),
            files: bunch.files.iter().take(MOST_FILES).map(|file| file.name.to_string()).collect(),
            file_count: bunch.files.len() as u64,
            entities: bunch.files.iter().map(|file| entity_of(file.name.prefix())).collect(),
            status: ImportStatus::InProgress,
            spawned_at: pipeline.spawned_at,
            spawned_by: pipeline.spawned_by.clone(),
            result: None,
        }
    }

    fn attributes(&self) -> Attributes {
        items::attributes([
            ("schema", json!(1)),
            ("definition", json!(self.definition)),
            ("bunch", json!(self.bunch)),
            ("files", json!(self.files)),
            ("file_count", json!(self.file_count)),
            ("entities", json!(self.entities)),
            ("status", json!(self.status)),
            ("spawned_at", items::time(self.spawned_at)),
            ("spawned_by", json!(self.spawned_by)),
            ("result", self.result.as_ref().map_or(serde_json::Value::Null, |result| json!(result))),
        ])
    }

    fn read(item: &Item) -> Result<Self> {
        let fields = Fields::of(item)?;
        let pipeline = fields.required("pipeline", item.key.sort.parse().ok())?;
        let definition: Option<Name> = fields.parsed("definition", "the name of a definition")?;
        let status: Option<ImportStatus> = fields.json("status", "the status of an import")?;
        Ok(ImportRecord {
            pipeline,
            definition: fields.required("definition", definition)?,
            bunch: fields.text("bunch")?.unwrap_or_default().to_owned(),
            files: fields.json("files", "a list of names")?.unwrap_or_default(),
            file_count: fields.number("file_count")?.unwrap_or(0),
            entities: fields.json("entities", "a list of names")?.unwrap_or_default(),
            status: fields.required("status", status)?,
            spawned_at: fields.required("spawned_at", fields.time("spawned_at")?)?,
            spawned_by: fields.text("spawned_by")?.unwrap_or_default().to_owned(),
            result: fields.json("result", "what an import came to")?,
        })
    }
}

/// Whether a pipeline is one of those that are remembered: one with a step that imports.
#[must_use]
pub fn is_import(pipeline: &Pipeline) -> bool {
    pipeline.definition.steps.iter().any(|step| step.executor.as_str().starts_with("import_"))
}

/// Notes that an import has begun, unless it was noted before.
///
/// # Errors
/// The store did not answer.
pub async fn begin(store: &Store, record: &ImportRecord, settings: &Settings, now: DateTime<Utc>) -> Result<()> {
    let expires_at = expires_at(settings, &record.definition, now);
    let key = Key::new(IMPORTS, record.pipeline.as_str());
    let change = Change::Put { attributes: record.attributes(), listing: None, expires_at };
    // A step that is repeated must not forget what was reported meanwhile.
    store.table.write(Write { key, condition: Condition::Absent, change }).await?;
    let key = Key::new(BUNCHES, format!("{}{}", of_bunch(&record.bunch), record.pipeline));
    let attributes = items::attributes([("schema", json!(1)), ("bunch", json!(record.bunch))]);
    let change = Change::Put { attributes, listing: None, expires_at };
    store.table.write(Write { key, condition: Condition::Any, change }).await?;
    Ok(())
}

/// Notes what an import came to.
///
/// # Errors
/// The store did not answer.
pub async fn end(store: &Store, record: &ImportRecord, settings: &Settings, now: DateTime<Utc>) -> Result<()> {
    let expires_at = expires_at(settings, &record.definition, now);
    let key = Key::new(IMPORTS, record.pipeline.as_str());
    let change = Change::Put { attributes: record.attributes(), listing: None, expires_at };
    store.table.write(Write { key, condition: Condition::Any, change }).await?;
    Ok(())
}

/// Lists imports, the latest first, behind the one of a pipeline.
///
/// # Errors
/// The store did not answer, or an item cannot be read.
pub async fn latest(store: &Store, limit: usize, behind: Option<&PipelineId>) -> Result<ImportPage> {
    let after = behind.map(|id| id.as_str().to_owned());
    let query = Query { after, order: SortDirection::Descending, limit: Some(limit), ..Query::prefix(IMPORTS, "") };
    let Page { entries, next } = store.table.query(&query).await?;
    let imports: Result<Vec<ImportRecord>> = entries.iter().map(ImportRecord::read).collect();
    Ok(ImportPage { imports: imports?, next: next.and_then(|next| next.parse().ok()) })
}

/// The latest import whose pipeline has an id that begins so, or whose bunch has this id or identifier: `spring`.
///
/// # Errors
/// The store did not answer, or an item cannot be read.
pub async fn find(store: &Store, reference: &str) -> Result<Option<ImportRecord>> {
    if reference.is_empty() {
        return Ok(None);
    }
    let of_pipeline = last(store, IMPORTS, reference, 1).await?;
    if let Some(item) = of_pipeline.first() {
        return ImportRecord::read(item).map(Some);
    }
    let is_meant = |item: &&Item| match reference.parse::<BunchId>() {
        Ok(_) => item.attributes.get("bunch").is_some_and(|bunch| bunch == reference),
        Err(_) => true,
    };
    let of_identifier = last(store, BUNCHES, &of_bunch(reference), MOST_DROPS).await?;
    let Some(found) = of_identifier.iter().find(is_meant) else { return Ok(None) };
    let Some((_, pipeline)) = found.key.sort.rsplit_once('/') else { return Ok(None) };
    store.table.get(&Key::new(IMPORTS, pipeline)).await?.as_ref().map(ImportRecord::read).transpose()
}

/// What the sort keys of all imports of an identifier begin with; a bunch is named by its id or by that.
fn of_bunch(bunch: &str) -> String {
    let identifier = bunch.parse::<BunchId>().map_or_else(|_| bunch.to_owned(), |id| id.identifier().to_owned());
    format!("{identifier}/")
}

/// The last items of a partition whose sort keys begin so, the last one first.
async fn last(store: &Store, partition: &str, beginning: &str, limit: usize) -> Result<Vec<Item>> {
    let query = Query { order: SortDirection::Descending, limit: Some(limit), ..Query::prefix(partition, beginning) };
    Ok(store.table.query(&query).await?.entries)
}

fn expires_at(settings: &Settings, definition: &Name, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let kept: Duration = settings.duration(KEPT, &Scope::Pipeline(definition.clone()))?;
    now.checked_add_signed(chrono::Duration::from_std(kept).ok()?)
}
