//! The promises of the engine, each checked by one function against the history of a run.
//!
//! Nothing here asks the engine's own code what is right: the promises are said again, in another way, from what was
//! written, sent and executed.

mod beats;
mod chains;
mod clocks;
mod drops;
mod ends;
mod holders;
mod order;
mod spawns;
mod story;

use std::collections::{BTreeMap, BTreeSet};

use pipeline::StepStatus;

use crate::check::story::{Life, Story, claims};
use crate::history::{ActorId, StepState, What, short};
use crate::run::Ended;
use crate::scenario::{HARMLESS_SKEW, Hosts};
use crate::seams::MOST_CALLS;

/// A promise: says what breaks it, if anything does.
type Promise = fn(&Story<'_>) -> Result<(), String>;

/// All promises, with their names.
///
/// A cause comes before what follows from it: the first that is broken tells what is wrong.
const PROMISES: &[(&str, Promise)] = &[
    ("a run comes to its end", a_run_comes_to_its_end),
    ("a message follows its mark", a_message_follows_its_mark),
    ("an attempt has one outcome", an_attempt_has_one_outcome),
    ("a step is claimed by its message", a_step_is_claimed_by_its_message),
    ("an enqueue is claimed once", an_enqueue_is_claimed_once),
    ("a pipeline is in the list of its status", beats::a_pipeline_is_in_the_list_of_its_status),
    ("a beat looks at every open pipeline", beats::beats_look_at_every_open_pipeline),
    ("a beat cancels what a stop left", beats::beats_cancel_what_a_stop_left),
    ("there is one beat at a time", beats::there_is_one_beat_at_a_time),
    ("a pipeline on hold begins nothing", order::a_pipeline_on_hold_begins_nothing),
    ("an ended pipeline begins nothing", order::an_ended_pipeline_begins_nothing),
    ("a stopped pipeline begins no ordinary step", order::a_stopped_pipeline_begins_nothing),
    ("only people run steps by hand", order::only_people_run_steps_by_hand),
    ("a stopped pipeline enqueues nothing", order::a_stopped_pipeline_enqueues_nothing),
    ("nothing begins during maintenance", order::nothing_begins_during_maintenance),
    ("times are those of who writes", clocks::times_are_those_of_who_writes),
    ("a retry waits for its time", clocks::a_retry_waits_for_its_time),
    ("a delay is waited for", clocks::a_delay_is_waited_for),
    ("a message is sent again after its grace", clocks::a_message_is_sent_again_after_its_grace),
    ("pauses add up", clocks::pauses_add_up),
    ("no pause counts for an expiry", clocks::no_pause_counts_for_an_expiry),
    ("a pipeline ends in its time", clocks::a_pipeline_ends_in_its_time),
    ("only the silent are ghosted", holders::only_the_silent_are_ghosted),
    ("only the dead are taken over", holders::only_the_dead_are_taken_over),
    ("a retry comes with a heartbeat", chains::a_retry_comes_with_a_heartbeat),
    ("a chain of runners is counted and cut", chains::a_chain_of_runners_is_counted_and_cut),
    ("messages go by priority", chains::messages_go_by_priority),
    ("no mini beats when they are off", chains::no_mini_beats_when_they_are_off),
    ("what is ready is enqueued at once", chains::what_is_ready_is_enqueued_at_once),
    ("a step is not tried beyond its attempts", no_attempt_too_many),
    ("a recurring step runs as often as it should", no_run_too_many),
    ("no two runners execute one step at once", no_two_bodies_at_once),
    ("run-always steps run once, after the rest", ends::run_always_steps_run_once_and_last),
    ("what runs always tells of every rerun", ends::reruns_are_told),
    ("a pipeline settles as its steps stand", ends::a_pipeline_settles_as_its_steps_stand),
    ("what a losing attempt left is not seen", losers_are_not_seen),
    ("every message is dealt with", every_message_is_dealt_with),
    ("a dropped file has an outcome", drops::a_dropped_file_has_an_outcome),
    ("a dropped file is never lost", drops::a_dropped_file_is_never_lost),
    ("a complete bunch has its pipeline", drops::a_complete_bunch_has_its_pipeline),
    ("a cron time is not lost", spawns::a_cron_time_is_not_lost),
    ("a cron time spawns one pipeline", spawns::a_cron_time_spawns_once),
    ("what a person spawned is there", spawns::what_a_person_spawned_is_there),
    ("steps that exclude each other are never busy together", order::exclusive_steps_are_never_busy_together),
    ("a step waits for those before it", order::a_step_waits_for_those_before_it),
    ("a pipeline keeps its definition, and siblings wait", spawns::definitions_and_siblings),
    ("every pipeline ends", ends::every_pipeline_ends),
];

/// What breaks which promise.
pub(crate) fn check(ended: &Ended) -> Vec<String> {
    let story = Story::of(ended);
    let broken = |(name, promise): &(&str, Promise)| promise(&story).err().map(|why| format!("{name}: {why}"));
    PROMISES.iter().filter_map(broken).collect()
}

fn a_run_comes_to_its_end(story: &Story<'_>) -> Result<(), String> {
    let history = &story.ended.history;
    if story.ended.counts.calls < MOST_CALLS {
        return Ok(());
    }
    let last = history.events.last().map(|event| format!("{} {}", history.actors[event.actor], event.what));
    Err(format!("after {MOST_CALLS} calls it goes on and on; the last of it: {}", last.unwrap_or_default()))
}

fn an_attempt_has_one_outcome(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for (name, states) in &life.steps {
            for pair in states.windows(2) {
                let [(marked, before), (at, after)] = pair else { continue };
                // What a late beat marks in a pipeline that has ended counts as cancelled, and a person may run it.
                let has_ended = life.own_state(*marked).is_some_and(|own| !own.status.is_open());
                if has_ended && before.status == StepStatus::Enqueued && after.is_rerun {
                    continue;
                }
                if let Some(why) = story::illegal(life, name, before, after) {
                    let time = story.time(*at);
                    return Err(format!("{} step {name} at {time}: {why}", short(life.id)));
                }
            }
        }
    }
    Ok(())
}

