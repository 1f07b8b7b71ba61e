use insta::assert_snapshot;

use super::*;
use crate::entity::Thing;
use crate::entity::tests::read_in;
use crate::shop::{ShopFacts, Source};

fn shop() -> ShopFacts {
    let mut shop = ShopFacts::plain();
    shop.basics.sources.push(Source { code: "wh2".to_owned(), is_enabled: true });
    shop
}

fn product() -> Product {
    let json = r#"{"schema":1,"sku":"B-1","product_type":"simple","attribute_set":"Default","stock":{"qty":"5","is_in_stock":"1"}}"#;
    Product::from_json(json).unwrap()
}

/// Reads a row of sku, source, status, quantity and relative.
fn row(cells: &str) -> (Option<SourceItemChange>, String) {
    let columns = ["sku", "source_code", "status", "quantity", "relative"];
    let cells: Vec<(&str, &str)> = columns.into_iter().zip(cells.split(';')).collect();
    let row = read_in::<SourceItems>(&shop(), &cells);
    let findings = row.findings.iter().map(|finding| format!("{finding} ({:?})", finding.severity));
    (row.change, findings.collect::<Vec<_>>().join("\n"))
}

fn apply(product: &mut Product, cells: &str) -> Result<ChangeEffect, String> {
    let (change, findings) = row(cells);
    let change = change.unwrap_or_else(|| panic!("{findings}"));
    let effect = SourceItems::apply(product, &change).map_err(|refusal| refusal.problem)?;
    assert_eq!(SourceItems::apply(product, &change), Ok(ChangeEffect::Unchanged));
    Ok(effect)
}

fn shown(product: &Product) -> String {
    let items = product.source_items.iter().map(|item| {
        let SourceItem { source, quantity, status } = item;
        format!("{quantity} at {source}, status {status}")
    });
    let (quantity, flag) = (&product.stock["qty"], &product.stock["is_in_stock"]);
    format!("{}\nstock: {quantity}, in stock {flag}", items.collect::<Vec<_>>().join("\n"))
}

#[test]
fn a_row_speaks_of_one_source() {
    let mut bag = product();
    assert_eq!(apply(&mut bag, "B-1;wh2;1;33"), Ok(ChangeEffect::Changed));
    assert_eq!(apply(&mut bag, "b-1;wh2;;0.50"), Ok(ChangeEffect::Changed));
    assert_eq!(apply(&mut bag, "B-1;wh2;0;"), Ok(ChangeEffect::Changed));
    assert_snapshot!(shown(&bag), @"
    0.5 at wh2, status 0
    stock: 5, in stock 1
    ");
}

#[test]
fn what_is_at_the_default_source_is_the_classic_stock() {
    let mut bag = product();
    assert_eq!(apply(&mut bag, "B-1;default;;7"), Ok(ChangeEffect::Changed));
    assert_snapshot!(shown(&bag), @"
    7 at default, status 1
    stock: 7, in stock 1
    ");
    assert_eq!(apply(&mut bag, "B-1;default;0;"), Ok(ChangeEffect::Changed));
    assert_snapshot!(shown(&bag), @"
    7 at default, status 0
    stock: 7, in stock 0
    ");
    let change = row("B-1;default;;").0.unwrap();
    assert_eq!(SourceItems::remove(&mut bag, &change), Removal::Part);
    assert_snapshot!(shown(&bag), @"stock: 0, in stock 0");
    assert_eq!(SourceItems::remove(&mut bag, &change), Removal::Nothing);
}

#[test]
fn a_relative_quantity_is_added_once() {
    let mut bag = product();
    assert_eq!(apply(&mut bag, "B-1;default;;3;1"), Ok(ChangeEffect::Changed));
    assert_snapshot!(shown(&bag), @"
    8 at default, status 1
    stock: 8, in stock 1
    ");
    assert_eq!(bag.quantity_changes, ["a.csv:2"]);
}

#[test]
fn goods_that_are_new_at_a_source_need_a_quantity() {
    let mut bag = product();
    assert_snapshot!(apply(&mut bag, "B-1;wh2;1;").unwrap_err(), @"is needed because nothing of product `B-1` is at the source yet");
    assert!(apply(&mut bag, "B-1;wh2;;0").is_ok());
    assert_snapshot!(shown(&bag), @"
    0 at wh2, status 0
    stock: 5, in stock 1
    ");
}

#[test]
fn what_cannot_be_used_is_named() {
    let mut table = String::new();
    for cells in
        ["B-1;wh3;1;5", "B-1;DEFAULT;1;5", "B-1;;1;5", ";wh2;1;5", "B-1;wh2;2;5", "B-1;wh2;1;abc", " B-1;wh2;1;5"]
    {
        let (change, findings) = row(cells);
        let what = if change.is_some() { "used" } else { "not used" };
        table += &format!("{cells}: {what}\n{findings}\n");
    }
    assert_snapshot!(table, @"
    B-1;wh3;1;5: not used
    a.csv:2: column `source_code`: `wh3` is not a source of the shop (did you mean `wh2`?) (Row)
    B-1;DEFAULT;1;5: not used
    a.csv:2: column `source_code`: `DEFAULT` is not a source of the shop (did you mean `default`?) (Row)
    B-1;;1;5: not used
    a.csv:2: column `source_code`: is empty (Row)
    ;wh2;1;5: not used
    a.csv:2: column `sku`: is empty (Row)
    B-1;wh2;2;5: used
    a.csv:2: column `status`: `2` is not a flag (expected `1` or `0`) (Value)
    B-1;wh2;1;abc: used
    a.csv:2: column `quantity`: `abc` is not a number (expected digits with a decimal point, such as `1019.99`) (Value)
     B-1;wh2;1;5: not used
    a.csv:2: column `sku`: ` B-1` starts or ends with a blank (Row)
    ");
}
