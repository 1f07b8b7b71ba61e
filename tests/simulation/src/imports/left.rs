//! What is left of an import, without what differs from process to process: times, and ids that are made of them.

use std::collections::BTreeMap;

use pipeline::PipelineId;
use serde_json::{Value, json};
use store::table::Query;

use super::host::Host;
use super::sites::Watch;

/// What people can see: items of the table and files, by their keys.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Left(BTreeMap<String, String>);

/// Items that say what an import has come to, the histories included.
const ITEMS: [&str; 5] = ["catalog/", "shop", "listing/", "imports", "draft/"];

/// Items that everybody sees.
const SEEN: [&str; 3] = ["catalog/", "shop", "listing/"];

/// What all times of a trial begin with.
const DAY: &str = "2026-08-01T";

/// Figures that tell how long something took.
const DURATIONS: [&str; 3] = ["seconds", "rows_per_second", "work_ms"];

impl Left {
    /// Everything that an import has left.
    pub(super) async fn of(host: &Host, watch: &Watch) -> Self {
        let mut left = Self::items(host, watch, &ITEMS).await.0;
        for prefix in ["incoming/", "work/", "archive/"] {
            for file in host.store.files.list(prefix, None, 1_000).await.expect("the store answers") {
                let content = host.store.files.get(&file.key, None).await.expect("the store answers");
                let content = String::from_utf8_lossy(&content.unwrap_or_default()).into_owned();
                if let Some((key, text)) = shown_file(&file.key, content) {
                    left.insert(key, text);
                }
            }
        }
        let ids = host.store.ended_pipelines(10, 1, host.now()).await.expect("the store answers");
        for id in &ids {
            let pipeline = host.store.pipeline_with_steps(id).await.expect("the store answers");
            let pipeline = pipeline.expect("a listed pipeline is there");
            let steps = pipeline.steps.iter().map(|step| format!("{} {}", step.definition.name, step.record.status));
            let text = format!("{}: {}", pipeline.status, steps.collect::<Vec<_>>().join(", "));
            let before = left.insert(format!("pipeline {}", pipeline.definition.name), text);
            assert_eq!(before, None, "two pipelines of one bunch");
        }
        Left(without_ids(left, &ids))
    }

    /// What everybody sees of the catalogue.
    pub(super) async fn seen(host: &Host, watch: &Watch) -> Self {
        Left(without_ids(Self::items(host, watch, &SEEN).await.0, &[]))
    }

    async fn items(host: &Host, watch: &Watch, kinds: &[&str]) -> Self {
        let mut items = BTreeMap::new();
        let is_asked = |partition: &String| kinds.iter().any(|kind| partition.starts_with(kind));
        for partition in watch.partitions().into_iter().filter(is_asked) {
            let page = host.store.table.query(&Query::prefix(partition, "")).await.expect("the store answers");
            for item in page.entries {
                items.insert(item.key.to_string(), without_durations(json!(item.attributes)).to_string());
            }
        }
        Left(items)
    }

    /// The first difference to what is expected.
    pub(super) fn difference(&self, expected: &Self) -> Option<String> {
        let keys = self.0.keys().chain(expected.0.keys());
        let key = keys.filter(|key| self.0.get(*key) != expected.0.get(*key)).min()?;
        Some(format!("`{key}` is\n  {:?} instead of\n  {:?}", self.0.get(key), expected.0.get(key)))
    }
}

/// A file as it is compared. What attempts leave for each other is not: it lies there for whoever looks into a failure.
fn shown_file(key: &str, content: String) -> Option<(String, String)> {
    if key.starts_with("work/") && !key.contains("/files/") {
        return None;
    }
    if key.ends_with("/report.html") {
        // It is made of the same as the other report, and shows times as people read them.
        return Some((key.to_owned(), String::new()));
    }
    if key.ends_with("/report.txt") {
        let lines = content.lines().filter(|line| !line.starts_with("took "));
        return Some((key.to_owned(), lines.collect::<Vec<_>>().join("\n")));
    }
    let text = match serde_json::from_str(&content) {
        Ok(json) if key.ends_with("/report.json") => without_durations(json).to_string(),
        Ok(_) | Err(_) => content,
    };
    Some((key.to_owned(), text))
}

fn without_durations(mut value: Value) -> Value {
    match &mut value {
        Value::Object(entries) => {
            entries.retain(|name, _| !DURATIONS.contains(&name.as_str()));
            for entry in entries.values_mut() {
                *entry = without_durations(entry.take());
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|entry| *entry = without_durations(entry.take())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    value
}

/// Puts words in the place of what differs: the ids of pipelines, and times.
fn without_ids(left: BTreeMap<String, String>, ids: &[PipelineId]) -> BTreeMap<String, String> {
    let plain = |text: &str| {
        let text = ids.iter().fold(text.to_owned(), |text, id| text.replace(id.as_str(), "ID"));
        without_times(&text)
    };
    left.into_iter().map(|(key, text)| (plain(&key), plain(&text))).collect()
}

fn without_times(text: &str) -> String {
    let mut parts = text.split(DAY);
    let mut without = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.split_once('Z').map_or("", |(_, rest)| rest);
        without += "TIME";
        without += rest;
    }
    without
}
