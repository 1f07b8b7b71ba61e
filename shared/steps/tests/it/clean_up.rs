//! The clean-up: what it packs and deletes and when, and that a crash leaves nothing half done.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use flate2::read::GzDecoder;
use insta::assert_snapshot;
use pipeline::{PipelineId, PipelineStatus, StepStatus};
use serde_json::json;
use store::pipelines::Spawned;

use super::dying_files::{Death, DyingFiles};
use workshop::Fault;
use workshop::runner;
use workshop::{NAME, Workshop, xml};

pub(crate) const WEEK_MINUTES: u64 = 7 * 24 * 60;

/// A workshop with what ships and a definition `work`.
pub(crate) async fn workshop() -> Workshop {
    let workshop = Workshop::running(steps::shipped());
    let work = xml(NAME, "use-working-directory=\"true\"", "no_auto_spawn", "10: fetch_data");
    workshop.store().files.put("pipelines/work.xml", Bytes::from(work)).await.unwrap();
    workshop
}

/// A pipeline that has ended now.
pub(crate) async fn ended(workshop: &Workshop, cause: &str) -> PipelineId {
    let id = workshop.place(NAME, cause).await;
    let pipeline = workshop.pipeline(&id).await;
    workshop.store().settle_pipeline(&pipeline, PipelineStatus::Success, workshop.now()).await.unwrap();
    id
}

/// Files of a pipeline as its steps leave them; one is larger than what is read at once, one has a long name.
pub(crate) async fn leave_files(workshop: &Workshop, id: &PipelineId) -> BTreeMap<String, Vec<u8>> {
    let long = format!("work/{id}/{}größe.csv", "a-folder-with-a-long-name/".repeat(5));
    let big: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    let files = [
        (format!("archive/{id}/files/a.csv"), b"sku\nA\n".to_vec()),
        (format!("archive/{id}/report.txt"), Vec::new()),
        (format!("work/{id}/step/1-ab/big.bin"), big),
        (long, b"long".to_vec()),
    ];
    for (key, content) in &files {
        workshop.store().files.put(key, Bytes::from(content.clone())).await.unwrap();
    }
    files.into()
}

/// Everything in the bucket but definitions, by key.
pub(crate) async fn keys(workshop: &Workshop) -> Vec<String> {
    let files = workshop.store().files.list("", None, 1_000).await.unwrap();
    files
        .into_iter()
        .map(|file| file.key)
        .filter(|key| !key.contains("definitions/") && !key.starts_with("pipelines/"))
        .collect()
}

/// What is in all packed files.
pub(crate) async fn unpacked(workshop: &Workshop) -> BTreeMap<String, Vec<u8>> {
    let mut contents = BTreeMap::new();
    for key in keys(workshop).await.iter().filter(|key| key.ends_with(".tar.gz")) {
        let packed = workshop.store().files.get(key, None).await.unwrap().unwrap();
        let mut archive = tar::Archive::new(GzDecoder::new(packed.as_ref()));
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            assert_eq!(contents.insert(path.clone(), content), None, "{path} is packed twice");
        }
    }
    contents
}

/// Asserts that the packed files hold these; their megabytes are not printed.
pub(crate) async fn assert_packed(workshop: &Workshop, files: &BTreeMap<String, Vec<u8>>, when: &str) {
    let packed = unpacked(workshop).await;
    assert_eq!(packed.keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>(), "{when}: other files are packed");
    for (key, content) in files {
        assert!(packed[key] == *content, "{when}: `{key}` is packed with another content");
    }
}

async fn clean_up(workshop: &Workshop) -> PipelineId {
    let id = workshop.init("clean_up_pipelines").await;
    workshop.run_all().await;
    id
}

/// What the steps of a clean-up left, in their order.
async fn outputs(workshop: &Workshop, id: &PipelineId) -> Vec<String> {
    let pipeline = workshop.pipeline(id).await;
    let shown = pipeline.steps.iter().map(|step| match (&step.record.output, &step.record.message) {
        (Some(output), None) => {
            format!("{} {} {}", output["pipelines"], output["files"], output["problems"])
        }
        (_, message) => format!("{} {}", step.record.status, message.clone().unwrap_or_default()),
    });
    shown.collect()
}

