use csv_core::{ReadFieldResult, ReaderBuilder};

use super::error::{BadRow, BadRowKind, Error, ErrorKind};
use super::format::CsvFormat;
use super::header::Header;
use super::limits::{MAX_CELL_BYTES, MAX_COLUMNS};
use super::position::CsvPosition;
use super::quoting::Quoting;
use super::row::CsvRow;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// What word processors make of a quote.
const CURLY_QUOTES: [char; 3] = ['“', '”', '„'];

/// First size of the buffer for the cells of a row; it grows with the largest row.
const FIRST_BUFFER_BYTES: usize = 16 * 1024;

/// Cuts pushed bytes into rows.
///
/// Call [`feed`](Self::feed) with the next bytes, then [`next_row`](Self::next_row) until it answers
/// [`ReadRow::NeedsInput`]; after the last bytes call [`finish`](Self::finish), then `next_row` until
/// [`ReadRow::End`]. After an error the reader is of no further use.
#[derive(Debug)]
pub struct RowReader {
    parser: Box<csv_core::Reader>,
    header: Option<Header>,
    /// Bytes fed and not yet parsed start at `cursor`.
    input: Vec<u8>,
    cursor: usize,
    is_finished: bool,
    place: ParserPlace,
    quoting: Quoting,
    unfinished: Option<Unfinished>,
    cells: Vec<u8>,
}

/// What came of asking for a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadRow {
    /// A row with as many cells as the header.
    Row(CsvRow),
    /// A row that cannot be used; reading goes on behind it.
    Bad(BadRow),
    /// The fed bytes are used up.
    NeedsInput,
    /// There are no more rows.
    End,
}

/// Where the parser stands, and what it must remember to count lines.
#[derive(Debug, Clone, Copy)]
struct ParserPlace {
    position: CsvPosition,
    /// A `\n` right after a `\r` belongs to the line break that the `\r` began.
    is_after_cr: bool,
}

/// A quote that ends a cell which goes on behind it.
#[derive(Debug, Clone, Copy)]
struct StrayQuote {
    /// The cell, from 0.
    cell: usize,
    line: u64,
}

/// A row of which some bytes have been parsed.
#[derive(Debug)]
struct Unfinished {
    start: CsvPosition,
    ends: Vec<usize>,
    /// How much of `cells` is filled.
    filled: usize,
    cell_start: usize,
    cell_line: u64,
    /// The first quote that ends a cell which goes on behind it.
    stray_quote: Option<StrayQuote>,
    /// The row has ended with a `\r`; a `\n` that follows still belongs to it.
    awaits_lf: bool,
}

impl RowReader {
    /// Starts at the first byte of a file, whose first row is the header.
    #[must_use]
    pub fn new(format: CsvFormat) -> Self {
        Self::at(format, None, CsvPosition::START)
    }

    /// Starts at the header of a file that has something else before it, such as a line that names the delimiter.
    #[must_use]
    pub fn starting_at(format: CsvFormat, header: CsvPosition) -> Self {
        Self::at(format, None, header)
    }

    /// Carries on at a [`CsvRow::next`] of a file whose header is known.
    #[must_use]
    pub fn resume(format: CsvFormat, header: Header, position: CsvPosition) -> Self {
        Self::at(format, Some(header), position)
    }

