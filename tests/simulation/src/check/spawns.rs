//! What must be spawned, and what must not beside what.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use pipeline::PipelineId;

use super::story::Story;
use crate::history::{What, short};
use crate::run::moment;
use crate::scenario::Deed;
use crate::seams::LAG;

/// A cron time is not lost after an outage: the latest one of a definition that was due has its pipeline.
pub(super) fn a_cron_time_is_not_lost(story: &Story<'_>) -> Result<(), String> {
    let scenario = &story.ended.scenario;
    let (first, Some(last)) = beats(story) else { return Ok(()) };
    if story.had_maintenance() {
        return Ok(());
    }
    let is_edited = |file: &str| {
        let is_it = |deed: &Deed| matches!(deed, Deed::Put { key, .. } if *key == format!("pipelines/{file}"));
        scenario.deeds.iter().any(|planned| is_it(&planned.deed))
    };
    // A time that passes while a sibling is open is left out on purpose.
    let files = scenario.definitions.files.iter();
    for (file, xml) in files.filter(|(file, xml)| !is_edited(file) && !xml.contains("no_sibling_in_progress")) {
        // The first beats begin the pulse that the next ones go on with, and it never goes back.
        let is_watched = |due: &DateTime<Utc>| *due <= last && first.iter().all(|seen| seen < due);
        let Some(due) = cron_times(xml).into_iter().filter(is_watched).max() else { continue };
        let spawned = |life: &super::story::Life<'_>| {
            let at = life.states[0].1.spawned_by.strip_prefix("heartbeat, cron ");
            at.and_then(|at| at.parse::<DateTime<Utc>>().ok())
        };
        let name = file.trim_end_matches(".xml");
        let lives = story.lives.values().filter(|life| life.name == name);
        if !lives.filter_map(spawned).any(|at| at >= due) {
            return Err(format!("{name} was due at {due} and nothing was spawned for that until {last}"));
        }
    }
    Ok(())
}

/// Two beats that both answer for a time spawn one pipeline for it.
pub(super) fn a_cron_time_spawns_once(story: &Story<'_>) -> Result<(), String> {
    let mut spawned: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for life in story.lives.values() {
        let (at, first) = life.states[0];
        let Some(due) = first.spawned_by.strip_prefix("heartbeat, cron ") else { continue };
        if let Some(other) = spawned.insert((life.name, due), life.id) {
            let (id, other, time) = (short(life.id), short(other), story.time(at));
            return Err(format!("{id} is spawned at {time} for {due}, and so was {other}"));
        }
    }
    Ok(())
}

/// When the beats began that began before any had come to its end, and the last one that did, each by its own clock.
fn beats(story: &Story<'_>) -> (Vec<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let history = &story.ended.history;
    let mut begun = BTreeMap::new();
    let (mut first, mut last) = (Vec::new(), None);
    for event in &history.events {
        match &event.what {
            What::Begins { skew } if history.actors[event.actor].starts_with("beat-") => {
                let seen = moment(event.at + skew);
                begun.insert(event.actor, seen);
                if last.is_none() {
                    first.push(seen);
                }
            }
            What::Ends(words) if words.contains(" spawned, ") => last = begun.get(&event.actor).copied(),
            _ => {}
        }
    }
    (first, last)
}

/// The times of the day that a drawn definition names: `<minutes> 12 * * *`.
fn cron_times(xml: &str) -> Vec<DateTime<Utc>> {
    let minutes = xml.split_once("key=\"expression\" value=\"").and_then(|(_, rest)| rest.split_once(" 12 *"));
    let minutes = minutes.map(|(minutes, _)| minutes.split(',')).into_iter().flatten();
    minutes.filter_map(|minute| Some(moment(0) + TimeDelta::minutes(minute.parse().ok()?))).collect()
}

pub(super) fn what_a_person_spawned_is_there(story: &Story<'_>) -> Result<(), String> {
    let history = &story.ended.history;
    for event in history.events.iter().filter(|event| history.actors[event.actor].starts_with("person-")) {
        let What::Ends(words) = &event.what else { continue };
        if words.parse::<PipelineId>().is_ok() && !story.lives.contains_key(words.as_str()) {
            return Err(format!("a person was told of pipeline {words}, which is not there"));
        }
    }
    Ok(())
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
