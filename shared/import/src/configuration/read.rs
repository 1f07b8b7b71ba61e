//! From the text of one file to what it says, each part with its place.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::{self, Content, Entry, Node, below};
use super::keys::{FOREIGN, KEYS, Key, Kind, ORIGINAL_ENTITIES};
use super::place::{ConfigurationPlace, Problem, Scope};
use super::{Said, values};
use crate::entity::Description;
use crate::nearest::nearest;
use crate::operation::Operation;

/// Objects that hold others, by what stands in them.
const PIPELINES: &str = "pipelines";
const ENTITIES: &str = "entities";
const OPERATIONS: &str = "operations";

/// Entries without a meaning: what editors need, and notes of people.
const NOTES: [&str; 2] = ["$schema", "$comment"];

/// What a file says, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct ReadFile {
    pub(super) said: Vec<Said>,
    pub(super) problems: Vec<Problem>,
}

/// Reads a file.
pub(super) fn read(file: &str, bytes: &[u8], entities: &[Description]) -> ReadFile {
    let mut reading = Reading { file, entities, read: ReadFile::default() };
    let root = Spot { pointer: String::new(), scope: Scope::default() };
    match document::read(bytes) {
        Ok(node) => reading.section(&node, &root),
        Err(unreadable) => reading.problem(&root, unreadable.line, unreadable.problem),
    }
    reading.read
}

struct Reading<'a> {
    file: &'a str,
    entities: &'a [Description],
    read: ReadFile,
}

/// Where the reading stands.
#[derive(Debug, Clone)]
struct Spot {
    pointer: String,
    scope: Scope,
}

impl Spot {
    fn below(&self, name: &str) -> Self {
        Self { pointer: below(&self.pointer, name), scope: self.scope.clone() }
    }
}

