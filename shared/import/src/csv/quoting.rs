//! Whether the quotes of a row mean what they seem to mean: the parser takes every text, whatever its quotes.

use super::format::CsvFormat;

/// Follows the bytes of a file as they are parsed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quoting {
    format: CsvFormat,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the first byte of a cell.
    CellStart,
    /// In a cell that does not begin with a quote; quotes in it are text.
    Plain,
    Quoted,
    /// Behind an escape in a quoted cell.
    Escaped,
    /// Behind a quote in a quoted cell: it ends the cell, or another quote follows.
    QuoteInQuoted,
}

impl Quoting {
    pub(super) fn new(format: CsvFormat) -> Self {
        Self { format, state: State::CellStart }
    }

    /// Takes the next byte; says whether it stands where only the end of a cell can stand.
    pub(super) fn is_stray(&mut self, byte: u8) -> bool {
        let CsvFormat { delimiter, quote, escape } = self.format;
        let is_end = byte == delimiter || byte == b'\r' || byte == b'\n';
        let (next, is_stray) = match self.state {
            State::CellStart if byte == quote => (State::Quoted, false),
            State::CellStart | State::Plain if is_end => (State::CellStart, false),
            State::CellStart | State::Plain => (State::Plain, false),
            State::Quoted if byte == quote => (State::QuoteInQuoted, false),
            State::Quoted if escape == Some(byte) => (State::Escaped, false),
            State::Quoted | State::Escaped => (State::Quoted, false),
            State::QuoteInQuoted if byte == quote => (State::Quoted, false),
            State::QuoteInQuoted if is_end => (State::CellStart, false),
            // The parser goes on as in a cell without quotes.
            State::QuoteInQuoted => (State::Plain, true),
        };
        self.state = next;
        is_stray
    }
}
