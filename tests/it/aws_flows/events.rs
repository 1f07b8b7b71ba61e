//! The event files, which also serve `scripts/invoke`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_http::request::LambdaRequest;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The event in a file.
#[track_caller]
pub(crate) fn event<T: DeserializeOwned>(name: &str) -> T {
    let path = folder().join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Each function with the files of its events.
pub(crate) const EVENTS: [(&str, &[&str]); 4] = [
    ("heartbeat", &["tick"]),
    ("runner", &["step-message", "bad-message"]),
    ("intake", &["file-arrived", "s3-test-event"]),
    ("admin", &["admin-health", "admin-pipelines", "admin-init"]),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/events")
}

#[test]
fn every_event_file_is_read_by_its_function() {
    for (function, names) in EVENTS {
        for name in names {
            match function {
                "heartbeat" => drop(event::<Value>(name)),
                "admin" => drop(event::<LambdaRequest>(name)),
                _ => assert_eq!(event::<SqsEvent>(name).records.len(), 1, "{name}"),
            }
        }
    }
}

#[test]
fn no_event_file_is_left_out() {
    let named: BTreeSet<String> =
        EVENTS.iter().flat_map(|(_, names)| names.iter()).map(|name| format!("{name}.json")).collect();
    let found: BTreeSet<String> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(named, found);
}
