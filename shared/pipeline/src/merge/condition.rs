//! The conditions that XML can name: for each its arguments and how it is built from them.
//!
//! A new condition is a new row.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Vocabulary;
use super::node::Node;
use crate::accepts::{Accepts, Argument, ArgumentKind, DeclaredArgument, WholeNumber};
use crate::condition::{PipelineCondition, Registered, StepCondition};
use crate::id::Name;
use crate::schedule::Cron;
use crate::xml::kind::ElementKind;
use crate::xml::{Error, suggest};

mod arguments;

pub(super) use arguments::STEP_FILTER;
use arguments::{
    ATTEMPTS, EXPRESSION, MINUTES, NEEDED_STEPS, PIPELINES, RUNS, SETTING, SOME_STEPS, STATUSES, TIME_ZONE,
    WAIT_AFTER_RUN, WAIT_BETWEEN, WEBSITES, some_steps,
};

/// A condition that XML can name.
pub(super) struct Known<C> {
    pub(super) name: &'static str,
    /// What it asks, for people.
    description: &'static str,
    pub(super) arguments: &'static [&'static dyn DeclaredArgument],
    build: fn(&Given<'_>) -> Result<C, Error>,
}

/// The arguments that a condition was given; none but those that its row lists, and checked.
pub(super) struct Given<'n>(&'n Node);

/// A condition that is built in, as people are told of it.
#[derive(Debug, Clone, Copy)]
pub struct BuiltIn {
    /// Its type.
    pub name: &'static str,
    /// Where it can stand: `pipeline condition`, `step condition` or `recurring condition`.
    pub kind: &'static str,
    /// What it asks.
    pub description: &'static str,
    /// What it can be told.
    pub accepts: Accepts,
}

/// All conditions that are built in: those of pipelines, of steps, and the recurring ones.
#[must_use]
pub fn built_in() -> Vec<BuiltIn> {
    let of_pipelines = PIPELINE_CONDITIONS.iter().map(|row| row.told("pipeline condition"));
    let of_steps = STEP_CONDITIONS.iter().map(|row| row.told("step condition"));
    let recurring = RECURRING_CONDITIONS.iter().map(|row| row.told("recurring condition"));
    of_pipelines.chain(of_steps).chain(recurring).collect()
}

pub(super) const PIPELINE_CONDITIONS: &[Known<PipelineCondition>] = &[
    Known {
        name: "no_auto_spawn",
        description: "never in a heartbeat: the pipeline is spawned by hand, by the API or by another pipeline only",
        arguments: &[],
        build: |_| Ok(PipelineCondition::NoAutoSpawn),
    },
    Known {
        name: "no_sibling_in_progress",
        description: "no pipeline of the same name is open (pending, running or paused)",
        arguments: &[],
        build: |_| Ok(PipelineCondition::NoSiblingInProgress),
    },
    Known {
        name: "cron_expression",
        description: "a time of the expression fell due since the last heartbeat; several due times are one spawn",
        arguments: &[&EXPRESSION, &TIME_ZONE],
        build: cron_expression,
    },
    Known {
        name: "configurable_cron_expression",
        description: "a time of the cron expression that a setting holds fell due, in the zone of the setting `time_zone`",
        arguments: &[&SETTING],
        build: |given| Ok(PipelineCondition::ConfigurableCronExpression { setting: given.required(&SETTING)? }),
    },
    Known {
        name: "clean_up",
        description: "it is time to clean up: a time of the setting `clean_up.cron` has come",
        arguments: &[],
        build: |_| Ok(PipelineCondition::CleanUp),
    },
    Known {
        name: "initializer",
        description: "there are data fetchers, and the settings `initializer.enabled` and `initializer.in_pipeline` say that \
                      a pipeline asks them",
        arguments: &[],
        build: |_| Ok(PipelineCondition::Initializer),
    },
    Known {
        name: "website_active",
        description: "the setting `website.active` is on for all of these websites",
        arguments: &[&WEBSITES],
        build: |given| {
            let websites = given.required(&WEBSITES)?;
            Ok(PipelineCondition::WebsiteActive { websites: websites.iter().map(Name::to_string).collect() })
        },
    },
    Known {
        name: "pipeline_enabled",
        description: "the setting `pipeline.enabled` is on for this pipeline",
        arguments: &[],
        build: |_| Ok(PipelineCondition::PipelineEnabled),
    },
    Known {
        name: "no_conflicting_step",
        description: "no step of these names is enqueued or running in any pipeline",
        arguments: NEEDED_STEPS,
        build: |given| Ok(PipelineCondition::NoConflictingStep { steps: given.required_steps()? }),
    },
    Known {
        name: "named_pipelines_have_status",
        description: "the latest pipeline of each name has one of the statuses; a name without a pipeline holds the spawn up",
        arguments: &[&PIPELINES, &STATUSES],
        build: |given| {
            let (pipelines, statuses) = (given.required(&PIPELINES)?, given.required(&STATUSES)?);
            Ok(PipelineCondition::NamedPipelinesHaveStatus { pipelines, statuses })
        },
    },
    Known {
        name: "maintenance",
        description: "maintenance mode is off; nothing is spawned during it anyway, and this says so where one looks",
        arguments: &[],
        build: |_| Ok(PipelineCondition::Maintenance),
    },
];

