//! From a merged pipeline to its definition.

mod step_defaults;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use super::arguments::arguments;
use super::condition::{
    self, Known, OrRegistered, PIPELINE_CONDITIONS, RECURRING_CONDITIONS, STEP_CONDITIONS, STEP_FILTER,
};
use super::node::{Errors, Node};
use super::{Vocabulary, step_arguments};
use crate::accepts::Accepts;
use crate::condition::StepCondition;
use crate::definition::{Definition, Described, Priority, StepDefinition};
use crate::duration;
use crate::id::Name;
use crate::xml::grammar::{boolean, integer, trimmed};
use crate::xml::kind::ElementKind;
use crate::xml::{Error, XmlPosition, alias, limits, suggest};

/// A list of steps that a condition waits for.
struct AwaitedSteps<'n> {
    /// The waiting step.
    step: Name,
    place: StepTurn,
    awaited: Vec<Name>,
    position: &'n XmlPosition,
}

/// When a step's turn comes: run-always steps run after all others, whatever their order.
#[derive(Clone, Copy)]
struct StepTurn {
    run_always: bool,
    sort_order: i32,
}

impl StepTurn {
    fn of(step: &StepDefinition) -> Self {
        StepTurn { run_always: step.run_always, sort_order: step.sort_order }
    }
}

/// Builds the definition that `node` describes.
pub(super) fn definition(node: &Node, vocabulary: &Vocabulary) -> Result<Definition, Vec<Error>> {
    let mut errors = Errors::new();
    let built = errors.within(ElementKind::Pipeline, &node.identity.text, |errors| {
        let node = step_defaults::with_defaults(node, vocabulary, errors);
        pipeline(&node, vocabulary, errors)
    });
    match built {
        Some(built) if errors.list.is_empty() => Ok(built),
        _ => Err(errors.list),
    }
}

fn pipeline(node: &Node, vocabulary: &Vocabulary, errors: &mut Errors) -> Option<Definition> {
    let name = name(node, errors);
    let mut filters = Vec::new();
    let mut steps: Vec<StepDefinition> = node
        .of_kind(ElementKind::Step)
        .filter_map(|child| {
            errors
                .within(ElementKind::Step, &child.identity.text, |errors| step(child, vocabulary, &mut filters, errors))
        })
        .collect();
    if node.of_kind(ElementKind::Step).next().is_none() {
        errors.push(&node.position, "there is no step");
    }
    steps.sort_by_key(|step| step.sort_order);
    check_filters(&filters, &steps, errors);
    if let Some(executors) = &vocabulary.executors {
        step_arguments::check(node, &steps, executors, errors);
    }
    let registered = &vocabulary.pipeline_conditions;
    let nameable = Nameable { kind: ElementKind::PipelineCondition, known: PIPELINE_CONDITIONS, registered };
    let asked = conditions(node, &nameable, errors);
    let definition = Definition {
        name: name?,
        description: description(node),
        uses_working_directory: read(node, "use-working-directory", boolean, errors).unwrap_or(false),
        expire_in: read(node, "expire-in", duration::parse, errors),
        priority: read(node, "priority", |text| trimmed(text).parse(), errors).unwrap_or(Priority::default()),
        conditions: asked.into_iter().map(|(_, described)| described).collect(),
        steps: steps.into_iter().map(Arc::new).collect(),
    };
    check_size(&definition, node, errors);
    Some(definition)
}

fn step<'n>(
    node: &'n Node,
    vocabulary: &Vocabulary,
    filters: &mut Vec<AwaitedSteps<'n>>,
    errors: &mut Errors,
) -> Option<StepDefinition> {
    let registered = &vocabulary.step_conditions;
    let nameable = Nameable { kind: ElementKind::StepCondition, known: STEP_CONDITIONS, registered };
    let mut all = conditions(node, &nameable, errors);
    // Nobody can register a recurring condition.
    let registered = &BTreeMap::new();
    let nameable = Nameable { kind: ElementKind::RecurringCondition, known: RECURRING_CONDITIONS, registered };
    all.extend(conditions(node, &nameable, errors));
    let awaiting: Vec<_> = all.iter().filter_map(|(child, it)| awaiting(child, &it.condition)).collect();
    let step = StepDefinition {
        name: name(node, errors)?,
        executor: read(node, "executorType", alias::executor, errors)?,
        sort_order: read(node, "sortOrder", integer, errors).unwrap_or(0),
        description: description(node),
        expire_in: read(node, "expireIn", duration::parse, errors),
        allow_failure: read(node, "allowFailure", boolean, errors).unwrap_or(false),
        run_always: read(node, "runAlwaysStep", boolean, errors).unwrap_or(false),
        arguments: arguments(node),
        conditions: all.into_iter().map(|(_, described)| described).collect(),
        is_added: false,
    };
    filters.extend(awaiting.into_iter().map(|(awaited, position)| AwaitedSteps {
        step: step.name.clone(),
        place: StepTurn::of(&step),
        awaited,
        position,
    }));
    Some(step)
}

