//! What people do to pipelines, and a host that takes over from a dead one.

use insta::assert_snapshot;
use pipeline::pipeline::{StopRequest, StoppedBy};
use pipeline::{PipelineId, PipelineStatus, StepStatus};

use engine::take_over;
use workshop::Fault;
use workshop::mini_heartbeat;
use workshop::runner::{self, RunReport};
use workshop::{Workshop, xml};

#[tokio::test]
async fn a_running_step_ends_by_itself_after_a_cancel() {
    let workshop = Workshop::new("10: gate-a, done-b · 20: done-c · 30: done-report always");
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    let invocation = workshop.invocation();
    let working = runner::run(&workshop.context, &message.body, &invocation);
    let meanwhile = async {
        workshop.gate.entered().await;
        operate::cancel(
            &workshop.context,
            &id,
            "Ann had enough",
            operate::Operator { name: "Ann", invocation: &workshop.invocation() },
        )
        .await
        .unwrap();
        assert_snapshot!(workshop.shown(&id).await, @"running: gate-a running, done-b cancelled, done-c pending, done-report pending");
        workshop.gate.open();
    };
    let (report, ()) = tokio::join!(working, meanwhile);
    assert_eq!(report.unwrap(), RunReport::Finished { status: StepStatus::Success });
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"cancelled: gate-a success, done-b cancelled, done-c cancelled, done-report success");
}

#[tokio::test]
async fn a_cancel_before_anything_has_begun_cancels_it_all() {
    let workshop = Workshop::new("10: done-a · 20: done-b");
    let id = workshop.spawn().await;
    operate::cancel(
        &workshop.context,
        &id,
        "Ann had enough",
        operate::Operator { name: "Ann", invocation: &workshop.invocation() },
    )
    .await
    .unwrap();
    assert_snapshot!(workshop.shown(&id).await, @"cancelled: done-a cancelled, done-b cancelled");
    assert_eq!(workshop.run_all().await, [RunReport::NotClaimed { status: StepStatus::Cancelled }]);
    let error = operate::cancel(
        &workshop.context,
        &id,
        "again",
        operate::Operator { name: "Ann", invocation: &workshop.invocation() },
    )
    .await
    .unwrap_err();
    assert_snapshot!(error.to_string().replace(id.as_str(), "…"), @"pipeline … has ended, it is cancelled");
    let unknown: PipelineId = "01jd9x4k7m3fq8zt0v2c".parse().unwrap();
    let error = operate::cancel(
        &workshop.context,
        &unknown,
        "again",
        operate::Operator { name: "Ann", invocation: &workshop.invocation() },
    )
    .await
    .unwrap_err();
    assert_snapshot!(error, @"there is no pipeline 01jd9x4k7m3fq8zt0v2c");
}

#[tokio::test]
async fn an_enqueue_that_comes_after_a_cancel_is_not_run() {
    let workshop = Workshop::new("10: done-a, done-b · 20: done-report always");
    let id = workshop.place("work", "a cause").await;
    workshop.table.arm(Fault::Late, "done-b", 0);
    let invocation = workshop.invocation();
    let beat = mini_heartbeat::beat(&workshop.context, &id, 0, &invocation);
    let cancel = async {
        workshop.table.late.notified().await;
        operate::cancel(
            &workshop.context,
            &id,
            "Ann had enough",
            operate::Operator { name: "Ann", invocation: &workshop.invocation() },
        )
        .await
        .unwrap();
        assert_snapshot!(workshop.shown(&id).await, @"running: done-a cancelled, done-b pending, done-report enqueued");
        workshop.table.go_on.notify_one();
    };
    let (report, ()) = tokio::join!(beat, cancel);
    assert_eq!(report.unwrap().enqueued, 2);
    let reports = workshop.run_all().await;
    let cancelled = RunReport::NotClaimed { status: StepStatus::Cancelled };
    let success = RunReport::Finished { status: StepStatus::Success };
    assert_eq!(reports, [success, cancelled.clone(), cancelled]);
    assert_snapshot!(workshop.shown(&id).await, @"cancelled: done-a cancelled, done-b cancelled, done-report success");
}

