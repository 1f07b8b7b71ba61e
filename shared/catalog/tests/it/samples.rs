//! Applies the sample files of other systems to an empty catalogue, twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use import::Entity;
use import::category_path::CategoryPath;
use import::csv::{CsvRow, ReadRow, RowReader};
use import::entity::product::{Product, ProductChange, Products};
use import::entity::{ChangeEffect, Stated, Thing};
use import::named::Named;
use patience::wait;

use crate::any_shop;

const PRODUCTS: &str = "techdivision-import-sample-data/generic/data/products/";

/// Sample files lie beside the project because of their licences.
fn sample(path: &str) -> Vec<u8> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples/imports"));
    let path = root.join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn for_each_row(bytes: &[u8], mut visit: impl FnMut(&RowReader, &CsvRow)) {
    let mut reader = RowReader::new(any_shop().dialect.format);
    reader.feed(bytes);
    reader.finish();
    let wait = wait("the reader comes to the end of the file");
    loop {
        wait.go_on();
        match reader.next_row().unwrap() {
            ReadRow::Row(row) => visit(&reader, &row),
            ReadRow::Bad(bad) => panic!("{bad}"),
            ReadRow::NeedsInput | ReadRow::End => return,
        }
    }
}

fn changes(path: &str) -> Vec<ProductChange> {
    let mut changes = Vec::new();
    let mut columns = None;
    for_each_row(&sample(path), |reader, row| {
        let header = reader.header().unwrap();
        let columns = columns.get_or_insert_with(|| Products::columns(path, header, any_shop()).unwrap());
        changes.extend(Products::read(columns, row).change);
    });
    changes
}

fn import(catalog: &mut BTreeMap<String, Product>, changes: &[ProductChange]) -> usize {
    let mut written = 0;
    for change in changes {
        let key = Product::key(&change.sku);
        match catalog.get_mut(&key) {
            Some(product) => written += usize::from(product.apply(change).unwrap() == ChangeEffect::Changed),
            None => {
                catalog.insert(key, Product::create(change).unwrap());
                written += 1;
            }
        }
    }
    written
}

#[test]
fn importing_the_original_catalogue_again_changes_nothing() {
    let names = ["01", "02", "03", "04"];
    let path = |counter| format!("{PRODUCTS}add-update/product-import_20161021-161909_{counter}.csv");
    let changes: Vec<ProductChange> = names.iter().flat_map(|counter| changes(&path(counter))).collect();
    let mut catalog = BTreeMap::new();
    // Seven rows speak for a store view of a product that another row has made.
    assert_eq!(import(&mut catalog, &changes), 2_048);
    assert_eq!(catalog.len(), 2_041);
    assert_eq!(import(&mut catalog, &changes), 0);
    for product in catalog.values() {
        assert_eq!(&Product::from_json(&product.to_json()).unwrap(), product);
    }
}

#[test]
fn store_view_rows_add_to_their_product() {
    let changes = changes(&format!("{PRODUCTS}multi-storeview/product-import_20210211-095345_01.csv"));
    let mut catalog = BTreeMap::new();
    assert_eq!(import(&mut catalog, &changes), 5);
    let views: Vec<&String> = catalog["24-ub02"].store_views.keys().collect();
    assert_eq!(views, ["additional_base_view", "de_de", "default", "en_us"]);
}

/// The original ships the categories that it derives from a product file with hard names.
#[test]
fn the_categories_of_products_are_those_that_the_original_derives() {
    let folder = format!("{PRODUCTS}category-create/");
    let mut named = Vec::new();
    for change in changes(&format!("{folder}product-import_20200602-121056_01.csv")) {
        if let Some(Stated::Set(links)) = change.categories {
            named.extend(links.into_iter().map(|link| link.path));
        }
    }
    let mut derived = BTreeSet::new();
    for_each_row(&sample(&format!("{folder}category-import_20200604-223243_01.csv")), |reader, row| {
        let column = reader.header().unwrap().require("path").unwrap();
        derived.insert(row.get(column).unwrap().parse::<CategoryPath>().unwrap());
    });
    let mut needed = Named::default();
    named.iter().for_each(|path| needed.add_category(path));
    // The root exists already.
    let needed: BTreeSet<CategoryPath> = needed.categories.into_iter().filter(|path| path.levels().len() > 1).collect();
    assert_eq!(needed, derived);
}
