//! Checks across rows: what rows name must be there, what is new must be whole, and what is one's own must be nobody else's.
//!
//! A row alone cannot say whether its thing is new, or whether the product that it links to comes with a later file. So
//! rows are judged in their order, with what the target has of the keys that they name; what nothing has made by the end is
//! told then.
//!
//! Memory: of each key, claim and row a hash of eight bytes and its place; in full only the names that nobody has made yet.
//! Whoever stops half way judges the rows before again.

pub mod claims;
mod things;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::Entity;
use crate::entity::Thing;
use crate::finding::{ChangeRefusal, Finding, Severity, Strictness};
use crate::operation::Operation;
use crate::shop::ShopFacts;
use claims::{Claim, ClaimCounts, Reference};
use things::Things;

/// Names that nobody has made yet; beyond that the target is asked which of them it has.
const MAX_UNASKED: usize = 10_000;

/// A row that was read.
#[derive(Debug, Clone, Copy)]
pub struct RowPlace<'r> {
    /// Base name of its file.
    pub file: &'r str,
    /// The line on which it starts.
    pub line: u64,
}

/// What is to be known to judge rows.
#[derive(Debug, Clone, Copy)]
pub struct Judging<'j> {
    /// What is done with the rows.
    pub operation: Operation,
    /// What the shop has.
    pub shop: &'j ShopFacts,
    /// Which of the keys that were asked for the target has.
    pub existing: &'j BTreeSet<String>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judged {
    /// What the import will find, too.
    pub found_again: Vec<Finding>,
    /// What only shows across rows, so that the import must be told.
    pub found_here: Vec<Finding>,
}

/// What rows have said so far.
#[derive(Debug, Default)]
pub struct Across {
    strictness: Strictness,
    files: Vec<String>,
    /// By [`Thing::NAME`]: several entities speak of products.
    things: BTreeMap<&'static str, Things>,
}

impl Across {
    /// Begins with nothing. A lenient import keeps links that lead nowhere, for what they name may come later.
    #[must_use]
    pub fn new(strictness: Strictness) -> Self {
        Self { strictness, ..Self::default() }
    }

    /// Begins with the rows of another file.
    pub fn begin_file(&mut self, file: &str) {
        self.files.push(file.to_owned());
        self.things.values_mut().for_each(Things::forget_rows);
    }

    /// Returns the keys of things of which the target must be asked whether it has them, before rows can be judged.
    pub fn unknown_keys<'c, E: Entity>(&self, changes: impl Iterator<Item = &'c E::EntityChange>) -> Vec<String> {
        if E::Thing::IS_FACT {
            return Vec::new();
        }
        let known = self.things.get(E::Thing::NAME);
        let keys: BTreeSet<String> = changes.map(E::key).collect();
        keys.into_iter().filter(|key| known.is_none_or(|known| !known.has(key))).collect()
    }

    /// Judges a row, and takes note of what it says for those behind it.
    pub fn judge<E: Entity>(&mut self, place: RowPlace<'_>, change: &E::EntityChange, judging: Judging<'_>) -> Judged {
        let mut judged = Judged::default();
        // What facts are there, the shop itself knows.
        if E::Thing::IS_FACT {
            return judged;
        }
        let file = self.files.len().saturating_sub(1);
        let things = self.things.entry(E::Thing::NAME).or_default();
        let key = E::key(change);
        let existed = things.has(&key) || judging.existing.contains(&key);
        if judging.existing.contains(&key) {
            things.add(&key);
        }
        if let Some(first) = E::row_name(change).and_then(|name| things.row(&name, place.line)) {
            judged.found_here.push(twice::<E>(place, first));
        }
        match things.standing::<E>(&key, change, judging.operation, existed) {
            Ok(true) => {}
            Ok(false) => things.await_existence(&key, place, E::create(change).err()),
            Err(refusal) => {
                judged.found_again.push(Finding::refused(place.file, place.line, refusal));
                return judged;
            }
        }
        if judging.operation == Operation::Delete {
            return judged;
        }
        for claim in E::claims(change, judging.shop) {
            if claim.counts == ClaimCounts::IfNew && existed {
                continue;
            }
            if let Some((other, line)) = things.claim(&claim.key, &key, (file, place.line)) {
                judged.found_here.push(taken::<E>(place, &claim, (&self.files[other], line)));
                if !existed {
                    // The row makes nothing, so those behind it find nothing.
                    things.remove(&key);
                }
                return judged;
            }
        }
        let severity = match self.strictness {
            Strictness::Strict => Severity::Value,
            Strictness::Skip => Severity::Notice,
        };
        for reference in E::references(change) {
            things.await_reference(reference, place, (E::Thing::NAME, severity));
        }
        judged
    }

    /// Says whether so many names wait that the target must be asked for them before more come.
    #[must_use]
    pub fn is_crowded<E: Entity>(&self) -> bool {
        self.unasked::<E>().len() >= MAX_UNASKED
    }

    /// Returns the keys that rows name, that nothing has made yet, and for which nobody has asked the target.
    #[must_use]
    pub fn unasked<E: Entity>(&self) -> Vec<String> {
        self.things.get(E::Thing::NAME).map(Things::unasked).unwrap_or_default()
    }

    /// Takes note of what the target has of the keys that nobody had asked for.
    pub fn answer<E: Entity>(&mut self, existing: &BTreeSet<String>) {
        if let Some(things) = self.things.get_mut(E::Thing::NAME) {
            things.answer(existing);
        }
    }

    /// Tells of all names that nothing has made, once all rows are judged and the target was asked.
    pub fn settle<E: Entity>(&mut self) -> Vec<Finding> {
        self.things.get_mut(E::Thing::NAME).map(Things::settle).unwrap_or_default()
    }
}

impl Judged {
    /// Says whether the row cannot be used.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.found_again.iter().chain(&self.found_here).any(|finding| finding.severity >= Severity::Row)
    }
}

fn twice<E: Entity>(place: RowPlace<'_>, first: u64) -> Finding {
    let problem = format!("is on line {first} already; both rows count, and what this one says stays");
    Finding {
        column: E::ABOUT.key.first().map(|key| (*key).to_owned()),
        ..Finding::about(place.file, place.line, problem, Severity::Notice)
    }
}

fn taken<E: Entity>(place: RowPlace<'_>, claim: &Claim, (file, line): (&str, u64)) -> Finding {
    let other = if file == place.file { format!("line {line}") } else { format!("{file}:{line}") };
    let problem = format!("is taken by the row in {other}; no two {}s may have the same", E::Thing::NAME);
    Finding {
        column: Some(claim.column.clone().into_owned()),
        found: Some(claim.value.clone()),
        ..Finding::about(place.file, place.line, problem, Severity::Row)
    }
}

/// Says that there is nothing of what a row shall delete, in the words of an import.
pub(crate) fn nothing_to_delete() -> ChangeRefusal {
    ChangeRefusal::of_row("there is nothing of this to delete")
}

fn hash(parts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}