    /// Returns the header; known as soon as the first row has been read.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Takes the next bytes of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        // What is parsed already goes first, so that no more is held than one piece and the row that it cuts.
        self.input.drain(..self.cursor);
        self.cursor = 0;
        self.input.extend_from_slice(bytes);
    }

    /// Says that all bytes of the file have been fed.
    pub fn finish(&mut self) {
        self.is_finished = true;
    }

    /// Reads the next row behind the header.
    ///
    /// # Errors
    /// Fails when the header cannot be used, or when the file is so broken that rows can no longer be told apart.
    pub fn next_row(&mut self) -> Result<ReadRow, Error> {
        loop {
            let Some(mut row) = self.unfinished.take().or_else(|| self.begin_row()) else {
                return match (self.is_finished, &self.header) {
                    (false, _) => Ok(ReadRow::NeedsInput),
                    (true, Some(_)) => Ok(ReadRow::End),
                    (true, None) => Err(error(self.place.position.line, ErrorKind::NoHeader)),
                };
            };
            if !self.read_cells(&mut row)? {
                self.unfinished = Some(row);
                return Ok(ReadRow::NeedsInput);
            }
            match (&self.header, self.complete_row(&row)) {
                // What spreadsheets leave behind where a row was emptied.
                (Some(_), Ok(row)) if row.is_blank() => {}
                (Some(header), Ok(mut row)) => {
                    row.drop_blank_cells_behind(header.names().len());
                    return Ok(check_column_count(row, header.names().len()));
                }
                (Some(_), Err(bad)) => return Ok(ReadRow::Bad(bad)),
                (None, Ok(row)) => self.header = Some(Header::from_row(&row)?),
                (None, Err(bad)) => return Err(error(bad.position.line, ErrorKind::BadHeader(bad.kind))),
            }
        }
    }

    /// Tells tests how much memory the reader keeps.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.input.capacity() + self.cells.capacity()
    }

    fn at(format: CsvFormat, header: Option<Header>, position: CsvPosition) -> Self {
        let mut parser =
            ReaderBuilder::new().delimiter(format.delimiter).quote(format.quote).escape(format.escape).build();
        // The parser skips a byte order mark from its first input, wherever in a file that is, and only if the mark
        // comes in one piece. An empty line takes that chance away; the mark is skipped in `begin_row`.
        parser.read_field(b"\n", &mut [0]);
        Self {
            parser: Box::new(parser),
            header,
            input: Vec::new(),
            cursor: 0,
            is_finished: false,
            place: ParserPlace { position, is_after_cr: false },
            quoting: Quoting::new(format),
            unfinished: None,
            cells: vec![0; FIRST_BUFFER_BYTES],
        }
    }

    /// Skips to the first byte of the next row, if it has been fed already.
    fn begin_row(&mut self) -> Option<Unfinished> {
        if self.place.position == CsvPosition::START {
            let is_part_of_bom = self.rest().len() < BOM.len() && BOM.starts_with(self.rest());
            if is_part_of_bom && !self.is_finished {
                return None;
            }
            let has_bom = self.rest().starts_with(BOM);
            self.advance(if has_bom { BOM.len() } else { 0 });
        }
        let is_line_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
        let blank = self.rest().iter().take_while(is_line_end).count();
        self.advance(blank);
        match self.rest().is_empty() {
            true => None,
            false => Some(Unfinished::at(self.place.position)),
        }
    }

    /// Parses cells until the row under way is complete, or until the input is used up (`false`).
    fn read_cells(&mut self, row: &mut Unfinished) -> Result<bool, Error> {
        loop {
            let is_at_end = self.rest().is_empty();
            if is_at_end && !self.is_finished {
                return Ok(false);
            }
            if row.awaits_lf {
                let is_crlf = self.rest().starts_with(b"\n");
                self.advance(usize::from(is_crlf));
                return Ok(true);
            }
            let result = self.read_cell(row);
            // Before the cell may be complete: how much came at once must not decide.
            if row.filled - row.cell_start > MAX_CELL_BYTES {
                return Err(error(row.cell_line, ErrorKind::CellTooLarge));
            }
            match result {
                ReadFieldResult::Field { record_end } => {
                    if row.ends.len() == MAX_COLUMNS {
                        return Err(error(row.start.line, ErrorKind::TooManyColumns));
                    }
                    row.ends.push(row.filled);
                    row.cell_start = row.filled;
                    row.cell_line = self.place.position.line;
                    row.awaits_lf = record_end && self.place.is_after_cr;
                    if record_end && !row.awaits_lf {
                        return Ok(true);
                    }
                }
                ReadFieldResult::InputEmpty if is_at_end => {
                    return Err(error(row.cell_line, ErrorKind::UnterminatedQuote));
                }
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull | ReadFieldResult::End => {}
            }
        }
    }

    /// Parses on until a cell, the input or the space for cells ends.
    fn read_cell(&mut self, row: &mut Unfinished) -> ReadFieldResult {
        let is_at_end = self.rest().is_empty();
        if row.filled == self.cells.len() {
            self.cells.resize(2 * row.filled, 0);
        }
        let space = &mut self.cells[row.filled..];
        // A line break ends the last row of a file that has none there, unless a quote is still open.
        let input = if is_at_end { b"\n" } else { &self.input[self.cursor..] };
        let (result, read, written) = self.parser.read_field(input, space);
        row.filled += written;
        if !is_at_end {
            self.advance_in_cell(row, read);
        }
        result
    }

    /// Goes over bytes of a cell, which the parser takes whatever its quotes.
    fn advance_in_cell(&mut self, row: &mut Unfinished, bytes: usize) {
        // The parser counts a cell as soon as it has seen its end.
        let cell = row.ends.len();
        for index in self.cursor..self.cursor + bytes {
            let byte = self.input[index];
            let line = self.place.position.line;
            if self.quoting.is_stray(byte) && row.stray_quote.is_none() {
                row.stray_quote = Some(StrayQuote { cell, line });
            }
            self.place.step(byte);
        }
        self.cursor += bytes;
    }

    fn complete_row(&self, row: &Unfinished) -> Result<CsvRow, BadRow> {
        let next = self.place.position;
        let bad = |kind| BadRow { position: row.start, next, row: None, kind };
        if let Some(StrayQuote { cell, line }) = row.stray_quote {
            let has_curly_quotes = String::from_utf8_lossy(&self.cells[..row.filled]).contains(CURLY_QUOTES);
            let (column, first) = (self.column(cell), row.start.line);
            return Err(bad(BadRowKind::StrayQuote { column, first, line, has_curly_quotes }));
        }
        CsvRow::from_bytes(row.start, next, &self.cells[..row.filled], &row.ends).map_err(|(cell, character)| {
            bad(BadRowKind::NotUtf8 { column: self.column(cell), character: character + 1 })
        })
    }

    /// A column by its name, for people; by its number if it has none.
    fn column(&self, index: usize) -> String {
        let name = self.header.as_ref().and_then(|header| header.names().get(index));
        name.map_or_else(|| (index + 1).to_string(), |name| format!("`{name}`"))
    }

    fn rest(&self) -> &[u8] {
        &self.input[self.cursor..]
    }

    fn advance(&mut self, bytes: usize) {
        for index in self.cursor..self.cursor + bytes {
            self.place.step(self.input[index]);
        }
        self.cursor += bytes;
    }
}

