//! The attribute sets, attributes and categories of the original's sample data, through the pipeline that ships.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use catalog::own::{self, Update};
use import::entity::attribute::Swatch;
use import::shop::{ShopBasics, ShopFacts, StoreView};
use insta::assert_snapshot;
use pipeline::PipelineId;

use super::shop::Shop;
use super::structure::items;

/// A shop with the store views that the sample files speak for.
async fn shop() -> Shop {
    let shop = Shop::new();
    let mut basics = ShopFacts::plain().basics;
    for code in ["de_de", "en_us"] {
        basics.store_views.push(StoreView { code: code.to_owned(), website: "base".to_owned() });
    }
    let update = Update::<ShopBasics> {
        key: "all".to_owned(),
        before: None,
        thing: Some(basics),
        mark: "by hand".to_owned(),
        change: None,
    };
    let table = shop.workshop.store().table.clone();
    assert_eq!(own::write_things(table.as_ref(), &[update]).await.unwrap(), [""; 0]);
    shop
}

/// A folder of the sample data, which lies beside the project because of its licence.
pub(super) fn folder(name: &str) -> PathBuf {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples/imports/techdivision-import-sample-data");
    let path = Path::new(root).join("generic/data").join(name);
    assert!(path.exists(), "the sample files are expected in {}", path.display());
    path
}

/// Drops the one CSV file of a folder with an ok file.
async fn drop_sample(shop: &Shop, name: &str) {
    let entries = std::fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path());
    let csv: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|suffix| suffix == "csv")).collect();
    let [csv] = &csv[..] else { panic!("{name} has {csv:?}") };
    let file = csv.file_name().unwrap().to_str().unwrap();
    shop.drop_file(file, std::fs::read(csv).unwrap()).await;
    shop.drop_file(&file.replace(".csv", ".ok"), "").await;
}

async fn import(shop: &Shop, name: &str) -> PipelineId {
    shop.workshop.wait(60);
    drop_sample(shop, name).await;
    shop.import().await
}

/// Imports a set twice and tells the counts and findings of the first time; the second time nothing may be written.
async fn twice(shop: &Shop, name: &str) -> String {
    let first = import(shop, name).await;
    let before = items(shop).await;
    let second = import(shop, name).await;
    assert_eq!(items(shop).await, before, "{name}: the second time something is written");
    let report = shop.report(&second).await;
    for count in ["created", "updated", "deleted"] {
        assert_eq!(report["totals"][count], 0, "{name}: {count} the second time");
    }
    told(shop, name, &first).await
}

async fn told(shop: &Shop, name: &str, id: &PipelineId) -> String {
    let report = shop.report(id).await;
    assert_eq!(report["is_imported"], true, "{}", shop.workshop.shown(id).await);
    let mut lines = vec![format!("{name}: {}", shop.totals(id).await)];
    for file in report["files"].as_object().unwrap().values() {
        lines
            .extend(file["unknown_columns"].as_array().into_iter().flatten().map(|column| format!("unknown {column}")));
        for finding in file["findings"].as_array().into_iter().flatten() {
            let [column, severity, problem] = ["column", "severity", "problem"].map(|part| finding[part].as_str());
            let (column, severity) = (column.unwrap_or("-"), severity.unwrap());
            lines.push(format!("{} {column} {severity}: {}", finding["line"], problem.unwrap()));
        }
    }
    lines.join("\n")
}

async fn facts(shop: &Shop) -> ShopFacts {
    own::shop_facts(shop.workshop.store().table.as_ref()).await.unwrap()
}

/// Has the import step of an entity do something else with its rows.
async fn operate(shop: &Shop, step: &str, operation: &str) {
    let overlay = format!(
        "<config><referencePipeline name=\"catalog_import\"><referenceStep name=\"validate\"><arguments>\
         <argument key=\"operation\" value=\"{operation}\"/></arguments></referenceStep><referenceStep name=\"{step}\">\
         <arguments><argument key=\"operation\" value=\"{operation}\"/></arguments></referenceStep></referencePipeline></config>"
    );
    shop.workshop.store().files.put("pipelines/operation.xml", Bytes::from(overlay)).await.unwrap();
}

