//! What a shop has.

use axum::http::StatusCode;
use serde_json::json;

use super::{Api, error};

#[tokio::test]
async fn a_shop_is_told_and_shown() {
    let api = Api::new();
    let (status, plan) = api.ask("PUT", "/shop?plan=true", "currency: EUR\n").await;
    assert_eq!((status, &plan["changed"]), (StatusCode::OK, &json!(["setting `currency`"])));
    let (_, shop) = api.get("/shop").await;
    assert_eq!(shop["currency"], "USD", "a plan writes nothing");

    let (status, _) = api.put("/shop", json!({ "currency": "EUR", "customer_groups": ["VIP"] })).await;
    assert_eq!(status, StatusCode::OK);
    let (_, shop) = api.get("/shop").await;
    assert_eq!((&shop["currency"], &shop["customer_groups"]), (&json!("EUR"), &json!(["VIP"])));

    // What is shown can be told again, however large.
    let options: Vec<_> = (0..20_000).map(|number| json!({ "label": format!("Option {number} of many") })).collect();
    let mut many = shop;
    many["attributes"].as_array_mut().unwrap().push(json!({ "code": "many", "input": "select", "options": options }));
    let (status, done) = api.put("/shop", many).await;
    assert_eq!((status, done["added"].as_array().map(Vec::len)), (StatusCode::OK, Some(20_001)));
}

#[tokio::test]
async fn a_shop_that_cannot_be_is_refused_with_line_and_pointer() {
    let api = Api::new();
    let expected = error("the body:2: /currency: `Euro` is not a currency (expected three capitals, such as `EUR`)");
    assert_eq!(api.ask("PUT", "/shop", "\ncurrency: Euro\n").await, (StatusCode::BAD_REQUEST, expected));
    let (status, _) = api.ask("PUT", "/shop", vec![b'#'; 6 * 1024 * 1024]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}
