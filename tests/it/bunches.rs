//! Bunches to import, and what an import of them must come to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use difference::{assert_same, assert_same_text};
use engine::{Context, Invocation, Limits, heartbeat, runner};
use import::entity::product::Product;
use patience::wait;
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

/// How the import that ships has a step wait after a failure.
const PAUSE: &str = r#"
                <step_condition type="time_between_attempts" description="A minute after a failure">
                    <argument key="wait" value="1 minute"/>
                </step_condition>"#;

/// The import that ships, with more attempts, no pause between them and more time: what disturbs it may last.
pub(crate) fn patient_import() -> String {
    let shipped = std::fs::read_to_string(crate::systole::root().join("pipelines/catalog_import.xml")).unwrap();
    let changes =
        [(PAUSE, ""), (r#""limit" value="3""#, r#""limit" value="99""#), (r#"in="6 hours""#, r#"in="9 days""#)];
    changes.into_iter().fold(shipped, |text, (from, to)| {
        assert!(text.contains(from), "the import that ships has no `{from}`");
        text.replace(from, to)
    })
}

/// What an import leaves.
pub(crate) struct Imported {
    products: BTreeMap<String, Product>,
    categories: Vec<String>,
    /// The report, without what differs from pipeline to pipeline.
    report: Value,
    /// The same for people.
    text: String,
    /// Whatever else is in its archive, by name.
    archive: BTreeMap<String, Bytes>,
    /// What is left where files are dropped.
    dropped: Vec<String>,
}

/// A report for people without the line that says how long it took.
fn without_time(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("took ")).map(|line| format!("{line}\n")).collect()
}

impl Imported {
    pub(crate) async fn by(store: &Store, id: &PipelineId) -> Self {
        let prefix = format!("archive/{id}/");
        let mut archive = BTreeMap::new();
        for file in store.files.list(&prefix, None, 1_000).await.unwrap() {
            let content = store.files.get(&file.key, None).await.unwrap().unwrap();
            archive.insert(file.key[prefix.len()..].to_owned(), content);
        }
        let mut report: Value = serde_json::from_slice(&archive.remove("report.json").unwrap()).unwrap();
        for differs in ["pipeline", "bunch", "seconds", "rows_per_second", "findings_file", "errors"] {
            report.as_object_mut().unwrap().remove(differs);
        }
        let text = String::from_utf8(archive.remove("report.txt").unwrap().into()).unwrap();
        // It tells the same as the other two, and names the pipeline and the time.
        archive.remove("report.html").unwrap();
        let dropped = store.files.list("incoming/", None, 1_000).await.unwrap();
        Imported {
            products: catalog::own::all(store.table.as_ref()).await.unwrap(),
            categories: catalog::own::categories(store.table.as_ref()).await.unwrap(),
            report,
            text: without_time(&text).replace(&id.to_string(), "ID"),
            archive,
            dropped: dropped.into_iter().map(|file| file.key).collect(),
        }
    }

    #[track_caller]
    pub(crate) fn assert_same(&self, wanted: &Imported, story: &str) {
        assert_same_products(&self.products, &wanted.products);
        assert_same(&self.categories, &wanted.categories, format!("the categories: {story}"));
        assert_same(&self.report, &wanted.report, format!("the report: {story}"));
        assert_same_text(&self.text, &wanted.text, format!("the report for people: {story}"));
        let names = |files: &BTreeMap<String, Bytes>| -> Vec<String> { files.keys().cloned().collect() };
        assert_same(&names(&self.archive), &names(&wanted.archive), format!("the archive: {story}"));
        let different: Vec<_> =
            self.archive.keys().filter(|name| self.archive[*name] != wanted.archive[*name]).collect();
        assert_eq!(different, Vec::<&String>::new(), "archived files with other bytes: {story}");
        assert_eq!(self.dropped, wanted.dropped, "{story}");
    }
}

/// The catalogue after the same import on an embedded store, without functions, messages over the network or faults.
pub(crate) async fn imported_on_one_machine(files: &Files) -> BTreeMap<String, Product> {
    import_on_one_machine(files).await.products
}

/// What an import leaves there.
pub(crate) async fn import_on_one_machine(files: &Files) -> Imported {
    let storage = embedded().await;
    let context = Context::new(storage.store.clone(), steps::shipped(), Limits::default());
    for (name, content) in files {
        storage.files.put(&format!("incoming/{name}"), content.clone()).await.unwrap();
    }
    let report = heartbeat::beat(&context, &invocation("beat")).await.unwrap();
    assert_eq!(report.spawned.len(), 1, "{report:?}");
    let wait = wait("the queue is empty");
    for number in 0.. {
        wait.go_on();
        let Some(message) = storage.queue.receive(1, Duration::ZERO).await.unwrap().pop() else { break };
        runner::run(&context, &message.body, &invocation(&format!("runner-{number}"))).await.unwrap();
        storage.queue.delete(&message.receipt).await.unwrap();
    }
    let id = report.spawned[0].split_once(' ').unwrap().1.parse().unwrap();
    Imported::by(&storage.store, &id).await
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
        let some: Vec<_> = different.iter().take(20).collect();
        assert_same(&found, &wanted, format!("the first of {} different products: {some:?}", different.len()));
    }
}

fn invocation(id: &str) -> Invocation {
    Invocation::begin(id, now(), Duration::from_secs(600))
}

#[expect(clippy::disallowed_methods, reason = "a test stands in for the clock of a host")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
