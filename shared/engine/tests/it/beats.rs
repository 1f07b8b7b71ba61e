//! Whole beats: what they spawn, what they repair, and how they come along with each other and with people.

use std::time::Duration;

use insta::assert_snapshot;
use pipeline::StepStatus;

use workshop::Fault;
use workshop::heartbeat::{self, BeatReport};
use workshop::runner::{self, RunReport};
use workshop::{Workshop, xml};

const GRACE_MINUTES: u64 = 6;

/// What a beat spawned, by the names of the definitions.
fn names(report: &BeatReport) -> Vec<&str> {
    report.spawned.iter().map(|spawned| spawned.split(' ').next().unwrap()).collect()
}

fn hourly(name: &str, more: &str) -> String {
    xml(name, "", &format!("cron_expression=0 * * * *{more}"), "10: done-a")
}

#[tokio::test]
async fn a_cron_time_spawns_one_pipeline_however_often_beats_come() {
    let workshop = Workshop::with(&[hourly("hourly", "")]);
    assert_eq!(names(&workshop.beat().await), ["hourly"]);
    assert!(workshop.beat().await.spawned.is_empty());
    workshop.wait(1);
    assert!(workshop.beat().await.spawned.is_empty());
    workshop.wait(59);
    assert_eq!(names(&workshop.beat().await), ["hourly"]);
    // An outage of five due times.
    workshop.wait(300);
    assert_eq!(names(&workshop.beat().await), ["hourly"]);
    let reports = workshop.run_all().await;
    assert_eq!(reports.iter().filter(|r| **r == RunReport::Finished { status: StepStatus::Success }).count(), 3);
}

#[tokio::test]
async fn a_beat_leads_a_pipeline_from_its_spawn_to_its_first_messages() {
    let workshop = Workshop::with(&[hourly("hourly", "")]);
    let report = workshop.beat().await;
    assert_eq!((report.looked_at, report.applied.enqueued, report.left), (1, 1, 0));
    workshop.run_all().await;
    let id = report.spawned[0].split(' ').nth(1).unwrap().parse().unwrap();
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success");
    assert_snapshot!(workshop.pipeline(&id).await.spawned_by, @"heartbeat, cron 2026-08-01T12:00:00Z");
}

#[tokio::test]
async fn a_sibling_in_progress_holds_the_next_one_up() {
    let workshop = Workshop::with(&[xml("alone", "", "no_sibling_in_progress", "10: done-a")]);
    assert_eq!(names(&workshop.beat().await), ["alone"]);
    workshop.wait(1);
    assert!(workshop.beat().await.spawned.is_empty());
    workshop.run_all().await;
    workshop.wait(1);
    assert_eq!(names(&workshop.beat().await), ["alone"]);
}

#[tokio::test]
async fn an_older_sibling_counts_although_the_latest_has_ended() {
    let workshop = Workshop::with(&[xml("alone", "", "no_sibling_in_progress", "10: done-a")]);
    workshop.beat().await;
    let left = workshop.receive().await.unwrap();
    // By hand, whatever the conditions say.
    workshop.wait(1);
    workshop.init("alone").await;
    workshop.run_all().await;
    assert!(workshop.beat().await.spawned.is_empty());
    runner::run(&workshop.context, &left.body, &workshop.invocation()).await.unwrap();
    assert_eq!(names(&workshop.beat().await), ["alone"]);
}

#[tokio::test]
async fn a_beat_that_finds_the_lease_taken_ends_at_once() {
    let workshop = Workshop::with(&[hourly("hourly", "")]);
    let until = workshop.now() + Duration::from_secs(90);
    workshop.store().acquire_lease("another beat", until, workshop.now()).await.unwrap();
    let report = workshop.beat().await;
    assert_eq!(report, BeatReport { lease_taken_by: Some("another beat".to_owned()), ..BeatReport::default() });
    // The other one died; its pulse is answered for by the next.
    workshop.wait(2);
    assert_eq!(names(&workshop.beat().await), ["hourly"]);
}

