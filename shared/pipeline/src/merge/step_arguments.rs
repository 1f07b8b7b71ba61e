//! Whether the steps of a pipeline name executors that there are, and tell them what they can be told.
//!
//! This is looked at when all files are merged: a file can change the executor of a step, its arguments, or the steps that
//! it refers to, of a pipeline that another one defines.

use std::collections::BTreeMap;

use super::arguments::faults;
use super::condition::elsewhere;
use super::node::{Errors, Node};
use crate::accepts::{Accepts, DeclaredArgument, EarlierStep};
use crate::definition::StepDefinition;
use crate::xml::kind::ElementKind;
use crate::xml::{Error, PlacedText, XmlPosition, alias, quoted, suggest};

/// Checks the steps of `pipeline`, which are `steps`.
pub(super) fn check(
    pipeline: &Node,
    steps: &[StepDefinition],
    executors: &BTreeMap<String, Accepts>,
    errors: &mut Errors,
) {
    for node in pipeline.of_kind(ElementKind::Step) {
        let step = steps.iter().find(|step| step.name.as_str() == node.identity.text);
        let (Some(step), Some(asks)) = (step, node.attributes.get("executorType")) else { continue };
        if errors.is_full() {
            return;
        }
        errors.within(ElementKind::Step, &node.identity.text, |errors| {
            let Some(accepts) = executors.get(&step.executor) else {
                return errors.push(&asks.position, unknown_executor(&asks.text, executors));
            };
            let named = StepsNamed { pipeline, steps, step, node, asks_at: &asks.position };
            let named = accepts.known().iter().filter_map(|argument| named.fault(*argument));
            for Error { position, message } in faults(node, *accepts, &asks.position).into_iter().chain(named) {
                errors.push(blamed(node, asks, &position), message);
            }
        });
    }
}

/// That there is no such executor, in the words of the author, and what to use instead.
fn unknown_executor(asked: &str, executors: &BTreeMap<String, Accepts>) -> String {
    if asked.contains('\\') {
        return alias::Error::ExecutorClass { found: asked.to_owned() }.to_string();
    }
    let expected = suggest::expected(asked, executors.keys().map(String::as_str));
    let instead = alias::instead::of_unregistered(asked).map(|instead| format!("; {instead}"));
    let instead = instead.unwrap_or_else(|| elsewhere(asked));
    format!("there is no executor {}{expected}{instead}", quoted(asked))
}

/// Where a fault is reported. When another file has changed the executor of a step, an argument that stood there before
/// is no fault of its own file, which must not be taken for broken.
fn blamed<'p>(node: &Node, asks: &'p PlacedText, fault: &'p XmlPosition) -> &'p XmlPosition {
    let is_changed = asks.position.file != node.position.file;
    if is_changed && fault.file == node.position.file { &asks.position } else { fault }
}

/// Whether arguments of a step name steps that run before it.
struct StepsNamed<'a> {
    pipeline: &'a Node,
    steps: &'a [StepDefinition],
    step: &'a StepDefinition,
    node: &'a Node,
    asks_at: &'a XmlPosition,
}

impl StepsNamed<'_> {
    fn fault(&self, argument: &dyn DeclaredArgument) -> Option<Error> {
        let needed = argument.earlier_step().filter(|_| !self.node.is_handed_on(argument.name()))?;
        let given = self.node.argument(argument.name());
        let (name, position) = match (given, argument.presence().default()) {
            (Some(value), _) => (value.text.as_str(), &value.position),
            (None, Some(default)) if needed == EarlierStep::Needed => (default, self.asks_at),
            (None, _) => return None,
        };
        let removed = self.pipeline.removed.get(&(ElementKind::Step, name.to_owned()));
        let found = self.steps.iter().find(|other| other.name.as_str() == name);
        let why = match (found, removed) {
            (Some(other), _) if turn(other) < turn(self.step) => return None,
            (Some(_), _) => format!("step {} does not run before this one", quoted(name)),
            (None, Some(_)) => format!("step {} is removed here, and this one needs it", quoted(name)),
            (None, None) => format!("there is no step {}", quoted(name)),
        };
        // Who took the step away or put it elsewhere is at fault, in whichever file that was.
        let position = match found {
            Some(_) => self.moved(name).unwrap_or(position),
            None => removed.unwrap_or(position),
        };
        let near = match (found, removed) {
            (None, None) => suggest::remark(name, self.steps.iter().map(|other| other.name.as_str())),
            _ => String::new(),
        };
        let (key, meaning) = (argument.name(), argument.meaning());
        let told = match given {
            Some(_) => format!("argument `{key}`: {why}; expected {meaning}{near}"),
            None => format!("{why}; argument `{key}`, which is `{name}` where it is left out, expects {meaning}{near}"),
        };
        Some(position.error(told))
    }

    /// Where another file than the one that defines a step has changed when its turn comes: that of the step named, or of
    /// the one that names it.
    fn moved(&self, name: &str) -> Option<&XmlPosition> {
        let named = self.pipeline.of_kind(ElementKind::Step).find(|other| other.identity.text == name);
        let nodes = named.into_iter().chain([self.node]);
        let turns = nodes.flat_map(|node| ["sortOrder", "runAlwaysStep"].map(|attribute| (node, attribute)));
        let mut places = turns.filter_map(|(node, attribute)| Some((node, &node.attributes.get(attribute)?.position)));
        places.find(|(node, place)| place.file != node.position.file).map(|(_, place)| place)
    }
}

/// When a step's turn comes: run-always steps run after all others.
fn turn(step: &StepDefinition) -> (bool, i32) {
    (step.run_always, step.sort_order)
}
