//! Imports of everything that is not products: the definitions that ship, with small files and with those of the original.

use std::collections::BTreeMap;
use std::path::PathBuf;

use catalog::own::{self, Update};
use import::entity::Thing;
use import::entity::attribute::{Attribute, AttributeOption, SetPlace};
use import::entity::customer::Customer;
use import::entity::product::{Product, ProductValue};
use import::shop::{ShopFacts, Source, StoreView};
use insta::assert_snapshot;
use pipeline::PipelineId;
use store::settings::NewSetting;
use workshop::Fault;

use super::shop::Shop;

/// Small files that belong into a bunch with products `A-1` and `P-1`.
pub(crate) const FILES_ABOUT_PRODUCTS: [(&str, &str); 3] = [
    ("product-import-variant", "sku,configurable_variations\nA-1,\"sku=P-1,size=S\"\n"),
    ("product-import-link", "sku,related_skus\nA-1,P-1\n"),
    ("custom-options", "sku,custom_options\nA-1,\"name=Gravur,type=field\"\n"),
];

/// A small file of each other entity, for products `A-1` and `P-1` and their customers.
pub(crate) const FILES: [(&str, &str); 8] = [
    ("product-import-price", "sku,price\nA-1,2.50\nNOPE,1\n"),
    (
        "product-import-tier-price",
        "sku,tier_price_website,tier_price_customer_group,tier_price_qty,tier_price,tier_price_value_type\nA-1,All Websites,ALL GROUPS,4,1,Fixed\n",
    ),
    ("product-import-inventory", "sku,qty,qty_relative\nA-1,5,1\nP-1,0,\n"),
    ("product-import-inventory-msi", "sku,source_code,status,quantity,relative\nA-1,default,1,7,1\n"),
    ("product-media-import", "sku,base_image\nA-1,/a/1.jpg\n"),
    ("url-rewrite", "sku,store_view_code,url_key\nA-1,default,apple\n"),
    ("customer-import", "email,_website,firstname,lastname,group_id\na@example.com,base,A,B,1\n"),
    (
        "customer-address-import",
        "_email,_website,firstname,lastname,street,city,country_id\na@example.com,base,A,B,C 1,D,DE\n",
    ),
];

const SAMPLES: &str = "techdivision-import-sample-data/generic/data/";

/// Sample files lie beside the project because of their licences.
fn sample(path: &str) -> Vec<u8> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples/imports"));
    let path = root.join(SAMPLES).join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A shop with three store views, two sources and these products.
