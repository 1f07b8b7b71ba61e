use insta::assert_snapshot;

use super::*;
use crate::entity::Thing;
use crate::entity::tests::read_in;
use crate::shop::{ShopBasics, Website};

const COLUMNS: [&str; 6] =
    ["sku", "tier_price_website", "tier_price_customer_group", "tier_price_qty", "tier_price", "tier_price_value_type"];

fn shop(has_website_prices: bool) -> ShopFacts {
    let shop = ShopFacts::plain();
    let website = |code: &str| Website { code: code.to_owned(), root_category: None };
    let basics = ShopBasics {
        websites: vec![website("base"), website("b2b")],
        currency: "EUR".to_owned(),
        has_website_prices,
        ..shop.basics
    };
    ShopFacts { basics, ..shop }
}

fn product() -> Product {
    let json = r#"{"schema":1,"sku":"B-1","product_type":"simple","attribute_set":"Default","websites":["base"]}"#;
    Product::from_json(json).unwrap()
}

/// Reads a row of cells in the order of the columns.
fn row(shop: &ShopFacts, cells: &str) -> (Option<TierPriceChange>, String) {
    let cells: Vec<(&str, &str)> = COLUMNS.into_iter().zip(cells.split(';')).collect();
    let row = read_in::<TierPrices>(shop, &cells);
    let findings = row.findings.iter().map(|finding| format!("{finding} ({:?})", finding.severity));
    (row.change, findings.collect::<Vec<_>>().join("\n"))
}

fn shown(product: &Product) -> String {
    let prices = product.tier_prices.iter().map(|price| {
        let TierPrice { quantity, price, value_type, website, customer_group } = price;
        format!("{website}, {customer_group}, from {quantity}: {price} {value_type}")
    });
    prices.collect::<Vec<_>>().join("\n")
}

fn apply(product: &mut Product, cells: &str) -> Result<ChangeEffect, String> {
    let (change, findings) = row(&shop(true), cells);
    let change = change.unwrap_or_else(|| panic!("{findings}"));
    let effect = TierPrices::apply(product, &change).map_err(|refusal| refusal.problem)?;
    assert_eq!(TierPrices::apply(product, &change), Ok(ChangeEffect::Unchanged));
    Ok(effect)
}

