//! What the original can do, row by row of `docs/CHECKLIST.md`, as far as it takes what ships; each test is named after
//! its row.

use insta::assert_snapshot;
use workshop::Workshop;

use crate::shop::Shop;

/// A pipeline that is spawned by hand, as XML.
fn written(step: &str) -> String {
    format!(
        "<config><pipeline name=\"work\"><conditions><pipeline_condition type=\"no_auto_spawn\"/></conditions>\
         {step}</pipeline></config>"
    )
}

#[tokio::test]
async fn row_09_arguments_from_a_condition() {
    let shop = Shop::new();
    shop.drop_fruit().await;
    let id = shop.spawn().await;
    let pipeline = shop.workshop.pipeline(&id).await;
    assert!(pipeline.arguments["bunch"].contains("product-import_20260801-120000_01.csv"));
}

#[tokio::test]
async fn row_32_working_directory() {
    let shop = Shop::new();
    shop.drop_fruit().await;
    let id = shop.spawn().await;
    shop.workshop.run_one().await.unwrap().unwrap();
    let files = shop.workshop.store().files.list(&format!("work/{id}/"), None, 10).await.unwrap();
    assert!(files.iter().any(|file| file.key.ends_with("product-import_20260801-120000_01.csv")), "{files:?}");
}

#[tokio::test]
async fn row_33_data_between_steps() {
    let shop = Shop::new();
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

#[tokio::test]
async fn row_39_spawn_from_a_step() {
    let arguments = "<arguments><argument key=\"pipeline\" value=\"other\"/>\
                     <argument key=\"argument.shop\" value=\"de\"/></arguments>";
    let step = format!("<step name=\"spawn\" executorType=\"spawn_pipeline\">{arguments}</step>");
    let other = "<config><pipeline name=\"other\"><conditions><pipeline_condition type=\"no_auto_spawn\"/></conditions>\
                 <step name=\"wait\" executorType=\"wait\"><arguments><argument key=\"for\" value=\"1 minute\"/></arguments></step>\
                 </pipeline></config>";
    let workshop = Workshop::running(steps::shipped());
    for (name, xml) in [("work.xml", written(&step)), ("other.xml", other.to_owned())] {
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
    let workshop = Workshop::running(steps::shipped());
    workshop.store().files.put("pipelines/work.xml", written(&step).into()).await.unwrap();
    workshop.spawn().await;
    assert_eq!(workshop.run_all().await.len(), 17);
    let last = workshop.store().latest_pipeline(&"work".parse().unwrap()).await.unwrap().id.unwrap();
    assert_snapshot!(workshop.shown(&last).await, @"error: spawn error for good (pipeline `work` is the last of 16 that spawned each other; at most 16 may, in case they go in a circle)");
}
