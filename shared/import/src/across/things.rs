//! The things of one kind that rows speak of.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::claimed::Claimed;
use super::{Reference, RowPlace, hash, nothing_to_delete};
use crate::Entity;
use crate::finding::{ChangeRefusal, Finding, Severity};
use crate::operation::Operation;

/// Most places of which one name is told.
const MAX_PLACES: usize = 1_000;

/// Most names that are waited for.
const MAX_NAMES: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct Things {
    /// Those that the target has or a row has made.
    known: HashSet<u64>,
    /// Those that a row of the import has made anew.
    made: HashSet<u64>,
    /// The lines of the rows of a file, by what they speak of.
    rows: HashMap<u64, u64>,
    /// Whose the values are that no two things may have.
    pub(super) claimed: Claimed,
    /// The keys that nothing has made yet.
    awaited: BTreeMap<String, Awaited>,
    /// Names that are not waited for, because there are too many, with the first place.
    left_out: Option<(u64, Finding)>,
}

/// What a row finds where its thing shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The target has it, or a row before has made it.
    IsThere,
    /// The row makes it, or replaces what is there.
    MadeAnew,
    /// Nothing, and the row makes nothing; a later file may bring it.
    Awaited,
}

/// A key that nothing has made yet.
#[derive(Debug, Default)]
struct Awaited {
    /// What is to be told if nothing makes it.
    findings: Vec<Finding>,
    /// Whether the target was asked and does not have it.
    is_asked: bool,
}

impl Things {
    pub(super) fn has(&self, key: &str) -> bool {
        self.known.contains(&hash(key))
    }

    pub(super) fn add(&mut self, key: &str) {
        self.known.insert(hash(key));
    }

    /// Takes back that a row makes a thing anew.
    pub(super) fn unmake(&mut self, key: &str, existed: bool) {
        self.made.remove(&hash(key));
        if !existed {
            self.known.remove(&hash(key));
        }
    }

    pub(super) fn forget_rows(&mut self) {
        self.rows.clear();
    }

    /// Takes note of a row; returns the line of an earlier one that speaks of the same.
    pub(super) fn row(&mut self, name: &str, line: u64) -> Option<u64> {
        let first = *self.rows.entry(hash(name)).or_insert(line);
        (first != line).then_some(first)
    }

    /// Whether a row that makes things makes its one anew, rather than change what is there.
    pub(super) fn is_made_anew(&self, key: &str, operation: Operation, existed: bool) -> bool {
        match operation {
            Operation::Delete => false,
            Operation::AddUpdate => !existed,
            Operation::Replace => !self.made.contains(&hash(key)),
        }
    }

    /// Says what a row finds where its thing shall be.
    pub(super) fn standing<E: Entity>(
        &mut self,
        key: &str,
        change: &E::EntityChange,
        operation: Operation,
        existed: bool,
    ) -> Result<Standing, ChangeRefusal> {
        if operation == Operation::Delete && !existed {
            return Err(nothing_to_delete());
        }
        let is_there = if existed { Standing::IsThere } else { Standing::Awaited };
        if operation == Operation::Delete || !E::MAKES_THINGS {
            return Ok(is_there);
        }
        if !self.is_made_anew(key, operation, existed) {
            return Ok(Standing::IsThere);
        }
        if let Some(missing) = E::missing_if_new(change).into_iter().next() {
            return Err(missing);
        }
        E::create(change)?;
        self.made.insert(hash(key));
        self.add(key);
        Ok(Standing::MadeAnew)
    }

    /// Waits for a thing without which a row cannot be used.
    pub(super) fn await_existence(&mut self, key: &str, place: RowPlace<'_>, refusal: Option<ChangeRefusal>) {
        let refusal = refusal.unwrap_or_else(|| ChangeRefusal::of_row("speaks of something that does not exist"));
        let finding = Finding::refused(place.file, place.line, refusal);
        self.tell(key.to_owned(), finding);
    }

    /// Waits for a thing that a row names.
    pub(super) fn await_reference(
        &mut self,
        reference: Reference,
        place: RowPlace<'_>,
        (kind, severity): (&str, Severity),
    ) {
        let Reference { column, key, name } = reference;
        if self.has(&key) {
            return;
        }
        let problem = match severity {
            Severity::Notice => format!(
                "is a {kind} that neither the shop nor a file has; it is kept, and leads nowhere until the {kind} comes"
            ),
            Severity::Value | Severity::Row | Severity::File => {
                format!("is a {kind} that neither the shop nor a file has")
            }
        };
        let column = Some(column.to_owned());
        let finding =
            Finding { column, found: Some(name), ..Finding::about(place.file, place.line, problem, severity) };
        self.tell(key, finding);
    }

    fn tell(&mut self, key: String, finding: Finding) {
        if self.awaited.len() >= MAX_NAMES && !self.awaited.contains_key(&key) {
            let (count, _) = self.left_out.get_or_insert((0, finding));
            *count += 1;
            return;
        }
        let findings = &mut self.awaited.entry(key).or_default().findings;
        if findings.len() < MAX_PLACES {
            findings.push(finding);
        }
    }

    /// The keys of which nobody has asked whether the target has them.
    pub(super) fn unasked(&self) -> Vec<String> {
        let unasked = self.awaited.iter().filter(|(key, awaited)| !awaited.is_asked && !self.has(key));
        unasked.map(|(key, _)| key.clone()).collect()
    }

    /// Takes note of what the target has of the keys that it was asked for.
    pub(super) fn answer(&mut self, existing: &BTreeSet<String>) {
        existing.iter().for_each(|key| self.add(key));
        let known = &self.known;
        self.awaited.retain(|key, _| !known.contains(&hash(key.as_str())));
        self.awaited.values_mut().for_each(|awaited| awaited.is_asked = true);
    }

    pub(super) fn settle(&mut self) -> Vec<Finding> {
        let known = &self.known;
        self.awaited.retain(|key, _| !known.contains(&hash(key.as_str())));
        let awaited = std::mem::take(&mut self.awaited).into_values();
        let mut findings: Vec<Finding> = awaited.flat_map(|awaited| awaited.findings).collect();
        findings.sort();
        if let Some((count, first)) = self.left_out.take() {
            let problem = format!(
                "names something that is not there yet, and so do {} later places; of so many names it is not looked up whether they come",
                count - 1
            );
            findings
                .push(Finding { found: None, ..Finding::about(&first.file, first.line, problem, Severity::Notice) });
        }
        findings
    }
}
