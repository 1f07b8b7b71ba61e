//! The whole sample data of the original, folder after folder, into one shop: what came of it, and that the same folder
//! again writes nothing.

use std::collections::BTreeMap;
use std::fmt::Write;

use catalog::own;
use import::entity::customer::Customer;
use import::entity::product::{Product, ProductType, ProductValue};
use import::shop::{ShopFacts, Source, StoreView, Website};
use insta::assert_snapshot;
use patience::PATIENCE;
use pipeline::PipelineId;
use workshop::Fault;

use super::shop::Shop;
use super::structure::items;
use super::structure_samples::folder;

/// What is done with the rows of a folder: the pipeline, the step, and the operation if it is not the usual one.
const ADD_UPDATE: Operate = Operate { pipeline: "", step: "", operation: "" };

/// A step that does something else with its rows.
#[derive(Clone, Copy)]
struct Operate {
    pipeline: &'static str,
    step: &'static str,
    operation: &'static str,
}

impl Operate {
    async fn set(self, shop: &Shop) {
        let files = shop.workshop.store().files.clone();
        if self.step.is_empty() {
            return files.delete("pipelines/operation.xml").await.unwrap();
        }
        let Self { pipeline, step, operation } = self;
        let argument = format!("<arguments><argument key=\"operation\" value=\"{operation}\"/></arguments>");
        let steps = ["validate", step].map(|step| format!("<referenceStep name=\"{step}\">{argument}</referenceStep>"));
        let xml =
            format!("<config><referencePipeline name=\"{pipeline}\">{}</referencePipeline></config>", steps.concat());
        files.put("pipelines/operation.xml", xml.into()).await.unwrap();
    }
}

/// A shop with the store views and sources that the files speak of; everything else comes with them.
async fn shop() -> Shop {
    // Two dozen imports one behind the other.
    let mut shop = Shop::new();
    shop.workshop = shop.workshop.lasting(3 * PATIENCE);
    let mut basics = ShopFacts::plain().basics;
    basics.websites.push(Website { code: "additional_base".to_owned(), ..basics.websites[0].clone() });
    for (code, website) in [("de_de", "base"), ("en_us", "base"), ("additional_base_view", "additional_base")] {
        basics.store_views.push(StoreView { code: code.to_owned(), website: website.to_owned() });
    }
    basics.sources.push(Source { code: "wh2".to_owned(), is_enabled: true });
    basics.has_website_prices = true;
    shop.put("all", basics).await;
    shop
}

/// The names of the files of rows in a folder, by what those of one bunch have in common.
fn bunches(name: &str) -> BTreeMap<String, Vec<String>> {
    let mut bunches: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(folder(name)).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        if let Some(stem) = file.strip_suffix(".csv") {
            bunches.entry(stem.rsplit_once('_').unwrap().0.to_owned()).or_default().push(file);
        }
    }
    bunches
}

/// Drops the files of a bunch, releases them, and imports them.
async fn import(shop: &Shop, name: &str, bunch: &str, files: &[String]) -> PipelineId {
    shop.workshop.wait(60);
    for file in files {
        shop.drop_file(file, std::fs::read(folder(name).join(file)).unwrap()).await;
    }
    shop.drop_file(&format!("{bunch}.ok"), "").await;
    let spawned = shop.workshop.beat().await.spawned;
    // What ships has schedules of its own.
    let mut imports = spawned.iter().filter_map(|spawned| spawned.split_once("_import ")).map(|(_, id)| id);
    let id = imports.next().unwrap_or_else(|| panic!("{bunch} is not taken: {spawned:?}"));
    shop.workshop.run_all().await;
    let id = id.parse().unwrap();
    let shown = shop.workshop.shown(&id).await;
    assert!(shown.starts_with("success: "), "{name}: {shown}");
    id
}

/// Imports a folder twice; one line with the counts of the first time, and one for each kind of finding.
async fn twice(shop: &Shop, name: &str, operate: Operate) -> String {
    operate.set(shop).await;
    let mut told = String::new();
    for (bunch, files) in bunches(name) {
        let id = import(shop, name, &bunch, &files).await;
        writeln!(told, "{name} {}: {}", operate.operation, shop.totals(&id).await).unwrap();
        told += &findings(shop, &id).await;
        // A write to the catalogue would be refused; the facts of a shop are compared. But what is replaced by its like is
        // marked with the import, so that no later row of it replaces it once more.
        let before = items(shop).await;
        if operate.operation != "replace" {
            shop.workshop.table.arm(Fault::Forbidden, "catalog/", 0);
        }
        let id = import(shop, name, &bunch, &files).await;
        shop.workshop.table.disarm();
        let totals = shop.report(&id).await["totals"].clone();
        for count in ["created", "updated", "deleted"] {
            assert_eq!(totals[count], 0, "{name} again: {count}, {totals}");
        }
        assert_eq!(items(shop).await, before, "{name}: the second time something is written");
    }
    told
}

