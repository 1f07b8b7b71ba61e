//! What heartbeats must not miss, and that there is one at a time.

use std::collections::{BTreeMap, BTreeSet};

use pipeline::{StepDefinition, StepStatus};

use super::story::{Life, Story};
use crate::history::{ActorId, What, short};
use crate::scenario::HARMLESS_SKEW;
use crate::seams::LAG;

pub(super) fn a_pipeline_is_in_the_list_of_its_status(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for (at, state) in &life.states {
            let expected = if state.status.is_open() { "open/" } else { "ended/" };
            let listed = state.listed.as_deref().unwrap_or_default();
            if !listed.starts_with(expected) {
                let (id, time, status) = (short(life.id), story.time(*at), state.status);
                return Err(format!(
                    "{id} is {status} at {time}, and in the list `{listed}`; expected is `{expected}…`"
                ));
            }
        }
    }
    Ok(())
}

/// A beat that comes to its end has looked at all that is open; one that has no time for that goes on where the one before
/// it came to, so that as many of them as there are pipelines have.
pub(super) fn beats_look_at_every_open_pipeline(story: &Story<'_>) -> Result<(), String> {
    let beats = complete_beats(story);
    for life in story.lives.values() {
        let mut passed_over = 0;
        for beat in &beats {
            if !is_open_throughout(story, life, beat) {
                passed_over = 0;
                continue;
            }
            passed_over = if beat.looked_at.contains(life.id) { 0 } else { passed_over + 1 };
            let most = if beat.has_left_some { story.lives.len() + 2 } else { 0 };
            if passed_over > most {
                let (id, time, name) = (short(life.id), story.time(beat.ends), &story.ended.history.actors[beat.actor]);
                let since = story.time(life.states[0].0);
                return Err(format!("{name} ends at {time} without a look at {id}, which is there since {since}"));
            }
        }
    }
    Ok(())
}

/// A beat that has come to its end.
struct Beat<'a> {
    actor: ActorId,
    begins: usize,
    ends: usize,
    /// What it looked at; of one that has left some also what others did that have not come to their end since the one
    /// before it.
    looked_at: BTreeSet<&'a str>,
    /// Whether its time or its share did not suffice for all that is open.
    has_left_some: bool,
}

fn complete_beats<'a>(story: &'a Story<'_>) -> Vec<Beat<'a>> {
    let mut looks: BTreeMap<ActorId, BTreeSet<&str>> = BTreeMap::new();
    let mut all: BTreeSet<&str> = BTreeSet::new();
    let mut beats = Vec::new();
    for (at, event) in story.ended.history.events.iter().enumerate() {
        match &event.what {
            What::Looks { id } if story.actor(at).starts_with("beat-") => {
                looks.entry(event.actor).or_default().insert(id);
                all.insert(id);
            }
            What::Ends(words) if words.contains(" spawned, ") => {
                let Some(begins) = story.begins(event.actor) else { continue };
                let has_left_some = !words.contains(", 0 left;");
                let (own, all) = (looks.remove(&event.actor).unwrap_or_default(), std::mem::take(&mut all));
                let looked_at = if has_left_some { all } else { own };
                beats.push(Beat { actor: event.actor, begins, ends: at, looked_at, has_left_some });
            }
            _ => {}
        }
    }
    beats
}

/// Whether a pipeline is open from before a beat, so that every listing shows it, to its end.
fn is_open_throughout(story: &Story<'_>, life: &Life<'_>, beat: &Beat<'_>) -> bool {
    let before = story.earlier(beat.begins, LAG);
    let is_open = life.own_state(before).is_some_and(|state| state.status.is_open());
    let mut later = life.states.iter().filter(|(at, _)| (before..beat.ends).contains(at));
    is_open && later.all(|(_, state)| state.status.is_open())
}

/// A beat that looks at a stopped pipeline leaves no step of it enqueued that is never to be run.
pub(super) fn beats_cancel_what_a_stop_left(story: &Story<'_>) -> Result<(), String> {
    // One that has no time for all may have looked at a pipeline only for what others wait for.
    for beat in complete_beats(story).into_iter().filter(|beat| !beat.has_left_some) {
        for life in story.lives.values().filter(|life| beat.looked_at.contains(life.id)) {
            if life.stopped_at().is_none_or(|stopped_at| stopped_at > beat.begins) {
                continue;
            }
            let is_never_run = |step: &&&StepDefinition| {
                let state = |at: usize| life.state(step.name.as_str(), at).filter(|state| !state.is_rerun);
                let enqueued = |at: usize| state(at).filter(|state| state.status == StepStatus::Enqueued);
                let before = enqueued(beat.begins).map(|state| state.version);
                !step.run_always && before.is_some() && before == enqueued(beat.ends).map(|state| state.version)
            };
            if let Some(step) = life.steps_at(beat.ends).iter().find(is_never_run) {
                let (id, time, name) = (short(life.id), story.time(beat.ends), &story.ended.history.actors[beat.actor]);
                return Err(format!(
                    "{name} looked at {id}, which was stopped, and step {} is still enqueued at {time}",
                    step.name
                ));
            }
        }
    }
    Ok(())
}

/// While a beat that nothing goes wrong with is at work, no other one is.
pub(super) fn there_is_one_beat_at_a_time(story: &Story<'_>) -> Result<(), String> {
    // The lease of a beat ends a margin after its time, by the clock of who looks.
    if story.ended.scenario.skew > HARMLESS_SKEW {
        return Ok(());
    }
    let beats = complete_beats(story);
    let is_undisturbed = |beat: &&Beat<'_>| {
        let events = story.ended.history.events[beat.begins..beat.ends].iter();
        !events.filter(|event| event.actor == beat.actor).any(|event| matches!(event.what, What::Fault { .. }))
    };
    let looks = beats.iter().filter(is_undisturbed).filter_map(|beat| Some((first_look(story, beat)?, beat)));
    let at_work: BTreeMap<usize, &Beat<'_>> = looks.collect();
    for ((_, first), (at, second)) in at_work.iter().zip(at_work.iter().skip(1)) {
        if *at < first.ends {
            let name = |beat: &Beat<'_>| &story.ended.history.actors[beat.actor];
            return Err(format!("{} is at work at {}, and {} is, too", name(second), story.time(*at), name(first)));
        }
    }
    Ok(())
}

/// When a beat first looked at a pipeline: by then it has the lease.
fn first_look(story: &Story<'_>, beat: &Beat<'_>) -> Option<usize> {
    let events = story.ended.history.events[beat.begins..beat.ends].iter();
    let place = events.clone().position(|event| event.actor == beat.actor && matches!(event.what, What::Looks { .. }));
    place.map(|place| beat.begins + place)
}
