//! Product rows and stored products.

use catalog::product::{Applied, Product};
use import::csv::Format;
use import::dialect::Dialect;
use import::product::{Columns, ProductChange};
use import::validate::missing_if_new;

use super::assert_kept;
use super::files::rows;

/// Most rows of an input that are looked at.
const ROWS: usize = 200;

pub(crate) fn products(data: &[u8]) {
    let Some((header, rows)) = rows(data, Format::RFC_4180) else { return };
    let Ok(columns) = Columns::new("product-import_x_01.csv", &header, Dialect::default()) else { return };
    for row in rows.iter().take(ROWS) {
        let read = columns.read(row);
        assert_eq!((read.line, read.next), (row.position.line, row.next));
        for issue in &read.issues {
            assert_eq!((issue.line, issue.file.as_str()), (row.position.line, "product-import_x_01.csv"));
            assert_kept(issue);
            let column = issue.column.as_deref().expect("an issue of a row names its column");
            assert!(header.names().iter().any(|name| name == column) || read.change.is_some(), "{issue}");
        }
        let Some(change) = read.change else {
            assert!(!read.issues.is_empty(), "a row is left out and nobody says why");
            continue;
        };
        assert_kept(&change);
        let _ = missing_if_new("a", 1, &change);
        import(&change);
    }
}

/// Whatever a row says, saying it again changes nothing.
fn import(change: &ProductChange) {
    let Ok(mut product) = Product::create(change) else { return };
    let json = product.to_json();
    assert_eq!(Product::from_json(&json).expect("a product is read as it was written"), product);
    assert_eq!(product.apply(change), Ok(Applied::Unchanged), "{change:?}");
    assert_eq!(product.to_json(), json);
}

pub(crate) fn stored(data: &[u8]) {
    let Ok(product) = Product::from_json(&String::from_utf8_lossy(data)) else { return };
    let json = product.to_json();
    assert_eq!(Product::from_json(&json).expect("a product is read as it was written"), product);
    let _ = product.value("name", Some("de"));
}
