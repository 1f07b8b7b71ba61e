//! What runners do for each other between heartbeats, and what they leave to those.

use std::collections::{BTreeMap, BTreeSet};

use pipeline::condition::StepCondition;
use pipeline::{StepDefinition, StepStatus};

use super::ends::has_ended;
use super::order::too_early;
use super::story::{Life, Mark, Story};
use crate::history::{ActorId, StepState, What, short};
use crate::scenario::MINI_HEARTBEAT;

/// Without a wait between attempts a failing step would otherwise spin from runner to runner.
pub(super) fn a_retry_comes_with_a_heartbeat(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for Mark { step, at, before, .. } in life.new_marks() {
            let is_retry = before.is_some_and(|before| before.status == StepStatus::Error);
            if is_retry && story.actor(at).starts_with("runner-") {
                let (id, time, name) = (short(life.id), story.time(at), story.actor(at));
                return Err(format!("{id} step {step} is tried again at {time} by {name}, which is no heartbeat"));
            }
        }
    }
    Ok(())
}

/// Each runner counts on from the message whose step it ended, and sends none beyond the limit.
pub(super) fn a_chain_of_runners_is_counted_and_cut(story: &Story<'_>) -> Result<(), String> {
    let limit = story.ended.limits.hop_limit;
    let mut received: BTreeMap<&str, u32> = BTreeMap::new();
    // Of each runner the message that came last, and the one that it worked on last: the next one may come with the end of
    // a step, and before the look at what follows from it.
    let mut last: BTreeMap<ActorId, [Option<u32>; 2]> = BTreeMap::new();
    // Of each runner whose calls were disturbed all that came: a send that timed out may arrive minutes later.
    let mut came: BTreeMap<ActorId, Vec<u32>> = BTreeMap::new();
    let mut disturbed: BTreeSet<ActorId> = BTreeSet::new();
    for (at, event) in story.ended.history.events.iter().enumerate() {
        let last = last.entry(event.actor).or_default();
        let came = came.entry(event.actor).or_default();
        match &event.what {
            What::Fault { .. } => drop(disturbed.insert(event.actor)),
            What::Delivered { message } => {
                came.push(message.hops);
                last[0] = Some(message.hops);
                received.insert(&message.token.0, message.hops);
            }
            What::WorkEnds { body, .. } => last[1] = received.get(body.token.as_str()).copied(),
            What::Sent { message, .. } => {
                let id = message.pipeline.as_str();
                // The step as it was under this message's token: by now another attempt may have begun.
                let states = story.lives.get(id).and_then(|life| life.steps.get(message.step.as_str()));
                let mut states = states.into_iter().flatten().rev().filter(|(written, _)| *written < at);
                let state = states.find(|(_, state)| state.token == message.token.0).map(|(_, state)| *state);
                // What is sent again, or much later, comes as if from a heartbeat.
                let is_new = state.is_none_or(|state| state.resends == 0) && message.continuation == 0;
                let counts_on = |before: &u32| before + 1 == message.hops;
                let is_counted = match disturbed.contains(&event.actor) {
                    true => came.iter().any(counts_on),
                    false => last.iter().flatten().any(counts_on),
                };
                let is_lost_count = is_new && story.actor(at).starts_with("runner-") && !is_counted;
                if message.hops > limit || is_lost_count {
                    let (step, hops, name) = (&message.step, message.hops, story.actor(at));
                    let (id, time) = (short(id), story.time(at));
                    return Err(format!(
                        "the message of {id} step {step} says at {time} that {hops} runners follow each other; {name} sends it \
                         after {last:?}, and {limit} are the most"
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn messages_go_by_priority(story: &Story<'_>) -> Result<(), String> {
    for (at, event) in story.ended.history.events.iter().enumerate() {
        let What::Sent { message, priority, .. } = &event.what else { continue };
        let Some(life) = story.lives.get(message.pipeline.as_str()) else { continue };
        let expected = life.definition.priority;
        if *priority != expected {
            let (id, time) = (short(life.id), story.time(at));
            return Err(format!(
                "the message of {id} step {} goes to the queue of {priority:?} at {time}; expected is {expected:?}",
                message.step
            ));
        }
    }
    Ok(())
}

/// Who begins when mini heartbeats have been switched off, and nobody has older settings in hand, leaves all to heartbeats.
pub(super) fn no_mini_beats_when_they_are_off(story: &Story<'_>) -> Result<(), String> {
    if story.ended.scenario.skew > 0 {
        return Ok(());
    }
    for life in story.lives.values() {
        for Mark { step, at, .. } in life.new_marks() {
            let begins = story.begin_of_writer(at).unwrap_or(0);
            let is_off = |at: usize| story.setting(MINI_HEARTBEAT, at) == Some("false");
            let was_off = (story.earlier(begins, 6_000)..=at).all(is_off);
            if was_off && story.actor(at).starts_with("runner-") {
                let (id, time, name) = (short(life.id), story.time(at), story.actor(at));
                return Err(format!("{id} step {step} is enqueued at {time} by {name}, and mini heartbeats are off"));
            }
        }
    }
    Ok(())
}

/// While nothing goes wrong, whoever ends a step enqueues what its end made ready; of a stage that is a gate whoever ends
/// last.
pub(super) fn what_is_ready_is_enqueued_at_once(story: &Story<'_>) -> Result<(), String> {
    let mut at_work: Vec<ActorId> = Vec::new();
    let mut troubled = None;
    for (at, event) in story.ended.history.events.iter().enumerate() {
        match &event.what {
            What::Begins { .. } => at_work.push(event.actor),
            What::Fault { .. } | What::Freezes { .. } => troubled = Some(at),
            What::Dies(_) => {
                troubled = Some(at);
                at_work.retain(|actor| *actor != event.actor);
            }
            What::Ends(_) => {
                at_work.retain(|actor| *actor != event.actor);
                if story.actor(at).starts_with("runner-") {
                    nothing_is_left(story, at, troubled, at_work.is_empty())?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Nothing that the runner which came to its end at a moment made ready is left.
fn nothing_is_left(story: &Story<'_>, at: usize, troubled: Option<usize>, is_last: bool) -> Result<(), String> {
    let actor = story.ended.history.events[at].actor;
    let is_normal = !story.had_maintenance() && story.setting(MINI_HEARTBEAT, at).is_none_or(|value| value == "true");
    for life in story.lives.values().filter(|_| is_normal) {
        let is_whole = troubled.is_none_or(|troubled| troubled < life.states[0].0);
        let own = life.own_state(at).filter(|state| state.status.is_open() && state.paused_at.is_none());
        let is_free = own.is_some_and(|state| !state.is_stopped()) && life.rerun_at() > at;
        let Some((ended, step)) = last_end(story, life, actor, at).filter(|_| is_whole && is_free) else { continue };
        // Others of a stage that has not ended yet may look later, unless something waits for less than all of it.
        let is_busy = life.steps_at(at).iter().any(|other| {
            let state = life.state(other.name.as_str(), at);
            other.sort_order == step.sort_order && state.is_some_and(|state| state.status.is_active())
        });
        if !(is_last || is_busy) {
            continue;
        }
        if let Some(ready) = left_ready(life, ended, at) {
            let (id, time, name) = (short(life.id), story.time(at), story.actor(at));
            return Err(format!(
                "{id} step {ready} is ready, and {name}, which ended {}, ends at {time} without it",
                step.name
            ));
        }
    }
    Ok(())
}

/// A step that was ready when another one had ended, and that nobody has enqueued until a moment.
fn left_ready<'a>(life: &'a Life<'_>, ended: usize, at: usize) -> Option<&'a str> {
    let steps = life.steps_at(ended);
    let is_ready = |step: &&&StepDefinition| {
        life.state(step.name.as_str(), at).is_none()
            && !step.run_always
            && asks_only_for_steps(step)
            && too_early(life, step, ended).is_none()
            && !has_ended(life, &steps, step, ended, false)
    };
    let ready = steps.iter().find(is_ready)?;
    life.definition_of(ready.name.as_str()).map(|definition| definition.name.as_str())
}

/// The last end of a step by an actor whose chain may go on, behind the write, and the step.
fn last_end<'a>(
    story: &Story<'_>,
    life: &'a Life<'_>,
    actor: ActorId,
    at: usize,
) -> Option<(usize, &'a StepDefinition)> {
    let events = &story.ended.history.events;
    let of_step = |(name, states): (&&'a str, &'a Vec<(usize, &StepState)>)| {
        let by_actor = states.iter().filter(|(written, _)| *written < at && events[*written].actor == actor);
        by_actor.max_by_key(|(written, _)| *written).map(|(written, state)| (*written, *name, state.status))
    };
    let ends = life.steps.iter().filter_map(of_step);
    let is_end = |status: &StepStatus| matches!(status, StepStatus::Success | StepStatus::Skipped | StepStatus::Error);
    let (written, name, _) = ends.filter(|(_, _, status)| is_end(status)).max_by_key(|(written, ..)| *written)?;
    let hops =
        events[..written].iter().rev().filter(|event| event.actor == actor).find_map(|event| match &event.what {
            What::Delivered { message } => Some(message.hops),
            _ => None,
        });
    let may_go_on = hops.is_some_and(|hops| hops < story.ended.limits.hop_limit);
    life.definition_of(name).filter(|_| may_go_on).map(|definition| (written + 1, definition))
}

fn asks_only_for_steps(step: &StepDefinition) -> bool {
    step.conditions.iter().all(|described| {
        matches!(
            described.condition,
            StepCondition::AttemptsLimit { .. }
                | StepCondition::TimeBetweenAttempts { .. }
                | StepCondition::PreviousStepsCompleted { steps: None }
                | StepCondition::PreviousStepsFinished { steps: None }
                | StepCondition::DependingOnNamedSteps { .. }
        )
    })
}
