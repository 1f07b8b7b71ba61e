//! What came of an import: every finding is kept, and the rows that failed come back to be corrected.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use pipeline::{PipelineId, PipelineStatus};
use serde_json::Value;
use steps::import::archive;
use workshop::Fault;

use super::samples::report as sample;
use super::shop::{APPLE, HEADER, PEAR, Shop};

const FILE: &str = "product-import_t_01.csv";

impl Shop {
    /// Imports one file of products.
    async fn import_file(&self, text: &str) -> PipelineId {
        self.drop_file(FILE, text.to_owned()).await;
        self.drop_file("product-import_t.ok", "").await;
        self.import().await
    }

    /// A file of the archive of a pipeline.
    async fn archived(&self, id: &PipelineId, name: &str) -> Option<String> {
        let key = format!("{}{name}", archive::prefix(id));
        let bytes = self.workshop.store().files.get(&key, None).await.unwrap()?;
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// The lines of all findings.
    async fn lines_of_findings(&self, id: &PipelineId) -> BTreeSet<u64> {
        let findings = self.archived(id, "findings.jsonl").await.unwrap_or_default();
        findings.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["line"].as_u64().unwrap()).collect()
    }

    async fn errors(&self, id: &PipelineId) -> String {
        self.archived(id, &format!("errors/{FILE}")).await.expect("there are rows to correct")
    }
}

