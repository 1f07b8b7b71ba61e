//! Whose the values are that no two things may have: what rows say, over what the target has.
//!
//! A row may want the value of a stored thing that another row, before or behind it, gives a value of its own. So whether
//! the stored thing stands in its way is only known at the end.

use std::collections::{BTreeMap, HashMap};

use super::claims::Claim;
use super::{RowPlace, hash};
use crate::entity::ListedUnder;
use crate::finding::{Finding, Severity};

/// Whose stored values are: the keys of the things, by that under which they are listed. An empty list says that nobody
/// has it.
pub type Holders = BTreeMap<ListedUnder, Vec<String>>;

/// How many numbers behind a value the target is asked for at once.
const NUMBERS_AT_ONCE: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Claimed {
    /// Whose a value is, with the file and the line that say so.
    by_row: HashMap<u64, (u64, usize, u64)>,
    /// Which value things have, as rows say.
    of_thing: HashMap<u64, u64>,
    /// The last number that was put behind a value made of a name, so that a thousand products of one name are numbered
    /// in one go.
    numbers: HashMap<u64, usize>,
    /// Rows that want what the target has of another thing.
    waiting: Vec<Waiting>,
}

/// Who has a value that a row wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder<'h> {
    /// The thing of another row.
    Row { file: usize, line: u64 },
    /// A thing that the target has.
    Stored { key: &'h str },
}

#[derive(Debug)]
struct Waiting {
    /// The claim of the row.
    claim: u64,
    /// What says which value the thing of the row has by now.
    own: u64,
    /// The same of the stored thing.
    other: u64,
    finding: Finding,
}

impl Claimed {
    /// Who else has the value of a claim.
    pub(super) fn holder<'h>(&self, claim: &Claim, key: &str, holders: &'h Holders) -> Option<Holder<'h>> {
        let id = id(claim);
        if let Some((owner, file, line)) = self.by_row.get(&id) {
            return (*owner != hash(key)).then_some(Holder::Row { file: *file, line: *line });
        }
        let stored = claim.listed_under().and_then(|under| holders.get(&under));
        let mut others = stored.into_iter().flatten().filter(|other| *other != key);
        // Who has got another value by a row before is in nobody's way.
        let has_moved = |other: &str| self.of_thing.get(&place_of(claim, other)).is_some_and(|has| *has != id);
        others.find(|other| !has_moved(other)).map(|key| Holder::Stored { key })
    }

    /// The claim, or the first one with a number behind it that nobody has. What the target was not asked for is free.
    pub(super) fn free(&self, claim: &Claim, key: &str, holders: &Holders) -> (usize, Claim) {
        let mut number = self.first_number(claim);
        loop {
            let candidate = claim.numbered(number);
            // Every number is somebody else's, so this ends with the last of them.
            if self.holder(&candidate, key, holders).is_none() {
                return (number, candidate);
            }
            number += 1;
        }
    }

    /// Of what the target must be asked before [`Self::holder`] is known.
    pub(super) fn wanted(&self, claim: &Claim, holders: &Holders) -> Option<ListedUnder> {
        let is_claimed = self.by_row.contains_key(&id(claim));
        claim.listed_under().filter(|under| !is_claimed && !holders.contains_key(under))
    }

    /// Of what the target must be asked before [`Self::free`] is known.
    pub(super) fn wanted_for_free(&self, claim: &Claim, key: &str, holders: &Holders) -> Vec<ListedUnder> {
        let (number, free) = self.free(claim, key, holders);
        if self.wanted(&free, holders).is_none() {
            return Vec::new();
        }
        // Most names are nobody else's, so the first question is for one.
        let several = if number == 0 { 1 } else { NUMBERS_AT_ONCE };
        (number..number + several).filter_map(|number| self.wanted(&claim.numbered(number), holders)).collect()
    }

    fn first_number(&self, claim: &Claim) -> usize {
        self.numbers.get(&id(claim)).map_or(0, |last| last + 1)
    }

    /// Takes note of the number behind a value made of a name.
    pub(super) fn note_number(&mut self, claim: &Claim, number: usize) {
        if number > 0 {
            self.numbers.insert(id(claim), number);
        }
    }

    /// Takes note of whose a value is. What the thing had before by a row is free again.
    pub(super) fn take(&mut self, claim: &Claim, key: &str, (file, line): (usize, u64)) {
        let (id, owner) = (id(claim), hash(key));
        let before = self.of_thing.insert(place_of(claim, key), id).filter(|before| *before != id);
        if let Some(before) = before
            && self.by_row.get(&before).is_some_and(|(of, _, _)| *of == owner)
        {
            self.by_row.remove(&before);
        }
        self.by_row.entry(id).or_insert((owner, file, line));
    }

    /// Waits whether a stored thing gets another value.
    pub(super) fn wait(&mut self, claim: &Claim, (key, other): (&str, &str), finding: Finding) {
        let (own, other) = (place_of(claim, key), place_of(claim, other));
        self.waiting.push(Waiting { claim: id(claim), own, other, finding });
    }

    /// Tells of the rows that want what stored things have still.
    pub(super) fn settle(&mut self) -> Vec<Finding> {
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        let has = |thing: u64| self.of_thing.get(&thing);
        let stands = waiting.filter(|waiting| {
            let still_wants = has(waiting.own) == Some(&waiting.claim);
            let has_moved = has(waiting.other).is_some_and(|has| *has != waiting.claim);
            still_wants && !has_moved
        });
        let mut findings: Vec<Finding> = stands.map(|waiting| waiting.finding).collect();
        findings.sort();
        findings
    }
}

/// What to say of a row that wants what another thing has.
pub(super) fn taken(place: RowPlace<'_>, claim: &Claim, problem: String) -> Finding {
    Finding {
        column: Some(claim.column.clone().into_owned()),
        found: Some(claim.value.clone()),
        ..Finding::about(place.file, place.line, problem, Severity::Row)
    }
}

fn id(claim: &Claim) -> u64 {
    hash((&claim.scope, &claim.value))
}

/// Where it is noted which value of a scope a thing has.
fn place_of(claim: &Claim, key: &str) -> u64 {
    hash((&claim.scope, "thing", key))
}
