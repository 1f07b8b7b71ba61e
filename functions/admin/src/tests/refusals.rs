//! Requests that cannot be done: a clear answer, and nothing half done.

use super::*;

/// How many pipelines there are.
async fn count(api: &Api) -> usize {
    api.get("/pipelines").await.1["pipelines"].as_array().unwrap().len()
}

#[tokio::test]
async fn an_argument_needs_a_key_and_all_of_them_a_size_that_fits() {
    let api = Api::new();
    for (key, shown) in [("", ""), (" ", " "), ("a\u{0}", "a\\u{0}")] {
        let wish = json!({ "name": "catalog_import", "arguments": { key: "x" } });
        let expected =
            error(&format!("`{shown}` is no key of an argument (expected at least one printable character)"));
        assert_eq!(api.post("/pipelines", wish).await, (StatusCode::BAD_REQUEST, expected));
    }
    let wish = json!({ "name": "catalog_import", "arguments": { "a": "x".repeat(300_000) } });
    let expected = error("the arguments have 300001 bytes; at most 300000 are possible");
    assert_eq!(api.post("/pipelines", wish).await, (StatusCode::PAYLOAD_TOO_LARGE, expected));
    assert_eq!(count(&api).await, 0, "nothing was spawned");
    let largest = json!({ "name": "catalog_import", "arguments": { "a": "x".repeat(299_999) } });
    assert_eq!(api.post("/pipelines", largest).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn a_key_is_good_for_one_definition() {
    let api = Api::new();
    let wish = |name: &str| json!({ "name": name, "key": "order-4711" });
    assert_eq!(api.post("/pipelines", wish("catalog_import")).await.0, StatusCode::CREATED);
    let expected = error("key `order-4711` has been used for a pipeline of `catalog_import`; expected a fresh key");
    assert_eq!(api.post("/pipelines", wish("clean_up_pipelines")).await, (StatusCode::CONFLICT, expected));
    assert_eq!(api.post("/pipelines", wish("catalog_import")).await.0, StatusCode::OK, "the first use still counts");
    assert_eq!(count(&api).await, 1);
    // What cannot be spawned uses up no key.
    let bad = json!({ "name": "catalog_import", "key": "k2", "arguments": { "": "x" } });
    assert_eq!(api.post("/pipelines", bad).await.0, StatusCode::BAD_REQUEST);
    let good = json!({ "name": "clean_up_pipelines", "key": "k2" });
    assert_eq!(api.post("/pipelines", good).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn an_id_may_be_shortened_as_long_as_it_is_one() {
    let api = Api::new();
    let id = api.init().await;
    for length in [6, 19, 20] {
        let (status, body) = api.get(&format!("/pipelines/{}", &id[..length])).await;
        assert_eq!((status, &body["id"]), (StatusCode::OK, &json!(id)), "{length}");
    }
    for (short, status) in [
        (&id[..5], StatusCode::BAD_REQUEST),
        ("zzzzzz", StatusCode::NOT_FOUND),
        ("ZZZZZZ", StatusCode::BAD_REQUEST),
        ("01jd9x4k7m3fq8zt0v2c0", StatusCode::BAD_REQUEST),
    ] {
        for (method, path) in [("GET", ""), ("GET", "/why-not-running"), ("POST", "/cancel"), ("POST", "/pause")] {
            let (found, body) = api.ask(method, &format!("/pipelines/{short}{path}"), "").await;
            assert_eq!(found, status, "{method} {short}{path}: {body}");
        }
    }
    let other = api.init().await;
    let common = id.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let (status, body) = api.post(&format!("/pipelines/{}/cancel", &id[..common]), json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT, "{body}");
    assert!(body["error"].as_str().unwrap().contains(" begins 2 ids: "), "{body}");
    let (status, _) = api.post("/pipelines/cancel", json!({ "ids": [id, "zzzzzz"] })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, open) = api.get("/pipelines?status=running").await;
    assert_eq!(open["pipelines"].as_array().unwrap().len(), 2, "of a list with a mistake, none is cancelled");
}

#[tokio::test]
async fn a_file_that_no_pipeline_takes_is_refused_before_it_comes() {
    let api = Api::new();
    for (name, why) in [
        (
            "stock.csv",
            "no pipeline takes files named `stock_…` (taken are: `advanced_pricing_…`, `attribute-import_…`, `attribute-set-import_…`, `catalog_product_…`, `category-import_…`, ",
        ),
        ("product-import_1_01.txt", "it is neither a CSV nor an ok file"),
        ("product-import.csv", "`product-import.csv` is not"),
    ] {
        for (method, path, body) in [
            ("POST", "/uploads".to_owned(), json!({ "name": name, "size_bytes": 3 }).to_string()),
            ("PUT", format!("/uploads/{name}"), "sku".to_owned()),
        ] {
            let (status, answer) = api.ask(method, &path, body).await;
            let told = answer["error"].as_str().unwrap();
            let expected = format!("`{name}` cannot be dropped: {why}");
            assert!(status == StatusCode::UNPROCESSABLE_ENTITY && told.starts_with(&expected), "{status} {told}");
        }
    }
    assert_eq!(api.context.store.files.list("", None, 10).await.unwrap(), []);
    let ok = json!({ "name": "product-import_1.ok", "size_bytes": 3 });
    assert_eq!(api.post("/uploads", ok).await.0, StatusCode::OK);
}
