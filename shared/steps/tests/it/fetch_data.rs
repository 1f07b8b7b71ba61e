//! The step that asks data fetchers in place of the heartbeat.

use std::sync::Arc;
use std::time::Duration;

use engine::Program;
use engine::data_fetchers::DataFetcher;
use insta::assert_snapshot;
use pipeline::PipelineId;
use serde_json::json;
use steps::general::fetch_data::FetchData;
use workshop::runner::{self, RunReport};
use workshop::{Fault, Mood, NAME, Orders, Workshop, xml};

async fn spawns(workshop: &Workshop) -> usize {
    workshop.beat().await.spawned.len()
}

/// A workshop whose pipeline has the step `fetch_data`, as the one that ships has.
fn in_pipeline(fetchers: impl IntoIterator<Item = Arc<Orders>>) -> Workshop {
    let init = xml("initialize", "", "no_auto_spawn", "10: fetch_data");
    let work = xml(NAME, "", "no_auto_spawn", "10: done-a");
    let fetchers = fetchers.into_iter().map(|fetcher| fetcher as Arc<dyn DataFetcher>);
    let program = Program { data_fetchers: fetchers.collect(), ..Program::default() };
    Workshop::extended(&[init, work], program.with_executor(FetchData))
}

/// Spawns the pipeline with the step `fetch_data` and returns the message of that step.
async fn fetch_message(workshop: &Workshop) -> (PipelineId, String) {
    let id = workshop.init("initialize").await;
    (id, workshop.receive().await.unwrap().body)
}

#[tokio::test]
async fn a_step_asks_all_fetchers_and_spawns_more_than_a_beat_would() {
    let keys: Vec<String> = (100..220).map(|n| format!("M{n}")).collect();
    let many = Orders::of("many", &keys.iter().map(String::as_str).collect::<Vec<_>>());
    let sick = Orders::in_mood("sick", Mood::Fails);
    let mut workshop = in_pipeline([many, sick, Orders::of("zero", &["Z1"])]);
    workshop.context.limits.fetched_per_beat = 1;
    let (id, body) = fetch_message(&workshop).await;
    runner::run(&workshop.context, &body, &workshop.invocation()).await.unwrap();
    assert_snapshot!(
        workshop.shown(&id).await,
        @"success: fetch_data success with a warning (1 problems with data fetchers; the log names them)"
    );
    let record = workshop.step(&id, "fetch_data").await.record;
    assert!(record.log.contains("data fetcher `sick`: the shop did not answer"), "{}", record.log);
    assert_eq!(record.output, Some(json!({ "spawned": 121, "problems": 1 })));
    assert_eq!(workshop.orders().await.len(), 121);
}

#[tokio::test]
async fn a_fetching_step_that_dies_before_its_end_spawns_nothing_twice() {
    let workshop = in_pipeline([Orders::of("orders", &["A1", "A2"])]);
    let (id, body) = fetch_message(&workshop).await;
    workshop.table.arm(Fault::DeadBefore, "fetch_data success", 0);
    workshop.die(runner::run(&workshop.context, &body, &workshop.invocation())).await;
    workshop.wait(6);
    workshop.beat().await;
    assert!(workshop.run_all().await.len() >= 3);
    assert_eq!(workshop.orders().await, ["A1", "A2"]);
    assert_eq!(workshop.step(&id, "fetch_data").await.record.attempt, 2);
}

#[tokio::test]
async fn a_fetching_step_carries_on_in_the_next_invocation_when_time_is_short() {
    let mut workshop = in_pipeline([Orders::of("first", &["A1"]), Orders::of("second", &["B1"])]);
    let (id, body) = fetch_message(&workshop).await;
    // No time at all: it stops before the first fetcher.
    let short = workshop.invocation_of(Duration::from_secs(5));
    assert_eq!(runner::run(&workshop.context, &body, &short).await.unwrap(), RunReport::Continued);
    assert!(workshop.orders().await.is_empty());
    workshop.context.limits.deadline_margin = Duration::from_secs(1);
    workshop.run_all().await;
    assert_eq!(workshop.orders().await, ["A1", "B1"]);
    assert_eq!(workshop.step(&id, "fetch_data").await.record.attempt, 1);
}

#[tokio::test]
async fn a_fetching_step_without_fetchers_is_skipped() {
    let workshop = in_pipeline([]);
    let (id, body) = fetch_message(&workshop).await;
    runner::run(&workshop.context, &body, &workshop.invocation()).await.unwrap();
    assert_snapshot!(
        workshop.shown(&id).await,
        @"success: fetch_data skipped (there is no data fetcher, or a setting or maintenance mode holds them)"
    );
}

#[tokio::test]
async fn beats_leave_fetchers_to_the_pipeline_where_the_setting_says_so() {
    let mut program = steps::shipped();
    program.data_fetchers.push(Orders::of("orders", &[]));
    let workshop = Workshop::running(program);
    assert_eq!(spawns(&workshop).await, 0);
    workshop.set("initializer.in_pipeline", "default", "true").await;
    let report = workshop.beat().await;
    assert!(report.spawned[0].starts_with("initialize "), "{report:?}");
    // One at a time.
    workshop.wait(1);
    assert_eq!(spawns(&workshop).await, 0);
    workshop.run_all().await;
    workshop.wait(1);
    assert_eq!(spawns(&workshop).await, 1);
    workshop.set("initializer.enabled", "default", "false").await;
    workshop.run_all().await;
    workshop.wait(1);
    assert_eq!(spawns(&workshop).await, 0);
}

#[tokio::test]
async fn without_fetchers_the_pipeline_for_them_is_not_spawned() {
    let workshop = Workshop::running(Program { data_fetchers: Vec::new(), ..steps::shipped() });
    workshop.set("initializer.in_pipeline", "default", "true").await;
    assert_eq!(spawns(&workshop).await, 0);
}