async fn shop_with(skus: impl IntoIterator<Item = String>) -> Shop {
    let shop = Shop::new();
    let view = |code: &str| StoreView { code: code.to_owned(), website: "base".to_owned() };
    let mut basics = ShopFacts::plain().basics;
    basics.store_views.extend([view("de_de"), view("en_us")]);
    basics.has_website_prices = true;
    basics.sources.push(Source { code: "wh2".to_owned(), is_enabled: true });
    shop.put("all", basics).await;
    for sku in skus {
        let json = format!(r#"{{"schema":1,"sku":"{sku}","product_type":"simple","attribute_set":"Default"}}"#);
        shop.put(&sku.to_lowercase(), Product::from_json(&json).unwrap()).await;
    }
    shop
}

/// The three bags of the samples.
async fn shop_with_bags() -> Shop {
    shop_with(["24-MB01", "24-MB03", "24-MB04"].map(str::to_owned)).await
}

impl Shop {
    pub(crate) async fn put<T: Thing>(&self, key: &str, thing: T) {
        let update =
            Update { key: key.to_owned(), before: None, thing: Some(thing), mark: "test".to_owned(), change: None };
        let table = self.workshop.store().table.clone();
        assert_eq!(own::write_things(table.as_ref(), &[update]).await.unwrap(), Vec::<String>::new());
    }

    /// Drops files of one bunch with an ok file of their own, and imports them.
    async fn import_files(&self, bunch: &str, files: &[Vec<u8>]) -> PipelineId {
        self.workshop.wait(60);
        for (number, content) in (1..).zip(files) {
            self.drop_file(&format!("{bunch}_{number:02}.csv"), content.clone()).await;
        }
        self.drop_file(&format!("{bunch}.ok"), "").await;
        self.import().await
    }

    /// What came of a second drop of the same files, during which a write to the catalogue would be refused.
    async fn again(&self, bunch: &str, files: &[Vec<u8>]) -> String {
        self.workshop.table.arm(Fault::Forbidden, "catalog/", 0);
        let id = self.import_files(bunch, files).await;
        self.totals(&id).await
    }

    /// What became of every step, and the counts of the rows.
    async fn outcome(&self, id: &PipelineId) -> String {
        format!("{}\n{}", self.workshop.shown(id).await, self.totals(id).await)
    }

    async fn bag(&self, sku: &str) -> Product {
        let table = self.workshop.store().table.clone();
        own::things(table.as_ref(), &[sku.to_lowercase()])
            .await
            .unwrap()
            .remove(&sku.to_lowercase())
            .unwrap()
            .thing
            .unwrap()
    }

    async fn customers(&self) -> BTreeMap<String, Customer> {
        own::all(self.workshop.store().table.as_ref()).await.unwrap()
    }

    /// Lets a pipeline do something else with its rows.
    async fn operate(&self, pipeline: &str, step: &str, operation: &str) {
        let xml = format!(
            "<config><referencePipeline name=\"{pipeline}\"><referenceStep name=\"{step}\"><arguments>\
             <argument key=\"operation\" value=\"{operation}\"/></arguments></referenceStep></referencePipeline></config>"
        );
        self.workshop.store().files.put("pipelines/operation.xml", xml.into()).await.unwrap();
    }
}

fn value(product: &Product, code: &str, store_view: Option<&str>) -> String {
    match product.value(code, store_view) {
        Some(ProductValue::Text(text)) => text.clone(),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn prices_of_the_samples_become_those_of_products() {
    let shop = shop_with_bags().await;
    let (bunch, files) =
        ("product-import-price_20170829-1130", [sample("products/prices/product-import-price_20170829-1130_01.csv")]);
    let id = shop.import_files(bunch, &files).await;
    assert_snapshot!(shop.outcome(&id).await, @"
    success: move_files success, validate success, import_prices success, publish skipped (changes were written as they came; nothing is drafted), archive success, report success
    0 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 2 updated
    ");
    let bag = shop.bag("24-MB04").await;
    assert_eq!([value(&bag, "price", None), value(&bag, "special_price", None)], ["59.85", "39.85"]);
    assert_snapshot!(shop.again(bunch, &files).await, @"0 created, 0 deleted, 2 rows, 0 skipped, 2 unchanged, 0 updated");
}

#[tokio::test]
async fn prices_of_the_samples_for_store_views_stay_apart() {
    let shop = shop_with_bags().await;
    let files = [sample("products/multi-storeview-prices/product-import-price_20170829-1130_01.csv")];
    let id = shop.import_files("product-import-price_20170829-1130", &files).await;
    assert_snapshot!(shop.totals(&id).await, @"0 created, 0 deleted, 6 rows, 0 skipped, 0 unchanged, 6 updated");
    let bag = shop.bag("24-MB01").await;
    let prices = [None, Some("de_de"), Some("en_us")].map(|view| value(&bag, "price", view));
    assert_eq!(prices, ["49.95", "48", "51"]);
    assert_snapshot!(shop.again("product-import-price_20170829-1130", &files).await, @"0 created, 0 deleted, 6 rows, 0 skipped, 6 unchanged, 0 updated");
}

#[tokio::test]
async fn stock_of_the_samples_puts_products_into_stock() {
    let shop = shop_with_bags().await;
    let (bunch, files) = (
        "product-import-inventory_20170829-1115",
        [sample("products/inventory/product-import-inventory_20170829-1115_01.csv")],
    );
    let id = shop.import_files(bunch, &files).await;
    assert_snapshot!(shop.outcome(&id).await, @"
    success: move_files success, validate success, import_stock success, publish skipped (changes were written as they came; nothing is drafted), archive success, report success
    0 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 2 updated
    ");
    let bag = shop.bag("24-MB04").await;
    assert_eq!((bag.stock["qty"].as_str(), bag.stock["is_in_stock"].as_str()), ("11", "1"));
    assert_snapshot!(shop.again(bunch, &files).await, @"0 created, 0 deleted, 2 rows, 0 skipped, 2 unchanged, 0 updated");
}

#[tokio::test]
async fn tier_prices_of_the_samples_are_added_and_replaced() {
    let shop = shop_with_bags().await;
    let name = "product-import-tier-price_20190425-131237";
    let files = [sample(&format!("tier-prices/add-update/{name}_01.csv"))];
    let id = shop.import_files(name, &files).await;
    assert_snapshot!(shop.outcome(&id).await, @"
    success: move_files success, validate success, import_tier_prices success, publish skipped (changes were written as they came; nothing is drafted), archive success, report success
    0 created, 0 deleted, 3 rows, 0 skipped, 0 unchanged, 3 updated
    ");
    assert_eq!(shop.bag("24-MB01").await.tier_prices.len(), 2);
    assert_snapshot!(shop.again(name, &files).await, @"0 created, 0 deleted, 3 rows, 0 skipped, 3 unchanged, 0 updated");
    shop.workshop.table.disarm();
    shop.operate("tier_price_import", "import_tier_prices", "replace").await;
    let id = shop.import_files(name, &[sample(&format!("tier-prices/replace/{name}_01.csv"))]).await;
    assert_snapshot!(shop.totals(&id).await, @"0 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 2 updated");
    let [price] = &shop.bag("24-MB01").await.tier_prices[..] else { panic!("one tier price is left") };
    assert_eq!((price.customer_group.as_str(), price.price.as_str()), ("General", "32"));
    shop.operate("tier_price_import", "import_tier_prices", "delete").await;
    let id = shop.import_files(name, &[sample(&format!("tier-prices/replace/{name}_01.csv"))]).await;
    assert_snapshot!(shop.totals(&id).await, @"0 created, 2 deleted, 2 rows, 0 skipped, 0 unchanged, 0 updated");
    assert_eq!(shop.bag("24-MB01").await.tier_prices, []);
}

#[tokio::test]
async fn source_items_of_the_samples_are_the_stock_of_their_source() {
    let shop = shop_with_bags().await;
    let name = "product-import-inventory-msi_20190423-100739";
    let files = [sample(&format!("msi/add-update/{name}_01.csv"))];
    let id = shop.import_files(name, &files).await;
    assert_snapshot!(shop.outcome(&id).await, @"
    success: move_files success, validate success, import_source_items success, publish skipped (changes were written as they came; nothing is drafted), archive success, report success
    0 created, 0 deleted, 3 rows, 0 skipped, 0 unchanged, 3 updated
    ");
    let bag = shop.bag("24-MB04").await;
    assert_eq!((bag.source_items[0].quantity.as_str(), bag.source_items[0].status.as_str()), ("98", "0"));
    assert_eq!((bag.stock["qty"].as_str(), bag.stock["is_in_stock"].as_str()), ("98", "0"));
    assert_snapshot!(shop.again(name, &files).await, @"0 created, 0 deleted, 3 rows, 0 skipped, 3 unchanged, 0 updated");
    shop.workshop.table.disarm();
    shop.operate("multi_source_stock_import", "import_source_items", "replace").await;
    let files = [sample(&format!("msi/replace/{name}_01.csv"))];
    let id = shop.import_files(name, &files).await;
    assert_snapshot!(shop.totals(&id).await, @"0 created, 0 deleted, 3 rows, 0 skipped, 0 unchanged, 3 updated");
    shop.operate("multi_source_stock_import", "import_source_items", "delete").await;
    let id = shop.import_files(name, &files).await;
    assert_snapshot!(shop.totals(&id).await, @"0 created, 3 deleted, 3 rows, 0 skipped, 0 unchanged, 0 updated");
    assert_eq!(shop.bag("24-MB04").await.source_items, []);
}

/// The file leaves the sku out where a row goes on about the product above; such a row is nobody's.
#[tokio::test]
async fn media_of_the_samples_become_those_of_products() {
    let shop = shop_with_bags().await;
    let (bunch, files) =
        ("product-media-import_20161021-161909", [sample("product-media/media-import_20161021-161909_01.csv")]);
    let id = shop.import_files(bunch, &files).await;
    assert_snapshot!(shop.outcome(&id).await, @"
    success: move_files success, validate success with a warning (6 findings in 9 rows; the first one: product-media-import_20161021-161909_01.csv:3: column `sku`: is empty), import_media success with a warning (6 of 9 rows were skipped; the report names them), publish skipped (changes were written as they came; nothing is drafted), image_cache success, archive success, report success
    0 created, 0 deleted, 9 rows, 6 skipped, 0 unchanged, 3 updated
    ");
    let bag = shop.bag("24-MB04").await;
    assert_eq!(bag.default.images["base_image"].path.as_deref(), Some("/m/b/mb04-black-0.jpg"));
    assert_eq!(bag.default.additional_images.len(), 2);
    assert_snapshot!(shop.again(bunch, &files).await, @"0 created, 0 deleted, 9 rows, 6 skipped, 3 unchanged, 0 updated");
}

#[tokio::test]
async fn url_rewrites_of_the_samples_are_the_addresses_of_products() {
    let files: Vec<Vec<u8>> = (1..=4)
        .map(|number| sample(&format!("product-url-rewrites/url-rewrite_20200314-121301_{number:02}.csv")))
        .collect();
    let skus = files.iter().flat_map(|file| {
        let text = String::from_utf8_lossy(file).into_owned();
        let skus: Vec<String> =
            text.lines().skip(1).filter_map(|line| line.split(',').nth(1)).map(str::to_owned).collect();
        skus
    });
    let shop = shop_with(skus.collect::<std::collections::BTreeSet<_>>()).await;
    let id = shop.import_files("url-rewrite_20200314-121301", &files).await;
    assert_snapshot!(shop.outcome(&id).await, @"
    success: move_files success, validate success, import_url_rewrites success, publish skipped (changes were written as they came; nothing is drafted), archive success, report success
    0 created, 0 deleted, 2041 rows, 0 skipped, 0 unchanged, 2041 updated
    ");
    assert_eq!(value(&shop.bag("24-MB03").await, "url_key", Some("default")), "crown-summit-backpack");
    assert_snapshot!(shop.again("url-rewrite_20200314-121301", &files).await, @"0 created, 0 deleted, 2041 rows, 0 skipped, 2041 unchanged, 0 updated");
}

#[tokio::test]
async fn customers_of_the_samples_and_their_addresses_are_kept() {
    let shop = shop_with([]).await;
    let name = "customer-import_20181213-132802";
    let files = [sample(&format!("customers/add-update/{name}_01.csv"))];
    let id = shop.import_files(name, &files).await;
    assert_snapshot!(shop.outcome(&id).await, @"
    success: move_files success, validate success, import_customers success, publish skipped (changes were written as they came; nothing is drafted), archive success, report success
    2 created, 0 deleted, 3 rows, 0 skipped, 0 unchanged, 1 updated
    ");
    let customers = shop.customers().await;
    let jane = &customers["base/janedoe@example.com"];
    assert_eq!(jane.addresses.len(), 2);
    assert_eq!((jane.values["dob"].as_str(), jane.group.as_deref()), ("2016-10-21T00:00:00", Some("General")));
    assert!(jane.password_hash.is_some());
    let name = "customer-address-import_20181217-085523";
    let files = [sample(&format!("customers-address/add-update/{name}_01.csv"))];
    let id = shop.import_files(name, &files).await;
    assert_snapshot!(shop.outcome(&id).await, @"
    success: move_files success, validate success, import_customer_addresses success, publish skipped (changes were written as they came; nothing is drafted), archive success, report success
    0 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 2 updated
    ");
    let customers = shop.customers().await;
    let cities = |email: &str| {
        let addresses = customers[&format!("base/{email}")].addresses.iter();
        addresses.map(|address| address.values["city"].clone()).collect::<Vec<_>>().join(", ")
    };
    assert_snapshot!(format!("{} and {}", cities("jondoe@example.com"), cities("janedoe@example.com")), @"Campbell, Kolbermoor, München and Campbell, Campbell");
    assert_snapshot!(shop.again(name, &files).await, @"0 created, 0 deleted, 2 rows, 0 skipped, 2 unchanged, 0 updated");
}

#[tokio::test]
async fn addresses_of_the_samples_are_replaced_and_deleted() {
    let shop = shop_with([]).await;
    let name = "customer-import_20181213-132802";
    shop.import_files(name, &[sample(&format!("customers/add-update/{name}_01.csv"))]).await;
    let files = [sample(&format!("customers/add-update/{name}_01.csv"))];
    assert_snapshot!(shop.again(name, &files).await, @"0 created, 0 deleted, 3 rows, 0 skipped, 3 unchanged, 0 updated");
    shop.workshop.table.disarm();
    let name = "customer-address-import_20181217-085523";
    shop.operate("customer_address_import", "import_customer_addresses", "replace").await;
    let id = shop.import_files(name, &[sample(&format!("customers-address/replace/{name}_01.csv"))]).await;
    assert_snapshot!(shop.totals(&id).await, @"0 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 2 updated");
    shop.operate("customer_address_import", "import_customer_addresses", "delete").await;
    let id = shop.import_files(name, &[sample(&format!("customers-address/delete/{name}_01.csv"))]).await;
    assert_snapshot!(shop.outcome(&id).await, @"
    success: move_files success, validate success, import_customer_addresses success with a warning (nothing came of it: all 2 rows were skipped; the report names them), publish skipped (changes were written as they came; nothing is drafted), archive success, report success
    0 created, 0 deleted, 2 rows, 2 skipped, 0 unchanged, 0 updated
    ");
}

#[tokio::test]
async fn a_product_that_is_not_there_costs_its_row_and_is_not_made() {
    let shop = shop_with_bags().await;
    let id = shop.import_files("product-import-price_a", &[b"sku,price\nNOPE,1\n24-MB01,2\n".to_vec()]).await;
    assert_snapshot!(shop.outcome(&id).await, @"
    success: move_files success, validate success with a warning (product-import-price_a_01.csv:2: product `NOPE` does not exist, and this kind of file makes none; import it first), import_prices success with a warning (1 of 2 rows was skipped; the report names it), publish skipped (changes were written as they came; nothing is drafted), archive success, report success
    0 created, 0 deleted, 2 rows, 1 skipped, 0 unchanged, 1 updated
    ");
    assert_snapshot!(shop.report(&id).await["files"]["product-import-price_a_01.csv"]["findings"], @r#"[{"file":"product-import-price_a_01.csv","line":2,"problem":"product `NOPE` does not exist, and this kind of file makes none; import it first","severity":"row"}]"#);
    let products = own::all::<Product>(shop.workshop.store().table.as_ref()).await.unwrap();
    assert_eq!(products.len(), 3);
}

#[tokio::test]
async fn a_pipeline_that_is_switched_off_leaves_its_files() {
    let shop = shop_with_bags().await;
    let off = NewSetting { name: "pipeline.enabled", scope: &"pipeline:price_import".parse().unwrap(), value: "false" };
    shop.workshop.store().set_setting(off, "Ann", shop.workshop.now()).await.unwrap();
    shop.drop_file("product-import-price_a_01.csv", "sku,price\n24-MB01,2\n").await;
    shop.drop_file("product-import-price_a.ok", "").await;
    assert!(shop.workshop.beat().await.spawned.is_empty());
    assert_snapshot!(shop.arrivals().await, @"
    product-import-price_a.ok waits: it is switched off by the setting `pipeline.enabled`
    product-import-price_a_01.csv waits: it is switched off by the setting `pipeline.enabled`
    ");
}

#[tokio::test]
async fn an_operation_that_an_entity_does_not_know_is_refused_where_it_is_written() {
    let shop = Shop::new();
    shop.operate("price_import", "import_prices", "delete").await;
    assert_snapshot!(shop.workshop.beat().await.problems.join("\n"), @"operation.xml:1:128: step `import_prices`: argument `operation`: `delete` is none of the words that are possible (expected `add-update`)");
}

/// Two entities of one bunch may replace parts of the same product.
#[tokio::test]
async fn what_one_file_of_a_bunch_has_replaced_another_replaces_as_well() {
    let shop = shop_with_bags().await;
    let small = AttributeOption { label: "S".to_owned(), ..AttributeOption::default() };
    let sets = [("default".to_owned(), SetPlace { set: "Default".to_owned(), ..SetPlace::default() })].into();
    let (code, input) = ("size".to_owned(), "select".to_owned());
    shop.put("size", Attribute { code, input, sets, options: vec![small].into(), ..Attribute::default() }).await;
    let replaces = |step: &str| {
        format!(
            "<referenceStep name=\"{step}\"><arguments><argument key=\"operation\" value=\"replace\"/></arguments></referenceStep>"
        )
    };
    let xml = format!(
        "<config><referencePipeline name=\"catalog_import\">{}{}</referencePipeline></config>",
        replaces("import_links"),
        replaces("import_variants")
    );
    shop.workshop.store().files.put("pipelines/both.xml", xml.into()).await.unwrap();
    for related in ["24-MB03", "24-MB04"] {
        shop.workshop.wait(60);
        shop.drop_file("product-import-link_a_01.csv", format!("sku,related_skus\n24-MB01,{related}\n")).await;
        let variations = format!("sku,configurable_variations\n24-MB01,\"sku={related},size=S\"\n");
        shop.drop_file("product-import-variant_a_01.csv", variations).await;
        shop.drop_file("product-import-link_a.ok", "").await;
        shop.drop_file("product-import-variant_a.ok", "").await;
        shop.import().await;
    }
    let bag = shop.bag("24-MB01").await;
    let variations: Vec<&str> = bag.variations.iter().map(|variation| variation.sku.as_str()).collect();
    let links: Vec<&str> = bag.links.values().flatten().map(|link| link.sku.as_str()).collect();
    assert_eq!((links, variations), (vec!["24-MB04"], vec!["24-MB04"]));
}
