//! What the original can do, row by row of `docs/CHECKLIST.md`; each test is named after its row.

use std::sync::Arc;

use insta::assert_snapshot;
use pipeline::facts::Answer;
use pipeline::plan::Found;
use pipeline::settings::Scope;
use pipeline::{Priority, StepStatus};

use super::workshop::{Workshop, xml};
use crate::conditions;
use crate::operate;
use crate::runner::RunReport;

/// A pipeline with everything that an author can say, as XML.
fn written(attributes: &str, conditions: &str, steps: &str) -> String {
    format!(
        "<config><pipeline name=\"work\" {attributes}><conditions>{conditions}</conditions>{steps}</pipeline></config>"
    )
}

const BY_HAND: &str = "<pipeline_condition type=\"no_auto_spawn\"/>";

impl Workshop {
    /// Sets something, as an operator does.
    async fn set(&self, name: &str, scope: &str, value: &str) {
        let scope: Scope = scope.parse().unwrap();
        self.store().set_setting(name, &scope, value, "a test", self.now()).await.unwrap();
        self.context.settings.forget();
    }

    /// The names of the pipelines that a beat spawns.
    async fn spawned(&self) -> Vec<String> {
        let report = self.beat().await;
        assert!(report.problems.is_empty(), "{:?}", report.problems);
        report.spawned.iter().map(|spawned| spawned.split(' ').next().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn row_01_declarative_pipelines() {
    let attributes = "description=\"Does work\" use-working-directory=\"true\" expire-in=\"2 hours\"";
    let step = "<step name=\"done-a\" executorType=\"done\"/>";
    let workshop = Workshop::with(&[written(attributes, BY_HAND, step)]);
    let id = workshop.spawn().await;
    let pipeline = workshop.pipeline(&id).await;
    assert_eq!(pipeline.definition.description.as_deref(), Some("Does work"));
    assert!(pipeline.definition.uses_working_directory);
    assert_eq!(pipeline.definition.expire_in.map(|time| time.as_secs()), Some(7_200));
}

#[tokio::test]
async fn row_02_steps_with_executor_order_arguments_and_expiry() {
    let step = "<step name=\"gate-late\" executorType=\"gate\" sortOrder=\"20\" expireIn=\"5 minutes\"/>\
                <step name=\"done-early\" executorType=\"done\" sortOrder=\"10\">\
                <arguments><argument key=\"shop\" value=\"de\"/></arguments></step>";
    let workshop = Workshop::with(&[written("", BY_HAND, step)]);
    let id = workshop.spawn().await;
    let pipeline = workshop.pipeline(&id).await;
    let [early, late] = &pipeline.steps[..] else { panic!("{:?}", pipeline.steps) };
    assert_eq!((early.definition.name.as_str(), early.definition.arguments["shop"].as_str()), ("done-early", "de"));
    assert_eq!((late.definition.executor.as_str(), late.definition.sort_order), ("gate", 20));
    assert_eq!(late.definition.expire_in.map(|time| time.as_secs()), Some(300));
}

#[tokio::test]
async fn row_03_allow_failure() {
    let workshop = Workshop::new("10: fails-a limit=1 allowed · 20: done-b");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: fails-a error (the shop did not answer), done-b success");
}

#[tokio::test]
async fn row_04_run_always_step_also_after_a_cancel() {
    let workshop = Workshop::new("10: done-a · 20: done-b · 30: done-z always");
    let id = workshop.spawn().await;
    operate::cancel(&workshop.context, &id, "Ann", "Ann had enough", &workshop.invocation()).await.unwrap();
    workshop.run_all().await;
    workshop.beat().await;
    assert_snapshot!(workshop.shown(&id).await, @"cancelled: done-a cancelled, done-b cancelled, done-z success");
}

#[tokio::test]
async fn row_05_merge_of_many_files_with_references_and_removals() {
    let change = "<config><referencePipeline name=\"work\" description=\"changed\">\
                  <referenceStep name=\"done-b\" remove=\"true\"/>\
                  <step name=\"done-c\" executorType=\"done\" sortOrder=\"30\"/></referencePipeline></config>";
    // The file with the reference comes first.
    let files = [change.to_owned(), xml("work", "", "no_auto_spawn", "10: done-a · 20: done-b")];
    let workshop = Workshop::with(&files);
    let id = workshop.spawn().await;
    let pipeline = workshop.pipeline(&id).await;
    assert_eq!(pipeline.definition.description.as_deref(), Some("changed"));
    assert_snapshot!(workshop.shown(&id).await, @"running: done-a enqueued, done-c enqueued");
}

#[tokio::test]
async fn row_07_pipeline_conditions() {
    let all = [
        xml("by_hand", "", "no_auto_spawn", "10: done-a"),
        xml("alone", "", "no_sibling_in_progress", "10: done-a"),
        xml("hourly", "", "cron_expression=0 * * * *", "10: done-a"),
        xml("as_set", "", "configurable_cron_expression", "10: done-a"),
        xml("of_website", "", "website_active=de, no_sibling_in_progress", "10: done-a"),
        xml("at_three", "", "clean_up", "10: done-a"),
    ];
    let workshop = Workshop::with(&all);
    workshop.set("pipeline.cron", "pipeline:as_set", "1 12 * * *").await;
    workshop.set("clean_up.cron", "default", "2 12 * * *").await;
    workshop.set("website.active", "website:de", "false").await;
    assert_eq!(workshop.spawned().await, ["alone", "hourly"]);
    workshop.wait(1);
    assert_eq!(workshop.spawned().await, ["as_set"]);
    workshop.set("website.active", "website:de", "true").await;
    workshop.wait(1);
    assert_eq!(workshop.spawned().await, ["at_three", "of_website"]);
}

#[tokio::test]
async fn row_08_conditions_about_pauses_and_named_pipelines() {
    let files = [
        xml("work", "", "no_auto_spawn", "10: done-a"),
        xml("after", "", "named_pipelines_have_status=work:success, no_sibling_in_progress", "10: done-a"),
        xml("never_two", "", "no_sibling_in_progress", "10: done-a · 20: done-b"),
    ];
    let workshop = Workshop::with(&files);
    workshop.spawn().await;
    // Not before its latest pipeline succeeded.
    assert_eq!(workshop.spawned().await, ["never_two"]);
    workshop.run_all().await;
    let paused = workshop.store().latest_pipeline(&"never_two".parse().unwrap()).await.unwrap().id.unwrap();
    assert_eq!(workshop.pipeline(&paused).await.status.as_str(), "success");
    workshop.wait(1);
    assert_eq!(workshop.spawned().await, ["after", "never_two"]);
    // A paused pipeline is in progress, so its sibling waits.
    let id = workshop.store().latest_pipeline(&"never_two".parse().unwrap()).await.unwrap().id.unwrap();
    let pipeline = workshop.pipeline(&id).await;
    workshop.store().pause_pipeline(&pipeline, workshop.now()).await.unwrap();
    workshop.run_all().await;
    workshop.wait(1);
    assert!(!workshop.spawned().await.contains(&"never_two".to_owned()));
}

#[tokio::test]
async fn row_09_arguments_from_a_condition() {
    let shop = super::shop::Shop::new();
    shop.drop_fruit().await;
    let id = shop.spawn().await;
    let pipeline = shop.workshop.pipeline(&id).await;
    assert!(pipeline.arguments["bunch"].contains("product-import_20260801-120000_01.csv"));
}

#[tokio::test]
async fn row_10_step_conditions() {
    let workshop = Workshop::new("10: flaky-a limit=5 pause=5 · 20: done-b · 30: done-z always");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    workshop.beat().await;
    assert_snapshot!(workshop.shown(&id).await, @"running: flaky-a error (the shop did not answer), done-b pending, done-z pending");
    workshop.wait(6);
    workshop.beat().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: flaky-a success 2, done-b success, done-z success");
}

#[tokio::test]
async fn row_10_a_step_waits_for_a_step_of_another_pipeline_not_to_run() {
    let step = |executor: &str| {
        format!(
            "<step name=\"reindex\" executorType=\"{executor}\"><conditions>\
             <step_condition type=\"wait_for_step_is_not_running\"><argument key=\"steps\" value=\"reindex\"/></step_condition>\
             </conditions></step>"
        )
    };
    let files = ["one", "two"].map(|name| {
        format!(
            "<config><pipeline name=\"{name}\"><conditions>{BY_HAND}</conditions>{}</pipeline></config>",
            step("done")
        )
    });
    let workshop = Workshop::with(&files);
    let (one, two) = (workshop.place("one", "x").await, workshop.place("two", "x").await);
    let report = workshop.beat().await;
    // Both were looked at in the same moment, and one got through.
    assert_eq!(report.applied.enqueued, 1);
    workshop.run_one().await.unwrap().unwrap();
    workshop.beat().await;
    workshop.run_all().await;
    for id in [one, two] {
        assert_eq!(workshop.step(&id, "reindex").await.record.status, StepStatus::Success);
        assert_eq!(workshop.step(&id, "reindex").await.record.attempt, 1);
    }
}

#[tokio::test]
async fn row_11_named_pipelines_have_status_and_depending_on_named_steps() {
    let steps = "<step name=\"done-a\" executorType=\"done\" sortOrder=\"10\"/>\
                 <step name=\"gate-b\" executorType=\"gate\" sortOrder=\"10\"/>\
                 <step name=\"done-c\" executorType=\"done\" sortOrder=\"20\"><conditions>\
                 <step_condition type=\"depending_on_named_steps\"><argument key=\"steps\" value=\"done-a\"/></step_condition>\
                 <step_condition type=\"named_pipelines_have_status\"><argument key=\"pipelines\" value=\"other\"/>\
                 <argument key=\"statuses\" value=\"success\"/></step_condition></conditions></step>";
    let files = [written("", BY_HAND, steps), xml("other", "", "no_auto_spawn", "10: done-x")];
    let workshop = Workshop::with(&files);
    let id = workshop.spawn().await;
    // Its step `a` ends, `b` is still busy; the other pipeline is not there yet.
    let mut busy = Vec::new();
    while let Some(message) = workshop.receive().await {
        if message.body.contains("gate-b") {
            busy.push(message);
            continue;
        }
        crate::runner::run(&workshop.context, &message.body, &workshop.invocation()).await.unwrap();
    }
    assert_eq!(workshop.step(&id, "done-c").await.record.status, StepStatus::Pending);
    workshop.place("other", "x").await;
    workshop.beat().await;
    workshop.run_all().await;
    workshop.beat().await;
    workshop.run_all().await;
    assert_eq!(workshop.step(&id, "done-c").await.record.status, StepStatus::Success);
    assert_eq!(busy.len(), 1);
}

#[tokio::test]
async fn row_12_recurring_condition() {
    let step = "<step name=\"done-a\" executorType=\"done\"><conditions><recurring_condition type=\"recurring\">\
                <argument key=\"limit\" value=\"3\"/><argument key=\"wait\" value=\"5 minutes\"/>\
                </recurring_condition></conditions></step>";
    let workshop = Workshop::with(&[written("", BY_HAND, step)]);
    let id = workshop.spawn().await;
    let mut runs = 0;
    for _ in 0..20 {
        runs += workshop.run_all().await.len();
        workshop.wait(1);
        workshop.beat().await;
    }
    assert_eq!(runs, 3);
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success 3");
}

#[tokio::test]
async fn row_13_parametrised_conditions() {
    let class = r"TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit2";
    let step = format!(
        "<step name=\"fails-a\" executorType=\"fails\"><conditions><step_condition type=\"{class}\"/></conditions></step>"
    );
    let workshop = Workshop::with(&[written("", BY_HAND, &step)]);
    let id = workshop.spawn().await;
    for _ in 0..5 {
        workshop.run_all().await;
        workshop.beat().await;
    }
    assert_eq!(workshop.step(&id, "fails-a").await.record.attempt, 2);
}

#[tokio::test]
async fn row_15_heartbeat_with_lock_and_pulse() {
    let workshop =
        Workshop::with(&[xml("hourly", "expire-in=\"10 minutes\"", "cron_expression=0 * * * *", "10: done-a")]);
    let held =
        workshop.store().acquire_lease("another beat", workshop.now() + chrono::Duration::minutes(1), workshop.now());
    let held = held.await.unwrap();
    assert_eq!(workshop.beat().await.lease_taken_by.as_deref(), Some("another beat"));
    let store::leases::LeaseOutcome::Held(lease) = held else { panic!("{held:?}") };
    workshop.store().abandon_lease(&lease).await.unwrap();
    // Three hours without a beat: one pipeline, not three, and not none.
    workshop.wait(180);
    assert_eq!(workshop.spawned().await, ["hourly"]);
    assert!(workshop.spawned().await.is_empty());
    workshop.wait(11);
    assert_eq!(workshop.beat().await.applied.expired, 1);
}

#[tokio::test]
async fn row_16_mini_heartbeat() {
    let workshop = Workshop::new("10: done-a · 20: done-b · 30: done-c");
    let id = workshop.spawn().await;
    assert_eq!(workshop.run_all().await.len(), 3);
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success, done-b success, done-c success");
    // Without it each stage waits for a heartbeat.
    workshop.set("mini_heartbeat", "default", "off").await;
    let id = workshop.place("work", "again").await;
    workshop.beat().await;
    assert_eq!(workshop.run_all().await.len(), 1);
    assert_snapshot!(workshop.shown(&id).await, @"running: done-a success, done-b pending, done-c pending");
}

#[tokio::test]
async fn row_18_one_message_per_runner() {
    let workshop = Workshop::new("10: done-a, done-b");
    workshop.spawn().await;
    let (first, second) = (workshop.receive().await.unwrap(), workshop.receive().await.unwrap());
    assert_ne!(first.body, second.body);
    assert!(workshop.receive().await.is_none());
}

#[tokio::test]
async fn row_19_step_statuses() {
    let workshop = Workshop::new("10: done-a, skips-b, missing-c, invalid-d, broken-e allowed");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success, skips-b skipped (there was nothing to do), missing-c skipped (there is no file `a.csv`), invalid-d success with a warning (2 rows are odd), broken-e error for good (argument `x` is missing)");
}

#[tokio::test]
async fn row_20_pipeline_status_from_its_steps() {
    let mut statuses = Vec::new();
    for stages in
        ["10: done-a", "10: broken-a · 20: done-b", "10: skips-a", "10: broken-a allowed", "10: fails-a pause=5"]
    {
        let workshop = Workshop::new(stages);
        let id = workshop.place("work", "x").await;
        let before = workshop.pipeline(&id).await.status;
        workshop.beat().await;
        workshop.run_all().await;
        statuses.push(format!("{stages}: {before} → {}", workshop.pipeline(&id).await.status));
    }
    assert_snapshot!(statuses.join("\n"), @r"
    10: done-a: pending → success
    10: broken-a · 20: done-b: pending → error
    10: skips-a: pending → success
    10: broken-a allowed: pending → success
    10: fails-a pause=5: pending → running
    ");
}

#[tokio::test]
async fn row_21_expiry_of_pipelines_and_steps() {
    for attributes in ["expire-in=\"10 minutes\"", ""] {
        let expires = if attributes.is_empty() { " expires=10" } else { "" };
        let stages = format!("10: gate-a{expires} · 20: done-z always");
        let workshop = Workshop::with(&[xml("work", attributes, "no_auto_spawn", &stages)]);
        let id = workshop.spawn().await;
        // A runner takes it and dies.
        let message = workshop.receive().await.unwrap();
        let invocation = workshop.invocation();
        let run = crate::runner::run(&workshop.context, &message.body, &invocation);
        tokio::select! { biased; _ = run => panic!("the gate is shut"), () = workshop.gate.entered() => {} }
        workshop.wait(11);
        assert_eq!(workshop.beat().await.applied.expired, 1);
        workshop.run_all().await;
        workshop.beat().await;
        let pipeline = workshop.pipeline(&id).await;
        assert_eq!(pipeline.status.as_str(), "cancelled");
        assert_eq!(workshop.step(&id, "done-z").await.record.status, StepStatus::Success);
    }
}

#[tokio::test]
async fn row_23_maintenance_mode() {
    let workshop = Workshop::with(&[xml("work", "", "no_sibling_in_progress", "10: done-a · 20: done-b")]);
    assert_eq!(workshop.spawned().await, ["work"]);
    workshop.set("maintenance", "default", "on").await;
    // What is enqueued ends; nothing new begins.
    assert_eq!(workshop.run_all().await, [RunReport::Finished { status: StepStatus::Success }]);
    workshop.wait(1);
    let report = workshop.beat().await;
    assert_eq!((report.spawned.len(), report.applied.enqueued), (0, 0));
    workshop.set("maintenance", "default", "off").await;
    workshop.wait(1);
    assert_eq!(workshop.beat().await.applied.enqueued, 1);
}

#[tokio::test]
async fn row_24_init_by_hand() {
    let workshop = Workshop::new("10: done-a");
    assert!(workshop.spawned().await.is_empty());
    let arguments = [("since".to_owned(), "yesterday".to_owned())].into();
    let id = operate::init(&workshop.context, "work", arguments, "Ann", &workshop.invocation()).await.unwrap();
    let pipeline = workshop.pipeline(&id).await;
    assert_eq!((pipeline.spawned_by.as_str(), pipeline.arguments["since"].as_str()), ("Ann", "yesterday"));
}

#[tokio::test]
async fn row_31_step_log_per_attempt() {
    let workshop = Workshop::new("10: fails-a limit=2");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    workshop.wait(1);
    workshop.beat().await;
    workshop.run_all().await;
    let earlier = workshop.store().attempts(&id, &"fails-a".parse().unwrap()).await.unwrap();
    assert_eq!(earlier.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1]);
    assert!(earlier[0].log.contains("error: the shop did not answer"));
    assert!(workshop.step(&id, "fails-a").await.record.log.contains("error: the shop did not answer"));
}

#[tokio::test]
async fn row_32_working_directory() {
    let shop = super::shop::Shop::new();
    shop.drop_fruit().await;
    let id = shop.spawn().await;
    shop.workshop.run_one().await.unwrap().unwrap();
    let files = shop.workshop.store().files.list(&format!("work/{id}/"), None, 10).await.unwrap();
    assert!(files.iter().any(|file| file.key.ends_with("product-import_20260801-120000_01.csv")), "{files:?}");
}

#[tokio::test]
async fn row_36_message_and_process_of_a_step() {
    let workshop = Workshop::new("10: gate-a");
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    let invocation = workshop.invocation();
    let token = workshop.step(&id, "gate-a").await.record.token.unwrap().0;
    assert!(message.body.contains(&token), "the message names the enqueue");
    let run = crate::runner::run(&workshop.context, &message.body, &invocation);
    tokio::select! { biased; _ = run => panic!("the gate is shut"), () = workshop.gate.entered() => {} }
    assert_eq!(workshop.step(&id, "gate-a").await.record.owner, Some(invocation.id));
}

#[tokio::test]
async fn row_40_priority_between_pipelines() {
    let files =
        ["low", "normal", "high"].map(|name| xml(name, &format!("priority=\"{name}\""), "no_auto_spawn", "10: done-a"));
    let workshop = Workshop::with(&files);
    for name in ["low", "normal", "high"] {
        workshop.place(name, "x").await;
    }
    workshop.beat().await;
    let mut order = Vec::new();
    while let Some(message) = workshop.receive().await {
        order.push(message.receipt.priority);
    }
    assert_eq!(order, [Priority::High, Priority::Normal, Priority::Low]);
}

/// A condition that somebody registered, for pipelines and for steps alike.
struct ShopIsOpen;

#[async_trait::async_trait]
impl conditions::PipelineCondition for ShopIsOpen {
    fn name(&self) -> &'static str {
        "order_waits"
    }

    fn description(&self) -> &'static str {
        "an order waits"
    }

    async fn check(&self, question: &conditions::SpawnQuestion<'_>) -> store::Result<Answer> {
        let key = format!("order {}", question.arguments["number"]);
        let arguments = [("order".to_owned(), question.arguments["number"].clone())].into();
        Ok(Answer::Found(Found { key, at: question.pulse.until, arguments }))
    }
}

#[async_trait::async_trait]
impl conditions::StepCondition for ShopIsOpen {
    fn name(&self) -> &'static str {
        "shop_is_open"
    }

