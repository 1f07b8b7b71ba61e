//! How each step of a pipeline stands: ended, busy, ready, waiting, or never to be reached.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::condition::{Check, StepCondition};
use crate::definition::{Arguments, StepDefinition};
use crate::id::Name;
use crate::pipeline::Pipeline;
use crate::step::{Step, StepRecord, StepStatus};

/// How a step stands in its pipeline, seen now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outlook {
    /// It has ended for good.
    Ended(Ending),
    /// It is enqueued or running.
    Active,
    /// All its conditions are met.
    Ready,
    /// Some conditions are not met; a sentence each.
    Waiting(Vec<String>),
    /// It can never become ready, for this reason.
    Unreachable(String),
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Success, skipped, or a failure that the definition allows.
    Completed,
    /// No attempt is left.
    Failed,
    /// Never to be run.
    Cancelled,
}

impl Outlook {
    /// Whether the step is busy or may still become so.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        match self {
            Outlook::Active | Outlook::Ready | Outlook::Waiting(_) => true,
            Outlook::Ended(_) | Outlook::Unreachable(_) => false,
        }
    }
}

/// How every step stands, in the order of the steps.
#[must_use]
pub fn outlooks(pipeline: &Pipeline, now: DateTime<Utc>) -> Vec<Outlook> {
    let mut survey = Survey { pipeline, now, outlooks: vec![None; pipeline.steps.len()] };
    survey.survey(|step| !step.definition.run_always);
    survey.survey(|step| step.definition.run_always);
    survey.outlooks.into_iter().map(|outlook| outlook.expect("every step is a run-always step or not")).collect()
}

struct Survey<'a> {
    pipeline: &'a Pipeline,
    now: DateTime<Utc>,
    outlooks: Vec<Option<Outlook>>,
}

/// What the steps before a stage amount to.
#[derive(Default)]
struct Before {
    /// The first one that has not ended.
    unfinished: Option<usize>,
    /// The first one that ended badly.
    failed: Option<usize>,
}

impl Before {
    fn add(&mut self, index: usize, outlook: &Outlook) {
        match outlook {
            Outlook::Active | Outlook::Ready | Outlook::Waiting(_) => self.unfinished = self.unfinished.or(Some(index)),
            Outlook::Ended(Ending::Failed | Ending::Cancelled) | Outlook::Unreachable(_) => {
                self.failed = self.failed.or(Some(index));
            }
            Outlook::Ended(Ending::Completed) => {}
        }
    }
}

