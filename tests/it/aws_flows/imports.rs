//! A whole import, moved on by nothing but calls of the handlers.

use std::collections::BTreeSet;

use pipeline::PipelineStatus;
use serde_json::json;

use super::{Functions, event, invoked, only_spawned};
use crate::bunches::{assert_same_products, bunch, imported_on_one_machine};

#[tokio::test(flavor = "multi_thread")]
async fn dropped_files_become_products() {
    let functions = Functions::new().await;
    let files = bunch("two-files");
    for (name, content) in &files {
        functions.drop_file(name, content.clone()).await;
        let arrival = super::arrivals::arrival_of(&format!("incoming/{name}"));
        intake::handle(&functions.context, invoked(arrival)).await.unwrap();
    }
    assert_eq!(steps::import::arrivals::all(&functions.storage).await.unwrap().len(), files.len());

    let id = only_spawned(&functions.beat().await);
    let ended = functions.run(&id).await;

    assert_eq!(ended.status, PipelineStatus::Success);
    assert_eq!(functions.list("incoming/").await, Vec::<String>::new());
    let archived: BTreeSet<String> = files.iter().map(|(name, _)| format!("archive/{id}/files/{name}")).collect();
    assert_eq!(BTreeSet::from_iter(functions.list(&format!("archive/{id}/files/")).await), archived);
    let report = functions.storage.files.get(&format!("archive/{id}/report.json"), None).await.unwrap().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(
        report["totals"],
        json!({ "rows": 7, "created": 4, "updated": 2, "unchanged": 0, "deleted": 0, "skipped": 1 })
    );
    let products = catalog::own::all(functions.storage.table.as_ref()).await.unwrap();
    assert_same_products(&products, &imported_on_one_machine(&files).await);
    assert_eq!(functions.queued().await, 0);
    assert_eq!(functions.storage.queue.peek_dead_letters(10).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_files_again_change_nothing() {
    let functions = Functions::new().await;
    let files = bunch("two-files");
    let mut totals = Vec::new();
    for _ in 0..2 {
        for (name, content) in &files {
            functions.drop_file(name, content.clone()).await;
        }
        let id = only_spawned(&functions.beat().await);
        let ended = functions.run(&id).await;
        let report = ended.steps.last().unwrap().record.output.clone().unwrap();
        totals.push(report["totals"].clone());
    }
    assert_eq!(totals[0]["unchanged"], json!(0));
    assert_eq!(totals[1]["unchanged"], json!(6), "{totals:?}");
    assert_eq!(totals[1]["skipped"], json!(1), "{totals:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bunch_without_its_ok_file_waits_and_says_so() {
    let functions = Functions::new().await;
    let files = bunch("two-files");
    for (name, content) in files.iter().filter(|(name, _)| name.ends_with(".csv")) {
        functions.drop_file(name, content.clone()).await;
    }
    assert_eq!(functions.beat().await.spawned, Vec::<String>::new());
    for arrival in steps::import::arrivals::all(&functions.storage).await.unwrap() {
        let waits_for = arrival.waits_for.expect("it waits for something");
        assert!(waits_for.contains(".ok"), "{waits_for}");
    }
    let (name, content) = files.iter().find(|(name, _)| name.ends_with(".ok")).unwrap();
    functions.drop_file(name, content.clone()).await;
    only_spawned(&heartbeat::handle(&functions.context, invoked(event("tick"))).await.unwrap());
}
