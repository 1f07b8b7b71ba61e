//! Orders that come in: versions, twins and what cannot be read.

use insta::assert_snapshot;
use orders::read;
use steps::orders::arrive::Arrived;

use super::shop::{ALL, Shop, json, numbered, sample};

#[tokio::test]
async fn a_newer_version_updates_and_an_older_one_changes_nothing() {
    let shop = Shop::with(ALL).await;
    let folder = "reports/orders/older-version-arrives-later";
    let version = |number: u8| sample(&format!("{folder}/version-{number}.json"));
    assert_eq!(shop.arrive(&version(2)).await, [Arrived::New]);
    assert_eq!(shop.arrive(&version(1)).await, [Arrived::Older]);
    assert_eq!(shop.arrive(&version(2)).await, [Arrived::Known]);
    // The same second, and it says something else.
    assert_eq!(shop.arrive(&version(3)).await, [Arrived::Updated]);
}

#[tokio::test]
async fn an_echo_of_what_we_wrote_into_the_shop_is_no_new_version() {
    let shop = Shop::with(ALL).await;
    shop.arrive(&json(&[])).await;
    let echo = json(&[("10:15:00", "11:00:00"), (r#""grand_total""#, r#""ext_order_id":"ERP-1","grand_total""#)]);
    assert_eq!(shop.arrive(&echo).await, [Arrived::Known]);
}

#[tokio::test]
async fn another_order_of_the_same_store_and_number_is_told() {
    let shop = Shop::with(ALL).await;
    shop.arrive(&json(&[])).await;
    let other = read::orders(&json(&[("501", "907")])).unwrap().remove(0).unwrap();
    assert_snapshot!(shop.arrive_order(&other).await.unwrap_err(), @"order 1-000000041 is order 907 of the shop, and order 501 is stored under this store and number; which one is meant must be settled in the shop");
}

#[tokio::test]
async fn what_is_wrong_with_one_order_of_a_file_is_no_matter_of_the_others() {
    let shop = Shop::with(ALL).await;
    let broken = json(&[(r#""grand_total":11.9"#, r#""grand_total":"a lot""#)]);
    shop.drop("many.json", &format!("[{},{broken},{}]", numbered(2), numbered(3))).await;
    shop.minutes(2).await;
    assert_eq!(shop.outgoing().await, ["outgoing/base/000000042.json", "outgoing/base/000000043.json"]);
    let ended = shop.workshop.store().ended_pipelines(10, 1, shop.workshop.now()).await.unwrap();
    let mut told = Vec::new();
    for id in ended {
        told.push(shop.workshop.shown(&id).await);
    }
    told.sort();
    assert_snapshot!(told[0], @"error: import error for good (1 of 3 orders were refused: order 000000041: `/grand_total` is the text `a lot`; expected a number below a million million)");
}

#[tokio::test]
async fn lines_keep_their_numbers_over_versions() {
    let shop = Shop::with(&ALL.replace(r#""format""#, r#""line_numbers":{"step":10,"length":6},"format""#)).await;
    shop.arrive(&json(&[])).await;
    // An item before the first one comes later, and gets the number behind it.
    let item = r#"{"item_id":7,"sku":"B","name":"Beet","product_type":"simple","qty_ordered":1,"price":0},"#;
    let longer = json(&[("10:15:00", "11:15:00"), (r#""items":["#, &format!(r#""items":[{item}"#))]);
    assert_eq!(shop.arrive(&longer).await, [Arrived::Updated]);
    shop.minutes(1).await;
    let document: serde_json::Value = serde_json::from_str(&shop.file("outgoing/base/000000041.json").await).unwrap();
    let numbers: Vec<_> =
        document["lines"].as_array().unwrap().iter().map(|line| (&line["sku"], &line["number"])).collect();
    assert_eq!(format!("{numbers:?}"), r#"[(String("B"), String("000020")), (String("A"), String("000010"))]"#);
    assert_eq!(shop.record("1-000000041").await.export.rounds, 1);
}
