//! Why something does not run: the true reason in each situation, one row for each.

use async_trait::async_trait;
use pipeline::facts::Answer;
use pipeline::{PipelineId, StepStatus};

use engine::Program;
use engine::accepts::Accepts;
use engine::conditions::{RegisteredStepCondition, StepQuestion};
use steps::import::bunch_complete::BunchComplete;
use store::settings::NewSetting;
use workshop::Fault;
use workshop::runner;
use workshop::{Workshop, xml};

/// The sentence about a step, or about the pipeline if the name is empty; ids and the runner's name are left out.
async fn told(workshop: &Workshop, id: &PipelineId, step: &str) -> String {
    let why = operate::why(&workshop.context, id, workshop.now()).await.unwrap();
    let text = if step.is_empty() { &why.text } else { why.of(&step.parse().unwrap()).unwrap() };
    without_names(text, id)
}

async fn why_not_spawned(workshop: &Workshop, name: &str) -> String {
    operate::why_not_spawned(&workshop.context, name, workshop.now()).await.unwrap().text
}

async fn setting(workshop: &Workshop, name: &str, scope: &str, value: &str) {
    workshop
        .store()
        .set_setting(NewSetting { name, scope: &scope.parse().unwrap(), value }, "Ann", workshop.now())
        .await
        .unwrap();
}

fn without_names(text: &str, id: &PipelineId) -> String {
    let text = text.replace(id.as_str(), "…");
    match text.split_once("`invocation ") {
        Some((before, after)) => format!("{before}a runner{}", after.split_once('`').map_or("", |(_, rest)| rest)),
        None => text,
    }
}

/// The definition `work` with one step that asks for something.
fn asking(condition: &str) -> String {
    let (name, arguments) = condition.split_once(' ').unwrap_or((condition, ""));
    let arguments: String = arguments
        .split("; ")
        .filter_map(|argument| argument.split_once('='))
        .map(|(key, value)| format!("<argument key=\"{key}\" value=\"{value}\"/>"))
        .collect();
    let kind = if name == "recurring" { "recurring" } else { "step" };
    format!(
        "<config><pipeline name=\"work\"><conditions><pipeline_condition type=\"no_auto_spawn\"/></conditions>\
         <step name=\"done-a\" executorType=\"done\" sortOrder=\"10\"><conditions>\
         <{kind}_condition type=\"{name}\">{arguments}</{kind}_condition></conditions></step></pipeline></config>"
    )
}

/// A message is held back for 15 minutes at most, and the step is woken early then; that is nothing to tell.
#[tokio::test]
async fn of_a_step_that_waits_for_an_hour_its_true_time_is_told() {
    let workshop = Workshop::new("10: dreams-a, naps-b");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    for _ in 0..3 {
        assert_eq!(told(&workshop, &id, "dreams-a").await, "attempt 1 carries on at 2026-08-01T13:00:00Z");
        workshop.wait(15);
        workshop.run_all().await;
    }
}

#[tokio::test]
async fn of_a_step_that_has_run_the_end_is_told() {
    for (stages, step, expected) in [
        ("10: done-a", "done-a", "it succeeded"),
        ("10: done-a", "", "it ended at 2026-08-01T12:00:00Z with the status success"),
        ("10: skips-a", "skips-a", "it was skipped: there was nothing to do"),
        ("10: invalid-a", "invalid-a", "it succeeded with a warning: 2 rows are odd"),
        ("10: broken-a limit=3", "broken-a", "it failed for good: argument `x` is missing"),
        ("10: fails-a limit=3", "fails-a", "attempts used up (3 of 3): the shop did not answer"),
        (
            "10: fails-a limit=3",
            "",
            "it ended at 2026-08-01T12:00:00Z with the status error; step `fails-a`: attempts used up (3 of 3): the shop \
             did not answer",
        ),
        (
            "10: fails-a limit=1 allowed",
            "fails-a",
            "attempts used up (1 of 1), which is allowed: the shop did not answer",
        ),
        ("10: broken-a · 20: done-b", "done-b", "it never ran: step `broken-a` before it did not succeed"),
        (
            "10: fails-a limit=2 pause=5",
            "fails-a",
            "the next attempt waits until 2026-08-01T12:05:00Z (attempt 1 of 2 failed: the shop did not answer)",
        ),
    ] {
        let workshop = Workshop::new(stages);
        workshop.beat().await;
        let id = workshop.spawn().await;
        for _ in 0..3 {
            workshop.run_all().await;
            workshop.beat().await;
        }
        assert_eq!(told(&workshop, &id, step).await, expected, "{stages}, {step}");
    }
}

