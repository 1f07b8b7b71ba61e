//! What must hold, said in another way than `plan` does.

use std::time::Duration;

use super::{LONG, World};
use crate::condition::StepCondition;
use crate::id::Name;
use crate::plan::Plan;
use crate::status::PipelineStatus;
use crate::status::StepStatus;
use crate::step::Step;
use crate::transition::StepEvent;

impl World {
    /// A beat has looked: what is held up is not begun, and nothing expires before its time.
    pub(super) fn check_held(&self, plan: &Plan) {
        let is_paused = self.pipeline.paused_at.is_some() && self.pipeline.stop.is_none();
        assert!(plan.enqueue.is_empty() || !is_paused && !self.is_in_maintenance, "a hold lets through {plan:?}");
        assert!(plan.resend.is_empty() || !self.is_in_maintenance, "maintenance lets through {plan:?}");
        if plan.stop.is_some() {
            let is_over = |since, span: Option<Duration>| span.is_some_and(|span| since + span < self.now);
            let mut steps = self.pipeline.steps.iter().filter(|step| step.record.status.is_active());
            let has_late_step =
                steps.any(|s| s.record.started_at.is_some_and(|at| is_over(at, s.definition.expire_in)));
            let is_late = is_over(self.pipeline.spawned_at + self.paused, self.pipeline.definition.expire_in);
            assert!(!is_paused && (is_late || has_late_step), "{:?} expires too early", self.pipeline);
        }
    }

    /// A beat has looked: no step is begun beside one that it wants not to run.
    pub(super) fn check_alone(&self, plan: &Plan) {
        for (index, name) in plan.enqueue.iter().enumerate() {
            for other in excluded(self.step(name)).filter(|other| *other != name) {
                let is_active = self.pipeline.step(other).is_some_and(|other| other.record.status.is_active());
                assert!(!is_active && !plan.enqueue[..index].contains(other), "step {name} is enqueued beside {other}");
            }
        }
    }

    /// A step was enqueued just now.
    pub(super) fn check_enqueued(&self, name: &Name, from: StepStatus) {
        let step = self.step(name);
        let record = &step.record;
        let may_run = runs(step).map_or(from != StepStatus::Success, |limit| record.runs() <= limit);
        assert!(may_run, "step {name} is beyond its runs");
        let may_try = limit(step).is_none_or(|limit| record.attempts_of_run() <= limit);
        assert!(may_try, "step {name} is beyond the attempts of its run");
        for other in self.pipeline.steps.iter().filter(|other| !other.definition.run_always) {
            let is_before = other.definition.sort_order < step.definition.sort_order;
            let name_of_other = &other.definition.name;
            if step.definition.run_always {
                // What was marked by a beat that had looked before the stop never begins.
                let never_begins = self.pipeline.stop.is_some() && !self.is_worked_on(other);
                let has_ended = self.has_ended(other) || never_begins;
                assert!(has_ended, "step {name} is enqueued before {name_of_other} has ended");
            } else if is_before && asks_for_completed(step) {
                assert!(is_completed(other), "step {name} is enqueued before {name_of_other} is completed");
            } else if is_before && !step.definition.conditions.is_empty() && asks_for_finished(step) {
                assert!(self.has_ended(other), "step {name} is enqueued before {name_of_other} is finished");
            }
        }
    }

    /// A runner that holds its step begins to work.
    pub(super) fn check_begun(&self, is_run_always: bool) {
        let has_final_begun = self.pipeline.steps.iter().any(|s| s.definition.run_always && s.record.attempt > 0);
        assert!(is_run_always || !has_final_begun, "a step begins after a run-always step");
    }

    /// The pipeline gets a status.
    pub(super) fn check_settled(&self, status: PipelineStatus) {
        let steps = &self.pipeline.steps;
        let holds = match status {
            PipelineStatus::Pending | PipelineStatus::Running => true,
            PipelineStatus::Paused => self.pipeline.paused_at.is_some() && self.pipeline.stop.is_none(),
            PipelineStatus::Success => steps.iter().all(is_completed) && self.pipeline.stop.is_none(),
            PipelineStatus::Error => steps.iter().all(|s| self.has_ended(s)) && !steps.iter().all(is_completed),
            PipelineStatus::Cancelled => {
                self.pipeline.stop.is_some() && !self.pipeline.steps.iter().any(|step| self.is_worked_on(step))
            }
        };
        assert!(holds, "the pipeline is settled {status}: {:?}", self.pipeline);
    }

    /// Whether a runner that holds the step has begun its work.
    fn is_worked_on(&self, step: &Step) -> bool {
        let mut runners = self.runners.iter().filter(|runner| runner.step == step.definition.name);
        runners.any(|runner| runner.is_working && self.holds(runner))
    }