fn an_enqueue_is_claimed_once(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for (name, states) in &life.steps {
            let mut claimed: BTreeSet<&str> = BTreeSet::new();
            for (at, state) in claims(states) {
                if !claimed.insert(&state.token) {
                    let (time, token) = (story.time(at), short(&state.token));
                    return Err(format!("{} step {name}: token {token} is claimed again at {time}", short(life.id)));
                }
            }
        }
    }
    Ok(())
}

/// Whoever claims a step has received the message of the very enqueue that it claims.
fn a_step_is_claimed_by_its_message(story: &Story<'_>) -> Result<(), String> {
    let events = &story.ended.history.events;
    let received = events.iter().enumerate().filter_map(|(at, event)| match &event.what {
        What::Delivered { message } => Some(((event.actor, message.token.0.as_str()), at)),
        _ => None,
    });
    // The first time that each actor received it.
    let received: BTreeMap<(ActorId, &str), usize> = received.rev().collect();
    for life in story.lives.values() {
        for (name, states) in &life.steps {
            for (at, state) in claims(states) {
                let first = received.get(&(events[at].actor, state.token.as_str()));
                if first.is_none_or(|first| *first > at) {
                    let (id, time, by) = (short(life.id), story.time(at), story.actor(at));
                    return Err(format!("{by} claims {id} step {name} at {time} without the message of its enqueue"));
                }
            }
        }
    }
    Ok(())
}

fn no_attempt_too_many(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for (name, states) in &life.steps {
            let Some(limit) = life.definition_of(name).and_then(story::limit) else { continue };
            let tries = most_tries_of_a_run(states);
            if tries > limit as usize {
                return Err(format!("{} step {name} was tried {tries} times of {limit}", short(life.id)));
            }
        }
    }
    Ok(())
}

/// How often a step was tried in the run that had most tries. A run ends with its success, and a step that tells of a rerun
/// begins another one.
fn most_tries_of_a_run(states: &[(usize, &StepState)]) -> usize {
    let claimed: BTreeSet<usize> = claims(states).map(|(at, _)| at).collect();
    let (mut tries, mut most, mut seen) = (0, 0, 0);
    for (at, state) in states {
        if state.status == StepStatus::Success || state.reruns_seen > seen {
            (tries, seen) = (0, state.reruns_seen);
        }
        if claimed.contains(at) && state.continuations == 0 && !state.is_rerun {
            tries += 1;
            most = most.max(tries);
        }
    }
    most
}

/// A recurring step runs as often as it should, at most.
fn no_run_too_many(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for (name, states) in &life.steps {
            let Some(limit) = life.definition_of(name).and_then(story::recurs) else { continue };
            let is_end = |state: &StepState| state.status == StepStatus::Success && !state.is_rerun;
            let ended: BTreeSet<&str> =
                states.iter().filter(|(_, state)| is_end(state)).map(|(_, state)| state.token.as_str()).collect();
            let stories = 1 + states.last().map_or(0, |(_, state)| state.reruns_seen);
            if ended.len() as u64 > u64::from(limit) * stories {
                return Err(format!("{} step {name} ran {} times of {limit}", short(life.id), ended.len()));
            }
        }
    }
    Ok(())
}

fn no_two_bodies_at_once(story: &Story<'_>) -> Result<(), String> {
    let Ended { scenario, .. } = story.ended;
    if scenario.skew > HARMLESS_SKEW {
        // Clocks that differ by more than the margin of a lease end it before its holder is dead.
        return Ok(());
    }
    for life in story.lives.values() {
        for (index, first) in life.bodies.iter().enumerate() {
            for second in life.bodies[index + 1..].iter().filter(|second| second.body.step == first.body.step) {
                // A runner that nothing goes wrong with renews its lease in time.
                let is_possible = scenario.skew > 0 || story.is_disturbed_between(first, second);
                let is_excused =
                    scenario.hosts == Hosts::Machines && is_possible && life.is_ghosted_between(first, second);
                if second.begins < first.stops && !is_excused {
                    let time = story.time(second.begins);
                    return Err(format!("{} begins at {time} while {} is executed", second.body, first.body));
                }
            }
        }
    }
    Ok(())
}

