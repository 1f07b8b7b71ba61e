//! The conditions that XML can name: for each its arguments and how it is built from them.
//!
//! A new condition is a new row.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use super::node::Node;
use super::{Accepts, Argument};
use crate::condition::{PipelineCondition, Registered, StepCondition};
use crate::duration;
use crate::id::Name;
use crate::schedule::Cron;
use crate::settings::SETTINGS;
use crate::status::PipelineStatus;
use crate::xml::grammar::trimmed;
use crate::xml::kind::ElementKind;
use crate::xml::{Error, PlacedText, quoted, suggest};

/// A condition that XML can name.
pub(super) struct Known<C> {
    pub(super) name: &'static str,
    pub(super) arguments: &'static [&'static str],
    build: fn(&Given<'_>) -> Result<C, Error>,
}

/// The arguments that a condition was given; none but those that its row lists.
pub(super) struct Given<'n>(&'n Node);

pub(super) const PIPELINE_CONDITIONS: &[Known<PipelineCondition>] = &[
    Known { name: "no_auto_spawn", arguments: &[], build: |_| Ok(PipelineCondition::NoAutoSpawn) },
    Known { name: "no_sibling_in_progress", arguments: &[], build: |_| Ok(PipelineCondition::NoSiblingInProgress) },
    Known { name: "cron_expression", arguments: &["expression", "time_zone"], build: cron_expression },
    Known { name: "configurable_cron_expression", arguments: &["setting"], build: configurable_cron_expression },
    Known { name: "clean_up", arguments: &[], build: |_| Ok(PipelineCondition::CleanUp) },
    Known { name: "initializer", arguments: &[], build: |_| Ok(PipelineCondition::Initializer) },
    Known { name: "website_active", arguments: &["websites"], build: website_active },
    Known { name: "pipeline_enabled", arguments: &[], build: |_| Ok(PipelineCondition::PipelineEnabled) },
    Known {
        name: "no_conflicting_step",
        arguments: STEP_FILTER,
        build: |given| Ok(PipelineCondition::NoConflictingStep { steps: given.required_steps()? }),
    },
    Known {
        name: "named_pipelines_have_status",
        arguments: &["pipelines", "statuses"],
        build: |given| {
            let (pipelines, statuses) = given.pipelines_and_statuses()?;
            Ok(PipelineCondition::NamedPipelinesHaveStatus { pipelines, statuses })
        },
    },
    Known { name: "maintenance", arguments: &[], build: |_| Ok(PipelineCondition::Maintenance) },
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
    Known {
        name: "depending_on_named_steps",
        arguments: STEP_FILTER,
        build: |given| Ok(StepCondition::DependingOnNamedSteps { steps: given.required_steps()? }),
    },
    Known {
        name: "wait_for_step_is_not_running",
        arguments: STEP_FILTER,
        build: |given| Ok(StepCondition::WaitForStepIsNotRunning { steps: given.required_steps()? }),
    },
    Known {
        name: "named_pipelines_have_status",
        arguments: &["pipelines", "statuses"],
        build: |given| {
            let (pipelines, statuses) = given.pipelines_and_statuses()?;
            Ok(StepCondition::NamedPipelinesHaveStatus { pipelines, statuses })
        },
    },
];

/// What the original's recurring conditions do is documented nowhere; ours make a step run several times.
pub(super) const RECURRING_CONDITIONS: &[Known<StepCondition>] =
    &[Known { name: "recurring", arguments: &["limit", "wait"], build: recurring }];

/// Our word and the original's.
pub(super) const STEP_FILTER: &[&str] = &["steps", "step_filter"];

/// A kind of condition, which may be one that somebody registered.
pub(super) trait OrRegistered: Sized {
    /// A condition that somebody registered.
    fn registered(registered: Registered) -> Self;
}

impl OrRegistered for PipelineCondition {
    fn registered(registered: Registered) -> Self {
        PipelineCondition::Registered(registered)
    }
}

impl OrRegistered for StepCondition {
    fn registered(registered: Registered) -> Self {
        StepCondition::Registered(registered)
    }
}

/// Builds the condition that `node` names: one of ours, or one of those that others registered.
pub(super) fn build<C: OrRegistered>(
    known: &[Known<C>],
    registered: &BTreeMap<String, Accepts>,
    node: &Node,
) -> Result<C, Error> {
    let name = &node.identity.text;
    if let Some(row) = known.iter().find(|row| row.name == name) {
        refuse_unknown_arguments(node, row.arguments)?;
        return (row.build)(&Given(node));
    }
    let Some(accepts) = registered.get(name) else {
        let names = known.iter().map(|row| row.name).chain(registered.keys().map(String::as_str));
        let expected = suggest::expected(name, names);
        return Err(node.identity.position.error(format!("there is no such condition{expected}")));
    };
    if let Accepts::Only(arguments) = accepts {
        check_arguments(&Given(node), arguments)?;
    }
    Ok(C::registered(Registered { name: name.clone(), arguments: super::arguments::arguments(node) }))
}

