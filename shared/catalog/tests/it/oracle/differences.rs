//! The differences that are meant, one a line of `differences.tsv`: probes, places, fact, kind, reason.
//!
//! Everything that differs must be listed, and everything that is listed must differ.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

/// The folder of the tables.
const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/oracle/");

/// Something in which we differ from the referee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) probe: String,
    /// `file`, `row 7` or a sku with what is stored of it, such as `BASE-1 all.name`.
    pub(super) place: String,
    pub(super) ours: String,
    pub(super) theirs: String,
}

/// The probes and places of the table.
pub(super) struct Listed(BTreeSet<(String, String)>);

impl Listed {
    pub(super) fn read(table: &str) -> Self {
        let mut listed = BTreeSet::new();
        let table = fs::read_to_string(format!("{TABLES}{table}")).unwrap();
        for (number, line) in (1..).zip(table.lines()).skip(1) {
            let cells: Vec<&str> = line.split('\t').collect();
            let [probes, places, fact, kind, reason] = cells[..] else { panic!("line {number} has not five cells") };
            assert!(["stricter", "kinder", "safer"].contains(&kind), "line {number}: `{kind}` is no kind");
            let is_fact = |number: &str| number.parse::<u32>().is_ok_and(|number| (1..=103).contains(&number));
            assert!(fact.split(' ').all(is_fact), "line {number}: `{fact}` is no number of a fact");
            assert!(!reason.is_empty(), "line {number} has no reason");
            for probe in probes.split(' ') {
                for place in places.split(", ").flat_map(single_places) {
                    let is_first = listed.insert((probe.to_owned(), place.clone()));
                    assert!(is_first, "line {number} lists `{place}` of `{probe}` once more");
                }
            }
        }
        Self(listed)
    }

    /// Fails on a difference that is not listed, and on one that is and does not occur.
    pub(super) fn check(&self, found: &[Difference]) {
        let mut message = String::new();
        for difference in found {
            let Difference { probe, place, ours, theirs } = difference;
            if !self.0.contains(&(probe.clone(), place.clone())) {
                writeln!(message, "{probe} | {place} | ours: {ours} | theirs: {theirs}").unwrap();
            }
        }
        for (probe, place) in &self.0 {
            if !found.iter().any(|found| found.probe == *probe && found.place == *place) {
                writeln!(message, "{probe} | {place} | is listed and does not occur").unwrap();
            }
        }
        assert!(message.is_empty(), "{} lines\n{message}", message.lines().count());
    }
}

/// The places that a cell of the table names: `rows 7 9` are `row 7` and `row 9`.
fn single_places(text: &str) -> Vec<String> {
    match text.strip_prefix("rows ") {
        Some(numbers) => numbers.split(' ').map(|number| format!("row {number}")).collect(),
        None => vec![text.to_owned()],
    }
}