pub(super) const STEP_CONDITIONS: &[Known<StepCondition>] = &[
    Known {
        name: "attempts_limit",
        description: "fewer attempts than the limit were made; without it a step is tried until its pipeline expires",
        arguments: &[&ATTEMPTS],
        build: |given| Ok(StepCondition::AttemptsLimit { limit: given.number(&ATTEMPTS)? }),
    },
    Known {
        name: "time_between_attempts",
        description: "so much time has passed since the failed attempt; without it the next heartbeat tries again",
        arguments: &[&MINUTES, &WAIT_BETWEEN],
        build: time_between_attempts,
    },
    Known {
        name: "previous_steps_completed",
        description: "the steps of lower order ended well: success, skipped, or a failure that is allowed; for a step with \
                      `runAlwaysStep` the same as `previous_steps_finished`",
        arguments: SOME_STEPS,
        build: |given| Ok(StepCondition::PreviousStepsCompleted { steps: given.steps()? }),
    },
    Known {
        name: "previous_steps_finished",
        description: "the steps of lower order ended, in whatever way",
        arguments: SOME_STEPS,
        build: |given| Ok(StepCondition::PreviousStepsFinished { steps: given.steps()? }),
    },
    Known {
        name: "depending_on_named_steps",
        description: "these steps of lower order ended well; also asked of a step with `runAlwaysStep`, which is not run \
                      otherwise",
        arguments: NEEDED_STEPS,
        build: |given| Ok(StepCondition::DependingOnNamedSteps { steps: given.required_steps()? }),
    },
    Known {
        name: "wait_for_step_is_not_running",
        description: "no other step of these names is enqueued or running, in this pipeline or any other; two that wait for \
                      each other never run at once",
        arguments: NEEDED_STEPS,
        build: |given| Ok(StepCondition::WaitForStepIsNotRunning { steps: given.required_steps()? }),
    },
    Known {
        name: "named_pipelines_have_status",
        description: "the latest pipeline of each name has one of the statuses; a name without a pipeline holds the step up",
        arguments: &[&PIPELINES, &STATUSES],
        build: |given| {
            let (pipelines, statuses) = (given.required(&PIPELINES)?, given.required(&STATUSES)?);
            Ok(StepCondition::NamedPipelinesHaveStatus { pipelines, statuses })
        },
    },
];

/// What the original's recurring conditions do is documented nowhere; ours make a step run several times.
pub(super) const RECURRING_CONDITIONS: &[Known<StepCondition>] = &[Known {
    name: "recurring",
    description: "makes the step run again after a success, until it has run so often, is skipped or has failed for good; \
                  later steps wait for all of it",
    arguments: &[&RUNS, &WAIT_AFTER_RUN],
    build: |given| {
        let wait = given.optional(&WAIT_AFTER_RUN)?.unwrap_or_default();
        Ok(StepCondition::Recurring { limit: given.number(&RUNS)?, wait })
    },
}];

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
        check_arguments(node, Accepts::Only(row.arguments))?;
        return (row.build)(&Given(node));
    }
    let Some(accepts) = registered.get(name) else {
        let names = known.iter().map(|row| row.name).chain(registered.keys().map(String::as_str));
        let (expected, elsewhere) = (suggest::expected(name, names), elsewhere(name));
        return Err(node.identity.position.error(format!("there is no such condition{expected}{elsewhere}")));
    };
    check_arguments(node, *accepts)?;
    Ok(C::registered(Registered { name: name.clone(), arguments: super::arguments::arguments(node) }))
}