#[tokio::test]
async fn of_a_step_that_waits_it_is_told_for_what() {
    for (stages, step, expected) in [
        ("10: done-a · 20: done-b", "done-b", "step `done-a` before it has not ended"),
        ("10: done-a · 20: done-r always", "done-r", "it runs after all other steps; step `done-a` has not ended"),
        (
            "10: done-a",
            "done-a",
            "attempt 1 is enqueued since 2026-08-01T12:00:00Z and waits for a runner; 1 message waits in the queue of \
             priority normal",
        ),
        (
            "10: done-a, done-b · 20: done-c",
            "",
            "step `done-a`: attempt 1 is enqueued since 2026-08-01T12:00:00Z and waits for a runner; 2 messages wait in \
             the queue of priority normal; 1 more steps are enqueued or running",
        ),
    ] {
        let workshop = Workshop::new(stages);
        workshop.beat().await;
        let id = workshop.spawn().await;
        assert_eq!(told(&workshop, &id, step).await, expected, "{stages}, {step}");
    }
}

#[tokio::test]
async fn a_condition_of_a_step_says_what_it_asks_for() {
    for (condition, expected) in [
        (
            "named_pipelines_have_status pipelines=other; statuses=success",
            "there is no pipeline `other`; wanted is success",
        ),
        ("recurring limit=3; wait=10 minutes", "the next run waits until 2026-08-01T12:10:00Z"),
        ("shop_is_open", "the shop is closed until Monday"),
    ] {
        let workshop = Workshop::extended(&[asking(condition)], Program::default().with_step_condition(ShopIsOpen));
        workshop.beat().await;
        let id = workshop.spawn().await;
        workshop.run_all().await;
        let pipeline = workshop.pipeline(&id).await;
        let step = &pipeline.steps[0];
        let why = told(&workshop, &id, "done-a").await;
        assert_eq!(why, expected, "{condition}");
        let answered = operate::conditions_of(&workshop.context, &pipeline, step, workshop.now()).await.unwrap();
        assert_eq!((answered[0].answer, answered[0].reason.as_deref()), ("unmet", Some(expected)), "{condition}");
    }
}

/// A condition that somebody registered.
struct ShopIsOpen;

#[async_trait]
impl RegisteredStepCondition for ShopIsOpen {
    fn name(&self) -> &'static str {
        "shop_is_open"
    }

    fn description(&self) -> &'static str {
        "asks whether the shop is open"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[])
    }

    async fn check(&self, _question: &StepQuestion<'_>) -> store::Result<Answer> {
        Ok(Answer::Unmet("the shop is closed until Monday".to_owned()))
    }
}

#[tokio::test]
async fn a_step_that_another_pipeline_runs_is_waited_for() {
    let workshop = Workshop::with(&[asking("wait_for_step_is_not_running steps=done-a")]);
    workshop.beat().await;
    let (first, second) = (workshop.spawn().await, workshop.spawn().await);
    let expected = format!("step `done-a` of pipeline {first} is enqueued or running");
    assert_eq!(told(&workshop, &second, "done-a").await, expected);
}

