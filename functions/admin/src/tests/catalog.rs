//! What the own catalogue has.

use axum::http::StatusCode;
use catalog::own;
use import::entity::product::Product;
use serde_json::{Value, json};

use super::{Api, error};

const HEAD: &str = "sku,attribute_set_code,product_type,name,price";
const FILE: &str = "product-import_20260801-120000_01.csv";

#[tokio::test]
async fn a_product_is_shown_with_the_row_that_changed_it_last() {
    let api = Api::new();
    let files = &api.context.store.files;
    let rows = format!("{HEAD}\nB-2,Default,simple,Pear,2\nA/1 é,Default,simple,Apple,1\n");
    files.put(&format!("incoming/{FILE}"), rows.into()).await.unwrap();
    files.put("incoming/product-import_20260801-120000.ok", "".into()).await.unwrap();
    engine::heartbeat::beat(&api.context, &crate::invocation()).await.unwrap();
    api.run().await;
    let (_, listed) = api.get("/pipelines").await;
    assert_eq!(listed["pipelines"][0]["status"], "success", "{listed}");

    let (status, product) = api.get("/catalog/product?sku=a%2F1%20%C3%A9").await;

    assert_eq!((status, &product["sku"]), (StatusCode::OK, &json!("A/1 é")), "{product}");
    let last: &Value = &product["last_change"];
    assert_eq!((&last["file"], &last["line"]), (&json!(FILE), &json!(3)), "{product}");
    assert_eq!(last["pipeline"], listed["pipelines"][0]["id"]);
    let at: chrono::DateTime<chrono::Utc> = last["at"].as_str().unwrap().parse().unwrap();
    assert!((crate::now() - at).abs() < chrono::TimeDelta::minutes(5), "{product}");
}

#[tokio::test]
async fn a_product_that_was_deleted_is_told_with_the_row_that_did() {
    let api = Api::new();
    let deletion = "2026-08-08T12:00:00Z 01m8j8xd9gywg5x14cpy 7 gone.csv".parse().unwrap();
    let update = own::Update::<Product> {
        key: "a-1".to_owned(),
        before: None,
        thing: None,
        mark: "a test".to_owned(),
        change: Some(deletion),
    };
    own::write_things(api.context.store.table.as_ref(), &[update]).await.unwrap();
    let expected = error(
        "there is no product `A-1` any more; it was deleted at 2026-08-08 12:00:00 UTC by gone.csv:7 in pipeline \
         01m8j8xd9gywg5x14cpy",
    );
    assert_eq!(api.get("/catalog/product?sku=A-1").await, (StatusCode::NOT_FOUND, expected));
}

#[tokio::test]
async fn a_product_that_is_not_there_is_named() {
    let api = Api::new();
    let expected = error("there is no product `A-1`");
    assert_eq!(api.get("/catalog/product?sku=A-1").await, (StatusCode::NOT_FOUND, expected));
    let (status, body) = api.get("/catalog/product").await;
    assert_eq!((status, body), (StatusCode::BAD_REQUEST, error("the query cannot be read: missing field `sku`")));
}
