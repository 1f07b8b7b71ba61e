//! How pipelines end.

use std::collections::BTreeSet;

use pipeline::condition::StepCondition;
use pipeline::{PipelineStatus, StepDefinition, StepStatus};

use super::story::{self, Life, Story};
use crate::history::{StepState, short};
use crate::scenario::{HARMLESS_SKEW, Hosts, Scenario};

pub(super) fn every_pipeline_ends(story: &Story<'_>) -> Result<(), String> {
    if let Some(pipeline) = story.ended.pipelines.iter().find(|pipeline| pipeline.status.is_open()) {
        let stands = |step: &pipeline::Step| format!("{} {}", step.definition.name, step.record.status);
        let steps: Vec<String> = pipeline.steps.iter().map(stands).collect();
        let (id, status) = (short(pipeline.id.as_str()), pipeline.status);
        return Err(format!("{id} is still {status} long after everything went well again: {}", steps.join(", ")));
    }
    for pipeline in story.ended.pipelines.iter().filter(|pipeline| pipeline.stop.is_none()) {
        if let Some(busy) = pipeline.steps.iter().find(|step| step.record.status.is_active()) {
            let (name, status) = (&busy.definition.name, busy.record.status);
            return Err(format!("{} has ended, and its step {name} is {status}", short(pipeline.id.as_str())));
        }
    }
    if story.ended.pipelines.len() < story.lives.len() {
        return Err("a pipeline has gone".to_owned());
    }
    Ok(())
}

pub(super) fn a_pipeline_settles_as_its_steps_stand(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        let rerun_at = life.rerun_at();
        let ends = life.states.iter().filter(|(at, state)| *at < rerun_at && !state.status.is_open());
        for (at, state) in ends {
            let expected = expected(life, *at, state.is_stopped());
            if expected != Ok(state.status) {
                let (id, time) = (short(life.id), story.time(*at));
                let words = expected.map_or_else(|why| why, |status| format!("expected is {status}"));
                return Err(format!("{id} settles {} at {time}: {words}", state.status));
            }
        }
    }
    Ok(())
}

/// How a pipeline ends whose steps stand so, or why it cannot end yet.
fn expected(life: &Life<'_>, at: usize, is_stopped: bool) -> Result<PipelineStatus, String> {
    let steps = life.steps_at(at);
    for step in &steps {
        let is_worked_on = life
            .bodies
            .iter()
            .any(|body| body.body.step == step.name.as_str() && body.begins < at && holds(life, body, at));
        let never_begins = is_stopped && !step.run_always;
        if is_worked_on || !never_begins && !has_ended(life, &steps, step, at, is_stopped) {
            return Err(format!("step {} has not ended", step.name));
        }
    }
    Ok(if is_stopped {
        PipelineStatus::Cancelled
    } else if steps.iter().all(|step| is_completed(life, &steps, step, at)) {
        PipelineStatus::Success
    } else {
        PipelineStatus::Error
    })
}

/// Whether an execution still has its step.
fn holds(life: &Life<'_>, body: &story::Execution<'_>, at: usize) -> bool {
    let state = life.state(&body.body.step, at);
    state.is_some_and(|state| state.status == StepStatus::Running && state.token == body.body.token)
}

/// Whether a step ended well: skipped, success without runs left, or a failure for good that is allowed.
pub(super) fn is_completed(life: &Life<'_>, steps: &[&StepDefinition], step: &StepDefinition, at: usize) -> bool {
    let Some(state) = life.state(step.name.as_str(), at) else { return false };
    match state.status {
        StepStatus::Skipped => true,
        StepStatus::Success => {
            let has_runs = story::recurs(step).is_some_and(|runs| state.run < u64::from(runs));
            !has_runs || is_unreachable(life, steps, step, at, false)
        }
        StepStatus::Error => is_failed(life, step, at) && step.allow_failure,
        StepStatus::Pending | StepStatus::Enqueued | StepStatus::Running | StepStatus::Cancelled => false,
    }
}

/// Whether a step failed and is not tried again.
fn is_failed(life: &Life<'_>, step: &StepDefinition, at: usize) -> bool {
    let Some(state) = life.state(step.name.as_str(), at) else { return false };
    let tries = state.attempt - state.attempts_before;
    let is_used_up = story::limit(step).is_some_and(|limit| tries >= u64::from(limit));
    state.status == StepStatus::Error && (state.is_permanent || is_used_up)
}

/// Whether a step has ended or can never be reached.
pub(super) fn has_ended(
    life: &Life<'_>,
    steps: &[&StepDefinition],
    step: &StepDefinition,
    at: usize,
    is_stopped: bool,
) -> bool {
    let status = life.state(step.name.as_str(), at).map_or(StepStatus::Pending, |state| state.status);
    match status {
        StepStatus::Enqueued | StepStatus::Running => false,
        StepStatus::Skipped | StepStatus::Cancelled => true,
        StepStatus::Success => is_stopped || is_completed(life, steps, step, at),
        StepStatus::Error if is_failed(life, step, at) => true,
        StepStatus::Error | StepStatus::Pending => is_unreachable(life, steps, step, at, is_stopped),
    }
}

