//! The report as a page that a shop employee opens in a browser: one file, no script, nothing fetched.

use import::finding::Severity;
use import::report::{FindingGroup, ImportReport, Mood, RowCounts, Verdict};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

use super::timing::Timing;
use super::written::{FINDINGS_FILE, WrittenFindings};

const TEMPLATE: &str = include_str!("page.html");

/// What a page says beside the counts and findings of a report.
#[derive(Debug, Clone, Serialize)]
pub(super) struct PageAbout {
    /// What was imported, in words.
    pub(super) title: String,
    /// Name of the definition.
    pub(super) definition: String,
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
    /// Whether every step that imports has come to its end.
    pub(super) is_complete: bool,
    /// How long it took.
    #[serde(skip)]
    pub(super) timing: Timing,
}

#[derive(Serialize)]
struct Page<'a> {
    #[serde(flatten)]
    about: &'a PageAbout,
    verdict: String,
    mood: &'static str,
    took: String,
    /// Files of rows to correct, as they lie beside the page.
    errors: Vec<String>,
    /// Name of the file with every finding, if there are any.
    findings: Option<&'static str>,
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
pub(super) fn page(about: &PageAbout, report: &ImportReport, written: &WrittenFindings) -> String {
    let groups = report.groups();
    let (verdict, mood) = verdict(about, report);
    let page = Page {
        about,
        verdict,
        mood,
        took: about.timing.in_words(report.totals().rows),
        errors: written.errors.keys().map(|file| format!("errors/{file}")).collect(),
        findings: written.findings_key.is_some().then_some(FINDINGS_FILE),
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
fn verdict(about: &PageAbout, report: &ImportReport) -> (String, &'static str) {
    if let Some(why) = about.unpublished {
        return (why.to_owned(), "look");
    }
    let Verdict { mood, sentence } = report.verdict();
    if !about.is_imported {
        return (format!("nothing was imported, the files were checked only: {sentence}"), "bad");
    }
    if !about.is_complete {
        return (format!("the import stopped before its end; so far: {sentence}"), "bad");
    }
    match mood {
        Mood::Good => (sentence, "good"),
        Mood::Look => (sentence, "look"),
        Mood::Bad => (sentence, "bad"),
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
            definition: "catalog_import".to_owned(),
            pipeline: "catalog_import-1".to_owned(),
            bunch: Some("spring-0123456789ab".to_owned()),
            spawned_at: "2026-08-01 12:00 UTC".to_owned(),
            is_imported: true,
            unpublished: None,
            is_complete: true,
            timing: Timing { work_ms: 2_000 },
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

    fn written() -> WrittenFindings {
        let file = "product-import_spring_01.csv".to_owned();
        WrittenFindings {
            errors: [(file.clone(), format!("archive/x/errors/{file}"))].into(),
            ..WrittenFindings::default()
        }
    }

    #[test]
    fn the_page_says_in_one_sentence_what_became_of_the_import() {
        let report = report();
        let html = page(&about(), &report, &written());
        let sentence = "1 of 2 rows was skipped; column `prize` is unknown and was left out";
        assert!(html.contains(&format!("<p class=\"verdict look\">{sentence}</p>")), "{html}");
        assert!(html.contains("<code>prize</code>") && html.contains("took 2.0 s, 1 rows per second"), "{html}");
        assert!(html.contains("<a href=\"errors&#x2f;product-import_spring_01.csv\">"), "{html}");
        let empty = page(&about(), &ImportReport::default(), &WrittenFindings::default());
        assert!(empty.contains("the files hold no rows") && !empty.contains("Rows to correct"), "{empty}");
        let checked = PageAbout { is_imported: false, ..about() };
        assert!(
            page(&checked, &report, &written()).contains("nothing was imported, the files were checked only: 1 of 2")
        );
        let stopped = PageAbout { is_complete: false, ..about() };
        assert!(page(&stopped, &report, &written()).contains("the import stopped before its end; so far: 1 of 2 rows"));
    }

    #[test]
    fn what_a_cell_holds_is_shown_as_text() {
        let html = page(&about(), &report(), &written());
        assert!(html.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;"), "{html}");
        assert!(!html.contains("<script"), "{html}");
    }
}
