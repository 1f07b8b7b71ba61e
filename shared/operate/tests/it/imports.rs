//! The history of imports.

use pipeline::PipelineId;
use steps::import::history::ImportStatus;
use workshop::Workshop;

use operate::Error;

const HEADER: &str = "sku,attribute_set_code,product_type,name,price";

/// Drops a file of one product and lets a beat spawn its import.
async fn drop_one(workshop: &Workshop, identifier: &str, price: &str) -> PipelineId {
    let files = &workshop.store().files;
    let rows = format!("{HEADER}\nA-1,Default,simple,Apple,{price}\n");
    files.put(&format!("incoming/product-import_{identifier}_01.csv"), rows.into()).await.unwrap();
    files.put(&format!("incoming/product-import_{identifier}.ok"), "".into()).await.unwrap();
    let report = workshop.beat().await;
    let [spawned] = &report.spawned[..] else { panic!("one pipeline is to be spawned: {report:?}") };
    spawned.split(' ').nth(1).unwrap().parse().unwrap()
}

async fn status(workshop: &Workshop, reference: &str) -> ImportStatus {
    operate::import_named(&workshop.context, reference).await.unwrap().status
}

#[tokio::test]
async fn an_import_is_in_progress_until_it_is_reported() {
    let workshop = Workshop::running(steps::shipped());
    let id = drop_one(&workshop, "spring", "1.50").await;
    workshop.run_one().await.unwrap().unwrap();
    assert_eq!(status(&workshop, "spring").await, ImportStatus::InProgress);
    let row = operate::import_named(&workshop.context, "spring").await.unwrap();
    assert_eq!((row.pipeline.clone(), row.result), (id, None));
    workshop.run_all().await;
    assert_eq!(status(&workshop, "spring").await, ImportStatus::Imported);
}

#[tokio::test]
async fn the_latest_import_of_an_identifier_is_meant_and_each_is_listed() {
    let workshop = Workshop::running(steps::shipped());
    let mut ids = Vec::new();
    for price in ["1.50", "\"1,50\"", "2.50"] {
        ids.push(drop_one(&workshop, "spring", price).await);
        workshop.run_all().await;
        workshop.wait(60);
    }
    ids.reverse();
    assert_eq!(operate::import_named(&workshop.context, "spring").await.unwrap().pipeline, ids[0]);
    let first = operate::imports(&workshop.context, 2, None).await.unwrap();
    let rest = operate::imports(&workshop.context, 2, first.next.as_ref()).await.unwrap();
    let listed = first.imports.iter().chain(&rest.imports);
    assert_eq!(listed.map(|row| row.pipeline.clone()).collect::<Vec<_>>(), ids);
    let statuses: Vec<ImportStatus> = first.imports.iter().map(|row| row.status).collect();
    assert_eq!(statuses, [ImportStatus::Imported, ImportStatus::ImportedWithFindings]);
    // The bunch of the import before is found by its own id.
    let bunch = &first.imports[1].bunch;
    assert_eq!(operate::import_named(&workshop.context, bunch).await.unwrap().pipeline, ids[1]);
}

#[tokio::test]
async fn the_history_outlives_pipelines_and_their_files() {
    let workshop = Workshop::running(steps::shipped());
    let id = drop_one(&workshop, "spring", "\"1,50\"").await;
    workshop.run_all().await;
    workshop.set("clean_up.delete_files_after", "default", "1 day").await;
    workshop.set("clean_up.delete_after", "default", "1 day").await;
    workshop.wait(3 * 24 * 60);
    workshop.init("clean_up_pipelines").await;
    workshop.run_all().await;
    assert_eq!(workshop.store().pipeline_without_steps(&id).await.unwrap(), None);
    let row = operate::import_named(&workshop.context, id.as_str()).await.unwrap();
    assert_eq!(row.status, ImportStatus::ImportedWithFindings);
    let file = operate::ImportFile::Errors(None);
    let gone = operate::import_file(&workshop.context, &row, &file).await.unwrap_err();
    assert!(matches!(gone, Error::CleanedUp { .. }), "{gone}");
}

#[tokio::test]
async fn an_import_whose_pipeline_was_cancelled_has_failed() {
    let workshop = Workshop::running(steps::shipped());
    let id = drop_one(&workshop, "spring", "1.50").await;
    workshop.run_one().await.unwrap().unwrap();
    workshop.cancel(&id, "a test").await;
    workshop.run_all().await;
    assert_eq!(status(&workshop, "spring").await, ImportStatus::Failed);
}

#[tokio::test]
async fn the_setting_says_how_long_an_import_is_remembered() {
    let workshop = Workshop::running(steps::shipped());
    workshop.set("import.history_kept", "pipeline:catalog_import", "2 days").await;
    let id = drop_one(&workshop, "spring", "1.50").await;
    workshop.run_all().await;
    let key = store::table::Key::new("imports", id.as_str());
    let item = workshop.store().table.get(&key).await.unwrap().unwrap();
    let kept = item.expires_at.unwrap() - workshop.now();
    assert!((chrono::TimeDelta::hours(47)..=chrono::TimeDelta::days(2)).contains(&kept), "{kept}");
}
