//! Writes the rows that an import could not use as a whole, a file for each file of the import.
//!
//! The findings lie in files that are in order but for a few: those of later passes, and those that a target told of late.
//! So a file of the import is read once, and what is known of its next rows is in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use engine::{ExecutorError, Work};
use import::configuration::Configuration;
use import::csv::CsvFormat;
use import::entity::RowAbove;
use import::errors_file::{ErrorsWriter, RowErrors};
use import::file_name::{FileName, prefix_of};
use import::finding::{Finding, Severity};
use store::files::{Files, Upload};

use super::gather::FindingsKey;
use super::stored_rows::{StoredRow, StoredRows};
use crate::import::archive;
use crate::import::bunch_files::moved_key;
use crate::import::configuration;

/// Bytes that are collected before they are written.
const PIECE_BYTES: usize = 64 * 1024;

/// Most messages that stand before one row.
const MOST_MESSAGES: usize = 20;

/// Where the findings about a file are.
#[derive(Debug, Clone)]
struct FindingsPlace<'a> {
    first_line: u64,
    key: FindingsKey<'a>,
}

/// Which findings are where, by file of the import.
#[derive(Debug, Default)]
pub(super) struct ErrorPlaces<'a> {
    by_file: BTreeMap<String, Vec<FindingsPlace<'a>>>,
}

impl<'a> ErrorPlaces<'a> {
    /// Takes note of what a file of findings holds.
    pub(super) fn add(&mut self, key: &FindingsKey<'a>, findings: &[Finding]) {
        let mut first_lines: BTreeMap<&String, u64> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| costs_something(finding)) {
            let line = first_lines.entry(&finding.file).or_insert(finding.line);
            *line = finding.line.min(*line);
        }
        for (file, first_line) in first_lines {
            self.by_file.entry(file.clone()).or_default().push(FindingsPlace { first_line, key: key.clone() });
        }
    }

    /// Writes the files of errors; returns their keys by the file of the import.
    pub(super) async fn write(self, work: &mut Work<'_>) -> Result<BTreeMap<String, String>, ExecutorError> {
        let mut written = BTreeMap::new();
        if self.by_file.is_empty() {
            return Ok(written);
        }
        let formats = Formats::of(work).await;
        for (file, mut places) in self.by_file {
            places.sort_by_key(|place| std::cmp::Reverse(place.first_line));
            let Some(rows) = open(work, &file, &formats).await? else {
                work.warn(&format!("`{file}` is not there any more, so its rows with errors cannot be written"));
                continue;
            };
            let files = work.store.files.clone();
            let key = format!("{}errors/{file}", archive::prefix(work.pipeline_id()));
            let errors = FileErrors { files: files.clone(), file: file.clone(), places, by_line: BTreeMap::new() };
            if write_file(&files, &key, rows, errors).await? {
                written.insert(file, key);
            }
        }
        Ok(written)
    }
}

/// The file of the import: in the archive, or where it was moved to if the pipeline did not get so far.
async fn open(work: &Work<'_>, file: &str, formats: &Formats) -> Result<Option<StoredRows>, ExecutorError> {
    let format = formats.of_file(work, file);
    let archived = format!("{}files/{file}", archive::prefix(work.pipeline_id()));
    let moved = moved_key(&work.working_directory()?, file);
    for key in [archived, moved] {
        let rows = StoredRows::open(work.store.files.clone(), key, format).await?;
        if rows.is_some() {
            return Ok(rows);
        }
    }
    Ok(None)
}

/// How the files of the import are written.
struct Formats {
    configuration: Option<Arc<Configuration>>,
}

impl Formats {
    async fn of(work: &mut Work<'_>) -> Self {
        match configuration::of_pipeline(work).await {
            Ok(configuration) => Self { configuration: Some(configuration) },
            // The report comes in any case: it may be the only one that tells why nothing was imported.
            Err(error) => {
                work.warn(&format!("rows with errors are looked for as in usual CSV files: {}", error.chain()));
                Self { configuration: None }
            }
        }
    }

    fn of_file(&self, work: &Work<'_>, file: &str) -> CsvFormat {
        let Some(configuration) = &self.configuration else { return CsvFormat::RFC_4180 };
        let settings = configuration::settings_of_file(configuration, &work.pipeline.definition, prefix_of(file));
        settings.dialect.format
    }
}

