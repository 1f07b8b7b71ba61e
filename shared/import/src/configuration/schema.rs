//! The files about configurations that ship, made of the description of the keys: a JSON Schema, and the defaults.

use serde_json::{Map, Value, json};

use super::callback::CALLBACKS;
use super::keys::{KEYS, Key, Kind};
use crate::entity::Description;
use crate::operation::Operation;

/// Name of the schema, beside the file that ships.
pub const SCHEMA: &str = "import-configuration.schema.json";

/// Returns the JSON Schema of a configuration file, for editors and for those who check files before they send them.
#[must_use]
pub fn schema(entities: &[Description]) -> Value {
    let names = entities.iter().map(|entity| (entity.about.name, entity.about.summary));
    let entities = rooms(names, "#/$defs/entity");
    let operations = rooms(Operation::ALL.into_iter().map(|(name, _)| (name, "")), "#/$defs/operation");
    let pipelines = json!({
        "description": "what holds for the pipelines of a definition only, by its name",
        "type": "object",
        "additionalProperties": { "$ref": "#/$defs/pipeline" },
    });
    let room = |more: &[(&str, &Value)]| {
        let mut properties = references();
        properties.insert("$comment".to_owned(), json!({ "type": "string" }));
        for (name, value) in more {
            properties.insert((*name).to_owned(), (*value).clone());
        }
        json!({ "type": "object", "properties": properties, "additionalProperties": false })
    };
    let mut root = room(&[
        ("entities", &entities),
        ("operations", &operations),
        ("pipelines", &pipelines),
        ("$schema", &json!({ "type": "string" })),
    ]);
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("Configuration of imports");
    root["$defs"] = json!({
        "pipeline": room(&[("entities", &entities), ("operations", &operations)]),
        "entity": room(&[("operations", &operations)]),
        "operation": room(&[]),
        "callback": callback(),
        "keys": keys(),
    });
    root
}

/// Returns the file that ships: what holds if nobody says anything.
#[must_use]
pub fn defaults() -> Value {
    let mut root = Map::from_iter([("$schema".to_owned(), json!(SCHEMA))]);
    for key in KEYS {
        let value: Value = serde_json::from_str(key.default).expect("the default of a key is JSON");
        // A locale says both separators, unless somebody says otherwise; so nothing is said here.
        if key.group == "number-converter" || key.has_entries() {
            continue;
        }
        match key.group {
            "" => drop(root.insert(key.name.to_owned(), value)),
            group => root.entry(group.to_owned()).or_insert_with(|| json!({}))[key.name] = value,
        }
    }
    Value::Object(root)
}

/// Objects by name.
fn rooms<'n>(names: impl Iterator<Item = (&'n str, &'n str)>, of: &str) -> Value {
    let mut properties = Map::new();
    for (name, summary) in names {
        let room = match summary {
            "" => json!({ "$ref": of }),
            summary => json!({ "description": summary, "$ref": of }),
        };
        properties.insert(name.to_owned(), room);
    }
    properties.insert("$comment".to_owned(), json!({ "type": "string" }));
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// The keys of an object: each is described once for all objects.
fn references() -> Map<String, Value> {
    keys().into_iter().map(|(name, _)| (name.clone(), json!({ "$ref": format!("#/$defs/keys/{name}") }))).collect()
}

/// The keys, those of a group below its name.
fn keys() -> Map<String, Value> {
    let mut properties = Map::new();
    for key in KEYS {
        match key.group {
            "" => drop(properties.insert(key.name.to_owned(), property(&key))),
            group => {
                let empty = || json!({ "type": "object", "properties": {}, "additionalProperties": false });
                let group = properties.entry(group.to_owned()).or_insert_with(empty);
                group["properties"][key.name] = property(&key);
            }
        }
    }
    properties
}

fn property(key: &Key) -> Value {
    let mut property = of_kind(key.kind);
    let parsed = |json: &str| serde_json::from_str::<Value>(json).expect("defaults and examples of keys are JSON");
    property["description"] = json!(key.meaning);
    property["default"] = parsed(key.default);
    property["examples"] = json!([parsed(key.example)]);
    property
}

/// Every value may be null, which takes away what a wider scope or an earlier file says.
fn of_kind(kind: Kind) -> Value {
    let by_column = |values: Value| json!({ "type": ["object", "null"], "additionalProperties": { "anyOf": [values, { "type": "null" }] } });
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    let callback = json!({ "$ref": "#/$defs/callback" });
    match kind {
        Kind::AsciiCharacter | Kind::Character | Kind::Separator => {
            json!({ "type": ["string", "null"], "minLength": 1, "maxLength": 1 })
        }
        Kind::OptionalAsciiCharacter | Kind::OptionalSeparator => json!({ "type": ["string", "null"], "maxLength": 1 }),
        Kind::Text | Kind::Charset | Kind::Locale => json!({ "type": ["string", "null"] }),
        Kind::Flag => json!({ "type": ["boolean", "null"] }),
        Kind::DateFormats => json!({ "type": ["string", "array", "null"], "items": { "type": "string" } }),
        Kind::Columns => json!({ "type": ["array", "null"], "items": { "type": "string" } }),
        Kind::Mappings => by_column(json!({ "type": ["string", "array"], "items": { "type": "string" } })),
        Kind::Texts => by_column(json!({ "type": "string" })),
        Kind::Lists => by_column(texts),
        Kind::Callbacks => by_column(json!({ "anyOf": [callback, { "type": "array", "items": callback }] })),
    }
}

fn callback() -> Value {
    let alone: Vec<&str> = CALLBACKS.iter().filter(|about| about.stands_alone).map(|about| about.name).collect();
    let mut ways = vec![json!({ "enum": alone })];
    for about in CALLBACKS.iter().filter(|about| !about.schema.is_empty()) {
        let value: Value = serde_json::from_str(about.schema).expect("the schema of a callback is JSON");
        ways.push(json!({
            "description": about.meaning,
            "type": "object",
            "properties": { about.name: value },
            "required": [about.name],
            "additionalProperties": false,
        }));
    }
    json!({ "anyOf": ways })
}
