//! Orders that come in, and what becomes of them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Api, error};

fn order(number: &str, store: u64, id: u64) -> Value {
    json!({
        "entity_id": id, "increment_id": number, "store_id": store, "status": "processing", "state": "processing",
        "created_at": "2026-08-01 09:15:00", "updated_at": "2026-08-01 10:15:00", "customer_email": "kim@example.com",
        "order_currency_code": "EUR", "base_currency_code": "EUR", "grand_total": 11.9, "base_grand_total": 11.9,
        "items": [{ "item_id": 1, "sku": "A", "qty_ordered": 1, "price": 10, "row_total": 10, "tax_amount": 1.9 }],
    })
}

#[tokio::test]
async fn orders_are_taken_in_listed_and_shown_with_their_story() {
    let api = Api::new();
    let all = json!([order("41", 1, 501), order("41", 2, 907), { "increment_id": "42" }]);
    let (status, taken) = api.post("/orders", all).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(taken[0], json!({ "key": "1-41", "outcome": "new" }));
    assert_eq!((&taken[2]["outcome"], &taken[2]["key"]), (&json!("refused"), &Value::Null));
    let (_, again) = api.post("/orders", order("41", 1, 501)).await;
    assert_eq!(again, json!([{ "key": "1-41", "outcome": "known" }]));

    let (_, list) = api.get("/orders?status=pending&month=2026-08").await;
    assert_eq!((list["orders"].as_array().unwrap().len(), &list["is_cut"]), (2, &json!(false)));
    let (_, none) = api.get("/orders?status=exported&month=2026-08").await;
    assert_eq!(none["orders"], json!([]));
    let (_, both) = api.get("/orders/41").await;
    assert_eq!(both.as_array().unwrap().len(), 2, "a number of two stores is never one of them: {both}");
    let (_, one) = api.get("/orders/2-41").await;
    assert_eq!((&one[0]["entity_id"], &one[0]["lines"][0]["number"]), (&json!(907), &json!("1")));
    assert_eq!(one[0]["story"][0]["what"], "arrived with version 2026-08-01T10:15:00Z (processing)");
    let (_, why) = api.get("/orders/2-41/why-not-exported").await;
    let reason = "store 2 belongs to no website; name it in `stores` of the settings of one";
    assert_eq!(why[0]["reasons"], json!([{ "filter": "website", "reason": reason }]));
}

#[tokio::test]
async fn a_reset_asks_which_order_is_meant() {
    let api = Api::new();
    api.post("/orders", json!([order("41", 1, 501), order("41", 2, 907)])).await;
    let several = error("2 orders have the number `41`: 1-41, 2-41; say which one");
    assert_eq!(api.post("/orders/41/reset", Value::Null).await, (StatusCode::CONFLICT, several));
    let (status, reset) = api.post("/orders/1-41/reset?although_received=true", Value::Null).await;
    assert_eq!((status, &reset["export"]["status"]), (StatusCode::OK, &json!("pending")));
    let (status, _) = api.post("/orders/99/reset", Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let no_month = error("`August` is no month (expected one as `2026-11`)");
    assert_eq!(api.get("/orders?month=August").await, (StatusCode::BAD_REQUEST, no_month));
    let (status, _) = api.ask("POST", "/orders", "{").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}
