//! The whole way of an order.

use insta::assert_snapshot;

use super::shop::{ALL, Shop, json};

#[tokio::test]
async fn an_order_that_is_dropped_leaves_as_a_document() {
    let shop = Shop::with(ALL).await;
    shop.drop("one.json", &json(&[])).await;
    shop.minutes(2).await;
    assert_eq!(shop.outgoing().await, ["outgoing/base/000000041.json"]);
    let document: serde_json::Value = serde_json::from_str(&shop.file("outgoing/base/000000041.json").await).unwrap();
    assert_eq!((&document["number"], &document["totals"]["payable"]), (&"000000041".into(), &"11.90".into()));
    assert_snapshot!(shop.story("1-000000041").await, @r"
    12:01 arrived with version 2026-08-01T10:15:00Z (processing)
    12:02 scheduled for pipeline … with version 2026-08-01T10:15:00Z (processing)
    12:02 sends version 2026-08-01T10:15:00Z (processing), as order_export/1-000000041/1
    12:02 left for outgoing/base/000000041.json with version 2026-08-01T10:15:00Z (processing)
    ");
    assert!(shop.workshop.store().files.list("orders/", None, 10).await.unwrap().is_empty());
}
