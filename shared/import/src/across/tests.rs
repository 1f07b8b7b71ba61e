use insta::assert_snapshot;

use super::*;
use crate::csv::{ReadRow, RowReader};
use crate::entity::ReadingRules;
use crate::entity::attribute::Attribute;
use crate::entity::price::Prices;
use crate::entity::product::Products;

const HEAD: &str = "sku,store_view_code,attribute_set_code,product_type,name,price,url_key,related_skus,visibility,ean";

/// A plain shop with a second store view and an attribute of which every value is one product's own.
fn rules(operation: Operation) -> ReadingRules {
    let mut shop = ShopFacts::plain();
    shop.basics.store_views.push(crate::shop::StoreView { code: "de".to_owned(), website: "base".to_owned() });
    let ean = Attribute { code: "ean".to_owned(), input: "text".to_owned(), is_unique: true, ..Attribute::default() };
    shop.attributes.insert("ean".to_owned(), ean);
    ReadingRules { shop: shop.into(), operation, ..ReadingRules::default() }
}

/// Judges the rows of a file over what a target has; what is told, a line each.
fn judged<E: Entity>(across: &mut Across, file: &str, text: &str, (operation, target): (Operation, &[&str])) -> String {
    let rules = rules(operation);
    let target: BTreeSet<String> = target.iter().map(|key| (*key).to_owned()).collect();
    let mut reader = RowReader::new(rules.dialect.format);
    reader.feed(text.as_bytes());
    reader.finish();
    across.begin_file(file);
    let mut told = String::new();
    while let ReadRow::Row(row) = reader.next_row().unwrap() {
        let columns = E::columns(file, reader.header().unwrap(), rules.clone()).unwrap();
        let row = E::read(&columns, &row);
        let change = row.change.unwrap();
        let asked = across.unknown_keys::<E>([&change].into_iter());
        let existing = asked.into_iter().filter(|key| target.contains(key)).collect();
        let judging = Judging { operation, shop: &rules.shop, existing: &existing };
        let judged = across.judge::<E>(RowPlace { file, line: row.line }, &change, judging);
        for finding in judged.found_again.iter().chain(&judged.found_here) {
            told += &format!("{finding} ({:?})\n", finding.severity);
        }
    }
    told
}

fn products(rows: &str, target: &[&str]) -> String {
    let mut across = Across::new(Strictness::Strict);
    let text = format!("{HEAD}\n{rows}");
    let mut told = judged::<Products>(&mut across, "a.csv", &text, (Operation::AddUpdate, target));
    told += &settled::<Products>(&mut across, target);
    told
}

fn settled<E: Entity>(across: &mut Across, target: &[&str]) -> String {
    let existing = across.unasked::<E>().into_iter().filter(|key| target.contains(&key.as_str())).collect();
    across.answer::<E>(&existing);
    across.settle::<E>().iter().map(|finding| format!("{finding} ({:?})\n", finding.severity)).collect()
}

const WHOLE: &str = "A-1,,Default,simple,Apple,1,,,,\n";

#[test]
fn what_a_new_product_lacks_is_told_and_an_old_one_needs_nothing() {
    assert_snapshot!(products("A-1,,,,,2,,,,\nB-1,,Default,simple,Pear,,,,,\n", &["a-1"]), @"a.csv:3: column `price`: is needed because product `B-1` is new (Row)");
    assert_snapshot!(products(&format!("{WHOLE}a-1,,,,,2,,,,\n"), &[]), @"a.csv:3: column `sku`: is on line 2 already; both rows count, and what this one says stays (Notice)");
    assert_snapshot!(products("A-1,de,,,Apfel,,,,,\n", &[]), @"a.csv:2: product `A-1` does not exist; a row for store view `de` cannot create it (Row)");
}

