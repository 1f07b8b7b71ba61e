//! The configuration of imports: a shop changes what its files are called, how they are written and what is made of them with
//! JSON files only.

use import::entity::product::{Product, ProductValue};
use insta::assert_snapshot;
use pipeline::PipelineId;
use steps::import::DROP_PREFIX;
use steps::import::configuration::CONFIGURATION_PREFIX;

use super::shop::{APPLE, HEADER, PEAR, Shop};

/// What a merchandise system of a German shop writes.
const GERMAN: &str = "Artikel;Bezeichnung;Preis;Menge;Neu ab;Rubrik;Merkmale;Notiz\n\
    A-1; äpfel ;1.019,50;10;1.8.2026;Obst > Kernobst;Farbe=rot;x\n\
    p-1;birnen;2,00;5,5;;Obst;;y\n\
    TEST-1;Test;1,00;1;;;;z\n";

/// What makes a catalogue of it.
const SHOP: &str = r#"{
    "number-converter": {"locale": "de_DE"},
    "date-converter": {"source-date-format": "d.m.Y"},
    "entities": {
        "products": {
            "delimiter": ";",
            "from-charset": "windows-1252",
            "category-delimiter": ">",
            "header-mappings": {
                "Artikel": "sku", "Bezeichnung": ["name", "short_description"], "Preis": "price", "Menge": "qty",
                "Neu ab": "new_from_date", "Rubrik": "categories", "Merkmale": "additional_attributes", "Farbe": "color"
            },
            "default-values": {
                "attribute_set_code": "Default", "product_type": "simple", "product_websites": "base"
            },
            "callbacks": {
                "sku": "upper",
                "name": ["trim", "capitalize"],
                "color": {"map": {"table": {"rot": "Red"}, "otherwise": "refuse"}},
                "categories": {"replace": {"pattern": "^", "replace": "Default Category>"}}
            },
            "black-listing": {"rows": {"sku": ["test-1"]}, "columns": ["meta_title"]}
        }
    }
}"#;

fn windows_1252(text: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1252.encode(text).0.into_owned()
}

/// A shop with files of the configuration.
async fn configured(files: &[(&str, &str)]) -> Shop {
    let shop = Shop::new();
    for (name, text) in files {
        configure(&shop, name, text).await;
    }
    shop
}

async fn configure(shop: &Shop, name: &str, text: &str) {
    let files = &shop.workshop.store().files;
    files.put(&format!("{CONFIGURATION_PREFIX}{name}"), bytes::Bytes::from(text.to_owned())).await.unwrap();
}

async fn drop(shop: &Shop, content: impl Into<bytes::Bytes>) {
    shop.drop_file("product-import_20260801-120000_01.csv", content).await;
    shop.drop_file("product-import_20260801-120000.ok", "").await;
}

fn value(product: &Product, code: &str) -> String {
    match product.default.values.get(code) {
        Some(ProductValue::Text(text)) => text.clone(),
        other => format!("{other:?}"),
    }
}

async fn findings(shop: &Shop, id: &PipelineId) -> String {
    let report = shop.report(id).await;
    let mut lines = Vec::new();
    for (_, file) in report["files"].as_object().unwrap() {
        for finding in file["findings"].as_array().into_iter().flatten() {
            let finding: import::finding::Finding = serde_json::from_value(finding.clone()).unwrap();
            lines.push(finding.to_string());
        }
    }
    lines.join("\n")
}

#[tokio::test]
async fn files_of_another_system_become_products_without_a_line_of_code() {
    let shop = configured(&[("shop.json", SHOP)]).await;
    drop(&shop, windows_1252(GERMAN)).await;
    let id = shop.import().await;
    assert_snapshot!(shop.totals(&id).await, @"2 created, 0 deleted, 3 rows, 1 skipped, 0 unchanged, 0 updated");
    assert_snapshot!(findings(&shop, &id).await, @"product-import_20260801-120000_01.csv:4: column `Artikel`: `TEST-1` is on the black list in configuration/shop.json:22; the row is left out");
    let left = shop.left(&id).await;
    let apple = &left.products["a-1"];
    let shown =
        ["name", "short_description", "price", "new_from_date", "color"].map(|code| value(apple, code)).join(" | ");
    assert_snapshot!(shown, @"Äpfel |  äpfel  | 1019.5 | 2026-08-01T00:00:00 | Red");
    assert_snapshot!(left.categories.join(", "), @"Default Category, Default Category/Obst, Default Category/Obst/Kernobst");
    assert_eq!((left.products["p-1"].sku.as_str(), left.products["p-1"].stock["qty"].as_str()), ("P-1", "5.5"));
}