/// What a condition, or the executor of a step, can be told; nothing for other elements and for unknown names.
pub(super) fn accepts_of(node: &Node, vocabulary: &Vocabulary) -> Option<Accepts> {
    let name = &node.identity.text;
    let (arguments, registered) = match node.kind {
        ElementKind::PipelineCondition => (arguments_of(PIPELINE_CONDITIONS, name), &vocabulary.pipeline_conditions),
        ElementKind::StepCondition => (arguments_of(STEP_CONDITIONS, name), &vocabulary.step_conditions),
        ElementKind::Step => {
            let executor = node.attributes.get("executorType")?;
            return vocabulary.executors.as_ref()?.get(&executor.text).copied();
        }
        ElementKind::Pipeline | ElementKind::StepDefaults | ElementKind::RecurringCondition | ElementKind::Argument => {
            return None;
        }
    };
    arguments.map(Accepts::Only).or_else(|| registered.get(name).copied())
}

fn arguments_of<C>(known: &[Known<C>], name: &str) -> Option<&'static [&'static dyn DeclaredArgument]> {
    known.iter().find(|row| row.name == name).map(|row| row.arguments)
}

/// Where a condition that is built in can stand, for who names it elsewhere.
pub(super) fn elsewhere(name: &str) -> String {
    let row = built_in().into_iter().find(|row| row.name == name);
    row.map(|row| format!("; `{name}` is a {}", row.kind)).unwrap_or_default()
}

fn check_arguments(node: &Node, accepts: Accepts) -> Result<(), Error> {
    let faults = super::arguments::faults(node, accepts, &node.position);
    super::arguments::left_to_pipeline(node).into_iter().chain(faults).next().map_or(Ok(()), Err)
}

fn cron_expression(given: &Given<'_>) -> Result<PipelineCondition, Error> {
    let (expression, zone) = (given.required(&EXPRESSION)?, given.optional(&TIME_ZONE)?);
    let cron = Cron::parse(&expression, zone.as_deref()).map_err(|error| given.fault(&error.to_string()))?;
    Ok(PipelineCondition::CronExpression { cron })
}

fn time_between_attempts(given: &Given<'_>) -> Result<StepCondition, Error> {
    let minutes = given.optional(&MINUTES)?.map(|minutes| Duration::from_secs(60 * minutes));
    let wait = given.optional(&WAIT_BETWEEN)?.or(minutes);
    Ok(StepCondition::TimeBetweenAttempts { wait: wait.unwrap_or_default() })
}

impl<C> Known<C> {
    fn told(&self, kind: &'static str) -> BuiltIn {
        let (name, description) = (self.name, self.description);
        BuiltIn { name, kind, description, accepts: Accepts::Only(self.arguments) }
    }
}

impl Given<'_> {
    fn optional<K: ArgumentKind>(&self, argument: &Argument<K>) -> Result<Option<K::Value>, Error> {
        let Some(value) = self.0.argument(argument.name) else { return Ok(None) };
        argument.kind.read(&value.text).map(Some).map_err(|bad| value.position.error(bad.to_string()))
    }

    fn required<K: ArgumentKind>(&self, argument: &Argument<K>) -> Result<K::Value, Error> {
        let missing = || self.fault(&format!("the argument `{}` is missing", argument.name));
        self.optional(argument)?.ok_or_else(missing)
    }

    fn number(&self, argument: &Argument<WholeNumber>) -> Result<u32, Error> {
        let number = self.required(argument)?;
        u32::try_from(number).map_err(|_| self.fault(&format!("`{}` is too large", argument.name)))
    }

    /// The filter of the conditions about previous steps.
    fn steps(&self) -> Result<Option<Vec<Name>>, Error> {
        Ok(self.optional(&some_steps(STEP_FILTER[0]))?.or(self.optional(&some_steps(STEP_FILTER[1]))?))
    }

    fn required_steps(&self) -> Result<Vec<Name>, Error> {
        self.steps()?.ok_or_else(|| self.fault("the argument `steps` is missing"))
    }

    fn fault(&self, message: &str) -> Error {
        self.0.position.error(message)
    }
}
