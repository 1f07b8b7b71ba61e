//! The conditions that XML can name: for each its arguments and how it is built from them.
//!
//! A new condition is a new row.

use std::collections::BTreeSet;
use std::time::Duration;

use super::node::Node;
use crate::condition::{PipelineCondition, StepCondition};
use crate::duration;
use crate::id::Name;
use crate::schedule::Cron;
use crate::xml::grammar::{Kind, trimmed};
use crate::xml::{Position, Value, quoted, suggest};

/// What is wrong with a condition, and where.
pub(super) type Fault = (Position, String);

/// A condition that XML can name.
pub(super) struct Known<C> {
    name: &'static str,
    arguments: &'static [&'static str],
    build: fn(&Given<'_>) -> Result<C, Fault>,
}

/// The arguments that a condition was given; none but those that its row lists.
pub(super) struct Given<'n>(&'n Node);

pub(super) const PIPELINE_CONDITIONS: &[Known<PipelineCondition>] = &[
    Known { name: "no_auto_spawn", arguments: &[], build: |_| Ok(PipelineCondition::NoAutoSpawn) },
    Known { name: "no_sibling_in_progress", arguments: &[], build: |_| Ok(PipelineCondition::NoSiblingInProgress) },
    Known { name: "cron_expression", arguments: &["expression", "time_zone"], build: cron_expression },
    Known { name: "bunch_complete", arguments: &["prefixes"], build: bunch_complete },
];

pub(super) const STEP_CONDITIONS: &[Known<StepCondition>] = &[
    Known { name: "attempts_limit", arguments: &["limit"], build: attempts_limit },
    Known { name: "time_between_attempts", arguments: &["minutes", "wait"], build: time_between_attempts },
    Known {
        name: "previous_steps_completed",
        arguments: STEP_FILTER,
        build: |given| Ok(StepCondition::PreviousStepsCompleted { steps: given.steps()? }),
    },
    Known {
        name: "previous_steps_finished",
        arguments: STEP_FILTER,
        build: |given| Ok(StepCondition::PreviousStepsFinished { steps: given.steps()? }),
    },
];

/// The original is known to have recurring conditions, but not what they do; so there are none.
pub(super) const RECURRING_CONDITIONS: &[Known<StepCondition>] = &[];

/// Our word and the original's.
pub(super) const STEP_FILTER: &[&str] = &["steps", "step_filter"];

/// Builds the condition that `node` names.
pub(super) fn build<C>(known: &[Known<C>], node: &Node) -> Result<C, Fault> {
    let Some(row) = known.iter().find(|row| row.name == node.identity.text) else {
        let expected = suggest::expected(&node.identity.text, known.iter().map(|row| row.name));
        return Err((node.identity.position.clone(), format!("there is no such condition{expected}")));
    };
    if let Some(argument) = node.of_kind(Kind::Argument).find(|a| !row.arguments.contains(&a.identity.text.as_str())) {
        let expected = suggest::expected(&argument.identity.text, row.arguments.iter().copied());
        let message = format!("the argument {} is not known{expected}", quoted(&argument.identity.text));
        return Err((argument.identity.position.clone(), message));
    }
    (row.build)(&Given(node))
}

fn cron_expression(given: &Given<'_>) -> Result<PipelineCondition, Fault> {
    let expression = given.required("expression")?;
    let time_zone = given.optional("time_zone");
    // Which of the two is at fault shows when the expression is read alone.
    Cron::parse(&expression.text, None).map_err(|message| (expression.position.clone(), message))?;
    let zone = time_zone.map(|value| trimmed(&value.text));
    let cron = Cron::parse(&expression.text, zone);
    let cron = cron.map_err(|message| (time_zone.unwrap_or(expression).position.clone(), message))?;
    Ok(PipelineCondition::CronExpression { cron })
}

fn bunch_complete(given: &Given<'_>) -> Result<PipelineCondition, Fault> {
    let value = given.required("prefixes")?;
    // An underscore would end the prefix in the name of a file.
    let is_prefix = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    let prefixes = words(value, |word| match is_prefix(word) {
        true => Ok(word.to_owned()),
        false => Err(format!("{} is not a file prefix (expected ASCII letters, digits, `-` or `.`)", quoted(word))),
    })?;
    Ok(PipelineCondition::BunchComplete { prefixes })
}

fn attempts_limit(given: &Given<'_>) -> Result<StepCondition, Fault> {
    let limit = given.number("limit")?.ok_or_else(|| given.missing("limit"))?;
    Ok(StepCondition::AttemptsLimit { limit })
}

fn time_between_attempts(given: &Given<'_>) -> Result<StepCondition, Fault> {
    let minutes = given.number("minutes")?.map(|minutes| Duration::from_secs(60 * u64::from(minutes)));
    let wait = given.parsed("wait", duration::parse)?;
    let wait = match (minutes, wait) {
        (Some(_), Some(_)) => return Err(given.fault("give either `minutes` or `wait`, not both")),
        (Some(wait), None) | (None, Some(wait)) => wait,
        (None, None) => return Err(given.fault("the argument `minutes` or `wait` is missing")),
    };
    if wait > duration::LIMIT {
        return Err(given.fault("the wait is longer than 366 days"));
    }
    Ok(StepCondition::TimeBetweenAttempts { wait })
}

impl<'n> Given<'n> {
    fn optional(&self, key: &str) -> Option<&'n Value> {
        self.0.argument(key)
    }

    fn required(&self, key: &str) -> Result<&'n Value, Fault> {
        self.optional(key).ok_or_else(|| self.missing(key))
    }

    fn parsed<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, Fault> {
        let Some(value) = self.optional(key) else { return Ok(None) };
        parse(&value.text).map(Some).map_err(|message| (value.position.clone(), message))
    }

    fn number(&self, key: &str) -> Result<Option<u32>, Fault> {
        self.parsed(key, |text| match trimmed(text).parse() {
            Ok(0) | Err(_) => Err(format!("`{key}` is {} (expected a whole number from 1 on)", quoted(text))),
            Ok(number) => Ok(number),
        })
    }

    /// The filter of the conditions about previous steps.
    fn steps(&self) -> Result<Option<Vec<Name>>, Fault> {
        let mut given = STEP_FILTER.iter().filter_map(|key| self.optional(key));
        match (given.next(), given.next()) {
            (Some(_), Some(_)) => Err(self.fault("give either `steps` or `step_filter`, not both")),
            (Some(value), None) => {
                words(value, |word| word.parse().map_err(|e: crate::BadName| e.to_string())).map(Some)
            }
            (None, _) => Ok(None),
        }
    }

    fn missing(&self, key: &str) -> Fault {
        self.fault(&format!("the argument `{key}` is missing"))
    }

    fn fault(&self, message: &str) -> Fault {
        (self.0.position.clone(), message.to_owned())
    }
}

/// Reads a list with spaces or commas between the words; at least one word, each of them once.
fn words<T>(value: &Value, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, Fault> {
    let fault = |message| (value.position.clone(), message);
    let mut list = Vec::new();
    let mut seen = BTreeSet::new();
    for word in value.text.split([',', ' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()) {
        list.push(parse(word).map_err(fault)?);
        if !seen.insert(word) {
            return Err(fault(format!("{} occurs twice", quoted(word))));
        }
    }
    if list.is_empty() {
        return Err(fault("the list is empty".to_owned()));
    }
    Ok(list)
}
