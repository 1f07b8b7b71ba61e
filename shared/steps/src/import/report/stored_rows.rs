//! A file of the import, read again as it is written: its rows as cells, whatever they mean.

use std::sync::Arc;

use bytes::Bytes;
use engine::ExecutorError;
use import::content;
use import::csv::{CsvFormat, CsvRow, Header, ReadRow, RowReader};
use store::files::{Files, Range};

/// Bytes of one read.
const CHUNK_BYTES: u64 = 1024 * 1024;

/// A file while it is being read.
pub(super) struct StoredRows {
    files: Arc<dyn Files>,
    key: String,
    pub(super) format: CsvFormat,
    reader: RowReader,
    /// The next byte to fetch.
    offset: u64,
    /// The bytes behind the latest row, as far as they were fetched: a row whose cells cannot be told apart is shown as
    /// they are.
    recent: Vec<u8>,
    recent_start: u64,
    /// Where the next row begins.
    next_row: u64,
}

/// A row as it is written.
pub(super) enum StoredRow {
    /// Its cells can be told apart.
    Cells(CsvRow),
    /// They cannot.
    Text { line: u64, text: String },
}

impl StoredRow {
    /// The line on which it begins.
    pub(super) fn line(&self) -> u64 {
        match self {
            StoredRow::Cells(row) => row.position.line,
            StoredRow::Text { line, .. } => *line,
        }
    }
}

impl StoredRows {
    /// Opens a file; `None` if it is not there.
    pub(super) async fn open(
        files: Arc<dyn Files>,
        key: String,
        usual: CsvFormat,
    ) -> Result<Option<Self>, ExecutorError> {
        let range = Range { start: 0, length: CHUNK_BYTES };
        let Some(first) = files.get(&key, Some(range)).await? else { return Ok(None) };
        let recognised = content::recognise_format(&first, usual);
        let start = recognised.header.byte_offset;
        let mut rows = StoredRows {
            files,
            key,
            format: recognised.format,
            reader: RowReader::starting_at(recognised.format, recognised.header),
            offset: 0,
            recent: Vec::new(),
            recent_start: start,
            next_row: start,
        };
        let skipped = usize::try_from(start).unwrap_or(usize::MAX).min(first.len());
        rows.take(&first.slice(skipped..));
        rows.offset = first.len() as u64;
        Ok(Some(rows))
    }

    /// The header; known behind the first row.
    pub(super) fn header(&self) -> Option<&Header> {
        self.reader.header()
    }

    /// The next row; `None` at the end, and where the file is so broken that rows cannot be told apart.
    pub(super) async fn next(&mut self) -> Result<Option<StoredRow>, ExecutorError> {
        loop {
            match self.reader.next_row() {
                Ok(ReadRow::NeedsInput) => self.fetch().await?,
                Ok(ReadRow::Row(row)) => {
                    self.next_row = row.next.byte_offset;
                    return Ok(Some(StoredRow::Cells(row)));
                }
                Ok(ReadRow::Bad(bad)) => {
                    let text = self.text(bad.position.byte_offset, bad.next.byte_offset);
                    self.next_row = bad.next.byte_offset;
                    let line = bad.position.line;
                    return Ok(Some(bad.row.map_or(StoredRow::Text { line, text }, |row| StoredRow::Cells(*row))));
                }
                Ok(ReadRow::End) | Err(_) => return Ok(None),
            }
        }
    }

    async fn fetch(&mut self) -> Result<(), ExecutorError> {
        let range = Range { start: self.offset, length: CHUNK_BYTES };
        let bytes = self.files.get(&self.key, Some(range)).await?;
        let gone = || ExecutorError::retryable(format!("file `{}` is not there any more", self.key));
        let bytes = bytes.ok_or_else(gone)?;
        self.offset += bytes.len() as u64;
        self.take(&bytes);
        Ok(())
    }

    fn take(&mut self, bytes: &Bytes) {
        if bytes.is_empty() {
            self.reader.finish();
        }
        let done = usize::try_from(self.next_row - self.recent_start).unwrap_or(usize::MAX).min(self.recent.len());
        self.recent.drain(..done);
        self.recent_start += done as u64;
        self.recent.extend_from_slice(bytes);
        self.reader.feed(bytes);
    }

    /// The text between two places, without the line break at its end.
    fn text(&self, start: u64, end: u64) -> String {
        let index = |offset: u64| usize::try_from(offset.saturating_sub(self.recent_start)).unwrap_or(usize::MAX);
        let bytes = self.recent.get(index(start)..index(end)).unwrap_or_default();
        String::from_utf8_lossy(bytes).trim_end_matches(['\r', '\n']).to_owned()
    }
}