#[tokio::test]
async fn row_34_files_are_packed_then_deleted_and_the_pipeline_goes_last() {
    let workshop = workshop().await;
    workshop.set("clean_up.delete_after", "default", "40 weeks").await;
    let id = ended(&workshop, "a").await;
    let files = leave_files(&workshop, &id).await;
    workshop.wait(12 * WEEK_MINUTES);
    let young = clean_up(&workshop).await;
    assert_eq!(outputs(&workshop, &young).await, ["0 0 0", "0 0 0", "0 0 0"]);
    workshop.wait(2 * WEEK_MINUTES);
    let packing = clean_up(&workshop).await;
    assert_eq!(outputs(&workshop, &packing).await, ["1 4 0", "0 0 0", "0 0 0"]);
    assert_eq!(keys(&workshop).await, [format!("archive/{id}.tar.gz"), format!("archive/{id}.tar.gz.json")]);
    assert_packed(&workshop, &files, "once").await;
    workshop.wait(13 * WEEK_MINUTES);
    let deleting = clean_up(&workshop).await;
    assert_eq!(outputs(&workshop, &deleting).await[1], "1 2 0");
    assert_eq!(keys(&workshop).await, Vec::<String>::new());
    assert!(workshop.store().pipeline_without_steps(&id).await.unwrap().is_some());
    workshop.wait(14 * WEEK_MINUTES);
    let last = clean_up(&workshop).await;
    assert_eq!(outputs(&workshop, &last).await[2], "1 0 0");
    assert!(workshop.store().pipeline_without_steps(&id).await.unwrap().is_none());
    assert!(workshop.store().pipeline_with_steps(&packing).await.unwrap().is_some());
    let log = workshop.step(&last, "delete_pipelines").await.record.log;
    assert!(log.contains(&format!("pipeline `work` {id} deleted, it ended at 2026-08-01")), "{log}");
}

#[tokio::test]
async fn each_pipeline_is_cleaned_up_at_the_time_for_its_name() {
    let workshop = workshop().await;
    let other = xml("other", "", "no_auto_spawn", "10: fetch_data");
    workshop.store().files.put("pipelines/other.xml", Bytes::from(other)).await.unwrap();
    workshop.set("clean_up.delete_files_after", "pipeline:other", "never").await;
    workshop.set("clean_up.delete_after", "pipeline:other", "1 day").await;
    let kept = ended(&workshop, "a").await;
    let gone = workshop.place("other", "b").await;
    let pipeline = workshop.pipeline(&gone).await;
    workshop.store().settle_pipeline(&pipeline, PipelineStatus::Error, workshop.now()).await.unwrap();
    let open = workshop.place("other", "c").await;
    workshop.wait(3 * 24 * 60);
    clean_up(&workshop).await;
    assert!(workshop.store().pipeline_without_steps(&kept).await.unwrap().is_some());
    assert!(workshop.store().pipeline_without_steps(&gone).await.unwrap().is_none());
    assert!(workshop.store().pipeline_without_steps(&open).await.unwrap().is_some());
}

#[tokio::test]
async fn what_no_pipeline_has_taken_is_deleted_after_a_week() {
    let workshop = workshop().await;
    let put = async |key: &str| workshop.store().files.put(key, Bytes::from_static(b"sku\n")).await.unwrap();
    let left = async || {
        let mut left = Vec::new();
        for prefix in ["checks/", "definitions/configurations/"] {
            let files = workshop.store().files.list(prefix, None, 10).await.unwrap();
            left.extend(files.into_iter().map(|file| file.key));
        }
        left.join(", ")
    };
    let needed = [("folder", "checks/b2/"), ("configuration", "bbbbbbbbbbbbbbbbbbbbbbbb")];
    let mut new = workshop.new_pipeline(NAME, "a check").await;
    new.arguments = needed.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    workshop.store().spawn_pipeline(&new, workshop.now()).await.unwrap();
    for name in ["a1/product-import_x_01.csv", "b2/product-import_x_01.csv"] {
        put(&format!("checks/{name}")).await;
    }
    for digest in ["aaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbb"] {
        put(&format!("definitions/configurations/{digest}.json")).await;
    }
    workshop.wait(WEEK_MINUTES);
    put("checks/c3/product-import_x_01.csv").await;
    workshop.wait(60);
    let id = clean_up(&workshop).await;
    assert_eq!(outputs(&workshop, &id).await[1], "0 2 0");
    // One was put an hour ago, the others belong to a pipeline that has not begun.
    assert_snapshot!(left().await, @"checks/b2/product-import_x_01.csv, checks/c3/product-import_x_01.csv, definitions/configurations/bbbbbbbbbbbbbbbbbbbbbbbb.json");
}

#[tokio::test]
async fn a_clean_up_that_is_switched_off_is_skipped() {
    let workshop = workshop().await;
    for name in ["clean_up.compress_after", "clean_up.delete_files_after", "clean_up.delete_after"] {
        workshop.set(name, "default", "never").await;
    }
    let id = clean_up(&workshop).await;
    assert_snapshot!(workshop.shown(&id).await, @"success: compress_pipeline_data skipped (the setting `clean_up.compress_after` is `never` for all pipelines), delete_pipeline_data skipped (the setting `clean_up.delete_files_after` is `never` for all pipelines), delete_pipelines skipped (the setting `clean_up.delete_after` is `never` for all pipelines)");
}

