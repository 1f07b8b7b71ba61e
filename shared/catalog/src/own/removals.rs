//! What a draft takes away from the catalogue, before it does.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use import::entity::Thing;
use serde_json::{Map, Value};
use store::table::{Page, Query, Table};

use super::draft::{Draft, drafted_thing};
use super::error::Error;
use super::items;

/// How many things are named of those that lose something.
const EXAMPLES: usize = 5;

/// Things of a draft that are compared at once.
const PAGE: usize = 100;

/// What tells the parts of a list apart, where a part has it; other parts are told apart by all that they say.
const NAMES_OF_PARTS: [&str; 7] = ["sku", "source", "path", "label", "title", "name", "code"];

/// What things lose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Removals {
    /// What they are: `product`.
    pub kind: &'static str,
    /// Those that will be gone.
    pub gone: Losers,
    /// Those that stay and lose parts of what they have.
    pub poorer: Losers,
    /// How many parts they lose, by where these are, such as `tier_prices`.
    pub parts: BTreeMap<String, u64>,
}

/// Things that lose something: how many, and the first of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Losers {
    /// How many.
    pub count: u64,
    /// The keys of the first.
    pub examples: Vec<String>,
}

impl Losers {
    fn add(&mut self, key: &str) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(key.to_owned());
        }
    }
}

impl fmt::Display for Losers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let examples: Vec<String> = self.examples.iter().map(|key| format!("`{key}`")).collect();
        let more = if self.count > examples.len() as u64 { ", …" } else { "" };
        write!(f, "{}{more}", examples.join(", "))
    }
}

impl Removals {
    /// Says in sentences what is removed; none if it is nothing.
    #[must_use]
    pub fn sentences(&self, will: &str) -> Vec<String> {
        let Self { kind, gone, poorer, parts } = self;
        let mut sentences = Vec::new();
        if gone.count > 0 {
            sentences.push(format!("{will} delete {} of kind {kind}: {gone}", gone.count));
        }
        if poorer.count > 0 {
            let parts: Vec<String> = parts.iter().map(|(part, count)| format!("{count} of `{part}`")).collect();
            sentences.push(format!("{will} take {} from {} of kind {kind}: {poorer}", parts.join(", "), poorer.count));
        }
        sentences
    }

    fn compare<T: Thing>(&mut self, key: &str, stored: &T, drafted: Option<&T>) {
        let Some(drafted) = drafted else { return self.gone.add(key) };
        let json = |thing: &T| serde_json::to_value(thing).expect("a thing has text keys only");
        let mut lost = BTreeMap::new();
        lose("", &json(stored), &json(drafted), &mut lost);
        if !lost.is_empty() {
            self.poorer.add(key);
        }
        for (part, count) in lost {
            *self.parts.entry(part).or_default() += count;
        }
    }
}

/// Finds out what a draft takes away of a kind of things, as far as the marks of their latest writes begin with a text.
///
/// # Errors
/// The store did not answer, or something cannot be read.
pub async fn removals<T: Thing>(table: &dyn Table, draft: &Draft, import: &str) -> Result<Removals, Error> {
    let mut removals = Removals { kind: T::NAME, ..Removals::default() };
    for partition in draft.name.partitions_of::<T>() {
        let mut query = Query { limit: Some(PAGE), ..Query::prefix(partition, items::sort_prefix::<T>()) };
        loop {
            let Page { entries, next } = table.query(&query).await?;
            let mut drafted = HashMap::new();
            for item in &entries {
                let thing = drafted_thing::<T>(item)?;
                if thing.mark.as_ref().is_some_and(|mark| mark.starts_with(import)) {
                    drafted.insert(items::key_of::<T>(item).to_owned(), thing.thing);
                }
            }
            let mut keys: Vec<String> = drafted.keys().cloned().collect();
            keys.sort_unstable();
            let mut stored = items::things::<T>(table, &keys).await?;
            if T::IS_FACT {
                items::add_plain(&keys, &mut stored);
            }
            for key in &keys {
                if let Some(stored) = stored.remove(key).and_then(|stored| stored.thing) {
                    removals.compare(key, &stored, drafted[key].as_ref());
                }
            }
            if next.is_none() {
                break;
            }
            query.after = next;
        }
    }
    Ok(removals)
}

/// Counts what is in a value and not in the other, by the place of what holds it.
fn lose(place: &str, before: &Value, after: &Value, lost: &mut BTreeMap<String, u64>) {
    match (before, after) {
        (Value::Array(before), Value::Array(after)) => {
            let kept: Vec<String> = after.iter().map(name_of).collect();
            add(lost, place, before.iter().filter(|part| !kept.contains(&name_of(part))).count());
        }
        (Value::Object(before), Value::Object(after)) => {
            for (name, part) in before {
                let inner = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                match after.get(name).filter(|after| !after.is_null()) {
                    Some(after) => lose(&inner, part, after, lost),
                    // A value is one of many in what holds it; a list of its own is lost as a whole.
                    None if is_value(part) && !place.is_empty() => add(lost, place, parts(part)),
                    None => add(lost, &inner, parts(part)),
                }
            }
        }
        // Another value in its place is a change and no loss.
        _ => {}
    }
}

fn add(lost: &mut BTreeMap<String, u64>, place: &str, parts: usize) {
    if parts > 0 {
        *lost.entry(place.to_owned()).or_default() += parts as u64;
    }
}

/// A part of a list by what tells it apart.
fn name_of(part: &Value) -> String {
    let Value::Object(fields) = part else { return part.to_string() };
    if let Some(group) = fields.get("customer_group") {
        let of = |name: &str| fields.get(name).map(Value::to_string).unwrap_or_default();
        return format!("{group} {} {}", of("website"), of("quantity"));
    }
    let named = NAMES_OF_PARTS.iter().find_map(|name| fields.get(*name));
    named.map_or_else(|| Value::Object(Map::clone(fields)).to_string(), Value::to_string)
}

fn parts(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Array(parts) => parts.len(),
        Value::Object(parts) => parts.len(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}

/// Whether it holds no parts itself.
fn is_value(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(_) | Value::Object(_) => false,
    }
}
