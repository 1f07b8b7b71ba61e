//! What real shops do, and the test that minds it: `docs/MAGENTO.md` names one for each fact, or says why none is needed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const FACTS: &str = "../../../shared/samples/commerce-rest/recorded-2.4.7-p1/FACTS.md";
const PAGE: &str = "../../docs/MAGENTO.md";

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The numbers of the facts that were recorded.
fn recorded() -> BTreeSet<u32> {
    read(FACTS).lines().filter_map(|line| line.split_once(". ")?.0.parse().ok()).collect()
}

/// What the page says of each fact.
fn listed() -> BTreeMap<u32, String> {
    let mut listed = BTreeMap::new();
    for line in read(PAGE).lines() {
        let Some((number, told)) = line.strip_prefix("| ").and_then(|line| line.split_once(" | ")) else { continue };
        let Ok(number) = number.parse::<u32>() else { continue };
        let before = listed.insert(number, told.trim_end_matches(" |").to_owned());
        assert_eq!(before, None, "fact {number} is listed twice");
    }
    listed
}

/// Every test of this package.
fn tests() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    let mut folders: Vec<PathBuf> =
        ["src", "tests"].map(|part| Path::new(env!("CARGO_MANIFEST_DIR")).join(part)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let text = fs::read_to_string(&entry).unwrap();
            let names = text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
            tests.extend(names.map(str::to_owned));
        }
    }
    tests
}

#[test]
fn every_recorded_fact_has_a_test_or_a_reason() {
    let (recorded, listed, tests) = (recorded(), listed(), tests());
    assert_eq!(recorded, (1..=75).collect());
    assert_eq!(listed.keys().copied().collect::<BTreeSet<_>>(), recorded, "in docs/MAGENTO.md");
    for (number, told) in listed {
        let words: Vec<&str> = told.split('`').collect();
        let named: Vec<&str> =
            words.iter().skip(1).step_by(2).filter(|word| word.matches('_').count() > 2).copied().collect();
        for name in &named {
            assert!(tests.contains(*name), "fact {number} names a test that there is not: {name}");
        }
        assert!(!named.is_empty() || told.len() > 20, "fact {number} has neither a test nor a reason: {told}");
    }
}