#[tokio::test]
async fn a_claim_that_comes_after_a_cancel_is_given_back() {
    let workshop = Workshop::new("10: done-a · 20: done-b");
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    let invocation = workshop.invocation();
    workshop.table.arm(Fault::Late, "done-a", 0);
    let run = runner::run(&workshop.context, &message.body, &invocation);
    let stop = async {
        workshop.table.late.notified().await;
        let pipeline = workshop.pipeline(&id).await;
        let stop = StopRequest { by: StoppedBy::Cancel, reason: "Ann had enough".to_owned(), at: workshop.now() };
        workshop.store().stop_pipeline(&pipeline, &stop).await.unwrap();
        workshop.table.go_on.notify_one();
    };
    let (report, ()) = tokio::join!(run, stop);
    assert_eq!(report.unwrap(), RunReport::Stopped);
    assert_snapshot!(workshop.shown(&id).await, @"cancelled: done-a cancelled (Ann had enough), done-b cancelled");
}

#[tokio::test]
async fn a_cancel_that_races_with_a_beat_looks_again() {
    let workshop = Workshop::new("10: done-a · 20: done-b");
    let id = workshop.spawn().await;
    workshop.table.arm(Fault::Late, "meta", 0);
    let invocation = workshop.invocation();
    let cancel = operate::cancel(
        &workshop.context,
        &id,
        "Ann had enough",
        operate::Operator { name: "Ann", invocation: &invocation },
    );
    let beat = async {
        workshop.table.late.notified().await;
        let pipeline = workshop.pipeline(&id).await;
        let (pending, now) = (PipelineStatus::Pending, workshop.now());
        workshop.store().settle_pipeline(&pipeline, pending, now).await.unwrap();
        workshop.table.go_on.notify_one();
    };
    let (outcome, ()) = tokio::join!(cancel, beat);
    outcome.unwrap();
    assert_snapshot!(workshop.shown(&id).await, @"cancelled: done-a cancelled, done-b cancelled");
}

#[tokio::test]
async fn a_cancelled_pipeline_whose_step_never_ends_waits_for_its_lease() {
    let workshop = Workshop::new("10: gate-a limit=3 · 20: done-report always");
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    workshop.table.arm(Fault::DeadAfter, "gate-a", 0);
    workshop.die(runner::run(&workshop.context, &message.body, &workshop.invocation())).await;
    operate::cancel(
        &workshop.context,
        &id,
        "Ann had enough",
        operate::Operator { name: "Ann", invocation: &workshop.invocation() },
    )
    .await
    .unwrap();
    assert_snapshot!(workshop.shown(&id).await, @"running: gate-a running, done-report pending");
    workshop.wait(3);
    workshop.beat().await;
    workshop.run_all().await;
    let shown = workshop.shown(&id).await;
    assert_snapshot!(shown.split(" (").next().unwrap(), @"cancelled: gate-a error");
    assert!(shown.ends_with("done-report success"), "{shown}");
}

#[tokio::test]
async fn what_a_dead_host_held_goes_on_at_once() {
    let workshop = Workshop::new("10: counts-a limit=1, gate-b limit=1");
    let id = workshop.spawn().await;
    for step in ["counts-a", "gate-b"] {
        let message = workshop.receive().await.unwrap();
        workshop.table.arm(Fault::DeadAfter, step, 0);
        workshop.die(runner::run(&workshop.context, &message.body, &workshop.invocation())).await;
    }
    let dead = workshop.step(&id, "counts-a").await.record.owner.unwrap();
    let is_dead = |owner: &str| owner == dead;
    let invocation = workshop.invocation();
    assert_eq!(take_over::take_over(&workshop.context, is_dead, &invocation).await.unwrap(), 1);
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"running: counts-a success, gate-b running");
}

#[tokio::test]
async fn a_pipeline_that_cannot_be_read_does_not_keep_a_host_from_taking_over() {
    let workshop = Workshop::new("10: gate-a limit=1");
    let bad = workshop.place("work", "a bad one").await;
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    workshop.table.arm(Fault::DeadAfter, "gate-a", 0);
    workshop.die(runner::run(&workshop.context, &message.body, &workshop.invocation())).await;
    workshop.spoil(&bad).await;
    let invocation = workshop.invocation();
    assert_eq!(take_over::take_over(&workshop.context, |_| true, &invocation).await.unwrap(), 1);
    workshop.gate.open();
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: gate-a success");
}