#[tokio::test]
async fn many_pipelines_are_cleaned_up_page_by_page_in_short_invocations() {
    let workshop = workshop().await;
    workshop.set("clean_up.delete_files_after", "default", "never").await;
    workshop.set("clean_up.delete_after", "default", "1 week").await;
    for number in 0..230 {
        ended(&workshop, &number.to_string()).await;
        // Over three months.
        workshop.wait(9 * 60);
    }
    workshop.wait(2 * WEEK_MINUTES);
    let id = workshop.init("clean_up_pipelines").await;
    let mut continued = 0;
    while let Some(message) = workshop.receive().await {
        // So short that there is time for nothing, every other time.
        let seconds = if continued % 2 == 0 { 5 } else { 60 };
        let invocation = workshop.invocation_of(std::time::Duration::from_secs(seconds));
        runner::run(&workshop.context, &message.body, &invocation).await.unwrap();
        continued += 1;
    }
    assert_eq!(outputs(&workshop, &id).await[2], "230 0 0");
    assert!(continued >= 4, "{continued}");
    assert_eq!(workshop.store().ended_pipelines(1_000, 12, workshop.now()).await.unwrap(), [id]);
}

#[tokio::test]
async fn what_a_deleted_pipeline_was_spawned_for_spawns_no_other() {
    let workshop = workshop().await;
    workshop.set("clean_up.delete_files_after", "default", "never").await;
    workshop.set("clean_up.delete_after", "default", "1 week").await;
    let mut new = workshop.new_pipeline(NAME, "a bunch").await;
    new.found = vec!["bunch 7".to_owned()];
    workshop.store().spawn_pipeline(&new, workshop.now()).await.unwrap();
    let pipeline = workshop.pipeline(&new.id).await;
    workshop.store().settle_pipeline(&pipeline, PipelineStatus::Success, workshop.now()).await.unwrap();
    workshop.wait(2 * WEEK_MINUTES);
    clean_up(&workshop).await;
    assert!(workshop.store().pipeline_without_steps(&new.id).await.unwrap().is_none());
    assert_eq!(workshop.store().spawn_pipeline(&new, workshop.now()).await.unwrap(), Spawned::Existed);
}

/// Runs whatever is left after a crash to its end.
pub(crate) async fn recover(workshop: &Workshop) {
    for _ in 0..6 {
        workshop.wait(6);
        workshop.beat().await;
        workshop.run_all().await;
    }
}

#[tokio::test]
async fn packing_that_dies_at_any_change_of_a_file_loses_and_doubles_none() {
    let mut deaths = 0;
    for death in [Death::Before, Death::After] {
        for changes in workshop::every_write() {
            let workshop = workshop().await;
            let id = ended(&workshop, "a").await;
            let files = leave_files(&workshop, &id).await;
            workshop.wait(14 * WEEK_MINUTES);
            workshop.init("clean_up_pipelines").await;
            let message = workshop.receive().await.unwrap();
            let dying = DyingFiles::at(workshop.store().files.clone(), changes, death);
            let mut context = workshop.context.clone();
            context.store.files = Arc::new(dying.clone());
            let invocation = workshop.invocation();
            tokio::select! {
                biased;
                () = dying.dead.notified() => {}
                _ = runner::run(&context, &message.body, &invocation) => {}
            }
            deaths += usize::from(dying.has_died());
            recover(&workshop).await;
            assert_packed(&workshop, &files, &format!("dead {death:?} {changes} changes")).await;
            assert_eq!(keys(&workshop).await, [format!("archive/{id}.tar.gz"), format!("archive/{id}.tar.gz.json")]);
            if !dying.has_died() {
                break;
            }
        }
    }
    // The packed file, its index and four deletes, before and after each.
    assert_eq!(deaths, 2 * 6);
}

#[tokio::test]
async fn a_deletion_that_fails_at_any_write_is_finished_the_next_time() {
    let mut faults = 0;
    for fault in [Fault::Refused, Fault::ReplyLost, Fault::DeadBefore, Fault::DeadAfter] {
        for write in workshop::every_write() {
            let workshop = workshop().await;
            workshop.set("clean_up.delete_files_after", "default", "never").await;
            workshop.set("clean_up.delete_after", "default", "1 week").await;
            let id = workshop.init(NAME).await;
            workshop.run_all().await;
            assert_eq!(workshop.step(&id, "fetch_data").await.record.status, StepStatus::Success);
            workshop.wait(2 * WEEK_MINUTES);
            workshop.table.arm(fault, &format!("pipeline/{id}"), write);
            workshop.init("clean_up_pipelines").await;
            tokio::select! {
                biased;
                () = workshop.table.dead.notified() => {}
                () = async { workshop.run_all().await; } => {}
            }
            if !workshop.table.is_spent() {
                break;
            }
            faults += 1;
            recover(&workshop).await;
            let partition = store::keys::pipeline_partition(&id);
            let left = workshop.store().table.query(&store::table::Query::prefix(partition, "")).await.unwrap();
            assert_eq!(left.entries, [], "{fault:?} {write}");
        }
    }
    // The mark, the step and the pipeline itself, in four ways.
    assert!(faults >= 4 * 3, "{faults}");
}

