//! What came of the rows, in one sentence.

use super::{ImportReport, RowCounts};
use crate::finding::Severity;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// All was understood and used.
    Good,
    /// Something was left out; a person should look.
    Look,
    /// Nothing came of it, or not all of a file was read.
    Bad,
}

/// What came of the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How bad it is.
    pub mood: Mood,
    /// In one sentence, without a full stop.
    pub sentence: String,
}

/// Most names of columns that the sentence repeats.
const NAMED_COLUMNS: usize = 5;

impl ImportReport {
    /// Counts what a person should look at: values, rows and files that could not be used, and unknown columns.
    #[must_use]
    pub fn to_look_at(&self) -> u64 {
        let found = [Severity::Value, Severity::Row, Severity::File].map(|severity| self.count_of(severity));
        let columns: usize = self.files.values().map(|file| file.unknown_columns.len()).sum();
        found.into_iter().fold(columns as u64, u64::saturating_add)
    }

    /// Says what came of the rows. Only what was understood and used as a whole is good.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let RowCounts { rows, skipped, .. } = self.totals();
        if self.count_of(Severity::File) > 0 {
            return Verdict { mood: Mood::Bad, sentence: "a file could not be read to its end".to_owned() };
        }
        if rows == 0 {
            return Verdict { mood: Mood::Bad, sentence: "the files hold no rows".to_owned() };
        }
        if skipped == rows {
            let sentence = match rows {
                1 => "nothing came of it: the only row was skipped".to_owned(),
                _ => format!("nothing came of it: all {rows} rows were skipped"),
            };
            return Verdict { mood: Mood::Bad, sentence };
        }
        let told = self.left_out(skipped, rows);
        if told.is_empty() {
            let sentence = if rows == 1 { "the row was used".to_owned() } else { format!("all {rows} rows were used") };
            return Verdict { mood: Mood::Good, sentence };
        }
        Verdict { mood: Mood::Look, sentence: told.join("; ") }
    }

    /// What was left out, a part of a sentence each.
    fn left_out(&self, skipped: u64, rows: u64) -> Vec<String> {
        let mut told = Vec::new();
        if skipped > 0 {
            let verb = if skipped == 1 { "was" } else { "were" };
            told.push(format!("{skipped} of {rows} rows {verb} skipped"));
        }
        // Such as a file that nobody knows, or a row below another that never came: they are not counted as skipped.
        match self.count_of(Severity::Row) {
            0 => {}
            1 if skipped == 0 => told.push("1 row or file cannot be used".to_owned()),
            several if skipped == 0 => told.push(format!("{several} rows or files cannot be used")),
            _ => {}
        }
        match self.count_of(Severity::Value) {
            0 => {}
            1 => told.push("1 value was skipped".to_owned()),
            several => told.push(format!("{several} values were skipped")),
        }
        told.extend(self.unknown_columns_in_words());
        told
    }

    /// The unknown columns of all files, each once.
    fn unknown_columns_in_words(&self) -> Option<String> {
        let mut names: Vec<&String> = self.files.values().flat_map(|file| &file.unknown_columns).collect();
        names.sort_unstable();
        names.dedup();
        let shown: Vec<String> = names.iter().take(NAMED_COLUMNS).map(|name| format!("`{name}`")).collect();
        let more = match names.len().saturating_sub(NAMED_COLUMNS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        match names.len() {
            0 => None,
            1 => Some(format!("column {} is unknown and was left out", shown.concat())),
            _ => Some(format!("columns {}{more} are unknown and were left out", shown.join(", "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::finding::Finding;
    use crate::report::RowOutcome;

    fn verdict(outcomes: &[RowOutcome], severities: &[Severity], unknown: &[&str]) -> String {
        let mut report = ImportReport::default();
        let file = report.file("a.csv");
        outcomes.iter().for_each(|outcome| file.count(*outcome));
        for (line, severity) in (2..).zip(severities) {
            file.note(Finding::about("a.csv", line, "is wrong".to_owned(), *severity));
        }
        file.unknown_columns.extend(unknown.iter().map(|name| (*name).to_owned()));
        let Verdict { mood, sentence } = report.verdict();
        format!("{mood:?}, {}: {sentence}", report.to_look_at())
    }

    #[test]
    fn only_what_was_understood_and_used_as_a_whole_is_good() {
        use RowOutcome::{Created, Skipped, Unchanged};
        assert_snapshot!(verdict(&[Created, Unchanged], &[Severity::Notice], &[]), @"Good, 0: all 2 rows were used");
        assert_snapshot!(verdict(&[], &[], &[]), @"Bad, 0: the files hold no rows");
        assert_snapshot!(verdict(&[Skipped, Skipped], &[Severity::Row; 2], &[]), @"Bad, 2: nothing came of it: all 2 rows were skipped");
        assert_snapshot!(verdict(&[Created, Skipped], &[Severity::Row], &[]), @"Look, 1: 1 of 2 rows was skipped");
        assert_snapshot!(verdict(&[Created], &[Severity::Value, Severity::Value], &["prize"]), @"Look, 3: 2 values were skipped; column `prize` is unknown and was left out");
        assert_snapshot!(verdict(&[Created], &[Severity::File], &[]), @"Bad, 1: a file could not be read to its end");
        assert_snapshot!(verdict(&[Unchanged], &[], &["a", "b", "c", "d", "e", "f"]), @"Look, 6: columns `a`, `b`, `c`, `d`, `e` and 1 more are unknown and were left out");
    }
}