impl Survey<'_> {
    /// Looks at the chosen steps, stage by stage.
    ///
    /// Ordinary steps come first, when nothing has an outlook yet: run-always steps wait for all of them (the gate), and
    /// never hold one of them up.
    fn survey(&mut self, is_chosen: impl Fn(&Step) -> bool) {
        let steps = &self.pipeline.steps;
        let gate = self.outlooks.iter().position(|outlook| outlook.as_ref().is_some_and(Outlook::is_unfinished));
        let mut before = Before::default();
        let mut start = 0;
        while start < steps.len() {
            let sort_order = steps[start].definition.sort_order;
            let end = start + steps[start..].iter().take_while(|step| step.definition.sort_order == sort_order).count();
            let stage: Vec<(usize, Outlook)> = (start..end)
                .filter(|index| is_chosen(&steps[*index]))
                .map(|index| (index, self.outlook(index, &before, gate)))
                .collect();
            for (index, outlook) in stage {
                before.add(index, &outlook);
                self.outlooks[index] = Some(outlook);
            }
            start = end;
        }
    }

    fn outlook(&self, index: usize, before: &Before, gate: Option<usize>) -> Outlook {
        let Step { definition, record } = &self.pipeline.steps[index];
        match record.status {
            StepStatus::Success | StepStatus::Skipped => return Outlook::Ended(Ending::Completed),
            StepStatus::Cancelled => return Outlook::Ended(Ending::Cancelled),
            StepStatus::Enqueued | StepStatus::Running => return Outlook::Active,
            StepStatus::Error if is_failed_for_good(definition, record) => {
                let ending = if definition.allow_failure { Ending::Completed } else { Ending::Failed };
                return Outlook::Ended(ending);
            }
            StepStatus::Pending | StepStatus::Error => {}
        }
        if let (Some(stop), false) = (&self.pipeline.stop, definition.run_always) {
            return Outlook::Unreachable(format!("the pipeline was stopped: {}", stop.reason));
        }
        if let Some(gate) = gate {
            let name = self.name(gate);
            return Outlook::Waiting(vec![format!("it runs after all other steps; step `{name}` has not ended")]);
        }
        self.conditions(index, before)
    }

    fn conditions(&self, index: usize, before: &Before) -> Outlook {
        let mut reasons = Vec::new();
        for described in &self.pipeline.steps[index].definition.conditions {
            match self.check(&described.condition, index, before) {
                Check::Met(_) => {}
                Check::Unmet(reason) => reasons.push(reason),
                Check::Never(reason) => return Outlook::Unreachable(reason),
            }
        }
        if reasons.is_empty() { Outlook::Ready } else { Outlook::Waiting(reasons) }
    }

    fn check(&self, condition: &StepCondition, index: usize, before: &Before) -> Check {
        let Step { definition, record } = &self.pipeline.steps[index];
        match condition {
            StepCondition::AttemptsLimit { limit } => attempts_limit(*limit, record),
            StepCondition::TimeBetweenAttempts { wait } => time_between_attempts(*wait, record, self.now),
            StepCondition::PreviousStepsCompleted { steps } if !definition.run_always => {
                let before = &self.named(steps.as_deref(), index, before);
                match (before.failed, before.unfinished) {
                    (Some(failed), _) => {
                        Check::Never(format!("step `{}` before it did not succeed", self.name(failed)))
                    }
                    (None, Some(open)) => Check::Unmet(format!("step `{}` before it has not ended", self.name(open))),
                    (None, None) => Check::Met(Arguments::new()),
                }
            }
            // A run-always step runs whatever the outcome, so for it the two conditions ask the same.
            StepCondition::PreviousStepsCompleted { steps } | StepCondition::PreviousStepsFinished { steps } => {
                match self.named(steps.as_deref(), index, before).unfinished {
                    Some(open) => Check::Unmet(format!("step `{}` before it has not ended", self.name(open))),
                    None => Check::Met(Arguments::new()),
                }
            }
        }
    }

    /// What the steps before amount to, or only the named ones of them.
    fn named(&self, names: Option<&[Name]>, index: usize, before: &Before) -> Before {
        let Some(names) = names else {
            return Before { unfinished: before.unfinished, failed: before.failed };
        };
        let steps = &self.pipeline.steps;
        let mut named = Before::default();
        for (other, step) in steps.iter().enumerate() {
            let is_before = step.definition.sort_order < steps[index].definition.sort_order;
            if let (true, true, Some(outlook)) =
                (is_before, names.contains(&step.definition.name), &self.outlooks[other])
            {
                named.add(other, outlook);
            }
        }
        named
    }

    fn name(&self, index: usize) -> &Name {
        &self.pipeline.steps[index].definition.name
    }
}

fn attempts_limit(limit: u32, record: &StepRecord) -> Check {
    if record.attempt < limit {
        Check::Met(Arguments::new())
    } else {
        Check::Never(format!("all {limit} attempts are used up"))
    }
}

fn time_between_attempts(wait: Duration, record: &StepRecord, now: DateTime<Utc>) -> Check {
    match record.finished_at {
        Some(finished) if record.status == StepStatus::Error && now < finished + wait => {
            let until = (finished + wait).to_rfc3339_opts(SecondsFormat::Secs, true);
            Check::Unmet(format!("the next attempt waits until {until}"))
        }
        _ => Check::Met(Arguments::new()),
    }
}

/// Whether a failed step has no attempt left: the error is permanent, or an attempts limit is reached.
fn is_failed_for_good(definition: &StepDefinition, record: &StepRecord) -> bool {
    record.is_permanent
        || definition.conditions.iter().any(|described| {
            matches!(described.condition, StepCondition::AttemptsLimit { limit } if record.attempt >= limit)
        })
}
