//! Applies reference elements: their attributes overwrite, their children are merged in or removed.

use super::node::{Action, Errors, Node, most, twice};
use crate::xml::kind::ElementKind;
use crate::xml::suggest;

/// Changes `target` as `reference` says, in the order in which that is written.
pub(super) fn apply(target: &mut Node, reference: Node, errors: &mut Errors) {
    target.attributes.extend(reference.attributes);
    let defaults = target.of_kind(ElementKind::StepDefaults).next().cloned();
    for child in reference.children {
        if errors.is_full() {
            return;
        }
        match child.action {
            Action::Define => add(target, child, errors),
            Action::Change => {
                let Some(index) = find(target, &child, errors) else { continue };
                let (kind, identity) = (child.kind, child.identity.text.clone());
                if kind == ElementKind::Step {
                    take_defaults(&mut target.children[index], &child, defaults.as_ref());
                }
                errors.within(kind, &identity, |errors| apply(&mut target.children[index], child, errors));
            }
            Action::Remove => {
                let Some(index) = find(target, &child, errors) else { continue };
                let removed = target.children.remove(index);
                target.removed.insert((removed.kind, removed.identity.text), child.position);
            }
        }
    }
}

/// Gives a step those conditions of the defaults that a reference changes or removes: they are its own from then on.
fn take_defaults(step: &mut Node, reference: &Node, defaults: Option<&Node>) {
    let Some(defaults) = defaults else { return };
    let referred = reference.of_kind(ElementKind::StepCondition).filter(|child| child.action != Action::Define);
    for child in referred {
        let is_it = |other: &&Node| other.identity.text == child.identity.text;
        let is_gone = step.removed.contains_key(&(child.kind, child.identity.text.clone()));
        if !is_gone && !step.of_kind(child.kind).any(|own| is_it(&own)) {
            step.children.extend(defaults.of_kind(child.kind).find(is_it).cloned());
        }
    }
}

fn add(target: &mut Node, child: Node, errors: &mut Errors) {
    let is_same = |other: &&Node| other.identity.text == child.identity.text;
    if let Some(first) = target.of_kind(child.kind).find(is_same) {
        errors.push(&child.identity.position, twice(&child, &first.identity.position));
        return;
    }
    if target.of_kind(child.kind).count() == most(child.kind) {
        errors.push(&child.position, format!("more than {} {}s", most(child.kind), child.kind.word()));
        return;
    }
    target.children.push(child);
}

/// The child that `reference` means: of its kind and identity, and with the argument that its class name carries.
fn find(target: &Node, reference: &Node, errors: &mut Errors) -> Option<usize> {
    let is_meant = |child: &Node| {
        child.kind == reference.kind
            && child.identity.text == reference.identity.text
            && reference
                .implied
                .as_ref()
                .is_none_or(|(key, value)| child.argument(key).is_some_and(|argument| argument.text == *value))
    };
    let found = target.children.iter().position(is_meant);
    if found.is_none() {
        errors.push(&reference.identity.position, missing(target, reference));
    }
    found
}

fn missing(target: &Node, reference: &Node) -> String {
    let identity = &reference.identity.text;
    let argument = match &reference.implied {
        Some((key, value)) => format!(" with `{key}` {value}"),
        None => String::new(),
    };
    let remark = match target.removed.get(&(reference.kind, identity.clone())) {
        Some(position) => format!(" (it was removed at {position})"),
        None => {
            let known = target.of_kind(reference.kind).map(|child| child.identity.text.as_str());
            suggest::remark(identity, known)
        }
    };
    format!("there is no {}{argument} to refer to{remark}", reference.words())
}
