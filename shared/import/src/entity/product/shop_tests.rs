//! What rows may say follows from what the shop has.

use std::sync::Arc;

use insta::assert_snapshot;

use super::*;
use crate::csv::{CsvFormat, ReadRow, RowReader};
use crate::entity::attribute::{Attribute, AttributeOption};
use crate::entity::{EntityRow, ReadingRules, UnknownNames};
use crate::shop::StoreView;

/// A plain shop with a few attributes of its own, and a second store view.
fn shop() -> ShopFacts {
    let mut shop = ShopFacts::plain();
    shop.basics.store_views.push(StoreView { code: "de_DE".to_owned(), website: "base".to_owned() });
    let attributes = [
        ("color", "select", &["Red", "Blue"][..]),
        ("material", "multiselect", &["Wool", "Cotton", "Red, washed"][..]),
        ("flag", "boolean", &[][..]),
        ("depth", "text", &[][..]),
        ("badge", "media_image", &[][..]),
    ];
    for (code, input, labels) in attributes {
        let option = |label: &&str| AttributeOption { label: (*label).to_owned(), ..AttributeOption::default() };
        let attribute = Attribute {
            code: code.to_owned(),
            input: input.to_owned(),
            is_user_defined: true,
            options: labels.iter().map(option).collect(),
            settings: [("backend_type".to_owned(), if code == "depth" { "int" } else { "varchar" }.to_owned())].into(),
            ..Attribute::default()
        };
        shop.attributes.insert(code.to_owned(), attribute);
    }
    shop
}

/// Reads a row of pairs of column and cell, with what is worth knowing about the header first.
fn row(cells: &[(&str, &str)], unknown_names: UnknownNames) -> EntityRow<ProductChange> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let names: Vec<String> = cells.iter().map(|cell| quoted(cell.0)).collect();
    let texts: Vec<String> = cells.iter().map(|cell| quoted(cell.1)).collect();
    let mut reader = RowReader::new(CsvFormat::RFC_4180);
    reader.feed(format!("sku,{}\nB-1,{}\n", names.join(","), texts.join(",")).as_bytes());
    reader.finish();
    let ReadRow::Row(row) = reader.next_row().unwrap() else { panic!("{cells:?} is not a row") };
    let rules = ReadingRules { shop: Arc::new(shop()), unknown_names, ..ReadingRules::default() };
    let columns = Products::columns("a.csv", reader.header().unwrap(), rules).unwrap();
    let mut read = Products::read(&columns, &row);
    read.findings.splice(0..0, columns.findings());
    read
}

/// What is said of a cell, and the values that come of it.
fn told(column: &str, cell: &str) -> String {
    let row = row(&[(column, cell)], UnknownNames::Refused);
    let mut lines: Vec<String> =
        row.findings.iter().map(|finding| format!("{finding} ({:?})", finding.severity)).collect();
    match row.change {
        Some(change) if change.values.is_empty() => {}
        Some(change) => lines.push(serde_json::to_string(&change.values).unwrap()),
        None => lines.push("no change".to_owned()),
    }
    lines.join("\n")
}

