//! The files of a pipeline's bunch, read row by row from the working directory.

use std::collections::BTreeSet;
use std::time::Duration;

use engine::{ExecutorError, Outcome, Shortage, Work, WorkingDirectory};
use import::bunch::{Bunch, BunchFile, BunchId};
use import::csv::{self, Header, Position, ReadRow, RowReader};
use import::dialect::Dialect;
use import::product::{CategoryPath, Columns, ProductRow};
use import::report::{ImportReport, RowOutcome};
use import::validate::{Issue, Severity};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::files::{Files, Range};

use super::bunch_argument::BUNCH_ARGUMENT;

/// Bytes of one read: large enough that reads cost little on S3, small enough that memory stays flat.
const CHUNK_BYTES: u64 = 1024 * 1024;

/// How many rows are worked on between two checkpoints.
pub(crate) const ROWS_PER_CHECKPOINT: u64 = 1_000;

/// After how many bytes of rows there is one in any case: rows may be large, and those in between are kept in memory.
pub(crate) const BYTES_PER_CHECKPOINT: u64 = 4 * 1024 * 1024;

/// Where a step over all rows of a bunch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The place of the file in the bunch.
    pub(crate) file: usize,
    /// The next row; `None` for the first one.
    pub(crate) position: Option<Position>,
}

/// What a step over rows keeps beside its place, in a file because it may grow to some hundred kilobytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Findings {
    /// What became of the rows so far.
    pub(crate) report: ImportReport,
    /// The categories that the rows name.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) categories: BTreeSet<CategoryPath>,
    /// The file of the latest checkpoint.
    #[serde(skip)]
    kept_in: Option<String>,
}

/// The checkpoint of a step over rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) place: Place,
    /// The file that holds the findings up to here.
    pub(crate) findings: String,
}

/// What a step over rows leaves for later steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Output {
    /// The file that holds the findings.
    pub(crate) findings: String,
}

/// One file of the bunch while it is being read.
pub(crate) struct ProductFile<'a> {
    files: &'a dyn Files,
    key: String,
    name: String,
    bunch: BunchId,
    dialect: Dialect,
    reader: RowReader,
    /// The next byte to fetch.
    offset: u64,
    columns: Option<Columns>,
}

/// The next row of a file, read.
pub(crate) enum NextRow {
    Row(Box<ProductRow>),
    /// A row whose cells cannot be told apart; reading goes on behind it.
    Bad {
        issue: Issue,
        next: Position,
    },
    /// The rest of the file cannot be read.
    Broken(Issue),
    End,
}

impl Checkpoint {
    /// Where to go on, and what was found up to there.
    pub(crate) async fn read(work: &Work<'_>) -> Result<(Place, Findings), ExecutorError> {
        let Some(checkpoint) = work.checkpoint::<Checkpoint>()? else {
            return Ok((Place { file: 0, position: None }, Findings::default()));
        };
        let findings = Findings::read(work, &checkpoint.findings).await?;
        Ok((checkpoint.place, findings))
    }
}

/// Keeps where the work stands; tells how to end if time runs short.
pub(crate) async fn checkpoint(
    work: &mut Work<'_>,
    place: Place,
    findings: &mut Findings,
    done: &str,
) -> Result<Option<Outcome>, ExecutorError> {
    let rows = findings.report.totals().rows;
    // The place is in the name, because a file without rows moves on, too.
    let key = findings.write(work, &format!("{done}-{}-{rows}.json", place.file)).await?;
    let checkpoint = json!(Checkpoint { place, findings: key.clone() });
    work.save(checkpoint.clone(), &format!("{} {done}", count(rows, "row"))).await?;
    if let Some(before) = findings.kept_in.replace(key) {
        // Nothing leads to it any more.
        work.store.files.delete(&before).await?;
    }
    Ok((work.shortage() == Shortage::Time).then_some(Outcome::Continue { checkpoint, after: Duration::ZERO }))
}

/// A number of things: `1 row`, `2 rows`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// The bunch that the pipeline was spawned for.
pub(crate) fn bunch(work: &Work<'_>) -> Result<Bunch, ExecutorError> {
    let Some(json) = work.optional_argument(BUNCH_ARGUMENT) else {
        return Err(ExecutorError::permanent(format!(
            "step `{}` needs an argument `{BUNCH_ARGUMENT}`; condition `bunch_complete` hands it over when files have \
             arrived, and a pipeline that was spawned by hand has none",
            work.step.name
        )));
    };
    serde_json::from_str(json)
        .map_err(|error| ExecutorError::permanent(format!("argument `{BUNCH_ARGUMENT}` is no bunch of files: {error}")))
}

/// The key of a file of the bunch in the working directory.
pub(crate) fn moved_key(directory: &WorkingDirectory, name: &str) -> String {
    directory.key(&format!("files/{name}"))
}