#[tokio::test]
async fn two_beats_at_the_same_time_spawn_and_enqueue_once() {
    let workshop = Workshop::with(&[hourly("hourly", "")]);
    workshop.table.arm(Fault::Late, "pipeline/", 0);
    let invocation = workshop.invocation();
    let slow = heartbeat::beat(&workshop.context, &invocation);
    let quick = async {
        // The slow beat is about to spawn when its lease ends.
        workshop.table.late.notified().await;
        workshop.wait(5);
        let report = workshop.beat().await;
        assert_eq!((names(&report), report.applied.enqueued), (vec!["hourly"], 1));
        workshop.table.go_on.notify_one();
    };
    let (report, ()) = tokio::join!(slow, quick);
    let report = report.unwrap();
    assert!(report.spawned.is_empty());
    assert_eq!(report.applied.enqueued, 0);
    assert_eq!(workshop.run_all().await.len(), 1);
    // The slow one did not move the pulse.
    assert_eq!(workshop.store().last_beat().await.unwrap(), Some(workshop.now()));
}

#[tokio::test]
async fn a_sibling_that_expired_during_an_outage_does_not_swallow_the_due_time() {
    let conditions = "cron_expression=0 * * * *, no_sibling_in_progress";
    let workshop = Workshop::with(&[xml("alone", "expire-in=\"2 hours\"", conditions, "10: done-a")]);
    let old = workshop.beat().await.spawned[0].split(' ').nth(1).unwrap().parse().unwrap();
    workshop.wait(300);
    let report = workshop.beat().await;
    assert_eq!((names(&report), report.applied.expired, report.applied.ended), (vec!["alone"], 1, 1));
    assert_snapshot!(workshop.shown(&old).await, @"cancelled: done-a cancelled");
    workshop.run_all().await;
    workshop.wait(1);
    assert_eq!(names(&workshop.beat().await), Vec::<&str>::new(), "the due time is answered once");
}

#[tokio::test]
async fn a_sibling_that_a_dead_runner_left_does_not_swallow_the_due_time() {
    let conditions = "cron_expression=0 * * * *, no_sibling_in_progress";
    let workshop = Workshop::with(&[xml("alone", "", conditions, "10: done-a limit=1")]);
    workshop.beat().await;
    let message = workshop.receive().await.unwrap();
    workshop.table.arm(Fault::DeadAfter, "done-a", 0);
    workshop.die(runner::run(&workshop.context, &message.body, &workshop.invocation())).await;
    workshop.wait(300);
    let report = workshop.beat().await;
    assert_eq!((names(&report), report.applied.ghosted, report.applied.ended), (vec!["alone"], 1, 1));
}

