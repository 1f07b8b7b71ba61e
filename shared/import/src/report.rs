//! What became of the rows of an import, to be merged, stored and read.

mod first;
mod fresh;
mod groups;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

pub use first::{FirstFindings, MAX_FINDINGS};
pub use groups::{Example, FindingGroup, FindingGroups, FindingKind};
pub use verdict::{Mood, Verdict};

use crate::finding::{Finding, Severity};
use fresh::FreshFindings;

/// Characters of a name that the columns of the table make room for.
const MAX_NAME_WIDTH: usize = 120;

/// What became of an import, file by file.
///
/// Parts of a file, and files, may be imported by several runners; each writes a report, and merging them in any
/// order and grouping gives the same one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportReport {
    /// By base name.
    pub files: BTreeMap<String, FileReport>,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FileReport {
    /// Rows by outcome.
    #[serde(flatten)]
    pub rows: RowCounts,
    /// How many findings there were.
    pub finding_count: u64,
    /// How many of them there were by what follows from them, kept or not.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub severities: BTreeMap<Severity, u64>,
    /// The first [`MAX_FINDINGS`] of each severity by line. All of them are what [`FileReport::take_fresh`] gave out.
    #[serde(default, skip_serializing_if = "FirstFindings::is_empty")]
    pub findings: FirstFindings,
    /// Those that nobody has taken yet to keep them.
    #[serde(skip)]
    fresh: FreshFindings,
    /// All findings by kind.
    #[serde(default, skip_serializing_if = "FindingGroups::is_empty")]
    pub groups: FindingGroups,
    /// Columns that have no meaning here and were left out.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unknown_columns: BTreeSet<String>,
}

/// Rows by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RowCounts {
    /// All of them.
    pub rows: u64,
    /// Those whose thing is new.
    pub created: u64,
    /// Those whose thing now differs.
    pub updated: u64,
    /// Those whose thing was like this already.
    pub unchanged: u64,
    /// Those whose thing is gone.
    #[serde(default)]
    pub deleted: u64,
    /// Those that could not be used.
    pub skipped: u64,
}

/// What became of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOutcome {
    /// Its thing is new.
    Created,
    /// Its thing now differs.
    Updated,
    /// Its thing was like this already.
    Unchanged,
    /// Its thing is gone.
    Deleted,
    /// It could not be used.
    Skipped,
}

impl ImportReport {
    /// Returns the report of a file, a new one if it has none yet.
    pub fn file(&mut self, name: &str) -> &mut FileReport {
        self.files.entry(name.to_owned()).or_default()
    }

    /// Adds another report about other rows.
    pub fn merge(&mut self, other: Self) {
        for (name, file) in other.files {
            self.files.entry(name).or_default().merge(file);
        }
    }

    /// Adds up the rows of all files.
    #[must_use]
    pub fn totals(&self) -> RowCounts {
        let mut totals = RowCounts::default();
        for file in self.files.values() {
            totals.add(file.rows);
        }
        totals
    }

    /// Returns all findings of all files by kind, those with the worst consequences first.
    #[must_use]
    pub fn groups(&self) -> Vec<FindingGroup> {
        let mut groups = FindingGroups::default();
        for file in self.files.values() {
            groups.merge(file.groups.clone());
        }
        groups.worst_first()
    }

    /// Adds up how many findings of a severity there were, those that are not kept among them.
    #[must_use]
    pub fn count_of(&self, severity: Severity) -> u64 {
        let counts = self.files.values().filter_map(|file| file.severities.get(&severity));
        counts.fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Adds up how many findings there were, those that are not kept among them.
    #[must_use]
    pub fn finding_count(&self) -> u64 {
        let counts = self.files.values().map(|file| file.finding_count);
        counts.fold(0, u64::saturating_add)
    }
}

impl FileReport {
    /// Counts a row.
    pub fn count(&mut self, outcome: RowOutcome) {
        let one = RowCounts { rows: 1, ..RowCounts::default() };
        self.rows.add(match outcome {
            RowOutcome::Created => RowCounts { created: 1, ..one },
            RowOutcome::Updated => RowCounts { updated: 1, ..one },
            RowOutcome::Unchanged => RowCounts { unchanged: 1, ..one },
            RowOutcome::Deleted => RowCounts { deleted: 1, ..one },
            RowOutcome::Skipped => RowCounts { skipped: 1, ..one },
        });
    }

    /// Notes a finding. What was told of the same place since the last [`FileReport::take_fresh`], and now has worse
    /// consequences, counts as one.
    pub fn note(&mut self, finding: Finding) {
        let mut finding = finding.shortened();
        if let Some(told) = self.fresh.remove(&finding) {
            self.uncount(&told);
            self.findings.forget(&told);
            finding.severity = finding.severity.max(told.severity);
        }
        self.count_finding(&finding);
        self.findings.keep(&finding);
        self.fresh.insert(finding);
    }