/// Which conditions an element of a kind may name.
struct Nameable<'v, C: 'static> {
    kind: ElementKind,
    known: &'static [Known<C>],
    registered: &'v BTreeMap<String, Accepts>,
}

fn conditions<'n, C: OrRegistered>(
    node: &'n Node,
    nameable: &Nameable<'_, C>,
    errors: &mut Errors,
) -> Vec<(&'n Node, Described<C>)> {
    let Nameable { kind, known, registered } = *nameable;
    let mut described = Vec::new();
    for child in node.of_kind(kind) {
        match condition::build(known, registered, child) {
            Ok(condition) => described.push((child, Described { condition, description: description(child) })),
            Err(error) => {
                errors.within(kind, &child.written, |errors| errors.push(&error.position, error.message));
            }
        }
    }
    described
}

fn name(node: &Node, errors: &mut Errors) -> Option<Name> {
    let name = node.identity.text.parse::<Name>();
    name.map_err(|error| errors.push(&node.identity.position, error.to_string())).ok()
}

/// The original's files are full of empty descriptions; they say nothing, as if they were absent.
fn description(node: &Node) -> Option<String> {
    node.attributes.get("description").map(|value| value.text.clone()).filter(|text| !text.is_empty())
}

fn read<T, E: Display>(
    node: &Node,
    attribute: &str,
    parse: impl Fn(&str) -> Result<T, E>,
    errors: &mut Errors,
) -> Option<T> {
    let value = node.attributes.get(attribute)?;
    parse(&value.text).map_err(|error| errors.push(&value.position, error.to_string())).ok()
}

/// The steps before that a condition names, and where it does.
fn awaiting<'n>(node: &'n Node, condition: &StepCondition) -> Option<(Vec<Name>, &'n XmlPosition)> {
    let steps = match condition {
        StepCondition::PreviousStepsCompleted { steps } | StepCondition::PreviousStepsFinished { steps } => {
            steps.as_ref()?
        }
        StepCondition::DependingOnNamedSteps { steps } => steps,
        // Steps of other pipelines may have any name.
        StepCondition::WaitForStepIsNotRunning { .. }
        | StepCondition::AttemptsLimit { .. }
        | StepCondition::TimeBetweenAttempts { .. }
        | StepCondition::NamedPipelinesHaveStatus { .. }
        | StepCondition::Recurring { .. }
        | StepCondition::Registered(_) => return None,
    };
    let value = STEP_FILTER.iter().find_map(|key| node.argument(key))?;
    Some((steps.clone(), &value.position))
}

/// A step may wait for steps of lower order only. That also keeps steps from waiting for each other in a circle.
fn check_filters(filters: &[AwaitedSteps<'_>], steps: &[StepDefinition], errors: &mut Errors) {
    let places: BTreeMap<&Name, StepTurn> = steps.iter().map(|step| (&step.name, StepTurn::of(step))).collect();
    for filter in filters {
        for awaited in &filter.awaited {
            if errors.is_full() {
                return;
            }
            let message = match places.get(awaited) {
                None => {
                    let remark = suggest::remark(awaited.as_str(), places.keys().map(|name| name.as_str()));
                    format!("there is no step `{awaited}` to wait for{remark}")
                }
                Some(place) if place.run_always && !filter.place.run_always => {
                    format!(
                        "`{awaited}` is not a step before this one: it has `runAlwaysStep` and runs after all others"
                    )
                }
                Some(place) if place.sort_order >= filter.place.sort_order => {
                    let (order, own) = (place.sort_order, filter.place.sort_order);
                    format!("`{awaited}` is not a step before this one: its order is {order}, that of this one {own}")
                }
                Some(_) => continue,
            };
            errors.within(ElementKind::Step, filter.step.as_str(), |errors| errors.push(filter.position, message));
        }
    }
}

fn check_size(definition: &Definition, node: &Node, errors: &mut Errors) {
    let size = serde_json::to_vec(definition).map_or(0, |stored| stored.len());
    if size > limits::DEFINITION_BYTES {
        let message = format!("the definition has {size} bytes, more than {}", limits::DEFINITION_BYTES);
        errors.push(&node.position, message);
    }
}