impl Reading<'_> {
    fn problem(&mut self, spot: &Spot, line: u64, text: impl Into<String>) {
        let place = ConfigurationPlace { file: self.file.to_owned(), pointer: spot.pointer.clone(), line };
        self.read.problems.push(Problem { place, scope: spot.scope.clone(), text: text.into() });
    }

    /// The entries of an object, each name once.
    fn entries<'n>(&mut self, node: &'n Node, spot: &Spot) -> Vec<&'n Entry> {
        let Content::Map(entries) = &node.content else {
            self.problem(spot, node.line, format!("found {}, expected an object", node.content.kind()));
            return Vec::new();
        };
        let mut names = BTreeSet::new();
        for entry in entries {
            if !names.insert(&entry.name) {
                self.problem(
                    &spot.below(&entry.name),
                    entry.line,
                    "the name stands here twice; only one of them can count",
                );
            }
        }
        entries.iter().filter(|entry| !NOTES.contains(&entry.name.as_str())).collect()
    }

    /// Everything, or what holds for a pipeline, an entity or an operation.
    fn section(&mut self, node: &Node, spot: &Spot) {
        for entry in self.entries(node, spot) {
            let place = spot.below(&entry.name);
            let scope = &spot.scope;
            let is_wide = scope.operation.is_none();
            match entry.name.as_str() {
                PIPELINES if *scope == Scope::default() => self.pipelines(&entry.value, &place),
                ENTITIES if is_wide && scope.entity.is_none() => self.entities(&entry.value, &place),
                OPERATIONS if is_wide => self.operations(&entry.value, &place),
                group if KEYS.iter().any(|key| key.group == group) => self.group(&entry.value, &place, group),
                name => match KEYS.iter().find(|key| key.group.is_empty() && key.name == name) {
                    Some(key) => self.value(key, entry, &place),
                    None => self.unknown(entry, &place, ""),
                },
            }
        }
    }

    fn pipelines(&mut self, node: &Node, spot: &Spot) {
        for entry in self.entries(node, spot) {
            let mut place = spot.below(&entry.name);
            place.scope.pipeline = Some(entry.name.clone());
            self.section(&entry.value, &place);
        }
    }

    fn entities(&mut self, node: &Node, spot: &Spot) {
        for entry in self.entries(node, spot) {
            let mut place = spot.below(&entry.name);
            let original = ORIGINAL_ENTITIES.iter().find(|(original, _)| *original == entry.name);
            let name = original.map_or(entry.name.as_str(), |(_, name)| name);
            let known = self.entities;
            if !known.iter().any(|entity| entity.about.name == name) {
                let names = known.iter().map(|entity| entity.about.name);
                self.problem(&place, entry.line, unknown_name("entity", &entry.name, names));
                continue;
            }
            place.scope.entity = Some(name.to_owned());
            self.section(&entry.value, &place);
        }
    }

    fn operations(&mut self, node: &Node, spot: &Spot) {
        for entry in self.entries(node, spot) {
            let mut place = spot.below(&entry.name);
            if !Operation::ALL.iter().any(|(name, _)| *name == entry.name) {
                let names = Operation::ALL.iter().map(|(name, _)| *name);
                self.problem(&place, entry.line, unknown_name("operation", &entry.name, names));
                continue;
            }
            place.scope.operation = Some(entry.name.clone());
            self.section(&entry.value, &place);
        }
    }

    fn group(&mut self, node: &Node, spot: &Spot, group: &str) {
        for entry in self.entries(node, spot) {
            let place = spot.below(&entry.name);
            match KEYS.iter().find(|key| key.group == group && key.name == entry.name) {
                Some(key) => self.value(key, entry, &place),
                None => self.unknown(entry, &place, group),
            }
        }
    }

    fn unknown(&mut self, entry: &Entry, spot: &Spot, group: &str) {
        let name = entry.name.as_str();
        if [PIPELINES, ENTITIES, OPERATIONS].contains(&name) {
            let text = format!(
                "`{name}` has no place here (`{PIPELINES}` stands at the top, `{ENTITIES}` there or in a pipeline, `{OPERATIONS}` \
                 in any of them)"
            );
            return self.problem(spot, entry.line, text);
        }
        let text = match FOREIGN.iter().find(|(foreign, _)| *foreign == name) {
            Some((_, why)) => format!("key `{name}` of the original has no meaning here: {why}"),
            None => {
                let keys = KEYS.iter().filter(|key| key.group == group).map(|key| key.name);
                let groups = KEYS.iter().filter(|key| !key.group.is_empty() && group.is_empty()).map(|key| key.group);
                let rooms = [PIPELINES, ENTITIES, OPERATIONS].into_iter().filter(|_| group.is_empty());
                unknown_name("key", name, keys.chain(groups).chain(rooms))
            }
        };
        self.problem(spot, entry.line, text);
    }

    /// The value of a key, or each of its entries.
    fn value(&mut self, key: &'static Key, entry: &Entry, spot: &Spot) {
        if !key.has_entries() || entry.value.content == Content::Null {
            return self.say(key, None, (&entry.value, spot));
        }
        for of_column in self.entries(&entry.value, spot) {
            let place = spot.below(&of_column.name);
            // Names in files are whatever their senders made of them.
            let name = if key.kind == Kind::Mappings {
                values::column(&of_column.name)
            } else {
                self.column(&of_column.name, of_column.line, &place)
            };
            self.say(key, Some(name), (&of_column.value, &place));
        }
    }

    /// Checks a value and takes note of it. Null takes away what a wider scope or an earlier file says.
    fn say(&mut self, key: &'static Key, entry: Option<String>, (node, spot): (&Node, &Spot)) {
        let value = json(node);
        if !value.is_null() {
            if let Err(wrong) = check(key, node, spot) {
                return self.problem(&wrong.spot, wrong.line, wrong.problem);
            }
            for name in named(key.kind, &value).into_iter().filter(|name| *name != "*") {
                self.column(name, node.line, spot);
            }
        }
        let place = ConfigurationPlace { file: self.file.to_owned(), pointer: spot.pointer.clone(), line: node.line };
        self.read.said.push(Said { scope: spot.scope.clone(), key: key.path(), entry, value, place });
    }

    /// Checks the name of a column as far as it can be known without the shop.
    fn column(&mut self, name: &str, line: u64, spot: &Spot) -> String {
        let column = values::column(name);
        let is_code =
            !column.is_empty() && column.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        let entity = self.entities.iter().find(|entity| Some(entity.about.name) == spot.scope.entity.as_deref());
        let is_known = match entity {
            Some(entity) if !entity.has_shop_columns => entity.has_column(&column),
            Some(_) | None => is_code,
        };
        if !is_known {
            let known = entity.map(|entity| entity.columns.iter().map(|column| column.name)).into_iter().flatten();
            let of = entity.map_or_else(String::new, |entity| format!(" of {}", entity.about.name));
            let hint = nearest(name, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let text =
                format!("`{name}` is not a column{of} (columns are named as they are read, such as `sku`{hint})");
            self.problem(spot, line, text);
        }
        column
    }
}