    /// Hands out the findings that were noted since the last time, by place; whoever takes them keeps them.
    pub fn take_fresh(&mut self) -> Vec<Finding> {
        self.fresh.take()
    }

    /// How many findings wait to be taken.
    #[must_use]
    pub fn fresh_count(&self) -> usize {
        self.fresh.len()
    }

    fn count_finding(&mut self, finding: &Finding) {
        self.finding_count = self.finding_count.saturating_add(1);
        self.groups.note(finding);
        let count = self.severities.entry(finding.severity).or_default();
        *count = count.saturating_add(1);
    }

    fn uncount(&mut self, finding: &Finding) {
        let severity = finding.severity;
        self.finding_count = self.finding_count.saturating_sub(1);
        self.groups.forget(finding);
        let count = self.severities.entry(severity).or_default();
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.severities.remove(&severity);
        }
    }

    fn merge(&mut self, other: Self) {
        self.rows.add(other.rows);
        self.finding_count = self.finding_count.saturating_add(other.finding_count);
        for (severity, found) in other.severities {
            let count = self.severities.entry(severity).or_default();
            *count = count.saturating_add(found);
        }
        self.groups.merge(other.groups);
        self.unknown_columns.extend(other.unknown_columns);
        other.findings.iter().for_each(|finding| self.findings.keep(finding));
        self.fresh.merge(other.fresh);
    }
}

impl RowCounts {
    /// Adds other counts. Those that were damaged where they were kept must not stop an import.
    pub fn add(&mut self, other: Self) {
        self.rows = self.rows.saturating_add(other.rows);
        self.created = self.created.saturating_add(other.created);
        self.updated = self.updated.saturating_add(other.updated);
        self.unchanged = self.unchanged.saturating_add(other.unchanged);
        self.deleted = self.deleted.saturating_add(other.deleted);
        self.skipped = self.skipped.saturating_add(other.skipped);
    }
}

/// Shows the report as a table, followed by what a person should look at.
impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.files.keys().map(|name| name.chars().count());
        let width = names.max().unwrap_or_default().clamp("total".len(), MAX_NAME_WIDTH);
        let headings = ["rows", "created", "updated", "unchanged", "deleted", "skipped", "findings"];
        write!(f, "{:width$}", "file")?;
        for heading in headings {
            write!(f, "  {heading:>9}")?;
        }
        writeln!(f)?;
        for (name, file) in &self.files {
            file.write_counts(f, name, width)?;
        }
        let total = FileReport { rows: self.totals(), finding_count: self.finding_count(), ..FileReport::default() };
        total.write_counts(f, "total", width)?;
        for (name, file) in &self.files {
            file.write_findings(f, name)?;
        }
        Ok(())
    }
}

impl FileReport {
    fn write_counts(&self, f: &mut fmt::Formatter<'_>, name: &str, width: usize) -> fmt::Result {
        let RowCounts { rows, created, updated, unchanged, deleted, skipped } = self.rows;
        write!(f, "{name:width$}")?;
        for count in [rows, created, updated, unchanged, deleted, skipped, self.finding_count] {
            write!(f, "  {count:>9}")?;
        }
        writeln!(f)
    }

