//! The demo catalogue that ships with the project.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::DateTime;
use import::bunch::{Bunch, BunchSet, DropFile, resolve};
use import::entity::Stated;
use import::entity::product::{ProductChange, ProductType, ProductValue};
use insta::assert_snapshot;

use crate::files::{ProductFile, any_shop};

fn paths() -> BTreeMap<String, PathBuf> {
    let demo = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo"));
    let folders = ["catalog", "delta"].map(|folder| std::fs::read_dir(demo.join(folder)).unwrap());
    let paths = folders.into_iter().flatten().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path)).collect()
}

/// The bunches of both folders, which together are taken for the drop area.
fn bunches() -> Vec<Bunch> {
    let mut files = Vec::new();
    let mut ok_contents = BTreeMap::new();
    for (name, path) in paths() {
        if name.ends_with(".ok") {
            ok_contents.insert(name.clone(), std::fs::read_to_string(&path).unwrap());
        }
        files.push(DropFile { name, size_bytes: 0, modified: DateTime::UNIX_EPOCH, fingerprint: String::new() });
    }
    let resolution = resolve(&files, &ok_contents, &["product-import"]);
    assert!(resolution.notes.is_empty(), "{:?}", resolution.notes);
    let sets = resolution.sets.into_iter();
    sets.map(|set| match set {
        BunchSet::Complete(bunch) => bunch,
        BunchSet::Incomplete { identifier, reasons } => panic!("{identifier}: {reasons:?}"),
    })
    .collect()
}

fn files(bunch: &Bunch) -> Vec<ProductFile> {
    let paths = bunch.files.iter().map(|file| paths()[&file.name.to_string()].clone());
    paths.map(|path| ProductFile::read(&path, &any_shop()).unwrap()).collect()
}

fn full_catalogue() -> Vec<ProductFile> {
    files(&bunches()[0])
}

fn changes(files: &[ProductFile]) -> Vec<&ProductChange> {
    files.iter().flat_map(|file| &file.rows).filter_map(|row| row.change.as_ref()).collect()
}

