//! Which elements and attributes there are, where they may stand, and what they mean.
//!
//! The one table of the format. `pipelines/pipeline.xsd` says the same to editors and `xmllint`; a test holds the two
//! together.

use crate::definition::{BadPriority, Priority};
use crate::duration;
use crate::id::{BadName, Name};

use super::kind::ElementKind;
use super::{alias, quoted};

/// An element in its place: `conditions` of a pipeline and `conditions` of a step are two rules.
pub(crate) struct Rule {
    pub(crate) element: &'static str,
    pub(crate) role: ElementRole,
    pub(crate) attributes: &'static [AttributeRule],
    /// In any order, any number of times.
    pub(crate) children: &'static [&'static Rule],
}

/// What an element does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ElementRole {
    /// Holds others together and means nothing itself.
    Groups,
    /// Makes a new thing.
    Defines(ElementKind),
    /// Changes or removes a thing that exists.
    Refers(ElementKind),
}

pub(crate) struct AttributeRule {
    pub(crate) name: &'static str,
    /// The name it goes by from here on; differs for spellings that are accepted beside the proper one.
    pub(crate) means: &'static str,
    pub(crate) is_required: bool,
    pub(crate) check: fn(&str) -> Result<(), BadAttribute>,
}

/// Why an attribute cannot have a value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadAttribute {
    #[error("{} is neither `true` nor `false`", quoted(found))]
    Boolean { found: String },
    #[error("{} is not a whole number (example: `10`)", quoted(found))]
    Integer { found: String },
    #[error("the key is empty")]
    EmptyKey,
    #[error("{} hands on no arguments (expected `pipeline`)", quoted(found))]
    Source { found: String },
    #[error(transparent)]
    Name(#[from] BadName),
    #[error(transparent)]
    Executor(#[from] alias::Error),
    #[error(transparent)]
    Duration(#[from] duration::Error),
    #[error(transparent)]
    Priority(#[from] BadPriority),
}

pub(crate) static CONFIG: Rule = Rule {
    element: "config",
    role: ElementRole::Groups,
    attributes: &[may("xmlns:xsi", text), may(SCHEMA, text), may("xsi:schemaLocation", text)],
    children: &[&PIPELINE, &REFERENCE_PIPELINE],
};

/// The attribute that tells an editor where the schema is.
const SCHEMA: &str = "xsi:noNamespaceSchemaLocation";

static PIPELINE: Rule = Rule {
    element: "pipeline",
    role: ElementRole::Defines(ElementKind::Pipeline),
    attributes: &[
        must("name", name),
        may("description", text),
        may("use-working-directory", flag),
        may("expire-in", wait),
        may("priority", priority),
    ],
    children: &[&PIPELINE_CONDITIONS, &STEP_DEFAULTS, &STEP],
};

static REFERENCE_PIPELINE: Rule = Rule {
    element: "referencePipeline",
    role: ElementRole::Refers(ElementKind::Pipeline),
    attributes: &[
        must("name", name),
        may("description", text),
        may("use-working-directory", flag),
        may("expire-in", wait),
        may("priority", priority),
        may("remove", flag),
    ],
    children: &[&CHANGED_PIPELINE_CONDITIONS, &STEP_DEFAULTS, &REFERENCE_STEP_DEFAULTS, &STEP, &REFERENCE_STEP],
};

static PIPELINE_CONDITIONS: Rule = group("conditions", &[&PIPELINE_CONDITION]);
static CHANGED_PIPELINE_CONDITIONS: Rule = group("conditions", &[&PIPELINE_CONDITION, &REFERENCE_PIPELINE_CONDITION]);
static PIPELINE_CONDITION: Rule = condition("pipeline_condition", ElementKind::PipelineCondition);
static REFERENCE_PIPELINE_CONDITION: Rule =
    reference_condition("referencePipeline_condition", ElementKind::PipelineCondition);

static STEP_DEFAULTS: Rule = Rule {
    element: "stepDefaults",
    role: ElementRole::Defines(ElementKind::StepDefaults),
    attributes: &[may("expireIn", wait)],
    children: &[&DEFAULT_CONDITIONS],
};

static REFERENCE_STEP_DEFAULTS: Rule = Rule {
    element: "referenceStepDefaults",
    role: ElementRole::Refers(ElementKind::StepDefaults),
    attributes: &[may("expireIn", wait), may("remove", flag)],
    children: &[&CHANGED_DEFAULT_CONDITIONS],
};

// How often a step runs is its own affair.
static DEFAULT_CONDITIONS: Rule = group("conditions", &[&STEP_CONDITION]);
static CHANGED_DEFAULT_CONDITIONS: Rule = group("conditions", &[&STEP_CONDITION, &REFERENCE_STEP_CONDITION]);

static STEP: Rule = Rule {
    element: "step",
    role: ElementRole::Defines(ElementKind::Step),
    attributes: &[
        must("name", name),
        must("executorType", executor),
        may("sortOrder", number),
        may("description", text),
        may("expireIn", wait),
        may("allowFailure", flag),
        may("runAlwaysStep", flag),
    ],
    children: &[&ARGUMENTS, &STEP_CONDITIONS],
};

static REFERENCE_STEP: Rule = Rule {
    element: "referenceStep",
    role: ElementRole::Refers(ElementKind::Step),
    attributes: &[
        must("name", name),
        may("executorType", executor),
        may("sortOrder", number),
        // The original's documentation misprints the name, on reference steps only, and files follow it.
        AttributeRule { name: "sort_order", means: "sortOrder", is_required: false, check: number },
        may("description", text),
        may("expireIn", wait),
        may("allowFailure", flag),
        may("runAlwaysStep", flag),
        may("remove", flag),
    ],
    children: &[&CHANGED_ARGUMENTS, &CHANGED_STEP_CONDITIONS],
};

const CONDITION_ATTRIBUTES: &[AttributeRule] = &[must("type", text), may("description", text)];
const REFERENCE_CONDITION_ATTRIBUTES: &[AttributeRule] =
    &[must("type", text), may("description", text), may("remove", flag)];
const CONDITION_CHILDREN: &[&Rule] = &[&ARGUMENT, &ARGUMENTS];
const REFERENCE_CONDITION_CHILDREN: &[&Rule] = &[&ARGUMENT, &REFERENCE_ARGUMENT, &CHANGED_ARGUMENTS];

static STEP_CONDITIONS: Rule = group("conditions", &[&STEP_CONDITION, &RECURRING_CONDITION]);
static CHANGED_STEP_CONDITIONS: Rule = group(
    "conditions",
    &[&STEP_CONDITION, &RECURRING_CONDITION, &REFERENCE_STEP_CONDITION, &REFERENCE_RECURRING_CONDITION],
);
static STEP_CONDITION: Rule = condition("step_condition", ElementKind::StepCondition);
static REFERENCE_STEP_CONDITION: Rule = reference_condition("referenceStep_condition", ElementKind::StepCondition);
static RECURRING_CONDITION: Rule = condition("recurring_condition", ElementKind::RecurringCondition);
static REFERENCE_RECURRING_CONDITION: Rule =
    reference_condition("referenceRecurring_condition", ElementKind::RecurringCondition);

static ARGUMENTS: Rule = group("arguments", &[&ARGUMENT]);
static CHANGED_ARGUMENTS: Rule = group("arguments", &[&ARGUMENT, &REFERENCE_ARGUMENT]);
static ARGUMENT: Rule = Rule {
    element: "argument",
    role: ElementRole::Defines(ElementKind::Argument),
    // One of `value` and `from`, which no rule can say; who reads the element does.
    attributes: &[must("key", key), may("value", text), may("from", source)],
    children: &[],
};
static REFERENCE_ARGUMENT: Rule = Rule {
    element: "referenceArgument",
    role: ElementRole::Refers(ElementKind::Argument),
    attributes: &[must("key", key), may("value", text), may("remove", flag)],
    children: &[],
};

impl Rule {
    pub(crate) fn child(&self, element: &str) -> Option<&'static Rule> {
        self.children.iter().find(|rule| rule.element == element).copied()
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&'static AttributeRule> {
        self.attributes.iter().find(|rule| rule.name == name)
    }
}

impl ElementKind {
    /// The attribute that tells one from another; `None` if there is one at most.
    pub(crate) fn identity(self) -> Option<&'static str> {
        match self {
            ElementKind::Pipeline | ElementKind::Step => Some("name"),
            ElementKind::PipelineCondition | ElementKind::StepCondition | ElementKind::RecurringCondition => {
                Some("type")
            }
            ElementKind::Argument => Some("key"),
            ElementKind::StepDefaults => None,
        }
    }

    /// What a condition of this kind stands in.
    pub(crate) fn owner(self) -> &'static str {
        match self {
            ElementKind::Pipeline | ElementKind::PipelineCondition => "pipeline",
            ElementKind::StepDefaults
            | ElementKind::Step
            | ElementKind::StepCondition
            | ElementKind::RecurringCondition
            | ElementKind::Argument => "step",
        }
    }

    /// What people call it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            ElementKind::Pipeline => "pipeline",
            ElementKind::Step => "step",
            ElementKind::StepDefaults => "step defaults",
            ElementKind::PipelineCondition | ElementKind::StepCondition => "condition",
            ElementKind::RecurringCondition => "recurring condition",
            ElementKind::Argument => "argument",
        }
    }
}