    fn write_findings(&self, f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
        if self.findings.is_empty() && self.unknown_columns.is_empty() {
            return Ok(());
        }
        writeln!(f)?;
        if !self.unknown_columns.is_empty() {
            let columns: Vec<String> = self.unknown_columns.iter().map(|name| format!("`{name}`")).collect();
            writeln!(f, "{name}: unknown columns were left out: {}", columns.join(", "))?;
        }
        for finding in self.findings.iter() {
            writeln!(f, "{finding}{}", finding.severity.consequence())?;
        }
        let kept = u64::try_from(self.findings.len()).unwrap_or(u64::MAX);
        match self.finding_count.saturating_sub(kept) {
            0 => Ok(()),
            more => writeln!(f, "{name}: and {more} more findings; findings.jsonl has all of them"),
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    fn finding(line: u64, severity: Severity) -> Finding {
        Finding {
            column: Some("qty".to_owned()),
            found: Some("1,5".to_owned()),
            ..Finding::about("product-import_x_01.csv", line, "is not a number".to_owned(), severity)
        }
    }

    #[test]
    fn what_was_damaged_can_still_be_shown() {
        let mut report = ImportReport::default();
        report.file(&"x".repeat(70_000)).rows = RowCounts { rows: u64::MAX, ..RowCounts::default() };
        report.file("b").count(RowOutcome::Created);
        assert_eq!(report.totals().rows, u64::MAX);
        assert!(report.to_string().contains("\nb "));
    }

    #[test]
    fn a_report_is_a_table_and_what_to_look_at() {
        let mut report = ImportReport::default();
        let file = report.file("product-import_20260801-120000_01.csv");
        for outcome in [RowOutcome::Created, RowOutcome::Created, RowOutcome::Updated, RowOutcome::Skipped] {
            file.count(outcome);
        }
        file.unknown_columns.insert("warehouse_note".to_owned());
        file.note(finding(7, Severity::Row));
        file.note(finding(3, Severity::Value));
        report.file("product-import_20260801-120000_02.csv").count(RowOutcome::Unchanged);
        assert_snapshot!(report, @"
        file                                        rows    created    updated  unchanged    deleted    skipped   findings
        product-import_20260801-120000_01.csv          4          2          1          0          0          1          2
        product-import_20260801-120000_02.csv          1          0          0          1          0          0          0
        total                                          5          2          1          1          0          1          2

        product-import_20260801-120000_01.csv: unknown columns were left out: `warehouse_note`
        product-import_x_01.csv:3: column `qty`: `1,5` is not a number (value skipped)
        product-import_x_01.csv:7: column `qty`: `1,5` is not a number (row skipped)
        ");
        assert_snapshot!(serde_json::to_string(report.file("product-import_20260801-120000_02.csv")).unwrap(), @r#"{"rows":1,"created":0,"updated":0,"unchanged":1,"deleted":0,"skipped":0,"finding_count":0}"#);
        let json = serde_json::to_string(&report).unwrap();
        // What is stored has been taken.
        report.files.values_mut().for_each(|file| drop(file.take_fresh()));
        assert_eq!(serde_json::from_str::<ImportReport>(&json).unwrap(), report);
    }

    #[test]
    fn only_the_first_findings_are_kept_but_all_are_counted() {
        let mut report = ImportReport::default();
        let file = report.file("a.csv");
        for line in (1..=150).rev() {
            file.note(finding(line, Severity::Notice));
        }
        assert_eq!(
            (file.finding_count, file.findings.len(), file.findings.iter().last().unwrap().line),
            (150, 100, 100)
        );
        assert_eq!(file.take_fresh().len(), 150);
        assert_eq!((file.take_fresh().len(), file.finding_count), (0, 150));
        assert!(report.to_string().ends_with("a.csv: and 50 more findings; findings.jsonl has all of them\n"));
    }

    #[test]
    fn what_decides_is_kept_and_counted_behind_a_hundred_small_findings() {
        let mut report = ImportReport::default();
        let file = report.file("a.csv");
        for line in 1..=150 {
            file.note(finding(line, Severity::Value));
        }
        file.note(finding(2_622, Severity::File));
        assert_eq!(file.findings.iter().last().map(|kept| kept.line), Some(2_622));
        let counts = [Severity::Notice, Severity::Value, Severity::Row, Severity::File];
        assert_eq!(counts.map(|severity| report.count_of(severity)), [0, 150, 0, 1]);
    }

    #[test]
    fn the_same_finding_with_a_worse_consequence_is_one() {
        let mut file = FileReport::default();
        file.note(finding(7, Severity::Value));
        file.note(finding(7, Severity::Row));
        assert_eq!(
            (file.finding_count, file.findings.len(), file.findings.iter().next().unwrap().severity),
            (1, 1, Severity::Row)
        );
        assert_eq!(file.take_fresh().iter().map(|told| told.severity).collect::<Vec<_>>(), [Severity::Row]);
        assert_eq!(file.severities, BTreeMap::from([(Severity::Row, 1)]));
    }

    fn report() -> impl Strategy<Value = ImportReport> {
        let line = (0..2usize, 1..400u64, 0..4usize);
        prop::collection::vec(line, 0..150).prop_map(|lines| {
            let mut report = ImportReport::default();
            let outcomes = [RowOutcome::Created, RowOutcome::Updated, RowOutcome::Unchanged, RowOutcome::Skipped];
            for (file, line, outcome) in lines {
                let file = report.file(["a.csv", "b.csv"][file]);
                file.count(outcomes[outcome]);
                file.note(finding(line, Severity::Row));
                file.unknown_columns.insert(format!("column_{}", line % 3));
            }
            report
        })
    }

    fn merged(mut one: ImportReport, other: ImportReport) -> ImportReport {
        one.merge(other);
        one
    }

    proptest! {
        #[test]
        fn reports_merge_in_any_order_and_grouping(a in report(), b in report(), c in report()) {
            let left = merged(merged(a.clone(), b.clone()), c.clone());
            let right = merged(a.clone(), merged(b.clone(), c.clone()));
            prop_assert_eq!(&left, &right);
            prop_assert_eq!(&left, &merged(c, merged(b, a)));
        }
    }
}
