//! Files are put into the bucket; the rest happens by itself.

use std::collections::{BTreeMap, BTreeSet};

use import::entity::product::Product;
use pipeline::PipelineStatus;
use serde_json::{Value, json};
use tests::seen;

use super::{Stack, eventually, localstack, now, variable};
use crate::bunches::{Files, assert_same_products, bunch, demo_catalogue, imported_on_one_machine};
use crate::systole::{Running, program};

#[tokio::test(flavor = "multi_thread")]
async fn files_in_the_bucket_become_products() {
    let stack = Stack::connect().await;
    let files = bunch("two-files");
    let begun = now();
    for (name, content) in &files {
        stack.put_object(&format!("incoming/{name}"), content);
    }

    let id = stack.spawned("catalog_import", begun).await;
    let ended = stack.ended(&id).await;

    assert_eq!(ended.status, PipelineStatus::Success, "{}", seen(&ended));
    assert!(ended.steps.iter().all(|step| step.record.attempt == 1), "{}", seen(&ended));
    for (name, _) in &files {
        assert!(stack.has_logged("INTAKE_FUNCTION", &format!("file `incoming/{name}` arrived")), "{name}");
    }
    // As the metric filter of `infra/alarms.yaml` reads it.
    let line = stack.logged("RUNNER_FUNCTION", &format!("import report of pipeline {id}"));
    assert!(line["fields"]["skipped_rows"].is_u64(), "{line}");
    assert_same_products(&products(&stack, &files).await, &imported_on_one_machine(&files).await);
    assert_is_archived(&stack, &id, &files, &["product-import_20260901-060000_01.csv"]).await;
    assert_no_message_is_left(&stack, &id);
    let mut details = program();
    details.args(["--aws", "pipeline", "details", &id.to_string()]);
    let details = Running::start(details).end();
    let report = format!("s3://{}/archive/{id}/report.txt", stack.bucket);
    assert!(details.stdout.contains(&report), "a path that can be copied: {details}");
}

/// The functions have no word for "the machine has burnt down"; this is what it looks like to them.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_outlives_the_runner_that_works_on_it() {
    let stack = Stack::connect().await;
    let files = renamed(&demo_catalogue(), "product-import", "surviving-import");
    // Its own definition, so that it neither waits for the other imports nor holds them up.
    stack.put_object("pipelines/surviving_import.xml", &surviving_import().into());
    let begun = now();
    for (name, content) in &files {
        stack.put_object(&format!("incoming/{name}"), content);
    }
    let id = stack.spawned("surviving_import", begun).await;
    let step = "import_products".parse().unwrap();
    let runner = eventually("the import has come to its first checkpoint", async || {
        let record = stack.store.step_record(&id, 80, &step).await.unwrap()?;
        record.progress.and(record.owner)
    })
    .await;

    localstack("kill-invocation", &[&variable("RUNNER_FUNCTION"), &runner]);

    let ended = stack.ended(&id).await;
    assert_eq!(ended.status, PipelineStatus::Success, "{}", seen(&ended));
    let attempts: BTreeMap<&str, u32> =
        ended.steps.iter().map(|step| (step.definition.name.as_str(), step.record.attempt)).collect();
    assert_eq!(attempts["import_products"], 2);
    assert!(attempts.iter().all(|(step, attempts)| *step == "import_products" || *attempts == 1), "{attempts:?}");
    assert!(stack.has_logged("HEARTBEAT_FUNCTION", "step ghosted"));
    let wanted = imported_on_one_machine(&demo_catalogue()).await;
    assert_same_products(&products(&stack, &files).await, &wanted);
    let totals = &ended.steps.last().unwrap().record.output.as_ref().unwrap()["totals"];
    assert_eq!(totals["skipped"], json!(0), "{totals}");
    let with_errors = ["surviving-import_20260801-120000_02.csv", "surviving-import_20260801-120000_04.csv"];
    assert_is_archived(&stack, &id, &files, &with_errors).await;
    assert_no_message_is_left(&stack, &id);
}

