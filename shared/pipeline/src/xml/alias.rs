//! Types and executors by name, and the original's PHP class names as other words for them.
//!
//! A text with a backslash is a class name, with or without a backslash in front. A class that has no row here is refused:
//! its code is PHP, and nothing of ours does what it did.

use super::kind::ElementKind;
use super::{limits, quoted};

pub(crate) mod instead;

/// The type of a condition in our words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConditionType {
    pub(crate) name: String,
    /// What the class name says beside the type, as `limit` and `5` in `AttemptsLimit\Limit5`.
    pub(crate) argument: Option<(&'static str, String)>,
}

/// Why a text names nothing that we know by a name or by a class of the original.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error(
        "{} is not a type of condition (expected `a-z`, `0-9`, `_`, `-` or `.`{})",
        quoted(found),
        our_spelling(found)
    )]
    ConditionName { found: String },
    /// The condition that the message is about is already named by its class.
    #[error("there is no {} for this class; {instead}", kind.word())]
    ConditionClass { kind: ElementKind, instead: &'static str },
    #[error("it is a condition of a {}, and this one stands in a {}", kind.owner(), other.owner())]
    ConditionOfOther { kind: ElementKind, other: ElementKind },
    #[error(
        "{} is not the name of an executor (expected `a-z`, `0-9`, `_`, `-` or `.`{}){}",
        quoted(found),
        our_spelling(found),
        or_instead(found)
    )]
    ExecutorName { found: String },
    #[error("there is no executor for the class {}; {}", quoted(found), instead::of_executor(found))]
    ExecutorClass { found: String },
}

/// A class of the original, its name with us, and the argument that the names of its virtual types carry.
struct Class {
    class: &'static str,
    name: &'static str,
    /// `("Limit", "limit")`: the class may be followed by `\Limit` and a number, which is our argument `limit`.
    numbered: Option<(&'static str, &'static str)>,
    /// An argument that the class itself stands for.
    given: Option<(&'static str, &'static str)>,
}

const PIPELINE_CONDITIONS: &str = r"TechDivision\ProcessPipelines\Helper\Condition\Pipeline\";
const STEP_CONDITIONS: &str = r"TechDivision\ProcessPipelines\Helper\Condition\Step\";
const EXECUTORS: &str = r"TechDivision\ProcessPipelines\Model\Executor\";

/// The original's module for imports has conditions of its own.
const PIPELINE_CONDITIONS_OF_IMPORTS: &str = r"TechDivision\PacemakerImportBase\Helper\Condition\Pipeline\";
const STEP_CONDITIONS_OF_IMPORTS: &str = r"TechDivision\PacemakerImportBase\Helper\Condition\Step\";

const PIPELINE_CONDITION_CLASSES: &[Class] = &[
    class("NoAutoSpawn", "no_auto_spawn"),
    class("NoSiblingInProgress", "no_sibling_in_progress"),
    class("CronExpression", "cron_expression"),
    class("ConfigurableCronExpression", "configurable_cron_expression"),
    class("WebsiteActive", "website_active"),
    class("CleanUp", "clean_up"),
    class("NamedPipelinesHasStatus", "named_pipelines_have_status"),
];

const STEP_CONDITION_CLASSES: &[Class] = &[
    Class { numbered: Some(("Limit", "limit")), ..class("AttemptsLimit", "attempts_limit") },
    Class { numbered: Some(("Minutes", "minutes")), ..class("TimeBetweenAttempts", "time_between_attempts") },
    class("PreviousStepsCompleted", "previous_steps_completed"),
    class("PreviousStepsFinished", "previous_steps_finished"),
    class("WaitForStepIsNotRunning", "wait_for_step_is_not_running"),
    class("DependingOnNamedSteps", "depending_on_named_steps"),
    class("NamedPipelinesHasStatus", "named_pipelines_have_status"),
];

const PIPELINE_CONDITION_CLASSES_OF_IMPORTS: &[Class] = &[
    class("IsPipelineEnabled", "pipeline_enabled"),
    class("NoConflictingStepsInProcess", "no_conflicting_step"),
    class("NoConflictingIndexingProcess", "no_indexing_in_progress"),
];

const STEP_CONDITION_CLASSES_OF_IMPORTS: &[Class] = &[
    class("NoConflictingStepsInProcess", "wait_for_step_is_not_running"),
    Class {
        given: Some(("steps", "pacemaker_import_reindex, pacemaker_force_reindex")),
        ..class("NoConflictingIndexStepProcess", "wait_for_step_is_not_running")
    },
    class("NoConflictingIndexingProcess", "no_indexing_in_progress"),
];

/// The executors that the original ships; its documentation spells one of them in two ways.
const EXECUTOR_CLASSES: &[Class] = &[
    class("DropCache", "drop_cache"),
    // Not ours: it brings indexes of the system in order that it runs in.
    class("Reindex", "index"),
    class("CompressExecutor", "compress"),
    class("CompressPipelineExecutor", "compress"),
    class("DeleteExecutor", "delete_files"),
    class("DeletePipelineExecutor", "delete_pipelines"),
];

