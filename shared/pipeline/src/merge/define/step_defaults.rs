//! What a pipeline says once for all its steps.
//!
//! A step has each condition of `stepDefaults` of whose type it has none, and its `expireIn` if it says none itself. That
//! is all: a definition knows of no defaults, its steps have what they have.

use std::borrow::Cow;

use super::{Errors, Nameable, Node, STEP_CONDITIONS, Vocabulary, conditions};
use crate::xml::kind::ElementKind;

/// The pipeline with its defaults in its steps.
///
/// What is wrong in the defaults is said once, and not for every step.
pub(super) fn with_defaults<'n>(pipeline: &'n Node, vocabulary: &Vocabulary, errors: &mut Errors) -> Cow<'n, Node> {
    let Some(defaults) = pipeline.of_kind(ElementKind::StepDefaults).next() else { return Cow::Borrowed(pipeline) };
    let before = errors.list.len();
    errors.within(ElementKind::StepDefaults, "", |errors| {
        let registered = &vocabulary.step_conditions;
        conditions(
            defaults,
            &Nameable { kind: ElementKind::StepCondition, known: STEP_CONDITIONS, registered },
            errors,
        );
    });
    if errors.list.len() > before {
        return Cow::Borrowed(pipeline);
    }
    let mut filled = pipeline.clone();
    for step in filled.children.iter_mut().filter(|child| child.kind == ElementKind::Step) {
        fill(step, defaults);
    }
    Cow::Owned(filled)
}

fn fill(step: &mut Node, defaults: &Node) {
    for (attribute, value) in &defaults.attributes {
        step.attributes.entry(attribute).or_insert_with(|| value.clone());
    }
    for default in defaults.of_kind(ElementKind::StepCondition) {
        let is_own = |own: &Node| own.identity.text == default.identity.text;
        // Another file may have taken it away from this step.
        let is_removed = step.removed.contains_key(&(default.kind, default.identity.text.clone()));
        if !is_removed && !step.of_kind(ElementKind::StepCondition).any(is_own) {
            step.children.push(default.clone());
        }
    }
}