#[tokio::test]
async fn a_pipeline_that_is_being_deleted_is_gone_for_everybody() {
    let workshop = workshop().await;
    workshop.set("clean_up.delete_files_after", "default", "never").await;
    workshop.set("clean_up.delete_after", "default", "1 week").await;
    let id = ended(&workshop, "a").await;
    workshop.wait(2 * WEEK_MINUTES);
    // The mark goes well, and the delete of the pipeline itself, which comes last, fails.
    workshop.table.arm(Fault::Forbidden, &format!("pipeline/{id}"), 1);
    let cleaning = clean_up(&workshop).await;
    assert!(workshop.table.is_spent());
    assert_snapshot!(outputs(&workshop, &cleaning).await[2], @"success 1 pipelines could not be cleaned up; the log names them");
    assert!(workshop.store().pipeline_with_steps(&id).await.unwrap().is_none());
    assert!(workshop.store().pipeline_without_steps(&id).await.unwrap().is_none());
    assert!(workshop.store().pipelines_without_steps(std::slice::from_ref(&id)).await.unwrap().is_empty());
    assert_eq!(outputs(&workshop, &clean_up(&workshop).await).await[2], "1 0 0");
}

#[tokio::test]
async fn the_clean_up_of_the_original_loads_and_runs() {
    let workshop = workshop().await;
    let step = |name: &str, class: &str, order: u32| {
        format!(
            r#"<step name="{name}" executorType="TechDivision\ProcessPipelines\Model\Executor\{class}" sortOrder="{order}" description="" expireIn="2 hours"><conditions><step_condition type="TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit5" description=""/><step_condition type="TechDivision\ProcessPipelines\Helper\Condition\Step\PreviousStepsCompleted" description=""/></conditions></step>"#
        )
    };
    let steps = [("a", "CompressExecutor", 10), ("b", "DeleteExecutor", 20), ("c", "DeletePipelineExecutor", 30)];
    let steps: String = steps.into_iter().map(|(name, class, order)| step(name, class, order)).collect();
    let xml = format!(
        r#"<config><pipeline name="theirs" description="Clean up" use-working-directory="true" expire-in="2 hours"><conditions><pipeline_condition type="TechDivision\ProcessPipelines\Helper\Condition\Pipeline\NoAutoSpawn" description=""/></conditions>{steps}</pipeline></config>"#
    );
    workshop.store().files.put("pipelines/theirs.xml", Bytes::from(xml)).await.unwrap();
    workshop.set("clean_up.delete_after", "default", "never").await;
    let id = workshop.init("theirs").await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"success: a success, b success, c skipped (the setting `clean_up.delete_after` is `never` for all pipelines)");
    assert_eq!(
        workshop.step(&id, "a").await.record.output,
        Some(json!({"pipelines": 0, "files": 0, "size_bytes": 0, "problems": 0}))
    );
}

#[tokio::test]
async fn the_clean_up_comes_at_its_time() {
    let workshop = workshop().await;
    assert!(workshop.beat().await.spawned.is_empty());
    workshop.wait(24 * 60);
    let spawned = workshop.beat().await.spawned;
    assert!(spawned.len() == 1 && spawned[0].starts_with("clean_up_pipelines "), "{spawned:?}");
}

#[tokio::test]
async fn the_heartbeat_cancels_what_is_open_for_too_long() {
    let workshop = Workshop::new("10: done-a");
    workshop.set("clean_up.cancel_after", "pipeline:work", "2 days").await;
    let id = workshop.spawn().await;
    // Nobody takes its message.
    let _message = workshop.receive().await.unwrap();
    workshop.wait(2 * 24 * 60 - 1);
    assert_eq!(workshop.beat().await.applied.expired, 0);
    workshop.wait(2);
    assert_eq!(workshop.beat().await.applied.expired, 1);
    assert_snapshot!(
        workshop.pipeline(&id).await.stop.unwrap().reason,
        @"the pipeline is open for longer than 2 days, the setting `clean_up.cancel_after`"
    );
    assert_eq!(workshop.pipeline(&id).await.status, PipelineStatus::Cancelled);
}