#[test]
fn a_row_adds_or_changes_one_tier_price() {
    let mut bag = product();
    assert_eq!(apply(&mut bag, "B-1;All Websites;ALL GROUPS;4;29.00;Fixed"), Ok(ChangeEffect::Changed));
    assert_eq!(apply(&mut bag, "b-1;base;General;2.0;32;discount"), Ok(ChangeEffect::Changed));
    assert_eq!(apply(&mut bag, "B-1;All Websites;ALL GROUPS;4.0;28;Fixed"), Ok(ChangeEffect::Changed));
    assert_snapshot!(shown(&bag), @"
    All Websites, ALL GROUPS, from 4: 28 Fixed
    base, General, from 2: 32 Discount
    ");
}

#[test]
fn replacing_forgets_the_other_tier_prices_and_deleting_takes_one() {
    let mut bag = product();
    assert!(apply(&mut bag, "B-1;All Websites;ALL GROUPS;4;29;Fixed").is_ok());
    assert!(apply(&mut bag, "B-1;All Websites;General;2;32;Fixed").is_ok());
    let change = row(&shop(true), "B-1;All Websites;General;7;9;Fixed").0.unwrap();
    assert_snapshot!(shown(&TierPrices::renew(Some(&bag), &change).unwrap()), @"All Websites, General, from 7: 9 Fixed");
    assert_eq!(TierPrices::remove(&mut bag, &change), Removal::Nothing);
    let change = row(&shop(true), "B-1;All Websites;General;2;;").0.unwrap();
    assert_eq!(TierPrices::remove(&mut bag, &change), Removal::Part);
    assert_snapshot!(shown(&bag), @"All Websites, ALL GROUPS, from 4: 29 Fixed");
}

#[test]
fn a_price_for_a_website_is_for_all_if_the_shop_has_one_price() {
    let (change, finding) = row(&shop(false), "B-1;base;General;5;6;Fixed");
    assert_eq!(change.unwrap().website, "All Websites");
    assert_snapshot!(finding, @"a.csv:2: column `tier_price_website`: `base` holds for all websites, because the shop has the same prices on all of them (Notice)");
    let mut bag = product();
    let problem = apply(&mut bag, "B-1;b2b;General;5;6;Fixed").unwrap_err();
    assert_snapshot!(problem, @"names `b2b`, which does not offer product `B-1` (it is offered by `base`)");
}

#[test]
fn a_new_tier_price_needs_a_price() {
    let mut bag = product();
    let problem = apply(&mut bag, "B-1;All Websites;General;5;;Fixed").unwrap_err();
    assert_snapshot!(problem, @"is needed because the tier price is new");
    assert!(apply(&mut bag, "B-1;All Websites;General;5;7;Fixed").is_ok());
    // What the row does not say stays.
    assert_eq!(apply(&mut bag, "B-1;All Websites;General;5;8;"), Ok(ChangeEffect::Changed));
    assert_snapshot!(shown(&bag), @"All Websites, General, from 5: 8 Fixed");
}

#[test]
fn what_the_shop_does_not_have_is_named() {
    let mut table = String::new();
    for cells in [
        ";All Websites;General;1;1;Fixed",
        "B-1;All Websites [USD];General;1;1;Fixed",
        "B-1;bse;General;1;1;Fixed",
        "B-1;;Generel;1,5;1;Fixed",
        "B-1;all websites [EUR];all groups;1;-7;Fixed",
        "B-1;All Websites;General;-1;7;Percent",
        "B-1;All Websites;General;1;150;Discount",
        "B-1;All Websites;__EMPTY__VALUE__;;7;Fixed",
    ] {
        let (change, findings) = row(&shop(true), cells);
        let what = if change.is_some() { "used" } else { "not used" };
        table += &format!("{cells}: {what}\n{findings}\n");
    }
    assert_snapshot!(table, @"
    ;All Websites;General;1;1;Fixed: not used
    a.csv:2: column `sku`: is empty (Row)
    B-1;All Websites [USD];General;1;1;Fixed: not used
    a.csv:2: column `tier_price_website`: `All Websites [USD]` names another currency than the shop has (expected `EUR`) (Row)
    B-1;bse;General;1;1;Fixed: not used
    a.csv:2: column `tier_price_website`: `bse` is not a website of the shop (did you mean `base`?) (Row)
    B-1;;Generel;1,5;1;Fixed: not used
    a.csv:2: column `tier_price_website`: is empty (Row)
    a.csv:2: column `tier_price_customer_group`: `Generel` is not a customer group of the shop (did you mean `General`?) (Row)
    a.csv:2: column `tier_price_qty`: `1,5` is not a number (expected digits with a decimal point, such as `1019.99`) (Row)
    B-1;all websites [EUR];all groups;1;-7;Fixed: not used
    a.csv:2: column `tier_price`: `-7` is negative (Row)
    B-1;All Websites;General;-1;7;Percent: not used
    a.csv:2: column `tier_price_qty`: `-1` is negative (Row)
    a.csv:2: column `tier_price_value_type`: `Percent` is neither `Fixed` nor `Discount` (Row)
    B-1;All Websites;General;1;150;Discount: not used
    a.csv:2: column `tier_price`: `150` is a discount of more than 100 percent (Row)
    B-1;All Websites;__EMPTY__VALUE__;;7;Fixed: not used
    a.csv:2: column `tier_price_customer_group`: is empty (Row)
    a.csv:2: column `tier_price_qty`: is empty (Row)
    ");
}