#[tokio::test]
async fn a_definition_that_cannot_be_spawned_by_hand_is_named() {
    let workshop = Workshop::new("10: done-a");
    workshop.store().files.put("pipelines/b.xml", "<config><pipeline name=\"b\"/></config>".into()).await.unwrap();
    for (name, expected) in [
        ("c", "there is no pipeline definition `c` (known: work; broken: b.xml:1:9: pipeline `b`: there is no step)"),
        ("b", "the definition cannot be used: b.xml:1:9: pipeline `b`: there is no step"),
    ] {
        let error = operate::init(
            &workshop.context,
            name,
            [].into(),
            operate::Operator { name: "Ann", invocation: &workshop.invocation() },
        )
        .await
        .unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn a_spawn_by_hand_counts_although_its_first_beat_fails() {
    let workshop = Workshop::new("10: done-a");
    workshop.table.arm(Fault::Refused, "step/", 0);
    let id = operate::init(
        &workshop.context,
        "work",
        [].into(),
        operate::Operator { name: "a test", invocation: &workshop.invocation() },
    )
    .await
    .unwrap();
    workshop.beat().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success");
    assert_eq!(workshop.store().ended_pipelines(10, 1, workshop.now()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn lists_show_the_open_ones_first_and_the_latest_of_each() {
    let workshop = Workshop::with(&[xml("one", "", "", "10: done-a"), xml("two", "", "", "10: done-a")]);
    for (name, is_run) in [("one", true), ("two", false), ("one", false), ("two", true)] {
        let id = operate::init(
            &workshop.context,
            name,
            [].into(),
            operate::Operator { name: "Ann", invocation: &workshop.invocation() },
        )
        .await
        .unwrap();
        let message = workshop.receive().await.unwrap();
        if is_run {
            runner::run(&workshop.context, &message.body, &workshop.invocation()).await.unwrap();
            assert!(!workshop.pipeline(&id).await.status.is_open());
        }
        workshop.wait(1);
    }
    let list = async |name: Option<&str>, status, limit| {
        let name = name.map(str::to_owned);
        let filter = operate::PipelineFilter {
            name,
            statuses: Vec::from_iter(status),
            limit,
            ..operate::PipelineFilter::default()
        };
        let listed = operate::list(&workshop.context, &filter, workshop.now()).await.unwrap();
        let row = |row: &operate::ListedPipeline| {
            row.readable().map(|shown| format!("{} {}", shown.name(), shown.status)).unwrap()
        };
        listed.rows.iter().map(row).collect::<Vec<_>>().join(", ")
    };
    assert_snapshot!(list(None, None, 10).await, @"one running, two running, two success, one success");
    assert_snapshot!(list(None, None, 3).await, @"one running, two running, two success");
    assert_snapshot!(list(Some("one"), None, 10).await, @"one running, one success");
    assert_snapshot!(list(None, Some(PipelineStatus::Success), 1).await, @"two success");
}

#[tokio::test]
async fn a_request_with_a_key_spawns_once_however_often_it_comes() {
    let workshop = Workshop::new("10: done-a");
    let ask = async |key: &str, value: &str| {
        let arguments = [("a".to_owned(), value.to_owned())].into();
        operate::init_once(
            &workshop.context,
            &operate::InitRequest { name: "work", arguments, key },
            operate::Operator { name: "Ann", invocation: &workshop.invocation() },
        )
        .await
    };
    let first = ask("k1", "1").await.unwrap();
    workshop.wait(1);
    let again = ask("k1", "1").await.unwrap();
    assert_eq!((first.is_new, again.is_new, &first.id), (true, false, &again.id));
    assert_ne!(ask("k2", "1").await.unwrap().id, first.id);
    let error = ask("k1", "2").await.unwrap_err().to_string().replace(first.id.as_str(), "…");
    assert_snapshot!(error, @"key `k1` has been used for pipeline … of `work` with other arguments; expected a fresh key");
    let (one, other) = tokio::join!(ask("k3", "1"), ask("k3", "1"));
    assert_eq!(one.unwrap().id, other.unwrap().id);
    assert_eq!(workshop.store().open_pipelines(10).await.unwrap().len(), 3);
}

#[tokio::test]
async fn what_people_do_is_noted_with_their_names() {
    let workshop = Workshop::new("10: done-a");
    let id = operate::init(
        &workshop.context,
        "work",
        [].into(),
        operate::Operator { name: "Ann", invocation: &workshop.invocation() },
    )
    .await
    .unwrap();
    workshop.wait(1);
    operate::cancel(
        &workshop.context,
        &id,
        "too late",
        operate::Operator { name: "Ben", invocation: &workshop.invocation() },
    )
    .await
    .unwrap();
    let audit = workshop.store().audit(10).await.unwrap();
    let lines: Vec<_> = audit.iter().map(|line| format!("{} {}", line.by, line.what)).collect();
    assert_eq!(
        lines,
        [format!("Ben cancelled pipeline work {id}: too late"), format!("Ann spawned pipeline work {id}")]
    );
}
