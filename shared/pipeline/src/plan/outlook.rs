//! How each step of a pipeline stands: ended, busy, ready, waiting, or never to be reached.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::arguments::Arguments;
use crate::condition::{Check, Registered, StepCondition};
use crate::definition::StepDefinition;
use crate::facts::{Asker, Facts};
use crate::id::Name;
use crate::pipeline::Pipeline;
use crate::plan::check::{
    attempts_limit, is_failed_for_good, named_pipelines, recurs, registered, time_between_attempts, time_between_runs,
};
use crate::status::StepStatus;
use crate::step::{Step, StepRecord};

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
pub fn outlooks(pipeline: &Pipeline, around: &Facts, now: DateTime<Utc>) -> Vec<Outlook> {
    let outlooks = vec![None; pipeline.steps.len()];
    let mut survey = Survey { pipeline, around, hold: enqueue_hold(pipeline, around), now, outlooks };
    survey.survey(RunAlways::No);
    survey.survey(RunAlways::Yes);
    let mut outlooks = Vec::with_capacity(survey.outlooks.len());
    for outlook in survey.outlooks {
        outlooks.push(outlook.expect("every step is a run-always step or not"));
    }
    outlooks
}

/// What every condition of one step answers, in their order, for people.
///
/// They are the answers that [`outlooks`] goes by; those of a step that is busy or has ended decide nothing.
#[must_use]
pub fn answers(pipeline: &Pipeline, step: &Name, around: &Facts, now: DateTime<Utc>) -> Vec<Check> {
    let Some(index) = pipeline.steps.iter().position(|other| other.definition.name == *step) else { return Vec::new() };
    let outlooks = outlooks(pipeline, around, now).into_iter().map(Some).collect();
    Survey { pipeline, around, hold: None, now, outlooks }.answers(index)
}

struct Survey<'a> {
    pipeline: &'a Pipeline,
    around: &'a Facts,
    /// Why nothing of the pipeline is enqueued now, whatever the conditions say.
    hold: Option<String>,
    now: DateTime<Utc>,
    outlooks: Vec<Option<Outlook>>,
}

/// Which steps a survey looks at.
#[derive(Clone, Copy, PartialEq)]
enum RunAlways {
    No,
    Yes,
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
    /// never delay one of them.
    fn survey(&mut self, chosen: RunAlways) {
        let gate = self.outlooks.iter().position(|outlook| outlook.as_ref().is_some_and(Outlook::is_unfinished));
        let mut before = Before::default();
        let mut start = 0;
        for stage in self.pipeline.steps.chunk_by(|a, b| a.definition.sort_order == b.definition.sort_order) {
            let indexes = start..start + stage.len();
            start = indexes.end;
            for index in indexes.clone() {
                if self.is_in(index, chosen) {
                    self.outlooks[index] = Some(self.outlook(index, &before, gate));
                }
            }
            // Only now: steps of one stage do not wait for each other.
            for index in indexes {
                if self.is_in(index, chosen)
                    && let Some(outlook) = &self.outlooks[index]
                {
                    before.add(index, outlook);
                }
            }
        }
    }

    fn is_in(&self, index: usize, chosen: RunAlways) -> bool {
        self.pipeline.steps[index].definition.run_always == (chosen == RunAlways::Yes)
    }

