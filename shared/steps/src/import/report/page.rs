//! The report as a page that a shop employee opens in a browser: one file, no script, nothing fetched.

use import::finding::Severity;
use import::report::{FindingGroup, ImportReport, RowCounts};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

const TEMPLATE: &str = include_str!("page.html");

/// What a page says beside the counts and findings of a report.
#[derive(Debug, Clone, Serialize)]
pub(super) struct PageAbout {
    /// What was imported, in words.
    pub(super) title: String,
    /// Id of the pipeline.
    pub(super) pipeline: String,
    /// Id of the bunch, if there is one.
    pub(super) bunch: Option<String>,
    /// When the pipeline was spawned, in words.
    pub(super) spawned_at: String,
    /// Whether anything was imported, rather than checked only.
    pub(super) is_imported: bool,
    /// Why the catalogue is as it was, if it is in spite of all.
    pub(super) unpublished: Option<&'static str>,
}

#[derive(Serialize)]
struct Page<'a> {
    #[serde(flatten)]
    about: &'a PageAbout,
    verdict: String,
    mood: &'static str,
    headings: [&'static str; 7],
    files: Vec<FileLine>,
    groups: Vec<GroupLine>,
    unknown_columns: Vec<UnknownColumns<'a>>,
}

#[derive(Serialize)]
struct FileLine {
    name: String,
    counts: [u64; 7],
}

#[derive(Serialize)]
struct GroupLine {
    mood: &'static str,
    consequence: &'static str,
    #[serde(flatten)]
    group: FindingGroup,
}

#[derive(Serialize)]
struct UnknownColumns<'a> {
    name: &'a str,
    columns: Vec<&'a String>,
}

/// Writes the page.
pub(super) fn page(about: &PageAbout, report: &ImportReport) -> String {
    let groups = report.groups();
    let totals = report.totals();
    let (verdict, mood) = verdict(about, totals, &groups);
    let page = Page {
        about,
        verdict,
        mood,
        headings: ["rows", "created", "updated", "unchanged", "deleted", "left out", "findings"],
        files: file_lines(report),
        groups: groups.into_iter().map(group_line).collect(),
        unknown_columns: unknown_columns(report),
    };
    let mut environment = Environment::new();
    // Whatever a cell holds is shown as text.
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.render_str(TEMPLATE, Serde(page)).expect("the template knows what it is given; a test renders it")
}

/// What became of the import in one sentence, and how bad that is.
fn verdict(about: &PageAbout, totals: RowCounts, groups: &[FindingGroup]) -> (String, &'static str) {
    let RowCounts { rows, skipped, .. } = totals;
    let is_broken = groups.iter().any(|group| group.kind.severity == Severity::File);
    if let Some(why) = about.unpublished {
        return (why.to_owned(), "look");
    }
    if !about.is_imported {
        return (format!("nothing was imported; {rows} rows were checked"), "bad");
    }
    match skipped {
        _ if is_broken => ("a file could not be read to its end".to_owned(), "bad"),
        _ if rows == 0 => ("the files hold no rows".to_owned(), "bad"),
        0 if groups.is_empty() => (format!("{rows} rows imported"), "good"),
        0 => (format!("{rows} rows imported; there is something to look at below"), "look"),
        all if all == rows => (format!("nothing was imported: all {rows} rows were left out"), "bad"),
        some => (format!("{some} of {rows} rows were left out"), "look"),
    }
}

fn file_lines(report: &ImportReport) -> Vec<FileLine> {
    let line = |name: &str, rows: RowCounts, findings: u64| {
        let RowCounts { rows, created, updated, unchanged, deleted, skipped } = rows;
        FileLine { name: name.to_owned(), counts: [rows, created, updated, unchanged, deleted, skipped, findings] }
    };
    let mut lines: Vec<FileLine> =
        report.files.iter().map(|(name, file)| line(name, file.rows, file.finding_count)).collect();
    if lines.len() > 1 {
        lines.push(line("all files", report.totals(), report.finding_count()));
    }
    lines
}

fn group_line(group: FindingGroup) -> GroupLine {
    let (consequence, mood) = match group.kind.severity {
        Severity::Notice => ("worth knowing", "look"),
        Severity::Value => ("value left out", "look"),
        Severity::Row => ("row left out", "bad"),
        Severity::File => ("rest of the file left out", "bad"),
    };
    GroupLine { mood, consequence, group }
}

fn unknown_columns(report: &ImportReport) -> Vec<UnknownColumns<'_>> {
    let files = report.files.iter().filter(|(_, file)| !file.unknown_columns.is_empty());
    files.map(|(name, file)| UnknownColumns { name, columns: file.unknown_columns.iter().collect() }).collect()
}

#[cfg(test)]
mod tests {
    use import::finding::Finding;
    use import::report::RowOutcome;

    use super::*;

    fn about() -> PageAbout {
        PageAbout {
            title: "Catalogue import".to_owned(),
            pipeline: "catalog_import-1".to_owned(),
            bunch: Some("spring-0123456789ab".to_owned()),
            spawned_at: "2026-08-01 12:00 UTC".to_owned(),
            is_imported: true,
            unpublished: None,
        }
    }

    fn report() -> ImportReport {
        let mut report = ImportReport::default();
        let file = report.file("product-import_spring_01.csv");
        file.count(RowOutcome::Created);
        file.count(RowOutcome::Skipped);
        file.unknown_columns.insert("prize".to_owned());
        let finding = Finding {
            column: Some("price".to_owned()),
            found: Some("<script>alert(1)</script>".to_owned()),
            ..Finding::about("product-import_spring_01.csv", 3, "is not a number".to_owned(), Severity::Row)
        };
        file.note(finding);
        report
    }

    #[test]
    fn the_page_says_in_one_sentence_what_became_of_the_import() {
        let report = report();
        let html = page(&about(), &report);
        assert!(html.contains("<p class=\"verdict look\">1 of 2 rows were left out</p>"), "{html}");
        assert!(html.contains("<code>prize</code>"), "{html}");
        let empty = page(&about(), &ImportReport::default());
        assert!(empty.contains("the files hold no rows"), "{empty}");
        let checked = PageAbout { is_imported: false, ..about() };
        assert!(page(&checked, &report).contains("nothing was imported; 2 rows were checked"));
    }

    #[test]
    fn what_a_cell_holds_is_shown_as_text() {
        let html = page(&about(), &report());
        assert!(html.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;"), "{html}");
        assert!(!html.contains("<script"), "{html}");
    }
}