fn refuse_unknown_arguments(node: &Node, known: &[&str]) -> Result<(), Error> {
    let mut given = node.of_kind(ElementKind::Argument).map(|argument| &argument.identity);
    let Some(unknown) = given.find(|argument| !known.contains(&argument.text.as_str())) else { return Ok(()) };
    let expected = suggest::expected(&unknown.text, known.iter().copied());
    let message = format!("the argument {} is not known{expected}", quoted(&unknown.text));
    Err(unknown.position.error(message))
}

fn check_arguments(given: &Given<'_>, arguments: &[Argument]) -> Result<(), Error> {
    let names: Vec<&str> = arguments.iter().map(|argument| argument.name).collect();
    refuse_unknown_arguments(given.0, &names)?;
    for argument in arguments {
        if argument.is_required {
            given.required(argument.name)?;
        }
        given.parsed(argument.name, argument.check)?;
    }
    Ok(())
}

fn cron_expression(given: &Given<'_>) -> Result<PipelineCondition, Error> {
    let expression = given.required("expression")?;
    let time_zone = given.optional("time_zone");
    // Which of the two is at fault shows when the expression is read alone.
    Cron::parse(&expression.text, None).map_err(|error| expression.position.error(error.to_string()))?;
    let zone = time_zone.map(|value| trimmed(&value.text));
    let cron = Cron::parse(&expression.text, zone);
    let cron = cron.map_err(|error| time_zone.unwrap_or(expression).position.error(error.to_string()))?;
    Ok(PipelineCondition::CronExpression { cron })
}

fn configurable_cron_expression(given: &Given<'_>) -> Result<PipelineCondition, Error> {
    let value = given.required("setting")?;
    let name = trimmed(&value.text);
    let crons = SETTINGS.iter().filter(|setting| setting.kind.is_cron()).map(|setting| setting.name);
    if !crons.clone().any(|cron| cron == name) {
        let message = format!("{} is no setting of a cron expression{}", quoted(name), suggest::expected(name, crons));
        return Err(value.position.error(message));
    }
    Ok(PipelineCondition::ConfigurableCronExpression { setting: name.to_owned() })
}

fn website_active(given: &Given<'_>) -> Result<PipelineCondition, Error> {
    let websites = words(given.required("websites")?, str::parse::<Name>)?;
    Ok(PipelineCondition::WebsiteActive { websites: websites.iter().map(Name::to_string).collect() })
}

fn recurring(given: &Given<'_>) -> Result<StepCondition, Error> {
    let limit = given.number("limit")?.ok_or_else(|| given.missing("limit"))?;
    let wait = given.parsed("wait", duration::parse)?.unwrap_or_default();
    Ok(StepCondition::Recurring { limit, wait })
}

fn attempts_limit(given: &Given<'_>) -> Result<StepCondition, Error> {
    let limit = given.number("limit")?.ok_or_else(|| given.missing("limit"))?;
    Ok(StepCondition::AttemptsLimit { limit })
}

fn time_between_attempts(given: &Given<'_>) -> Result<StepCondition, Error> {
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
    fn optional(&self, key: &str) -> Option<&'n PlacedText> {
        self.0.argument(key)
    }

    fn required(&self, key: &str) -> Result<&'n PlacedText, Error> {
        self.optional(key).ok_or_else(|| self.missing(key))
    }

    fn parsed<T, E: Display>(&self, key: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<Option<T>, Error> {
        let Some(value) = self.optional(key) else { return Ok(None) };
        parse(&value.text).map(Some).map_err(|error| value.position.error(error.to_string()))
    }

    fn number(&self, key: &str) -> Result<Option<u32>, Error> {
        let Some(value) = self.optional(key) else { return Ok(None) };
        match trimmed(&value.text).parse() {
            Ok(0) | Err(_) => {
                let found = quoted(&value.text);
                Err(value.position.error(format!("`{key}` is {found} (expected a whole number from 1 on)")))
            }
            Ok(number) => Ok(Some(number)),
        }
    }

    /// The filter of the conditions about previous steps.
    fn steps(&self) -> Result<Option<Vec<Name>>, Error> {
        let mut given = STEP_FILTER.iter().filter_map(|key| self.optional(key));
        match (given.next(), given.next()) {
            (Some(_), Some(_)) => Err(self.fault("give either `steps` or `step_filter`, not both")),
            (Some(value), None) => words(value, str::parse).map(Some),
            (None, _) => Ok(None),
        }
    }

    fn required_steps(&self) -> Result<Vec<Name>, Error> {
        self.steps()?.ok_or_else(|| self.missing("steps"))
    }

    fn pipelines_and_statuses(&self) -> Result<(Vec<Name>, Vec<PipelineStatus>), Error> {
        let pipelines = words(self.required("pipelines")?, str::parse)?;
        Ok((pipelines, words(self.required("statuses")?, str::parse)?))
    }

    fn missing(&self, key: &str) -> Error {
        self.fault(&format!("the argument `{key}` is missing"))
    }

    fn fault(&self, message: &str) -> Error {
        self.0.position.error(message)
    }
}

/// Reads a list with spaces or commas between the words; at least one word, each of them once.
fn words<T, E: Display>(value: &PlacedText, parse: impl Fn(&str) -> Result<T, E>) -> Result<Vec<T>, Error> {
    crate::words::words(&value.text, parse).map_err(|error| value.position.error(error.to_string()))
}
