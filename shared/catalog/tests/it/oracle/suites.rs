//! The files of the shop's own test suites: `EXPECTED.tsv` says of each what its suite asserts.

use std::collections::BTreeMap;
use std::fs;

use serde_json::json;

use super::facts::Referee;
use super::run::{Imported, Verdict};
use super::{folder, run};

/// What we say otherwise than the suite, with the reason.
const DIFFERENCES: [(&str, &str, &str); 4] = [
    (
        "products_duplicate_category.csv",
        "ok",
        "the category whose address would be that of another gets a number behind it, as in the original",
    ),
    (
        "products_to_import_with_non_existing_image.csv",
        "ok",
        "the own catalogue has no folder in which images are missing",
    ),
    ("catalog_product_err_img.csv", "error", "3 is no status, where the shop disables the product"),
    (
        "catalog_products.csv",
        "error",
        "the suite deletes by this file; to add its products it lacks the files to download",
    ),
];

/// Files of other entities, by what is in their path.
const OTHERS: [&str; 4] = ["TaxImportExport", "CustomerImportExport", "inventory-import-export", "Test/Unit"];

/// What became of a file, in the words of the table.
fn outcome(imported: &Imported) -> &'static str {
    let refused = imported.rows.values().filter(|row| row.verdict == Verdict::Refused).count();
    match (&imported.problem, refused) {
        (None, 0) => "ok",
        _ => "error",
    }
}

#[test]
fn samples_of_the_suites_of_the_shop_have_the_outcome_that_the_table_states() {
    let mut referee = Referee::new("shop-rich.json");
    let samples = folder().join("..");
    // The suites have made this product before they begin.
    let fixture = run::import(&folder().join("fixtures/simple.csv"), &json!({}), (&referee, &referee.products));
    assert!(fixture.products.contains_key("simple"));
    referee.products = fixture.products;
    let table = fs::read_to_string(samples.join("EXPECTED.tsv")).unwrap();
    let mut wrong = Vec::new();
    let mut checked = 0;
    let listed: BTreeMap<&str, &str> = DIFFERENCES.iter().map(|(file, outcome, _)| (*file, *outcome)).collect();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        if OTHERS.iter().any(|part| cells[0].contains(part)) {
            continue;
        }
        let name = cells[0].rsplit('/').next().unwrap();
        let separator = if name.contains("custom_separator") { json!({ "multi": "|" }) } else { json!({}) };
        let imported = run::import(&samples.join(cells[0]), &separator, (&referee, &referee.products));
        let expected = listed.get(name).copied().unwrap_or(cells[1]);
        if outcome(&imported) != expected {
            let first = imported.rows.values().find(|row| row.verdict == Verdict::Refused);
            let first = first.map(|row| row.problem.clone()).or(imported.problem.clone()).unwrap_or_default();
            wrong.push(format!("{name}: {} instead of {expected} ({first})", outcome(&imported)));
        }
        checked += 1;
    }
    assert!(wrong.is_empty(), "{} of {checked}\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(checked, 33);
}