/// How often each thing was found, and where first.
async fn findings(shop: &Shop, id: &PipelineId) -> String {
    let report = shop.report(id).await;
    let mut kinds: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for (file, content) in report["files"].as_object().unwrap() {
        for column in content["unknown_columns"].as_array().into_iter().flatten() {
            kinds.entry(format!("unknown column {column}")).or_insert((0, file.clone())).0 += 1;
        }
        for finding in content["findings"].as_array().into_iter().flatten() {
            let [column, severity] = ["column", "severity"].map(|part| finding[part].as_str().unwrap_or("-"));
            let first = format!("{file}:{} {}", finding["line"], finding["problem"].as_str().unwrap());
            kinds.entry(format!("{severity} {column}")).or_insert((0, first)).0 += 1;
        }
    }
    kinds.into_iter().map(|(kind, (count, first))| format!("  {count} {kind}: {first}\n")).collect()
}

async fn product(shop: &Shop, sku: &str) -> Product {
    let key = sku.to_lowercase();
    let mut things = own::things(shop.workshop.store().table.as_ref(), std::slice::from_ref(&key)).await.unwrap();
    things.remove(&key).unwrap().thing.unwrap()
}

fn text(product: &Product, code: &str, store_view: Option<&str>) -> String {
    match product.value(code, store_view) {
        Some(ProductValue::Text(text)) => text.clone(),
        other => format!("{other:?}"),
    }
}

/// How many things of each kind there are.
async fn counts(shop: &Shop) -> String {
    let table = shop.workshop.store().table.as_ref();
    let products: BTreeMap<String, Product> = own::all(table).await.unwrap();
    let customers: BTreeMap<String, Customer> = own::all(table).await.unwrap();
    let facts = own::shop_facts(table).await.unwrap();
    let mut types: BTreeMap<ProductType, usize> = BTreeMap::new();
    for product in products.values() {
        *types.entry(product.product_type).or_default() += 1;
    }
    let addresses: usize = customers.values().map(|customer| customer.addresses.len()).sum();
    let variations: usize = products.values().map(|product| product.variations.len()).sum();
    let plain = ShopFacts::plain();
    format!(
        "{} products {types:?} with {variations} variations, {} categories, {} sets and {} attributes that are new, {} customers \
         with {addresses} addresses",
        products.len(),
        facts.categories.len(),
        facts.attribute_sets.len() - plain.attribute_sets.len(),
        facts.attributes.len() - plain.attributes.len(),
        customers.len(),
    )
}

