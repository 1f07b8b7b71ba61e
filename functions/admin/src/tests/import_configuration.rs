//! What imports are done with.

use axum::http::StatusCode;
use serde_json::json;

use super::{Api, error};

#[tokio::test]
async fn the_configuration_is_shown_with_the_place_of_each_value() {
    let api = Api::new();
    let files = api.context.store.files.clone();
    let text = "{\"delimiter\": \";\",\n\"entities\": {\"products\": {\"delimiter\": \"|\", \"delimeter\": 5}}}";
    files.put("configuration/shop.json", text.into()).await.unwrap();
    let (status, shown) = api.get("/import-configuration?entity=products&operation=replace").await;
    assert_eq!(status, StatusCode::OK);
    let delimiter = shown["values"].as_array().unwrap().iter().find(|value| value["key"] == "delimiter").unwrap();
    let expected = json!({
        "key": "delimiter", "value": "|", "file": "configuration/shop.json", "line": 2,
        "pointer": "/entities/products/delimiter", "holds_for": { "entity": "products" },
    });
    assert_eq!(*delimiter, expected);
    assert_eq!(shown["problems"][0]["problem"], "there is no key `delimeter` (did you mean `delimiter`?)");
    let (_, health) = api.get("/health").await;
    assert!(health["problems"].to_string().contains("configuration/shop.json:2: "), "{health}");
    let (_, stock) = api.get("/import-configuration?entity=stock").await;
    assert_eq!(stock["problems"], json!([]));
}

#[tokio::test]
async fn an_entity_that_nobody_knows_is_refused_with_the_nearest() {
    let api = Api::new();
    let expected = error("there is no entity `product` (did you mean `products`?)");
    assert_eq!(api.get("/import-configuration?entity=product").await, (StatusCode::NOT_FOUND, expected));
    let (status, _) = api.get("/import-configuration?pipeline=nothing_import").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = api.get("/import-configuration?entities=products").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}
