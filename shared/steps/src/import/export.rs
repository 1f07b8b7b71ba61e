//! `export`: writes what the own catalogue has as files that an import takes for the same.
//!
//! They are written as the configuration says that files of the entity are, for the pipeline of the step: what is made to
//! be imported again needs no second configuration, and another pipeline may write for another program.
//!
//! Large exports come in several files, like bunches that are dropped; each is complete by itself, so the step can stop
//! behind any of them and carry on. They are seen in the archive only when all of them are written.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalog::own::{self, ExportFormat, Exporter, OpenExport, ThingCursor};
use engine::accepts::{Accepts, Argument, Parsed, Presence};
use engine::{Executor, ExecutorError, Outcome, Shortage, Work};
use import::dialect::Dialect;
use pipeline::words::words;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::archive;
use super::configuration::{self, export_format};
use super::import_rows::of_target;
use super::progress::count;

/// Rows of one file, so that a spreadsheet opens it and a step can stop behind it.
const ROWS_PER_FILE: u64 = 100_000;

/// Findings that the step's log has.
const LOGGED_FINDINGS: u64 = 20;

const ENTITIES: Argument<Parsed<Vec<String>>> = Argument {
    name: "entities",
    kind: Parsed {
        kind: "list of entities",
        example: "products, prices",
        read: |text| Ok(words(text, |word| entity(word).map(str::to_owned))?),
    },
    presence: Presence::Required,
    meaning: "what to write files of: `products`, `categories` and so on, in the order in which an import needs them",
};

/// A word that is no entity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no entity (expected one of `{}`)", .known.join("`, `"))]
struct UnknownEntity {
    found: String,
    known: Vec<&'static str>,
}

fn entity(word: &str) -> Result<&str, UnknownEntity> {
    let known: Vec<&str> = import::entity::all().iter().map(|description| description.about.name).collect();
    match known.contains(&word) {
        true => Ok(word),
        false => Err(UnknownEntity { found: word.to_owned(), known }),
    }
}

/// The executor.
pub struct ExportThings;

#[async_trait]
impl Executor for ExportThings {
    fn name(&self) -> &'static str {
        "export"
    }

    fn description(&self) -> &'static str {
        "writes things of the own catalogue into the archive, as CSV files that can be imported again"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&ENTITIES])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let entities = work.argument(&ENTITIES)?;
        let exporters = own::exporters();
        let mut progress: Progress = work.checkpoint()?.unwrap_or_default();
        while let Some(name) = entities.get(progress.entity) {
            let exporter = exporters.iter().find(|exporter| exporter.about().name == name);
            let exporter = exporter.ok_or_else(|| ExecutorError::permanent(format!("`{name}` is no entity")))?;
            let format = progress.format(work, name).await?;
            write_file(work, exporter, format, &mut progress).await?;
            let checkpoint = json!(progress);
            let written: u64 = progress.files.iter().map(|file| file.rows).sum();
            work.save(checkpoint.clone(), &format!("{} written", count(written, "row"))).await?;
            if work.shortage() == Shortage::Time && progress.entity < entities.len() {
                return Ok(Outcome::Continue { checkpoint, after: Duration::ZERO });
            }
        }
        publish(work, &progress).await
    }
}

/// How far an export has come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Progress {
    /// Place in the list of entities.
    entity: usize,
    /// How many files of that entity are written.
    files_of_entity: usize,
    /// Where the next file begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<ThingCursor>,
    /// How the files of the entity are written, once the first of them was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    written_as: Option<WrittenAs>,
    files: Vec<WrittenFile>,
    /// How many values cannot be written as they are.
    findings: u64,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_finding: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct WrittenAs {
    entity: String,
    dialect: Dialect,
    has_mark: bool,
}

