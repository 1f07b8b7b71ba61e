//! What people reported of imports: files that once were taken without a word, each with what is said now.

use std::collections::BTreeMap;
use std::path::PathBuf;

use import::Entity;
use import::entity::product::{Product, ProductValue, Products};
use import::entity::{ReadingRules, Stated};
use import::finding::{Finding, Severity};
use import::shop::{ShopFacts, StoreView, Website};

use crate::files::{ProductFile, any_shop, samples};

fn path(case: &str) -> PathBuf {
    samples().join(format!("../reports/imports/{case}"))
}

fn read(case: &str, rules: &ReadingRules) -> ProductFile {
    ProductFile::read(&path(case), rules).unwrap_or_else(|finding| panic!("{case}: {finding}"))
}

/// The first file of most cases.
fn first(case: &str) -> ProductFile {
    read(&format!("{case}/drop1/product-import_t_01.csv"), &any_shop())
}

/// What is said of a file, as line, column and severity.
fn places(file: &ProductFile) -> Vec<(u64, String, Severity)> {
    let place = |finding: &import::finding::Finding| {
        (finding.line, finding.column.clone().unwrap_or_default(), finding.severity)
    };
    file.findings.iter().map(place).collect()
}

fn place(line: u64, column: &str, severity: Severity) -> (u64, String, Severity) {
    (line, column.to_owned(), severity)
}

/// Imports files one after the other, in memory.
fn imported(files: &[ProductFile]) -> (BTreeMap<String, Product>, Vec<String>) {
    let mut products: BTreeMap<String, Product> = BTreeMap::new();
    let mut refusals = Vec::new();
    for change in files.iter().flat_map(|file| &file.rows).filter_map(|row| row.change.as_ref()) {
        let key = Products::key(change);
        if let Some(product) = products.get_mut(&key) {
            refusals.extend(Products::apply(product, change).err().map(|refusal| refusal.problem));
        } else if let Some(missing) = Products::missing_if_new(change).into_iter().next() {
            refusals.push(format!("{}: {}", missing.found.unwrap_or_default(), missing.problem));
        } else {
            match Products::create(change) {
                Ok(product) => drop(products.insert(key, product)),
                Err(refusal) => refusals.push(refusal.problem),
            }
        }
    }
    (products, refusals)
}

#[test]
fn samples_of_columns_in_additional_attributes_pass_the_checks_of_the_columns() {
    let file = first("columns-through-additional-attributes");
    let additional = |name: &str| format!("additional_attributes: {name}");
    let expected: Vec<_> =
        ["price", "weight", "special_price", "visibility", "special_price_from_date", "product_online"]
            .map(|name| place(2, &additional(name), Severity::Value))
            .into_iter()
            .chain([place(3, &additional("sku"), Severity::Value)])
            .collect();
    assert_eq!(places(&file), expected);
    let saw = file.rows[0].change.as_ref().unwrap();
    assert_eq!(saw.stock["qty"], Stated::Set("7".to_owned()));
    assert_eq!(saw.values["url_key"], Stated::Set(ProductValue::Text("my-key".to_owned())));
    assert_eq!(saw.values["price"], Stated::Set(ProductValue::Text("5".to_owned())));
    let other = file.rows[1].change.as_ref().unwrap();
    assert_eq!((other.sku.as_str(), other.categories.is_some()), ("SAW-2", true));
}

#[test]
fn samples_of_foreign_separators_are_questioned() {
    let columns = ["additional_images", "product_websites", "categories"];
    let expected: Vec<_> = columns.map(|column| place(2, column, Severity::Value)).to_vec();
    assert_eq!(places(&first("semicolon-in-list-cells")), expected);
}

#[test]
fn samples_of_control_characters_are_refused_and_shown_escaped() {
    let file = first("control-characters");
    let expected = [place(2, "name", Severity::Value), place(3, "sku", Severity::Row), place(4, "sku", Severity::Row)];
    assert_eq!(places(&file), expected);
    assert!(file.findings.iter().all(|finding| !finding.to_string().contains(char::is_control)));
}

#[test]
fn samples_of_odd_years_are_no_dates() {
    let file = first("two-digit-year-dates");
    for row in file.rows.iter().take(9) {
        let change = row.change.as_ref().unwrap();
        assert!(!change.values.contains_key("special_price_from_date"), "{}", change.sku);
    }
    let refused = |finding: &&Finding| finding.severity > Severity::Notice;
    assert_eq!(file.findings.iter().filter(refused).count(), 18);
}

