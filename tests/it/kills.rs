//! Hosts that are killed, stopped or doubled while they import.
//!
//! Whatever happens to a process, what comes of the files is what comes of them undisturbed: the catalogue, the counts of
//! the report, the archive; and nothing is left over.

mod fifty;
mod stops;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use catalog::own;
use difference::{assert_same, assert_same_text};
use import::entity::product::Product;
use patience::wait;
use pipeline::{Name, Priority, StepStatus};
use serde_json::Value;
use store::Store;
use store_embedded::Options;
use tempfile::TempDir;
use tests::seen;
use tokio::runtime::Runtime;

use crate::systole::{Running, Systole, fixture, names, root, wait_for};

/// What comes of an import.
#[derive(Debug, Clone, PartialEq)]
struct Outcome {
    catalogue: String,
    /// File and line that changed each product last.
    last_changes: BTreeMap<String, String>,
    /// The report, without what differs from pipeline to pipeline.
    report: Value,
    archive: BTreeMap<String, Vec<u8>>,
}

/// Files to import, and what comes of them.
struct Set {
    folder: PathBuf,
    undisturbed: Outcome,
    /// Holds the folder of generated files.
    _kept: Option<TempDir>,
}

const STEPS: [&str; 6] = ["move_files", "validate", "create_categories", "import_products", "archive", "report"];

#[test]
fn ten_kills_at_any_moment_of_a_longer_import_change_nothing() {
    let set = generated();
    let mut random = Random::seeded();
    // Seven in a row within one step would be taken for the work of that step.
    let moments: Vec<u64> = (0..10).map(|kill| if kill % 4 == 3 { 1_500 } else { random.below(300) }).collect();
    let story = format!("seed {} kills after {moments:?} ms", random.seed);
    let systole = Systole::new();
    put(set, &systole.drop_area());
    for moment in moments {
        let (dev, _) = systole.dev(&[]);
        std::thread::sleep(Duration::from_millis(moment));
        dev.kill();
    }
    let (dev, _) = systole.dev(&[]);
    assert_ends_undisturbed(&systole, set, &story);
    stop(dev);
}

#[test]
fn kills_of_a_single_transaction_change_nothing_and_nothing_is_seen_before_it_is_published() {
    let set = generated();
    let mut random = Random::seeded();
    let moments: Vec<u64> = (0..6).map(|kill| if kill % 4 == 3 { 1_500 } else { random.below(300) }).collect();
    let story = format!("seed {} kills a single transaction after {moments:?} ms", random.seed);
    let systole = Systole::new();
    // Only work creates a store, and a setting that was not set would make this an ordinary import.
    systole.json(&["heartbeat"]);
    let set_to = systole.run(&["settings", "set", "import.single_transaction", "true"]);
    assert_eq!(set_to.code, Some(0), "{set_to}");
    put(set, &systole.drop_area());
    for moment in moments {
        let (dev, _) = systole.dev(&[]);
        std::thread::sleep(Duration::from_millis(moment));
        dev.kill();
        let has_begun = runtime().block_on(has_begun(&open(&systole), "publish"));
        let seen = systole.run(&["catalog", "export"]).stdout;
        assert!(has_begun || seen.trim().is_empty(), "{story}: seen before it is published: {seen}");
    }
    let (dev, _) = systole.dev(&[]);
    assert_ends_undisturbed(&systole, set, &story);
    stop(dev);
}

/// Whether a step of the latest import has been claimed.
async fn has_begun(store: &Store, step: &str) -> bool {
    let Some(id) = store.latest_pipeline(&"catalog_import".parse().unwrap()).await.unwrap().id else { return false };
    let pipeline = store.pipeline_with_steps(&id).await.unwrap().unwrap();
    let step = pipeline.steps.iter().find(|other| other.definition.name.as_str() == step).unwrap();
    !matches!(step.record.status, StepStatus::Pending | StepStatus::Enqueued)
}

#[test]
fn a_kill_in_any_step_changes_nothing() {
    for step in STEPS {
        // A short step may be over before it is seen.
        let seen = (0..50).find_map(|_| kill_in(step));
        seen.unwrap_or_else(|| panic!("step {step} was never seen running"));
    }
}

