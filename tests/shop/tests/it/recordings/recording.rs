//! Reads the recordings from where they lie.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// An exchange with the real shop.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    /// Group and number, e.g. `products/001`.
    pub name: String,
    pub method: String,
    pub path: String,
    /// Headers of the request.
    pub headers: Vec<(String, String)>,
    pub body: Value,
    pub status: u16,
    pub content_type: String,
    pub answer: Value,
}

/// Where they lie, beside the project.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/commerce-rest/recorded-2.4.7-p1")
}

/// All of them, by name.
pub(crate) fn recordings() -> Vec<Recording> {
    let mut found = Vec::new();
    for group in entries(&folder()).into_iter().filter(|path| path.is_dir()) {
        found.extend(entries(&group).iter().filter_map(|file| read(file)));
    }
    assert!(found.len() > 900, "only {} recordings in {}", found.len(), folder().display());
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Reads a file; figures of a measurement are no exchange.
fn read(file: &Path) -> Option<Recording> {
    let recorded: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let (request, response) = (recorded.get("request")?, recorded.get("response")?);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let headers = |part: &Value| -> Vec<(String, String)> {
        part["headers"].as_object().unwrap().iter().map(|(name, value)| (name.to_lowercase(), text(value))).collect()
    };
    let group = file.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    let number: String = file.file_name().unwrap().to_string_lossy().chars().take(3).collect();
    let content_type = headers(response).into_iter().find(|(name, _)| name == "content-type");
    Some(Recording {
        name: format!("{group}/{number}"),
        method: text(&request["method"]),
        path: text(&request["path"]),
        headers: headers(request),
        body: request["body"].clone(),
        status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
        content_type: content_type.map(|(_, value)| value).unwrap_or_default(),
        answer: response["body"].clone(),
    })
}
