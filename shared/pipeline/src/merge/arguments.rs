//! The arguments that an element has, and where what is wrong with them stands.

use super::node::Node;
use crate::accepts::{Accepts, FaultPlace};
use crate::arguments::Arguments;
use crate::xml::kind::ElementKind;
use crate::xml::{Error, PlacedText, XmlPosition, quoted};

/// The `argument` children of an element, by key; without those that are left to the pipeline.
pub(super) fn arguments(node: &Node) -> Arguments {
    given(node).filter_map(|(key, value)| Some((key.text.clone(), value?.text.clone()))).collect()
}

/// The first argument of a condition that is left to the pipeline, which there is none of when a condition is asked.
pub(super) fn left_to_pipeline(node: &Node) -> Option<Error> {
    let (key, _) = given(node).find(|(_, value)| value.is_none())?;
    Some(
        key.position
            .error(format!("the argument {} needs a `value`: a condition is handed nothing", quoted(&key.text))),
    )
}

/// Everything that is wrong with the arguments of a step or condition. What is missing is missing where the element says
/// what it is, at `asks_at`, or where the argument was removed.
pub(super) fn faults(node: &Node, accepts: Accepts, asks_at: &XmlPosition) -> Vec<Error> {
    let placed: Vec<(&PlacedText, Option<&PlacedText>)> = given(node).collect();
    let texts: Vec<_> =
        placed.iter().map(|(key, value)| (key.text.as_str(), value.map(|value| value.text.as_str()))).collect();
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
                let or =
                    if node.kind == ElementKind::Step { "; or `from=\"pipeline\"`, if that hands it on" } else { "" };
                names.iter().find_map(removed).unwrap_or(asks_at).error(fault.message + or)
            }
        });
    }
    errors
}

/// The arguments of an element: keys and values; a value that the pipeline hands on is not known here.
fn given(node: &Node) -> impl Iterator<Item = (&PlacedText, Option<&PlacedText>)> {
    node.of_kind(ElementKind::Argument).map(|child| (&child.identity, child.attributes.get("value")))
}
