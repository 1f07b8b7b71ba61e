//! Prices by calls that take hundreds of them.

use import::entity::price::Prices;
use import::entity::product::Products;
use import::entity::tier_price::TierPrices;
use import::operation::Operation;
use insta::assert_snapshot;
use serde_json::json;

use crate::importing::Shop;

const PRODUCTS: &str = "\
sku,attribute_set_code,product_type,name,price,url_key,product_websites
A,Default,simple,A,10,a,base
B,Default,simple,B,20,b,base
C,Default,configurable,C,,c,base
";

async fn shop() -> Shop {
    let shop = Shop::start().await;
    shop.import::<Products>(PRODUCTS).await;
    shop.local.forget_exchanges();
    shop
}

#[tokio::test]
async fn prices_go_in_one_call_and_only_those_that_differ() {
    let shop = shop().await;
    let file = "sku,price,special_price,special_price_from_date\nA,11.5,9,2026-08-01\nB,20,,\nC,5,,\nNOPE,1,,\n";
    assert_snapshot!(shop.import::<Prices>(file).await, @"
    1 updated
    1 unchanged
    a.csv:4: Invalid attribute SKU = C.
    a.csv:5: Invalid attribute SKU = NOPE.
    ");
    assert_eq!(shop.writes(), ["POST /V1/products/base-prices 3", "POST /V1/products/special-price 1"]);
    assert_eq!(shop.product("A").await["price"], json!(11.5));
    shop.local.forget_exchanges();
    let file = "sku,price,special_price,special_price_from_date\na,11.50,9.00,2026-08-01\nB,20,,\n";
    assert_snapshot!(shop.import::<Prices>(file).await, @"2 unchanged");
    assert_eq!(shop.sent(), Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn a_special_price_is_taken_away_and_the_latest_row_counts() {
    let shop = shop().await;
    shop.import::<Prices>("sku,special_price\nA,9\nB,19\n").await;
    let file = "sku,price,special_price\nA,12,__EMPTY__VALUE__\nB,21,18\nB,22,17\nNOPE,,__EMPTY__VALUE__\n";
    assert_snapshot!(shop.import::<Prices>(file).await, @"
    3 updated
    a.csv:5: product `NOPE` does not exist in the shop; import it first
    ");
    let text = shop.product("A").await["custom_attributes"].to_string();
    assert!(!text.contains("special_price"), "{text}");
    let b = shop.product("B").await;
    assert_eq!(b["price"], json!(22));
    assert!(b["custom_attributes"].to_string().contains("\"17.000000\""), "{b}");
}

#[tokio::test]
async fn what_price_calls_cannot_say_goes_with_the_product() {
    let shop = shop().await;
    shop.import::<Prices>("sku,special_price,special_price_from_date\nA,9,2026-08-01\n").await;
    shop.local.forget_exchanges();
    let file = "sku,special_price_from_date,msrp_price\nA,__EMPTY__VALUE__,15\n";
    assert_snapshot!(shop.import::<Prices>(file).await, @"1 updated");
    assert_eq!(shop.writes(), ["PUT /V1/products/:sku 1"]);
}

#[tokio::test]
async fn tier_prices_are_merged_and_an_unknown_product_costs_its_row() {
    let shop = shop().await;
    let header = "sku,tier_price_website,tier_price_customer_group,tier_price_qty,tier_price,tier_price_value_type\n";
    let file = format!(
        "{header}A,All Websites [EUR],ALL GROUPS,5,9,Fixed\nA,All Websites [EUR],General,10,10,Discount\nNOPE,All Websites [EUR],ALL GROUPS,5,9,Fixed\n"
    );
    assert_snapshot!(shop.import::<TierPrices>(&file).await, @"
    2 created
    a.csv:4: product `NOPE` does not exist in the shop; import it first
    ");
    assert_eq!(shop.writes(), ["POST /V1/products/tier-prices 2"]);
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<TierPrices>(&file).await, @"
    2 unchanged
    a.csv:4: product `NOPE` does not exist in the shop; import it first
    ");
    assert_eq!(shop.sent(), Vec::<serde_json::Value>::new());
    let gone = format!("{header}A,All Websites [EUR],General,10,,\nA,All Websites [EUR],General,99,,\n");
    assert_snapshot!(shop.operate::<TierPrices>(Operation::Delete, &gone).await, @"
    1 deleted
    a.csv:3: there is nothing of this to delete
    ");
    assert_eq!(shop.product("A").await["tier_prices"].as_array().unwrap().len(), 1);
}
