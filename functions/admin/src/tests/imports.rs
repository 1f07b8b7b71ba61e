//! The history of imports and the files that they leave.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::json;
use tower::ServiceExt;

use super::{Api, error};

const FILE: &str = "product-import_spring_01.csv";

/// A text that the API answers with.
async fn text(api: &Api, path: &str) -> (StatusCode, String) {
    let request = Request::builder().uri(path).header("host", "localhost:7700").body(Body::empty()).unwrap();
    let response = api.router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn import(api: &Api, rows: &str) {
    let files = &api.context.store.files;
    let file = format!("sku,attribute_set_code,product_type,name,price\n{rows}");
    files.put(&format!("incoming/{FILE}"), file.into()).await.unwrap();
    files.put("incoming/product-import_spring.ok", "".into()).await.unwrap();
    engine::heartbeat::beat(&api.context, &crate::invocation()).await.unwrap();
    api.run().await;
}

#[tokio::test]
async fn an_import_with_findings_says_so_and_has_its_rows_to_correct() {
    let api = Api::new();
    import(&api, "A-1,Default,simple,Apple,1.50\nB-2,Default,simple,Pear,\"2,50\"\n").await;
    let (_, listed) = api.get("/pipelines").await;
    let pipeline = &listed["pipelines"][0];
    assert_eq!((&pipeline["status"], &pipeline["outcome"]), (&json!("success"), &json!("success with findings")));
    let id = pipeline["id"].as_str().unwrap();
    let (_, details) = api.get(&format!("/pipelines/{id}")).await;
    assert_eq!(details["outcome"], "success with findings");

    let (status, history) = api.get("/imports?limit=1").await;
    assert_eq!(status, StatusCode::OK, "{history}");
    let row = &history["imports"][0];
    assert_eq!((&row["status"], &row["findings"]), (&json!("imported_with_findings"), &json!(1)), "{row}");
    assert_eq!((&row["rows"]["created"], &row["rows"]["skipped"]), (&json!(1), &json!(1)), "{row}");
    assert_eq!(row["entities"], json!(["products"]));
    for reference in ["spring", &id[..8], id, row["bunch"].as_str().unwrap()] {
        assert_eq!(api.get(&format!("/imports/{reference}")).await, (StatusCode::OK, row.clone()), "{reference}");
    }
    let (status, page) = text(&api, "/imports/spring/report").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("1 of 2 rows was skipped"), "{page}");
    let (status, errors) = text(&api, "/imports/spring/errors").await;
    assert_eq!(status, StatusCode::OK);
    assert!(errors.ends_with("B-2,Default,simple,Pear,\"2,50\"\n"), "{errors}");
    assert_eq!(text(&api, &format!("/imports/spring/errors?file={FILE}")).await.1, errors);
}

#[tokio::test]
async fn what_no_import_has_is_told() {
    let api = Api::new();
    import(&api, "A-1,Default,simple,Apple,1.50\n").await;
    let (_, listed) = api.get("/pipelines").await;
    assert_eq!(listed["pipelines"][0].get("outcome"), None, "{listed}");
    let id = listed["pipelines"][0]["id"].as_str().unwrap().to_owned();
    let none = error(&format!("no row of the import of pipeline {id} is to be corrected"));
    assert_eq!(api.get("/imports/spring/errors").await, (StatusCode::NOT_FOUND, none));
    let unknown = error(
        "there is no import of a pipeline or bunch `summer` (expected the beginning of a pipeline's id, a bunch as in \
         `spring-0123456789ab`, or its identifier as in `spring`)",
    );
    assert_eq!(api.get("/imports/summer").await, (StatusCode::NOT_FOUND, unknown));
    api.context.store.files.delete(&format!("archive/{id}/report.html")).await.unwrap();
    let (status, _) = api.get("/imports/spring/report").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = api.get("/imports?cursor=x").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}