/// Kills the host as soon as a step runs.
fn kill_in(step: &str) -> Option<()> {
    let set = generated();
    let systole = Systole::new();
    put(set, &systole.drop_area());
    let store = open(&systole);
    let (dev, _) = systole.dev(&["--runners", "1"]);
    let seen = runtime().block_on(until_running(&store, step));
    dev.kill();
    let (dev, _) = systole.dev(&[]);
    assert_ends_undisturbed(&systole, set, step);
    stop(dev);
    seen
}

/// Looks until a step runs, or has ended unseen.
///
/// It looks at the latest pipeline and not at the open ones: behind the last step the pipeline may have settled between
/// two looks, and is in no list of open ones any more.
async fn until_running(store: &Store, step: &str) -> Option<()> {
    let of = "catalog_import".parse::<Name>().unwrap();
    // A short step is over within a pause.
    let wait = wait(format!("step `{step}` runs or has ended")).every(Duration::ZERO);
    wait.ask(async || {
        let Some(id) = store.latest_pipeline(&of).await.unwrap().id else { return Err("no pipeline".to_owned()) };
        let Some(pipeline) = store.pipeline_with_steps(&id).await.unwrap() else { return Err(format!("no {id}")) };
        let step = pipeline.steps.iter().find(|other| other.definition.name.as_str() == step).unwrap();
        match step.record.status {
            StepStatus::Pending | StepStatus::Enqueued if pipeline.status.is_open() => Err(seen(&pipeline)),
            StepStatus::Running => Ok(Some(())),
            StepStatus::Pending
            | StepStatus::Enqueued
            | StepStatus::Success
            | StepStatus::Error
            | StepStatus::Skipped
            | StepStatus::Cancelled => Ok(None),
        }
    })
    .await
}

#[test]
fn a_drop_that_is_killed_is_dropped_again() {
    let set = generated();
    let mut random = Random::seeded();
    for _ in 0..4 {
        let systole = Systole::new();
        let moment = random.below(1_000);
        let story = format!("seed {} kills the drop after {moment} ms", random.seed);
        let drop = systole.start(&["import", "drop", set.folder.to_str().unwrap()]);
        std::thread::sleep(Duration::from_millis(moment));
        drop.kill();
        let again = systole.json(&["import", "drop", set.folder.to_str().unwrap()]);
        let archived = archive(&systole, again["pipelines"][0]["id"].as_str().unwrap());
        assert_same_archives(&archived, &set.undisturbed.archive, &story);
        let catalogue = systole.run(&["catalog", "export"]).stdout;
        assert_same_text(&catalogue, &set.undisturbed.catalogue, format!("{story}: the catalogue"));
        assert_nothing_is_left(&systole, &story);
    }
}

#[test]
fn a_host_carries_on_a_drop_that_is_killed() {
    let set = generated();
    let systole = Systole::new();
    let drop = systole.start(&["import", "drop", set.folder.to_str().unwrap()]);
    drop.line("that a pipeline was spawned", |line| line.starts_with("pipeline "));
    drop.kill();
    let (dev, _) = systole.dev(&[]);
    assert_ends_undisturbed(&systole, set, "killed after the spawn");
    stop(dev);
}

#[test]
fn two_hosts_share_a_store() {
    let set = generated();
    let systole = Systole::new();
    let hosts = [systole.dev(&[]), systole.dev(&[])];
    put(set, &systole.drop_area());
    assert_ends_undisturbed(&systole, set, "two hosts");
    hosts.into_iter().for_each(|(dev, _)| stop(dev));
}

#[test]
fn when_one_of_two_hosts_is_killed_the_other_carries_on() {
    let set = generated();
    let systole = Systole::new();
    let [(killed, _), (other, _)] = [systole.dev(&[]), systole.dev(&[])];
    put(set, &systole.drop_area());
    wait_for("a pipeline", || first_pipeline(&systole.json(&["pipeline", "list"])));
    killed.kill();
    assert_ends_undisturbed(&systole, set, "one of two killed");
    stop(other);
}

#[test]
fn a_drop_beside_a_host_shares_the_work_with_it() {
    let set = generated();
    let systole = Systole::new();
    let (dev, _) = systole.dev(&[]);
    systole.json(&["import", "drop", set.folder.to_str().unwrap()]);
    assert_ends_undisturbed(&systole, set, "a drop beside a host");
    stop(dev);
}