const REPLACE_PRODUCTS: Operate = Operate { pipeline: "catalog_import", step: "import_products", operation: "replace" };

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a line or two per folder")]
async fn the_whole_sample_data_of_the_original_imports_folder_after_folder() {
    let shop = shop().await;
    let mut told = String::new();
    for folder in [
        "attributes-set/add-update",
        "attributes/add-update",
        "attributes/multi-storeview",
        "categories/add-update",
        "categories/multi-storeview",
        "products/add-update",
        "products/grouped",
        "products/multi-storeview",
        "products/prices",
        "products/multi-storeview-prices",
        "tier-prices/add-update",
        "products/inventory",
        "msi/add-update",
        "product-media",
        "customers/add-update",
        "customers-address/add-update",
        "product-url-rewrites",
        "products/delta",
    ] {
        told += &twice(&shop, folder, ADD_UPDATE).await;
    }
    assert_snapshot!(told, @"
    attributes-set/add-update : 8 created, 0 deleted, 8 rows, 0 skipped, 0 unchanged, 0 updated
    attributes/add-update : 21 created, 0 deleted, 22 rows, 0 skipped, 0 unchanged, 1 updated
    attributes/multi-storeview : 0 created, 0 deleted, 66 rows, 0 skipped, 0 unchanged, 66 updated
    categories/add-update : 39 created, 0 deleted, 39 rows, 0 skipped, 0 unchanged, 0 updated
    categories/multi-storeview : 0 created, 0 deleted, 114 rows, 0 skipped, 38 unchanged, 76 updated
    products/add-update : 2041 created, 0 deleted, 2048 rows, 0 skipped, 0 unchanged, 7 updated
      100 notice configurable_variations: product-import_20161021-161909_04.csv:793 variations `WS11-XS-Green` and `WS11-XS-Orange` have the same options
    products/grouped : 1 created, 0 deleted, 4 rows, 0 skipped, 3 unchanged, 0 updated
    products/multi-storeview : 0 created, 0 deleted, 27 rows, 0 skipped, 8 unchanged, 19 updated
    products/multi-storeview : 0 created, 0 deleted, 5 rows, 0 skipped, 0 unchanged, 5 updated
    products/prices : 0 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 2 updated
    products/multi-storeview-prices : 0 created, 0 deleted, 6 rows, 0 skipped, 2 unchanged, 4 updated
    tier-prices/add-update : 0 created, 0 deleted, 3 rows, 0 skipped, 0 unchanged, 3 updated
    products/inventory : 0 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 2 updated
    msi/add-update : 0 created, 0 deleted, 3 rows, 0 skipped, 0 unchanged, 3 updated
    product-media : 0 created, 0 deleted, 9 rows, 6 skipped, 3 unchanged, 0 updated
      6 row sku: media-import_20161021-161909_01.csv:3 is empty
    customers/add-update : 2 created, 0 deleted, 3 rows, 0 skipped, 0 unchanged, 1 updated
    customers-address/add-update : 0 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 2 updated
    product-url-rewrites : 0 created, 0 deleted, 2041 rows, 0 skipped, 0 unchanged, 2041 updated
    products/delta : 0 created, 0 deleted, 5 rows, 0 skipped, 1 unchanged, 4 updated
      1 notice configurable_variations: product-import_20161021-161909_01.csv:17 variations `WS11-XS-Green` and `WS11-XS-Orange` have the same options
      1 value price: product-import_20161021-161909_01.csv:2 is not a number (expected digits with a decimal point, such as `1019.99`)
      1 value special_price: product-import_20161021-161909_01.csv:2 is not a number (expected digits with a decimal point, such as `1019.99`)
    ");
    assert_snapshot!(counts(&shop).await, @"2042 products {Simple: 1891, Configurable: 147, Bundle: 1, Grouped: 1, Giftcard: 2} with 1847 variations, 40 categories, 8 sets and 21 attributes that are new, 2 customers with 5 addresses");
    let bag = product(&shop, "24-MB01").await;
    assert_snapshot!(spots(&bag), @r#"
    24-MB01 simple in Bag: name Joust Duffle Bag(s), name in German Joust Seesack, price 49.95, price in German 48, qty 100, address joust-duffle-bag-s
    tier prices [{"customer_group":"ALL GROUPS","price":"29","quantity":"4","value_type":"Fixed","website":"All Websites"},{"customer_group":"General","price":"32","quantity":"2","value_type":"Fixed","website":"All Websites"}]
    sources [{"quantity":"100","source":"default","status":"1"}]
    images {"base_image":{"label":"WHY?","path":"/m/b/mb01-blue-0.jpg","position":1},"small_image":{"path":"/m/b/mb01-blue-0.jpg"},"thumbnail_image":{"path":"/m/b/mb01-blue-0.jpg"}}
    "#);

    let mut told = String::new();
    for (folder, operate) in [
        ("products/replace", REPLACE_PRODUCTS),
        (
            "tier-prices/replace",
            Operate { pipeline: "tier_price_import", step: "import_tier_prices", operation: "replace" },
        ),
        (
            "msi/replace",
            Operate { pipeline: "multi_source_stock_import", step: "import_source_items", operation: "replace" },
        ),
        (
            "customers-address/replace",
            Operate { pipeline: "customer_address_import", step: "import_customer_addresses", operation: "replace" },
        ),
    ] {
        told += &twice(&shop, folder, operate).await;
    }
    assert_snapshot!(told, @"
    products/replace replace: 0 created, 0 deleted, 2048 rows, 0 skipped, 0 unchanged, 2048 updated
      1 notice -: product-import_20161021-161909_01.csv:1 `replace` will take 1 of `categories`, 7 of `default.hidden_images`, 2 of `default.images.base_image`, 10 of `default.values`, 3 of `source_items`, 1 of `stock`, 2053 of `store_views`, 14 of `store_views.default.values`, 6 of `tier_prices`, 1 of `variation_labels`, 1 of `websites` from 2041 of kind product: `24-mb05`, `24-mg03`, `24-ug05`, `24-ug06`, `24-wb01`, …
      100 notice configurable_variations: product-import_20161021-161909_04.csv:793 variations `WS11-XS-Green` and `WS11-XS-Orange` have the same options
    tier-prices/replace replace: 0 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 2 updated
    msi/replace replace: 0 created, 0 deleted, 3 rows, 0 skipped, 0 unchanged, 3 updated
    customers-address/replace replace: 0 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 2 updated
      1 notice -: customer-address-import_20181217-085523_01.csv:1 `replace` will take 3 of `addresses` from 1 of kind customer: `base/jondoe@example.com`
    ");
    assert_snapshot!(counts(&shop).await, @"2042 products {Simple: 1891, Configurable: 147, Bundle: 1, Grouped: 1, Giftcard: 2} with 1847 variations, 40 categories, 8 sets and 21 attributes that are new, 2 customers with 4 addresses");
    let bag = product(&shop, "24-MB01").await;
    assert_snapshot!(spots(&bag), @r#"
    24-MB01 simple in Bag: name Joust Duffle Bag, name in German Joust Duffle Bag, price 36, price in German 36, qty 97, address joust-duffle-bag
    tier prices [{"customer_group":"General","price":"32","quantity":"2","value_type":"Fixed","website":"All Websites"}]
    sources [{"quantity":"97","source":"default","status":"0"}]
    images {"base_image":{"path":"/m/b/mb01-blue-0.jpg"},"small_image":{"path":"/m/b/mb01-blue-0.jpg"},"thumbnail_image":{"path":"/m/b/mb01-blue-0.jpg"}}
    "#);

    let mut told = String::new();
    for (folder, operate) in [
        (
            "customers-address/delete",
            Operate { pipeline: "customer_address_import", step: "import_customer_addresses", operation: "delete" },
        ),
        ("categories/delete", Operate { pipeline: "catalog_import", step: "import_categories", operation: "delete" }),
        ("products/replace", Operate { operation: "delete", ..REPLACE_PRODUCTS }),
    ] {
        told += &twice(&shop, folder, operate).await;
    }
    assert_snapshot!(told, @"
    customers-address/delete delete: 0 created, 0 deleted, 2 rows, 2 skipped, 0 unchanged, 0 updated
      2 row -: customer-address-import_20181217-085523_01.csv:2 there is nothing of this to delete
    categories/delete delete: 0 created, 38 deleted, 38 rows, 0 skipped, 0 unchanged, 0 updated
      1 notice -: category-import_20161024-194026_01.csv:1 `delete` will delete 38 of kind category: `default category/collections`, `default category/collections/eco collection new`, `default category/collections/eco friendly`, `default category/collections/erin recommends`, `default category/collections/new luma yoga collection`, …
    products/replace delete: 0 created, 2041 deleted, 2048 rows, 0 skipped, 7 unchanged, 0 updated
      1 notice -: product-import_20161021-161909_01.csv:1 `delete` will delete 2041 of kind product: `24-mb05`, `24-mg03`, `24-ug05`, `24-ug06`, `24-wb01`, …
    ");
    assert_snapshot!(counts(&shop).await, @"1 products {Grouped: 1} with 0 variations, 2 categories, 8 sets and 21 attributes that are new, 2 customers with 4 addresses");
}

/// What a product is by the end: a value of each of the files that speak of it.
/// A value with its fields in the order of their names. Whether objects keep another one is decided by what else is built.
fn sorted(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(fields) => {
            let fields: std::collections::BTreeMap<&String, Value> =
                fields.iter().map(|(name, value)| (name, sorted(value))).collect();
            fields.into_iter().map(|(name, value)| (name.clone(), value)).collect()
        }
        Value::Array(values) => values.iter().map(sorted).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn spots(product: &Product) -> String {
    let stored = |part: &serde_json::Value| sorted(part).to_string();
    format!(
        "{} {} in {}: name {}, name in German {}, price {}, price in German {}, qty {}, address {}\ntier prices {}\nsources {}\nimages \
         {}",
        product.sku,
        product.product_type,
        product.attribute_set,
        text(product, "name", None),
        text(product, "name", Some("de_de")),
        text(product, "price", None),
        text(product, "price", Some("de_de")),
        product.stock.get("qty").map_or("none", String::as_str),
        text(product, "url_key", Some("default")),
        stored(&serde_json::json!(product.tier_prices)),
        stored(&serde_json::json!(product.source_items)),
        stored(&serde_json::json!(product.default.images)),
    )
}
