//! What the documents say is so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::systole::{Running, program, root};

/// The documents for users.
fn documents() -> Vec<PathBuf> {
    let mut documents = vec![root().join("README.md")];
    let entries = std::fs::read_dir(root().join("docs")).unwrap();
    documents
        .extend(entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "md")));
    documents.sort();
    documents
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
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap();
            if path.is_empty() || path.contains("://") {
                continue;
            }
            let target = document.parent().unwrap().join(path);
            assert!(target.exists(), "{}: there is no {}", document.display(), target.display());
        }
    }
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