/// Reads `true`, `false`, `1` or `0`.
pub(crate) fn boolean(found: &str) -> Result<bool, BadAttribute> {
    match trimmed(found) {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(BadAttribute::Boolean { found: found.to_owned() }),
    }
}

/// Reads a sort order.
pub(crate) fn integer(found: &str) -> Result<i32, BadAttribute> {
    found.parse().map_err(|_| BadAttribute::Integer { found: found.to_owned() })
}

/// A value without the white space around it, which the schema's types ignore too.
pub(crate) fn trimmed(found: &str) -> &str {
    found.trim_matches([' ', '\t', '\r', '\n'])
}

const fn must(name: &'static str, check: fn(&str) -> Result<(), BadAttribute>) -> AttributeRule {
    AttributeRule { name, means: name, is_required: true, check }
}

const fn may(name: &'static str, check: fn(&str) -> Result<(), BadAttribute>) -> AttributeRule {
    AttributeRule { name, means: name, is_required: false, check }
}

const fn group(element: &'static str, children: &'static [&'static Rule]) -> Rule {
    Rule { element, role: ElementRole::Groups, attributes: &[], children }
}

const fn condition(element: &'static str, kind: ElementKind) -> Rule {
    Rule { element, role: ElementRole::Defines(kind), attributes: CONDITION_ATTRIBUTES, children: CONDITION_CHILDREN }
}

const fn reference_condition(element: &'static str, kind: ElementKind) -> Rule {
    let (attributes, children) = (REFERENCE_CONDITION_ATTRIBUTES, REFERENCE_CONDITION_CHILDREN);
    Rule { element, role: ElementRole::Refers(kind), attributes, children }
}

#[expect(clippy::unnecessary_wraps, reason = "one of the checks of the table")]
fn text(_: &str) -> Result<(), BadAttribute> {
    Ok(())
}

fn name(found: &str) -> Result<(), BadAttribute> {
    found.parse::<Name>()?;
    Ok(())
}

fn key(found: &str) -> Result<(), BadAttribute> {
    if found.is_empty() { Err(BadAttribute::EmptyKey) } else { Ok(()) }
}

fn source(found: &str) -> Result<(), BadAttribute> {
    if found == "pipeline" { Ok(()) } else { Err(BadAttribute::Source { found: found.to_owned() }) }
}

fn executor(found: &str) -> Result<(), BadAttribute> {
    alias::executor(found)?;
    Ok(())
}

fn flag(found: &str) -> Result<(), BadAttribute> {
    boolean(found)?;
    Ok(())
}

fn number(found: &str) -> Result<(), BadAttribute> {
    integer(found)?;
    Ok(())
}

fn wait(found: &str) -> Result<(), BadAttribute> {
    duration::parse(found)?;
    Ok(())
}

fn priority(found: &str) -> Result<(), BadAttribute> {
    trimmed(found).parse::<Priority>()?;
    Ok(())
}
