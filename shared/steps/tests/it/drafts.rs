//! Imports that work on a draft: dry runs, single transactions, and everything that takes something away.

use std::collections::BTreeMap;

use catalog::own::{self, LastChange, Update};
use import::entity::product::{Product, ProductValue};
use insta::assert_snapshot;
use pipeline::{PipelineId, StepStatus};
use serde_json::Value;
use store::table::Query;

use super::shop::{APPLE, HEADER, PEAR, Shop};
use super::structure::drop_structure;

const PLUM: &str = "Z-1,Default,simple,base,Plum,3.00,5,Default Category/Fruit";

impl Shop {
    /// Every item of the catalogue with its version, as readers see it.
    pub(crate) async fn catalogue(&self) -> BTreeMap<String, String> {
        let mut items = BTreeMap::new();
        let partitions = (0..64).map(|number| format!("catalog/{number:02}"));
        for partition in partitions.chain(["shop".to_owned()]) {
            let table = self.workshop.table.unfailing();
            for item in table.query(&Query::prefix(partition, "")).await.unwrap().entries {
                items.insert(item.key.to_string(), format!("{} {:?}", item.version, item.attributes));
            }
        }
        items
    }

    /// What is left of the drafts of a pipeline, beside their heads.
    pub(crate) async fn drafted(&self, id: &PipelineId) -> Vec<String> {
        let mut left = Vec::new();
        for step in ["pipeline", "step/import_products", "step/import_categories", "step/import_tier_prices"] {
            for part in ["0", "1", "2", "3", "4", "5", "6", "7", "shop"] {
                let query = Query::prefix(format!("draft/{id}/{step}/{part}"), "");
                let page = self.workshop.table.unfailing().query(&query).await.unwrap();
                left.extend(page.entries.iter().map(|item| item.key.to_string()));
            }
        }
        left
    }

    async fn has_ended(&self, id: &PipelineId, step: &str) -> bool {
        match self.workshop.step(id, step).await.record.status {
            StepStatus::Pending | StepStatus::Enqueued | StepStatus::Running => false,
            StepStatus::Success | StepStatus::Skipped | StepStatus::Error | StepStatus::Cancelled => true,
        }
    }

    async fn report_text(&self, id: &PipelineId) -> String {
        let key = format!("{}report.txt", steps::import::archive::prefix(id));
        let text = self.workshop.store().files.get(&key, None).await.unwrap().unwrap();
        String::from_utf8(text.to_vec()).unwrap().replace(id.as_str(), "ID")
    }

    async fn log_of(&self, id: &PipelineId, step: &str) -> String {
        let record = self.workshop.step(id, step).await.record;
        record.log.lines().map(|line| line.splitn(4, ' ').nth(3).unwrap_or(line).to_owned() + "\n").collect()
    }

    async fn let_categories(&self, operation: &str) {
        let overlay = format!(
            "<config><referencePipeline name=\"catalog_import\"><referenceStep name=\"import_categories\"><arguments>\
             <argument key=\"operation\" value=\"{operation}\"/></arguments></referenceStep></referencePipeline></config>"
        );
        self.workshop.store().files.put("pipelines/operation.xml", overlay.into()).await.unwrap();
    }

    async fn delete_gear(&self) -> PipelineId {
        self.workshop.wait(60);
        self.drop_file("category-import_d_01.csv", "path\nDefault Category/Gear\n").await;
        self.drop_file("category-import_d.ok", "").await;
        self.import().await
    }

    async fn let_products(&self, operation: &str) {
        let overlay = format!(
            "<config><referencePipeline name=\"catalog_import\">\
             <referenceStep name=\"validate\"><arguments><argument key=\"operation\" value=\"{operation}\"/></arguments></referenceStep>\
             <referenceStep name=\"import_products\"><arguments><argument key=\"operation\" value=\"{operation}\"/></arguments>\
             </referenceStep></referencePipeline></config>"
        );
        self.workshop.store().files.put("pipelines/operation.xml", overlay.into()).await.unwrap();
    }
}