#[tokio::test]
async fn two_beats_at_the_same_time_spawn_one_of_those_that_want_no_sibling() {
    let workshop = Workshop::with(&[xml("alone", "", "no_sibling_in_progress", "10: done-a")]);
    workshop.table.arm(Fault::Late, "pipeline/", 0);
    let first = workshop.invocation();
    let slow = heartbeat::beat(&workshop.context, &first);
    let quick = async {
        workshop.table.late.notified().await;
        workshop.wait(5);
        assert_eq!(names(&workshop.beat().await), ["alone"]);
        workshop.table.go_on.notify_one();
    };
    let (report, ()) = tokio::join!(slow, quick);
    assert!(report.unwrap().spawned.is_empty());
    assert_eq!(workshop.store().open_pipelines(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_beat_that_fails_leaves_its_pulse_to_the_next_one() {
    let workshop = Workshop::with(&[hourly("hourly", "")]);
    workshop.table.arm(Fault::Refused, "pipeline/", 0);
    let error = heartbeat::beat(&workshop.context, &workshop.invocation()).await.unwrap_err();
    assert!(error.is_retryable());
    workshop.wait(1);
    assert_eq!(names(&workshop.beat().await), ["hourly"]);
}

#[tokio::test]
async fn a_beat_that_dies_leaves_its_pulse_to_the_next_one() {
    for fault in [Fault::DeadBefore, Fault::DeadAfter] {
        let workshop = Workshop::with(&[hourly("hourly", "")]);
        workshop.table.arm(fault, "pipeline/", 0);
        workshop.die(heartbeat::beat(&workshop.context, &workshop.invocation())).await;
        workshop.wait(1);
        assert!(workshop.beat().await.lease_taken_by.is_some());
        workshop.wait(2);
        workshop.beat().await;
        assert_eq!(workshop.run_all().await, [RunReport::Finished { status: StepStatus::Success }]);
        assert!(workshop.beat().await.spawned.is_empty());
    }
}

#[tokio::test]
async fn one_pipeline_that_cannot_be_read_does_not_hold_up_the_others() {
    let workshop = Workshop::new("10: done-a");
    let bad = workshop.place("work", "a bad one").await;
    let good = workshop.place("work", "a good one").await;
    workshop.spoil(&bad).await;
    let report = workshop.beat().await;
    assert_eq!(report.applied.enqueued, 1);
    assert_snapshot!(report.problems.join("\n").replace(bad.as_str(), "…"), @r#"pipeline …: failed to read a stored item: field `status` of item `pipeline/… meta` is `"asleep"`; expected a pipeline status"#);
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&good).await, @"success: done-a success");
}

#[tokio::test]
async fn a_sibling_that_cannot_be_read_does_not_hold_up_other_definitions() {
    let alone = xml("alone", "", "no_sibling_in_progress", "10: done-a");
    let workshop = Workshop::with(&[alone, hourly("hourly", "")]);
    let bad = workshop.place("alone", "a bad one").await;
    workshop.spoil(&bad).await;
    let report = workshop.beat().await;
    assert_eq!(names(&report), ["hourly"]);
    assert_snapshot!(report.problems.join("\n").replace(bad.as_str(), "…"), @r#"
    definition `alone`: failed to read a stored item: field `status` of item `pipeline/… meta` is `"asleep"`; expected a pipeline status
    pipeline …: failed to read a stored item: field `status` of item `pipeline/… meta` is `"asleep"`; expected a pipeline status
    "#);
}

#[tokio::test]
async fn a_definition_that_cannot_be_spawned_does_not_hold_up_the_others() {
    let workshop = Workshop::with(&[hourly("one", ""), hourly("two", "")]);
    workshop.table.arm(Fault::Forbidden, "name/one", 0);
    let report = workshop.beat().await;
    assert_eq!(names(&report), ["two"]);
    assert_snapshot!(report.problems.join("\n"), @"definition `one`: failed to write a group of items: access denied");
}

#[tokio::test]
async fn a_broken_definition_of_the_overlay_is_a_problem_and_the_others_go_on() {
    let workshop = Workshop::with(&[hourly("hourly", "")]);
    let files = &workshop.store().files;
    files.put("pipelines/broken.xml", "<config><pipeline/></config>".into()).await.unwrap();
    let report = workshop.beat().await;
    assert_eq!(names(&report), ["hourly"]);
    assert_snapshot!(report.problems.join("\n"), @"broken.xml:1:9: pipeline: the attribute `name` is missing");
    files.put("pipelines/broken.xml", hourly("mended", "").into()).await.unwrap();
    workshop.wait(60);
    let report = workshop.beat().await;
    assert_eq!((names(&report), report.problems.len()), (vec!["hourly", "mended"], 0));
}

#[tokio::test]
async fn the_last_good_version_of_a_broken_file_stays_in_force() {
    let workshop = Workshop::with(&[hourly("hourly", "")]);
    let files = &workshop.store().files;
    files.put("pipelines/mine.xml", hourly("mine", "").into()).await.unwrap();
    assert_eq!(names(&workshop.beat().await), ["hourly", "mine"]);
    // Both a file that is no XML and one with a wrong definition in it.
    for (broken, position) in [("<config>", "1:1"), ("<config><pipeline name=\"mine\"/></config>", "1:9")] {
        files.put("pipelines/mine.xml", broken.into()).await.unwrap();
        workshop.wait(60);
        // A process that starts now has never seen the good version.
        let report = heartbeat::beat(&workshop.restarted(), &workshop.invocation()).await.unwrap();
        assert_eq!(names(&report), ["hourly", "mine"], "{:?}", report.problems);
        let [problem, consequence] = &report.problems[..] else { panic!("{:?}", report.problems) };
        assert!(problem.starts_with(&format!("mine.xml:{position}: ")), "{problem}");
        assert_eq!(consequence, "mine.xml: the last version of the file without an error stays in force");
    }
    // Whoever takes the file away means it.
    files.delete("pipelines/mine.xml").await.unwrap();
    workshop.wait(60);
    assert_eq!(names(&workshop.beat().await), ["hourly"]);
}

#[tokio::test]
async fn a_file_that_never_was_good_leaves_the_shipped_one_in_force() {
    let workshop = Workshop::with(&[hourly("hourly", "")]);
    workshop.store().files.put("pipelines/0.xml", "<config>".into()).await.unwrap();
    let report = workshop.beat().await;
    assert_eq!(names(&report), ["hourly"]);
    assert_eq!(report.problems[1], "0.xml: the shipped file of this name stays in force");
}

#[tokio::test]
async fn a_file_of_fifty_megabytes_is_refused_unread() {
    let workshop = Workshop::with(&[hourly("hourly", "")]);
    let file = bytes::Bytes::from(vec![b' '; 50 << 20]);
    workshop.store().files.put("pipelines/large.xml", file).await.unwrap();
    let report = workshop.beat().await;
    assert_eq!(names(&report), ["hourly"]);
    assert_snapshot!(report.problems.join("\n"), @"large.xml:1:1: the file has more than 1048576 bytes");
}

#[tokio::test]
async fn an_overlay_replaces_the_file_of_its_name() {
    let workshop = Workshop::new("10: done-a");
    workshop.store().files.put("pipelines/0.xml", xml("work", "", "", "10: done-b").into()).await.unwrap();
    let id = workshop.spawn().await;
    assert_snapshot!(workshop.shown(&id).await, @"running: done-b enqueued");
}

#[tokio::test]
async fn more_open_pipelines_than_one_beat_handles_are_handled_by_the_next_ones() {
    let mut workshop = Workshop::new("10: done-a");
    workshop.context.limits.pipelines_per_beat = 2;
    let mut ids = Vec::new();
    for cause in ["1", "2", "3", "4", "5"] {
        ids.push(workshop.place("work", cause).await);
        workshop.wait(1);
    }
    let mut looks = Vec::new();
    for _ in 0..3 {
        let report = workshop.beat().await;
        looks.push((report.looked_at, report.left, report.applied.enqueued));
        workshop.wait(1);
    }
    assert_eq!(looks, [(2, 3, 2), (2, 3, 2), (2, 3, 1)]);
}

/// Otherwise the first ones would have two turns, and the last ones none as long as time is short.
#[tokio::test]
async fn a_beat_without_time_keeps_the_place_that_the_one_before_came_to() {
    let mut workshop = Workshop::new("10: done-a");
    workshop.context.limits.pipelines_per_beat = 2;
    for cause in ["1", "2", "3", "4"] {
        workshop.place("work", cause).await;
        workshop.wait(1);
    }
    assert_eq!(workshop.beat().await.applied.enqueued, 2);
    workshop.wait(1);
    let short = workshop.invocation_of(Duration::from_secs(4));
    assert_eq!(heartbeat::beat(&workshop.context, &short).await.unwrap().looked_at, 0);
    workshop.wait(1);
    assert_eq!(workshop.beat().await.applied.enqueued, 2, "the other two have their turn");
}

#[tokio::test]
async fn a_beat_without_time_leaves_the_rest_to_the_next_one() {
    let workshop = Workshop::new("10: done-a");
    for cause in ["1", "2", "3"] {
        workshop.place("work", cause).await;
    }
    let short = workshop.invocation_of(Duration::from_secs(4));
    let report = heartbeat::beat(&workshop.context, &short).await.unwrap();
    assert_eq!((report.looked_at, report.left), (0, 3));
    assert_eq!(workshop.beat().await.applied.enqueued, 3);
}

#[tokio::test]
async fn the_higher_priority_is_run_first() {
    let definition = |name| xml(name, &format!("priority=\"{name}\""), "", "10: done-a");
    let workshop = Workshop::with(&[definition("low"), definition("normal"), definition("high")]);
    let mut ids = Vec::new();
    for name in ["low", "normal", "high"] {
        ids.push(workshop.init(name).await);
    }
    for id in ids.iter().rev() {
        workshop.run_one().await.unwrap().unwrap();
        assert!(!workshop.pipeline(id).await.status.is_open());
    }
}

#[tokio::test]
async fn an_expired_pipeline_is_cancelled_but_for_its_run_always_steps() {
    let stages = "10: gate-a · 20: done-b · 30: done-report always";
    let workshop = Workshop::with(&[xml("work", "expire-in=\"2 hours\"", "no_auto_spawn", stages)]);
    let id = workshop.spawn().await;
    workshop.wait(121);
    let report = workshop.beat().await;
    assert_eq!((report.applied.expired, report.applied.cancelled, report.applied.enqueued), (1, 1, 1));
    assert_snapshot!(workshop.shown(&id).await, @"running: gate-a cancelled, done-b pending, done-report enqueued");
    let reports = workshop.run_all().await;
    assert_eq!(reports.len(), 2);
    assert_snapshot!(workshop.shown(&id).await, @"cancelled: gate-a cancelled, done-b cancelled, done-report success");
    assert_snapshot!(workshop.pipeline(&id).await.stop.unwrap().reason, @"the pipeline did not end within 2 hours after its spawn");
    assert_eq!(workshop.beat().await.applied.expired, 0);
}

#[tokio::test]
async fn a_step_that_runs_too_long_cancels_the_pipeline() {
    let mut workshop = Workshop::new("10: gate-a expires=30 · 20: done-b");
    workshop.context.limits.lease_margin = Duration::from_secs(3_600);
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    let invocation = workshop.invocation();
    let working = runner::run(&workshop.context, &message.body, &invocation);
    let meanwhile = async {
        workshop.gate.entered().await;
        workshop.wait(31);
        assert_eq!(workshop.beat().await.applied.expired, 1);
        assert_snapshot!(workshop.shown(&id).await, @"running: gate-a running, done-b pending");
        workshop.gate.open();
    };
    let (report, ()) = tokio::join!(working, meanwhile);
    assert_eq!(report.unwrap(), RunReport::Finished { status: StepStatus::Success });
    assert_snapshot!(workshop.shown(&id).await, @"cancelled: gate-a success, done-b cancelled");
}

#[tokio::test]
async fn a_beat_repairs_many_things_at_once() {
    let workshop = Workshop::new("10: done-a, done-b limit=2, done-c");
    let id = workshop.spawn().await;
    // One message is lost, one runner dies, one step is fine.
    let lost = workshop.receive().await.unwrap();
    workshop.store().queue.delete(&lost.receipt).await.unwrap();
    let message = workshop.receive().await.unwrap();
    workshop.table.arm(Fault::DeadAfter, "done-b", 0);
    workshop.die(runner::run(&workshop.context, &message.body, &workshop.invocation())).await;
    workshop.run_one().await.unwrap().unwrap();
    workshop.wait(GRACE_MINUTES);
    let report = workshop.beat().await;
    assert_eq!((report.applied.resent, report.applied.ghosted, report.applied.enqueued), (1, 1, 1));
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success, done-b success 2, done-c success");
}
