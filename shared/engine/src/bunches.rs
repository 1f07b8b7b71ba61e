//! What lies in the drop area: complete bunches for the condition `bunch_complete`, and why the rest waits.
//!
//! The bucket is the truth and is listed by every beat; the arrival items are what people see of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use import::bunch::{self, Bunch, BunchSet, DropFile, MAX_OK_FILE_BYTES};
use pipeline::condition::PipelineCondition;
use pipeline::definition::{Arguments, Definition};
use pipeline::plan::Found;
use store::arrivals::Arrival;
use store::files::{FileInfo, Range};
use store::pipelines::NewPipeline;

use crate::context::Context;

/// The prefix under which files are dropped.
pub const DROP_PREFIX: &str = "incoming/";

/// The pipeline argument that holds the bunch, as JSON.
pub const BUNCH_ARGUMENT: &str = "bunch";

/// Most files of the drop area that one beat looks at.
const FILE_LIMIT: usize = 10_000;

/// What lies in the drop area, seen by one beat.
#[derive(Default)]
pub struct DropArea {
    /// Per definition with the condition: the oldest complete bunch without a pipeline, or why there is none.
    found: HashMap<String, Result<Found, String>>,
    /// What is wrong and no sender will mend by waiting.
    pub problems: Vec<String>,
}

/// Looks at the drop area, if any definition asks for it, and notes why files wait.
///
/// # Errors
/// The store did not answer.
pub async fn look(context: &Context, definitions: &[Arc<Definition>], now: DateTime<Utc>) -> store::Result<DropArea> {
    let mut area = DropArea::default();
    let asking: Vec<(&Arc<Definition>, Vec<&str>)> =
        definitions.iter().filter_map(|definition| Some((definition, prefixes(definition)?))).collect();
    if asking.is_empty() {
        return Ok(area);
    }
    let listed = context.store.files.list(DROP_PREFIX, None, FILE_LIMIT).await?;
    let files: Vec<DropFile> = listed.iter().filter_map(drop_file).collect();
    let ok_contents = if files.is_empty() { BTreeMap::new() } else { ok_contents(context, &listed).await? };
    let mut waits = BTreeMap::new();
    for (definition, prefixes) in asking {
        let resolution = bunch::resolve(&files, &ok_contents, &prefixes);
        let found = oldest(context, definition, &resolution.sets, &files, &mut waits).await?;
        area.found.insert(definition.name.to_string(), found);
        for note in resolution.notes {
            note_wait(&mut waits, &files, &note);
        }
    }
    note_arrivals(context, &listed, &waits, now).await?;
    Ok(area)
}

impl DropArea {
    /// The bunch that a definition's next pipeline is for, or why there is none.
    ///
    /// # Errors
    /// A sentence for people: nothing has arrived, or what is missing.
    pub fn oldest_for(&self, definition: &Definition) -> Result<&Found, &str> {
        match self.found.get(definition.name.as_str()) {
            Some(Ok(found)) => Ok(found),
            Some(Err(reason)) => Err(reason),
            None => Err("the definition does not ask for bunches"),
        }
    }

    /// Notes at the files of a bunch which pipeline takes them.
    pub(crate) async fn note_taken(
        &self,
        context: &Context,
        new: &NewPipeline,
        now: DateTime<Utc>,
    ) -> store::Result<()> {
        let Some(bunch) = new.arguments.get(BUNCH_ARGUMENT) else { return Ok(()) };
        let Ok(bunch) = serde_json::from_str::<Bunch>(bunch) else { return Ok(()) };
        for file in &bunch.files {
            let arrival = Arrival {
                key: format!("{DROP_PREFIX}{}", file.name),
                size_bytes: file.size_bytes,
                fingerprint: file.fingerprint.clone(),
                seen_at: now,
                waits_for: None,
                pipeline: Some(new.id.to_string()),
            };
            context.store.record_arrival(&arrival, now).await?;
        }
        Ok(())
    }
}

/// The file name prefixes that a definition's bunches are made of.
fn prefixes(definition: &Definition) -> Option<Vec<&str>> {
    definition.conditions.iter().find_map(|described| match &described.condition {
        PipelineCondition::BunchComplete { prefixes } => Some(prefixes.iter().map(String::as_str).collect()),
        PipelineCondition::NoAutoSpawn
        | PipelineCondition::NoSiblingInProgress
        | PipelineCondition::CronExpression { .. } => None,
    })
}

/// A file that lies directly in the drop area; deeper ones belong to somebody else.
fn drop_file(file: &FileInfo) -> Option<DropFile> {
    let name = file.key.strip_prefix(DROP_PREFIX)?;
    (!name.is_empty() && !name.contains('/')).then(|| DropFile {
        name: name.to_owned(),
        size_bytes: file.size_bytes,
        modified: file.modified_at,
        fingerprint: file.fingerprint.clone(),
    })
}

