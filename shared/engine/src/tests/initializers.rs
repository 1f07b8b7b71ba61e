//! Data fetchers: what they ask for is spawned once, whoever asks and whatever crashes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use insta::{assert_debug_snapshot, assert_snapshot};
use pipeline::definition::Priority;
use pipeline::{Name, PipelineId};
use serde_json::json;

use super::faults::Fault;
use super::workshop::{NAME, Workshop, xml};
use crate::heartbeat::{self, BeatReport};
use crate::initializers::{DataFetcher, DataFetchers, FetchError, FetchQuestion, NewPipelineRequest, Wanted};
use crate::operate;
use crate::runner::{self, RunReport};

/// A fetcher that answers with the orders it was given, a failure, or nothing at all.
pub(super) struct Orders {
    name: &'static str,
    requests: Mutex<Vec<NewPipelineRequest>>,
    mood: Mood,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Answers,
    Fails,
    Hangs,
}

#[async_trait]
impl DataFetcher for Orders {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        "asks for one pipeline per order"
    }

    async fn fetch(&self, _: &FetchQuestion<'_>) -> Result<Vec<NewPipelineRequest>, FetchError> {
        match self.mood {
            Mood::Answers => Ok(self.requests.lock().unwrap().clone()),
            Mood::Fails => Err("the shop did not answer".into()),
            Mood::Hangs => std::future::pending().await,
        }
    }
}

impl Orders {
    pub(super) fn of(name: &'static str, keys: &[&str]) -> Arc<Self> {
        let requests = keys.iter().map(|key| order(key)).collect();
        Arc::new(Orders { name, requests: Mutex::new(requests), mood: Mood::Answers })
    }

    fn in_mood(name: &'static str, mood: Mood) -> Arc<Self> {
        Arc::new(Orders { name, requests: Mutex::default(), mood })
    }

    fn add(&self, request: NewPipelineRequest) {
        self.requests.lock().unwrap().push(request);
    }
}

fn order(key: &str) -> NewPipelineRequest {
    NewPipelineRequest {
        definition: Wanted::Named(NAME.parse().unwrap()),
        key: key.to_owned(),
        at: "2026-08-01T11:00:00Z".parse::<DateTime<Utc>>().unwrap(),
        arguments: [("order".to_owned(), key.to_owned())].into(),
        priority: None,
    }
}

fn workshop(fetchers: impl IntoIterator<Item = Arc<Orders>>) -> Workshop {
    let mut workshop = Workshop::new("10: done-a");
    let fetchers = DataFetchers::new(fetchers.into_iter().map(|fetcher| fetcher as Arc<dyn DataFetcher>));
    workshop.context = workshop.context.with_fetchers(fetchers);
    workshop
}

/// What every pipeline was spawned for, in the order of their ids.
async fn orders(workshop: &Workshop) -> Vec<String> {
    let store = workshop.store();
    let mut ids: Vec<PipelineId> = store.open_pipelines(1_000).await.unwrap().into_iter().map(|open| open.id).collect();
    ids.extend(store.ended_pipelines(1_000, 1, workshop.now()).await.unwrap());
    let pipelines = store.pipelines_without_steps(&ids).await.unwrap();
    let mut orders: Vec<String> =
        pipelines.iter().filter_map(|pipeline| pipeline.arguments.get("order").cloned()).collect();
    orders.sort_unstable();
    orders
}

async fn spawns(workshop: &Workshop) -> usize {
    workshop.beat().await.spawned.len()
}

#[tokio::test]
async fn row_17_what_a_fetcher_asks_for_is_spawned_once_and_moved_on_at_once() {
    let fetcher = Orders::of("orders", &["A1", "A2"]);
    let workshop = workshop([fetcher.clone()]);
    let report = workshop.beat().await;
    assert_eq!((report.spawned.len(), report.looked_at, report.applied.enqueued), (2, 2, 2));
    assert_eq!(spawns(&workshop).await, 0);
    workshop.run_all().await;
    assert_eq!(spawns(&workshop).await, 0);
    fetcher.add(order("A3"));
    // The same order, told twice and with another time.
    fetcher.add(NewPipelineRequest { at: workshop.now(), ..order("A1") });
    fetcher.add(order("A3"));
    assert_eq!(spawns(&workshop).await, 1);
    assert_eq!(orders(&workshop).await, ["A1", "A2", "A3"]);
    let id: PipelineId = report.spawned[0].split(' ').nth(1).unwrap().parse().unwrap();
    assert_eq!(workshop.pipeline(&id).await.spawned_by, "data fetcher `orders`, A1");
}

