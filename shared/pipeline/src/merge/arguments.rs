//! The arguments that an element has, and where what is wrong with them stands.

use super::node::Node;
use crate::accepts::{Accepts, FaultPlace};
use crate::arguments::Arguments;
use crate::xml::kind::ElementKind;
use crate::xml::{Error, PlacedText, XmlPosition, quoted};

/// The `argument` children of an element, by key.
pub(super) fn arguments(node: &Node) -> Arguments {
    given(node).map(|(key, value)| (key.text.clone(), text(value).to_owned())).collect()
}

/// Everything that is wrong with the arguments of a step or condition. What is missing is missing where the element says
/// what it is, at `asks_at`, or where the argument was removed.
pub(super) fn faults(node: &Node, accepts: Accepts, asks_at: &XmlPosition) -> Vec<Error> {
    let placed: Vec<(&PlacedText, Option<&PlacedText>)> = given(node).collect();
    let texts: Vec<(&str, &str)> = placed.iter().map(|(key, value)| (key.text.as_str(), text(*value))).collect();
    let mut errors = Vec::new();
    for fault in accepts.faults(&texts) {
        errors.push(match fault.at {
            FaultPlace::Key(index) => placed[index].0.position.error(fault.message),
            FaultPlace::Value(index) => {
                let (key, value) = placed[index];
                let message = format!("argument {}: {}", quoted(&key.text), fault.message);
                value.unwrap_or(key).position.error(message)
            }
            FaultPlace::Missing(names) => {
                let removed = |name: &&str| node.removed.get(&(ElementKind::Argument, (*name).to_owned()));
                names.iter().find_map(removed).unwrap_or(asks_at).error(fault.message)
            }
        });
    }
    errors
}

fn given(node: &Node) -> impl Iterator<Item = (&PlacedText, Option<&PlacedText>)> {
    node.of_kind(ElementKind::Argument).map(|child| (&child.identity, child.attributes.get("value")))
}

fn text(value: Option<&PlacedText>) -> &str {
    value.map_or("", |value| value.text.as_str())
}
