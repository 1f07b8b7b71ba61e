//! What is wrong with a row, cell or file, and where: file, line, column, what was found.
//!
//! A finding knows no entity; a [`ChangeRefusal`] is one whose place is still unknown.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::csv;

/// Longest cell that a message repeats.
const MAX_FOUND_CHARS: usize = 80;

/// Most characters of a cell or of a problem that a report keeps.
const MAX_KEPT_CHARS: usize = 1_000;

/// One finding about one place of a file.
///
/// Findings are ordered by place: file, line, column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// Base name of the file.
    pub file: String,
    /// Physical line, counted from 1.
    pub line: u64,
    /// Column name, unless the whole row or file is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The cell as it was found, if that says anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What is wrong with it and what was expected; continues a sentence that starts with `found`.
    pub problem: String,
    /// What follows from it.
    pub severity: Severity,
}

/// What follows from a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; everything is imported.
    Notice,
    /// The value cannot be used; the rest of the row can.
    Value,
    /// The row cannot be used.
    Row,
    /// The file cannot be used from this line on.
    File,
}

/// What an import does about rows and values that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strictness {
    /// Stop before the first write.
    #[default]
    Strict,
    /// Leave them out and say so.
    Skip,
}

/// Why a change cannot be made, said by someone who does not know which row it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRefusal {
    /// Column name, unless the whole row is meant.
    pub column: Option<Cow<'static, str>>,
    /// The cell as it was found, if that says anything.
    pub found: Option<String>,
    /// What is wrong, as a sentence or as the rest of one that starts with the column.
    pub problem: String,
}

impl Finding {
    /// Says that a file cannot be read any further.
    #[must_use]
    pub fn unreadable(file: &str, error: &csv::Error) -> Self {
        Self::about(file, error.line, error.kind.to_string(), Severity::File)
    }

    /// Says that a row cannot be read.
    #[must_use]
    pub fn bad_row(file: &str, bad: &csv::BadRow) -> Self {
        Self::about(file, bad.position.line, bad.kind.to_string(), Severity::Row)
    }

    /// Says that a change was refused, which costs the row it came from.
    #[must_use]
    pub fn refused(file: &str, line: u64, refusal: ChangeRefusal) -> Self {
        let column = refusal.column.map(Cow::into_owned);
        Self { column, found: refusal.found, ..Self::about(file, line, refusal.problem, Severity::Row) }
    }

    /// The same finding with texts that can be kept by the thousand: a cell may have any length.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        self.found.iter_mut().for_each(shorten);
        shorten(&mut self.problem);
        self
    }

    /// Says what is wrong, for somebody who sees where.
    #[must_use]
    pub fn without_place(&self) -> String {
        let whole = self.to_string();
        whole.strip_prefix(&format!("{}:{}: ", self.file, self.line)).unwrap_or(&whole).to_owned()
    }

    /// Says something about a line as a whole.
    #[must_use]
    pub fn about(file: &str, line: u64, problem: String, severity: Severity) -> Self {
        Self { file: file.to_owned(), line, column: None, found: None, problem, severity }
    }
}

/// Cuts a text that is longer than what is kept.
fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(MAX_KEPT_CHARS) {
        text.truncate(end);
        text.push('…');
    }
}

impl ChangeRefusal {
    /// Refuses a change as a whole.
    pub fn of_row(problem: impl fmt::Display) -> Self {
        Self { column: None, found: None, problem: problem.to_string() }
    }

    /// Refuses a change because of one column; the problem continues a sentence that starts with it.
    #[must_use]
    pub fn of_column(column: &'static str, problem: String) -> Self {
        Self { column: Some(Cow::Borrowed(column)), found: None, problem }
    }

    /// Refuses a change because of what a finding tells; a report counts both as one.
    #[must_use]
    pub fn again(finding: &Finding) -> Self {
        let Finding { column, found, problem, .. } = finding.clone();
        Self { column: column.map(Cow::Owned), found, problem }
    }
}

impl Severity {
    /// All of them, the smallest first.
    pub const ALL: [Self; 4] = [Self::Notice, Self::Value, Self::Row, Self::File];

    /// What follows from it, behind a finding; nothing for a notice.
    #[must_use]
    pub fn consequence(self) -> &'static str {
        match self {
            Severity::Notice => "",
            Severity::Value => " (value skipped)",
            Severity::Row => " (row skipped)",
            Severity::File => " (rest of the file skipped)",
        }
    }
}

impl Strictness {
    /// Says whether an import must not write anything because of a finding.
    #[must_use]
    pub fn stops_at(self, severity: Severity) -> bool {
        match (self, severity) {
            (_, Severity::Notice) | (Self::Skip, Severity::Value | Severity::Row) => false,
            (Self::Strict, Severity::Value | Severity::Row) | (_, Severity::File) => true,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if let Some(column) = &self.column {
            write!(f, "column `{column}`: ")?;
        }
        if let Some(found) = &self.found {
            let is_long = found.chars().count() > MAX_FOUND_CHARS;
            // What moves the cursor or rings a bell must not reach a terminal.
            let visible =
                |found: char| if found.is_control() { found.escape_default().to_string() } else { found.into() };
            let shown: String = found.chars().take(MAX_FOUND_CHARS).map(visible).collect();
            write!(f, "`{shown}{}` ", if is_long { "…" } else { "" })?;
        }
        f.write_str(&self.problem)
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn a_finding_reads_like_a_message_of_a_compiler() {
        let finding = Finding {
            column: Some("qty".to_owned()),
            found: Some("1,5".to_owned()),
            ..Finding::about(
                "product-import_20260801-120000_02.csv",
                118,
                "is not a number".to_owned(),
                Severity::Value,
            )
        };
        assert_snapshot!(finding, @"product-import_20260801-120000_02.csv:118: column `qty`: `1,5` is not a number");
        assert_snapshot!(Finding { found: Some("x".repeat(200)), ..finding }, @"product-import_20260801-120000_02.csv:118: column `qty`: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` is not a number");
    }

    #[test]
    fn a_refusal_becomes_a_finding_at_its_place() {
        let whole =
            Finding::refused("a.csv", 7, ChangeRefusal::of_row("product `B-1` is simple and cannot become bundle"));
        assert_snapshot!(whole, @"a.csv:7: product `B-1` is simple and cannot become bundle");
        let cell =
            Finding::refused("a.csv", 7, ChangeRefusal::of_column("price", "is too high for the shop".to_owned()));
        assert_snapshot!(cell, @"a.csv:7: column `price`: is too high for the shop");
        assert_eq!(cell.severity, Severity::Row);
    }

    #[test]
    fn strict_imports_stop_where_others_skip() {
        let stops = |strictness: Strictness| {
            [Severity::Notice, Severity::Value, Severity::Row, Severity::File]
                .map(|severity| strictness.stops_at(severity))
        };
        assert_eq!(stops(Strictness::Strict), [false, true, true, true]);
        assert_eq!(stops(Strictness::Skip), [false, false, false, true]);
    }
}
