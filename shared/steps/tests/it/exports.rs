//! What an export step leaves, and that an import takes it for the same.

use insta::assert_snapshot;
use pipeline::PipelineId;
use steps::import::archive;

use super::shop::{APPLE, PEAR, Shop};

pub(super) const PIPELINE: &str = r#"<config><pipeline name="give" description="Exports">
    <conditions><pipeline_condition type="no_auto_spawn" description="By hand"/></conditions>
    <step name="export" executorType="export" sortOrder="10" description="Export">
        <arguments><argument key="entities" value="categories products"/></arguments>
    </step>
</pipeline></config>"#;

/// Exports, and returns the id of the pipeline.
async fn export(shop: &Shop) -> PipelineId {
    shop.workshop.store().files.put("pipelines/give.xml", PIPELINE.into()).await.unwrap();
    shop.workshop.wait(60);
    let id = shop.workshop.init("give").await;
    shop.workshop.run_all().await;
    id
}

/// The files of an export, by the part of their names before the identifier.
async fn exported(shop: &Shop, id: &PipelineId) -> Vec<(String, String)> {
    let store = shop.workshop.store();
    let prefix = format!("{}exports/", archive::prefix(id));
    let mut texts = Vec::new();
    for file in store.files.list(&prefix, None, 100).await.unwrap() {
        let text = store.files.get(&file.key, None).await.unwrap().unwrap();
        let name = file.key[prefix.len()..].split('_').next().unwrap().to_owned();
        texts.push((name, String::from_utf8(text.to_vec()).unwrap()));
    }
    texts
}

#[tokio::test]
async fn an_export_is_imported_strictly_and_exported_as_the_same() {
    let shop = Shop::new();
    shop.drop_rows(
        "product-import_20260801-120000_01.csv",
        &[APPLE, PEAR, "\"C,1\",Default,simple,base,\"A \"\"big\"\" one\",1,0,"],
    )
    .await;
    shop.drop_file("product-import_20260801-120000.ok", "").await;
    shop.import().await;
    let id = export(&shop).await;
    assert_snapshot!(shop.workshop.shown(&id).await, @"success: export success");
    let first = exported(&shop, &id).await;
    let names: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["category-import", "product-import"]);
    assert_eq!(first[1].1.lines().count(), 4, "{}", first[1].1);

    let other = Shop::new();
    let strict = r#"<config><referencePipeline name="catalog_import"><referenceStep name="validate"><arguments>
        <argument key="strict" value="true"/></arguments></referenceStep></referencePipeline></config>"#;
    other.workshop.store().files.put("pipelines/strict.xml", strict.into()).await.unwrap();
    for (name, text) in &first {
        other.drop_file(&format!("{name}_again_01.csv"), text.clone()).await;
        other.drop_file(&format!("{name}_again.ok"), "").await;
    }
    let import = other.import().await;
    assert!(other.workshop.shown(&import).await.starts_with("success:"), "{}", other.workshop.shown(&import).await);
    let report = other.report(&import).await;
    let files = report["files"].as_object().unwrap();
    assert!(files.values().all(|file| file["findings"].as_array().is_none_or(Vec::is_empty)), "{report}");
    let again = export(&other).await;
    assert_eq!(exported(&other, &again).await, first);
}

#[tokio::test]
async fn an_export_is_written_as_the_configuration_says_that_files_are() {
    let configuration = r#"{"number-converter": {"locale": "de_DE"}, "entities": {"products": {
        "delimiter": ";", "category-delimiter": ">", "from-charset": "windows-1252"}}}"#;
    let shop = Shop::new();
    shop.drop_fruit().await;
    shop.import().await;
    let plain = exported(&shop, &export(&shop).await).await;
    shop.workshop.store().files.put("configuration/shop.json", configuration.into()).await.unwrap();
    let first = exported(&shop, &export(&shop).await).await;
    let products = &first[1].1;
    assert!(products.starts_with("\u{feff}sku;"), "{products}");
    assert!(products.contains(";1,5;") && products.contains("Default Category>Fruit"), "{products}");
    assert_eq!(first[0].1, plain[0].1, "of categories the configuration says nothing");

    let other = Shop::new();
    other.workshop.store().files.put("configuration/shop.json", configuration.into()).await.unwrap();
    for (name, text) in &first {
        other.drop_file(&format!("{name}_again_01.csv"), text.clone()).await;
        other.drop_file(&format!("{name}_again.ok"), "").await;
    }
    let import = other.import().await;
    assert_eq!(other.report(&import).await["to_look_at"], 0);
    assert_eq!(exported(&other, &export(&other).await).await, first);
}

#[tokio::test]
async fn an_export_with_a_broken_configuration_says_what_is_wrong() {
    let shop = Shop::new();
    shop.workshop.store().files.put("configuration/shop.json", "{\"delimiter\": \";;\"}".into()).await.unwrap();
    let id = export(&shop).await;
    assert_snapshot!(shop.workshop.shown(&id).await, @r#"error: export error for good (the configuration is broken: configuration/shop.json:1: /delimiter: `;;` is not one character (example: `";"`); expected: one ASCII character)"#);
}

#[tokio::test]
async fn an_entity_that_there_is_not_is_refused_when_the_definition_is_loaded() {
    let shop = Shop::new();
    let wrong = PIPELINE.replace("categories products", "categories prodcts");
    shop.workshop.store().files.put("pipelines/give.xml", wrong.into()).await.unwrap();
    assert_snapshot!(shop.workshop.beat().await.problems.join("\n"), @"give.xml:4:52: step `export`: argument `entities`: `prodcts` is no entity (expected one of `attribute_sets`, `attributes`, `categories`, `products`, `prices`, `tier_prices`, `stock`, `source_items`, `media`, `links`, `variants`, `custom_options`, `url_rewrites`, `customers`, `customer_addresses`)");
}

#[tokio::test]
async fn a_media_import_leaves_a_list_of_the_images_that_its_rows_name() {
    let shop = Shop::new();
    shop.drop_fruit().await;
    shop.import().await;
    shop.workshop.wait(60);
    let rows =
        "sku,base_image,small_image,additional_images\nA-1,/a.jpg,/a.jpg,\"/b.jpg,/c.jpg\"\nP-1,,,__EMPTY__VALUE__\n";
    shop.drop_file("product-media-import_20260801-130000_01.csv", rows).await;
    shop.drop_file("product-media-import_20260801-130000.ok", "").await;
    let id = shop.import().await;
    let key = format!("{}image-cache/image-cache_01.csv", archive::prefix(&id));
    let list = shop.workshop.store().files.get(&key, None).await.unwrap().unwrap();
    assert_eq!(std::str::from_utf8(&list).unwrap(), "sku,image\nA-1,/a.jpg\nA-1,/b.jpg\nA-1,/c.jpg\n");
}
