//! The metrics of a beat in the embedded metric format: one line of the log is all it takes.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::heartbeat::BeatReport;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Systole";

/// The metrics of a beat: name, unit, value. The alarms in `infra/alarms.yaml` use these names.
#[must_use]
pub fn of_beat(report: &BeatReport) -> Vec<(&'static str, &'static str, u64)> {
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let applied = &report.applied;
    vec![
        ("OpenPipelines", "Count", count(report.looked_at + report.left)),
        ("SpawnedPipelines", "Count", count(report.spawned.len())),
        ("EnqueuedSteps", "Count", count(applied.enqueued)),
        ("ResentMessages", "Count", count(applied.resent)),
        ("GhostedSteps", "Count", count(applied.ghosted)),
        ("ExpiredPipelines", "Count", count(applied.expired)),
        ("FailedPipelines", "Count", count(applied.failed)),
        ("WaitingSteps", "Count", count(applied.watched.waiting)),
        ("WorkDueButIdle", "None", u64::from(report.is_idle_though_work_is_due)),
        ("Problems", "Count", count(report.problems.len())),
        ("UnsentEvents", "Count", count(applied.unsent_events)),
        ("BeatDurationMs", "Milliseconds", report.duration_ms),
    ]
}

/// The line for the log of a stage; `None` for a beat that found the lease taken and saw nothing.
#[must_use]
pub fn embedded(report: &BeatReport, stage: &str, now: DateTime<Utc>) -> Option<Value> {
    if report.lease_taken_by.is_some() {
        return None;
    }
    let metrics = of_beat(report);
    let names: Vec<Value> = metrics.iter().map(|(name, unit, _)| json!({ "Name": name, "Unit": unit })).collect();
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.timestamp_millis(),
            "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [["Stage"]], "Metrics": names }],
        }),
    );
    line.insert("Stage".to_owned(), json!(stage));
    line.extend(metrics.into_iter().map(|(name, _, value)| (name.to_owned(), json!(value))));
    Some(Value::Object(line))
}
