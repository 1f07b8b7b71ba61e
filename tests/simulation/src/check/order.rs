//! What must not begin, and when.

use std::collections::BTreeMap;

use pipeline::condition::StepCondition;
use pipeline::{StepDefinition, StepStatus};

use super::ends::{has_ended, is_completed};
use super::story::{Life, Mark, Story};
use crate::history::{StepState, What, short};

pub(super) fn a_stopped_pipeline_begins_nothing(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        let Some(stopped_at) = life.stopped_at() else { continue };
        for body in &life.bodies {
            let is_ordinary = life.definition_of(&body.body.step).is_some_and(|definition| !definition.run_always);
            let claim = life.claim_of(body);
            if is_ordinary && claim.is_some_and(|(at, state)| at > stopped_at && !state.is_rerun) {
                let time = story.time(body.begins);
                return Err(format!("{} is claimed after the stop and begins at {time}", body.body));
            }
        }
    }
    Ok(())
}

/// Who begins after the stop of a pipeline marks no ordinary step of it. Who began before may have looked before.
pub(super) fn a_stopped_pipeline_enqueues_nothing(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        let Some(stopped_at) = life.stopped_at() else { continue };
        for Mark { step, at, .. } in life.new_marks() {
            let is_ordinary = life.definition_of(step).is_some_and(|definition| !definition.run_always);
            if is_ordinary && story.begin_of_writer(at) > Some(stopped_at) {
                let (id, time, name) = (short(life.id), story.time(at), story.actor(at));
                return Err(format!("{id} step {step} is enqueued at {time} by {name}, which began after the stop"));
            }
        }
    }
    Ok(())
}

/// Whatever a late beat marks in a pipeline that has ended: nobody begins it, unless a person opens the pipeline again, as
/// running a step by hand does.
pub(super) fn an_ended_pipeline_begins_nothing(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for body in &life.bodies {
            let Some((claimed, _)) = life.claim_of(body) else { continue };
            let own = life.own_state(claimed).filter(|own| !own.status.is_open());
            let is_opened = life.states.iter().any(|(at, _)| (claimed..body.begins).contains(at));
            if let Some(own) = own.filter(|_| !is_opened) {
                return Err(format!(
                    "{} begins at {}; its pipeline is {}",
                    body.body,
                    story.time(body.begins),
                    own.status
                ));
            }
        }
    }
    Ok(())
}