#[tokio::test]
async fn two_fetchers_may_use_the_same_key() {
    let workshop = workshop([Orders::of("shop_one", &["7"]), Orders::of("shop_two", &["7"])]);
    assert_eq!(spawns(&workshop).await, 2);
}

#[tokio::test]
async fn two_beats_at_the_same_time_spawn_each_item_once() {
    let workshop = workshop([Orders::of("orders", &["A1", "A2", "A3"])]);
    // The slow beat has looked up what is new and is about to write when its lease ends.
    workshop.table.arm(Fault::Late, "pipeline/", 0);
    let first = workshop.invocation();
    let slow = heartbeat::beat(&workshop.context, &first);
    let quick = async {
        workshop.table.late.notified().await;
        workshop.wait(5);
        assert_eq!(spawns(&workshop).await, 3);
        workshop.table.go_on.notify_one();
    };
    let (report, ()) = tokio::join!(slow, quick);
    assert_eq!(report.unwrap().spawned, Vec::<String>::new());
    assert_eq!(orders(&workshop).await, ["A1", "A2", "A3"]);
    assert_eq!(workshop.run_all().await.len(), 3);
}

#[tokio::test]
async fn a_crash_at_any_write_loses_and_doubles_nothing() {
    let mut crashes = 0;
    for fault in [Fault::DeadBefore, Fault::DeadAfter, Fault::Refused, Fault::ReplyLost] {
        for write in 0.. {
            let workshop = workshop([Orders::of("orders", &["A1", "A2", "A3"])]);
            workshop.table.arm(fault, "", write);
            workshop.try_beat().await;
            if !workshop.table.is_spent() {
                break;
            }
            crashes += 1;
            for _ in 0..4 {
                // Past the lease of the beat that died, and past the grace of a message that was not sent.
                workshop.wait(6);
                workshop.beat().await;
                workshop.run_all().await;
            }
            assert_eq!(orders(&workshop).await, ["A1", "A2", "A3"], "{fault:?} {write}");
            assert_eq!(workshop.store().open_pipelines(10).await.unwrap().len(), 0, "{fault:?} {write}");
        }
    }
    // The lease, the definition, three spawns, three marks and more, each in four ways.
    assert!(crashes >= 4 * 8, "{crashes}");
}

#[tokio::test]
async fn a_beat_spawns_its_share_of_each_fetcher_and_leaves_the_rest_to_the_next() {
    let many = Orders::of("many", &["M1", "M2", "M3", "M4", "M5"]);
    let mut workshop = workshop([many, Orders::of("single", &["S1"])]);
    workshop.context.limits.fetched_per_beat = 2;
    let counts = |report: BeatReport| (report.spawned.len(), report.left_to_spawn);
    assert_eq!(counts(workshop.beat().await), (2, 4));
    assert_eq!(orders(&workshop).await, ["M1", "S1"]);
    assert_eq!(counts(workshop.beat().await), (2, 2));
    assert_eq!(counts(workshop.beat().await), (2, 0));
    assert_eq!(orders(&workshop).await, ["M1", "M2", "M3", "M4", "M5", "S1"]);
}

