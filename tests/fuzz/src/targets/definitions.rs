//! Definitions: XML of one file and of several, the stored form, and what the planner does with what is accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use pipeline::Arguments;
use pipeline::accepts::Accepts;
use pipeline::definition::Definition;
use pipeline::facts::Facts;
use pipeline::merge::{self, MergedDefinitions, Vocabulary};
use pipeline::plan::{self, Grace, SpawnFacts};
use pipeline::{Pipeline, PipelineId, PipelineStatus, Pulse, StepStatus, xml};

use super::assert_kept;
use crate::fresh_engine::{self, NOW, wait_for};
use crate::input::sections;

const GRACE: Grace = Grace { resend_after: Duration::from_secs(300) };

/// Most beats for one pipeline of an input; those with more stages are left after so many.
const BEATS: usize = 20;

/// Most steps of a pipeline that is planned through: the rest would say the same.
const STEPS: usize = 200;

pub(crate) fn one(data: &[u8]) {
    let columns = columns(data);
    if let Err(error) = xml::read("a.xml", data) {
        assert_within(&error, &columns);
    }
    let any = merge::load([("a.xml", data)], &vocabulary(None));
    let shipped = merge::load([("a.xml", data)], &vocabulary(executors()));
    for merged in [&any, &shipped] {
        merged.errors.iter().for_each(|error| assert_within(error, &columns));
        for warning in &merged.warnings {
            let (position, message) = (warning.position.clone(), warning.message.clone());
            assert_within(&xml::Error { position, message }, &columns);
        }
        assert_can_run(merged);
    }
    assert_refuses_only(&any, &shipped);
}

/// Who knows its executors refuses more, and reads what it takes in the same way.
fn assert_refuses_only(any: &MergedDefinitions, shipped: &MergedDefinitions) {
    for definition in &shipped.definitions {
        assert!(any.definitions.contains(definition), "`{}` differs with the executors that ship", definition.name);
    }
    let lost = any.definitions.len() - shipped.definitions.len();
    assert!(lost == 0 || !shipped.errors.is_empty(), "{lost} definitions are left out without a word");
}

pub(crate) fn several(data: &[u8]) {
    let sections = sections(data);
    let names: Vec<String> = sections.iter().map(|section| section.title().into_owned()).collect();
    let files = || names.iter().map(String::as_str).zip(sections.iter().map(|section| section.content));
    let vocabulary = vocabulary(executors());
    let merged = merge::load(files(), &vocabulary);
    let reversed: Vec<_> = files().collect();
    let reversed = merge::load(reversed.into_iter().rev(), &vocabulary);
    let names: BTreeSet<&String> = names.iter().collect();
    // The one thing that follows from the order of reading is which of two files of one name is meant: none.
    if names.len() == sections.len() {
        assert_eq!(merged, reversed, "the order of reading counts");
    }
    assert_can_run(&merged);
}

/// Files that lie in the bucket's `pipelines/`, as a beat takes them.
pub(crate) fn overlays(data: &[u8]) {
    let context = fresh_engine::context();
    // Definitions are kept by the context that read them.
    let context = engine::Context::new(context.store, steps::shipped(), context.limits);
    wait_for(async {
        for section in sections(data) {
            let key = format!("{}{}", engine::definitions::OVERLAY_PREFIX, section.title());
            // What cannot lie in a bucket does not.
            let _ = context.store.files.put(&key, section.content.to_vec().into()).await;
        }
        let first = context.definitions.load(context.store.files.as_ref()).await.expect("the files are in memory");
        fresh_engine::beat_and_run(&context).await.expect("no definition ends a beat");
        let second = context.definitions.load(context.store.files.as_ref()).await.expect("the files are in memory");
        assert_eq!(first.problems, second.problems);
        assert_eq!(first.definitions, second.definitions, "a beat changes what is defined");
    });
}

pub(crate) fn stored(data: &[u8]) {
    let Ok(definition) = serde_json::from_slice::<Definition>(data) else { return };
    assert_kept(&definition);
    plan_through(definition);
}

/// The executors that ship, each with what it takes.
fn executors() -> Option<BTreeMap<String, Accepts>> {
    steps::shipped().vocabulary().executors
}