/// The columns that a value names.
fn named(kind: Kind, value: &Value) -> Vec<&str> {
    if kind == Kind::Mappings {
        return values::targets(value).unwrap_or_default();
    }
    if kind == Kind::Columns { values::texts(value).unwrap_or_default() } else { Vec::new() }
}

/// What is wrong with a value.
struct Wrong {
    line: u64,
    spot: Spot,
    problem: String,
}

/// Checks a value; a part of a list is told with its own place.
fn check(key: &Key, node: &Node, spot: &Spot) -> Result<(), Box<Wrong>> {
    let wrong = |line: u64, spot: Spot, problem: String| Box::new(Wrong { line, spot, problem });
    if let Some(entry) = repeated(node) {
        let problem = format!("`{}` stands here twice; only one of them can count", entry.name);
        return Err(wrong(entry.line, spot.clone(), problem));
    }
    if let (Content::List(list), Kind::Callbacks) = (&node.content, key.kind) {
        for (index, part) in list.iter().enumerate() {
            let place = || spot.below(&index.to_string());
            values::check(key.kind, &json(part)).map_err(|misfit| wrong(part.line, place(), misfit.to_string()))?;
        }
        return Ok(());
    }
    let value = json(node);
    let says_what_is_expected = matches!(key.kind, Kind::Callbacks | Kind::Locale);
    values::check(key.kind, &value).map_err(|misfit| {
        let problem = match says_what_is_expected {
            true => misfit.to_string(),
            false => format!("`{}` {misfit}; expected: {}", shown(&value), key.kind.in_words()),
        };
        wrong(node.line, spot.clone(), problem)
    })
}

/// An entry below a value whose name stands there twice.
fn repeated(node: &Node) -> Option<&Entry> {
    match &node.content {
        Content::Map(entries) => {
            let mut names = BTreeSet::new();
            let twice = entries.iter().find(|entry| !names.insert(&entry.name));
            twice.or_else(|| entries.iter().find_map(|entry| repeated(&entry.value)))
        }
        Content::List(list) => list.iter().find_map(repeated),
        Content::Null | Content::Flag(_) | Content::Number(_) | Content::Text(_) => None,
    }
}

/// A value as it is written, without the quotes of a text; not all of it if it is long.
fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let visible = |found: char| if found.is_control() { found.escape_default().to_string() } else { found.into() };
    let short: String = text.chars().take(60).map(visible).collect();
    if text.chars().count() > 60 { format!("{short}…") } else { short }
}

fn unknown_name<'k>(kind: &str, name: &str, known: impl Iterator<Item = &'k str>) -> String {
    let known: BTreeSet<&str> = known.collect();
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("there is no {kind} `{name}` (did you mean `{near}`?)"),
        None => {
            let known: Vec<&str> = known.into_iter().collect();
            format!("there is no {kind} `{name}` (known: `{}`)", known.join("`, `"))
        }
    }
}

fn json(node: &Node) -> Value {
    match &node.content {
        Content::Null => Value::Null,
        Content::Flag(flag) => Value::Bool(*flag),
        Content::Number(number) => serde_json::from_str(number).unwrap_or(Value::Null),
        Content::Text(text) => Value::String(text.clone()),
        Content::List(list) => Value::Array(list.iter().map(json).collect()),
        Content::Map(entries) => entries.iter().map(|entry| (entry.name.clone(), json(&entry.value))).collect(),
    }
}