/// Whether a step asks for others to end well of which one did not.
fn is_unreachable(
    life: &Life<'_>,
    steps: &[&StepDefinition],
    step: &StepDefinition,
    at: usize,
    is_stopped: bool,
) -> bool {
    if step.run_always {
        return false;
    }
    let is_before = |other: &&&StepDefinition| !other.run_always && other.sort_order < step.sort_order;
    let is_bad =
        |other: &StepDefinition| has_ended(life, steps, other, at, is_stopped) && !is_completed(life, steps, other, at);
    is_stopped
        || step.conditions.iter().any(|described| match &described.condition {
            StepCondition::PreviousStepsCompleted { steps: None } => {
                steps.iter().filter(is_before).any(|other| is_bad(other))
            }
            StepCondition::DependingOnNamedSteps { steps: names } => {
                steps.iter().filter(is_before).any(|other| names.contains(&other.name) && is_bad(other))
                    || names.iter().any(|name| !steps.iter().filter(is_before).any(|other| other.name == *name))
            }
            _ => false,
        })
}

/// What runs always told of the others as they are in the end, not as they were before somebody ran one again.
pub(super) fn reruns_are_told(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        let Some(own) = life.own_state(usize::MAX).filter(|own| !own.status.is_open()) else { continue };
        let (id, mut asked) = (short(life.id), 0);
        for (name, states) in &life.steps {
            let is_ordinary = life.definition_of(name).is_some_and(|definition| !definition.run_always);
            // Further invocations of one attempt have tokens of their own.
            let is_asked = |state: &StepState| state.is_rerun && state.continuations == 0;
            let asking: BTreeSet<&str> =
                states.iter().filter(|(_, state)| is_asked(state)).map(|(_, state)| state.token.as_str()).collect();
            asked += if is_ordinary { asking.len() as u64 } else { 0 };
        }
        if own.reruns != asked {
            return Err(format!("{id} counts {} reruns of {asked}", own.reruns));
        }
        for step in life.definition.steps.iter().filter(|step| step.run_always) {
            let told = life.state(step.name.as_str(), usize::MAX).map_or(0, |state| state.reruns_seen);
            if told < asked {
                return Err(format!("{id} step {} tells of {told} reruns of {asked}", step.name));
            }
        }
    }
    Ok(())
}

pub(super) fn run_always_steps_run_once_and_last(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        let rerun_at = life.rerun_at();
        let own_state = life.own_state(rerun_at);
        let has_ended = own_state.is_some_and(|state| !state.status.is_open());
        for step in life.definition.steps.iter().filter(|step| step.run_always) {
            let (id, name) = (short(life.id), &step.name);
            let states = life.steps.get(name.as_str()).map(Vec::as_slice).unwrap_or_default();
            let is_end = |status: StepStatus| matches!(status, StepStatus::Success | StepStatus::Skipped);
            let runs = states.iter().filter(|(at, state)| *at < rerun_at && is_end(state.status)).count();
            let is_given_up = is_failed(life, step, rerun_at);
            if has_ended && runs != 1 && !is_given_up || runs > 1 {
                return Err(format!("{id} step {name} runs always and succeeded {runs} times"));
            }
            let mut bodies = life.bodies.iter().take_while(|body| body.begins < rerun_at);
            let Some(first) = bodies.find(|body| body.body.step == name.as_str()) else { continue };
            // What a run-always step adds comes after it.
            let is_ordinary = |step: &str| {
                let is_added_by_it = step.starts_with(&format!("{name}."));
                !is_added_by_it && life.definition_of(step).is_some_and(|definition| !definition.run_always)
            };
            // Leases of machines are short, so that it takes less of a skew than on functions.
            let Scenario { skew, hosts, .. } = story.ended.scenario;
            let may_begin_late = skew > HARMLESS_SKEW || hosts == Hosts::Machines && skew > 0;
            let ordinary = life.bodies.iter().filter(|body| body.begins < rerun_at && is_ordinary(&body.body.step));
            for other in ordinary {
                let is_beside =
                    other.begins < first.begins && first.begins < other.stops && holds(life, other, first.begins);
                // It may have stood still past its lease by a clock that is ahead; then it can commit nothing.
                let is_late = other.begins > first.begins && (!may_begin_late || holds(life, other, other.begins));
                if is_beside || is_late {
                    let time = story.time(first.begins);
                    return Err(format!(
                        "{id} step {name} runs always and began at {time}, before {} ended",
                        other.body
                    ));
                }
            }
        }
    }
    Ok(())
}