impl<'a> ProductFile<'a> {
    /// Opens a file at a row, or at its first one.
    ///
    /// # Errors
    /// The store did not answer. A file that cannot be read shows at the first row.
    pub(crate) async fn open(
        files: &'a dyn Files,
        directory: &WorkingDirectory,
        bunch: &Bunch,
        file: &BunchFile,
        position: Option<Position>,
    ) -> Result<Self, ExecutorError> {
        let dialect = Dialect::m2if();
        let name = file.name.to_string();
        let mut product_file = ProductFile {
            files,
            key: moved_key(directory, &name),
            name,
            bunch: bunch.id.clone(),
            reader: RowReader::new(dialect.format),
            dialect,
            offset: 0,
            columns: None,
        };
        if let Some(position) = position
            && let Some(header) = product_file.header().await?
        {
            product_file.reader = RowReader::resume(product_file.dialect.format, header, position);
            product_file.offset = position.byte_offset;
        }
        Ok(product_file)
    }

    /// Reads the next row.
    ///
    /// # Errors
    /// The store did not answer, or the file is gone.
    pub(crate) async fn next(&mut self) -> Result<NextRow, ExecutorError> {
        loop {
            let row = match self.reader.next_row() {
                Ok(ReadRow::NeedsInput) => {
                    self.fetch().await?;
                    continue;
                }
                Ok(ReadRow::End) => return Ok(NextRow::End),
                Ok(ReadRow::Bad(bad)) => {
                    return Ok(NextRow::Bad { issue: Issue::bad_row(&self.name, &bad), next: bad.next });
                }
                Ok(ReadRow::Row(row)) => row,
                Err(error) => return Ok(NextRow::Broken(Issue::unreadable(&self.name, &error))),
            };
            return Ok(match self.columns() {
                Ok(columns) => NextRow::Row(Box::new(columns.read(&row))),
                Err(error) => NextRow::Broken(Issue::unreadable(&self.name, &error)),
            });
        }
    }

    /// The columns that have no meaning here; known after the first row.
    pub(crate) fn unknown_columns(&self) -> Vec<String> {
        self.columns.as_ref().map(|columns| columns.unknown().to_vec()).unwrap_or_default()
    }

    /// The file's base name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn columns(&mut self) -> Result<&Columns, csv::Error> {
        if self.columns.is_none() {
            let header = self.reader.header().expect("a row comes behind the header");
            let columns = Columns::new(&self.name, header, self.dialect.clone())?.of_bunch(&self.bunch);
            return Ok(self.columns.insert(columns));
        }
        Ok(self.columns.as_ref().expect("just looked"))
    }

    /// The header, for an open in the middle of the file; `None` if it cannot be read, which the first row will tell.
    async fn header(&mut self) -> Result<Option<Header>, ExecutorError> {
        loop {
            match self.reader.next_row() {
                Ok(ReadRow::NeedsInput) if self.reader.header().is_none() => self.fetch().await?,
                Ok(_) => return Ok(self.reader.header().cloned()),
                Err(_) => {
                    self.reader = RowReader::new(self.dialect.format);
                    self.offset = 0;
                    return Ok(None);
                }
            }
        }
    }

    async fn fetch(&mut self) -> Result<(), ExecutorError> {
        let range = Range { start: self.offset, length: CHUNK_BYTES };
        let Some(bytes) = self.files.get(&self.key, Some(range)).await? else {
            return Err(ExecutorError::permanent(format!("file `{}` is not there any more", self.key)));
        };
        if bytes.is_empty() {
            self.reader.finish();
        }
        self.offset += bytes.len() as u64;
        self.reader.feed(&bytes);
        Ok(())
    }
}

impl Findings {
    /// Notes a row that cannot be used.
    pub(crate) fn skip(&mut self, file: &str, issue: Issue) {
        let report = self.report.file(file);
        report.note(issue);
        report.count(RowOutcome::Skipped);
    }

    /// The findings that a checkpoint or an output names.
    pub(crate) async fn read(work: &Work<'_>, key: &str) -> Result<Findings, ExecutorError> {
        work.check_own_file(key)?;
        let Some(bytes) = work.store.files.get(key, None).await? else {
            return Err(ExecutorError::permanent(format!("file `{key}` is not there any more")));
        };
        let findings: Findings = serde_json::from_slice(&bytes)
            .map_err(|error| ExecutorError::permanent(format!("file `{key}` cannot be read: {error}")))?;
        Ok(Findings { kept_in: Some(key.to_owned()), ..findings })
    }

    /// Writes the findings as an artifact and returns its key.
    pub(crate) async fn write(&self, work: &Work<'_>, name: &str) -> Result<String, ExecutorError> {
        let key = work.artifact_key(name);
        let json = serde_json::to_vec(self).expect("findings have only string keys and no failing serializer");
        work.store.files.put(&key, json.into()).await?;
        Ok(key)
    }

    /// How many issues were found, and the gravest.
    pub(crate) fn issues(&self) -> (u64, Option<Severity>) {
        let files = self.report.files.values();
        let count = files.clone().fold(0, |count: u64, file| count.saturating_add(file.issue_count));
        (count, files.flat_map(|file| &file.issues).map(|issue| issue.severity).max())
    }
}
