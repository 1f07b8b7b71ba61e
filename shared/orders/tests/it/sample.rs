//! The orders below `../shared/samples`.

use std::fs;
use std::path::{Path, PathBuf};

use orders::order::Order;
use orders::read;

/// A path below the samples.
pub(crate) fn path(path: &str) -> PathBuf {
    let samples = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples"));
    let path = samples.join(path);
    assert!(path.exists(), "`{}` is not there; the samples belong beside the project", path.display());
    path
}

/// The one order in a file.
pub(crate) fn order(file: &str) -> Order {
    let text = fs::read_to_string(path(file)).unwrap();
    let mut orders = read::orders(&text).unwrap();
    assert_eq!(orders.len(), 1, "{file}");
    orders.remove(0).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// An order of a report.
pub(crate) fn reported(file: &str) -> Order {
    order(&format!("reports/orders/{file}"))
}