/// Reads the type of a condition. A name of ours may still be unknown; who builds the condition finds that.
pub(crate) fn condition(kind: ElementKind, found: &str) -> Result<ConditionType, Error> {
    if !found.contains('\\') {
        if !is_plain(found) {
            return Err(Error::ConditionName { found: found.to_owned() });
        }
        return Ok(ConditionType { name: found.to_owned(), argument: None });
    }
    let meant = |kind| {
        classes_of(kind).iter().find_map(|(namespace, classes)| {
            let short = local(found, namespace)?;
            classes.iter().find_map(|class| class.condition(short))
        })
    };
    if let Some(condition) = meant(kind) {
        return Ok(condition);
    }
    let mut others = [ElementKind::PipelineCondition, ElementKind::StepCondition].into_iter();
    match others.find(|other| *other != kind && meant(*other).is_some()) {
        Some(other) => Err(Error::ConditionOfOther { kind: other, other: kind }),
        None => Err(Error::ConditionClass { kind, instead: instead::of_condition(kind, found) }),
    }
}

/// Reads the name of an executor. Whether there is one of that name is not known here.
pub(crate) fn executor(found: &str) -> Result<String, Error> {
    if !found.contains('\\') {
        if !is_plain(found) {
            return Err(Error::ExecutorName { found: found.to_owned() });
        }
        return Ok(found.to_owned());
    }
    let class = local(found, EXECUTORS).and_then(|short| EXECUTOR_CLASSES.iter().find(|class| class.class == short));
    let class = class.ok_or_else(|| Error::ExecutorClass { found: found.to_owned() })?;
    Ok(class.name.to_owned())
}

/// Every class name of the original that is accepted for a condition of a kind; with a number where it may have one.
#[cfg(test)]
pub(crate) fn condition_classes(kind: ElementKind) -> Vec<String> {
    let mut names = Vec::new();
    for (namespace, classes) in classes_of(kind) {
        for class in *classes {
            names.push(format!("{namespace}{}", class.class));
            names.extend(class.numbered.map(|(word, _)| format!(r"{namespace}{}\{word}5", class.class)));
        }
    }
    names
}

/// The namespaces of the original's conditions of a kind, and the classes in each.
fn classes_of(kind: ElementKind) -> &'static [(&'static str, &'static [Class])] {
    match kind {
        ElementKind::PipelineCondition => &[
            (PIPELINE_CONDITIONS, PIPELINE_CONDITION_CLASSES),
            (PIPELINE_CONDITIONS_OF_IMPORTS, PIPELINE_CONDITION_CLASSES_OF_IMPORTS),
        ],
        ElementKind::StepCondition => &[
            (STEP_CONDITIONS, STEP_CONDITION_CLASSES),
            (STEP_CONDITIONS_OF_IMPORTS, STEP_CONDITION_CLASSES_OF_IMPORTS),
        ],
        ElementKind::RecurringCondition
        | ElementKind::Pipeline
        | ElementKind::StepDefaults
        | ElementKind::Step
        | ElementKind::Argument => &[],
    }
}

impl Class {
    fn condition(&self, short: &str) -> Option<ConditionType> {
        let rest = short.strip_prefix(self.class)?;
        let argument = match (rest, self.numbered) {
            ("", _) => self.given.map(|(key, value)| (key, value.to_owned())),
            (rest, Some((word, key))) => {
                let number = rest.strip_prefix('\\')?.strip_prefix(word)?;
                let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
                Some((key, is_number.then(|| number.to_owned())?))
            }
            (_, None) => return None,
        };
        Some(ConditionType { name: self.name.to_owned(), argument })
    }
}

const fn class(class: &'static str, name: &'static str) -> Class {
    Class { class, name, numbered: None, given: None }
}

/// Whether a text can be a name of ours.
fn is_plain(found: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.');
    !found.is_empty() && found.len() <= limits::NAME_BYTES && found.bytes().all(is_allowed)
}

/// What a text was meant to be that is no name for its spelling only: `HttpRequest` is `http_request`, and a class of the
/// original has backslashes.
fn our_spelling(found: &str) -> String {
    let meant = if found.contains('/') { found.replace('/', "\\") } else { snake_case(found) };
    let is_meant = is_plain(&meant) || meant.contains('\\');
    if is_meant { format!("; did you mean {}?", quoted(&meant)) } else { String::new() }
}

fn snake_case(found: &str) -> String {
    let mut spelled = String::new();
    let mut follows_small_letter = false;
    for character in found.trim().chars() {
        if follows_small_letter && character.is_ascii_uppercase() {
            spelled.push('_');
        }
        follows_small_letter = character.is_ascii_lowercase() || character.is_ascii_digit();
        spelled.push(if character.is_whitespace() { '_' } else { character.to_ascii_lowercase() });
    }
    spelled
}

/// What to use if nothing of our spelling is there either, as for `Reindex`.
fn or_instead(found: &str) -> String {
    let instead = instead::of_unregistered(&snake_case(found));
    instead.map(|instead| format!("; {instead}")).unwrap_or_default()
}

/// The part of a class name below `namespace`.
fn local<'a>(found: &'a str, namespace: &str) -> Option<&'a str> {
    found.strip_prefix('\\').unwrap_or(found).strip_prefix(namespace).filter(|_| !namespace.is_empty())
}
