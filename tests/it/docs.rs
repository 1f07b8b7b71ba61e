//! What the documents say is so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::systole::{Running, program, root};

mod import_page;
mod reference;
mod tour;

/// The documents for users.
fn documents() -> Vec<PathBuf> {
    let mut documents = vec![root().join("README.md")];
    for folder in ["docs", "docs/reference"] {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        documents.extend(paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    documents.sort();
    documents
}

/// The same, and the pages for developers.
fn pages() -> Vec<PathBuf> {
    let mut pages = documents();
    pages.extend(["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "STYLE.md"].map(|page| root().join(page)));
    pages
}

#[test]
fn every_definition_in_the_documents_loads() {
    let folder = tempfile::tempdir().unwrap();
    let mut examples = 0;
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for (number, block) in text.split("```xml\n").skip(1).enumerate() {
            let xml = block.split("```").next().unwrap();
            if !xml.trim_start().starts_with("<config") {
                continue;
            }
            let file = folder.path().join(format!("{}-{number}.xml", document.file_stem().unwrap().to_str().unwrap()));
            std::fs::write(&file, xml).unwrap();
            let mut command = program();
            command.args(["pipeline", "validate"]).arg(&file);
            let ran = Running::start(command).end();
            assert_eq!(ran.code, Some(0), "{}: {ran}", document.display());
            examples += 1;
        }
    }
    assert!(examples >= 2, "{examples} examples");
}

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    for document in pages() {
        let text = std::fs::read_to_string(&document).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            if path.contains("://") {
                continue;
            }
            let target = if path.is_empty() { document.clone() } else { document.parent().unwrap().join(path) };
            assert!(target.exists(), "{}: there is no {}", document.display(), target.display());
            let has = |target: &Path| headings(target).contains(heading);
            assert!(heading.is_empty() || has(&target), "{}: {link}: there is no such heading", document.display());
        }
    }
}

/// The headings of a page as links name them.
fn headings(page: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let titles =
        text.lines().filter_map(|line| line.strip_prefix('#').map(|title| title.trim_start_matches('#').trim()));
    let is_kept = |letter: &char| letter.is_alphanumeric() || *letter == '-' || *letter == '_';
    titles.map(|title| title.to_lowercase().replace(' ', "-").chars().filter(is_kept).collect()).collect()
}

/// Folders whose files are named by their whole path.
const NAMED_FROM_THE_ROOT: [&str; 10] =
    ["cli", "docs", "examples", "functions", "infra", "localstack", "pipelines", "scripts", "shared", "tests"];

/// What a developer is sent to is there: files, scripts and targets of `make`.
#[test]
fn every_file_and_target_that_developers_are_sent_to_is_there() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let mut named = 0;
    for page in ["CONTRIBUTING.md", "README.md", "docs/DEBUGGING.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        for before in ["`make ", "$ make "] {
            for target in text.split(before).skip(1).filter_map(|rest| rest.split([' ', '`', '\n']).next()) {
                assert!(makefile.contains(&format!("\n{target}:")), "{page}: there is no `make {target}`");
                named += 1;
            }
        }
        for word in text.split([' ', '\n', '`', '(', ')', '"', ',', ';', '|']) {
            let is_file = NAMED_FROM_THE_ROOT.iter().any(|folder| word.starts_with(folder)) && word.contains('/');
            if (is_file || word.ends_with(".rs")) && !word.contains(['<', '*', '…', '{', ':']) {
                let file = word.split('#').next().unwrap_or_default().trim_end_matches('.');
                assert!(root().join(file).exists(), "{page}: there is no `{word}`");
                named += 1;
            }
        }
    }
    assert!(named >= 100, "{named} names");
}

#[test]
fn every_row_of_the_checklist_has_a_test_that_is_named_after_it() {
    let text = std::fs::read_to_string(root().join("docs/CHECKLIST.md")).unwrap();
    let row = |line: &str| line.strip_prefix("| ")?.split(' ').next()?.parse::<u32>().ok();
    let rows: BTreeSet<u32> = text.lines().filter_map(row).collect();
    assert_eq!(rows, (1..=40).collect());
    let mut named = BTreeSet::new();
    for folder in ["shared", "functions", "cli", "tests"] {
        collect(&root().join(folder), &mut named);
    }
    let missing: Vec<_> = rows.difference(&named).collect();
    assert!(missing.is_empty(), "rows without a test `row_<number>_…`: {missing:?}");
}

/// The rows that the names of test functions below a folder begin with.
fn collect(folder: &Path, named: &mut BTreeSet<u32>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, named);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let rows = text.split("fn row_").skip(1).filter_map(|rest| rest.get(..2)?.parse::<u32>().ok());
            named.extend(rows);
        }
    }
}

/// A command with `--help` behind it is read up to there, and does nothing.
#[test]
fn every_command_in_the_documents_is_understood() {
    let mut commands = 0;
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for line in text.lines().filter_map(|line| line.strip_prefix("$ systole ")) {
            let line = line.split(['|', '>', '#', '&']).next().unwrap();
            let mut command = std::process::Command::new("sh");
            command.arg("-c").arg(format!("\"$0\" {line} --help")).arg(program().get_program());
            let ran = Running::start(command).end();
            assert_eq!(ran.code, Some(0), "{}: {ran}", document.display());
            commands += 1;
        }
    }
    assert!(commands >= 20, "{commands} commands");
}
