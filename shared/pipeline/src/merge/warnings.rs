//! What a definition may say and its author hardly meant.

use super::node::Node;
use crate::definition::Definition;
use crate::xml::kind::ElementKind;
use crate::xml::{Warning, XmlPosition};

/// What to tell of the definition that was built from `pipeline`.
pub(super) fn of(pipeline: &Node, definition: &Definition) -> Vec<Warning> {
    let name = &definition.name;
    let warning =
        |position: &XmlPosition, message| Warning { position: position.clone(), message, pipeline: name.to_string() };
    let mut warnings = Vec::new();
    if definition.conditions.is_empty() {
        let message = format!(
            "pipeline `{name}` has no condition, so every heartbeat spawns one more (`no_auto_spawn` leaves it to people \
             and other pipelines, `cron_expression` to the clock)"
        );
        warnings.push(warning(&pipeline.position, message));
    }
    let first = definition.steps.iter().map(|step| step.sort_order).min();
    // A step that runs always comes after all others without being told.
    let unordered = definition.steps.iter().filter(|step| step.conditions.is_empty() && !step.run_always);
    for step in unordered.filter(|step| Some(step.sort_order) > first) {
        let message = format!(
            "step `{}` has no condition, so it does not wait for the steps before it (`previous_steps_completed` does) and \
             is tried until its pipeline expires (`attempts_limit` ends that)",
            step.name
        );
        let nodes = pipeline.of_kind(ElementKind::Step);
        let node = nodes.into_iter().find(|node| node.identity.text == step.name.as_str());
        warnings.push(warning(&node.unwrap_or(pipeline).position, message));
    }
    warnings
}
