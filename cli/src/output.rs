//! What a command prints: tables for people, JSON for programs. The log goes to standard error.

use std::io::{self, ErrorKind, IsTerminal, Write};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use comfy_table::{ContentArrangement, Table, presets};
use pipeline::visible::{visible_json, visible_lines};
use serde::Serialize;

/// Prints in the form that the command line asked for.
pub(crate) struct Output {
    is_json: bool,
    paint: Paint,
}

/// Whether what a person sees has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Coloured,
}

/// Whether anybody still reads what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    Listens,
    /// The other end of the pipe is closed, as by `head`.
    Gone,
}

/// Narrowest last column of a table; a narrower terminal breaks the lines itself.
const NARROWEST: usize = 40;

impl Output {
    pub(crate) fn new(is_json: bool, paint: Paint) -> Self {
        Output { is_json, paint }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.is_json
    }

    /// Whether a person looks at a terminal on which lines can be printed anew.
    pub(crate) fn is_live(&self) -> bool {
        !self.is_json && io::stdout().is_terminal()
    }

    /// Colours only where a person looks at a terminal, and only if nobody said that there be none.
    pub(crate) fn paint(&self) -> Paint {
        if self.is_live() { self.paint } else { Paint::Plain }
    }

    /// One line of many: the text for people, or else the value for programs.
    pub(crate) fn pick(&self, people: &str, programs: impl FnOnce() -> serde_json::Value) -> String {
        if self.is_json { visible_json(&programs().to_string()).into_owned() } else { harmless(people) }
    }

    /// Prints a value: as JSON, or in the words that `people` makes of it.
    pub(crate) fn show<T: Serialize>(&self, value: &T, people: impl FnOnce(&T) -> String) -> anyhow::Result<()> {
        let text = if self.is_json {
            visible_json(&serde_json::to_string_pretty(value)?).into_owned()
        } else {
            harmless(&people(value))
        };
        Self::line(text.trim_end())?;
        Ok(())
    }

    /// Prints a line for people only.
    pub(crate) fn say(&self, line: &str) -> anyhow::Result<()> {
        if !self.is_json {
            Self::line(&harmless(line))?;
        }
        Ok(())
    }

    /// Says something about what was shown: below it, or on standard error if a program reads it.
    pub(crate) fn note(&self, line: &str) -> anyhow::Result<()> {
        if self.is_json {
            Self::complain(line);
            return Ok(());
        }
        Self::line(&format!("\n{line}"))?;
        Ok(())
    }

    /// Says in one line on standard error what did not work.
    pub(crate) fn complain(what: &str) {
        // Where nobody can read it any more, as behind a terminal that was closed, the work goes on all the same.
        let _ = writeln!(io::stderr(), "systole: {}", harmless(what));
    }

    /// Prints one line of machine-readable output, whatever was asked for.
    pub(crate) fn line(line: &str) -> anyhow::Result<Reader> {
        match writeln!(io::stdout(), "{line}") {
            Ok(()) => Ok(Reader::Listens),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
            Err(error) if error.raw_os_error() == Some(NO_TERMINAL) => Ok(Reader::Gone),
            Err(error) => Err(error).context("failed to write to standard output"),
        }
    }
}

/// `EIO`: what writing to a terminal says that was closed.
const NO_TERMINAL: i32 = 5;

/// Lays rows out as a table without lines. On a terminal the last column is wrapped at blanks; elsewhere a row is a line.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let width = if io::stdout().is_terminal() { terminal_size::terminal_size() } else { None };
    table_of_width(header, rows, width.map(|(width, _)| usize::from(width.0)))
}

fn table_of_width(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>, width: Option<usize>) -> String {
    let mut rows: Vec<Vec<String>> = rows.into_iter().collect();
    if rows.is_empty() {
        return "nothing to show".to_owned();
    }
    if let Some(width) = width {
        let columns_before = header.len().saturating_sub(1);
        let widest = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.max().unwrap_or_default().max(header[column].len())
        };
        // Each column has a blank on both sides.
        let before: usize = (0..columns_before).map(|column| widest(column) + 2).sum();
        let left = width.saturating_sub(before + 2).max(NARROWEST);
        for cell in rows.iter_mut().filter_map(|row| row.last_mut()) {
            *cell = wrapped(cell, left);
        }
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.to_vec());
    table.add_rows(rows);
    table.to_string().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Breaks a text at blanks into lines; a word that is too long, such as a file name, stays whole.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// A text without what moves the cursor or colours the terminal: logs and messages may quote what came from outside.
pub(crate) fn harmless(text: &str) -> String {
    visible_lines(text).into_owned()
}

/// A duration in the unit that reads best.
pub(crate) fn duration(milliseconds: i64) -> String {
    match milliseconds {
        ..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        60_000..3_600_000 => format!("{} min {} s", milliseconds / 60_000, milliseconds % 60_000 / 1_000),
        _ => format!("{} h {} min", milliseconds / 3_600_000, milliseconds % 3_600_000 / 60_000),
    }
}

/// The number of an attempt, and of how many if their number is limited.
pub(crate) fn attempt(number: u32, limit: Option<u32>) -> String {
    limit.map_or_else(|| number.to_string(), |limit| format!("{number} of {limit}"))
}

/// A moment in UTC, to the second.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A number of things: `1 file`, `2 files`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        vec![
            row(["validate", "3 findings in 2424 rows; the first one: x.csv:118: `1,5` is not a number"]),
            row(["report", ""]),
        ]
    }

    #[test]
    fn a_table_wraps_its_last_column_on_a_terminal_and_nowhere_else() {
        let expected = " step      note
 validate  3 findings in 2424 rows; the first one:
           x.csv:118: `1,5` is not a number
 report";
        assert_eq!(table_of_width(&["step", "note"], rows(), Some(60)), expected);
        assert_eq!(table_of_width(&["step", "note"], rows(), None).lines().count(), 3);
        assert_eq!(table_of_width(&["step", "note"], Vec::new(), None), "nothing to show");
    }

    #[test]
    fn a_long_word_is_not_broken() {
        assert_eq!(
            wrapped("of product-import_20260801-120000_01.csv only", 10),
            "of\nproduct-import_20260801-120000_01.csv\nonly"
        );
    }

    #[test]
    fn what_came_from_outside_does_not_reach_the_terminal_as_a_command() {
        assert_eq!(harmless("a\tb\nthe shop\x1b[2J said\r no\u{9b}1m"), "a\tb\nthe shop␛[2J said␍ no<U+009B>1m");
        let output = Output::new(false, Paint::Coloured);
        assert_eq!(output.pick("\x1b]0;title\x07", || serde_json::Value::Null), "␛]0;title␇");
    }

    #[test]
    fn durations_read_well() {
        let shown = [7, 1_234, 61_000, 3_600_000].map(duration);
        assert_eq!(shown, ["7 ms", "1.2 s", "1 min 1 s", "1 h 0 min"]);
    }
}
