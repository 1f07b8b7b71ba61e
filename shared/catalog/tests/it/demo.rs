//! Applies the demo catalogue that ships with the project to an empty catalogue.

use std::collections::BTreeMap;
use std::path::PathBuf;

use import::Entity;
use import::csv::{ReadRow, RowReader};
use import::entity::ChangeEffect;
use import::entity::product::{Product, Products};
use import::finding::Finding;
use import::report::{ImportReport, RowOutcome};
use insta::assert_snapshot;
use patience::wait;

use crate::any_shop;

const FULL: [&str; 4] = [
    "product-import_20260801-120000_01.csv",
    "product-import_20260801-120000_02.csv",
    "product-import_20260801-120000_03.csv",
    "product-import_20260801-120000_04.csv",
];
const DELTA: [&str; 1] = ["product-import_20260815-060000_01.csv"];

/// Imports files as the executors do, but all in memory.
fn import(catalog: &mut BTreeMap<String, Product>, names: &[&str]) -> ImportReport {
    let mut report = ImportReport::default();
    for name in names {
        let demo = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo"));
        let folder = demo.join(if DELTA.contains(name) { "delta" } else { "catalog" });
        let mut reader = RowReader::new(any_shop().dialect.format);
        reader.feed(&std::fs::read(folder.join(name)).unwrap());
        reader.finish();
        let mut columns = None;
        let wait = wait(format!("the reader comes to the end of {name}"));
        loop {
            wait.go_on();
            let answer = reader.next_row().unwrap();
            let header = reader.header().unwrap();
            let columns = columns.get_or_insert_with(|| Products::columns(name, header, any_shop()).unwrap());
            let file = report.file(name);
            match answer {
                ReadRow::Row(row) => {
                    let row = Products::read(columns, &row);
                    row.findings.into_iter().for_each(|finding| file.note(finding));
                    let change = row.change.unwrap();
                    file.count(match catalog.get_mut(&Product::key(&change.sku)) {
                        Some(product) => match product.apply(&change).unwrap() {
                            ChangeEffect::Changed => RowOutcome::Updated,
                            ChangeEffect::Unchanged => RowOutcome::Unchanged,
                        },
                        None => {
                            catalog.insert(Product::key(&change.sku), Product::create(&change).unwrap());
                            RowOutcome::Created
                        }
                    });
                }
                ReadRow::Bad(bad) => {
                    file.note(Finding::bad_row(name, &bad));
                    file.count(RowOutcome::Skipped);
                }
                ReadRow::NeedsInput | ReadRow::End => break,
            }
            file.unknown_columns.extend(columns.unknown().iter().cloned());
        }
    }
    report
}

#[test]
fn the_full_catalogue_then_the_changes_then_nothing_more() {
    let mut catalog = BTreeMap::new();
    assert_snapshot!(import(&mut catalog, &FULL), @"
    file                                        rows    created    updated  unchanged    deleted    skipped   findings
    product-import_20260801-120000_01.csv        640        640          0          0          0          0          0
    product-import_20260801-120000_02.csv        641        641          0          0          0          0          1
    product-import_20260801-120000_03.csv        816        426        390          0          0          0          0
    product-import_20260801-120000_04.csv        327        117        210          0          0          0          1
    total                                       2424       1824        600          0          0          0          2

    product-import_20260801-120000_01.csv: unknown columns were left out: `warehouse_note`

    product-import_20260801-120000_02.csv: unknown columns were left out: `warehouse_note`
    product-import_20260801-120000_02.csv:118: column `qty`: `1,5` is not a number (expected digits with a decimal point, such as `1019.99`) (value skipped)

    product-import_20260801-120000_03.csv: unknown columns were left out: `warehouse_note`

    product-import_20260801-120000_04.csv: unknown columns were left out: `warehouse_note`
    product-import_20260801-120000_04.csv:1142: column `new_to_date`: `31.12.2026` is not a date (examples: `2026-08-01 12:00:00`, `8/1/26, 12:00 PM`) (value skipped)
    ");
    assert_snapshot!(import(&mut catalog, &DELTA), @r#"
    file                                        rows    created    updated  unchanged    deleted    skipped   findings
    product-import_20260815-060000_01.csv         51          1         28         21          0          1          1
    total                                         51          1         28         21          0          1          1

    product-import_20260815-060000_01.csv:51: the quoted cell in column `name` goes on behind its closing quote; is a quote inside of the cell not doubled (`""`)? (row skipped)
    "#);
    let before = catalog.clone();
    assert_snapshot!(import(&mut catalog, &DELTA), @r#"
    file                                        rows    created    updated  unchanged    deleted    skipped   findings
    product-import_20260815-060000_01.csv         51          0          0         50          0          1          1
    total                                         51          0          0         50          0          1          1

    product-import_20260815-060000_01.csv:51: the quoted cell in column `name` goes on behind its closing quote; is a quote inside of the cell not doubled (`""`)? (row skipped)
    "#);
    assert_eq!(catalog, before);
}

#[test]
fn a_second_import_of_the_full_catalogue_changes_nothing() {
    let mut catalog = BTreeMap::new();
    import(&mut catalog, &FULL);
    let before = catalog.clone();
    let totals = import(&mut catalog, &FULL).totals();
    assert_eq!((totals.created, totals.updated, totals.unchanged, totals.skipped), (0, 0, 2_424, 0));
    assert_eq!(catalog, before);
}