    fn outlook(&self, index: usize, before: &Before, gate: Option<usize>) -> Outlook {
        let step = &self.pipeline.steps[index];
        let Step { definition, record } = step;
        if record.status.is_active() {
            return Outlook::Active;
        }
        let stop = if definition.run_always { None } else { self.pipeline.stop.as_ref() };
        let recurs = stop.is_none() && record.status == StepStatus::Success && recurs(definition, record);
        let ending = ending(definition, record);
        if let Some(ending) = ending
            && !recurs
            && !tells_old_story(self.pipeline, step)
        {
            return Outlook::Ended(ending);
        }
        if let Some(stop) = stop {
            return Outlook::Unreachable(format!("the pipeline was stopped: {}", stop.reason));
        }
        let outlook = match gate.map(|gate| self.name(gate)) {
            Some(name) => Outlook::Waiting(vec![format!("it runs after all other steps; step `{name}` has not ended")]),
            None => self.conditions(index, before),
        };
        match (outlook, &self.hold) {
            // No further run will come, so the runs of the step ended with the one that it had.
            (Outlook::Unreachable(reason), _) => match ending {
                Some(ending) => Outlook::Ended(ending),
                None => Outlook::Unreachable(reason),
            },
            (Outlook::Ready, Some(hold)) => Outlook::Waiting(vec![hold.clone()]),
            (Outlook::Waiting(mut reasons), Some(hold)) => {
                reasons.insert(0, hold.clone());
                Outlook::Waiting(reasons)
            }
            (outlook, _) => outlook,
        }
    }

    fn conditions(&self, index: usize, before: &Before) -> Outlook {
        let mut reasons = Vec::new();
        for (place, described) in self.pipeline.steps[index].definition.conditions.iter().enumerate() {
            match self.check(&described.condition, place, index, before) {
                Check::Met(_) => {}
                Check::Unmet(reason) => reasons.push(reason),
                Check::Never(reason) => return Outlook::Unreachable(reason),
            }
        }
        if reasons.is_empty() { Outlook::Ready } else { Outlook::Waiting(reasons) }
    }

    /// The answers of a step's conditions when all steps have been looked at.
    fn answers(&self, index: usize) -> Vec<Check> {
        let steps = &self.pipeline.steps;
        let own = &steps[index].definition;
        let mut before = Before::default();
        for (other, step) in steps.iter().enumerate() {
            let is_before = step.definition.sort_order < own.sort_order && step.definition.run_always == own.run_always;
            if let (true, Some(outlook)) = (is_before, &self.outlooks[other]) {
                before.add(other, outlook);
            }
        }
        let mut answers = Vec::with_capacity(own.conditions.len());
        for (place, described) in own.conditions.iter().enumerate() {
            answers.push(self.check(&described.condition, place, index, &before));
        }
        answers
    }

