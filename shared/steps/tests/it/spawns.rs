//! Steps that spawn pipelines: exactly one, whatever happens to the step.

use insta::assert_snapshot;
use pipeline::PipelineId;

use engine::Program;
use engine::runner::RunReport;
use steps::general::spawn_pipeline::SpawnPipeline;
use workshop::Fault;
use workshop::{Workshop, xml};

/// A workshop whose pipeline `work` spawns the pipeline `child`.
fn workshop(step: &str, child: &str) -> Workshop {
    let work = format!("10: spawn_pipeline-a pipeline=child {step} · 20: done-b");
    spawning(&[xml("work", "", "no_auto_spawn", &work), xml("child", "", "no_auto_spawn", child)])
}

/// A workshop with these definitions, whose steps can spawn pipelines.
fn spawning(definitions: &[String]) -> Workshop {
    Workshop::extended(definitions, Program::default().with_executor(SpawnPipeline))
}

/// All pipelines of the name `child`.
async fn children(workshop: &Workshop) -> Vec<PipelineId> {
    let store = workshop.store();
    let mut ids: Vec<PipelineId> = store.open_pipelines(100).await.unwrap().into_iter().map(|open| open.id).collect();
    ids.extend(store.ended_pipelines(100, 1, workshop.now()).await.unwrap());
    let pipelines = store.pipelines_without_steps(&ids).await.unwrap();
    pipelines.into_iter().filter(|pipeline| pipeline.name().as_str() == "child").map(|child| child.id).collect()
}

#[tokio::test]
async fn a_step_spawns_a_pipeline_with_arguments_and_names_it() {
    let workshop = workshop("argument.channel=web argument.from=store+1 limit=1", "10: done-a");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    let [child] = &children(&workshop).await[..] else { panic!("not one") };
    assert_eq!(workshop.step(&id, "spawn_pipeline-a").await.record.output.unwrap(), child.as_str());
    let child = workshop.pipeline(child).await;
    assert_eq!(
        child.arguments.into_iter().collect::<Vec<_>>(),
        [("channel", "web"), ("from", "store 1"), ("spawn_depth", "1")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
    );
    assert_eq!(child.spawned_by, format!("step `spawn_pipeline-a` of pipeline {id}"));
    assert_snapshot!(workshop.shown(&child.id).await, @"success: done-a success");
    assert_snapshot!(workshop.shown(&id).await, @"success: spawn_pipeline-a success, done-b success");
}

#[tokio::test]
async fn a_step_that_waits_ends_with_the_pipeline_that_it_spawned() {
    let workshop = workshop("wait=true limit=1", "10: naps-a");
    let id = workshop.spawn().await;
    assert_eq!(workshop.run_all().await, [RunReport::Continued, RunReport::Continued]);
    workshop.wait(1);
    assert_eq!(workshop.run_all().await, [RunReport::Continued]);
    assert_snapshot!(workshop.shown(&id).await, @"running: spawn_pipeline-a enqueued, done-b pending");
    for _ in 0..2 {
        workshop.wait(1);
        workshop.run_all().await;
    }
    assert_snapshot!(workshop.shown(&id).await, @"success: spawn_pipeline-a success, done-b success");
    assert_eq!(workshop.step(&id, "spawn_pipeline-a").await.record.attempt, 1);
}

#[tokio::test]
async fn a_step_that_waits_fails_with_its_pipeline_and_its_retry_spawns_no_other() {
    let workshop = workshop("wait=true limit=2", "10: broken-a");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    workshop.wait(1);
    workshop.run_all().await;
    workshop.beat().await;
    workshop.run_all().await;
    let [child] = &children(&workshop).await[..] else { panic!("not one") };
    assert_snapshot!(workshop.shown(&id).await.replace(child.as_str(), "…"), @"error: spawn_pipeline-a error 2 (pipeline `child` … ended, it is error), done-b cancelled");
}

#[tokio::test]
async fn a_step_that_cannot_spawn_says_why() {
    let stages =
        "10: spawn_pipeline-a limit=3, spawn_pipeline-b pipeline=no+name, spawn_pipeline-d pipeline=work wait=perhaps";
    let workshop = spawning(&[xml("work", "", "no_auto_spawn", stages)]);
    assert_snapshot!(workshop.beat().await.problems.join("\n"), @r#"
    0.xml:1:143: step `spawn_pipeline-a`: the argument `pipeline` is missing; expected the name of its definition, as name of a pipeline (example: `nightly_check`); or `from="pipeline"`, if that hands it on
    0.xml:1:484: step `spawn_pipeline-b`: argument `pipeline`: `no name` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    0.xml:1:740: step `spawn_pipeline-d`: argument `wait`: `perhaps` is neither `true` nor `false`
    "#);

    // Whether there is a pipeline of the name shows when it is to be spawned.
    let stages = "10: spawn_pipeline-c pipeline=chidl limit=3";
    let workshop = spawning(&[xml("work", "", "no_auto_spawn", stages)]);
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"error: spawn_pipeline-c error for good (there is no pipeline definition `chidl` (known: work))");
}

#[tokio::test]
async fn one_pipeline_is_spawned_whatever_write_is_disturbed() {
    for fault in [Fault::DeadBefore, Fault::DeadAfter, Fault::Refused, Fault::ReplyLost, Fault::Repeated] {
        for after in workshop::every_write() {
            let workshop = workshop("wait=true limit=4", "10: done-a limit=4");
            let id = workshop.place("work", "a cause").await;
            workshop.table.arm(fault, "", after);
            workshop.live().await;
            let disturbed = format!("{fault:?} at write {after}");
            let [child] = &children(&workshop).await[..] else { panic!("not one child, {disturbed}") };
            assert!(workshop.shown(child).await.starts_with("success: done-a success"), "{disturbed}");
            let shown = workshop.shown(&id).await;
            assert!(shown.starts_with("success: spawn_pipeline-a success"), "{shown}, {disturbed}");
            if !workshop.table.is_spent() {
                assert!(after > 15, "only {after} writes");
                break;
            }
        }
    }
}