#[tokio::test]
async fn the_sets_and_attributes_of_the_samples_import() {
    let shop = shop().await;
    assert_snapshot!(twice(&shop, "attributes-set/add-update").await, @"attributes-set/add-update: 8 created, 0 deleted, 8 rows, 0 skipped, 0 unchanged, 0 updated");
    assert_snapshot!(twice(&shop, "attributes/add-update").await, @"attributes/add-update: 21 created, 0 deleted, 22 rows, 0 skipped, 0 unchanged, 1 updated");
    let facts = facts(&shop).await;
    assert_eq!(facts.attribute_set("sprite stasis ball").unwrap().sort_order, Some(6));
    let bag = facts.attribute_set("Bag").unwrap();
    let color = facts.attribute("color").unwrap();
    assert!(facts.has_attribute(bag, facts.attribute("strap_bags").unwrap()) && facts.has_attribute(bag, color));
    assert!(!facts.has_attribute(bag, facts.attribute("collar").unwrap()));
    let blue = color.option("Blue").unwrap();
    assert_eq!(blue.swatch, Some(Swatch::Color("#1857f7".to_owned())));
    assert_eq!(
        (color.options.len(), color.apply_to.as_slice()),
        (12, ["simple", "virtual", "configurable"].map(str::to_owned).as_slice())
    );
    assert_eq!(facts.attribute("activity").unwrap().settings["backend_type"], "varchar");
    let attributes = facts.attributes.len() - ShopFacts::plain().attributes.len();
    assert_eq!((facts.attribute_sets.len() - 4, attributes), (8, 21), "sets and attributes that are new");

    assert_snapshot!(twice(&shop, "attributes/sorting").await, @"attributes/sorting: 0 created, 0 deleted, 22 rows, 0 skipped, 0 unchanged, 22 updated");
    assert_snapshot!(twice(&shop, "attributes/multi-storeview").await, @"attributes/multi-storeview: 0 created, 0 deleted, 66 rows, 0 skipped, 0 unchanged, 66 updated");
    let facts = self::facts(&shop).await;
    let gender = facts.attribute("gender").unwrap();
    assert_snapshot!(format!("{:?} {:?}", gender.store_labels, gender.option("Women").unwrap().store_labels), @r#"{"de_de": "Geschlecht", "en_us": "Gender"} {"de_de": "Frauen", "en_us": "Women"}"#);
    assert_eq!(facts.attribute("activity").unwrap().settings["position"], "22");
}

#[tokio::test]
async fn the_attributes_of_the_samples_are_replaced_and_deleted() {
    let shop = shop().await;
    assert_snapshot!(twice(&shop, "attributes/add-update-examples").await, @"
    attributes/add-update-examples: 4 created, 0 deleted, 8 rows, 0 skipped, 0 unchanged, 4 updated
    6 attribute_option_swatch notice: has `#000000` as an image; it is taken as the colour that it is (type 1)
    6 attribute_option_swatch notice: has `#d646d6` as an image; it is taken as the colour that it is (type 1)
    7 attribute_option_swatch notice: has `#000000` as an image; it is taken as the colour that it is (type 1)
    7 attribute_option_swatch notice: has `#d646d6` as an image; it is taken as the colour that it is (type 1)
    ");
    let facts = facts(&shop).await;
    let sizes = facts.attribute("test_text_swatch").unwrap();
    let xl = sizes.option("xl").unwrap();
    assert_eq!((sizes.options.len(), xl.swatch.clone()), (11, Some(Swatch::Text("XL".to_owned()))));
    assert_eq!(xl.store_swatches["default"], Swatch::Text("XL".to_owned()));
    assert_eq!(facts.attribute("test_select").unwrap().store_labels["default"], "Test Auswahlfeld (Aktualisiert)");

    operate(&shop, "import_attributes", "replace").await;
    let replaced = import(&shop, "attributes/replace").await;
    assert_snapshot!(told(&shop, "attributes/replace", &replaced).await, @"
    attributes/replace: 0 created, 0 deleted, 8 rows, 0 skipped, 0 unchanged, 8 updated
    1 - notice: `replace` will take 1 of `options`, 4 of `sets` from 4 of kind attribute: `test_multiselect`, `test_select`, `test_text_swatch`, `test_visual_swatch`
    2 attribute_group_name notice: is a new group of attribute set `Default`
    4 attribute_group_name notice: is a new group of attribute set `Default`
    6 attribute_group_name notice: is a new group of attribute set `Default`
    6 attribute_option_swatch notice: has `#000000` as an image; it is taken as the colour that it is (type 1)
    6 attribute_option_swatch notice: has `#d646d6` as an image; it is taken as the colour that it is (type 1)
    8 attribute_group_name notice: is a new group of attribute set `Default`
    ");
    let facts = self::facts(&shop).await;
    let sizes = facts.attribute("test_text_swatch").unwrap();
    assert_eq!((sizes.options.len(), sizes.option("34")), (10, None));
    assert_eq!(sizes.sets["default"].group, "General");

    operate(&shop, "import_attributes", "delete").await;
    let deleted = import(&shop, "attributes/delete").await;
    assert_snapshot!(told(&shop, "attributes/delete", &deleted).await, @"
    attributes/delete: 0 created, 4 deleted, 4 rows, 0 skipped, 0 unchanged, 0 updated
    1 - notice: `delete` will delete 4 of kind attribute: `test_multiselect`, `test_select`, `test_text_swatch`, `test_visual_swatch`
    ");
    assert_eq!(self::facts(&shop).await.attributes, ShopFacts::plain().attributes);
}

#[tokio::test]
async fn the_categories_of_the_samples_import() {
    let shop = shop().await;
    let mut all = Vec::new();
    for (name, count) in [
        ("categories/add-update", 39),
        ("categories/sorting", 39),
        ("categories/multi-storeview", 39),
        ("categories/root-categories", 50),
        ("categories/multi-root-categories", 82),
    ] {
        let told = twice(&shop, name).await;
        all.push(told);
        assert_eq!(facts(&shop).await.categories.len() - 1, count, "{name}");
    }
    assert_snapshot!(all.join("\n"), @"
    categories/add-update: 39 created, 0 deleted, 39 rows, 0 skipped, 0 unchanged, 0 updated
    categories/sorting: 0 created, 0 deleted, 39 rows, 0 skipped, 0 unchanged, 39 updated
    categories/multi-storeview: 0 created, 0 deleted, 114 rows, 0 skipped, 38 unchanged, 76 updated
    categories/root-categories: 11 created, 0 deleted, 11 rows, 0 skipped, 0 unchanged, 0 updated
    categories/multi-root-categories: 32 created, 0 deleted, 43 rows, 0 skipped, 11 unchanged, 0 updated
    ");
    let facts = facts(&shop).await;
    let tops = &facts.categories["default category/women/tops"];
    assert_snapshot!(serde_json::to_string(tops).unwrap(), @r#"{"path":"Default Category/Women/Tops","attribute_set":"Default","values":{"include_in_menu":"1","is_active":"1","is_anchor":"1","name":"Tops","position":"1","url_key":"tops-women"},"store_views":{"de_de":{"include_in_menu":"1","is_active":"1","is_anchor":"1","name":"Oberteile","url_key":"oberteile-frauen"},"en_us":{"include_in_menu":"1","is_active":"1","is_anchor":"1","name":"Tops","url_key":"tops-women"}}}"#);
    assert_eq!(facts.categories["default category/what's new"].values["url_key"], "what-s-new");
    let images = facts.categories.values().filter(|category| category.values.contains_key("image_path"));
    assert_eq!(images.count(), 8);
}

#[tokio::test]
async fn the_categories_of_the_samples_are_replaced_and_deleted() {
    let shop = shop().await;
    import(&shop, "categories/add-update").await;
    operate(&shop, "import_categories", "replace").await;
    let replaced = import(&shop, "categories/replace").await;
    assert_snapshot!(told(&shop, "categories/replace", &replaced).await, @"categories/replace: 0 created, 0 deleted, 38 rows, 0 skipped, 38 unchanged, 0 updated");
    operate(&shop, "import_categories", "delete").await;
    let deleted = import(&shop, "categories/delete").await;
    assert_snapshot!(told(&shop, "categories/delete", &deleted).await, @"
    categories/delete: 0 created, 38 deleted, 38 rows, 0 skipped, 0 unchanged, 0 updated
    1 - notice: `delete` will delete 38 of kind category: `default category/collections`, `default category/collections/eco collection new`, `default category/collections/eco friendly`, `default category/collections/erin recommends`, `default category/collections/new luma yoga collection`, …
    ");
    assert_snapshot!(facts(&shop).await.categories.into_keys().collect::<Vec<_>>().join("\n"), @"
    default category
    default category/gift cards
    ");
}

#[tokio::test]
async fn the_categories_that_the_original_derives_from_products_import() {
    let shop = shop().await;
    shop.workshop.wait(60);
    let file = "category-import_20200604-223243_01.csv";
    shop.drop_file(file, std::fs::read(folder("products/category-create").join(file)).unwrap()).await;
    shop.drop_file(&file.replace(".csv", ".ok"), "").await;
    let id = shop.import().await;
    assert_snapshot!(told(&shop, file, &id).await, @r#"
    category-import_20200604-223243_01.csv: 28 created, 0 deleted, 28 rows, 0 skipped, 0 unchanged, 0 updated
    14 name notice: makes the address `diese-jenige-kategorie`, which category `Default Category/"""Diese/Jenige"" Kategorie"` beside it has; it gets `diese-jenige-kategorie-1`
    "#);
}
