//! What runners do for each other between heartbeats, and what they leave to those.

use std::collections::BTreeMap;

use pipeline::condition::StepCondition;
use pipeline::{StepDefinition, StepStatus};

use super::ends::has_ended;
use super::order::too_early;
use super::story::{Life, Mark, Story};
use crate::history::{ActorId, What, short};
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
    for (at, event) in story.ended.history.events.iter().enumerate() {
        let last = last.entry(event.actor).or_default();
        match &event.what {
            What::Delivered { message } => {
                last[0] = Some(message.hops);
                received.insert(&message.token.0, message.hops);
            }
            What::WorkEnds { body, .. } => last[1] = received.get(body.token.as_str()).copied(),
            What::Sent { message, .. } => {
                let id = message.pipeline.as_str();
                let state = story.lives.get(id).and_then(|life| life.state(message.step.as_str(), at));
                // What is sent again, or much later, comes as if from a heartbeat.
                let is_new = state.is_none_or(|state| state.resends == 0) && message.continuation == 0;
                let is_counted = last.iter().flatten().any(|before| before + 1 == message.hops);
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

/// While nothing goes wrong, whoever ends last enqueues what its end made ready.
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
                if at_work.is_empty() && story.actor(at).starts_with("runner-") {
                    nothing_is_left(story, at, troubled)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Nothing is ready of the pipelines of which the runner that just came to its end, as the last one, ended the last step.
fn nothing_is_left(story: &Story<'_>, at: usize, troubled: Option<usize>) -> Result<(), String> {
    let actor = story.ended.history.events[at].actor;
    for life in story.lives.values() {
        let is_whole = troubled.is_none_or(|troubled| troubled < life.states[0].0);
        let is_normal =
            !story.had_maintenance() && story.setting(MINI_HEARTBEAT, at).is_none_or(|value| value == "true");
        let own = life.own_state(at).filter(|state| state.status.is_open() && state.paused_at.is_none());
        let is_free = own.is_some_and(|state| !state.is_stopped()) && life.forced_at() > at;
        if !(is_whole && is_normal && is_free && ended_last(story, life, actor, at)) {
            continue;
        }
        let steps = life.steps_at(at);
        let is_ready = |step: &&&StepDefinition| {
            life.state(step.name.as_str(), at).is_none()
                && !step.run_always
                && asks_only_for_steps(step)
                && too_early(life, step, at).is_none()
                && !has_ended(life, &steps, step, at, false)
        };
        if let Some(step) = steps.iter().find(is_ready) {
            let (id, time, name) = (short(life.id), story.time(at), story.actor(at));
            return Err(format!(
                "{id} step {} is ready, and {name}, the last one at work, ends at {time} without it",
                step.name
            ));
        }
    }
    Ok(())
}

/// Whether an actor ended the step of a pipeline that ended last, and its chain may go on.
fn ended_last(story: &Story<'_>, life: &Life<'_>, actor: ActorId, at: usize) -> bool {
    let events = &story.ended.history.events;
    let written = life.steps.values().flatten().filter(|(written, _)| *written < at);
    let Some((last, state)) = written.max_by_key(|(written, _)| *written) else { return false };
    let is_end = matches!(state.status, StepStatus::Success | StepStatus::Skipped | StepStatus::Error);
    let hops = events[..*last].iter().rev().filter(|event| event.actor == actor).find_map(|event| match &event.what {
        What::Delivered { message } => Some(message.hops),
        _ => None,
    });
    is_end && events[*last].actor == actor && hops.is_some_and(|hops| hops < story.ended.limits.hop_limit)
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
