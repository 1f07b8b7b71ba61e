//! A small bunch of products through the definition that ships.

use std::collections::BTreeSet;
use std::time::Duration;

use catalog::own;
use import::entity::product::Product;
use insta::assert_snapshot;
use pipeline::{PipelineId, StepStatus};

use super::entities::{FILES, FILES_ABOUT_PRODUCTS};
use super::shop::{APPLE, HEADER, PEAR, Shop};
use steps::import::DROP_PREFIX;
use steps::import::archive;
use workshop::Fault;
use workshop::runner::{self, RunReport};

#[tokio::test]
async fn a_bunch_becomes_products() {
    let shop = Shop::new();
    shop.drop_fruit().await;
    let id = shop.import().await;
    assert_snapshot!(shop.workshop.shown(&id).await, @"success: move_files success, validate success, index_suspend success, import_attribute_sets skipped (the bunch has no files of attribute_sets), import_attributes skipped (the bunch has no files of attributes), create_options skipped (the rows name no options that are missing), import_categories skipped (the bunch has no files of categories), create_categories success, import_products success, import_variants skipped (the bunch has no files of variants), import_links skipped (the bunch has no files of links), import_custom_options skipped (the bunch has no files of custom_options), publish skipped (changes were written as they came; nothing is drafted), archive success, index_resume success, reindex success, report success");
    assert_snapshot!(shop.totals(&id).await, @"2 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 0 updated");
    let left = shop.left(&id).await;
    assert_snapshot!(left.products.keys().cloned().collect::<Vec<_>>().join(", "), @"a-1, p-1");
    assert_snapshot!(left.categories.join(", "), @"Default Category, Default Category/Fruit, Default Category/New");
    assert_snapshot!(shop.files(DROP_PREFIX).await, @"");
    assert_snapshot!(shop.files(&archive::prefix(&id)).await, @"files/product-import_20260801-120000.ok, files/product-import_20260801-120000_01.csv, files/product-import_20260801-120000_02.csv, report.html, report.json, report.txt");
    assert_snapshot!(shop.arrivals().await, @r"
    product-import_20260801-120000.ok is taken
    product-import_20260801-120000_01.csv is taken
    product-import_20260801-120000_02.csv is taken
    ");
}

#[tokio::test]
async fn the_same_files_again_write_nothing() {
    let shop = Shop::new();
    shop.drop_fruit().await;
    shop.import().await;
    let table = shop.workshop.store().table.clone();
    let before = own::things::<Product>(table.as_ref(), &["a-1".to_owned(), "p-1".to_owned()]).await.unwrap();
    assert_eq!(before.len(), 2);
    shop.workshop.wait(60);
    shop.drop_fruit().await;
    // A write to the catalogue would be refused.
    shop.workshop.table.arm(Fault::Forbidden, "catalog/", 0);
    let id = shop.import().await;
    assert_snapshot!(shop.workshop.shown(&id).await, @"success: move_files success, validate success, index_suspend success, import_attribute_sets skipped (the bunch has no files of attribute_sets), import_attributes skipped (the bunch has no files of attributes), create_options skipped (the rows name no options that are missing), import_categories skipped (the bunch has no files of categories), create_categories success, import_products success, import_variants skipped (the bunch has no files of variants), import_links skipped (the bunch has no files of links), import_custom_options skipped (the bunch has no files of custom_options), publish skipped (changes were written as they came; nothing is drafted), archive success, index_resume success, reindex success, report success");
    assert_snapshot!(shop.totals(&id).await, @"0 created, 0 deleted, 2 rows, 0 skipped, 2 unchanged, 0 updated");
    assert_eq!(own::things::<Product>(table.as_ref(), &["a-1".to_owned(), "p-1".to_owned()]).await.unwrap(), before);
}

#[tokio::test]
async fn a_changed_price_updates_one_product() {
    let shop = Shop::new();
    shop.drop_fruit().await;
    shop.import().await;
    shop.workshop.wait(60);
    let dearer = APPLE.replace("1.50", "1.75");
    shop.drop_rows("product-import_20260801-130000_01.csv", &[&dearer, PEAR]).await;
    shop.drop_file("product-import_20260801-130000.ok", "").await;
    let id = shop.import().await;
    assert_snapshot!(shop.totals(&id).await, @"0 created, 0 deleted, 2 rows, 0 skipped, 1 unchanged, 1 updated");
}

#[tokio::test]
async fn a_file_that_begins_with_a_byte_order_mark_is_read_like_any_other() {
    let shop = Shop::new();
    shop.drop_file("product-import_20260801-120000_01.csv", format!("\u{feff}{HEADER}\r\n{APPLE}\r\n{PEAR}")).await;
    shop.drop_file("product-import_20260801-120000.ok", "\u{feff}product-import_20260801-120000_01.csv\r\n").await;
    let id = shop.import().await;
    assert_snapshot!(shop.workshop.shown(&id).await, @"success: move_files success, validate success, index_suspend success, import_attribute_sets skipped (the bunch has no files of attribute_sets), import_attributes skipped (the bunch has no files of attributes), create_options skipped (the rows name no options that are missing), import_categories skipped (the bunch has no files of categories), create_categories success, import_products success, import_variants skipped (the bunch has no files of variants), import_links skipped (the bunch has no files of links), import_custom_options skipped (the bunch has no files of custom_options), publish skipped (changes were written as they came; nothing is drafted), archive success, index_resume success, reindex success, report success");
    assert_snapshot!(shop.totals(&id).await, @"2 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 0 updated");
}

#[tokio::test]
async fn a_ragged_row_is_left_out_with_a_warning() {
    let shop = Shop::new();
    shop.drop_rows("product-import_20260801-120000_01.csv", &[APPLE, "B-1,Default,simple", PEAR]).await;
    shop.drop_file("product-import_20260801-120000.ok", "").await;
    let id = shop.import().await;
    assert_snapshot!(shop.workshop.shown(&id).await, @"success: move_files success, validate success with a warning (product-import_20260801-120000_01.csv:3: expected 8 columns, found 3), index_suspend success, import_attribute_sets skipped (the bunch has no files of attribute_sets), import_attributes skipped (the bunch has no files of attributes), create_options skipped (the rows name no options that are missing), import_categories skipped (the bunch has no files of categories), create_categories success, import_products success with a warning (1 of 3 rows was skipped; the report names it), import_variants skipped (the bunch has no files of variants), import_links skipped (the bunch has no files of links), import_custom_options skipped (the bunch has no files of custom_options), publish skipped (changes were written as they came; nothing is drafted), archive success, index_resume success, reindex success, report success");
    assert_snapshot!(shop.totals(&id).await, @"2 created, 0 deleted, 3 rows, 1 skipped, 0 unchanged, 0 updated");
    let report = shop.report(&id).await;
    assert_snapshot!(report["files"]["product-import_20260801-120000_01.csv"]["findings"], @r#"[{"file":"product-import_20260801-120000_01.csv","line":3,"problem":"expected 8 columns, found 3","severity":"row"}]"#);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_stops_before_the_first_write() {
    let shop = Shop::new();
    shop.drop_rows("product-import_20260801-120000_01.csv", &[APPLE]).await;
    shop.drop_file("product-import_20260801-120000_02.csv", "name,price\nPear,2.00\n").await;
    shop.drop_file("product-import_20260801-120000.ok", "").await;
    let id = shop.import().await;
    assert_snapshot!(shop.workshop.shown(&id).await, @"error: move_files success, validate error for good (product-import_20260801-120000_02.csv:1: the header has no column `sku`; the first line must name the columns, and it holds `name`, `price`), index_suspend cancelled, import_attribute_sets cancelled, import_attributes cancelled, create_options cancelled, import_categories cancelled, create_categories cancelled, import_products cancelled, import_variants cancelled, import_links cancelled, import_custom_options cancelled, publish cancelled, archive cancelled, index_resume skipped (this pipeline does not hold listings back), reindex success, report success");
    let left = shop.left(&id).await;
    assert!(left.products.is_empty() && left.categories.is_empty());
    assert_eq!(shop.report(&id).await["is_imported"], false);
}

#[tokio::test]
async fn files_without_an_ok_file_wait_and_say_so() {
    let shop = Shop::new();
    shop.drop_rows("product-import_20260801-120000_01.csv", &[APPLE]).await;
    shop.drop_rows("price-import_20260801-120000_01.csv", &[APPLE]).await;
    assert!(shop.workshop.beat().await.spawned.is_empty());
    assert_snapshot!(shop.arrivals().await, @"
    price-import_20260801-120000_01.csv waits: no pipeline takes files named `price-import_…` (taken are: `advanced_pricing_…`, `attribute-import_…`, `attribute-set-import_…`, `catalog_product_…`, `category-import_…`, `custom-options_…`, `customer_…`, `customer-address-import_…`, `customer-import_…`, `customer_address_…`, `customer_composite_…`, `media-import_…`, `product-import_…`, `product-import-additional-attribute_…`, `product-import-bundle_…`, `product-import-inventory_…`, `product-import-inventory-msi_…`, `product-import-link_…`, `product-import-price_…`, `product-import-simple_…`, `product-import-tier-price_…`, `product-import-variant_…`, `product-media-import_…`, `stock_sources_…`, `url-rewrite_…`)
    product-import_20260801-120000_01.csv waits: no ok file for `product-import_20260801-120000_01.csv`; expected `product-import.ok`, `product-import_20260801-120000.ok` or `product-import_20260801-120000_01.ok`
    ");
    shop.workshop.wait(1);
    shop.drop_file("product-import_20260801-120000.ok", "").await;
    let id = shop.spawn().await;
    assert_snapshot!(shop.arrivals().await, @"
    price-import_20260801-120000_01.csv waits: no pipeline takes files named `price-import_…` (taken are: `advanced_pricing_…`, `attribute-import_…`, `attribute-set-import_…`, `catalog_product_…`, `category-import_…`, `custom-options_…`, `customer_…`, `customer-address-import_…`, `customer-import_…`, `customer_address_…`, `customer_composite_…`, `media-import_…`, `product-import_…`, `product-import-additional-attribute_…`, `product-import-bundle_…`, `product-import-inventory_…`, `product-import-inventory-msi_…`, `product-import-link_…`, `product-import-price_…`, `product-import-simple_…`, `product-import-tier-price_…`, `product-import-variant_…`, `product-media-import_…`, `stock_sources_…`, `url-rewrite_…`)
    product-import_20260801-120000.ok is taken
    product-import_20260801-120000_01.csv is taken
    ");
    // The next beat comes before the runner.
    shop.workshop.wait(1);
    shop.workshop.beat().await;
    assert_snapshot!(shop.arrivals().await, @"
    price-import_20260801-120000_01.csv waits: no pipeline takes files named `price-import_…` (taken are: `advanced_pricing_…`, `attribute-import_…`, `attribute-set-import_…`, `catalog_product_…`, `category-import_…`, `custom-options_…`, `customer_…`, `customer-address-import_…`, `customer-import_…`, `customer_address_…`, `customer_composite_…`, `media-import_…`, `product-import_…`, `product-import-additional-attribute_…`, `product-import-bundle_…`, `product-import-inventory_…`, `product-import-inventory-msi_…`, `product-import-link_…`, `product-import-price_…`, `product-import-simple_…`, `product-import-tier-price_…`, `product-import-variant_…`, `product-media-import_…`, `stock_sources_…`, `url-rewrite_…`)
    product-import_20260801-120000.ok is taken
    product-import_20260801-120000_01.csv is taken
    ");
    shop.workshop.run_all().await;
    assert_snapshot!(shop.totals(&id).await, @"1 created, 0 deleted, 1 rows, 0 skipped, 0 unchanged, 0 updated");
}

#[tokio::test]
async fn an_ok_file_that_names_absent_files_holds_the_bunch_up() {
    let shop = Shop::new();
    shop.drop_rows("product-import_20260801-120000_01.csv", &[APPLE]).await;
    let ok = "product-import_20260801-120000_01.csv\nproduct-import_20260801-120000_02.csv\n";
    shop.drop_file("product-import_20260801-120000.ok", ok).await;
    assert!(shop.workshop.beat().await.spawned.is_empty());
    assert_snapshot!(shop.arrivals().await, @r"
    product-import_20260801-120000.ok waits: `product-import_20260801-120000.ok` line 2 names `product-import_20260801-120000_02.csv`, which has not arrived
    product-import_20260801-120000_01.csv waits: `product-import_20260801-120000.ok` line 2 names `product-import_20260801-120000_02.csv`, which has not arrived
    ");
    shop.drop_rows("product-import_20260801-120000_02.csv", &[PEAR]).await;
    shop.workshop.wait(1);
    let id = shop.import().await;
    assert_snapshot!(shop.totals(&id).await, @"2 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 0 updated");
}

#[tokio::test]
async fn an_ok_file_that_is_too_large_is_not_read() {
    let shop = Shop::new();
    shop.drop_fruit().await;
    let text = "\n".repeat(1024 * 1024 + 1);
    let files = shop.workshop.store().files.clone();
    files.put("incoming/product-import_20260801-120000.ok", text.into()).await.unwrap();
    let report = shop.workshop.beat().await;
    assert!(report.spawned.is_empty());
    let problem =
        "`product-import_20260801-120000.ok` has 1048577 bytes; an ok file with more than 1048576 is not read";
    assert_eq!(report.problems, [problem]);
    let arrivals = shop.arrivals().await;
    assert!(arrivals.contains(&format!("product-import_20260801-120000.ok waits: {problem}\n")), "{arrivals}");
    assert!(arrivals.contains("_01.csv waits: no ok file for"), "{arrivals}");
}

#[tokio::test]
async fn two_bunches_are_imported_one_after_the_other() {
    let shop = Shop::new();
    shop.drop_rows("product-import_20260801-120000_01.csv", &[APPLE]).await;
    shop.drop_file("product-import_20260801-120000.ok", "").await;
    let first = shop.spawn().await;
    shop.drop_rows("product-import_20260801-130000_01.csv", &[PEAR]).await;
    shop.drop_file("product-import_20260801-130000.ok", "").await;
    shop.workshop.wait(1);
    assert!(shop.workshop.beat().await.spawned.is_empty());
    let waits = shop.arrivals().await.replace(first.as_str(), "…");
    assert_snapshot!(waits, @r"
    product-import_20260801-130000.ok waits: pipeline … of the same name has not ended
    product-import_20260801-130000_01.csv waits: pipeline … of the same name has not ended
    product-import_20260801-120000.ok is taken
    product-import_20260801-120000_01.csv is taken
    ");
    shop.workshop.run_all().await;
    shop.workshop.wait(1);
    let second = shop.import().await;
    assert_snapshot!(shop.totals(&second).await, @"1 created, 0 deleted, 1 rows, 0 skipped, 0 unchanged, 0 updated");
}

#[tokio::test]
async fn a_bunch_of_which_a_file_is_replaced_before_it_was_moved_is_imported_by_the_next_pipeline() {
    let shop = Shop::new();
    shop.drop_fruit().await;
    let id = shop.spawn().await;
    shop.workshop.wait(1);
    shop.drop_rows("product-import_20260801-120000_02.csv", &[PEAR, APPLE]).await;
    shop.workshop.run_all().await;
    assert_snapshot!(shop.workshop.shown(&id).await, @"error: move_files error for good (file `incoming/product-import_20260801-120000_02.csv` was replaced before it was moved; its bunch stays in the drop area for another pipeline), validate cancelled, index_suspend cancelled, import_attribute_sets cancelled, import_attributes cancelled, create_options cancelled, import_categories cancelled, create_categories cancelled, import_products cancelled, import_variants cancelled, import_links cancelled, import_custom_options cancelled, publish cancelled, archive cancelled, index_resume skipped (this pipeline does not hold listings back), reindex success, report success");
    assert!(shop.left(&id).await.products.is_empty());
    shop.workshop.wait(1);
    let next = shop.import().await;
    assert_snapshot!(shop.totals(&next).await, @"2 created, 0 deleted, 3 rows, 0 skipped, 1 unchanged, 0 updated");
}

#[tokio::test]
async fn a_large_import_that_dies_counts_like_an_undisturbed_one() {
    let undisturbed = {
        let shop = Shop::new();
        shop.drop_many().await;
        let id = shop.import().await;
        assert_snapshot!(shop.totals(&id).await, @"1040 created, 0 deleted, 1060 rows, 0 skipped, 0 unchanged, 20 updated");
        shop.left(&id).await
    };
    // In the first block, between its last write and its checkpoint, after the checkpoint, before and after the next
    // checkpoint, in the second file.
    for (fault, key, after) in [
        (Fault::DeadAfter, "catalog/", 600),
        (Fault::DeadBefore, "import_products", 2),
        (Fault::ReplyLost, "import_products", 2),
        (Fault::DeadBefore, "import_products", 3),
        (Fault::DeadAfter, "import_products", 3),
        (Fault::DeadAfter, "catalog/", 1_045),
    ] {
        let shop = Shop::new();
        shop.drop_many().await;
        let id = shop.spawn().await;
        shop.workshop.table.arm(fault, key, after);
        shop.run_with_deaths(&id).await;
        shop.left(&id).await.assert_is(&undisturbed, &format!("{fault:?} at write {after} of {key}"));
        assert!(shop.workshop.table.is_spent(), "{fault:?} at write {after} of {key} never happened");
    }
}

#[tokio::test]
async fn an_import_that_dies_at_any_write_leaves_what_an_undisturbed_one_leaves() {
    let undisturbed = {
        let shop = Shop::new();
        shop.drop_fruit().await;
        let id = shop.import().await;
        shop.left(&id).await
    };
    let mut faults = 0;
    for fault in [Fault::DeadBefore, Fault::DeadAfter, Fault::ReplyLost, Fault::Repeated] {
        for after in workshop::every_write() {
            let shop = Shop::new();
            shop.drop_fruit().await;
            let id = shop.spawn().await;
            shop.workshop.table.arm(fault, "", after);
            shop.run_with_deaths(&id).await;
            shop.left(&id).await.assert_is(&undisturbed, &format!("{fault:?} at write {after}"));
            if !shop.workshop.table.is_spent() {
                break;
            }
            faults += 1;
        }
    }
    // Each of six steps is enqueued, claimed and finished at least.
    assert!(faults > 4 * 20, "only {faults} faults happened");
}

#[tokio::test]
async fn an_import_that_dies_at_any_await_leaves_what_an_undisturbed_one_leaves() {
    let undisturbed = {
        let shop = Shop::new();
        shop.drop_fruit().await;
        let id = shop.import().await;
        shop.left(&id).await
    };
    for polls in 1..24 {
        let shop = Shop::new();
        shop.drop_fruit().await;
        let id = shop.spawn().await;
        shop.run_with_deaths_at_poll(&id, polls).await;
        shop.left(&id).await.assert_is(&undisturbed, &format!("dead after {polls} polls"));
    }
}

/// The executors that no import has, and whose own tests repeat them.
const PROVEN_ELSEWHERE: [&str; 12] = [
    "compress",
    "delete_files",
    "delete_pipelines",
    "drop_file",
    "fetch_data",
    "http_request",
    "lambda_invoke",
    "shell",
    "spawn_pipeline",
    "transform_order",
    "transport_order",
    "wait",
];

/// They only ask a shop, and write down once more what it said.
const OF_SHOPS: [&str; 3] = ["check_shop", "compare_shop", "refresh_shop_facts"];

/// Files of every kind that a catalogue import takes, with a row that cannot be used.
async fn with_files_of_a_catalogue() -> Shop {
    let shop = Shop::new();
    shop.drop_rows("product-import_20260801-120000_01.csv", &[APPLE, "B-1,Default,simple", PEAR]).await;
    shop.drop_rows("product-import_20260801-120000_02.csv", &[&APPLE.replace("1.50", "1.75")]).await;
    shop.drop_file("product-import_20260801-120000_03.csv", "sku,additional_attributes\nA-1,color=Red\n").await;
    shop.drop_file("product-import_20260801-120000.ok", "").await;
    super::structure::drop_structure(&shop).await;
    for (prefix, text) in FILES_ABOUT_PRODUCTS {
        shop.drop_file(&format!("{prefix}_20260801-120000_01.csv"), text).await;
        shop.drop_file(&format!("{prefix}_20260801-120000.ok"), "").await;
    }
    shop
}

#[tokio::test]
async fn every_step_of_a_single_transaction_is_repeatable() {
    let shop = with_files_of_a_catalogue().await;
    shop.workshop.set("import.single_transaction", "default", "true").await;
    let id = shop.spawn().await;
    shop.repeat_every_step(&id, StepStatus::Success).await;
    assert_snapshot!(shop.totals(&id).await, @"8 created, 0 deleted, 17 rows, 1 skipped, 0 unchanged, 8 updated");
}

/// Runs every step twice to its end, as if the first runner had died before its commit: the second changes nothing.
#[tokio::test]
async fn every_executor_that_ships_is_repeatable() {
    let shop = with_files_of_a_catalogue().await;
    let id = shop.spawn().await;
    let mut proven = BTreeSet::from(PROVEN_ELSEWHERE.map(str::to_owned));
    proven.extend(OF_SHOPS.map(str::to_owned));
    proven.extend(shop.repeat_every_step(&id, StepStatus::Skipped).await);
    assert_snapshot!(shop.totals(&id).await, @"8 created, 0 deleted, 17 rows, 1 skipped, 0 unchanged, 8 updated");
    for (prefix, text) in FILES {
        shop.workshop.wait(1);
        shop.drop_file(&format!("{prefix}_20260801-120000_01.csv"), text).await;
        shop.drop_file(&format!("{prefix}_20260801-120000.ok"), "").await;
        let id = shop.spawn().await;
        proven.extend(shop.repeat_every_step(&id, StepStatus::Skipped).await);
    }
    let store = shop.workshop.store();
    store.files.put("pipelines/give.xml", super::exports::PIPELINE.into()).await.unwrap();
    shop.workshop.wait(1);
    // It keeps the definition as the last good one, which is no work of the step.
    shop.workshop.beat().await;
    let id = shop.workshop.init("give").await;
    proven.extend(shop.repeat_every_step(&id, StepStatus::Success).await);
    store.files.put("orders/one.json", super::orders::shop::json(&[]).into()).await.unwrap();
    shop.workshop.wait(1);
    let id = shop.spawn().await;
    proven.extend(shop.repeat_every_step(&id, StepStatus::Success).await);
    let id = shop.workshop.init("reset_order_export").await;
    proven.extend(shop.repeat_every_step(&id, StepStatus::Success).await);
    // They are `validate` for one entity.
    let names = shop.workshop.context.executors.names();
    proven.extend(names.iter().filter(|name| name.starts_with("validate_")).map(|name| (*name).to_owned()));
    assert_eq!(proven.into_iter().collect::<Vec<_>>(), names);
}

impl Shop {
    /// Runs every step of a pipeline twice to its end; the names of their executors.
    async fn repeat_every_step(&self, id: &PipelineId, publish: StepStatus) -> Vec<String> {
        let workshop = &self.workshop;
        let mut executors = Vec::new();
        let definition = workshop.pipeline(id).await.definition;
        for step in &definition.steps {
            let (body, invocation) = (self.next_message(id).await.unwrap(), workshop.invocation());
            let is_publish = step.executor.as_str() == "publish";
            let status = if is_publish { publish } else { StepStatus::Success };
            workshop.table.arm(Fault::DeadBefore, &format!("{} {status}", step.name), 0);
            workshop.die(runner::run(&workshop.context, &body, &invocation)).await;
            let once = self.everything(id).await;
            let body = self.next_message(id).await.unwrap();
            let report = runner::run(&workshop.context, &body, &workshop.invocation()).await.unwrap();
            assert_eq!(report, RunReport::Finished { status }, "{}", step.name);
            let twice = self.everything(id).await;
            assert_eq!(once.keys().collect::<Vec<_>>(), twice.keys().collect::<Vec<_>>(), "{}", step.name);
            for (key, content) in &once {
                assert_eq!(content, &twice[key], "{}: {key}", step.name);
            }
            executors.push(step.executor.as_str().to_owned());
        }
        executors
    }
}

#[tokio::test]
async fn an_import_in_many_short_invocations_counts_the_same() {
    let shop = Shop::new();
    shop.drop_many().await;
    let id = shop.spawn().await;
    let mut continued = 0;
    while let Some(message) = shop.workshop.receive().await {
        // Time runs short at once: the margin before the deadline is five seconds.
        let invocation = shop.workshop.invocation_of(Duration::from_secs(5));
        let report = runner::run(&shop.workshop.context, &message.body, &invocation).await.unwrap();
        continued += usize::from(report == RunReport::Continued);
        assert!(report == RunReport::Continued || matches!(report, RunReport::Finished { .. }), "{report:?}");
    }
    assert!(continued >= 3, "it went on {continued} times");
    assert_eq!(shop.workshop.step(&id, "import_products").await.record.status, StepStatus::Success);
    assert_snapshot!(shop.totals(&id).await, @"1040 created, 0 deleted, 1060 rows, 0 skipped, 0 unchanged, 20 updated");
}
