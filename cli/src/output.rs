//! What a command prints: tables for people, JSON for programs. The log goes to standard error.
#![expect(clippy::print_stdout, reason = "the one module that prints")]

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

/// Prints in the form that the command line asked for.
pub(crate) struct Output {
    is_json: bool,
}

impl Output {
    pub(crate) fn new(is_json: bool) -> Self {
        Output { is_json }
    }

    /// Prints a value: as JSON, or in the words that `people` makes of it.
    pub(crate) fn show<T: Serialize>(&self, value: &T, people: impl FnOnce(&T) -> String) -> anyhow::Result<()> {
        if self.is_json {
            println!("{}", serde_json::to_string_pretty(value)?);
        } else {
            println!("{}", people(value).trim_end());
        }
        Ok(())
    }

    /// Prints a line for people only.
    pub(crate) fn say(&self, line: &str) {
        if !self.is_json {
            println!("{line}");
        }
    }

    /// Prints one line of machine-readable output, whatever was asked for.
    pub(crate) fn line(line: &str) {
        println!("{line}");
    }
}

/// Lays rows out as a table without lines.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.to_vec());
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    if rows.is_empty() {
        return "nothing to show".to_owned();
    }
    table.add_rows(rows);
    table.to_string().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
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
