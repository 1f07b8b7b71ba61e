//! Attribute sets, attributes and categories, and what product rows name of them.

use bytes::Bytes;
use catalog::own;
use import::shop::ShopFacts;
use insta::assert_snapshot;
use pipeline::PipelineId;
use serde_json::json;
use store::table::{Item, Query};

use super::shop::Shop;
use workshop::Fault;
use workshop::runner;

const SETS: &str = "attribute_set_name,based_on,attribute_group_name\nBag,Default,\nBag,,Straps\nSatchel,Bag,\n";
const ATTRIBUTES: &str = "store_view_code,attribute_code,attribute_set_name,attribute_group_name,frontend_input,\
                          attribute_option_values\n\
                          ,strap,\"Bag,Satchel\",Straps,select,\"short,long\"\n\
                          default,strap,,,,\"kurz,lang\"\n";
/// Children stand before their parents.
const CATEGORIES: &str = "store_view_code,path,name\n\
                          ,Default Category/Gear/Bags/Satchels,\n\
                          ,Default Category/Gear/Bags,Bags & more\n\
                          ,Default Category/Gear,\n\
                          default,Default Category/Gear,Ausrüstung\n";
const PRODUCTS: &str = "sku,attribute_set_code,product_type,name,price,categories,additional_attributes\n\
                        S-1,Satchel,simple,Satchel,50,\"Default Category/Gear/Bags/Satchels,Default Category/New\",\"strap=short,color=Red\"\n\
                        S-2,Satchel,simple,Large Satchel,60,Default Category/Gear,\"strap=LONG|medium,color=red\"\n";

/// Drops a file with an ok file of its own.
async fn drop_one(shop: &Shop, prefix: &str, text: &str) {
    shop.drop_file(&format!("{prefix}_20260801-120000_01.csv"), text.to_owned()).await;
    shop.drop_file(&format!("{prefix}_20260801-120000_01.ok"), "").await;
}

/// Drops sets, attributes and categories of the bunch that other tests drop products for.
pub(super) async fn drop_structure(shop: &Shop) {
    drop_one(shop, "attribute-set-import", SETS).await;
    drop_one(shop, "attribute-import", ATTRIBUTES).await;
    drop_one(shop, "category-import", CATEGORIES).await;
}

/// Drops a bunch with files of every kind.
async fn drop_all(shop: &Shop) {
    drop_structure(shop).await;
    drop_one(shop, "product-import", PRODUCTS).await;
}

/// Gives a step of the import an argument.
async fn with_argument(shop: &Shop, step: &str, key: &str, value: &str) {
    let overlay = format!(
        "<config><referencePipeline name=\"catalog_import\"><referenceStep name=\"{step}\"><arguments>\
         <argument key=\"{key}\" value=\"{value}\"/></arguments></referenceStep></referencePipeline></config>"
    );
    shop.workshop.store().files.put(&format!("pipelines/{step}.xml"), Bytes::from(overlay)).await.unwrap();
}

async fn facts(shop: &Shop) -> ShopFacts {
    own::shop_facts(shop.workshop.store().table.as_ref()).await.unwrap()
}

/// The facts of the shop as they are stored, with the versions that count their writes.
pub(super) async fn items(shop: &Shop) -> Vec<Item> {
    shop.workshop.store().table.query(&Query::prefix("shop", "")).await.unwrap().entries
}

/// Imports one category file and tells what became of it.
async fn import_categories(shop: &Shop, text: &str) -> String {
    shop.workshop.wait(60);
    drop_one(shop, "category-import", text).await;
    let id = shop.import().await;
    told(shop, &id).await
}

/// The steps that did not simply go through, the counts, the findings of all files, and the categories that are there.
async fn told(shop: &Shop, id: &PipelineId) -> String {
    let shown = shop.workshop.shown(id).await;
    let parts = shown.split(", ").filter(|step| step.contains("warning") || step.contains("error"));
    let mut lines: Vec<String> = parts.map(str::to_owned).collect();
    lines.push(shop.totals(id).await);
    let report = shop.report(id).await;
    for file in report["files"].as_object().unwrap().values() {
        for finding in file["findings"].as_array().into_iter().flatten() {
            lines.push(format!(
                "{} {}: {}",
                finding["line"],
                finding["severity"],
                finding["problem"].as_str().unwrap()
            ));
        }
    }
    lines.push(facts(shop).await.categories.into_keys().collect::<Vec<_>>().join(", "));
    lines.join("\n")
}

