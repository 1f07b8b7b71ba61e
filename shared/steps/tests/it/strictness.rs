//! How strictly an import takes rows and values that cannot be used.

use bytes::Bytes;
use import::entity::product::ProductValue;
use insta::assert_snapshot;

use super::shop::{APPLE, PEAR, Shop};

const RAGGED: &str = "B-1,Default,simple";
const BAD_VALUE: &str = "C-1,Default,simple,base,Cherry,3.00,\"1,5\",Default Category";

/// What an import of this row beside good ones leaves, if the step `validate` has this argument.
async fn imported(strict: &str, row: &str) -> String {
    let shop = Shop::new();
    shop.workshop.store().files.put("pipelines/strict.xml", overlay(strict)).await.unwrap();
    shop.drop_rows("product-import_20260801-120000_01.csv", &[APPLE, row, PEAR]).await;
    shop.drop_file("product-import_20260801-120000.ok", "").await;
    let id = shop.import().await;
    let shown = shop.workshop.shown(&id).await;
    let left = shop.left(&id).await;
    let products: Vec<&String> = left.products.keys().collect();
    format!("{shown}\nproducts {products:?}\ncategories {:?}", left.categories)
}

#[tokio::test]
async fn a_strict_import_stops_before_the_first_write() {
    let (ragged, bad_value) = (imported("true", RAGGED).await, imported("true", BAD_VALUE).await);
    assert_snapshot!(ragged, @"
    error: move_files success, validate error for good (product-import_20260801-120000_01.csv:3: expected 8 columns, found 3), index_suspend cancelled, import_attribute_sets cancelled, import_attributes cancelled, create_options cancelled, import_categories cancelled, create_categories cancelled, import_products cancelled, import_variants cancelled, import_links cancelled, import_custom_options cancelled, publish cancelled, archive cancelled, index_resume skipped (this pipeline does not hold listings back), reindex success, report success
    products []
    categories []
    ");
    assert_snapshot!(bad_value, @"
    error: move_files success, validate error for good (product-import_20260801-120000_01.csv:3: column `qty`: `1,5` is not a number (expected digits with a decimal point, such as `1019.99`)), index_suspend cancelled, import_attribute_sets cancelled, import_attributes cancelled, create_options cancelled, import_categories cancelled, create_categories cancelled, import_products cancelled, import_variants cancelled, import_links cancelled, import_custom_options cancelled, publish cancelled, archive cancelled, index_resume skipped (this pipeline does not hold listings back), reindex success, report success
    products []
    categories []
    ");
    assert_eq!((imported("1", RAGGED).await, imported("1", BAD_VALUE).await), (ragged, bad_value));
}

#[tokio::test]
async fn a_lenient_import_leaves_out_what_cannot_be_used() {
    let (ragged, bad_value) = (imported("false", RAGGED).await, imported("false", BAD_VALUE).await);
    assert_snapshot!(ragged, @r#"
    success: move_files success, validate success with a warning (product-import_20260801-120000_01.csv:3: expected 8 columns, found 3), index_suspend success, import_attribute_sets skipped (the bunch has no files of attribute_sets), import_attributes skipped (the bunch has no files of attributes), create_options skipped (the rows name no options that are missing), import_categories skipped (the bunch has no files of categories), create_categories success, import_products success with a warning (1 of 3 rows was skipped; the report names it), import_variants skipped (the bunch has no files of variants), import_links skipped (the bunch has no files of links), import_custom_options skipped (the bunch has no files of custom_options), publish skipped (changes were written as they came; nothing is drafted), archive success, index_resume success, reindex success, report success
    products ["a-1", "p-1"]
    categories ["Default Category", "Default Category/Fruit", "Default Category/New"]
    "#);
    assert_snapshot!(bad_value, @r#"
    success: move_files success, validate success with a warning (product-import_20260801-120000_01.csv:3: column `qty`: `1,5` is not a number (expected digits with a decimal point, such as `1019.99`)), index_suspend success, import_attribute_sets skipped (the bunch has no files of attribute_sets), import_attributes skipped (the bunch has no files of attributes), create_options skipped (the rows name no options that are missing), import_categories skipped (the bunch has no files of categories), create_categories success, import_products success with a warning (1 value was skipped; the report names it), import_variants skipped (the bunch has no files of variants), import_links skipped (the bunch has no files of links), import_custom_options skipped (the bunch has no files of custom_options), publish skipped (changes were written as they came; nothing is drafted), archive success, index_resume success, reindex success, report success
    products ["a-1", "c-1", "p-1"]
    categories ["Default Category", "Default Category/Fruit", "Default Category/New"]
    "#);
    assert_eq!((imported("0", RAGGED).await, imported("0", BAD_VALUE).await), (ragged, bad_value));
}

#[tokio::test]
async fn another_strictness_is_refused() {
    let shop = Shop::new();
    shop.workshop.store().files.put("pipelines/strict.xml", overlay("yes")).await.unwrap();
    assert_snapshot!(shop.workshop.beat().await.problems.join("\n"), @"strict.xml:1:122: step `validate`: argument `strict`: `yes` is neither `true` nor `false`");
}

/// A file that says how strict the import is.
fn overlay(strict: &str) -> Bytes {
    Bytes::from(format!(
        "<config><referencePipeline name=\"catalog_import\"><referenceStep name=\"validate\"><arguments>\
         <argument key=\"strict\" value=\"{strict}\"/></arguments></referenceStep></referencePipeline></config>"
    ))
}

const HEAD: &str = "sku,attribute_set_code,product_type,name,price,url_key,related_skus";

/// What becomes of these rows, over the pear that the catalogue has.
async fn across(strict: &str, rows: &str) -> String {
    let shop = Shop::new();
    shop.workshop.store().files.put("pipelines/strict.xml", overlay(strict)).await.unwrap();
    shop.drop_rows("product-import_20260701-120000_01.csv", &[PEAR]).await;
    shop.drop_file("product-import_20260701-120000.ok", "").await;
    shop.import().await;
    shop.drop_file("product-import_20260801-120000_01.csv", format!("{HEAD}\n{rows}")).await;
    shop.drop_file("product-import_20260801-120000.ok", "").await;
    let id = shop.import().await;
    let left = shop.left(&id).await;
    let products: Vec<&String> = left.products.keys().collect();
    let report = shop.report(&id).await;
    let findings = report["files"]["product-import_20260801-120000_01.csv"]["findings"].as_array().cloned();
    let told = findings.into_iter().flatten().map(|finding| {
        format!(
            "{} {}: {}\n",
            finding["line"],
            finding["severity"].as_str().unwrap(),
            finding["problem"].as_str().unwrap()
        )
    });
    let mut told: Vec<String> = told.collect();
    told.sort();
    let status = shop.workshop.shown(&id).await;
    format!("{}\nproducts {products:?}\n{}", status.split(':').next().unwrap_or_default(), told.concat())
}

#[tokio::test]
async fn links_to_nothing_stop_a_strict_import_and_are_told_by_a_lenient_one() {
    let rows = "A-1,Default,simple,Apple,1,,\"P-1,B-1,NOPE\"\nB-1,Default,simple,Banana,2,,\n";
    assert_snapshot!(across("true", rows).await, @r#"
    error
    products ["p-1"]
    2 value: is a product that neither the shop nor a file has
    "#);
    assert_snapshot!(across("false", rows).await, @r#"
    success
    products ["a-1", "b-1", "p-1"]
    2 notice: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
    "#);
}

#[tokio::test]
async fn what_a_new_product_lacks_stops_a_strict_import() {
    assert_snapshot!(across("true", "P-1,,,,3,,\nA-1,Default,simple,,1,,\n").await, @r#"
    error
    products ["p-1"]
    3 row: is needed because product `A-1` is new
    "#);
}

#[tokio::test]
async fn the_later_of_two_products_with_one_address_is_left_out() {
    let rows = "A-1,Default,simple,Apple,1,fruit,\nB-1,Default,simple,Banana,2,fruit,\nA-1,,,,3,,\n";
    assert_snapshot!(across("false", rows).await, @r#"
    success
    products ["a-1", "p-1"]
    3 row: is taken by the row in line 2; no two products may have the same
    4 notice: is on line 2 already; both rows count, and what this one says stays
    "#);
}

#[tokio::test]
async fn an_address_made_of_a_name_gets_a_number_and_stays_when_the_file_comes_again() {
    let shop = Shop::new();
    let head = "sku,attribute_set_code,product_type,name,price";
    let rows = "A-1,Default,simple,Pear,1\nB-1,Default,simple,Plum,2\nC-1,Default,simple,PEAR,3\n";
    shop.drop_rows("product-import_20260701-120000_01.csv", &[PEAR]).await;
    shop.drop_file("product-import_20260701-120000.ok", "").await;
    shop.import().await;
    let mut seen = Vec::new();
    for day in 1..=2 {
        shop.drop_file(&format!("product-import_2026080{day}-120000_01.csv"), format!("{head}\n{rows}")).await;
        shop.drop_file(&format!("product-import_2026080{day}-120000.ok"), "").await;
        let id = shop.import().await;
        let report = shop.report(&id).await;
        let file = &report["files"][format!("product-import_2026080{day}-120000_01.csv")];
        let told = file["findings"].as_array().into_iter().flatten();
        let told: Vec<&str> = told.map(|finding| finding["problem"].as_str().unwrap()).collect();
        let counts = ["created", "updated", "unchanged", "skipped"].map(|name| file[name].to_string());
        let addresses = shop.left(&id).await.products.into_iter().map(|(key, product)| {
            let Some(ProductValue::Text(address)) = product.default.values.get("url_key") else {
                panic!("{product:?}")
            };
            format!("{key} {address}")
        });
        let addresses: Vec<String> = addresses.collect();
        seen.push(format!("{counts:?}\n{}\n{}", addresses.join(", "), told.join("\n")));
    }
    assert_snapshot!(seen.join("\n\n"), @r#"
    ["3", "0", "0", "0"]
    a-1 pear-1, b-1 plum, c-1 pear-2, p-1 pear
    as the address of a new product is taken by product `p-1` of the catalogue; it gets `pear-1`
    as the address of a new product is taken by product `p-1` of the catalogue; it gets `pear-2`

    ["0", "0", "3", "0"]
    a-1 pear-1, b-1 plum, c-1 pear-2, p-1 pear
    "#);
}

#[tokio::test]
async fn an_address_that_a_stored_product_has_costs_the_row_that_states_it() {
    let rows = "A-1,Default,simple,Apple,1,pear,\nB-1,Default,simple,Banana,2,banana,\n";
    assert_snapshot!(across("false", rows).await, @r#"
    success
    products ["b-1", "p-1"]
    2 row: is taken by product `p-1` of the catalogue; no two products may have the same
    "#);
    assert_snapshot!(across("true", rows).await, @r#"
    error
    products ["p-1"]
    2 row: is taken by product `p-1` of the catalogue; no two products may have the same
    "#);
}