async fn ok_contents(context: &Context, listed: &[FileInfo]) -> store::Result<BTreeMap<String, String>> {
    let mut contents = BTreeMap::new();
    for file in listed.iter().filter(|file| file.key.to_ascii_lowercase().ends_with(".ok")) {
        let Some(name) = file.key.strip_prefix(DROP_PREFIX).filter(|name| !name.contains('/')) else { continue };
        if file.size_bytes == 0 {
            contents.insert(name.to_owned(), String::new());
            continue;
        }
        // One byte more than allowed, so that the resolver sees that the file is too large.
        let range = Range { start: 0, length: MAX_OK_FILE_BYTES + 1 };
        if let Some(bytes) = context.store.files.get(&file.key, Some(range)).await? {
            contents.insert(name.to_owned(), String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(contents)
}

/// The oldest complete bunch that no pipeline of the definition was spawned for.
async fn oldest(
    context: &Context,
    definition: &Definition,
    sets: &[BunchSet],
    files: &[DropFile],
    waits: &mut BTreeMap<String, String>,
) -> store::Result<Result<Found, String>> {
    let mut complete: Vec<(&Bunch, DateTime<Utc>)> = Vec::new();
    let mut reasons = Vec::new();
    for set in sets {
        match set {
            BunchSet::Complete(bunch) => {
                complete.push((bunch, arrived_at(bunch, files)));
                for left in &bunch.left_behind {
                    note_wait(waits, files, left);
                }
            }
            BunchSet::Incomplete { identifier, reasons: why } => {
                for file in files.iter().filter(|file| file.name.contains(identifier.as_str())) {
                    waits.insert(file.name.clone(), why.join("; "));
                }
                reasons.extend(why.iter().cloned());
            }
        }
    }
    complete.sort_by_key(|(bunch, at)| (*at, bunch.id.clone()));
    let keys: Vec<String> = complete.iter().map(|(bunch, _)| key(bunch)).collect();
    let spawned: HashMap<_, _> = context.store.spawned_for(&definition.name, &keys).await?.into_iter().collect();
    let mut next = None;
    for (bunch, at) in complete {
        match (spawned.get(&key(bunch)), next.is_some()) {
            (None, false) => next = Some(found(bunch, at)),
            (None, true) => wait_all(waits, bunch, "waits for the bunch before it"),
            (Some(id), _) => {
                wait_all(waits, bunch, &format!("pipeline {id} was spawned for it; drop it again to import it again"))
            }
        }
    }
    Ok(next.ok_or_else(|| match reasons.as_slice() {
        [] => "no bunch has arrived".to_owned(),
        reasons => reasons.join("; "),
    }))
}

fn key(bunch: &Bunch) -> String {
    format!("bunch {}", bunch.id)
}

fn found(bunch: &Bunch, at: DateTime<Utc>) -> Found {
    let json = serde_json::to_string(bunch).expect("a bunch has only string keys and no failing serializer");
    Found { key: key(bunch), at, arguments: Arguments::from([(BUNCH_ARGUMENT.to_owned(), json)]) }
}

/// When the last file of a bunch came.
fn arrived_at(bunch: &Bunch, files: &[DropFile]) -> DateTime<Utc> {
    let names: Vec<String> = bunch.files.iter().map(|file| file.name.to_string()).collect();
    files.iter().filter(|file| names.contains(&file.name)).map(|file| file.modified).max().unwrap_or_default()
}

fn wait_all(waits: &mut BTreeMap<String, String>, bunch: &Bunch, reason: &str) {
    for file in &bunch.files {
        waits.insert(file.name.to_string(), reason.to_owned());
    }
}

/// Puts a finding down at every file that it names.
fn note_wait(waits: &mut BTreeMap<String, String>, files: &[DropFile], finding: &str) {
    for file in files.iter().filter(|file| finding.contains(file.name.as_str())) {
        waits.entry(file.name.clone()).or_insert_with(|| finding.to_owned());
    }
}

/// Writes arrival items where something has changed.
async fn note_arrivals(
    context: &Context,
    listed: &[FileInfo],
    waits: &BTreeMap<String, String>,
    now: DateTime<Utc>,
) -> store::Result<()> {
    let keys: Vec<String> = listed.iter().map(|file| file.key.clone()).collect();
    let known = context.store.arrivals_of(&keys).await?;
    let known: HashMap<&str, &Arrival> = known.iter().map(|arrival| (arrival.key.as_str(), arrival)).collect();
    for file in listed.iter().filter(|file| drop_file(file).is_some()) {
        let name = file.key.strip_prefix(DROP_PREFIX).unwrap_or_default();
        let before = known.get(file.key.as_str()).copied().filter(|before| before.fingerprint == file.fingerprint);
        let arrival = Arrival {
            key: file.key.clone(),
            size_bytes: file.size_bytes,
            fingerprint: file.fingerprint.clone(),
            seen_at: before.map_or(now, |before| before.seen_at),
            waits_for: waits.get(name).cloned(),
            pipeline: before.and_then(|before| before.pipeline.clone()),
        };
        if before != Some(&arrival) {
            if let Some(reason) = &arrival.waits_for {
                tracing::warn!("`{}` waits: {reason}", file.key);
            }
            context.store.record_arrival(&arrival, now).await?;
        }
    }
    Ok(())
}