#[tokio::test]
async fn every_one_of_five_hundred_wrong_rows_is_in_the_report_and_in_the_file_to_correct() {
    let shop = Shop::new();
    let file = sample(&format!("imports/more-than-100-findings/drop1/{FILE}"));
    let id = shop.import_file(&file).await;
    let all: BTreeSet<u64> = (2..=501).collect();
    assert_eq!(shop.lines_of_findings(&id).await, all);
    let report = shop.report(&id).await;
    let in_report = report["findings"].as_array().unwrap().iter().map(|finding| finding["line"].as_u64().unwrap());
    assert_eq!(in_report.collect::<BTreeSet<_>>(), all);
    let kept = &report["files"][FILE];
    assert_eq!((&kept["skipped"], kept["findings"].as_array().unwrap().len()), (&Value::from(500), 100));
    let errors = shop.errors(&id).await;
    assert_eq!(errors.lines().count(), 501);
    assert_snapshot!(errors.lines().nth(500).unwrap(), @r#"501,price,"column `price`: `abc` is not a number (expected digits with a decimal point, such as `1019.99`)",ERR-499,Default,simple,Err 499,abc,1"#);
    let text = shop.archived(&id, "report.txt").await.unwrap();
    assert!(text.contains("and 400 more findings; findings.jsonl has all of them"), "{text}");
}

#[tokio::test]
async fn a_file_to_correct_is_dropped_again_when_it_is_corrected_and_nothing_else_changes() {
    let shop = Shop::new();
    let header = format!("{HEADER},description");
    let wrong = "B-1,Default,simple,base,Bread,\"1,20\",3,Default Category,+49 170 1234567";
    let formula = "C-1,Default,simple,base,\"=Cake, \"\"big\"\"\",\"2,20\",-5.00,Default Category,\"two\nlines\"";
    let ragged = "D-1,Default";
    let id = shop.import_file(&format!("{header}\n{APPLE},\n{wrong}\n{formula}\n{PEAR},\n{ragged}\n")).await;
    assert_snapshot!(shop.totals(&id).await, @"2 created, 0 deleted, 5 rows, 3 skipped, 0 unchanged, 0 updated");
    let errors = shop.errors(&id).await;
    assert_snapshot!(errors.trim_start_matches('\u{feff}'), @r#"
    error_line,error_column,error_message,sku,attribute_set_code,product_type,product_websites,name,price,qty,categories,description
    3,price,"column `price`: `1,20` is not a number (expected digits with a decimal point, such as `1019.99`)",B-1,Default,simple,base,Bread,"1,20",3,Default Category,'+49 170 1234567
    4,price,"column `price`: `2,20` is not a number (expected digits with a decimal point, such as `1019.99`)",C-1,Default,simple,base,"'=Cake, ""big""","2,20",-5.00,Default Category,"two
    lines"
    7,,"expected 9 columns, found 2",D-1,Default
    "#);

    shop.workshop.wait(60);
    let corrected = errors.replace("\"1,20\"", "1.20").replace("\"2,20\"", "2.20");
    let id = shop.import_file(&corrected).await;
    assert_snapshot!(shop.totals(&id).await, @"2 created, 0 deleted, 3 rows, 1 skipped, 0 unchanged, 0 updated");
    let report = shop.report(&id).await;
    assert_eq!(report["files"][FILE].get("unknown_columns"), None);
    let left = shop.left(&id).await;
    let json = |sku: &str| serde_json::to_value(&left.products[sku]).unwrap().to_string();
    assert!(json("b-1").contains("\"+49 170 1234567\""), "{}", json("b-1"));
    assert!(json("c-1").contains(r#"=Cake, \"big\""#) && json("c-1").contains("-5"), "{}", json("c-1"));
    // What was not corrected comes back, and the added columns are there once.
    let again = shop.errors(&id).await;
    assert_snapshot!(again.trim_start_matches('\u{feff}'), @r#"
    error_line,error_column,error_message,sku,attribute_set_code,product_type,product_websites,name,price,qty,categories,description
    5,,"expected 12 columns, found 5",D-1,Default
    "#);
}

#[tokio::test]
async fn a_row_whose_quotes_are_broken_comes_back_as_one_cell() {
    let shop = Shop::new();
    let id = shop.import_file("sku;name\r\nA-1;\"in\"ch\"\r\nB-1;\"x\"\r\n").await;
    assert_snapshot!(shop.errors(&id).await.trim_start_matches('\u{feff}'), @r#"
    error_line;error_column;error_message;sku;name
    2;;"the quoted cell in column `name` goes on behind its closing quote; is a quote inside of the cell not doubled (`""""`)?";"A-1;""in""ch"""
    3;attribute_set_code;column `attribute_set_code`: is needed because product `B-1` is new;B-1;x
    "#);
}

#[tokio::test]
async fn an_import_of_which_nothing_comes_is_no_plain_success() {
    let mut told = Vec::new();
    for case in ["56-drop1", "70-drop1"] {
        let shop = Shop::new();
        let id = shop.import_file(&sample(&format!("imports/all-rows-skipped/{case}/{FILE}"))).await;
        assert_eq!(shop.workshop.pipeline(&id).await.status, PipelineStatus::Success);
        let report = shop.report(&id).await;
        told.push(format!("{}, {}", report["verdict"], report["to_look_at"]));
    }
    assert_snapshot!(told.join("\n"), @r#"
    "nothing came of it: all 3 rows were skipped", 3
    "nothing came of it: all 2 rows were skipped", 2
    "#);
}

#[tokio::test]
async fn an_unknown_column_is_a_warning_of_the_steps() {
    let shop = Shop::new();
    let id = shop.import_file(&format!("{HEADER},prize\n{APPLE},7\n")).await;
    let shown = shop.workshop.shown(&id).await;
    let warned: Vec<&str> = shown.split(", ").filter(|step| step.contains("with a warning")).collect();
    assert_snapshot!(warned.join("\n"), @"
    validate success with a warning (column `prize` is unknown and was left out; the report names it)
    import_products success with a warning (column `prize` is unknown and was left out; the report names it)
    ");
}

#[tokio::test]
async fn a_file_that_never_ends_behind_a_hundred_findings_is_refused_at_its_line_before_the_first_write() {
    let shop = Shop::new();
    let id = shop.import_file(&sample(&format!("imports/broken-file-behind-100-findings/82-drop1/{FILE}"))).await;
    assert_eq!(shop.workshop.pipeline(&id).await.status, PipelineStatus::Error);
    assert!(shop.left(&id).await.products.is_empty());
    let report = shop.report(&id).await;
    assert_eq!(report["is_imported"], false);
    assert!(shop.lines_of_findings(&id).await.contains(&2622));
    let text = shop.archived(&id, "report.txt").await.unwrap();
    assert!(text.contains(&format!("{FILE}:2622: ")), "{text}");
    // What comes before the broken line can be corrected.
    assert!(shop.errors(&id).await.lines().count() > 100);
}

#[tokio::test]
async fn more_findings_than_are_bearable_fail_the_import_before_the_first_write() {
    let shop = Shop::new();
    let file = format!("{HEADER}\n{APPLE}\nB-1,Default,simple\nC-1,Default,simple\n");
    shop.workshop.set("import.bearable_findings", "pipeline:catalog_import", "1").await;
    let id = shop.import_file(&file).await;
    assert_eq!(shop.workshop.pipeline(&id).await.status, PipelineStatus::Error);
    assert!(shop.left(&id).await.products.is_empty());
    let shown = shop.workshop.shown(&id).await;
    assert_snapshot!(shown.split(", import_").next().unwrap(), @"error: move_files success, validate error for good (2 of 3 rows were skipped: there are 2 findings, and the setting `import.bearable_findings` bears 1), index_suspend cancelled");

    shop.workshop.set("import.bearable_findings", "pipeline:catalog_import", "2").await;
    shop.workshop.wait(60);
    let id = shop.import_file(&(file + "\n")).await;
    assert_eq!(shop.workshop.pipeline(&id).await.status, PipelineStatus::Success);
}

#[tokio::test]
async fn an_import_that_stops_half_way_tells_what_it_has_done() {
    let shop = Shop::new();
    shop.drop_many().await;
    let id = shop.spawn().await;
    // The catalogue takes the first block and no more.
    shop.workshop.table.arm(Fault::Forbidden, "catalog/", 1_010);
    shop.workshop.run_all().await;
    let report = shop.report(&id).await;
    assert_eq!((&report["is_imported"], &report["is_complete"]), (&Value::from(true), &Value::from(false)));
    let text = shop.archived(&id, "report.txt").await.unwrap();
    assert_snapshot!(text.lines().next().unwrap().replace(&id.to_string(), "ID"), @"catalog_import ID: import that stopped before its end");
}

#[tokio::test]
async fn dying_runners_neither_lose_nor_repeat_a_finding() {
    let rows: Vec<String> = (0..2_300).map(|n| format!("S-{n},Default,simple,base,Thing {n},\"1,5\",1,")).collect();
    let file = format!("{HEADER}\n{}\n", rows.join("\n"));
    let undisturbed = Shop::new();
    let id = undisturbed.import_file(&file).await;
    let expected = undisturbed.archived(&id, "findings.jsonl").await.unwrap();
    let errors = undisturbed.errors(&id).await;
    assert_eq!(undisturbed.lines_of_findings(&id).await, (2..=2_301).collect());
    for polls in [40, 90, 140] {
        let shop = Shop::new();
        shop.drop_file(FILE, file.clone()).await;
        shop.drop_file("product-import_t.ok", "").await;
        let id = shop.spawn().await;
        shop.run_with_deaths_at_poll(&id, polls).await;
        assert_eq!(shop.archived(&id, "findings.jsonl").await.unwrap(), expected, "died at poll {polls}");
        assert_eq!(shop.errors(&id).await, errors, "died at poll {polls}");
    }
}
