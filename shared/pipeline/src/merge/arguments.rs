//! The arguments that an element has.

use super::node::Node;
use crate::arguments::Arguments;
use crate::xml::kind::ElementKind;

/// The `argument` children of an element, by key.
pub(super) fn arguments(node: &Node) -> Arguments {
    let value = |child: &Node| child.attributes.get("value").map_or(String::new(), |value| value.text.clone());
    node.of_kind(ElementKind::Argument).map(|child| (child.identity.text.clone(), value(child))).collect()
}
