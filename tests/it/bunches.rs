//! Bunches to import, and what an import of them must come to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use catalog::product::Product;
use chrono::{DateTime, Utc};
use engine::{Context, Invocation, Limits, heartbeat, runner};
use pipeline::PipelineId;
use serde_json::Value;
use store::Store;
use tests::embedded;

/// The files of a bunch: the CSV files first, the ok file last.
pub(crate) type Files = Vec<(String, Bytes)>;

/// A bunch among the fixtures.
pub(crate) fn bunch(name: &str) -> Files {
    files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bunches").join(name))
}

/// The demo catalogue.
pub(crate) fn demo_catalogue() -> Files {
    files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/catalog"))
}

fn files_of(folder: &Path) -> Files {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort_by_key(|path| (path.extension().is_some_and(|extension| extension == "ok"), path.clone()));
    let read = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, Bytes::from(std::fs::read(path).unwrap()))
    };
    paths.iter().map(read).collect()
}

/// The catalogue after the same import on an embedded store, without functions, messages over the network or faults.
pub(crate) async fn imported_on_one_machine(files: &Files) -> BTreeMap<String, Product> {
    import_on_one_machine(files).await.0
}

/// What an import comes to there: the catalogue, and the totals of the report.
pub(crate) async fn import_on_one_machine(files: &Files) -> (BTreeMap<String, Product>, Value) {
    let storage = embedded().await;
    let context = Context::shipped(storage.store.clone(), Limits::default());
    for (name, content) in files {
        storage.files.put(&format!("incoming/{name}"), content.clone()).await.unwrap();
    }
    let report = heartbeat::beat(&context, &invocation("beat")).await.unwrap();
    assert_eq!(report.spawned.len(), 1, "{report:?}");
    for number in 0.. {
        let Some(message) = storage.queue.receive(1, Duration::ZERO).await.unwrap().pop() else { break };
        runner::run(&context, &message.body, &invocation(&format!("runner-{number}"))).await.unwrap();
        storage.queue.delete(&message.receipt).await.unwrap();
    }
    let id = report.spawned[0].split_once(' ').unwrap().1.parse().unwrap();
    let totals = totals(&storage.store, &id).await;
    (catalog::table::all_products(storage.table.as_ref()).await.unwrap(), totals)
}

/// The totals of an import's report.
pub(crate) async fn totals(store: &Store, id: &PipelineId) -> Value {
    let report = store.files.get(&format!("archive/{id}/report.json"), None).await.unwrap().unwrap();
    serde_json::from_slice::<Value>(&report).unwrap()["totals"].clone()
}

/// Says which products differ, and how the first one does; a catalogue is too long to be printed.
#[track_caller]
pub(crate) fn assert_same_products(found: &BTreeMap<String, Product>, wanted: &BTreeMap<String, Product>) {
    let keys: BTreeSet<&String> = found.keys().chain(wanted.keys()).collect();
    let different: Vec<&String> = keys.into_iter().filter(|key| found.get(*key) != wanted.get(*key)).collect();
    if let Some(first) = different.first() {
        let (found, wanted) = (found.get(*first), wanted.get(*first));
        assert_eq!(found, wanted, "the first of {} different products: {different:?}", different.len());
    }
}

fn invocation(id: &str) -> Invocation {
    Invocation::begin(id, now(), Duration::from_secs(600))
}

#[expect(clippy::disallowed_methods, reason = "a test stands in for the clock of a host")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