    fn description(&self) -> &'static str {
        "the shop is open"
    }

    async fn check(&self, question: &conditions::StepQuestion<'_>) -> store::Result<Answer> {
        let is_open = question.now.to_rfc3339().contains("T13:");
        Ok(if is_open { Answer::Met } else { Answer::Unmet("the shop opens at 13:00".to_owned()) })
    }
}

#[tokio::test]
async fn row_14_own_conditions_and_executors() {
    let condition =
        "<pipeline_condition type=\"order_waits\"><argument key=\"number\" value=\"17\"/></pipeline_condition>";
    let step = "<step name=\"done-a\" executorType=\"done\"><conditions><step_condition type=\"shop_is_open\"/></conditions></step>";
    let mut workshop = Workshop::with(&[]);
    let executors = super::executors::all(&workshop.gate);
    let files = [("own.xml".to_owned(), written("", condition, step).into_bytes())];
    workshop.context = crate::Context::new(
        workshop.context.store.clone(),
        crate::Executors::new(executors),
        conditions::Conditions::new(
            [Arc::new(ShopIsOpen) as Arc<dyn conditions::PipelineCondition>],
            [Arc::new(ShopIsOpen) as Arc<dyn conditions::StepCondition>],
        ),
        files,
        crate::Limits::default(),
    );
    assert_eq!(workshop.spawned().await, ["work"]);
    let id = workshop.store().latest_pipeline(&"work".parse().unwrap()).await.unwrap().id.unwrap();
    assert_eq!(workshop.pipeline(&id).await.arguments["order"], "17");
    let why = |world: &pipeline::facts::World, pipeline: &pipeline::Pipeline| {
        format!("{:?}", pipeline::plan::outlooks(pipeline, world, workshop.now()))
    };
    let pipeline = workshop.pipeline(&id).await;
    let world = crate::world::around(&workshop.context, &pipeline, workshop.now()).await.unwrap();
    assert_snapshot!(why(&world, &pipeline), @r#"[Waiting(["the shop opens at 13:00"])]"#);
    // The order was found again, and has its pipeline already.
    workshop.wait(60);
    assert!(workshop.spawned().await.is_empty());
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: done-a success");
}

#[test]
#[should_panic(expected = "condition `attempts_limit` is built in and cannot be registered")]
fn row_14_a_condition_of_ours_cannot_be_replaced() {
    struct Limit;
    #[async_trait::async_trait]
    impl conditions::StepCondition for Limit {
        fn name(&self) -> &'static str {
            "attempts_limit"
        }

        fn description(&self) -> &'static str {
            "wants to be ours"
        }

        async fn check(&self, _: &conditions::StepQuestion<'_>) -> store::Result<Answer> {
            Ok(Answer::Met)
        }
    }
    let _ = conditions::Conditions::new([], [Arc::new(Limit) as Arc<dyn conditions::StepCondition>]);
}