#[test]
fn drops_at_once_come_one_after_the_other() {
    let systole = Systole::new();
    let drops = ["ragged-row", "store-view-first", "invalid-utf8", "header-only"]
        .map(|case| systole.start(&["import", "drop", &fixture(case)]));
    for drop in drops {
        let ran = drop.end();
        // All is dealt with, and some of it left out.
        assert!(matches!(ran.code, Some(0 | 13)), "{ran}");
    }
    assert_nothing_is_left(&systole, "drops at once");
}

/// Waits for the end of the one import and compares what came of it.
#[track_caller]
fn assert_ends_undisturbed(systole: &Systole, set: &Set, story: &str) {
    let store = open(systole);
    let latest = "catalog_import".parse::<Name>().unwrap();
    wait_for(&format!("the import ends; {story}"), || {
        let id = runtime().block_on(store.latest_pipeline(&latest)).unwrap().id.ok_or("no pipeline")?;
        let pipeline = runtime().block_on(store.pipeline_with_steps(&id)).unwrap().ok_or("no pipeline")?;
        if pipeline.status.is_open() { Err(seen(&pipeline)) } else { Ok(()) }
    });
    let pipelines = systole.json(&["pipeline", "list"]);
    assert_eq!(pipelines.as_array().unwrap().len(), 1, "{story}: {pipelines:#}");
    let ended = first_pipeline(&pipelines).unwrap();
    let details = systole.json(&["pipeline", "details", &ended]);
    assert_eq!(details["status"], "success", "{story}: {details:#}");
    for step in details["steps"].as_array().unwrap() {
        // Interrupted is not failed: no kill uses up an attempt.
        assert_eq!(step["attempt"], 1, "{story}: {step:#}");
    }
    let outcome = Outcome::of(systole, &ended);
    outcome.assert_same(&set.undisturbed, story);
    assert_nothing_is_left(systole, story);
}

/// Asserts that the drop area and the dead letters are empty, and that the queues become so: what a killed process had
/// received comes again as a duplicate.
#[track_caller]
fn assert_nothing_is_left(systole: &Systole, story: &str) {
    assert_eq!(systole.dropped(), Vec::<String>::new(), "{story}");
    let store = open(systole);
    wait_for(&format!("{story}: an empty queue"), || {
        systole.json(&["run"]);
        let depths = Priority::ALL.map(|priority| runtime().block_on(store.queue.depth(priority)).unwrap());
        depths.iter().all(|depth| depth.waiting + depth.delayed == 0).then_some(()).ok_or(depths)
    });
    runtime().block_on(async {
        assert_eq!(store.queue.peek_dead_letters(10).await.unwrap(), [], "{story}");
        assert!(store.open_pipelines(10).await.unwrap().is_empty(), "{story}");
    });
}

/// Stops a host as a service manager does; it leaves nothing behind by which others would take it for dead.
#[track_caller]
fn stop(dev: Running) {
    dev.signal("TERM");
    let ran = dev.end();
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(!ran.stderr.contains("ERROR"), "{ran}");
}

impl Outcome {
    #[track_caller]
    fn assert_same(&self, undisturbed: &Outcome, story: &str) {
        assert_same(&self.report, &undisturbed.report, format!("{story}: the report"));
        assert_same_text(&self.catalogue, &undisturbed.catalogue, format!("{story}: the catalogue"));
        assert_same(&self.last_changes, &undisturbed.last_changes, format!("{story}: the last changes"));
        assert_same_archives(&self.archive, &undisturbed.archive, story);
    }

    fn of(systole: &Systole, id: &str) -> Self {
        let path = systole.files().join("archive").join(id).join("report.json");
        let mut report: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for differs in ["pipeline", "bunch", "seconds", "rows_per_second", "findings_file", "errors"] {
            report.as_object_mut().unwrap().remove(differs);
        }
        let catalogue = systole.run(&["catalog", "export"]).stdout;
        let last_changes = runtime().block_on(last_changes(&open(systole), id));
        Outcome { catalogue, last_changes, report, archive: archive(systole, id) }
    }
}

/// File and line that changed each product last, all of them in one pipeline.
async fn last_changes(store: &Store, pipeline: &str) -> BTreeMap<String, String> {
    let keys: Vec<String> = own::all::<Product>(store.table.as_ref()).await.unwrap().into_keys().collect();
    let kept = own::things::<Product>(store.table.as_ref(), &keys).await.unwrap();
    let of_one = |(key, kept): (&String, &own::KeptThing<Product>)| {
        let change = kept.last_change().unwrap().unwrap_or_else(|| panic!("`{key}` has no note"));
        assert_eq!(change.pipeline.as_str(), pipeline, "{key}");
        (key.clone(), format!("{}:{}", change.file, change.line))
    };
    kept.iter().map(of_one).collect()
}