/// The catalogue's products that are in the files.
async fn products(stack: &Stack, files: &Files) -> BTreeMap<String, Product> {
    let mut keys = BTreeSet::new();
    for (_, content) in files.iter().filter(|(name, _)| name.ends_with(".csv")) {
        for row in csv::Reader::from_reader(content.as_ref()).records() {
            keys.insert(Product::key(&row.unwrap()[0]));
        }
    }
    let keys = Vec::from_iter(keys);
    let stored = catalog::own::things(stack.store.table.as_ref(), &keys).await.unwrap();
    stored.into_iter().filter_map(|(key, stored)| Some((key, stored.thing?))).collect()
}

/// `with_errors` names the files with wrong cells.
async fn assert_is_archived(stack: &Stack, id: &pipeline::PipelineId, files: &Files, with_errors: &[&str]) {
    let left = stack.list("incoming/").await;
    for (name, _) in files {
        assert!(!left.contains(&format!("incoming/{name}")), "{name} is still in the drop area");
    }
    let prefix = format!("archive/{id}/");
    let archived = BTreeSet::from_iter(stack.list(&prefix).await);
    let moved = files.iter().map(|(name, _)| format!("{prefix}files/{name}"));
    let reports = ["findings.jsonl", "report.html", "report.json", "report.txt"].map(|name| format!("{prefix}{name}"));
    // Each file with a wrong cell has one of its own.
    let folder = format!("{prefix}errors/");
    let (errors, archived): (BTreeSet<String>, BTreeSet<String>) =
        archived.into_iter().partition(|key| key.starts_with(&folder));
    assert_eq!(errors, with_errors.iter().map(|name| format!("{folder}{name}")).collect());
    assert_eq!(archived, moved.chain(reports).collect());
    let report = stack.store.files.get(&format!("{prefix}report.json"), None).await.unwrap().unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["is_imported"], json!(true));
}

/// Nothing that concerns the pipeline waits in a queue, and nothing lies in the dead letters.
fn assert_no_message_is_left(stack: &Stack, id: &pipeline::PipelineId) {
    for queue in ["STEP_QUEUE_HIGH_URL", "STEP_QUEUE_NORMAL_URL", "STEP_QUEUE_LOW_URL"] {
        let messages = stack.messages(&variable(queue));
        assert!(!messages.contains(id.as_str()), "{queue}: {messages}");
    }
    let dead = stack.messages(&stack.dead_letters_url);
    assert!(!dead.contains(id.as_str()), "{dead}");
}

/// The same files under another prefix.
fn renamed(files: &Files, from: &str, to: &str) -> Files {
    let rename = |(name, content): &(String, bytes::Bytes)| {
        let name = name.replace(from, to);
        // An ok file names the others.
        let is_ok = name.ends_with(".ok");
        let content = if is_ok { text(content).replace(from, to).into() } else { content.clone() };
        (name, content)
    };
    files.iter().map(rename).collect()
}

fn text(content: &bytes::Bytes) -> &str {
    std::str::from_utf8(content).unwrap()
}

/// The shipped definition under another name, without the pause of a minute after a failure.
fn surviving_import() -> String {
    let shipped = include_str!("../../../pipelines/catalog_import.xml");
    let mut changed = shipped
        .replace(r#"<pipeline name="catalog_import""#, r#"<pipeline name="surviving_import""#)
        .replace(
            r#"value="attribute-set-import attribute-import category-import product-import product-import-simple product-import-bundle product-import-additional-attribute catalog_product product-import-variant product-import-link custom-options""#,
            r#"value="surviving-import""#,
        )
        // Two steps take files of another name: the one that checks all kinds of files would know none of them.
        .replace(r#"executorType="validate" "#, r#"executorType="validate_products" "#)
        .replace(
            r#"<step name="import_products" executorType="import_products" sortOrder="80" description="Import the products"/>"#,
            r#"<step name="import_products" executorType="import_products" sortOrder="80" description="Import the products"><arguments><argument key="prefixes" value="surviving-import"/></arguments></step>"#,
        )
        .replace(
            r#"sortOrder="20" description="Check every row"/>"#,
            r#"sortOrder="20" description="Check every row"><arguments><argument key="prefixes" value="surviving-import"/></arguments></step>"#,
        );
    assert_eq!(changed.matches("surviving").count(), 4);
    let end_tag = "</step_condition>";
    while let Some(begin) = changed.find(r#"<step_condition type="time_between_attempts""#) {
        let end = begin + changed[begin..].find(end_tag).unwrap() + end_tag.len();
        changed.replace_range(begin..end, "");
    }
    changed
}
