//! Checks across rows: what rows name must be there, what is new must be whole, and what is one's own must be nobody else's.
//!
//! A row alone cannot say whether its thing is new, or whether the product that it links to comes with a later file. So
//! rows are judged in their order, with what the target has of the keys that they name; what nothing has made by the end is
//! told then.
//!
//! Memory: of each key, claim and row a hash of eight bytes and its place; in full only the names that nobody has made yet.
//! Whoever stops half way judges the rows before again.

mod claimed;
pub mod claims;
mod things;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::Entity;
use crate::entity::{ListedUnder, Thing};
use crate::finding::{ChangeRefusal, Finding, Severity, Strictness};
use crate::operation::Operation;
use crate::shop::ShopFacts;
use claimed::{Holder, taken};
use claims::{Claim, ClaimOrigin, Reference};
use things::{Standing, Things};

pub use claimed::Holders;

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
    /// Whose the values are that were asked for.
    pub holders: &'j Holders,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judged {
    /// What the import will find, too.
    pub found_again: Vec<Finding>,
    /// What only shows across rows, so that the import must be told.
    pub found_here: Vec<Finding>,
    /// The address that a new thing gets, because the one made of its name is taken. The import must be told, too.
    pub address: Option<String>,
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

    /// Returns of what the target must be asked whose it is, before a row can be judged.
    ///
    /// Whoever is told more asks again: which numbers behind a name are taken only shows one after the other.
    #[must_use]
    pub fn wanted<E: Entity>(&self, change: &E::EntityChange, judging: Judging<'_>) -> Vec<ListedUnder> {
        if E::Thing::IS_FACT || judging.operation == Operation::Delete {
            return Vec::new();
        }
        let none = Things::default();
        let things = self.things.get(E::Thing::NAME).unwrap_or(&none);
        let key = E::key(change);
        let existed = things.has(&key) || judging.existing.contains(&key);
        let is_made_anew = E::MAKES_THINGS && things.is_made_anew(&key, judging.operation, existed);
        let mut wanted = Vec::new();
        for claim in E::claims(change, judging.shop) {
            match claim.origin {
                ClaimOrigin::Stated => wanted.extend(things.claimed.wanted(&claim, judging.holders)),
                ClaimOrigin::MadeOfName if !is_made_anew => {}
                ClaimOrigin::MadeOfName => {
                    wanted.extend(things.claimed.wanted_for_free(&claim, &key, judging.holders));
                }
            }
        }
        wanted
    }

    /// Judges a row, and takes note of what it says for those behind it.
    pub fn judge<E: Entity>(&mut self, place: RowPlace<'_>, change: &E::EntityChange, judging: Judging<'_>) -> Judged {
        let mut judged = Judged::default();
        // What facts are there, the shop itself knows.
        if E::Thing::IS_FACT {
            return judged;
        }
        let things = self.things.entry(E::Thing::NAME).or_default();
        let key = E::key(change);
        let existed = things.has(&key) || judging.existing.contains(&key);
        if judging.existing.contains(&key) {
            things.add(&key);
        }
        if let Some(first) = E::row_name(change).and_then(|name| things.row(&name, place.line)) {
            judged.found_here.push(twice::<E>(place, first));
        }
        let standing = match things.standing::<E>(&key, change, judging.operation, existed) {
            Ok(standing) => standing,
            Err(refusal) => {
                judged.found_again.push(Finding::refused(place.file, place.line, refusal));
                return judged;
            }
        };
        if standing == Standing::Awaited {
            things.await_existence(&key, place, E::create(change).err());
        }
        if judging.operation == Operation::Delete {
            return judged;
        }
        let claims = E::claims(change, judging.shop);
        let claims = claims.into_iter().filter(|claim| standing == Standing::MadeAnew || claim.origin.counts_always());
        let claiming = Claiming { files: &self.files, place, key: &key, holders: judging.holders };
        if let Some(refusal) = claiming.claim_all::<E>(things, claims.collect(), &mut judged) {
            judged.found_here.push(refusal);
            if standing == Standing::MadeAnew {
                // The row makes nothing, so those behind it find what was there.
                things.unmake(&key, existed);
            }
            return judged;
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

    /// Tells of the rows that want what stored things have still, once all rows are judged. The import must be told.
    pub fn settle_claims<E: Entity>(&mut self) -> Vec<Finding> {
        self.things.get_mut(E::Thing::NAME).map(|things| things.claimed.settle()).unwrap_or_default()
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

/// What the claims of a row are held against.
struct Claiming<'c> {
    files: &'c [String],
    place: RowPlace<'c>,
    /// Key of its thing.
    key: &'c str,
    holders: &'c Holders,
}

impl Claiming<'_> {
    /// Takes note of all claims of a row; of none if one of them costs the row, which is returned.
    fn claim_all<E: Entity>(&self, things: &mut Things, claims: Vec<Claim>, judged: &mut Judged) -> Option<Finding> {
        let mut settled = Vec::new();
        for claim in claims {
            let holder = things.claimed.holder(&claim, self.key, self.holders);
            match (claim.origin, holder) {
                (_, None) => settled.push(claim),
                (ClaimOrigin::MadeOfName, Some(holder)) => {
                    let (number, free) = things.claimed.free(&claim, self.key, self.holders);
                    things.claimed.note_number(&claim, number);
                    judged.found_here.push(self.renamed::<E>(&claim, holder, &free.value));
                    judged.address = Some(free.value.clone());
                    settled.push(free);
                }
                (ClaimOrigin::Stated, Some(holder @ Holder::Row { .. })) => {
                    return Some(self.refused::<E>(&claim, holder));
                }
                (ClaimOrigin::Stated, Some(holder @ Holder::Stored { key })) => {
                    let refusal = self.refused::<E>(&claim, holder);
                    things.claimed.wait(&claim, (self.key, key), refusal);
                    settled.push(claim);
                }
            }
        }
        let file = self.files.len().saturating_sub(1);
        settled.iter().for_each(|claim| things.claimed.take(claim, self.key, (file, self.place.line)));
        None
    }

    fn refused<E: Entity>(&self, claim: &Claim, holder: Holder<'_>) -> Finding {
        let (other, name) = (self.name_of::<E>(holder), E::Thing::NAME);
        taken(self.place, claim, format!("is taken by {other}; no two {name}s may have the same"))
    }

    fn renamed<E: Entity>(&self, claim: &Claim, holder: Holder<'_>, address: &str) -> Finding {
        let other = self.name_of::<E>(holder);
        let problem = format!("as the address of a new {} is taken by {other}; it gets `{address}`", E::Thing::NAME);
        Finding { severity: Severity::Notice, ..taken(self.place, claim, problem) }
    }

    fn name_of<E: Entity>(&self, holder: Holder<'_>) -> String {
        match holder {
            Holder::Row { file, line } if self.files[file] == self.place.file => format!("the row in line {line}"),
            Holder::Row { file, line } => format!("the row in {}:{line}", self.files[file]),
            Holder::Stored { key } => format!("{} `{key}` of the catalogue", E::Thing::NAME),
        }
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