/// Names the files that differ; what is in them is too long.
#[track_caller]
fn assert_same_archives(found: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>, story: &str) {
    let sizes = |files: &BTreeMap<String, Vec<u8>>| -> Vec<String> {
        files.iter().map(|(name, bytes)| format!("{name}: {} bytes", bytes.len())).collect()
    };
    assert_same(&sizes(found), &sizes(expected), format!("{story}: the archive"));
    let different: Vec<&String> = found.keys().filter(|name| found[*name] != expected[*name]).collect();
    assert_eq!(different, Vec::<&String>::new(), "{story}: archived files with other bytes");
}

/// The archived files by name.
fn archive(systole: &Systole, id: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = systole.files().join("archive").join(id).join("files");
    names(&folder).into_iter().map(|name| (name.clone(), std::fs::read(folder.join(name)).unwrap())).collect()
}

/// The id of the first pipeline of a list, by the CLI or the API.
fn first_pipeline(list: &Value) -> Option<String> {
    let pipelines = list.get("pipelines").unwrap_or(list);
    Some(pipelines.get(0)?["id"].as_str().unwrap().to_owned())
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn open(systole: &Systole) -> Store {
    store_embedded::open(&systole.store(), Options::default()).unwrap()
}

/// Copies files as people do, the ok file last.
fn put(set: &Set, to: &Path) {
    let (ok_files, csv_files): (Vec<_>, Vec<_>) =
        names(&set.folder).into_iter().partition(|name| name.ends_with(".ok"));
    for name in csv_files.iter().chain(&ok_files) {
        std::fs::copy(set.folder.join(name), to.join(name)).unwrap();
    }
}

/// The demo catalogue.
fn demo() -> &'static Set {
    static SET: OnceLock<Set> = OnceLock::new();
    SET.get_or_init(|| Set::import(root().join("demo/catalog"), None))
}

/// Many files with many categories, so that each step takes a moment, and products whose rows lie far apart.
fn generated() -> &'static Set {
    static SET: OnceLock<Set> = OnceLock::new();
    SET.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut list = String::new();
        for file in 1..=8 {
            let name = format!("product-import_20260901-000000_{file:02}.csv");
            std::fs::write(folder.path().join(&name), generate(file)).unwrap();
            writeln!(list, "{name}").unwrap();
        }
        std::fs::write(folder.path().join("product-import_20260901-000000.ok"), list).unwrap();
        Set::import(folder.path().to_owned(), Some(folder))
    })
}

/// New products, then a row of a store view for each of them, then the price of a product of the file before.
fn generate(file: u32) -> String {
    let products = if file == 1 { 600 } else { 30 };
    let mut text = "sku,store_view_code,attribute_set_code,product_type,categories,name,price,qty\n".to_owned();
    for number in 0..products {
        let category = format!("Default Category/Part {file}/Shelf {}", number % 30);
        writeln!(text, "P-{file}-{number},,Default,simple,{category},Product {file} {number},1{number},5").unwrap();
    }
    for number in 0..products {
        writeln!(text, "P-{file}-{number},de,,,,Produkt {number},,").unwrap();
    }
    for number in 0..if file == 1 { 0 } else { 30 } {
        writeln!(text, "P-{}-{number},,,,,,2{number},", file - 1).unwrap();
    }
    text
}

impl Set {
    fn import(folder: PathBuf, kept: Option<TempDir>) -> Self {
        let systole = Systole::new();
        let imported = systole.json(&["import", "drop", folder.to_str().unwrap()]);
        let id = imported["pipelines"][0]["id"].as_str().unwrap();
        Set { folder, undisturbed: Outcome::of(&systole, id), _kept: kept }
    }
}

/// Random numbers that a seed repeats (`splitmix64`).
pub(crate) struct Random {
    pub(crate) seed: u64,
    state: u64,
}

impl Random {
    /// A new seed, or the one in the variable `SEED`.
    #[expect(clippy::disallowed_methods, reason = "whoever replays a failure says so in the environment")]
    pub(crate) fn seeded() -> Self {
        let given = std::env::var("SEED").ok().map(|seed| seed.parse().unwrap());
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0));
        Random { seed, state: seed }
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}