    /// Whether the step has ended or can never be reached.
    fn has_ended(&self, step: &Step) -> bool {
        match step.record.status {
            StepStatus::Enqueued | StepStatus::Running => false,
            StepStatus::Success if recurs(step) => self.pipeline.stop.is_some() && !step.definition.run_always,
            StepStatus::Success | StepStatus::Skipped | StepStatus::Cancelled => true,
            StepStatus::Error if is_failed(step) => true,
            StepStatus::Error | StepStatus::Pending => self.is_unreachable(step),
        }
    }

    fn is_unreachable(&self, step: &Step) -> bool {
        let is_bad = |other: &Step| match other.record.status {
            StepStatus::Enqueued | StepStatus::Running | StepStatus::Success | StepStatus::Skipped => false,
            StepStatus::Cancelled => true,
            StepStatus::Error if is_failed(other) => !other.definition.allow_failure,
            StepStatus::Error | StepStatus::Pending => self.is_unreachable(other),
        };
        let mut before =
            self.pipeline.steps.iter().filter(|other| {
                !other.definition.run_always && other.definition.sort_order < step.definition.sort_order
            });
        !step.definition.run_always && (self.pipeline.stop.is_some() || asks_for_completed(step) && before.any(is_bad))
    }

    /// Lets everything go on undisturbed until the pipeline has ended, and looks at the end.
    pub(super) fn drain(&mut self, failing_rounds: u8) {
        self.is_in_maintenance = false;
        if self.pipeline.paused_at.is_some() {
            self.pause_or_resume();
        }
        for round in 0..200_u32 {
            if !self.pipeline.status.is_open() {
                break;
            }
            self.wait(LONG);
            self.beat();
            let wait = patience::wait("all messages are taken and all runners end");
            while let Some(message) = self.messages.pop() {
                wait.go_on();
                self.claim(&message);
            }
            let fails = round % 2 == 0 && failing_rounds >> (round / 2 % 8) & 1 == 1;
            while let Some(runner) = self.runners.pop() {
                wait.go_on();
                self.work(runner, if fails { StepEvent::Fail } else { StepEvent::Succeed }, false);
            }
        }
        let steps = &self.pipeline.steps;
        let expected = match self.pipeline.stop {
            Some(_) => PipelineStatus::Cancelled,
            None if steps.iter().all(is_completed) => PipelineStatus::Success,
            None => PipelineStatus::Error,
        };
        assert_eq!(self.pipeline.status, expected, "{:?}", self.pipeline);
        for step in steps.iter().filter(|step| step.definition.run_always) {
            let has_run = step.record.attempt > 0 && self.has_ended(step);
            assert!(has_run, "run-always step {} has not run", step.definition.name);
            let may_run_often = limit(step) != Some(1) || runs(step).is_some();
            assert!(may_run_often || step.record.attempt == 1, "it has run more than once");
        }
    }
}

fn limit(step: &Step) -> Option<u32> {
    step.definition.conditions.iter().find_map(|described| {
        if let StepCondition::AttemptsLimit { limit } = described.condition { Some(limit) } else { None }
    })
}

/// How often a recurring step runs.
fn runs(step: &Step) -> Option<u32> {
    step.definition.conditions.iter().find_map(|described| {
        if let StepCondition::Recurring { limit, .. } = described.condition { Some(limit) } else { None }
    })
}

/// Whether a step that succeeded has runs left.
fn recurs(step: &Step) -> bool {
    step.record.status == StepStatus::Success && runs(step).is_some_and(|limit| step.record.runs() < limit)
}

/// The steps that must not run when this one begins.
fn excluded(step: &Step) -> impl Iterator<Item = &Name> {
    let lists = step.definition.conditions.iter().filter_map(|described| {
        if let StepCondition::WaitForStepIsNotRunning { steps } = &described.condition { Some(steps) } else { None }
    });
    lists.flatten()
}

fn asks_for_completed(step: &Step) -> bool {
    let asks = StepCondition::PreviousStepsCompleted { steps: None };
    step.definition.conditions.iter().any(|described| described.condition == asks)
}

fn asks_for_finished(step: &Step) -> bool {
    let asks = StepCondition::PreviousStepsFinished { steps: None };
    step.definition.conditions.iter().any(|described| described.condition == asks)
}

fn is_failed(step: &Step) -> bool {
    let Step { record, .. } = step;
    let is_used_up = limit(step).is_some_and(|limit| record.attempts_of_run() >= limit);
    record.status == StepStatus::Error && (record.is_permanent || is_used_up)
}

fn is_completed(step: &Step) -> bool {
    match step.record.status {
        StepStatus::Skipped => true,
        StepStatus::Success => !recurs(step),
        StepStatus::Error => is_failed(step) && step.definition.allow_failure,
        StepStatus::Pending | StepStatus::Enqueued | StepStatus::Running | StepStatus::Cancelled => false,
    }
}