    fn check(&self, condition: &StepCondition, place: usize, index: usize, before: &Before) -> Check {
        let step = &self.pipeline.steps[index];
        let Step { definition, record } = step;
        match condition {
            // Attempts are counted for each run.
            StepCondition::AttemptsLimit { .. } if begins_run(self.pipeline, step) => Check::Met(Arguments::new()),
            StepCondition::AttemptsLimit { limit } => attempts_limit(*limit, record),
            StepCondition::TimeBetweenAttempts { wait } => time_between_attempts(*wait, record, self.now),
            StepCondition::PreviousStepsCompleted { steps } if !definition.run_always => {
                self.completed(&self.named(steps.as_deref(), index, before))
            }
            StepCondition::DependingOnNamedSteps { steps } => self.depends(steps, index, before),
            StepCondition::WaitForStepIsNotRunning { steps } => self.not_running(steps, index),
            StepCondition::NamedPipelinesHaveStatus { pipelines, statuses } => {
                named_pipelines(self.around, pipelines, statuses)
            }
            StepCondition::Recurring { wait, .. } => time_between_runs(*wait, record, self.now),
            StepCondition::Registered(Registered { name, .. }) => {
                let pipeline = Some(self.pipeline.id.clone());
                let asked = Asker { pipeline, name: definition.name.clone(), index: place };
                registered(self.around, &asked, name)
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

    /// Whether the named steps ended well. Unlike a filter, the list does not shrink to those that there are.
    fn depends(&self, names: &[Name], index: usize, before: &Before) -> Check {
        match names.iter().find(|name| !self.is_before(name, index)) {
            Some(lost) => Check::Never(format!("there is no step `{lost}` before it")),
            None => self.completed(&self.named(Some(names), index, before)),
        }
    }

    /// Whether a step of that name comes before: in a lower stage, and run-always ones only before their like.
    fn is_before(&self, name: &Name, index: usize) -> bool {
        let steps = &self.pipeline.steps;
        let own = &steps[index].definition;
        // What has no outlook yet runs always, and comes after this one whatever its sort order says.
        let mut others = steps.iter().zip(&self.outlooks);
        others.any(|(other, outlook)| {
            let other = &other.definition;
            outlook.is_some() && other.sort_order < own.sort_order && other.name == *name
        })
    }

    fn completed(&self, before: &Before) -> Check {
        match (before.failed, before.unfinished) {
            (Some(failed), _) => Check::Never(format!("step `{}` before it did not succeed", self.name(failed))),
            (None, Some(open)) => Check::Unmet(format!("step `{}` before it has not ended", self.name(open))),
            (None, None) => Check::Met(Arguments::new()),
        }
    }

    /// Whether no other step of these names is busy: those of this pipeline, and of every other one.
    ///
    /// A step that this very look found ready counts as busy: two that exclude each other are not enqueued together.
    fn not_running(&self, names: &[Name], index: usize) -> Check {
        for (other, (step, outlook)) in self.pipeline.steps.iter().zip(&self.outlooks).enumerate() {
            if other == index {
                continue;
            }
            let Step { definition, record } = step;
            let name = &definition.name;
            let stands = match outlook {
                _ if record.status.is_active() => record.status.as_str(),
                Some(Outlook::Ready) => "to be enqueued first",
                Some(Outlook::Ended(_) | Outlook::Active | Outlook::Waiting(_) | Outlook::Unreachable(_)) | None => {
                    continue;
                }
            };
            if names.contains(name) {
                return Check::Unmet(format!("step `{name}` is {stands}"));
            }
        }
        for name in names {
            let Some(pipelines) = self.around.active_steps.get(name) else { continue };
            // The own steps were looked at above, with what this very look found.
            if let Some(other) = pipelines.iter().find(|other| **other != self.pipeline.id) {
                return Check::Unmet(format!("step `{name}` of pipeline {other} is enqueued or running"));
            }
        }
        Check::Met(Arguments::new())
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
            if is_before
                && names.contains(&step.definition.name)
                && let Some(outlook) = &self.outlooks[other]
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

/// Whether the next enqueue of a step begins a further run, in which its attempts count anew.
#[must_use]
pub fn begins_run(pipeline: &Pipeline, step: &Step) -> bool {
    step.record.status == StepStatus::Success || tells_old_story(pipeline, step)
}

/// Whether a step that runs always has told of the others before one of them was run again by hand.
fn tells_old_story(pipeline: &Pipeline, step: &Step) -> bool {
    let Step { definition, record } = step;
    let has_run = record.attempt > 0 && !record.status.is_active();
    definition.run_always && has_run && record.reruns_seen < pipeline.reruns
}

/// How a step has ended, if no attempt is left.
fn ending(definition: &StepDefinition, record: &StepRecord) -> Option<Ending> {
    match record.status {
        StepStatus::Success | StepStatus::Skipped => Some(Ending::Completed),
        StepStatus::Cancelled => Some(Ending::Cancelled),
        StepStatus::Error if is_failed_for_good(definition, record) => {
            Some(if definition.allow_failure { Ending::Completed } else { Ending::Failed })
        }
        StepStatus::Pending | StepStatus::Enqueued | StepStatus::Running | StepStatus::Error => None,
    }
}

/// Why nothing of the pipeline is enqueued now, whatever the conditions say. A stop ends a pause, but not maintenance.
fn enqueue_hold(pipeline: &Pipeline, around: &Facts) -> Option<String> {
    if around.is_in_maintenance() {
        return Some("maintenance mode is on".to_owned());
    }
    let since = pipeline.paused_at?;
    if pipeline.stop.is_some() {
        return None;
    }
    Some(format!("the pipeline is paused since {}", since.to_rfc3339_opts(SecondsFormat::Secs, true)))
}
