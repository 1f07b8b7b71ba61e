//! What has changed from one look to the next, a line each.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use operate::view::PipelineDetails;
use serde_json::{Value, json};

use crate::output::time;
use crate::pipeline_commands::note;

/// What was said of each pipeline and step last.
#[derive(Debug, Default)]
pub(super) struct ChangeTracker {
    said: BTreeMap<(String, String), String>,
}

/// Something that is otherwise than in the look before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeenChange {
    at: DateTime<Utc>,
    /// Id and name; none if it is about no pipeline.
    pipeline: Option<(String, String)>,
    step: Option<String>,
    status: Option<String>,
    attempt: u32,
    /// What failed, what it waits for, how far it is, or what a person should know.
    note: Option<String>,
}

impl ChangeTracker {
    /// What is new since the last call: of the first one, everything that is not simply waiting for its turn.
    pub(super) fn since_last(
        &mut self,
        pipelines: &[PipelineDetails],
        remark: Option<&str>,
        now: DateTime<Utc>,
    ) -> Vec<SeenChange> {
        let mut all: Vec<SeenChange> = pipelines.iter().flat_map(|details| changes(details, now)).collect();
        if let Some(remark) = remark {
            let note = Some(remark.to_owned());
            all.push(SeenChange { at: now, pipeline: None, step: None, status: None, attempt: 0, note });
        }
        all.retain(|change| self.is_new(change));
        all
    }

    /// Whether something else, or nothing, was said of the same thing last. Remembers what is said now.
    fn is_new(&mut self, change: &SeenChange) -> bool {
        let id = match &change.pipeline {
            Some((id, _)) => id.clone(),
            None => String::new(),
        };
        let words = change.what();
        let before = self.said.insert((id, change.step.clone().unwrap_or_default()), words.clone());
        before.as_ref() != Some(&words)
    }
}

/// The state of a pipeline's steps that have begun, and then of the pipeline.
fn changes(details: &PipelineDetails, now: DateTime<Utc>) -> Vec<SeenChange> {
    let of = &details.pipeline;
    let pipeline = Some((of.id.clone(), of.name.clone()));
    let mut changes = Vec::new();
    for step in &details.steps {
        // That a step waits for its turn is no news.
        if step.attempt == 0 {
            continue;
        }
        changes.push(SeenChange {
            at: now,
            pipeline: pipeline.clone(),
            step: Some(step.name.clone()),
            status: Some(step.status.to_string()),
            attempt: step.attempt,
            note: note(step),
        });
    }
    let status = Some(of.status.to_string());
    changes.push(SeenChange { at: now, pipeline, step: None, status, attempt: 0, note: of.stopped.clone() });
    changes
}

impl SeenChange {
    fn what(&self) -> String {
        let attempt = if self.attempt > 1 { format!(" (attempt {})", self.attempt) } else { String::new() };
        let note = self.note.as_deref().unwrap_or_default();
        match &self.status {
            Some(status) if note.is_empty() => format!("{status}{attempt}"),
            Some(status) => format!("{status}{attempt}: {note}"),
            None => note.to_owned(),
        }
    }

    pub(super) fn in_words(&self) -> String {
        let mut words = time(self.at);
        if let Some((id, name)) = &self.pipeline {
            words += &format!(" {name} {id}");
        }
        if let Some(step) = &self.step {
            words += &format!(" {step}");
        }
        format!("{words}: {}", self.what())
    }

    pub(super) fn as_json(&self) -> Value {
        let (id, name) = self.pipeline.clone().unzip();
        json!({
            "at": self.at, "pipeline": id, "name": name, "step": self.step, "status": self.status,
            "attempt": self.step.as_ref().map(|_| self.attempt), "note": self.note,
        })
    }
}
