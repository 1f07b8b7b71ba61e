//! The rows of `EXPECTED.tsv` whose files are of no products: what the suites of the shop assert of them.

use std::collections::BTreeSet;
use std::fs;

use import::csv::{ReadRow, RowReader};
use import::dialect::Dialect;
use import::entity::customer::Customers;
use import::entity::source_item::SourceItems;
use import::operation::Operation;
use serde_json::{Value, json};

use super::run::{IsKnown, Shop, import};
use super::{folder, json as read_json};

/// What we say otherwise than the suite, with the reason.
const DIFFERENCES: [(&str, &str, &str); 1] = [(
    "correct_rates_import_file.csv",
    "error",
    "nothing here imports tax rates; a file of them lacks the column `sku`",
)];

#[tokio::test]
async fn samples_of_the_suites_for_other_entities_have_the_outcome_that_the_table_states() {
    let samples = folder().join("..");
    let table = fs::read_to_string(samples.join("EXPECTED.tsv")).unwrap();
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let bytes = fs::read(samples.join(cells[0])).unwrap();
        let file = cells[0].rsplit('/').next().unwrap();
        let Some(outcome) = outcome(cells[0], &bytes).await else { continue };
        checked += 1;
        let expected =
            DIFFERENCES.iter().find(|(name, _, _)| *name == file).map_or(cells[1], |(_, outcome, _)| outcome);
        if outcome != expected {
            wrong.push(format!("{file}: {outcome} instead of {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {checked}\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(checked, 6, "the others are product files, which have a test of their own");
}

/// What becomes of a file, in the words of the table; nothing of a product file.
async fn outcome(path: &str, bytes: &[u8]) -> Option<&'static str> {
    if path.contains("Test/Unit") {
        return Some(if is_ragged(bytes) { "ragged" } else { "ok" });
    }
    let mut operations = vec![(Operation::AddUpdate, IsKnown::No)];
    let is_refused = if path.contains("CustomerImportExport") {
        !import::<Customers>(bytes, Operation::AddUpdate, &Shop::named("plain"), IsKnown::No).await.refused.is_empty()
    } else if path.contains("inventory-import-export") {
        // The table tells of all three operations of one of the files.
        if path.ends_with("sample.csv") {
            operations.extend([(Operation::Replace, IsKnown::Yes), (Operation::Delete, IsKnown::Yes)]);
        }
        let shop = shop_with_what_is_named(bytes);
        let mut refused = BTreeSet::new();
        for (operation, is_known) in operations {
            refused.extend(import::<SourceItems>(bytes, operation, &shop, is_known).await.refused);
        }
        !refused.is_empty()
    } else if path.contains("TaxImportExport") {
        !import::<SourceItems>(bytes, Operation::AddUpdate, &Shop::named("plain"), IsKnown::No).await.refused.is_empty()
    } else {
        return None;
    };
    Some(if is_refused { "error" } else { "ok" })
}

/// Whether the reader tells of a row that has not as many cells as the header.
fn is_ragged(bytes: &[u8]) -> bool {
    let mut reader = RowReader::new(Dialect::magento(',').format);
    reader.feed(bytes);
    reader.finish();
    let wait = patience::wait("the reader comes to the end of the file");
    loop {
        wait.go_on();
        match reader.next_row().unwrap() {
            ReadRow::Bad(_) => return true,
            ReadRow::Row(_) => {}
            ReadRow::NeedsInput | ReadRow::End => return false,
        }
    }
}

/// A plain shop with the sources and products of a stock file: the suites make them before they begin.
fn shop_with_what_is_named(bytes: &[u8]) -> Shop {
    let mut shop = read_json(folder().join("shop-plain.json"));
    let text = std::str::from_utf8(bytes).unwrap();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let product = json!({ "type": "simple", "websites": [], "stock": { "qty": "0", "is_in_stock": "0" } });
        shop["products"][cells[1]] = product;
        let Value::Array(sources) = &mut shop["sources"] else { panic!("the shop has no sources") };
        sources.push(json!({ "source_code": cells[0], "enabled": 1 }));
    }
    Shop::of(shop)
}