fn vocabulary(executors: Option<BTreeMap<String, Accepts>>) -> Vocabulary {
    // Beside conditions that take anything, the ones that ship and say what they take.
    let mut vocabulary = Vocabulary { executors, ..steps::shipped().conditions().vocabulary() };
    vocabulary.pipeline_conditions.insert("office_hours".to_owned(), Accepts::Anything);
    vocabulary.step_conditions.insert("stock_is_counted".to_owned(), Accepts::Anything);
    vocabulary
}

/// How many characters each line of a file has.
fn columns(data: &[u8]) -> Vec<usize> {
    let text = String::from_utf8_lossy(data);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let unified = text.replace("\r\n", "\n").replace('\r', "\n");
    unified.split('\n').map(|line| line.chars().count()).collect()
}

/// An error stands where there is text: within its line, or right behind it.
fn assert_within(error: &xml::Error, columns: &[usize]) {
    let (line, column) = (error.position.line as usize, error.position.column as usize);
    let Some(count) = columns.get(line.wrapping_sub(1)) else { panic!("{error}: there is no such line") };
    assert!((1..=count + 1).contains(&column), "{error}: the line has {count} columns");
    assert!(!error.message.is_empty() && !error.message.contains(['\n', '\r', '\u{1b}']), "{error:?}");
}

fn assert_can_run(merged: &MergedDefinitions) {
    for definition in &merged.definitions {
        assert_kept(definition);
        let again: Definition = definition.clone();
        assert_eq!(definition.hash(), again.hash());
        assert!(definition.steps.windows(2).all(|pair| pair[0].sort_order <= pair[1].sort_order), "stages in order");
        let names: BTreeSet<_> = definition.steps.iter().map(|step| &step.name).collect();
        assert_eq!(names.len(), definition.steps.len(), "a step is named once");
        plan_through(again);
    }
}

/// Spawns a pipeline and lets everything succeed that the plan enqueues, some beats long.
fn plan_through(definition: Definition) {
    let around = Facts::default();
    let pulse = Pulse { since: NOW - chrono::Duration::minutes(1), until: NOW };
    let facts = SpawnFacts { around: &around, pulse, open_sibling: None };
    let _ = plan::spawn(&definition, &facts);
    let _ = plan::spawn_answers(&definition, &facts);
    if definition.steps.len() > STEPS {
        return;
    }
    let mut pipeline = pipeline_of(definition);
    for beat in 0..BEATS {
        let now = NOW + chrono::Duration::hours(i64::try_from(beat).unwrap_or(0));
        let plan = plan::plan(&pipeline, &around, GRACE, now);
        for name in &plan.enqueue {
            let step = pipeline.steps.iter_mut().find(|step| step.definition.name == *name);
            let record = &mut step.unwrap_or_else(|| panic!("`{name}` is no step of the pipeline")).record;
            assert!(!record.status.is_active(), "`{name}` is {} and enqueued again", record.status);
            record.status = StepStatus::Success;
            record.attempt += 1;
            (record.started_at, record.finished_at) = (Some(now), Some(now));
        }
        if let Some(stop) = plan.stop {
            assert!(pipeline.stop.is_none(), "it is stopped twice");
            pipeline.stop = Some(stop);
        } else if let Some(status) = plan.settle {
            assert_ne!(status, pipeline.status, "it is settled to where it stands");
            pipeline.status = status;
        } else if plan.enqueue.is_empty() {
            return;
        }
        if !pipeline.status.is_open() {
            return;
        }
    }
}

fn pipeline_of(definition: Definition) -> Pipeline {
    let steps = Pipeline::join_steps(&definition, Vec::new(), PipelineStatus::Pending, |_| None);
    Pipeline {
        id: PipelineId::derive(&definition.name, "fuzz", NOW),
        definition: Arc::new(definition),
        arguments: Arguments::new(),
        status: PipelineStatus::Pending,
        spawned_at: NOW,
        spawned_by: "an input".to_owned(),
        ended_at: None,
        stop: None,
        paused_at: None,
        paused_for: Duration::ZERO,
        warnings: 0,
        reruns: 0,
        steps,
        version: 1,
    }
}
