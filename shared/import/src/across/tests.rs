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
///
/// The target is named by its keys; behind an equals sign may stand the address of the product, with its store view.
fn judged<E: Entity>(across: &mut Across, file: &str, text: &str, (operation, target): (Operation, &[&str])) -> String {
    let rules = rules(operation);
    let addresses: Vec<(&str, &str)> = target.iter().filter_map(|text| text.split_once('=')).collect();
    let target: BTreeSet<&str> = target.iter().map(|text| text.split('=').next().unwrap()).collect();
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
        let existing = asked.into_iter().filter(|key| target.contains(&**key)).collect();
        let mut holders = Holders::new();
        let wait = patience::wait("all addresses are known that the row wants");
        let judged = loop {
            wait.go_on();
            let judging = Judging { operation, shop: &rules.shop, existing: &existing, holders: &holders };
            let wanted = across.wanted::<E>(&change, judging);
            if wanted.is_empty() {
                break across.judge::<E>(RowPlace { file, line: row.line }, &change, judging);
            }
            holders.extend(wanted.into_iter().map(|under| (under.clone(), holders_of(&under, &addresses))));
        };
        for finding in judged.found_again.iter().chain(&judged.found_here) {
            told += &format!("{finding} ({:?})\n", finding.severity);
        }
    }
    told
}

/// Whose an address is, among products with addresses such as `a-1=apple` or `a-1=de/apfel`.
fn holders_of(under: &ListedUnder, addresses: &[(&str, &str)]) -> Vec<String> {
    let ListedUnder::UrlKey { store_view, url_key } = under else { panic!("{under:?} is no address") };
    let wanted = store_view.as_ref().map_or_else(|| url_key.clone(), |view| format!("{view}/{url_key}"));
    addresses.iter().filter(|(_, address)| **address == *wanted).map(|(key, _)| (*key).to_owned()).collect()
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
    let settled = across.settle_claims::<E>().into_iter().chain(across.settle::<E>());
    settled.map(|finding| format!("{finding} ({:?})\n", finding.severity)).collect()
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
    assert_snapshot!(products("A-1,,Default,simple,Apple,1,,,,\nB-1,,Default,simple,apple!,1,,,,\nC-1,,,,Apple,,,,,\n", &["c-1"]), @"a.csv:3: column `name`: `apple` as the address of a new product is taken by the row in line 2; it gets `apple-1` (Notice)");
}

#[test]
fn an_address_made_of_a_name_gets_a_number_that_nobody_has() {
    let rows = "A-1,,Default,simple,Apple,1,,,,\nB-1,,Default,simple,Pear,1,apple-2,,,\nC-1,,Default,simple,APPLE,1,,,,\n\
                D-1,,Default,simple,Apple,1,,,,\nA-1,,,,Apple,2,,,,\n";
    // Products of the catalogue count, the product itself does not; and what a store view shows is its own affair.
    let target = ["z-1=apple", "y-1=apple-1", "x-1=apple-3", "w-1=de/apple-4"];
    assert_snapshot!(products(rows, &target), @"
    a.csv:2: column `name`: `apple` as the address of a new product is taken by product `z-1` of the catalogue; it gets `apple-2` (Notice)
    a.csv:3: column `url_key`: `apple-2` is taken by the row in line 2; no two products may have the same (Row)
    a.csv:5: column `name`: `apple` as the address of a new product is taken by the row in line 4; it gets `apple-4` (Notice)
    a.csv:6: column `sku`: is on line 2 already; both rows count, and what this one says stays (Notice)
    ");
    let ten: String = (0..10).map(|number| format!("N-{number},,Default,simple,Plum,1,,,,\n")).collect();
    let stored: Vec<String> = (1..30).map(|number| format!("p-{number}=plum-{number}")).collect();
    let stored: Vec<&str> = stored.iter().map(String::as_str).collect();
    let told = products(&ten, &stored);
    assert_snapshot!(told.lines().last().unwrap(), @"a.csv:11: column `name`: `plum` as the address of a new product is taken by the row in line 2; it gets `plum-38` (Notice)");
    assert_eq!(told.lines().count(), 9, "the first one has the plain address:\n{told}");
}

#[test]
fn a_replaced_product_is_held_against_the_others_like_a_new_one() {
    let mut across = Across::new(Strictness::Strict);
    let text = format!("{HEAD}\nB-1,,Default,simple,Apple,1,,,,\nA-1,,Default,simple,Apple,1,,,,\n");
    let target = ["a-1=apple", "b-1=apple-1"];
    assert_snapshot!(judged::<Products>(&mut across, "a.csv", &text, (Operation::Replace, &target)), @"a.csv:2: column `name`: `apple` as the address of a new product is taken by product `a-1` of the catalogue; it gets `apple-1` (Notice)");
    // A row that is refused replaces nothing, so the next one of its product must be whole.
    let text =
        format!("{HEAD}\nA-1,,Default,simple,Apple,1,fig,,,\nB-1,,Default,simple,Pear,1,fig,,,\nB-1,,,,,2,,,,\n");
    let mut across = Across::new(Strictness::Strict);
    assert_snapshot!(judged::<Products>(&mut across, "a.csv", &text, (Operation::Replace, &target)), @"
    a.csv:3: column `url_key`: `fig` is taken by the row in line 2; no two products may have the same (Row)
    a.csv:4: column `name`: is needed because product `B-1` is new (Row)
    a.csv:4: column `sku`: is on line 3 already; both rows count, and what this one says stays (Notice)
    ");
}

#[test]
fn a_stated_address_is_refused_if_a_stored_product_keeps_it() {
    let target = ["a-1=apple", "b-1=pear", "c-1=de/plum"];
    assert_snapshot!(products("D-1,,Default,simple,Date,1,apple,,,\nb-1,,,,,,pear,,,\n", &target), @"a.csv:2: column `url_key`: `apple` is taken by product `a-1` of the catalogue; no two products may have the same (Row)");
    // Two products may change their addresses, in any order; and a store view has addresses of its own.
    assert_snapshot!(products("A-1,,,,,,pear,,,\nB-1,,,,,,apple,,,\n", &target), @"");
    assert_snapshot!(products("B-1,,,,,,apple,,,\nA-1,,,,,,grape,,,\n", &target), @"");
    assert_snapshot!(products("A-1,,,,,,plum,,,\nA-1,de,,,,,plum,,,\n", &target), @"a.csv:3: column `url_key`: `plum` is taken by product `c-1` of the catalogue; no two products may have the same (Row)");
    // What a thing had before a row gave it something else is free at once, for rows and for names.
    assert_snapshot!(products("A-1,,,,,,grape,,,\nN-1,,Default,simple,Apple,1,,,,\n", &target), @"");
    assert_snapshot!(products("B-1,,,,,,fig,,,\nB-1,,,,,,date,,,\nA-1,,,,,,fig,,,\n", &target), @"a.csv:3: column `sku`: is on line 2 already; both rows count, and what this one says stays (Notice)");
    // What a row wants first and not any more is in nobody's way.
    assert_snapshot!(products("B-1,,,,,,apple,,,\nB-1,,,,,,fig,,,\n", &target), @"a.csv:3: column `sku`: is on line 2 already; both rows count, and what this one says stays (Notice)");
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
