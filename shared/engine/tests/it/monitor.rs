//! What the monitor tells, how often, and what becomes of it when nobody listens.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use insta::assert_snapshot;
use pipeline::PipelineId;
use pipeline::settings::Scope;
use store::services::{Event, Events, Services};
use store::settings::NewSetting;
use store::{Error, Result};

use engine::heartbeat::BeatReport;
use engine::monitor::metrics;
use workshop::Fault;
use workshop::{NAME, Workshop, xml};

/// A bus that keeps what it gets, or takes nothing.
#[derive(Default)]
struct Bus {
    events: Mutex<Vec<Event>>,
    is_down: AtomicBool,
    calls: Mutex<usize>,
}

#[async_trait]
impl Events for Bus {
    async fn put(&self, events: Vec<Event>) -> Result<()> {
        *self.calls.lock().unwrap() += 1;
        if self.is_down.load(Ordering::SeqCst) {
            return Err(Error::retryable("put events", "the bus is down"));
        }
        self.events.lock().unwrap().extend(events);
        Ok(())
    }
}

impl Bus {
    /// What came since the last call, one line each.
    fn heard(&self) -> String {
        let events = std::mem::take(&mut *self.events.lock().unwrap());
        events.iter().map(shown).collect::<Vec<_>>().join("\n")
    }

    fn ids(&self) -> Vec<String> {
        let events = std::mem::take(&mut *self.events.lock().unwrap());
        events.iter().map(|event| event.detail["id"].as_str().unwrap().to_owned()).collect()
    }
}