/// What is wrong with the rows of one file.
struct FileErrors<'a> {
    files: Arc<dyn Files>,
    file: String,
    /// Those still to read, the first one last.
    places: Vec<FindingsPlace<'a>>,
    by_line: BTreeMap<u64, RowErrors>,
}

impl FileErrors<'_> {
    /// What is wrong with the row that begins on a line.
    async fn of_line(&mut self, line: u64) -> Result<Option<RowErrors>, ExecutorError> {
        while self.places.last().is_some_and(|place| place.first_line <= line) {
            let Some(place) = self.places.pop() else { break };
            for finding in place.key.read(&self.files).await? {
                if finding.file == self.file && costs_something(&finding) {
                    self.add(finding);
                }
            }
        }
        Ok(self.by_line.remove(&line))
    }

    fn add(&mut self, finding: Finding) {
        let line = finding.line;
        let none = || RowErrors { line, columns: Vec::new(), messages: Vec::new() };
        let errors = self.by_line.entry(line).or_insert_with(none);
        let message = finding.without_place();
        // What was told again because it costs the row after all is one message.
        if errors.messages.contains(&message) || errors.messages.len() == MOST_MESSAGES {
            return;
        }
        errors.messages.push(message);
        if let Some(column) = finding.column.filter(|column| !errors.columns.contains(column)) {
            errors.columns.push(column);
        }
    }

    fn is_at_end(&self) -> bool {
        self.places.is_empty() && self.by_line.is_empty()
    }
}

/// A finding because of which somebody corrects a row.
fn costs_something(finding: &Finding) -> bool {
    match finding.severity {
        Severity::Value | Severity::Row => true,
        // From a broken line on there are no rows.
        Severity::Notice | Severity::File => false,
    }
}

/// Writes one file of errors, if any row has some; whether it was written.
async fn write_file(
    files: &Arc<dyn Files>,
    key: &str,
    mut rows: StoredRows,
    mut errors: FileErrors<'_>,
) -> Result<bool, ExecutorError> {
    let mut writing: Option<Writing> = None;
    let mut above: Option<RowAbove> = None;
    let prefix = errors.file.parse().map(|name: FileName| name.prefix().to_owned()).unwrap_or_default();
    while !errors.is_at_end()
        && let Some(mut row) = rows.next().await?
    {
        let header = rows.header().expect("a row comes behind the header");
        complete(above.get_or_insert_with(|| RowAbove::of_file(&prefix, header)), &mut row);
        let Some(wrong) = errors.of_line(row.line()).await? else { continue };
        let writing = match &mut writing {
            Some(writing) => writing,
            None => {
                let writer = ErrorsWriter::new(rows.format, header);
                let text = writer.header();
                writing.insert(Writing { writer, upload: files.upload(key).await?, text })
            }
        };
        writing.row(&row, &wrong).await?;
    }
    match writing {
        Some(writing) => writing.finish().await.map(|()| true),
        None => Ok(false),
    }
}

/// Puts into a row that goes on about the thing of the row above what that is: in a file of errors another row is above it.
fn complete(above: &mut RowAbove, row: &mut StoredRow) {
    match row {
        StoredRow::Cells(row) if above.is_continued_by(row) => above.complete(row),
        StoredRow::Cells(row) => above.pass(row),
        StoredRow::Text { .. } => above.forget(),
    }
}

/// A file of errors under way.
struct Writing {
    writer: ErrorsWriter,
    upload: Box<dyn Upload>,
    text: String,
}

impl Writing {
    async fn row(&mut self, row: &StoredRow, errors: &RowErrors) -> Result<(), ExecutorError> {
        self.text += &match row {
            StoredRow::Cells(row) => self.writer.row(row, errors),
            StoredRow::Text { text, .. } => self.writer.text(text, errors),
        };
        if self.text.len() >= PIECE_BYTES {
            self.upload.write(Bytes::from(std::mem::take(&mut self.text))).await?;
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<(), ExecutorError> {
        self.upload.write(Bytes::from(self.text)).await?;
        Ok(self.upload.finish().await?)
    }
}
