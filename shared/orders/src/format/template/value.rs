//! Orders and documents as the values of a template.

use minijinja::Value;

use crate::document::{Group, Node};
use crate::exact::ExactJson;

/// Digits that a number of the engine keeps; with more it would come out as another one.
const EXACT_DIGITS: usize = 15;

/// A document of a shop. Whole numbers and decimals are numbers; one with more digits than those keep is a text.
pub(super) fn of_json(json: &ExactJson) -> Value {
    match json {
        ExactJson::Null => Value::from(()),
        ExactJson::Bool(flag) => Value::from(*flag),
        ExactJson::Number(written) => number(written),
        ExactJson::Text(text) => Value::from(&**text),
        ExactJson::List(values) => values.iter().map(of_json).collect(),
        ExactJson::Object(fields) => Value::from_pairs(fields.iter().map(|(name, value)| (&**name, of_json(value)))),
    }
}

fn number(written: &str) -> Value {
    if let Ok(whole) = written.parse::<i64>() {
        return Value::from(whole);
    }
    let digits = written.chars().filter(char::is_ascii_digit).count();
    match written.parse::<f64>() {
        Ok(number) if digits <= EXACT_DIGITS && number.is_finite() => Value::from(number),
        _ => Value::from(written),
    }
}

/// The tree of a document.
pub(super) fn of_group(group: &Group) -> Value {
    Value::from_pairs(group.iter().map(|(name, node)| (*name, of_node(node))))
}

fn of_node(node: &Node) -> Value {
    match node {
        Node::Text(text) => Value::from(text.as_str()),
        Node::Group(group) => of_group(group),
        Node::List(groups) => groups.iter().map(of_group).collect(),
    }
}
