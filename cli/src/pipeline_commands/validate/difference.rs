//! What new definitions would change against those in force.

use std::collections::BTreeSet;

use pipeline::Definition;
use serde::Serialize;
use serde_json::{Map, Value};

/// What would become of one definition.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct DefinitionChange {
    pub(super) pipeline: String,
    /// `new`, `changed` or `gone`.
    pub(super) change: &'static str,
    /// What of it, a line each.
    pub(super) details: Vec<String>,
}

/// Most lines about one definition.
const LINES: usize = 40;

/// Most characters of a value in a line.
const VALUE_CHARACTERS: usize = 120;

/// Compares definitions by name.
pub(super) fn changes(before: &[Definition], after: &[Definition]) -> Vec<DefinitionChange> {
    let names: BTreeSet<&str> = before.iter().chain(after).map(|definition| definition.name.as_str()).collect();
    let mut changes = Vec::new();
    for name in names {
        changes.extend(change(name, named(before, name), named(after, name)));
    }
    changes
}

fn named(all: &[Definition], name: &str) -> Option<Value> {
    let found = all.iter().find(|definition| definition.name.as_str() == name)?;
    Some(serde_json::to_value(found).unwrap_or_default())
}

fn change(name: &str, before: Option<Value>, after: Option<Value>) -> Option<DefinitionChange> {
    let (change, details) = match (before, after) {
        (Some(before), Some(after)) if before == after => return None,
        (Some(before), Some(after)) => ("changed", details(&before, &after)),
        (None, Some(_)) => ("new", Vec::new()),
        (Some(_), None) => ("gone", Vec::new()),
        (None, None) => return None,
    };
    Some(DefinitionChange { pipeline: name.to_owned(), change, details })
}

fn details(before: &Value, after: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", before, after, &mut lines);
    if lines.len() > LINES {
        let more = lines.len() - LINES;
        lines.truncate(LINES);
        lines.push(format!("… and {more} more differences"));
    }
    lines
}

/// Notes what differs below a place.
fn compare(place: &str, before: &Value, after: &Value, lines: &mut Vec<String>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(before), Value::Object(after)) => compare_fields(place, before, after, lines),
        (Value::Array(before), Value::Array(after)) if is_named(before) && is_named(after) => {
            compare_fields(place, &by_name(before), &by_name(after), lines);
        }
        _ => lines.push(format!("{place}: {} → {}", shown(before), shown(after))),
    }
}

fn compare_fields(place: &str, before: &Map<String, Value>, after: &Map<String, Value>, lines: &mut Vec<String>) {
    let fields: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for field in fields {
        let place = if place.is_empty() { field.clone() } else { format!("{place} {field}") };
        match (before.get(field), after.get(field)) {
            (Some(before), Some(after)) => compare(&place, before, after, lines),
            (None, Some(after)) => lines.push(format!("{place}: new, {}", shown(after))),
            (Some(before), None) => lines.push(format!("{place}: gone, {}", shown(before))),
            (None, None) => {}
        }
    }
}

/// Whether the values are things with names, as steps are.
fn is_named(values: &[Value]) -> bool {
    values.iter().all(|value| value["name"].is_string())
}

fn by_name(values: &[Value]) -> Map<String, Value> {
    let name = |value: &Value| format!("`{}`", value["name"].as_str().unwrap_or_default());
    values.iter().map(|value| (name(value), value.clone())).collect()
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(VALUE_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_names_the_step_and_the_argument() {
        let before = json!({ "name": "p", "steps": [{ "name": "a", "arguments": { "for": "1 s" } }, { "name": "b" }] });
        let after = json!({ "name": "p", "steps": [{ "name": "a", "arguments": { "for": "2 s" } }, { "name": "c" }] });
        let expected = [
            "steps `a` arguments for: \"1 s\" → \"2 s\"",
            "steps `b`: gone, {\"name\":\"b\"}",
            "steps `c`: new, {\"name\":\"c\"}",
        ];
        assert_eq!(details(&before, &after), expected);
    }

    #[test]
    fn equal_definitions_change_nothing_and_others_are_new_or_gone() {
        let value = || Some(json!({ "name": "p" }));
        assert_eq!(change("p", value(), value()), None);
        let kind = |before, after| change("p", before, after).unwrap().change;
        assert_eq!([kind(None, value()), kind(value(), None)], ["new", "gone"]);
    }
}