#[test]
fn links_lead_to_what_the_shop_or_any_row_has() {
    let rows = "A-1,,Default,simple,Apple,1,,\"B-1,C-1,D-1,A-1\",,\nB-1,,Default,simple,Pear,1,,,,\n";
    assert_snapshot!(products(rows, &["c-1"]), @"a.csv:2: column `related_skus`: `D-1` is a product that neither the shop nor a file has (Value)");
    let mut lenient = Across::new(Strictness::Skip);
    let told = judged::<Products>(&mut lenient, "a.csv", &format!("{HEAD}\n{rows}"), (Operation::AddUpdate, &[]));
    assert_snapshot!(format!("{told}{}", settled::<Products>(&mut lenient, &[])), @"
    a.csv:2: column `related_skus`: `C-1` is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes (Notice)
    a.csv:2: column `related_skus`: `D-1` is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes (Notice)
    ");
}

#[test]
fn an_address_is_one_products_own_in_each_store_view() {
    let rows = "A-1,,Default,simple,Apple,1,fruit,,,\nB-1,,Default,simple,Pear,1,Fruit,,,\n\
                C-1,,Default,simple,Plum,1,fruit,,Not Visible Individually,\nA-1,de,,,Apfel,,obst,,,\n\
                D-1,,Default,simple,Apple,1,d,,,\nD-1,de,,,,,obst,,,\nA-1,,,,,2,fruit,,,\n";
    assert_snapshot!(products(rows, &[]), @"
    a.csv:3: column `url_key`: `fruit` is taken by the row in line 2; no two products may have the same (Row)
    a.csv:7: column `url_key`: `obst` is taken by the row in line 5; no two products may have the same (Row)
    a.csv:8: column `sku`: is on line 2 already; both rows count, and what this one says stays (Notice)
    ");
    // The address of a new product is made of its name, that of an old one stays.
    assert_snapshot!(products("A-1,,Default,simple,Apple,1,,,,\nB-1,,Default,simple,apple!,1,,,,\nC-1,,,,Apple,,,,,\n", &["c-1"]), @"a.csv:3: column `name`: `apple` is taken by the row in line 2; no two products may have the same (Row)");
}

#[test]
fn a_unique_value_is_one_products_own_as_it_is_written() {
    let rows = "A-1,,Default,simple,Apple,1,,,,a\nB-1,,Default,simple,Pear,1,,,,A\nC-1,,Default,simple,Plum,1,,,,a\n\
                C-1,,,,,,,,,b\n";
    assert_snapshot!(products(rows, &[]), @"
    a.csv:4: column `ean`: `a` is taken by the row in line 2; no two products may have the same (Row)
    a.csv:5: column `name`: is needed because product `C-1` is new (Row)
    a.csv:5: column `sku`: is on line 4 already; both rows count, and what this one says stays (Notice)
    ");
}

#[test]
fn a_file_of_a_part_needs_products_of_the_target_or_of_any_file() {
    let mut across = Across::new(Strictness::Skip);
    let prices = "sku,price\nA-1,1\nB-1,2\nC-1,3\n";
    let told = judged::<Prices>(&mut across, "prices.csv", prices, (Operation::AddUpdate, &["b-1"]));
    assert_eq!(told, "", "the product may come with a later file");
    judged::<Products>(&mut across, "a.csv", &format!("{HEAD}\n{WHOLE}"), (Operation::AddUpdate, &[]));
    assert_snapshot!(settled::<Prices>(&mut across, &["b-1"]), @"prices.csv:4: product `C-1` does not exist, and this kind of file makes none; import it first (Row)");
}

#[test]
fn what_is_deleted_must_be_there_and_what_is_replaced_must_be_whole() {
    let mut across = Across::new(Strictness::Strict);
    let told = judged::<Products>(&mut across, "a.csv", "sku\nA-1\nB-1\n", (Operation::Delete, &["a-1"]));
    assert_snapshot!(told, @"a.csv:3: there is nothing of this to delete (Row)");
    let mut across = Across::new(Strictness::Strict);
    let text = format!("{HEAD}\n{WHOLE}B-1,,,,,2,,,,\n");
    assert_snapshot!(judged::<Products>(&mut across, "a.csv", &text, (Operation::Replace, &["a-1", "b-1"])), @"a.csv:3: column `name`: is needed because product `B-1` is new (Row)");
}

#[test]
fn many_names_are_asked_for_on_the_way_and_once() {
    let mut across = Across::new(Strictness::Strict);
    let names: Vec<String> = (0..MAX_UNASKED).map(|number| format!("N-{number}")).collect();
    let rows = format!("A-1,,Default,simple,Apple,1,,\"{}\",,\n", names.join(","));
    judged::<Products>(&mut across, "a.csv", &format!("{HEAD}\n{rows}"), (Operation::AddUpdate, &[]));
    assert!(across.is_crowded::<Products>());
    across.answer::<Products>(&names[1..].iter().map(|name| name.to_lowercase()).collect());
    assert!(!across.is_crowded::<Products>() && across.unasked::<Products>().is_empty());
    assert_eq!(across.settle::<Products>().len(), 1);
}