/// What a person asked for holds for one attempt: whoever enqueues the next one does not pass stops and holds with it.
pub(super) fn only_people_run_steps_by_hand(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for (step, states) in &life.steps {
            for pair in states.windows(2) {
                let [(_, before), (at, state)] = pair else { continue };
                let is_new = state.status == StepStatus::Enqueued && state.attempt != before.attempt;
                if is_new && state.is_rerun && !story.actor(*at).starts_with("person-") {
                    let (id, time, name) = (short(life.id), story.time(*at), story.actor(*at));
                    return Err(format!(
                        "{id} step {step} is enqueued at {time} as if a person asked for it, by {name}"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Who begins while a pipeline is on hold marks no step of it. Who began before may have looked before.
pub(super) fn a_pipeline_on_hold_begins_nothing(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for Mark { step, at, .. } in life.new_marks() {
            let held = life.held_since(at);
            if held.is_some_and(|held| story.begin_of_writer(at) > Some(held)) {
                let time = story.time(at);
                return Err(format!("{} step {step} is enqueued at {time}, during a pause", short(life.id)));
            }
        }
    }
    Ok(())
}

/// Who begins during maintenance, once nobody has older settings in hand, marks no step.
pub(super) fn nothing_begins_during_maintenance(story: &Story<'_>) -> Result<(), String> {
    // Settings are kept for a while by the clock of who reads them, which must not be set meanwhile.
    if story.ended.scenario.skew > 0 {
        return Ok(());
    }
    for life in story.lives.values() {
        for Mark { step, at, .. } in life.new_marks() {
            let events = &story.ended.history.events;
            let is_warned = |since: usize| {
                let begins = story.begin_of_writer(at);
                begins.is_some_and(|begins| begins > since && events[begins].at > events[since].at + SETTINGS_KEPT_FOR)
            };
            if story.maintained_since(at).is_some_and(is_warned) {
                let time = story.time(at);
                return Err(format!("{} step {step} is enqueued at {time}, during maintenance", short(life.id)));
            }
        }
    }
    Ok(())
}

/// How long settings are kept at most, in milliseconds.
const SETTINGS_KEPT_FOR: i64 = 5_000;

pub(super) fn exclusive_steps_are_never_busy_together(story: &Story<'_>) -> Result<(), String> {
    let mut busy: BTreeMap<(&str, &str), &StepState> = BTreeMap::new();
    for (at, event) in story.ended.history.events.iter().enumerate() {
        let What::Step { id, step, state } = &event.what else { continue };
        let Some(life) = story.lives.get(id.as_str()) else { continue };
        if !life.definition_of(step).is_some_and(is_exclusive) {
            continue;
        }
        busy.remove(&(id.as_str(), step.as_str()));
        if state.status.is_active() {
            // What a late beat marks in a pipeline that has ended is never begun.
            let is_open = |id: &str| {
                let own_state = story.lives.get(id).and_then(|life| life.own_state(at));
                own_state.is_none_or(|own| own.status.is_open())
            };
            let is_hindrance = |other_id: &str, other: &StepState| {
                !other.is_rerun && !state.is_rerun && is_open(id) && is_open(other_id)
            };
            let other = busy.iter().find(|((other_id, _), other)| is_hindrance(other_id, other));
            if let Some(((other_id, other), _)) = other {
                let (id, other_id, time) = (short(id), short(other_id), story.time(at));
                return Err(format!("{id} step {step} is {} at {time} while {other_id} step {other} is", state.status));
            }
            busy.insert((id, step), state);
        }
    }
    Ok(())
}

/// Whether a step waits for every step of its kind, its own name included.
fn is_exclusive(definition: &StepDefinition) -> bool {
    definition.conditions.iter().any(|described| {
        matches!(&described.condition, StepCondition::WaitForStepIsNotRunning { steps } if steps.contains(&definition.name))
    })
}

pub(super) fn a_step_waits_for_those_before_it(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        let rerun_at = life.rerun_at();
        for (name, states) in &life.steps {
            let Some(definition) = life.definition_of(name) else {
                return Err(format!("{} step {name} is written and nobody defined it", short(life.id)));
            };
            for (index, (at, state)) in states.iter().enumerate() {
                let before = index.checked_sub(1).map(|before| states[before].1);
                if *at < rerun_at
                    && state.status == StepStatus::Enqueued
                    && state.continuations == 0
                    && before.is_none_or(|before| before.token != state.token)
                    && let Some(why) = too_early(life, definition, *at)
                {
                    return Err(format!("{} step {name} is enqueued at {}: {why}", short(life.id), story.time(*at)));
                }
            }
        }
    }
    Ok(())
}

/// Why it is too early for a step, as far as other steps go.
pub(super) fn too_early(life: &Life<'_>, definition: &StepDefinition, at: usize) -> Option<String> {
    let steps = life.steps_at(at);
    let earlier = || {
        steps
            .iter()
            .filter(|other| other.run_always == definition.run_always)
            .filter(|other| other.sort_order < definition.sort_order)
    };
    let is_stopped = life.stopped_at().is_some_and(|stopped_at| stopped_at < at);
    for described in &definition.conditions {
        match &described.condition {
            StepCondition::PreviousStepsCompleted { steps: None } if !definition.run_always => {
                if let Some(other) = earlier().find(|other| !is_completed(life, &steps, other, at)) {
                    return Some(format!("step {} before it is not completed", other.name));
                }
            }
            StepCondition::PreviousStepsFinished { steps: None } if !definition.run_always => {
                if let Some(other) = earlier().find(|other| !has_ended(life, &steps, other, at, is_stopped)) {
                    return Some(format!("step {} before it has not ended", other.name));
                }
            }
            StepCondition::DependingOnNamedSteps { steps: names } => {
                let is_open =
                    |other: &&&StepDefinition| names.contains(&other.name) && !is_completed(life, &steps, other, at);
                if let Some(other) = earlier().find(is_open) {
                    return Some(format!("step {} that it depends on is not completed", other.name));
                }
            }
            _ => {}
        }
    }
    None
}
