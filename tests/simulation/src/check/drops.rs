//! What becomes of dropped files.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::story::{Life, Story};
use crate::history::What;
use crate::run::Ended;
use crate::scenario::{BUNCHES, Deed};

/// The prefix of the drop area.
const DROPS: &str = "incoming/";

pub(super) fn a_dropped_file_has_an_outcome(story: &Story<'_>) -> Result<(), String> {
    let Ended { history, arrivals, .. } = story.ended;
    let mut moved: BTreeMap<&str, bool> = BTreeMap::new();
    for event in &history.events {
        let What::File { key, change } = &event.what else { continue };
        if let Some(name) = key.strip_prefix(DROPS) {
            if *change == "puts" {
                moved.insert(name, false);
            } else if moved.get(name) != Some(&true) {
                return Err(format!("file {key} is deleted and was never moved"));
            }
        } else if let Some((_, name)) = key.split_once("/files/") {
            moved.insert(name, true);
        }
    }
    for (name, is_moved) in moved {
        let arrival = arrivals.iter().find(|arrival| arrival.key.strip_prefix(DROPS) == Some(name));
        let has_outcome = arrival.is_some_and(|arrival| arrival.waits_for.is_some() || arrival.pipeline.is_some());
        if !is_moved && !has_outcome {
            return Err(format!("file {name} lies in the drop area and nothing is said of it: {arrival:?}"));
        }
    }
    one_pipeline_per_bunch(story)
}

/// Whatever went wrong, what was dropped lies somewhere: in the drop area, with its pipeline or in its archive.
pub(super) fn a_dropped_file_is_never_lost(story: &Story<'_>) -> Result<(), String> {
    for (key, text) in drops(story) {
        let name = key.strip_prefix(DROPS).unwrap_or(key);
        let is_it = |(kept, content): &(String, String)| kept.rsplit('/').next() == Some(name) && content == text;
        if !story.ended.files.iter().any(is_it) {
            return Err(format!("file {key} is nowhere any more"));
        }
    }
    Ok(())
}

pub(super) fn a_complete_bunch_has_its_pipeline(story: &Story<'_>) -> Result<(), String> {
    let dropped: BTreeSet<&str> = drops(story).map(|(key, _)| key).collect();
    for (ok, files) in drops(story).filter(|(key, _)| key.ends_with(".ok")) {
        let is_there = |name: &str| dropped.contains(format!("{DROPS}{name}").as_str());
        let names = |life: &Life<'_>| {
            let bunch = life.arguments.get("bunch").and_then(Value::as_str);
            bunch.is_some_and(|bunch| files.lines().all(|name| bunch.contains(name)))
        };
        let has_pipeline = story.lives.values().any(|life| life.name == BUNCHES && names(life));
        if files.lines().all(is_there) && !has_pipeline {
            return Err(format!("the bunch of {ok} is complete and nothing was spawned for it"));
        }
    }
    Ok(())
}

/// The files that were dropped, with what is in them.
fn drops<'a>(story: &'a Story<'_>) -> impl Iterator<Item = (&'a str, &'a str)> {
    let events = story.ended.history.events.iter();
    let put: BTreeSet<&str> = events
        .filter_map(|event| match &event.what {
            What::File { key, change: "puts" } => Some(key.as_str()),
            _ => None,
        })
        .collect();
    story.ended.scenario.deeds.iter().filter_map(move |planned| match &planned.deed {
        Deed::Put { key, text } if key.starts_with(DROPS) && put.contains(key.as_str()) => {
            Some((key.as_str(), text.as_str()))
        }
        _ => None,
    })
}

fn one_pipeline_per_bunch(story: &Story<'_>) -> Result<(), String> {
    let mut spawned: BTreeMap<String, &str> = BTreeMap::new();
    for life in story.lives.values().filter(|life| life.name == BUNCHES) {
        let bunch = life.arguments.get("bunch").and_then(Value::as_str).and_then(|text| text.parse::<Value>().ok());
        let Some(id) = bunch.and_then(|bunch| bunch.get("id").map(Value::to_string)) else { continue };
        if let Some(other) = spawned.insert(id.clone(), life.id) {
            return Err(format!("bunch {id} has two pipelines, {other} and {}", life.id));
        }
    }
    Ok(())
}