fn losers_are_not_seen(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for (name, states) in &life.steps {
            for (at, state) in states.iter().filter(|(_, state)| state.status == StepStatus::Success) {
                let Some(output) = &state.output else { continue };
                let is_its_own = life.bodies.iter().any(|body| {
                    body.body.step == *name && body.body.token == state.token && body.output == Some(output)
                });
                if !is_its_own && output.get("token").is_some() {
                    let time = story.time(*at);
                    return Err(format!(
                        "{} step {name} at {time}: output {output} is of another attempt",
                        short(life.id)
                    ));
                }
            }
        }
        read_is_committed(story, life)?;
        added_is_committed(story, life)?;
    }
    Ok(())
}

/// What was read is what the step before had committed by then.
fn read_is_committed(story: &Story<'_>, life: &Life<'_>) -> Result<(), String> {
    for (at, event) in story.ended.history.events.iter().enumerate() {
        let What::Reads { body, of, output } = &event.what else { continue };
        if body.id != life.id {
            continue;
        }
        let committed = life.steps.get(of.as_str()).into_iter().flatten().filter(|(written, _)| *written < at);
        if !committed.into_iter().any(|(_, state)| state.output.as_ref() == Some(output)) {
            return Err(format!("{body} reads {output} of step {of}, which never committed it"));
        }
    }
    Ok(())
}

/// The pipeline shows the steps that a step added with its success, and no others.
fn added_is_committed(story: &Story<'_>, life: &Life<'_>) -> Result<(), String> {
    let Some(shown) = story.ended.pipelines.iter().find(|pipeline| pipeline.id.as_str() == life.id) else {
        return Err(format!("pipeline {} is not there any more", life.id));
    };
    let shown: BTreeSet<&str> =
        shown.steps.iter().filter(|step| step.definition.is_added).map(|step| step.definition.name.as_str()).collect();
    let counts = life.added_at(usize::MAX).into_iter().map(|step| step.name.as_str()).collect::<BTreeSet<&str>>();
    if shown != counts {
        return Err(format!("{} shows the added steps {shown:?}; committed are {counts:?}", short(life.id)));
    }
    let has_added = |adder: &str| counts.iter().any(|name| name.rsplit_once('.').is_some_and(|(by, _)| by == adder));
    for (name, states) in &life.steps {
        let adds = |state: &StepState| state.status == StepStatus::Success && plays(life, name, state) == Some("adds");
        if let Some((at, _)) = states.iter().find(|(_, state)| adds(state)).filter(|_| !has_added(name)) {
            let (id, time) = (short(life.id), story.time(*at));
            return Err(format!("{id} step {name} adds steps and succeeds at {time}, and none of them is there"));
        }
    }
    Ok(())
}

/// What a step plays in an attempt.
fn plays<'a>(life: &'a Life<'_>, step: &str, state: &StepState) -> Option<&'a str> {
    let words = life.definition_of(step)?.arguments.get("plays")?.split(' ');
    words.enumerate().take_while(|(index, _)| (*index as u64) < state.attempt.max(1)).last().map(|(_, word)| word)
}

fn a_message_follows_its_mark(story: &Story<'_>) -> Result<(), String> {
    let mut marked: BTreeSet<&str> = BTreeSet::new();
    for (at, event) in story.ended.history.events.iter().enumerate() {
        match &event.what {
            What::Step { state, .. } => drop(marked.insert(&state.token)),
            What::Sent { message, .. } | What::Delivered { message } if !marked.contains(message.token.0.as_str()) => {
                let (id, step, time) = (short(message.pipeline.as_str()), &message.step, story.time(at));
                return Err(format!("the message of {id} step {step} is there at {time} and nothing marks the step"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Once nothing goes wrong any more no call fails, no message is left, and none was given up.
fn every_message_is_dealt_with(story: &Story<'_>) -> Result<(), String> {
    let Ended { history, dead_letters, messages_left, .. } = story.ended;
    if *dead_letters > 0 || *messages_left > 0 {
        return Err(format!("{messages_left} messages are left, and {dead_letters} more were given up"));
    }
    let calm = history.events.iter().position(|event| matches!(&event.what, What::Outside(_)));
    let calm = calm.unwrap_or(usize::MAX);
    for (at, event) in history.events.iter().enumerate().skip(calm) {
        let What::Ends(words) = &event.what else { continue };
        if words.contains("failed: ") && story.begins(event.actor).is_some_and(|begins| begins > calm) {
            let (name, time) = (&history.actors[event.actor], story.time(at));
            return Err(format!("{name} ends at {time}, and nothing goes wrong any more: {words}"));
        }
    }
    Ok(())
}
