//! Who may lose a step: nobody who lives and reaches the store.

use pipeline::StepStatus;

use super::story::{Life, Story};
use crate::history::{ActorId, StepState, What, short};
use crate::scenario::{HARMLESS_SKEW, Hosts};

/// Only a step whose runner died, stood still or lost a call is ever ghosted, and not before its lease is over.
pub(super) fn only_the_silent_are_ghosted(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for Loss { step, at, held_since, holder, before, after } in losses(story, life) {
            if after.status != StepStatus::Error {
                continue;
            }
            let (id, time, name) = (short(life.id), story.time(at), &story.ended.history.actors[holder]);
            if before.lease_until.is_none_or(|until| story.clock(at).1 < until) {
                return Err(format!("{id} step {step} is ghosted at {time}, before the lease of {name} is over"));
            }
            // Clocks that differ by more than the margin of a lease end it before its holder is dead, and machines renew
            // theirs with a smaller margin.
            let skew = story.ended.scenario.skew;
            let is_apart = skew > HARMLESS_SKEW || skew > 0 && story.ended.scenario.hosts == Hosts::Machines;
            if !is_apart && !is_disturbed(story, holder, held_since, at) {
                return Err(format!(
                    "{id} step {step} is ghosted at {time}, and nothing went wrong with {name}, which runs it"
                ));
            }
        }
    }
    Ok(())
}

/// Only a step whose runner is dead is carried on by others.
pub(super) fn only_the_dead_are_taken_over(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for Loss { step, at, holder, after, .. } in losses(story, life) {
            if after.status == StepStatus::Error {
                continue;
            }
            let events = &story.ended.history.events[..at];
            let is_dead = events.iter().any(|event| event.actor == holder && matches!(event.what, What::Dies(_)));
            if !is_dead {
                let (id, time, name) = (short(life.id), story.time(at), &story.ended.history.actors[holder]);
                return Err(format!("{id} step {step} is taken from {name} at {time}, which lives"));
            }
        }
    }
    Ok(())
}

/// A write by which a running step is taken from who claimed it.
struct Loss<'a> {
    step: &'a str,
    at: usize,
    /// From where on what goes wrong with the holder may be what made it lose the step.
    held_since: usize,
    holder: ActorId,
    before: &'a StepState,
    after: &'a StepState,
}

fn losses<'a>(story: &Story<'_>, life: &'a Life<'_>) -> Vec<Loss<'a>> {
    let mut losses = Vec::new();
    for (step, states) in &life.steps {
        for pair in states.windows(2) {
            let [(_, before), (at, after)] = pair else { continue };
            let Some(holder) = story.named(&before.owner).filter(|_| before.status == StepStatus::Running) else {
                continue;
            };
            if story.ended.history.events[*at].actor != holder {
                let claims = states.iter().filter(|(written, state)| written < at && state.token == before.token);
                let claimed = claims.filter(|(_, state)| state.status == StepStatus::Running).map(|(at, _)| *at).min();
                let held_since = story.work_before(holder, &before.token, claimed.unwrap_or(*at));
                losses.push(Loss { step, at: *at, held_since, holder, before, after });
            }
        }
    }
    losses
}

/// Whether an actor died, stood still or had trouble with a call between two moments.
fn is_disturbed(story: &Story<'_>, actor: ActorId, from: usize, to: usize) -> bool {
    let is_trouble = |what: &What| matches!(what, What::Dies(_) | What::Freezes { .. } | What::Fault { .. });
    let events = story.ended.history.events[from..to].iter();
    events.filter(|event| event.actor == actor).any(|event| is_trouble(&event.what))
}