impl Progress {
    /// How the files of an entity are written: all of them alike, whoever edits the configuration meanwhile.
    async fn format(&mut self, work: &Work<'_>, entity: &str) -> Result<ExportFormat, ExecutorError> {
        if let Some(WrittenAs { dialect, has_mark, .. }) =
            self.written_as.clone().filter(|written| written.entity == entity)
        {
            return Ok(ExportFormat { dialect, has_mark });
        }
        let loaded = configuration::load(work.store.files.as_ref()).await?;
        let format = export_format(&loaded, Some(work.pipeline.name().as_str()), entity);
        let ExportFormat { dialect, has_mark } = format.map_err(|error| ExecutorError::permanent(error.to_string()))?;
        self.written_as = Some(WrittenAs { entity: entity.to_owned(), dialect: dialect.clone(), has_mark });
        Ok(ExportFormat { dialect, has_mark })
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct WrittenFile {
    name: String,
    key: String,
    rows: u64,
}

/// Writes the next file of an entity.
async fn write_file(
    work: &mut Work<'_>,
    exporter: &Arc<dyn Exporter>,
    format: ExportFormat,
    progress: &mut Progress,
) -> Result<(), ExecutorError> {
    let number = progress.files_of_entity + 1;
    let identifier = work.pipeline.spawned_at.format("%Y%m%d-%H%M%S");
    let name = format!("{}_{identifier}_{number:02}.csv", exporter.about().prefix);
    let from = progress.from.clone().unwrap_or_default();
    let opened = exporter.open(work.store.table.clone(), &name, format, from).await;
    let mut export = opened.map_err(|error| of_target(error.into()))?;
    let key = work.artifact_key(&name);
    let rows = write_rows(work, export.as_mut(), &key, progress).await?;
    progress.files.push(WrittenFile { name, key, rows });
    progress.from = export.cursor().cloned();
    match progress.from {
        Some(_) => progress.files_of_entity = number,
        None => (progress.entity, progress.files_of_entity) = (progress.entity + 1, 0),
    }
    Ok(())
}

/// Writes the rows of one file, and tells how many there are.
async fn write_rows(
    work: &mut Work<'_>,
    export: &mut dyn OpenExport,
    key: &str,
    progress: &mut Progress,
) -> Result<u64, ExecutorError> {
    let mut upload = work.store.files.upload(key).await?;
    upload.write(export.header().into()).await?;
    let mut rows = 0;
    while let Some(page) = export.next().await.map_err(|error| of_target(error.into()))? {
        rows += page.rows;
        for finding in page.findings {
            progress.findings += 1;
            if progress.findings <= LOGGED_FINDINGS {
                work.warn(&finding.to_string());
            }
            progress.first_finding.get_or_insert_with(|| finding.to_string());
        }
        upload.write(page.text.into()).await?;
        // A page is short; a file that is cut here goes on in the next one.
        if rows >= ROWS_PER_FILE || work.shortage() == Shortage::Time {
            break;
        }
    }
    upload.finish().await?;
    Ok(rows)
}

/// Puts the files where they can be downloaded, all at once as far as anybody sees, and tells what they are.
async fn publish(work: &mut Work<'_>, progress: &Progress) -> Result<Outcome, ExecutorError> {
    let files = work.store.files.clone();
    let folder = format!("{}exports/", archive::prefix(work.pipeline_id()));
    let mut rows = 0;
    for file in &progress.files {
        let to = format!("{folder}{}", file.name);
        if !files.copy(&file.key, &to).await? {
            return Err(ExecutorError::permanent(format!("file `{}` is not there any more", file.key)));
        }
        work.info(&format!("{}: {}", file.name, count(file.rows, "row")));
        rows += file.rows;
    }
    work.set_output(json!({ "prefix": folder, "files": progress.files.len(), "rows": rows }));
    let Some(first) = &progress.first_finding else { return Ok(Outcome::Done) };
    let message = match progress.findings {
        1 => first.clone(),
        several => format!("{several} values are not written as they are; the first one: {first}"),
    };
    Err(ExecutorError::InvalidData { message })
}