#[tokio::test]
async fn what_holds_a_whole_pipeline_is_told_of_it_and_of_its_steps() {
    let workshop = Workshop::new("10: done-a · 20: done-b");
    workshop.beat().await;
    let id = workshop.place("work", "a cause").await;
    assert_eq!(told(&workshop, &id, "done-a").await, "it is ready: the next beat enqueues attempt 1");
    setting(&workshop, "maintenance", "default", "true").await;
    assert_eq!(told(&workshop, &id, "done-a").await, "maintenance mode is on");
    assert_eq!(told(&workshop, &id, "").await, "step `done-a`: maintenance mode is on");
    setting(&workshop, "maintenance", "default", "false").await;
    let pipeline = workshop.pipeline(&id).await;
    workshop.store().pause_pipeline(&pipeline, workshop.now()).await.unwrap();
    assert_eq!(told(&workshop, &id, "done-a").await, "the pipeline is paused since 2026-08-01T12:00:00Z");
    assert_eq!(
        told(&workshop, &id, "done-b").await,
        "the pipeline is paused since 2026-08-01T12:00:00Z; step `done-a` before it has not ended"
    );
}

#[tokio::test]
async fn a_heartbeat_that_does_not_come_is_missed() {
    let workshop = Workshop::new("10: done-a");
    let id = workshop.place("work", "a cause").await;
    let why = told(&workshop, &id, "done-a").await;
    assert_eq!(why, "it is ready for attempt 1, but there was no heartbeat yet");
    setting(&workshop, "maintenance", "default", "true").await;
    workshop.beat().await;
    setting(&workshop, "maintenance", "default", "false").await;
    workshop.wait(12);
    let why = told(&workshop, &id, "done-a").await;
    assert_eq!(why, "it is ready for attempt 1, but there was no heartbeat for 12 minutes");
    assert!(told(&workshop, &id, "").await.starts_with("there was no heartbeat for 12 minutes; step `done-a`: "));
}

#[tokio::test]
async fn of_a_message_that_got_lost_it_is_told_that_it_is_sent_again() {
    let workshop = Workshop::new("10: done-a");
    workshop.beat().await;
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    workshop.store().queue.delete(&message.receipt).await.unwrap();
    assert_eq!(
        told(&workshop, &id, "done-a").await,
        "attempt 1 is enqueued since 2026-08-01T12:00:00Z and waits for a runner; no message waits in the queue of priority \
         normal, so a runner is about to claim it, or it got lost and is sent again after 2026-08-01T12:05:00Z"
    );
    workshop.wait(6);
    workshop.beat().await;
    assert_eq!(
        told(&workshop, &id, "done-a").await,
        "attempt 1 is enqueued since 2026-08-01T12:00:00Z and waits for a runner; 1 message waits in the queue of priority \
         normal; its message was sent again once"
    );
}

#[tokio::test]
async fn of_a_step_that_runs_it_is_told_who_has_it_until_when() {
    let workshop = Workshop::new("10: gate-a limit=2 save=1");
    workshop.beat().await;
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    workshop.table.arm(Fault::DeadAfter, "gate-a", 0);
    workshop.die(runner::run(&workshop.context, &message.body, &workshop.invocation())).await;
    assert_eq!(
        told(&workshop, &id, "gate-a").await,
        "it is running since 2026-08-01T12:00:00Z: a runner runs attempt 1 and holds it until 2026-08-01T12:02:00Z"
    );
    workshop.wait(3);
    setting(&workshop, "maintenance", "default", "true").await;
    assert_eq!(
        told(&workshop, &id, "gate-a").await,
        "ghosted: a runner runs attempt 1 since 2026-08-01T12:00:00Z and gave no sign of life until 2026-08-01T12:02:00Z; \
         the next beat ends the attempt, and its conditions decide about another one (on one machine the next `systole dev` \
         carries it on instead)"
    );
    workshop.beat().await;
    let why = told(&workshop, &id, "gate-a").await;
    assert!(why.starts_with("maintenance mode is on (attempt 1 of 2 failed: the runner gave no sign of life"), "{why}");
}