#[tokio::test]
async fn a_fetcher_that_fails_or_hangs_is_a_problem_and_holds_up_nobody() {
    let sick = [Orders::in_mood("a_sick", Mood::Fails), Orders::in_mood("b_stuck", Mood::Hangs)];
    let mut workshop = workshop(sick.into_iter().chain([Orders::of("orders", &["A1"])]));
    workshop.context.limits.fetch_time = Duration::from_millis(20);
    let report = workshop.beat().await;
    assert_eq!(report.spawned.len(), 1);
    assert_debug_snapshot!(report.problems, @r#"
    [
        "data fetcher `a_sick`: the shop did not answer",
        "data fetcher `b_stuck`: no answer within 0 s",
    ]
    "#);
}

#[tokio::test]
async fn a_request_that_cannot_be_spawned_is_a_problem_and_the_others_go_on() {
    let fetcher = Orders::of("orders", &["", "A1", "a\nb"]);
    fetcher.add(NewPipelineRequest { definition: Wanted::Named("wrok".parse().unwrap()), ..order("A2") });
    let workshop = workshop([fetcher.clone()]);
    let mut definition = workshop.new_pipeline(NAME, "x").await.definition.as_ref().clone();
    Arc::make_mut(&mut definition.steps[0]).executor = "magic".to_owned();
    fetcher.add(NewPipelineRequest { definition: Wanted::Built(Arc::new(definition)), ..order("A3") });
    let report = workshop.beat().await;
    assert_eq!(orders(&workshop).await, ["A1"]);
    assert_debug_snapshot!(report.problems, @r#"
    [
        "data fetcher `orders`: `` is not a key (expected 1 to 500 bytes without control characters)",
        "data fetcher `orders`: `a\\nb` is not a key (expected 1 to 500 bytes without control characters)",
        "data fetcher `orders`: there is no pipeline definition `wrok`, or it is broken",
        "data fetcher `orders`: definition `work`: step `done-a` asks for the unknown executor `magic`",
    ]
    "#);
}

#[tokio::test]
async fn a_definition_may_be_built_in_code_and_have_a_priority_of_its_own() {
    let fetcher = Orders::of("orders", &[]);
    let workshop = workshop([fetcher.clone()]);
    let mut definition = workshop.new_pipeline(NAME, "x").await.definition.as_ref().clone();
    definition.name = "order_1".parse::<Name>().unwrap();
    let definition = Wanted::Built(Arc::new(definition));
    fetcher.add(NewPipelineRequest { definition, priority: Some(Priority::High), ..order("A1") });
    workshop.beat().await;
    let open = workshop.store().open_pipelines(10).await.unwrap();
    let pipeline = workshop.pipeline(&open[0].id).await;
    assert_eq!((pipeline.name().as_str(), pipeline.definition.priority), ("order_1", Priority::High));
    workshop.run_all().await;
    assert_eq!(workshop.shown(&open[0].id).await, "success: done-a success");
}

#[tokio::test]
async fn switches_and_maintenance_hold_what_fetchers_ask_for() {
    for (name, scope, held, free) in [
        ("initializer.enabled", "default", "false", "true"),
        ("maintenance", "default", "true", "false"),
        ("spawning", "default", "false", "true"),
        ("spawning", "pipeline:work", "false", "true"),
    ] {
        let workshop = workshop([Orders::of("orders", &["A1"])]);
        workshop.set(name, scope, held).await;
        assert_eq!(spawns(&workshop).await, 0, "{name} {scope}");
        workshop.set(name, scope, free).await;
        assert_eq!(spawns(&workshop).await, 1, "{name} {scope}");
    }
}

/// A workshop whose pipeline has the step `fetch_data`, as the one that ships has.
fn in_pipeline(fetchers: impl IntoIterator<Item = Arc<Orders>>) -> Workshop {
    let init = xml("initialize", "", "no_auto_spawn", "10: fetch_data");
    let work = xml(NAME, "", "no_auto_spawn", "10: done-a");
    let mut workshop = Workshop::with(&[init, work]);
    let fetchers = DataFetchers::new(fetchers.into_iter().map(|fetcher| fetcher as Arc<dyn DataFetcher>));
    workshop.context = workshop.context.with_fetchers(fetchers);
    workshop
}

/// Spawns the pipeline with the step `fetch_data` and returns the message of that step.
async fn fetch_message(workshop: &Workshop) -> (PipelineId, String) {
    let invocation = workshop.invocation();
    let id = operate::init(&workshop.context, "initialize", [].into(), "a test", &invocation).await.unwrap();
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
    assert_eq!(orders(&workshop).await.len(), 121);
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
    assert_eq!(orders(&workshop).await, ["A1", "A2"]);
    assert_eq!(workshop.step(&id, "fetch_data").await.record.attempt, 2);
}

#[tokio::test]
async fn a_fetching_step_carries_on_in_the_next_invocation_when_time_is_short() {
    let mut workshop = in_pipeline([Orders::of("first", &["A1"]), Orders::of("second", &["B1"])]);
    let (id, body) = fetch_message(&workshop).await;
    // No time at all: it stops before the first fetcher.
    let short = workshop.invocation_of(Duration::from_secs(5));
    assert_eq!(runner::run(&workshop.context, &body, &short).await.unwrap(), RunReport::Continued);
    assert!(orders(&workshop).await.is_empty());
    workshop.context.limits.deadline_margin = Duration::from_secs(1);
    workshop.run_all().await;
    assert_eq!(orders(&workshop).await, ["A1", "B1"]);
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
    let mut workshop = Workshop::shipped();
    let orders = Orders::of("orders", &[]);
    workshop.context = workshop.context.with_fetchers(DataFetchers::new([orders as Arc<dyn DataFetcher>]));
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
    let workshop = Workshop::shipped();
    workshop.set("initializer.in_pipeline", "default", "true").await;
    assert_eq!(spawns(&workshop).await, 0);
}
