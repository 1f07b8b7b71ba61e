//! Data fetchers: what they ask for is spawned once, whoever asks and whatever crashes.

use std::sync::Arc;
use std::time::Duration;

use engine::Program;
use engine::data_fetchers::{DataFetcher, NewPipelineRequest, Wanted};
use insta::assert_debug_snapshot;
use pipeline::definition::Priority;
use pipeline::{Name, PipelineId};
use workshop::heartbeat::{self, BeatReport};
use workshop::{Fault, Mood, NAME, Orders, Workshop, order, xml};

fn workshop(fetchers: impl IntoIterator<Item = Arc<Orders>>) -> Workshop {
    let fetchers = fetchers.into_iter().map(|fetcher| fetcher as Arc<dyn DataFetcher>);
    let program = Program { data_fetchers: fetchers.collect(), ..Program::default() };
    Workshop::extended(&[xml(NAME, "", "no_auto_spawn", "10: done-a")], program)
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
    assert_eq!(workshop.orders().await, ["A1", "A2", "A3"]);
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
    assert_eq!(workshop.orders().await, ["A1", "A2", "A3"]);
    assert_eq!(workshop.run_all().await.len(), 3);
}

#[tokio::test]
async fn a_crash_at_any_write_loses_and_doubles_nothing() {
    let mut crashes = 0;
    for fault in [Fault::DeadBefore, Fault::DeadAfter, Fault::Refused, Fault::ReplyLost] {
        for write in workshop::every_write() {
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
            assert_eq!(workshop.orders().await, ["A1", "A2", "A3"], "{fault:?} {write}");
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
    assert_eq!(workshop.orders().await, ["M1", "S1"]);
    assert_eq!(counts(workshop.beat().await), (2, 2));
    assert_eq!(counts(workshop.beat().await), (2, 0));
    assert_eq!(workshop.orders().await, ["M1", "M2", "M3", "M4", "M5", "S1"]);
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
    assert_eq!(workshop.orders().await, ["A1"]);
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
