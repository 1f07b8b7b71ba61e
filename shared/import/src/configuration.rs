//! What a shop says of the files that it imports: how they are written, what their columns are called, and what is done
//! with their cells before they are read.
//!
//! A configuration is JSON, merged from several files: what ships, then those of the bucket in the order of their names;
//! the later one wins, entry by entry. Every value holds for a [`Scope`]: for everything, or for a pipeline, an entity or an
//! operation; the narrower one wins. [`KEYS`](keys::KEYS) describes every key, [`CALLBACKS`](callback::CALLBACKS) what can
//! be done with cells.
//!
//! What is wrong is told as a [`Problem`] with file, pointer and line, and stops the imports in whose scope it is, and no
//! others: nobody knows what the file should have said.
//!
//! **Invariant:** a [`Configuration`] is a value. A pipeline keeps the one that it was spawned with.

pub mod callback;
mod document;
pub mod keys;
mod limits;
mod number_locale;
mod place;
mod read;
pub mod schema;
mod settings;
#[cfg(test)]
mod tests;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub use limits::{FILE_BYTES, MAX_FILES, TOTAL_BYTES};
pub use place::{ConfigurationPlace, Problem, Scope};
pub use settings::{EntitySettings, ListPart, Mapping, Placed};

use crate::entity::Description;
use limits::MAX_REGEXES;

/// Name of the file that ships. It says what holds if nobody says anything.
pub const SHIPPED: &str = "import-configuration.json";

/// A configuration, merged from files.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Configuration {
    said: Vec<Said>,
}

/// One value of a configuration, and who says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// What it holds for.
    pub scope: Scope,
    /// Name of its key, with its group: `params/clean-up-links`.
    pub key: String,
    /// The entry of the key's value that it is, such as the column whose callbacks these are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The value. Null takes away what a wider scope says.
    pub value: Value,
    /// Where it stands.
    pub place: ConfigurationPlace,
}

/// What came of reading files.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LoadedConfiguration {
    /// What they say, without what cannot be used.
    pub configuration: Configuration,
    /// What is wrong with them, by place.
    pub problems: Vec<Problem>,
}

/// Names a value within a scope: its key and its entry.
type Slot<'s> = (&'s str, Option<&'s str>);

/// Reads files, the later of which count more.
#[must_use]
pub fn load(files: &[(String, Vec<u8>)], entities: &[Description]) -> LoadedConfiguration {
    let mut problems = Vec::new();
    let mut said: BTreeMap<(Scope, String, Option<String>), Said> = BTreeMap::new();
    let mut total = 0;
    for (place, (name, bytes)) in files.iter().enumerate() {
        total += bytes.len();
        // Every step of every import reads what all files come to.
        if place >= MAX_FILES || total > TOTAL_BYTES {
            let text = format!(
                "there are more than {MAX_FILES} files, or more than {TOTAL_BYTES} bytes in them; this file and those behind \
                 it are not read"
            );
            problems.push(whole_file(name, text));
            break;
        }
        let read = read::read(name, bytes, entities);
        problems.extend(read.problems);
        said.extend(
            read.said.into_iter().map(|said| ((said.scope.clone(), said.key.clone(), said.entry.clone()), said)),
        );
    }
    let configuration = Configuration { said: said.into_values().collect() };
    problems.extend(configuration.too_many_patterns());
    problems.extend(configuration.contradictions(entities));
    problems.sort();
    problems.dedup();
    LoadedConfiguration { configuration, problems }
}

impl LoadedConfiguration {
    /// Returns what is wrong with what holds for an import, if anything is.
    pub fn problems_of(&self, import: &Scope) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.scope.meets(import))
    }
}

impl Configuration {
    /// Returns what holds for an import, in the order of keys and entries.
    #[must_use]
    pub fn of(&self, import: &Scope) -> Vec<&Said> {
        let mut holding: Vec<&Said> = self.said.iter().filter(|said| said.scope.covers(import)).collect();
        holding.sort_by(|one, other| one.scope.cmp(&other.scope));
        let mut by_slot: BTreeMap<Slot<'_>, &Said> = BTreeMap::new();
        for said in holding {
            if said.value.is_null() && said.entry.is_none() {
                // A key that is null takes away all its entries, too.
                by_slot.retain(|(key, _), _| *key != said.key);
            }
            by_slot.insert((&said.key, said.entry.as_deref()), said);
        }
        by_slot.into_values().filter(|said| !said.value.is_null()).collect()
    }

    /// Returns everything that is said, in any scope.
    #[must_use]
    pub fn said(&self) -> &[Said] {
        &self.said
    }

    /// Returns what an import is done with.
    #[must_use]
    pub fn settings(&self, import: &Scope) -> EntitySettings {
        settings::settings(&self.of(import))
    }

    /// Writes the configuration as a pipeline keeps it.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a configuration has text keys only")
    }

    /// Reads a configuration that a pipeline keeps.
    ///
    /// # Errors
    /// It was damaged.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// Names the configuration: the same for the same content, and for no other.
    #[must_use]
    pub fn digest(&self) -> String {
        let digest = Sha256::digest(self.to_json().as_bytes());
        digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
    }

    /// What contradicts itself once everything is merged, such as a separator that is also the enclosure.
    fn contradictions(&self, entities: &[Description]) -> Vec<Problem> {
        let mut imports: BTreeSet<Scope> = self.said.iter().map(|said| said.scope.clone()).collect();
        for scope in imports.clone().iter().filter(|scope| scope.entity.is_none()) {
            let of_entity =
                |entity: &Description| Scope { entity: Some(entity.about.name.to_owned()), ..scope.clone() };
            imports.extend(entities.iter().map(of_entity));
        }
        imports.iter().flat_map(|import| settings::contradictions(&self.of(import))).collect()
    }

    /// Each pattern takes memory in every step.
    fn too_many_patterns(&self) -> Option<Problem> {
        let is_pattern = |callback: &Value| callback.pointer("/replace/pattern").is_some();
        let patterns = |said: &Said| {
            let callbacks = said.value.as_array().map_or(std::slice::from_ref(&said.value), Vec::as_slice);
            callbacks.iter().filter(|callback| is_pattern(callback)).count()
        };
        let mut count = 0;
        let first = self.said.iter().find(|said| {
            count += patterns(said);
            count > MAX_REGEXES
        })?;
        let text = format!("there are more than {MAX_REGEXES} patterns (`replace` without a pattern takes any number)");
        Some(Problem { place: first.place.clone(), scope: Scope::default(), text })
    }
}

/// What is wrong with a file as a whole.
#[must_use]
pub fn whole_file(name: &str, text: String) -> Problem {
    let place = ConfigurationPlace { file: name.to_owned(), pointer: String::new(), line: 1 };
    Problem { place, scope: Scope::default(), text }
}