#[test]
fn samples_of_odd_store_views_are_refused() {
    let mut shop = ShopFacts::plain();
    for code in ["de", "fr"] {
        shop.basics.store_views.push(StoreView { code: code.to_owned(), website: "base".to_owned() });
    }
    shop.basics.websites.push(Website { code: "b2b".to_owned(), root_category: None });
    let told = ReadingRules { shop: std::sync::Arc::new(shop), ..ReadingRules::default() };
    let file = read("odd-store-view-codes/drop1/product-import_t_01.csv", &told);
    let refused: Vec<u64> =
        file.findings.iter().filter(|found| found.severity == Severity::Row).map(|found| found.line).collect();
    assert_eq!(refused, [4, 5, 6, 8]);
    let odd = file.findings.iter().find(|found| found.line == 4).unwrap();
    assert!(odd.problem.contains("leave the cell empty"), "{odd}");
    // Also where nobody knows the shop.
    let untold: Vec<u64> =
        first("odd-store-view-codes").rows.iter().filter(|row| row.change.is_none()).map(|row| row.line).collect();
    assert_eq!(untold, [4, 5, 8]);
}

#[test]
fn samples_of_composed_and_decomposed_characters_are_one_product() {
    let file = first("unicode-forms");
    let (products, refusals) = imported(&[file]);
    assert_eq!((products.len(), refusals.len()), (1, 0));
    let product = products.values().next().unwrap();
    assert_eq!(product.categories.len(), 1);
}

#[test]
fn samples_of_categories_that_differ_in_case_are_one_category() {
    let (products, _) = imported(&[first("category-case")]);
    let keys: std::collections::BTreeSet<String> =
        products.values().flat_map(|product| &product.categories).map(|link| link.path.key()).collect();
    assert_eq!((products.len(), keys.len()), (3, 1));
}

#[test]
fn samples_of_stock_follow_their_quantity() {
    let second = read("restock-without-flag/drop2/product-import_u_01.csv", &any_shop());
    let (products, _) = imported(&[first("restock-without-flag"), second]);
    let flags = ["bed-1", "bed-3", "bed-4", "bed-5"].map(|key| products[key].stock["is_in_stock"].as_str());
    assert_eq!(flags, ["1", "0", "0", "1"]);
}

#[test]
fn samples_of_long_texts_are_said() {
    let expected =
        [place(2, "name", Severity::Value), place(3, "meta_title", Severity::Value), place(4, "sku", Severity::Row)];
    assert_eq!(places(&first("long-texts")), expected);
}

#[test]
fn samples_of_decimal_commas_have_one_cause() {
    let file = first("decimal-comma-message");
    let prices: Vec<u64> =
        file.findings.iter().filter(|found| found.column.as_deref() == Some("price")).map(|found| found.line).collect();
    assert_eq!(prices, [2, 3, 4, 5, 6, 8]);
    let thousands = file.findings.iter().find(|found| found.line == 6 && found.column.as_deref() == Some("price"));
    assert_eq!(thousands.unwrap().severity, Severity::Notice, "`1.299` may be meant");
    assert!(file.findings.iter().all(|found| found.problem.contains("decimal point")));
    let (_, refusals) = imported(&[file]);
    assert_eq!(refusals.len(), 5);
    assert!(refusals[0].starts_with("19,99: is not a number"), "{}", refusals[0]);
}

#[test]
fn samples_of_upper_case_codes_are_the_same_attribute() {
    let file = first("upper-case-attribute-code");
    let value = |row: usize, code: &str| file.rows[row].change.as_ref().unwrap().values[code].clone();
    let text = |text: &str| Stated::Set(ProductValue::Text(text.to_owned()));
    assert_eq!([value(0, "color"), value(0, "size")], [text("Red"), text("L")]);
    assert_eq!([value(1, "color"), value(1, "size")], [text("Green"), text("M")]);
    assert_eq!(places(&file), [place(3, "additional_attributes", Severity::Notice)]);
}

#[test]
fn samples_of_attributes_in_columns_are_stored_or_named() {
    let file = first("attribute-columns");
    let mug = file.rows[0].change.as_ref().unwrap();
    assert_eq!(mug.values["color"], Stated::Set(ProductValue::Text("Red".to_owned())));
    assert_eq!(file.unknown_columns, ["material"]);
}

#[test]
fn samples_of_links_to_itself_and_of_twins_are_said() {
    let expected = [
        place(2, "configurable_variations", Severity::Value),
        place(3, "associated_skus", Severity::Notice),
        place(5, "related_skus", Severity::Notice),
    ];
    assert_eq!(places(&first("links-to-nothing")), expected);
}

#[test]
fn samples_of_emptied_rows_are_passed_over() {
    let file = first("empty-rows");
    assert_eq!((file.row_count, file.rows.len(), file.findings.len()), (2, 2, 0));
}

#[test]
fn samples_of_empty_cells_at_the_end_of_a_row_are_no_error() {
    let file = first("trailing-empty-cells");
    assert_eq!(places(&file), [place(4, "", Severity::Row)]);
    assert_eq!(file.rows.len(), 2);
}
