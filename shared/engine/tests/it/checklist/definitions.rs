//! Rows 1 to 14: what a definition says, and the conditions that it asks for.

use std::sync::Arc;

use insta::assert_snapshot;
use pipeline::StepStatus;
use pipeline::facts::Answer;
use pipeline::facts::Discovery;

use super::{BY_HAND, written};
use engine::accepts::Accepts;
use engine::{Program, conditions};
use workshop::{Workshop, xml};

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
    workshop.cancel(&id, "Ann had enough").await;
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
        workshop::runner::run(&workshop.context, &message.body, &workshop.invocation()).await.unwrap();
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

/// A condition that somebody registered, for pipelines and for steps alike.
struct ShopIsOpen;

#[async_trait::async_trait]
impl conditions::RegisteredPipelineCondition for ShopIsOpen {
    fn name(&self) -> &'static str {
        "order_waits"
    }

    fn description(&self) -> &'static str {
        "an order waits"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Anything
    }

    async fn check(&self, question: &conditions::SpawnQuestion<'_>) -> store::Result<Answer> {
        let key = format!("order {}", question.arguments["number"]);
        let arguments = [("order".to_owned(), question.arguments["number"].clone())].into();
        Ok(Answer::Found(Discovery { key, at: question.pulse.until, arguments, things: Vec::new() }))
    }
}

#[async_trait::async_trait]
impl conditions::RegisteredStepCondition for ShopIsOpen {
    fn name(&self) -> &'static str {
        "shop_is_open"
    }

    fn description(&self) -> &'static str {
        "the shop is open"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Anything
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
    let program = Program::default().with_pipeline_condition(ShopIsOpen).with_step_condition(ShopIsOpen);
    let workshop = Workshop::extended(&[written("", condition, step)], program);
    assert_eq!(workshop.spawned().await, ["work"]);
    let id = workshop.store().latest_pipeline(&"work".parse().unwrap()).await.unwrap().id.unwrap();
    assert_eq!(workshop.pipeline(&id).await.arguments["order"], "17");
    let why = |around: &pipeline::facts::Facts, pipeline: &pipeline::Pipeline| {
        format!("{:?}", pipeline::plan::outlooks(pipeline, around, workshop.now()))
    };
    let pipeline = workshop.pipeline(&id).await;
    let around = engine::gather::around(&workshop.context, &pipeline, workshop.now()).await.unwrap();
    assert_snapshot!(why(&around, &pipeline), @r#"[Waiting(["the shop opens at 13:00"])]"#);
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
    impl conditions::RegisteredStepCondition for Limit {
        fn name(&self) -> &'static str {
            "attempts_limit"
        }

        fn description(&self) -> &'static str {
            "wants to be ours"
        }

        fn arguments(&self) -> Accepts {
            Accepts::Anything
        }

        async fn check(&self, _: &conditions::StepQuestion<'_>) -> store::Result<Answer> {
            Ok(Answer::Met)
        }
    }
    let _ = conditions::Conditions::new([], [], [Arc::new(Limit) as Arc<dyn conditions::RegisteredStepCondition>]);
}
