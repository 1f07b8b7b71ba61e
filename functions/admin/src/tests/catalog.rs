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

/// A shop with some products, imported like any others.
async fn shop() -> Api {
    let api = Api::new();
    let files = &api.context.store.files;
    let head = "sku,store_view_code,attribute_set_code,product_type,name,price,url_key,categories";
    let rows = format!(
        "{head}\nB-2,,Default,simple,Pear,2,pear,Default Category/Fruit\nA-1,,Default,simple,Apple,1,apple,Default Category/Fruit\n\
         A-1,default,,,Äpfel,,aepfel,\n"
    );
    files.put(&format!("incoming/{FILE}"), rows.into()).await.unwrap();
    files.put("incoming/product-import_20260801-120000.ok", "".into()).await.unwrap();
    engine::heartbeat::beat(&api.context, &crate::invocation()).await.unwrap();
    api.run().await;
    api
}

#[tokio::test]
async fn products_are_listed_by_category_set_and_address_as_a_store_view_shows_them() {
    let api = shop().await;
    let (status, first) = api.get("/catalog/products?category=default%20category/FRUIT&limit=1").await;
    assert_eq!((status, &first["products"][0]["sku"]), (StatusCode::OK, &json!("A-1")), "{first}");
    let next = first["next"].as_str().unwrap().replace('/', "%2F");
    let (_, second) = api.get(&format!("/catalog/products?category=Default%20Category/Fruit&cursor={next}")).await;
    assert_eq!((&second["products"][0]["sku"], &second["next"]), (&json!("B-2"), &Value::Null));
    let (_, set) = api.get("/catalog/products?attribute_set=default&store_view=default").await;
    assert_eq!((&set["products"][0]["name"], &set["products"][1]["name"]), (&json!("Äpfel"), &json!("Pear")), "{set}");
    let (_, found) = api.get("/catalog/products?url_key=aepfel&store_view=default").await;
    assert_eq!(found["products"].as_array().unwrap().len(), 1, "{found}");
    let (_, found) = api.get("/catalog/products?url_key=apple&store_view=default").await;
    assert_eq!(found["products"], json!([]), "the store view has another address");
    let (_, all) = api.get("/catalog/products").await;
    assert_eq!((all["products"].as_array().unwrap().len(), &all["is_held_back"]), (2, &json!(false)));
    let (_, shown) = api.get("/catalog/product?sku=a-1&store_view=default").await;
    assert_eq!((&shown["shown"]["values"]["name"], &shown["shown"]["values"]["price"]), (&json!("Äpfel"), &json!("1")));
    let (status, body) = api.get("/catalog/products?category=A&url_key=b").await;
    let expected = error("products are listed by one thing: category, attribute set or url key");
    assert_eq!((status, body), (StatusCode::BAD_REQUEST, expected));
}

#[tokio::test]
async fn categories_are_a_tree_and_the_listing_says_how_it_stands() {
    let api = shop().await;
    let (status, tree) = api.get("/catalog/categories").await;
    assert_eq!(status, StatusCode::OK);
    let fruit = json!({
        "path": "Default Category/Fruit", "name": "Fruit", "url_key": "fruit", "is_active": true, "position": null
    });
    assert_eq!((&tree[0]["path"], &tree[0]["categories"]), (&json!("Default Category"), &json!([fruit])));
    let free = json!({ "is_held_back": false, "held_back_by": [], "indexed_by": [] });
    assert_eq!(api.get("/catalog/listing").await, (StatusCode::OK, free));
}

#[tokio::test]
async fn an_export_comes_in_parts_that_make_a_file() {
    let api = shop().await;
    let (status, text) = api.get_text("/catalog/export?entity=url_rewrites").await;
    assert_eq!(status, StatusCode::OK, "{text}");
    assert!(text.starts_with("sku,store_view_code,url_key,visibility,old_url_keys\n"), "{text}");
    assert_eq!(text.lines().count(), 4, "{text}");
    let (status, body) = api.get("/catalog/export?entity=prodcts").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{body}");
    let (status, body) = api.get("/catalog/export?entity=products&cursor=x").await;
    assert_eq!((status, body), (StatusCode::BAD_REQUEST, error("`x` is no cursor (expected that of the page before)")));
}