fn shown(event: &Event) -> String {
    let detail = &event.detail;
    assert_eq!((event.source, detail["schema"].as_u64()), ("systole", Some(1)));
    assert!(detail["pipeline"]["id"].is_string() && detail["at"].is_string());
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let words = [
        Some(event.detail_type.to_owned()),
        text(&detail["pipeline"]["name"]),
        text(&detail["step"]["name"]).map(|name| format!("{name} {}", detail["step"]["attempt"])),
        text(&detail["from"]).map(|from| format!("{from} to {}", detail["to"].as_str().unwrap())),
        text(&detail["reason"]).map(|reason| format!("({reason})")),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn heard_in(mut workshop: Workshop) -> (Workshop, Arc<Bus>) {
    let bus = Arc::new(Bus::default());
    let services = Services { events: Some(bus.clone() as Arc<dyn Events>), ..Services::default() };
    workshop.context = workshop.context.with_services(services);
    (workshop, bus)
}

#[tokio::test]
async fn row_35_every_change_of_a_status_is_told_once() {
    let (workshop, bus) = heard_in(Workshop::new("10: done-a · 20: done-b"));
    workshop.spawn().await;
    assert_snapshot!(bus.heard(), @"Pipeline Status Changed work pending to running");
    workshop.run_all().await;
    assert_snapshot!(bus.heard(), @"Pipeline Status Changed work running to success");
    workshop.beat().await;
    assert_snapshot!(bus.heard(), @"");
}

#[tokio::test]
async fn a_failure_tells_the_step_and_why() {
    let (workshop, bus) = heard_in(Workshop::new("10: broken-a allowed · 20: broken-b · 30: done-c always"));
    workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(bus.heard(), @"
    Pipeline Status Changed work pending to running
    Step Failed work broken-a 1 (argument `x` is missing)
    Step Failed work broken-b 1 (argument `x` is missing)
    Pipeline Status Changed work running to error (step `broken-b`: argument `x` is missing)
    ");
}

#[tokio::test]
async fn an_expiry_is_told_before_the_end() {
    let (workshop, bus) =
        heard_in(Workshop::with(&[xml("work", "expire-in=\"1 hour\"", "no_auto_spawn", "10: done-a")]));
    workshop.spawn().await;
    bus.heard();
    workshop.wait(61);
    let report = workshop.beat().await;
    assert_eq!((report.applied.expired, report.applied.failed), (1, 0));
    assert_snapshot!(bus.heard(), @"
    Pipeline Expired work (the pipeline did not end within 1 hour after its spawn)
    Pipeline Status Changed work running to cancelled (the pipeline did not end within 1 hour after its spawn)
    ");
}

#[tokio::test]
async fn a_step_that_waits_for_too_long_is_told_once_and_counted_as_long_as_it_waits() {
    let (workshop, bus) = heard_in(Workshop::new("10: done-a"));
    workshop.beat().await;
    // Half a minute late, so that no beat comes at 15 minutes sharp.
    let invocation = workshop.invocation().later(Duration::from_secs(30));
    let id = workshop.init_in(NAME, &invocation).await;
    let _lost = workshop.receive().await.unwrap();
    bus.heard();
    let mut told = Vec::new();
    for minute in 1..=40 {
        workshop.wait(1);
        let report = workshop.beat().await;
        if bus.heard().contains("Step Waiting work done-a 1") {
            told.push(minute);
        }
        assert_eq!(report.applied.watched.waiting, usize::from(minute > 15), "minute {minute}");
        // Nobody has claimed anything, ever.
        assert_eq!(report.is_idle_though_work_is_due, minute > 15, "minute {minute}");
    }
    assert_eq!(told, [16]);
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success");
}

#[tokio::test]
async fn the_limit_of_waiting_is_that_of_the_pipeline_and_an_outage_of_beats_hides_nothing() {
    let (workshop, bus) = heard_in(Workshop::new("10: done-a"));
    let scope: Scope = "pipeline:work".parse().unwrap();
    workshop
        .store()
        .set_setting(
            NewSetting { name: "monitor.waiting_after", scope: &scope, value: "2 hours" },
            "a test",
            workshop.now(),
        )
        .await
        .unwrap();
    workshop.beat().await;
    workshop.spawn().await;
    let _lost = workshop.receive().await.unwrap();
    bus.heard();
    workshop.wait(119);
    workshop.beat().await;
    assert_snapshot!(bus.heard(), @"");
    workshop.wait(300);
    workshop.beat().await;
    assert_snapshot!(bus.heard(), @"Step Waiting work done-a 1 (no runner takes it)");
    workshop.wait(1);
    workshop.beat().await;
    assert_snapshot!(bus.heard(), @"");
}

#[tokio::test]
async fn a_ghost_is_told_once_per_attempt() {
    let (workshop, bus) = heard_in(Workshop::new("10: hangs-a limit=2"));
    workshop.spawn().await;
    bus.heard();
    let message = workshop.receive().await.unwrap();
    workshop.table.arm(Fault::DeadBefore, "hangs-a error", 0);
    let invocation = workshop.invocation_of(std::time::Duration::from_secs(2));
    workshop.die(workshop::runner::run(&workshop.context, &message.body, &invocation)).await;
    workshop.wait(5);
    let report = workshop.beat().await;
    assert_eq!(report.applied.ghosted, 1);
    assert_snapshot!(bus.heard(), @"Step Ghosted work hangs-a 1 (its runner gave no sign of life until its lease ended)");
    workshop.wait(1);
    workshop.beat().await;
    assert_snapshot!(bus.heard(), @"");
}

#[tokio::test]
async fn a_beat_that_dies_after_telling_tells_the_same_again() {
    let (workshop, bus) = heard_in(Workshop::new("10: done-a"));
    let id = workshop.place("work", "a cause").await;
    workshop.table.arm(Fault::DeadBefore, &format!("pipeline/{id} meta running"), 0);
    workshop.die(workshop::heartbeat::beat(&workshop.context, &workshop.invocation())).await;
    let first = bus.ids();
    workshop.wait(5);
    workshop.beat().await;
    assert_eq!(first.len(), 1);
    assert_eq!(bus.ids(), first);
}

#[tokio::test]
async fn a_bus_that_is_down_stops_nothing_and_is_asked_once_per_beat() {
    let (workshop, bus) = heard_in(Workshop::new("10: done-a"));
    bus.is_down.store(true, Ordering::SeqCst);
    for cause in ["a", "b", "c"] {
        workshop.place("work", cause).await;
    }
    let mut sequential = workshop;
    sequential.context.limits.parallel_pipelines = 1;
    let report = sequential.beat().await;
    assert_eq!((report.applied.enqueued, report.applied.unsent_events), (3, 3));
    assert_eq!(*bus.calls.lock().unwrap(), 1);
    assert_eq!(sequential.run_all().await.len(), 3);
}

#[tokio::test]
async fn runners_that_are_busy_or_maintenance_are_no_idleness() {
    let (workshop, _bus) = heard_in(Workshop::new("10: gate-a, done-b"));
    workshop.spawn().await;
    let first = workshop.receive().await.unwrap();
    let _lost = workshop.receive().await.unwrap();
    let message = if first.body.contains("gate-a") { &first } else { &_lost };
    let invocation = workshop.invocation_of(std::time::Duration::from_secs(7_200));
    let busy = workshop::runner::run(&workshop.context, &message.body, &invocation);
    let watch = async {
        workshop.gate.entered().await;
        workshop.wait(30);
        let report = workshop.beat().await;
        assert_eq!((report.applied.watched.waiting, report.applied.watched.working), (1, 1));
        assert!(!report.is_idle_though_work_is_due);
        workshop.gate.open();
    };
    let (_, ()) = tokio::join!(busy, watch);
    workshop.wait(30);
    assert!(workshop.beat().await.is_idle_though_work_is_due);
    workshop
        .store()
        .set_setting(
            NewSetting { name: "maintenance", scope: &Scope::Default, value: "true" },
            "a test",
            workshop.now(),
        )
        .await
        .unwrap();
    workshop.wait(1);
    assert!(!workshop.beat().await.is_idle_though_work_is_due);
}

#[tokio::test]
async fn a_cancelled_pipeline_tells_who_wanted_it() {
    let (workshop, bus) = heard_in(Workshop::new("10: done-a"));
    let id: PipelineId = workshop.spawn().await;
    bus.heard();
    workshop.cancel(&id, "Ann had enough").await;
    assert_snapshot!(bus.heard(), @"Pipeline Status Changed work running to cancelled (Ann had enough)");
}

#[tokio::test]
async fn the_metrics_of_a_beat_are_one_line_that_cloudwatch_understands() {
    let workshop = Workshop::new("10: broken-a");
    workshop.spawn().await;
    workshop.run_all().await;
    workshop.place("work", "another").await;
    let report = workshop.beat().await;
    let line = metrics::embedded(&report, "test", workshop.now()).unwrap();
    let directive = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(
        (directive["Namespace"].as_str(), &directive["Dimensions"]),
        (Some("Systole"), &serde_json::json!([["Stage"]]))
    );
    assert_eq!(line["Stage"], "test");
    let named: Vec<&str> =
        directive["Metrics"].as_array().unwrap().iter().map(|m| m["Name"].as_str().unwrap()).collect();
    assert!(named.iter().all(|name| line[*name].is_u64()), "{line}");
    assert_eq!((line["OpenPipelines"].as_u64(), line["EnqueuedSteps"].as_u64()), (Some(1), Some(1)));
    assert!(!line.to_string().contains('\n'));
    let taken = BeatReport { lease_taken_by: Some("x".to_owned()), ..Default::default() };
    assert_eq!(metrics::embedded(&taken, "test", workshop.now()), None);
}

#[test]
fn alarms_and_mail_ask_for_metrics_and_events_that_there_are() {
    let alarms = include_str!("../../../../infra/alarms.yaml");
    let metrics: Vec<&str> = metrics::of_beat(&BeatReport::default()).into_iter().map(|(name, _, _)| name).collect();
    let ours: Vec<&str> = alarms
        .split("Namespace: Systole\n")
        .skip(1)
        .filter_map(|rest| rest.lines().next()?.trim().strip_prefix("MetricName: "))
        .collect();
    assert!(ours.first() == Some(&"WorkDueButIdle") && ours.len() >= 5, "{ours:?}");
    assert!(ours.iter().all(|name| metrics.contains(name)), "{ours:?} are not among {metrics:?}");
    let told = include_str!("../../src/monitor.rs");
    let lists = alarms.lines().filter_map(|line| line.split("detail-type: [").nth(1)?.split(']').next());
    let types: Vec<&str> = lists.flat_map(|list| list.split(", ")).collect();
    assert!(types.len() >= 4 && types.iter().all(|name| told.contains(&format!("\"{name}\""))), "{types:?}");
}