#[tokio::test]
async fn row_39_spawn_from_a_step() {
    let arguments = "<arguments><argument key=\"pipeline\" value=\"other\"/>\
                     <argument key=\"argument.shop\" value=\"de\"/></arguments>";
    let step = format!("<step name=\"spawn\" executorType=\"spawn_pipeline\">{arguments}</step>");
    let other = "<config><pipeline name=\"other\"><conditions><pipeline_condition type=\"no_auto_spawn\"/></conditions>\
                 <step name=\"wait\" executorType=\"wait\"><arguments><argument key=\"for\" value=\"1 minute\"/></arguments></step>\
                 </pipeline></config>";
    let workshop = Workshop::shipped();
    for (name, xml) in [("work.xml", written("", BY_HAND, &step)), ("other.xml", other.to_owned())] {
        workshop.store().files.put(&format!("pipelines/{name}"), xml.into()).await.unwrap();
    }
    let id = workshop.spawn().await;
    workshop.run_all().await;
    let spawned = workshop.store().latest_pipeline(&"other".parse().unwrap()).await.unwrap().id.unwrap();
    let spawned = workshop.pipeline(&spawned).await;
    assert_eq!(spawned.arguments["shop"], "de");
    assert_eq!(spawned.spawned_by, format!("step `spawn` of pipeline {id}"));
    assert_eq!(workshop.pipeline(&id).await.status.as_str(), "success");
}