#[tokio::test]
async fn findings_name_the_column_of_the_file_and_what_stands_in_it() {
    let shop = configured(&[
        ("shop.json", SHOP),
        ("z.json", r#"{"entities": {"products": {"default-values": {"weight": "heavy"}}}}"#),
    ])
    .await;
    let rows = "Artikel;Bezeichnung;Preis;Neu ab;Merkmale\n\
        A-1;Apfel;1.5;1.8.2026;Farbe=gelb\n\
        B-1;Birne;2,00;2026-08-01;Farbe=rot\n\
        C-1;Kirsche;2,00;;gewicht=5\n";
    drop(&shop, windows_1252(rows)).await;
    let id = shop.import().await;
    assert_snapshot!(findings(&shop, &id).await, @"
    product-import_20260801-120000_01.csv:2: column `Merkmale: color`: `gelb` is not in the table of the callback `map`
    product-import_20260801-120000_01.csv:2: column `Preis`: `1.5` is not a number (expected one such as `1.019,99`)
    product-import_20260801-120000_01.csv:2: column `weight`: `heavy` is not a number (expected one such as `1.019,99`) (the default in configuration/z.json:1; the file has no such column)
    product-import_20260801-120000_01.csv:3: column `Neu ab`: `2026-08-01` is not a date (expected `d.m.Y`, as the configuration says)
    product-import_20260801-120000_01.csv:3: column `weight`: `heavy` is not a number (expected one such as `1.019,99`) (the default in configuration/z.json:1; the file has no such column)
    product-import_20260801-120000_01.csv:4: column `weight`: `heavy` is not a number (expected one such as `1.019,99`) (the default in configuration/z.json:1; the file has no such column)
    ");
}

#[tokio::test]
async fn a_running_import_keeps_the_configuration_that_it_was_spawned_with() {
    let shop = configured(&[("shop.json", r#"{"entities": {"products": {"callbacks": {"name": "upper"}}}}"#)]).await;
    shop.drop_fruit().await;
    let id = shop.spawn().await;
    configure(&shop, "shop.json", r#"{"entities": {"products": {"callbacks": {"name": "lower"}}}}"#).await;
    shop.workshop.run_all().await;
    let left = shop.left(&id).await;
    assert_eq!(value(&left.products["a-1"], "name"), "APPLE");
    let own = engine::WorkingDirectory::of(&id).key("configuration.json");
    let own = shop.workshop.store().files.get(&own, None).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&own).contains("upper"), "{own:?}");
    // The next one is done with what is said now.
    shop.workshop.wait(60);
    shop.drop_fruit().await;
    let id = shop.import().await;
    assert_eq!(value(&shop.left(&id).await.products["a-1"], "name"), "apple");
}

#[tokio::test]
async fn a_broken_configuration_stops_the_imports_of_its_entity_and_no_others() {
    let shop = configured(&[("shop.json", "{\"entities\": {\"products\": {\n\"delimeter\": \";\"}}}")]).await;
    shop.drop_fruit().await;
    shop.drop_file("product-import-price_20260801-120000_01.csv", "sku,price\nA-1,2\n").await;
    shop.drop_file("product-import-price_20260801-120000.ok", "").await;
    let report = shop.workshop.beat().await;
    assert_snapshot!(report.problems.join("\n"), @"configuration/shop.json:2: /entities/products/delimeter: there is no key `delimeter` (did you mean `delimiter`?)");
    assert_snapshot!(report.spawned.iter().map(|spawned| spawned.split(' ').next().unwrap()).collect::<Vec<_>>().join(", "), @"price_import");
    assert_snapshot!(shop.arrivals().await, @"
    product-import_20260801-120000.ok waits: the configuration is broken: configuration/shop.json:2: /entities/products/delimeter: there is no key `delimeter` (did you mean `delimiter`?)
    product-import_20260801-120000_01.csv waits: the configuration is broken: configuration/shop.json:2: /entities/products/delimeter: there is no key `delimeter` (did you mean `delimiter`?)
    product-import_20260801-120000_02.csv waits: the configuration is broken: configuration/shop.json:2: /entities/products/delimeter: there is no key `delimeter` (did you mean `delimiter`?)
    product-import-price_20260801-120000.ok is taken
    product-import-price_20260801-120000_01.csv is taken
    ");
    configure(&shop, "shop.json", "{}").await;
    shop.workshop.wait(1);
    let report = shop.workshop.beat().await;
    assert_eq!((report.problems.len(), report.spawned.len()), (0, 1));
}

#[tokio::test]
async fn columns_may_count_for_new_things_only() {
    let text = r#"{"entities": {"products": {"ignore-attribute-value-on-update": ["name", "qty"]}}}"#;
    let shop = configured(&[("shop.json", text)]).await;
    shop.drop_fruit().await;
    shop.import().await;
    shop.workshop.wait(60);
    let other = APPLE.replace("Apple", "Renamed").replace("1.50,10", "1.75,99");
    let new = PEAR.replace("P-1", "N-1");
    shop.drop_rows("product-import_20260801-130000_01.csv", &[&other, &new]).await;
    shop.drop_file("product-import_20260801-130000.ok", "").await;
    let id = shop.import().await;
    assert_snapshot!(shop.totals(&id).await, @"1 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 1 updated");
    let left = shop.left(&id).await;
    let apple = &left.products["a-1"];
    assert_eq!(
        (value(apple, "name"), value(apple, "price"), apple.stock["qty"].as_str()),
        ("Apple".into(), "1.75".into(), "10")
    );
    assert_eq!(value(&left.products["n-1"], "name"), "Pear");
}

#[tokio::test]
async fn a_configuration_can_be_strict_for_one_entity() {
    let shop = configured(&[("shop.json", r#"{"entities": {"products": {"strict-mode": true}}}"#)]).await;
    shop.drop_rows("product-import_20260801-120000_01.csv", &[&APPLE.replace("1.50", "cheap"), PEAR]).await;
    shop.drop_file("product-import_20260801-120000.ok", "").await;
    let id = shop.import().await;
    assert!(shop.workshop.shown(&id).await.starts_with("error: move_files success, validate error for good"));
    assert!(shop.left(&id).await.products.is_empty());
}

#[tokio::test]
async fn two_columns_that_are_read_as_one_stop_the_file() {
    let shop =
        configured(&[("shop.json", r#"{"entities": {"products": {"header-mappings": {"Titel": "name"}}}}"#)]).await;
    drop(&shop, format!("{HEADER},Titel\n{APPLE},x\n")).await;
    let id = shop.import().await;
    let step = shop.workshop.step(&id, "validate").await;
    assert_snapshot!(step.record.message.unwrap(), @"product-import_20260801-120000_01.csv:1: columns `name` and `Titel` are both read as `name` (see `header-mappings` in configuration/shop.json:1)");
}

#[tokio::test]
async fn mappings_that_exchange_columns_are_made_once() {
    let text =
        r#"{"entities": {"products": {"header-mappings": {"name": "price", "price": "name", "a": "b", "b": "a"}}}}"#;
    let shop = configured(&[("shop.json", text)]).await;
    let header = HEADER.replace("name,price", "price,name");
    drop(&shop, format!("{header}\n{APPLE}\n")).await;
    let id = shop.import().await;
    assert_eq!(value(&shop.left(&id).await.products["a-1"], "price"), "1.5");
    assert_eq!(shop.files(DROP_PREFIX).await, "");
}

#[tokio::test]
async fn a_row_adds_to_lists_that_are_not_cleaned_up() {
    let text = r#"{"params": {"clean-up-category-product-relations": false, "clean-up-links": false}}"#;
    let shop = configured(&[("shop.json", text)]).await;
    let file = |category: &str, related: &str| {
        let row = APPLE.replace("Fruit", category);
        format!("{HEADER},related_skus,upsell_skus\n{row},\"{related}\",\"{related}\"\n")
    };
    drop(&shop, file("Fruit", "B-1,C-1")).await;
    shop.import().await;
    shop.workshop.wait(60);
    configure(&shop, "shop.json", &text.replace("\"clean-up-links\": false", "\"clean-up-links\": true")).await;
    drop(&shop, file("New", "b-1,D-1")).await;
    let id = shop.import().await;
    let apple = &shop.left(&id).await.products["a-1"];
    let categories: Vec<String> = apple.categories.iter().map(|link| link.path.to_string()).collect();
    assert_eq!(categories, ["Default Category/Fruit", "Default Category/New"]);
    let links: Vec<String> = apple.links.values().flatten().map(|link| link.sku.clone()).collect();
    assert_eq!(links, ["b-1", "D-1", "b-1", "D-1"]);
}

#[tokio::test]
async fn links_that_are_not_cleaned_up_stay() {
    let shop = configured(&[("shop.json", r#"{"params": {"clean-up-links": false}}"#)]).await;
    let file = |related: &str| format!("{HEADER},related_skus\n{APPLE},\"{related}\"\n");
    drop(&shop, file("B-1,C-1")).await;
    shop.import().await;
    shop.workshop.wait(60);
    drop(&shop, file("b-1,D-1")).await;
    let id = shop.import().await;
    let apple = &shop.left(&id).await.products["a-1"];
    let links: Vec<String> = apple.links.values().flatten().map(|link| link.sku.clone()).collect();
    assert_eq!(links, ["b-1", "C-1", "D-1"]);
}

#[tokio::test]
async fn an_empty_cell_clears_what_the_configuration_says_it_clears() {
    let text = r#"{"entities": {"products": {"params": {"clean-up-empty-columns": ["special_price"]}}}}"#;
    let shop = configured(&[("shop.json", text)]).await;
    let file = |special: &str, weight: &str| format!("{HEADER},special_price,weight\n{APPLE},{special},{weight}\n");
    drop(&shop, file("1.25", "3")).await;
    shop.import().await;
    shop.workshop.wait(60);
    drop(&shop, file("", "")).await;
    let id = shop.import().await;
    let left = shop.left(&id).await;
    assert!(!left.products["a-1"].default.values.contains_key("special_price"));
    assert_eq!(value(&left.products["a-1"], "weight"), "3");
}

#[tokio::test]
async fn rows_to_correct_are_written_as_the_configuration_says_that_files_are() {
    // Neither is known by the header of a file.
    let text = r#"{"entities": {"products": {"enclosure": "'", "delimiter": "|", "from-charset": "windows-1252"}}}"#;
    let shop = configured(&[("shop.json", text)]).await;
    let rows = "sku|attribute_set_code|product_type|name|price\n\
        A-1|Default|simple|'Äpfel | \"rot\"'|1,5\n\
        B-1|Default|simple|Birnen|2\n";
    drop(&shop, windows_1252(rows)).await;
    let id = shop.import().await;
    let key = format!("{}errors/product-import_20260801-120000_01.csv", steps::import::archive::prefix(&id));
    let errors = shop.workshop.store().files.get(&key, None).await.unwrap().unwrap();
    let errors = String::from_utf8(errors.to_vec()).unwrap();
    assert_snapshot!(errors.escape_debug(), @r#"\u{feff}error_line|error_column|error_message|sku|attribute_set_code|product_type|name|price\n2|price|column `price`: `1,5` is not a number (expected digits with a decimal point, such as `1019.99`)|A-1|Default|simple|\'Äpfel | \"rot\"\'|1,5\n"#);
    shop.workshop.wait(60);
    shop.drop_file("product-import_20260801-130000_01.csv", errors.replace("|1,5\n", "|1.5\n")).await;
    shop.drop_file("product-import_20260801-130000.ok", "").await;
    let id = shop.import().await;
    assert_snapshot!(shop.totals(&id).await, @"1 created, 0 deleted, 1 rows, 0 skipped, 0 unchanged, 0 updated");
    let left = shop.left(&id).await;
    assert_snapshot!(["name", "price"].map(|code| value(&left.products["a-1"], code)).join(" / "), @r#"Äpfel | "rot" / 1.5"#);
}