#[test]
fn names_that_the_shop_does_not_have_are_refused_with_the_nearest() {
    assert_snapshot!(told("attribute_set_code", "Defaults"), @r"
    a.csv:2: column `attribute_set_code`: `Defaults` is not an attribute set of the shop (did you mean `Default`?) (Row)
    no change
    ");
    assert_snapshot!(told("store_view_code", "de_de"), @r"
    a.csv:2: column `store_view_code`: `de_de` is not a store view of the shop (did you mean `de_DE`?) (Row)
    no change
    ");
    assert_snapshot!(told("store_view_code", "admin"), @r"
    a.csv:2: column `store_view_code`: `admin` is no store view; leave the cell empty for what all store views show (Row)
    no change
    ");
    assert_snapshot!(told("product_websites", "base,nope"), @"a.csv:2: column `product_websites`: `nope` is not a website of the shop (known: `base`) (Value)");
    assert_snapshot!(told("tax_class_name", "Luxury"), @"a.csv:2: column `tax_class_name`: `Luxury` is not a tax class of the shop (known: `Taxable Goods`) (Value)");
    assert_snapshot!(told("additional_attributes", "colour=Red"), @"a.csv:2: column `additional_attributes`: `colour` is not an attribute of the shop (did you mean `color`?) (Value)");
    assert_snapshot!(told("color", "Rde"), @"a.csv:2: column `color`: `Rde` is not an option of attribute `color` (known: `Red`, `Blue`) (Value)");
    assert_snapshot!(told("material", "Wool|Silk"), @"a.csv:2: column `material`: `Silk` is not an option of attribute `material` (known: `Wool`, `Cotton`, `Red, washed`) (Value)");
}

#[test]
fn options_are_found_however_they_are_written() {
    for cell in ["Wool|Cotton", "wool, COTTON", "Wool,Cotton,", "\"Wool|Cotton\"", "Wool||Wool|Cotton"] {
        assert_eq!(told("material", cell), r#"{"material":{"set":["Wool","Cotton"]}}"#, "{cell}");
    }
    assert_snapshot!(told("material", "Wool,Red, washed"), @r#"{"material":{"set":["Wool","Red, washed"]}}"#);
    assert_snapshot!(told("additional_attributes", "COLOR= red,flag=Yes,depth=7.0"), @r#"{"color":{"set":"Red"},"depth":{"set":"7"},"flag":{"set":"1"}}"#);
    assert_snapshot!(told("depth", "7.5"), @"a.csv:2: column `depth`: `7.5` is not a whole number (example: `12`) (Value)");
}

#[test]
fn options_that_are_created_on_the_way_are_collected() {
    let row = row(&[("color", "Green"), ("material", "Wool|Silk")], UnknownNames::OptionsTaken);
    assert_eq!(row.findings, []);
    let change = row.change.unwrap();
    assert_snapshot!(serde_json::to_string(&change.new_options).unwrap(), @r#"{"color":["Green"],"material":["Silk"]}"#);
    assert_snapshot!(serde_json::to_string(&change.values).unwrap(), @r#"{"color":{"set":"Green"},"material":{"set":["Wool","Silk"]}}"#);
}

#[test]
fn every_door_to_a_value_passes_the_same_checks() {
    for (column, cell) in [("price", "19,99"), ("weight", "-1"), ("visibility", "everywhere"), ("qty", "abc")] {
        let own = row(&[(column, cell)], UnknownNames::Refused);
        let other = row(&[("additional_attributes", &format!("{column}={cell}"))], UnknownNames::Refused);
        let problems =
            |row: &EntityRow<ProductChange>| row.findings.iter().map(|found| found.problem.clone()).collect::<Vec<_>>();
        assert_eq!((problems(&own).len(), problems(&own)), (1, problems(&other)), "{column}");
    }
    assert_snapshot!(told("additional_attributes", "sku=B-2"), @"a.csv:2: column `additional_attributes: sku`: counts only in a column of its own (Value)");
}

#[test]
fn what_every_product_has_cannot_be_removed() {
    for column in ["name", "price", "url_key", "product_online", "product_type", "attribute_set_code"] {
        let row = row(&[(column, "__EMPTY__VALUE__")], UnknownNames::Refused);
        assert!(row.findings[0].problem.starts_with("cannot be removed"), "{column}: {}", row.findings[0]);
    }
    let german = row(&[("store_view_code", "de_DE"), ("name", "__EMPTY__VALUE__")], UnknownNames::Refused);
    assert_eq!(german.findings, []);
}

#[test]
fn a_price_that_cannot_be_used_is_the_one_cause_of_a_row_that_is_skipped() {
    let cells = [("attribute_set_code", "Default"), ("product_type", "simple"), ("name", "Oven"), ("price", "19,99")];
    let row = row(&cells, UnknownNames::Refused);
    let missing = Products::missing_if_new(&row.change.unwrap());
    let refused = crate::finding::Finding::refused("a.csv", 2, missing[0].clone());
    let mut report = crate::report::FileReport::default();
    report.note(row.findings[0].clone());
    report.note(refused);
    assert_eq!((missing.len(), report.finding_count), (1, 1));
    let kept = report.findings.iter().next().unwrap();
    assert_snapshot!(kept, @"a.csv:2: column `price`: `19,99` is not a number (expected digits with a decimal point, such as `1019.99`)");
    assert_eq!(kept.severity, crate::finding::Severity::Row);
}

#[test]
fn a_store_view_does_not_speak_for_what_all_of_them_share() {
    let row =
        row(&[("store_view_code", "de_DE"), ("price", "5"), ("color", "Red"), ("name", "Rad")], UnknownNames::Refused);
    assert_snapshot!(row.findings[0], @"a.csv:2: column `price`: counts only on the row without store view code and is left out here; so is 1 other column");
    assert_eq!(row.change.unwrap().values.keys().collect::<Vec<_>>(), ["name"]);
}

#[test]
fn image_attributes_of_the_shop_have_three_columns() {
    let row = row(&[("badge", "/b/1.png"), ("badge_label", "New"), ("badge_position", "3")], UnknownNames::Refused);
    assert_eq!(row.findings, []);
    assert_snapshot!(serde_json::to_string(&row.change.unwrap().images).unwrap(), @r#"{"badge":{"path":{"set":"/b/1.png"},"label":{"set":"New"},"position":3}}"#);
    assert_snapshot!(told("badge", "../secret.png"), @"a.csv:2: column `badge`: `../secret.png` leads out of the media directory (Value)");
}

#[test]
fn names_inside_the_shop_and_odd_spellings_are_understood() {
    let row = row(&[("status", "2"), (" Price", "5"), ("special_from_date", "2026-08-01")], UnknownNames::Refused);
    assert_eq!(
        row.change.unwrap().values.keys().collect::<Vec<_>>(),
        ["price", "product_online", "special_price_from_date"]
    );
    assert_eq!(row.findings.len(), 1);
    assert_snapshot!(row.findings[0], @"a.csv:1: ` Price` is read as column `price`; write it like this, without blanks and capitals");
}

#[test]
fn variations_differ_by_dropdowns_that_all_store_views_share() {
    let told = |cell: &str| told("configurable_variations", cell);
    assert_snapshot!(told("sku=A,Color=red|sku=B,color=Blue"), @"");
    assert_snapshot!(told("sku=A,color=Pink"), @"a.csv:2: column `configurable_variations`: `Pink` is not an option of attribute `color` (known: `Red`, `Blue`) (Value)");
    assert_snapshot!(told("sku=A,material=Wool"), @"a.csv:2: column `configurable_variations`: attribute `material` cannot tell variations apart, because it is no dropdown (Value)");
    assert_snapshot!(told("sku=A,color=Red|sku=a,color=Blue"), @"a.csv:2: column `configurable_variations`: `sku=A,color=Red|sku=a,color=Blue` names `a` twice (Value)");
}

#[test]
fn deleting_the_row_of_a_store_view_never_deletes_the_product() {
    let rules = ReadingRules {
        shop: Arc::new(shop()),
        operation: crate::operation::Operation::Delete,
        ..ReadingRules::default()
    };
    let mut reader = RowReader::new(CsvFormat::RFC_4180);
    reader.feed(b"sku,store_view_code,attribute_set_code,price\nB-1,de_DE,Nope,abc\nB-1,,Nope,abc\n");
    reader.finish();
    let json = r#"{"schema":1,"sku":"B-1","product_type":"simple","attribute_set":"Default",
        "store_views":{"de_DE":{"values":{"name":"Rad"}}}}"#;
    let mut product = <Product as Thing>::from_json(json).unwrap();
    let mut removals = Vec::new();
    while let ReadRow::Row(row) = reader.next_row().unwrap() {
        let columns = Products::columns("a.csv", reader.header().unwrap(), rules.clone()).unwrap();
        let read = Products::read(&columns, &row);
        // The other cells do not count, so nothing is wrong with them.
        assert_eq!(read.findings, []);
        let change = read.change.unwrap();
        removals.push((Products::remove(&mut product, &change), product.store_views.len()));
        if change.store_view.is_some() {
            removals.push((Products::remove(&mut product, &change), product.store_views.len()));
        }
    }
    assert_eq!(removals, [(Removal::Part, 0), (Removal::Nothing, 0), (Removal::Whole, 0)]);
}