#[test]
fn both_bunches_are_complete() {
    let told: Vec<String> = bunches()
        .iter()
        .map(|bunch| {
            let names: Vec<String> = bunch.files.iter().map(|file| file.name.to_string()).collect();
            format!("{}: {} by {}", bunch.id.identifier(), names.join(" "), bunch.ok_files.join(" "))
        })
        .collect();
    assert_snapshot!(told.join("\n"), @r"
    20260801-120000: product-import_20260801-120000_01.csv product-import_20260801-120000_02.csv product-import_20260801-120000_03.csv product-import_20260801-120000_04.csv by product-import_20260801-120000.ok
    20260815-060000: product-import_20260815-060000_01.csv by product-import_20260815-060000_01.ok
    ");
}

#[test]
fn the_rows_are_as_many_as_promised() {
    let bunches = bunches();
    let counts: Vec<Vec<usize>> =
        bunches.iter().map(|bunch| files(bunch).iter().map(|file| file.row_count).collect()).collect();
    assert_snapshot!(format!("{counts:?}"), @"[[640, 641, 816, 327], [51]]");
    assert!(counts[0].iter().sum::<usize>() >= 2_400);
}

#[test]
fn nothing_but_the_three_intended_places_is_wrong() {
    let mut lines = Vec::new();
    for bunch in bunches() {
        for file in files(&bunch) {
            lines.extend(file.findings.iter().map(|finding| format!("{finding} ({:?})", finding.severity)));
        }
    }
    assert_snapshot!(lines.join("\n"), @r#"
    product-import_20260801-120000_02.csv:118: column `qty`: `1,5` is not a number (expected digits with a decimal point, such as `1019.99`) (Value)
    product-import_20260801-120000_04.csv:1142: column `new_to_date`: `31.12.2026` is not a date (examples: `2026-08-01 12:00:00`, `8/1/26, 12:00 PM`) (Value)
    product-import_20260815-060000_01.csv:51: the quoted cell in column `name` goes on behind its closing quote; is a quote inside of the cell not doubled (`""`)? (Row)
    "#);
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/README.md")).unwrap();
    for line in &lines {
        let place = line.split(": ").next().unwrap();
        assert!(readme.contains(&format!("`{place}`")), "the README does not name {place}");
    }
}

#[test]
fn only_the_warehouse_note_is_unknown() {
    for file in full_catalogue() {
        assert_eq!(file.unknown_columns, ["warehouse_note"]);
    }
}

#[test]
fn every_kind_of_product_and_relation_is_there() {
    let files = full_catalogue();
    let changes = changes(&files);
    let mut types: BTreeMap<ProductType, usize> = BTreeMap::new();
    let mut views: BTreeMap<&str, usize> = BTreeMap::new();
    for change in &changes {
        match &change.store_view {
            Some(code) => *views.entry(code).or_default() += 1,
            None => *types.entry(change.product_type.unwrap()).or_default() += 1,
        }
    }
    assert_snapshot!(format!("{types:?}"), @"{Simple: 1671, Virtual: 12, Configurable: 93, Bundle: 12, Grouped: 12, Downloadable: 24}");
    assert_snapshot!(format!("{views:?}"), @r#"{"de_DE": 300, "fr_FR": 300}"#);
    let count = |has: fn(&ProductChange) -> bool| changes.iter().filter(|change| has(change)).count();
    let counts = [
        ("special price", count(|change| change.values.contains_key("special_price"))),
        ("tier prices", count(|change| change.tier_prices.is_some())),
        ("sources", count(|change| change.source_items.is_some())),
        ("additional images", count(|change| change.additional_images.is_some())),
        ("links", count(|change| !change.links.is_empty())),
    ];
    assert_snapshot!(format!("{counts:?}"), @r#"[("special price", 168), ("tier prices", 186), ("sources", 124), ("additional images", 355), ("links", 130)]"#);
}

#[test]
fn every_product_that_a_row_points_to_exists() {
    let files = full_catalogue();
    let changes = changes(&files);
    let skus: BTreeSet<&str> = changes.iter().map(|change| change.sku.as_str()).collect();
    for change in &changes {
        let mut named: Vec<&str> = Vec::new();
        for stated in change.links.values() {
            named.extend(set(Some(stated)).iter().map(|link| link.sku.as_str()));
        }
        named.extend(set(change.variations.as_ref()).iter().map(|variation| variation.sku.as_str()));
        named.extend(set(change.associated.as_ref()).iter().map(|product| product.sku.as_str()));
        named.extend(set(change.bundle_values.as_ref()).iter().map(|selection| selection["sku"].as_str()));
        for sku in named {
            assert!(skus.contains(sku), "{} points to {sku}", change.sku);
        }
    }
}

fn set<T>(stated: Option<&Stated<Vec<T>>>) -> &[T] {
    match stated {
        Some(Stated::Set(list)) => list,
        _ => &[],
    }
}

#[test]
fn url_keys_differ_within_a_store_view() {
    let files = full_catalogue();
    let mut keys = BTreeSet::new();
    for change in changes(&files) {
        if let Some(Stated::Set(ProductValue::Text(key))) = change.values.get("url_key") {
            assert!(keys.insert((&change.store_view, key)), "{} repeats {key}", change.sku);
        }
    }
}

#[test]
fn categories_are_three_levels_deep_and_some_names_need_quotes() {
    let files = full_catalogue();
    let mut paths = BTreeSet::new();
    for change in changes(&files) {
        paths.extend(set(change.categories.as_ref()).iter().map(|link| link.path.to_string()));
    }
    let lines: Vec<String> = paths.into_iter().collect();
    assert_snapshot!(lines.join("\n"), @r#"
    Default Category/Bikes/"Parts/Accessories"/Helmets
    Default Category/Bikes/"Parts/Accessories"/Lamps
    Default Category/Bikes/"Parts/Accessories"/Locks
    Default Category/Bikes/"Parts/Accessories"/Sets
    Default Category/Bikes/"Parts/Accessories"/Tools
    Default Category/Bikes/"Parts/Accessories"/Tyres
    Default Category/Bikes/City Bikes
    Default Category/Bikes/Clothing/Gloves
    Default Category/Bikes/Clothing/Jerseys
    Default Category/Bikes/Mountain Bikes
    Default Category/Bikes/Touring Bikes
    Default Category/Outdoor/Camping
    Default Category/Outdoor/Camping/Backpacks
    Default Category/Outdoor/Camping/Sleeping Bags
    Default Category/Outdoor/Camping/Tents, Tarps
    Default Category/Outdoor/Clothing, New
    Default Category/Outdoor/Clothing/Jackets
    Default Category/Outdoor/Clothing/Trousers
    Default Category/Outdoor/Food
    Default Category/Outdoor/Shoes/Hiking Boots
    Default Category/Outdoor/Shoes/Trail Shoes
    Default Category/Services
    Default Category/Services/Tour Maps
    "#);
}