#[tokio::test]
async fn row_39_pipelines_that_spawn_each_other_in_a_circle_come_to_an_end() {
    let arguments = "<arguments><argument key=\"pipeline\" value=\"work\"/></arguments>";
    let step = format!("<step name=\"spawn\" executorType=\"spawn_pipeline\">{arguments}</step>");
    let workshop = Workshop::shipped();
    workshop.store().files.put("pipelines/work.xml", written("", BY_HAND, &step).into()).await.unwrap();
    workshop.spawn().await;
    assert_eq!(workshop.run_all().await.len(), 17);
    let last = workshop.store().latest_pipeline(&"work".parse().unwrap()).await.unwrap().id.unwrap();
    assert_snapshot!(workshop.shown(&last).await, @"error: spawn error for good (pipeline `work` is the last of 16 that spawned each other; at most 16 may, in case they go in a circle)");
}

#[tokio::test]
async fn row_26_why_not_running() {
    let workshop = Workshop::new("10: fails-a limit=3 pause=5 · 20: done-b");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    let why = operate::why(&workshop.context, &id, workshop.now()).await.unwrap();
    let steps: Vec<String> = why.steps.iter().map(|step| format!("{}: {}", step.name, step.text)).collect();
    assert_snapshot!(steps.join("\n"), @r"
    fails-a: the next attempt waits until 2026-08-01T12:05:00Z (attempt 1 of 3 failed: the shop did not answer)
    done-b: step `fails-a` before it has not ended
    ");
}

#[tokio::test]
async fn row_22_cancel_pause_and_resume() {
    let workshop = Workshop::new("10: done-a · 20: done-b · 30: done-z always");
    let id = workshop.spawn().await;
    operate::pause(&workshop.context, &id, "Ann", &workshop.invocation()).await.unwrap();
    // What is enqueued ends, and nothing follows.
    assert_eq!(workshop.run_all().await.len(), 1);
    assert_snapshot!(workshop.shown(&id).await, @"paused: done-a success, done-b pending, done-z pending");
    workshop.wait(60);
    workshop.beat().await;
    assert!(workshop.run_all().await.is_empty());
    operate::resume(&workshop.context, &id, "Ann", &workshop.invocation()).await.unwrap();
    operate::cancel(&workshop.context, &id, "Ann", "Ann had enough", &workshop.invocation()).await.unwrap();
    workshop.run_all().await;
    workshop.beat().await;
    assert_snapshot!(workshop.shown(&id).await, @"cancelled: done-a success, done-b cancelled, done-z success");
}

#[tokio::test]
async fn row_25_process_a_step_by_hand() {
    let workshop = Workshop::new("10: fails-a limit=1 · 20: done-b");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"error: fails-a error (the shop did not answer), done-b cancelled");
    // Its attempts are used up, the step before it failed, and the pipeline has ended.
    let step = "done-b".parse().unwrap();
    operate::process_step(&workshop.context, &id, &step, "Ann", &workshop.invocation()).await.unwrap();
    workshop.run_all().await;
    workshop.beat().await;
    assert_snapshot!(workshop.shown(&id).await, @"error: fails-a error (the shop did not answer), done-b success");
}

#[tokio::test]
async fn row_33_data_between_steps() {
    let shop = super::shop::Shop::new();
    shop.drop_fruit().await;
    let id = shop.spawn().await;
    shop.workshop.run_all().await;
    let pipeline = shop.workshop.pipeline(&id).await;
    // A value in the step's item, and a file under the key of the attempt that committed.
    let validate = pipeline.steps.iter().find(|step| step.definition.name.as_str() == "validate").unwrap();
    let output = validate.record.output.as_ref().unwrap().to_string();
    let artifacts = shop.workshop.store().files.list(&format!("work/{id}/validate/1-"), None, 10).await.unwrap();
    assert!(!artifacts.is_empty() && artifacts.iter().any(|file| output.contains(&file.key)), "{output} {artifacts:?}");
    // The steps behind it worked with both.
    assert_eq!(pipeline.status.as_str(), "success");
}
