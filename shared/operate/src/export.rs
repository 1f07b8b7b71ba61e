//! Files of what the own catalogue has, page by page.

use catalog::own::{self, OpenExport, ThingCursor};
use engine::Context;
use steps::import::configuration::{self, export_format};

use crate::catalogue::of_catalogue;
use crate::error::Error;

/// Begins a file of an entity, or goes on behind a cursor.
///
/// # Errors
/// There is no such entity, the configuration is broken for it, what is stored cannot be read, or the store did not answer.
pub async fn export(context: &Context, entity: &str, from: ThingCursor) -> Result<Box<dyn OpenExport>, Error> {
    let exporters = own::exporters();
    let Some(exporter) = exporters.iter().find(|exporter| exporter.about().name == entity) else {
        let known = exporters.iter().map(|exporter| exporter.about().name).collect();
        return Err(Error::UnknownEntity { found: entity.chars().take(100).collect(), known });
    };
    let file = format!("{}.csv", exporter.about().prefix);
    let loaded = configuration::load(context.store.files.as_ref()).await?;
    let format = export_format(&loaded, None, entity)?;
    let opened = exporter.open(context.store.table.clone(), &file, format, from).await;
    opened.map_err(|error| of_catalogue("the catalogue", error))
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportText {
    /// Rows as text; the first part has the header. Joined together the parts are the file.
    pub text: String,
    /// How many values cannot be written such that they are read as the same again, or would not pass validation.
    pub findings: u64,
    /// The cursor of the next part; none behind the last one.
    pub next: Option<String>,
}

/// Writes a part of a file of about so many bytes.
///
/// # Errors
/// There is no such entity, the cursor is none, what is stored cannot be read, or the store did not answer.
pub async fn export_text(
    context: &Context,
    entity: &str,
    cursor: Option<&str>,
    bytes: usize,
) -> Result<ExportText, Error> {
    let from = match cursor {
        None => ThingCursor::default(),
        Some(text) => {
            serde_json::from_str(text).map_err(|_| Error::BadCursor { found: text.chars().take(60).collect() })?
        }
    };
    let mut export = export(context, entity, from).await?;
    let mut part = ExportText { text: String::new(), findings: 0, next: None };
    if cursor.is_none() {
        part.text = export.header();
    }
    while part.text.len() < bytes {
        let page = export.next().await.map_err(|error| of_catalogue("the catalogue", error))?;
        let Some(page) = page else { break };
        part.findings += page.findings.len() as u64;
        part.text.push_str(&page.text);
    }
    let next = export.cursor().map(serde_json::to_string);
    part.next = next.transpose().expect("a cursor has text keys only");
    Ok(part)
}