#[tokio::test]
async fn a_bunch_of_all_kinds_is_imported_in_the_order_in_which_rows_speak_of_each_other() {
    let shop = Shop::new();
    drop_all(&shop).await;
    let id = shop.import().await;
    assert_snapshot!(shop.workshop.shown(&id).await, @"success: move_files success, validate success, index_suspend success, import_attribute_sets success, import_attributes success, create_options success, import_categories success, create_categories success, import_products success, import_variants skipped (the bunch has no files of variants), import_links skipped (the bunch has no files of links), import_custom_options skipped (the bunch has no files of custom_options), publish skipped (changes were written as they came; nothing is drafted), archive success, index_resume success, reindex success, report success");
    assert_snapshot!(told(&shop, &id).await, @"
    8 created, 0 deleted, 11 rows, 0 skipped, 0 unchanged, 3 updated
    default category, default category/gear, default category/gear/bags, default category/gear/bags/satchels, default category/new
    ");
    let report = shop.report(&id).await;
    assert_eq!(report["options"], json!({ "created": 2 }));
    assert_eq!(report["categories"], json!({ "created": 2, "existed": 3 }));
    let facts = facts(&shop).await;
    let satchel = facts.attribute_set("satchel").unwrap();
    assert!(facts.has_attribute(satchel, facts.attribute("strap").unwrap()));
    assert!(facts.has_attribute(satchel, facts.attribute("color").unwrap()));
    assert_snapshot!(serde_json::to_string(&facts.attribute("strap").unwrap().options).unwrap(), @r#"[{"label":"short","store_labels":{"default":"kurz"}},{"label":"long","store_labels":{"default":"lang"}},{"label":"medium"}]"#);
    // What a plain shop knows of the attribute is still there.
    let color = facts.attribute("color").unwrap();
    assert_eq!((color.options[0].label.as_str(), color.options.len(), color.apply_to.len()), ("Red", 1, 3));
    assert_snapshot!(serde_json::to_string(&facts.categories["default category/gear"]).unwrap(), @r#"{"path":"Default Category/Gear","values":{"url_key":"gear"},"store_views":{"default":{"name":"Ausrüstung"}}}"#);
}

#[tokio::test]
async fn the_same_bunch_again_writes_nothing() {
    let shop = Shop::new();
    drop_all(&shop).await;
    shop.import().await;
    shop.workshop.wait(60);
    drop_all(&shop).await;
    let before = items(&shop).await;
    let id = shop.import().await;
    assert_eq!(items(&shop).await, before);
    assert_snapshot!(told(&shop, &id).await, @"
    0 created, 0 deleted, 11 rows, 0 skipped, 11 unchanged, 0 updated
    default category, default category/gear, default category/gear/bags, default category/gear/bags/satchels, default category/new
    ");
    assert_eq!(shop.report(&id).await["options"], json!(null));
}

#[tokio::test]
async fn wherever_the_import_dies_the_end_is_the_same() {
    let undisturbed = Shop::new();
    drop_all(&undisturbed).await;
    let id = undisturbed.import().await;
    let expected = (facts(&undisturbed).await, undisturbed.report(&id).await);
    for fault in [Fault::DeadBefore, Fault::DeadAfter] {
        for after in 0.. {
            let shop = Shop::new();
            drop_all(&shop).await;
            let id = shop.spawn().await;
            shop.workshop.table.arm(fault, "shop ", after);
            shop.run_with_deaths(&id).await;
            if !shop.workshop.table.is_spent() {
                assert!(after > 8, "only {after} writes");
                break;
            }
            let report = shop.report(&id).await;
            assert_eq!(facts(&shop).await, expected.0, "{fault:?} at write {after}");
            for part in ["totals", "options", "categories", "files"] {
                assert_eq!(report[part], expected.1[part], "{fault:?} at write {after}: {part}");
            }
        }
    }
}

#[tokio::test]
async fn options_that_are_missing_can_be_left_so() {
    let shop = Shop::new();
    with_argument(&shop, "create_options", "missing_options", "leave").await;
    drop_one(&shop, "product-import", "sku,additional_attributes\nA-1,color=Red|Blue\n").await;
    let id = shop.import().await;
    let shown = shop.workshop.shown(&id).await;
    let step = shown.split(", ").find(|step| step.contains("create_options")).unwrap();
    assert_snapshot!(step, @"create_options skipped (the rows name no options that are missing)");
    let log = shop.workshop.step(&id, "create_options").await.record.message.unwrap_or_default();
    assert_snapshot!(log, @"the rows name no options that are missing");
    assert_eq!(facts(&shop).await.attribute("color").unwrap().options.len(), 0);
}

#[tokio::test]
async fn a_category_without_the_one_above_it_is_left_out_or_brings_it() {
    const ORPHANS: &str = "path\nDefault Category/A/B/C\nDefault Category/A/B/C/D\nDefault Category/E\n";
    let shop = Shop::new();
    assert_snapshot!(import_categories(&shop, ORPHANS).await, @r#"
    validate success with a warning (2 findings in 3 rows; the first one: category-import_20260801-120000_01.csv:2: column `path`: is below category `Default Category/A`
    import_categories success with a warning (2 of 3 rows were skipped; the report names them)
    1 created, 0 deleted, 3 rows, 2 skipped, 0 unchanged, 0 updated
    2 "row": is below category `Default Category/A`, which neither the shop nor a row has; add a row for it, or set argument `missing_parents` to `create`
    3 "row": is below category `Default Category/A`, which neither the shop nor a row has; add a row for it, or set argument `missing_parents` to `create`
    default category, default category/e
    "#);
    with_argument(&shop, "validate", "missing_parents", "create").await;
    with_argument(&shop, "import_categories", "missing_parents", "create").await;
    assert_snapshot!(import_categories(&shop, ORPHANS).await, @r#"
    2 created, 0 deleted, 3 rows, 0 skipped, 1 unchanged, 0 updated
    2 "notice": is below category `Default Category/A/B`, which has no row and is made because of it
    2 "notice": is below category `Default Category/A`, which has no row and is made because of it
    default category, default category/a, default category/a/b, default category/a/b/c, default category/a/b/c/d, default category/e
    "#);
    assert_snapshot!(import_categories(&shop, ORPHANS).await, @"
    0 created, 0 deleted, 3 rows, 0 skipped, 3 unchanged, 0 updated
    default category, default category/a, default category/a/b, default category/a/b/c, default category/a/b/c/d, default category/e
    ");
}

#[tokio::test]
async fn validation_tells_of_a_category_without_the_one_above_it_before_anything_is_written() {
    let shop = Shop::new();
    with_argument(&shop, "validate", "strict", "true").await;
    assert_snapshot!(import_categories(&shop, "path\nDefault Category/A/B\nDefault Category/C/D\nDefault Category/C\n").await, @r#"
    error: move_files success
    validate error for good (category-import_20260801-120000_01.csv:2: column `path`: is below category `Default Category/A`
    0 created, 0 deleted, 3 rows, 0 skipped, 3 unchanged, 0 updated
    2 "row": is below category `Default Category/A`, which neither the shop nor a row has; add a row for it, or set argument `missing_parents` to `create`
    default category
    "#);
}

#[tokio::test]
async fn a_category_is_deleted_with_everything_below_it() {
    let shop = Shop::new();
    let tree = "path\nDefault Category/A\nDefault Category/A/B\nDefault Category/A/B/C\nDefault Category/A/D\n\
                Default Category/AA\nDefault Category/E\n";
    import_categories(&shop, tree).await;
    with_argument(&shop, "validate", "operation", "delete").await;
    with_argument(&shop, "import_categories", "operation", "delete").await;
    let deleted = "path,is_active\nDefault Category/A,nonsense\nDefault Category/A/D,\nDefault Category/X,\n\
                   Default Category,\n";
    assert_snapshot!(import_categories(&shop, deleted).await, @r#"
    validate success with a warning (category-import_20260801-120000_01.csv:5: column `path`: `Default Category` is the root category of website `base` and cannot be deleted)
    import_categories success with a warning (2 of 4 rows were skipped; the report names them)
    0 created, 2 deleted, 4 rows, 2 skipped, 0 unchanged, 0 updated
    1 "notice": `delete` will delete 4 of kind category: `default category/a`, `default category/a/b`, `default category/a/b/c`, `default category/a/d`
    2 "notice": 2 below it were deleted with it
    4 "row": there is nothing of this to delete
    5 "row": is the root category of website `base` and cannot be deleted
    default category, default category/aa, default category/e
    "#);
    // The root category of a website is refused, and so is what is not there.
    assert_snapshot!(import_categories(&shop, "path\nDefault Category\nDefault Category/A\nDefault Category/E\n").await, @r#"
    validate success with a warning (category-import_20260801-120000_01.csv:2: column `path`: `Default Category` is the root category of website `base` and cannot be deleted)
    import_categories success with a warning (2 of 3 rows were skipped; the report names them)
    0 created, 1 deleted, 3 rows, 2 skipped, 0 unchanged, 0 updated
    1 "notice": `delete` will delete 1 of kind category: `default category/e`
    2 "row": is the root category of website `base` and cannot be deleted
    3 "row": there is nothing of this to delete
    default category, default category/aa
    "#);
}

#[tokio::test]
async fn wherever_a_deletion_dies_the_counts_are_the_same() {
    let tree = "path\nDefault Category/A\nDefault Category/A/B\nDefault Category/A/B/C\nDefault Category/E\n";
    let deleted = "path\nDefault Category/A\nDefault Category/E\n";
    let mut told_before = None;
    for fault in [Fault::DeadBefore, Fault::DeadAfter, Fault::ReplyLost, Fault::Repeated] {
        for after in 0..18 {
            let shop = Shop::new();
            import_categories(&shop, tree).await;
            with_argument(&shop, "import_categories", "operation", "delete").await;
            shop.workshop.wait(60);
            drop_one(&shop, "category-import", deleted).await;
            let id = shop.spawn().await;
            shop.workshop.table.arm(fault, "shop category/", after);
            shop.run_with_deaths(&id).await;
            // Four categories are drafted, published, and deleted from the draft; their listing entries come on top.
            assert!(shop.workshop.table.is_spent() || after >= 12, "{fault:?} at write {after}");
            let told = told(&shop, &id).await;
            assert_eq!(told_before.get_or_insert_with(|| told.clone()), &told, "{fault:?} at write {after}");
        }
    }
    assert_snapshot!(told_before.unwrap(), @r#"
    0 created, 2 deleted, 2 rows, 0 skipped, 0 unchanged, 0 updated
    1 "notice": `delete` will delete 4 of kind category: `default category/a`, `default category/a/b`, `default category/a/b/c`, `default category/e`
    2 "notice": 2 below it were deleted with it
    default category
    "#);
}

#[tokio::test]
async fn a_replaced_category_is_made_of_its_row_alone_and_keeps_what_is_below_it() {
    let shop = Shop::new();
    let tree = "path,description,url_key\nDefault Category/A,old,a-old\nDefault Category/A/B,,\n";
    import_categories(&shop, tree).await;
    with_argument(&shop, "validate", "operation", "replace").await;
    with_argument(&shop, "import_categories", "operation", "replace").await;
    assert_snapshot!(import_categories(&shop, "path,name\nDefault Category/A,Anew\n").await, @r#"
    0 created, 0 deleted, 1 rows, 0 skipped, 0 unchanged, 1 updated
    1 "notice": `replace` will take 1 of `values` from 1 of kind category: `default category/a`
    default category, default category/a, default category/a/b
    "#);
    assert_snapshot!(serde_json::to_string(&facts(&shop).await.categories["default category/a"]).unwrap(), @r#"{"path":"Default Category/A","values":{"name":"Anew","url_key":"anew"}}"#);
}

#[tokio::test]
async fn an_attribute_of_the_plain_shop_can_be_deleted_if_people_made_it() {
    let shop = Shop::new();
    with_argument(&shop, "validate", "operation", "delete").await;
    with_argument(&shop, "import_attributes", "operation", "delete").await;
    drop_one(&shop, "attribute-import", "attribute_code\ncolor\nprice\nnothing\n").await;
    let id = shop.import().await;
    assert_snapshot!(told(&shop, &id).await, @r#"
    validate success with a warning (attribute-import_20260801-120000_01.csv:3: column `attribute_code`: `price` comes with the shop and cannot be deleted)
    import_attributes success with a warning (2 of 3 rows were skipped; the report names them)
    0 created, 1 deleted, 3 rows, 2 skipped, 0 unchanged, 0 updated
    1 "notice": `delete` will delete 1 of kind attribute: `color`
    3 "row": comes with the shop and cannot be deleted
    4 "row": there is nothing of this to delete
    default category
    "#);
    let facts = facts(&shop).await;
    assert!(facts.attribute("color").is_none() && facts.attribute("price").is_some());
}

#[tokio::test]
async fn a_validation_that_dies_between_rows_knows_what_earlier_files_made_of_the_shop() {
    let shop = Shop::new();
    with_argument(&shop, "validate", "strict", "true").await;
    drop_all(&shop).await;
    let id = shop.spawn().await;
    while let Some(body) = shop.next_message(&id).await {
        // Time runs short at once: the margin before the deadline is five seconds.
        let invocation = shop.workshop.invocation_of(std::time::Duration::from_secs(5));
        runner::run(&shop.workshop.context, &body, &invocation).await.unwrap();
    }
    assert_snapshot!(told(&shop, &id).await, @"
    8 created, 0 deleted, 11 rows, 0 skipped, 0 unchanged, 3 updated
    default category, default category/gear, default category/gear/bags, default category/gear/bags/satchels, default category/new
    ");
}

#[tokio::test]
async fn a_report_adds_up_the_steps_that_it_is_told_of() {
    let shop = Shop::new();
    with_argument(&shop, "report", "imported_by", "import_attribute_sets, import_atributes").await;
    drop_all(&shop).await;
    let id = shop.import().await;
    let report = shop.report(&id).await;
    assert_eq!(
        report["files"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["attribute-set-import_20260801-120000_01.csv"]
    );
    assert_eq!(report["totals"]["rows"], 3);
}