#[tokio::test]
async fn a_pipeline_that_is_stopped_says_by_whom_and_what_is_left() {
    let workshop = Workshop::new("10: gate-a, done-b · 20: done-c · 30: done-r always");
    workshop.beat().await;
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    workshop.table.arm(Fault::DeadAfter, "gate-a", 0);
    workshop.die(runner::run(&workshop.context, &message.body, &workshop.invocation())).await;
    operate::cancel(
        &workshop.context,
        &id,
        "wrong prices (Ann)",
        operate::Operator { name: "Ann", invocation: &workshop.invocation() },
    )
    .await
    .unwrap();
    let why = told(&workshop, &id, "").await;
    assert!(
        why.starts_with(
            "it is being stopped since 2026-08-01T12:00:00Z: wrong prices (Ann); step `gate-a`: it is running"
        ),
        "{why}"
    );
    for (step, expected) in [
        ("done-b", "it was cancelled before it ran"),
        ("done-c", "it cannot run any more: the pipeline was stopped: wrong prices (Ann)"),
        ("done-r", "it runs after all other steps; step `gate-a` has not ended"),
    ] {
        assert_eq!(told(&workshop, &id, step).await, expected);
    }
    workshop.wait(3);
    workshop.beat().await;
    workshop.run_all().await;
    assert_eq!(workshop.step(&id, "done-c").await.record.status, StepStatus::Cancelled);
    assert_eq!(told(&workshop, &id, "done-c").await, "it never ran: the pipeline was stopped: wrong prices (Ann)");
    assert!(told(&workshop, &id, "").await.ends_with("with the status cancelled; wrong prices (Ann)"));
}

#[tokio::test]
async fn what_is_not_spawned_says_why() {
    for (conditions, expected) in [
        ("no_auto_spawn", "it is spawned by hand, by the API or by another pipeline only"),
        ("cron_expression=0 3 * * *", "cron `0 3 * * *` (UTC) is due next at 2026-08-02T03:00:00Z"),
        ("pipeline_enabled", "it is switched off by the setting `pipeline.enabled`"),
        ("no_sibling_in_progress", "pipeline … of the same name has not ended"),
        ("bunch_complete=product-import", "no bunch has arrived"),
    ] {
        let program = Program::default().with_finding_condition(BunchComplete);
        let workshop = Workshop::extended(&[xml("work", "", conditions, "10: done-a")], program);
        setting(&workshop, "pipeline.enabled", "pipeline:work", "false").await;
        setting(&workshop, "maintenance", "default", "true").await;
        workshop.beat().await;
        setting(&workshop, "maintenance", "default", "false").await;
        let id = workshop.place("work", "a cause").await;
        let why = why_not_spawned(&workshop, "work").await.replace(id.as_str(), "…");
        assert_eq!(why, expected, "{conditions}");
        let why = operate::why_not_spawned(&workshop.context, "work", workshop.now()).await.unwrap();
        assert_eq!((why.is_due, why.conditions[0].answer), (false, "unmet"), "{conditions}");
        assert_eq!(why.warnings, [""; 0], "{conditions}");
    }
}

#[tokio::test]
async fn what_holds_all_spawns_is_told_and_so_is_what_is_due() {
    let workshop = Workshop::with(&[xml("work", "", "pipeline_enabled", "10: done-a")]);
    assert!(why_not_spawned(&workshop, "work").await.contains("but there was no heartbeat yet"));
    workshop.beat().await;
    assert!(why_not_spawned(&workshop, "work").await.starts_with("the next beat spawns it (beat "));
    setting(&workshop, "spawning", "pipeline:work", "false").await;
    assert_eq!(why_not_spawned(&workshop, "work").await, "spawning is switched off by the setting `spawning`");
    setting(&workshop, "maintenance", "default", "true").await;
    assert_eq!(why_not_spawned(&workshop, "work").await, "maintenance mode is on");
    workshop.wait(60);
    let why = why_not_spawned(&workshop, "work").await;
    assert_eq!(why, "maintenance mode is on; there was no heartbeat for 1 hour");
}

#[tokio::test]
async fn a_broken_definition_is_told_with_its_place() {
    let workshop = Workshop::new("10: done-a");
    workshop.store().files.put("pipelines/b.xml", "<config><pipeline name=\"b\"/></config>".into()).await.unwrap();
    let why = why_not_spawned(&workshop, "b").await;
    assert_eq!(why, "the definition cannot be used: b.xml:1:9: pipeline `b`: there is no step");
    let error = operate::why_not_spawned(&workshop.context, "c", workshop.now()).await.unwrap_err();
    assert!(error.to_string().starts_with("there is no pipeline definition `c`"), "{error}");
}