impl ParserPlace {
    fn step(&mut self, byte: u8) {
        // A position may come from a checkpoint that was damaged.
        self.position.byte_offset = self.position.byte_offset.saturating_add(1);
        let is_line_end = byte == b'\r' || (byte == b'\n' && !self.is_after_cr);
        self.position.line = self.position.line.saturating_add(u64::from(is_line_end));
        self.is_after_cr = byte == b'\r';
    }
}

impl Unfinished {
    fn at(start: CsvPosition) -> Self {
        Self {
            start,
            ends: Vec::new(),
            filled: 0,
            cell_start: 0,
            cell_line: start.line,
            stray_quote: None,
            awaits_lf: false,
        }
    }
}

fn check_column_count(row: CsvRow, expected: usize) -> ReadRow {
    let found = row.len();
    if found == expected {
        return ReadRow::Row(row);
    }
    let has_curly_quotes = row.iter().any(|cell| cell.contains(CURLY_QUOTES));
    let kind = match found > expected {
        _ if has_curly_quotes => BadRowKind::CurlyQuotes { expected, found },
        true => BadRowKind::TooManyCells { expected, found },
        false => BadRowKind::TooFewCells { expected, found },
    };
    ReadRow::Bad(BadRow { position: row.position, next: row.next, row: Some(Box::new(row)), kind })
}

fn error(line: u64, kind: ErrorKind) -> Error {
    Error { line, kind }
}
