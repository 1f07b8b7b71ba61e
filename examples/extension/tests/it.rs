//! A pipeline with all three extensions, run by the engine over the embedded store.
#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute and not what it calls")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use engine::testing::Trial;
use engine::{Context, Invocation, Limits, heartbeat, runner};
use extension::{Brand, CountLines};
use pipeline::{Pipeline, PipelineId, PipelineStatus};
use serde_json::json;
use store_embedded::Options;

/// The extension over a store of its own, with a clock that stands still.
struct Office {
    context: Context,
    now: Arc<Mutex<DateTime<Utc>>>,
    _folder: tempfile::TempDir,
}

impl Office {
    fn at(now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now: Arc<Mutex<DateTime<Utc>>> = Arc::new(Mutex::new(now.parse().unwrap()));
        let clock = now.clone();
        let options = Options { clock: Arc::new(move || *clock.lock().unwrap()), ..Options::default() };
        let store = store_embedded::open(folder.path(), options).unwrap();
        Office { context: Context::new(store, extension::program(), Limits::default()), now, _folder: folder }
    }

    fn invocation(&self, what: &str) -> Invocation {
        let now = *self.now.lock().unwrap();
        Invocation::begin(format!("{what} {now}"), now, Duration::from_secs(60))
    }

    /// What the two functions do in one minute; the pipelines that were spawned.
    async fn minute(&self) -> Vec<PipelineId> {
        *self.now.lock().unwrap() += Duration::from_secs(60);
        let report = heartbeat::beat(&self.context, &self.invocation("beat")).await.unwrap();
        let queue = &self.context.store.queue;
        let wait = patience::wait("the queue is empty");
        while let Some(message) = queue.receive(1, Duration::ZERO).await.unwrap().pop() {
            wait.go_on();
            runner::run(&self.context, &message.body, &self.invocation("run")).await.unwrap();
            queue.delete(&message.receipt).await.unwrap();
        }
        report.spawned.iter().map(|spawned| spawned.rsplit(' ').next().unwrap().parse().unwrap()).collect()
    }

    async fn put(&self, list: &str, content: &'static str) {
        self.context.store.files.put(list, content.into()).await.unwrap();
    }

    async fn pipeline(&self, id: &PipelineId) -> Pipeline {
        self.context.store.pipeline_with_steps(id).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn each_price_list_gets_one_pipeline_that_counts_its_lines() {
    let office = Office::at("2026-08-03T09:00:00Z");
    office.put("price-lists/acme.csv", "sku,price\na,1\nb,2\n").await;
    let spawned = office.minute().await;
    assert_eq!(spawned.len(), 1);
    let pipeline = office.pipeline(&spawned[0]).await;
    assert_eq!(pipeline.status, PipelineStatus::Success);
    assert_eq!(pipeline.steps[0].record.output, Some(json!({ "lines": 3 })));
    assert!(pipeline.steps[0].record.log.contains("`price-lists/acme.csv` has 3 lines"));

    // The list still lies there, and another one comes.
    office.put("price-lists/bolt.csv", "sku,price\n").await;
    let spawned = office.minute().await;
    assert_eq!(spawned.len(), 1);
    assert_eq!(office.pipeline(&spawned[0]).await.arguments["file"], "price-lists/bolt.csv");
    assert!(office.minute().await.is_empty());
}

#[tokio::test]
async fn at_night_a_list_waits_for_the_morning() {
    let office = Office::at("2026-08-03T07:57:00Z");
    office.put("price-lists/acme.csv", "sku,price\n").await;
    let spawned = office.minute().await;
    assert_eq!(office.pipeline(&spawned[0]).await.status, PipelineStatus::Pending);
    office.minute().await;
    assert_eq!(office.pipeline(&spawned[0]).await.status, PipelineStatus::Pending);
    office.minute().await;
    assert_eq!(office.pipeline(&spawned[0]).await.status, PipelineStatus::Success);
}

#[tokio::test]
async fn a_list_that_was_taken_away_is_skipped() {
    let office = Office::at("2026-08-02T12:00:00Z"); // a Sunday
    office.put("price-lists/acme.csv", "sku,price\n").await;
    let spawned = office.minute().await;
    office.context.store.files.delete("price-lists/acme.csv").await.unwrap();
    *office.now.lock().unwrap() += Duration::from_secs(24 * 3600);
    office.minute().await;
    let pipeline = office.pipeline(&spawned[0]).await;
    assert_eq!(pipeline.status, PipelineStatus::Success);
    let message = pipeline.steps[0].record.message.as_deref();
    assert_eq!(message, Some("there is no file `price-lists/acme.csv`"));
}

#[tokio::test]
async fn counting_lines_can_be_repeated() {
    let office = Office::at("2026-08-03T09:00:00Z");
    office.put("price-lists/acme.csv", "sku,price\na,1\nb,2\n").await;
    let trial = Trial::new(office.context.store.clone(), CountLines).with_argument("file", "price-lists/acme.csv");
    let tried = trial.assert_repeatable().await.unwrap();
    assert_eq!(tried.output, Some(json!({ "lines": 3 })));
    assert!(tried.log.contains("`price-lists/acme.csv` has 3 lines"), "{}", tried.log);
}

/// What the recipe for a new entity comes to: the files of one column are checked, imported, archived and reported.
#[tokio::test]
async fn brands_come_into_the_catalogue_and_the_same_file_again_changes_nothing() {
    let office = Office::at("2026-08-03T09:00:00Z");
    let mut totals = Vec::new();
    for _ in 0..2 {
        office.put("incoming/brand-import_spring_01.csv", "code,colour\nacme,red\n bolt,\nAcme,\nCRUX,\n").await;
        office.put("incoming/brand-import_spring.ok", "").await;
        let spawned = office.minute().await;
        let pipeline = office.pipeline(&spawned[0]).await;
        assert_eq!(pipeline.status, PipelineStatus::Success);
        let report = format!("archive/{}/report.json", spawned[0]);
        let report = office.context.store.files.get(&report, None).await.unwrap().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
        let file = &report["files"]["brand-import_spring_01.csv"];
        assert_eq!(file["unknown_columns"], json!(["colour"]));
        assert_eq!(file["findings"][0]["problem"], "starts or ends with a blank");
        totals.push(["created", "unchanged", "skipped"].map(|count| report["totals"][count].as_u64().unwrap()));
    }
    assert_eq!(totals, [[2, 1, 1], [0, 3, 1]]);
    let brands = catalog::own::all::<Brand>(office.context.store.table.as_ref()).await.unwrap();
    let codes: Vec<&str> = brands.values().map(|brand| brand.code.as_str()).collect();
    assert_eq!(codes, ["acme", "CRUX"]);
}