#[tokio::test]
async fn a_dry_run_counts_as_the_import_would_and_writes_nothing() {
    let real = Shop::new();
    real.drop_many().await;
    drop_structure(&real).await;
    let id = real.import().await;
    let real_totals = real.totals(&id).await;

    let shop = Shop::new();
    shop.workshop.set("import.dry_run", "default", "true").await;
    shop.drop_many().await;
    drop_structure(&shop).await;
    let id = shop.import().await;
    // Rows of one product lie in several blocks: the later ones must find what the earlier ones would have made.
    assert_eq!(shop.totals(&id).await, real_totals);
    assert_eq!(shop.catalogue().await, BTreeMap::new(), "a dry run has written");
    assert_eq!(shop.drafted(&id).await, Vec::<String>::new(), "left of the draft");
    let report = shop.report(&id).await;
    assert_eq!(report["is_imported"], false);
    let text = shop.report_text(&id).await;
    assert_snapshot!(text.lines().next().unwrap(), @"catalog_import ID: dry run: nothing was written; the counts say what an import would create, update, leave unchanged and delete");
    assert_snapshot!(shop.workshop.shown(&id).await, @"success: move_files success, validate success, index_suspend success, import_attribute_sets success, import_attributes success, create_options skipped (the rows name no options that are missing), import_categories success, create_categories success, import_products success, import_variants skipped (the bunch has no files of variants), import_links skipped (the bunch has no files of links), import_custom_options skipped (the bunch has no files of custom_options), publish skipped (it is a dry run; nothing is published), archive success, index_resume success, reindex success, report success");
    assert_snapshot!(shop.log_of(&id, "import_products").await, @"
    info: dry run: nothing is written into the catalogue
    info: 1060 rows: would create 1040, update 20, leave 0 unchanged, delete 0; 0 skipped
    ");
    // The same in earnest afterwards.
    shop.workshop.set("import.dry_run", "default", "false").await;
    shop.workshop.wait(60);
    shop.drop_many().await;
    drop_structure(&shop).await;
    let id = shop.import().await;
    assert_eq!(shop.totals(&id).await, real_totals);
}

#[tokio::test]
async fn a_single_transaction_shows_nothing_before_it_is_published_and_then_all() {
    let real = Shop::new();
    real.drop_many().await;
    drop_structure(&real).await;
    let id = real.import().await;
    let expected = real.left(&id).await;

    let shop = Shop::new();
    shop.workshop.set("import.single_transaction", "default", "true").await;
    shop.drop_many().await;
    drop_structure(&shop).await;
    let id = shop.spawn().await;
    while !shop.has_ended(&id, "import_products").await {
        shop.workshop.run_one().await.unwrap().unwrap();
        let published = shop.workshop.step(&id, "publish").await.record.status;
        assert_eq!(shop.catalogue().await, BTreeMap::new(), "seen while publish is {published}");
    }
    shop.workshop.run_all().await;
    shop.left(&id).await.assert_is(&expected, "a single transaction");
    assert_eq!(shop.drafted(&id).await, Vec::<String>::new(), "left of the draft");
    assert_eq!(shop.report(&id).await["is_imported"], true);
    assert_snapshot!(shop.log_of(&id, "publish").await, @"info: published 1050 things of the draft");
}

/// Rows that somebody else has changed the thing of meanwhile.
async fn rename(shop: &Shop, key: &str, name: &str) {
    let table = shop.workshop.table.unfailing();
    let keys = [key.to_owned()];
    let before = own::things::<Product>(table.as_ref(), &keys).await.unwrap().remove(key).unwrap();
    let mut thing = before.thing.clone().unwrap();
    thing.default.values.insert("name".to_owned(), ProductValue::Text(name.to_owned()));
    let change: LastChange = "2026-08-01T12:00:00Z 01m804t3nd0zrr36at44 2 somebody.csv".parse().unwrap();
    let update = Update {
        key: key.to_owned(),
        before: Some(before),
        thing: Some(thing),
        mark: "somebody".to_owned(),
        change: Some(change),
    };
    assert_eq!(own::write_things(table.as_ref(), &[update]).await.unwrap(), Vec::<String>::new());
}

/// An import that makes apples dearer stands before its publication.
async fn dearer_fruit_drafted() -> (Shop, PipelineId) {
    let shop = Shop::new();
    shop.drop_fruit().await;
    shop.import().await;
    shop.workshop.set("import.single_transaction", "default", "true").await;
    shop.workshop.wait(60);
    shop.drop_file("product-import_20260801-130000_01.csv", "sku,price\nA-1,1.75\nP-1,2.25\n").await;
    shop.drop_file("product-import_20260801-130000.ok", "").await;
    let id = shop.spawn().await;
    while !shop.has_ended(&id, "import_products").await {
        shop.workshop.run_one().await.unwrap().unwrap();
    }
    (shop, id)
}

fn seen(product: &Product) -> String {
    let text = |name: &str| format!("{:?}", product.default.values.get(name));
    format!("{} {}", text("name"), text("price"))
}

#[tokio::test]
async fn what_others_write_before_a_publication_counts_as_well() {
    let (shop, id) = dearer_fruit_drafted().await;
    rename(&shop, "a-1", "Golden Apple").await;
    shop.workshop.run_all().await;
    let products = shop.left(&id).await.products;
    assert_eq!(seen(&products["a-1"]), r#"Some(Text("Golden Apple")) Some(Text("1.75"))"#);
    assert_eq!(seen(&products["p-1"]), r#"Some(Text("Pear")) Some(Text("2.25"))"#);
    assert_snapshot!(shop.log_of(&id, "publish").await, @"
    info: published 2 things of the draft
    info: 1 of them were changed by others meanwhile; their rows were applied to that
    ");
}

#[tokio::test]
async fn a_row_that_others_made_impossible_is_named_when_it_is_published() {
    let shop = Shop::new();
    shop.drop_fruit().await;
    shop.import().await;
    shop.workshop.set("import.single_transaction", "default", "true").await;
    shop.workshop.wait(60);
    shop.drop_file("product-import-price_a_01.csv", "sku,price\nA-1,1.75\nP-1,2.25\n").await;
    shop.drop_file("product-import-price_a.ok", "").await;
    let id = shop.spawn().await;
    while !shop.has_ended(&id, "import_prices").await {
        shop.workshop.run_one().await.unwrap().unwrap();
    }
    let table = shop.workshop.table.unfailing();
    let before = own::things::<Product>(table.as_ref(), &["a-1".to_owned()]).await.unwrap().remove("a-1");
    let update = Update { key: "a-1".to_owned(), before, thing: None, mark: "somebody".to_owned(), change: None };
    own::write_things(table.as_ref(), &[update]).await.unwrap();
    shop.workshop.run_all().await;
    assert_snapshot!(shop.workshop.shown(&id).await, @"success: move_files success, validate success, import_prices success, publish success with a warning (1 row refused because of what others have changed meanwhile; the report names them), archive success, report success");
    assert_snapshot!(shop.report(&id).await["files"]["product-import-price_a_01.csv"]["findings"], @r#"[{"file":"product-import-price_a_01.csv","line":2,"problem":"was imported into the draft, and then refused because somebody else has changed the same thing meanwhile: product `A-1` does not exist, and this kind of file makes none; import it first","severity":"row"}]"#);
    assert_eq!(shop.left(&id).await.products.keys().collect::<Vec<_>>(), ["p-1"]);
}

#[tokio::test]
async fn a_single_transaction_that_fails_or_is_cancelled_leaves_the_catalogue_as_it_was() {
    let mut told = Vec::new();
    for is_cancelled in [true, false] {
        let (shop, id) = dearer_fruit_drafted().await;
        let before = shop.catalogue().await;
        assert!(!shop.drafted(&id).await.is_empty());
        if is_cancelled {
            shop.workshop.cancel(&id, "enough").await;
        } else {
            shop.workshop.table.arm(workshop::Fault::Forbidden, &format!("draft/{id} pipeline"), 0);
        }
        shop.workshop.live().await;
        assert_eq!(shop.catalogue().await, before, "cancelled: {is_cancelled}");
        assert_eq!(shop.drafted(&id).await, Vec::<String>::new(), "left of the draft");
        told.push(shop.report_text(&id).await.lines().next().unwrap().to_owned());
        assert_eq!(shop.report(&id).await["is_imported"], false);
    }
    assert_snapshot!(told.join("\n"), @"
    catalog_import ID: single transaction that did not come to its end: the catalogue is as it was; the counts say what was drafted
    catalog_import ID: single transaction that did not come to its end: the catalogue is as it was; the counts say what was drafted
    ");
}

#[tokio::test]
async fn what_replaces_or_deletes_says_before_what_it_takes_away() {
    let shop = Shop::new();
    shop.drop_fruit().await;
    shop.import().await;
    shop.workshop.wait(60);
    shop.let_products("replace").await;
    shop.drop_file("product-import_r_01.csv", format!("{HEADER}\n{}\n", APPLE.replace(",Default Category/Fruit", ",")))
        .await;
    shop.drop_file("product-import_r.ok", "").await;
    let id = shop.import().await;
    assert_snapshot!(shop.log_of(&id, "import_products").await, @"
    info: `replace` will take 1 of `categories` from 1 of kind product: `a-1`
    info: published 1 thing of the draft
    info: 1 rows: 0 created, 1 updated, 0 unchanged, 0 deleted, 0 skipped
    ");
    assert_snapshot!(shop.report(&id).await["files"]["product-import_r_01.csv"]["findings"], @r#"[{"file":"product-import_r_01.csv","line":1,"problem":"`replace` will take 1 of `categories` from 1 of kind product: `a-1`","severity":"notice"}]"#);
    shop.workshop.wait(60);
    shop.let_products("delete").await;
    shop.drop_file("product-import_d_01.csv", "sku\nA-1\nP-1\n").await;
    shop.drop_file("product-import_d.ok", "").await;
    let id = shop.import().await;
    assert_snapshot!(shop.log_of(&id, "import_products").await, @"
    info: `delete` will delete 2 of kind product: `p-1`, `a-1`
    info: published 2 things of the draft
    info: 2 rows: 0 created, 0 updated, 0 unchanged, 2 deleted, 0 skipped
    ");
    assert_snapshot!(shop.totals(&id).await, @"0 created, 2 deleted, 2 rows, 0 skipped, 0 unchanged, 0 updated");
    assert_eq!(shop.drafted(&id).await, Vec::<String>::new(), "left of the draft");
}

#[tokio::test]
async fn a_category_takes_all_below_it_along_and_says_so_before() {
    let shop = Shop::new();
    drop_structure(&shop).await;
    shop.import().await;
    shop.let_categories("delete").await;
    shop.workshop.set("import.dry_run", "default", "true").await;
    let id = shop.delete_gear().await;
    assert_snapshot!(shop.log_of(&id, "import_categories").await, @"
    info: dry run: nothing is written into the catalogue
    info: `delete` would delete 3 of kind category: `default category/gear`, `default category/gear/bags`, `default category/gear/bags/satchels`
    info: 1 rows: would create 0, update 0, leave 0 unchanged, delete 1; 0 skipped
    ");
    assert_eq!(own::categories(shop.workshop.store().table.as_ref()).await.unwrap().len(), 3);
    shop.workshop.set("import.dry_run", "default", "false").await;
    let id = shop.delete_gear().await;
    assert_snapshot!(shop.log_of(&id, "import_categories").await, @"
    info: `delete` will delete 3 of kind category: `default category/gear`, `default category/gear/bags`, `default category/gear/bags/satchels`
    info: published 3 things of the draft
    info: 1 rows: 0 created, 0 updated, 0 unchanged, 1 deleted, 0 skipped
    ");
    assert_eq!(own::categories(shop.workshop.store().table.as_ref()).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_step_that_is_told_otherwise_than_the_steps_before_is_refused() {
    let shop = Shop::new();
    let overlay = "<config><referencePipeline name=\"catalog_import\"><referenceStep name=\"import_products\"><arguments>\
         <argument key=\"dry_run\" value=\"true\"/></arguments></referenceStep></referencePipeline></config>";
    shop.workshop.store().files.put("pipelines/dry.xml", overlay.into()).await.unwrap();
    shop.drop_rows("product-import_20260801-120000_01.csv", &[APPLE, PEAR, PLUM]).await;
    shop.drop_file("product-import_20260801-120000.ok", "").await;
    let id = shop.import().await;
    let record = shop.workshop.step(&id, "import_products").await.record;
    assert_snapshot!(record.message.unwrap_or_default(), @"step `import_products` is to draft its changes, and step `create_categories` has written into the catalogue already; give `dry_run` and `single_transaction` to the pipeline, so that all its steps have the same");
    assert!(record.is_permanent);
}

#[tokio::test]
async fn a_draft_that_nothing_would_publish_is_refused() {
    let shop = Shop::new();
    shop.workshop.set("import.single_transaction", "default", "true").await;
    let overlay = "<config><referencePipeline name=\"catalog_import\"><referenceStep name=\"publish\" remove=\"true\"/>\
         </referencePipeline></config>";
    shop.workshop.store().files.put("pipelines/without.xml", overlay.into()).await.unwrap();
    shop.drop_fruit().await;
    let id = shop.import().await;
    let record = shop.workshop.step(&id, "create_categories").await.record;
    assert_snapshot!(record.message.unwrap_or_default(), @"step `create_categories` drafts its changes, and pipeline `catalog_import` has no later step with executor `publish`, which brings them into the catalogue; add one, or leave out `single_transaction` and the setting `import.single_transaction`");
    assert_eq!(shop.report(&id).await["totals"]["rows"], Value::from(2));
}

#[tokio::test]
async fn rows_older_than_what_is_stored_are_left_out_and_told() {
    let shop = Shop::new();
    shop.workshop.set("import.skip_older", "default", "updated_at").await;
    let header = "sku,attribute_set_code,product_type,name,price,updated_at";
    let drop = async |hour: u32, name: &str, at: &str| {
        shop.workshop.wait(60);
        let rows = format!("{header}\nA-1,Default,simple,{name},1,{at}\nP-1,Default,simple,Pear,2,\n");
        shop.drop_file(&format!("product-import_20260801-{hour:02}0000_01.csv"), rows).await;
        shop.drop_file(&format!("product-import_20260801-{hour:02}0000.ok"), "").await;
        let id = shop.import().await;
        shop.totals(&id).await
    };
    drop(10, "Apple", "2026-08-02 12:00:00").await;
    assert_snapshot!(drop(11, "Old", "2026-08-01 12:00:00").await, @"0 created, 0 deleted, 2 rows, 1 skipped, 1 unchanged, 0 updated");
    assert_snapshot!(drop(12, "Same", "2026-08-02 12:00:00").await, @"0 created, 0 deleted, 2 rows, 0 skipped, 1 unchanged, 1 updated");
    shop.workshop.set("import.skip_older", "default", "file_time").await;
    assert_snapshot!(drop(9, "Late", "2026-08-09 12:00:00").await, @"0 created, 0 deleted, 2 rows, 2 skipped, 0 unchanged, 0 updated");
    assert_snapshot!(drop(13, "New", "2026-08-01 12:00:00").await, @"0 created, 0 deleted, 2 rows, 0 skipped, 1 unchanged, 1 updated");
}
