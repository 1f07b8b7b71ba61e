//! What must not begin, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use pipeline::condition::StepCondition;
use pipeline::{StepDefinition, StepStatus};

use super::ends::{has_ended, is_completed};
use super::story::{Life, Story};
use crate::history::{StepState, What, short};
use crate::seams::LAG;

pub(super) fn a_stopped_pipeline_begins_nothing(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        let Some(stopped_at) = life.stopped_at() else { continue };
        for body in &life.bodies {
            let is_ordinary = life.definition_of(&body.body.step).is_some_and(|definition| !definition.run_always);
            let claim = life.claim_of(body);
            if is_ordinary && claim.is_some_and(|(at, state)| at > stopped_at && !state.is_forced) {
                let time = story.time(body.begins);
                return Err(format!("{} is claimed after the stop and begins at {time}", body.body));
            }
        }
    }
    Ok(())
}

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
                !other.is_forced && !state.is_forced && is_open(id) && is_open(other_id)
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
    for life in story.lives.values().filter(|life| !life.has_forced()) {
        for (name, states) in &life.steps {
            let Some(definition) = life.definition_of(name) else {
                return Err(format!("{} step {name} is written and nobody defined it", short(life.id)));
            };
            for (index, (at, state)) in states.iter().enumerate() {
                let before = index.checked_sub(1).map(|before| states[before].1);
                if state.status == StepStatus::Enqueued
                    && state.continuations == 0
                    && before.is_none_or(|before| before.token != state.token)
                    && let Some(why) = too_early(life, definition, before, state, *at)
                {
                    return Err(format!("{} step {name} is enqueued at {}: {why}", short(life.id), story.time(*at)));
                }
            }
        }
    }
    Ok(())
}

/// Why a step is enqueued too early.
fn too_early(
    life: &Life<'_>,
    definition: &StepDefinition,
    before: Option<&StepState>,
    state: &StepState,
    at: usize,
) -> Option<String> {
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
            StepCondition::TimeBetweenAttempts { wait } if before.is_some_and(|it| it.status == StepStatus::Error) => {
                let since = before.and_then(|before| between(&before.finished_at, &state.enqueued_at));
                if since.is_none_or(|since| since < *wait) {
                    return Some(format!("only {since:?} after its failure"));
                }
            }
            _ => {}
        }
    }
    None
}

fn between(from: &str, to: &str) -> Option<Duration> {
    let (from, to): (DateTime<Utc>, DateTime<Utc>) = (from.parse().ok()?, to.parse().ok()?);
    (to - from).to_std().ok()
}

pub(super) fn definitions_and_siblings(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        let mut hashes = life.states.iter().map(|(_, state)| &state.definition);
        if hashes.next().is_some_and(|first| hashes.any(|other| other != first)) {
            return Err(format!("{} changes its definition", short(life.id)));
        }
        let (spawned_at, first) = life.states[0];
        if !first.spawned_by.starts_with("heartbeat") || !life.definition.has_no_sibling_in_progress() {
            continue;
        }
        let siblings = story.lives.values().filter(|other| other.name == life.name && other.id != life.id);
        for sibling in siblings {
            // The listing may not show yet what a person opened again by hand, and nothing else tells of it.
            let is_hidden = story.opened_again(sibling, spawned_at).is_some_and(|ago| ago <= LAG);
            if !is_hidden && sibling.own_state(spawned_at).is_some_and(|state| state.status.is_open()) {
                let time = story.time(spawned_at);
                return Err(format!("{} is spawned at {time} while {} is open", short(life.id), short(sibling.id)));
            }
        }
    }
    Ok(())
}
