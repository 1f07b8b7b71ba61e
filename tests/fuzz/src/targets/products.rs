//! Product rows and stored products.

use std::collections::BTreeMap;

use import::Entity;
use import::csv::CsvFormat;
use import::entity::ReadingRules;
use import::entity::product::{Product, ProductChange, Products};
use import::entity::{ChangeEffect, Thing};

use super::assert_kept;
use super::files::rows;

/// Most rows of an input that are looked at.
const ROWS: usize = 200;

pub(crate) fn products(data: &[u8]) {
    let Some((header, rows)) = rows(data, CsvFormat::RFC_4180) else { return };
    let Ok(columns) = Products::columns("product-import_x_01.csv", &header, ReadingRules::default()) else { return };
    for row in rows.iter().take(ROWS) {
        let read = Products::read(&columns, row);
        assert_eq!((read.line, read.next), (row.position.line, row.next));
        for finding in &read.findings {
            assert_eq!((finding.line, finding.file.as_str()), (row.position.line, "product-import_x_01.csv"));
            assert_kept(finding);
            let column = finding.column.as_deref().expect("a finding about a row names its column");
            // `additional_attributes: color` is within a cell of `additional_attributes`.
            let (outer, _) = column.split_once(": ").unwrap_or((column, ""));
            // Headers may be spelled in capitals, and with blanks around them.
            let is_named =
                |name: &String| [column, outer].iter().any(|column| name.trim().eq_ignore_ascii_case(column));
            let is_there = header.names().iter().any(is_named);
            assert!(is_there || read.change.is_some(), "{finding}");
        }
        let Some(change) = read.change else {
            assert!(!read.findings.is_empty(), "a row is left out and nobody says why");
            continue;
        };
        // Why cells cannot be used is told and not kept.
        assert_kept(&ProductChange { unusable: BTreeMap::new(), ..change.clone() });
        let _ = Products::missing_if_new(&change);
        import(&change);
    }
}

/// Whatever a row says, saying it again changes nothing.
fn import(change: &ProductChange) {
    let Ok(mut product) = Product::create(change) else { return };
    let json = product.to_json();
    assert_eq!(Product::from_json(&json).expect("a product is read as it was written"), product);
    assert_eq!(product.apply(change), Ok(ChangeEffect::Unchanged), "{change:?}");
    assert_eq!(product.to_json(), json);
}

pub(crate) fn stored(data: &[u8]) {
    let Ok(product) = Product::from_json(&String::from_utf8_lossy(data)) else { return };
    let json = product.to_json();
    assert_eq!(Product::from_json(&json).expect("a product is read as it was written"), product);
    let _ = product.value("name", Some("de"));
}
