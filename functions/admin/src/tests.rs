//! Every route, over the embedded store.

mod catalog;
mod contract;
mod import_configuration;
mod imports;
mod operations;
mod orders;
mod refusals;
mod roles;
mod shop;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use engine::{Context, Limits};
use serde_json::{Value, json};
use store_embedded::Options;
use tempfile::TempDir;
use tower::ServiceExt;

use crate::{Gate, router};

struct Api {
    router: Router,
    context: Context,
    /// Holds the store.
    _folder: TempDir,
}

impl Api {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = store_embedded::open(folder.path(), Options::default()).unwrap();
        let context = Context::new(store, steps::shipped(), Limits::default());
        Api { router: router(context.clone(), Gate::Loopback), context, _folder: folder }
    }

    async fn ask(&self, method: &str, path: &str, body: impl Into<Body>) -> (StatusCode, Value) {
        let request =
            Request::builder().method(method).uri(path).header("host", "localhost:7700").body(body.into()).unwrap();
        let wait = patience::wait(format!("the API answers {method} {path}"));
        let response = wait.until(self.router.clone().oneshot(request)).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let answer = serde_json::from_slice(&bytes).unwrap();
        contract::check(method, path, status, &answer);
        (status, answer)
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.ask("GET", path, "").await
    }

    /// As [`Api::get`], of a route that answers with text.
    async fn get_text(&self, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).header("host", "localhost:7700").body(Body::empty()).unwrap();
        let wait = patience::wait(format!("the API answers GET {path}"));
        let response = wait.until(self.router.clone().oneshot(request)).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask("POST", path, body.to_string()).await
    }

    async fn put(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask("PUT", path, body.to_string()).await
    }

    /// Spawns a catalogue import by hand.
    async fn init(&self) -> String {
        let (status, body) = self.post("/pipelines", json!({ "name": "catalog_import" })).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body["id"].as_str().unwrap().to_owned()
    }
}

fn error(message: &str) -> Value {
    json!({ "error": message })
}

#[tokio::test]
async fn health_tells_when_the_last_beat_was() {
    let api = Api::new();
    let never = json!({ "status": "never", "last_beat_at": null, "seconds_since_last_beat": null, "version": "0.1.0", "problems": ["there was no heartbeat yet"], "warnings": [] });
    assert_eq!(api.get("/health").await, (StatusCode::OK, never));
    engine::heartbeat::beat(&api.context, &crate::invocation()).await.unwrap();
    let (_, body) = api.get("/health").await;
    assert!(body["last_beat_at"].is_string() && body["seconds_since_last_beat"].is_u64(), "{body}");
    assert_eq!((&body["status"], &body["problems"]), (&json!("ok"), &json!([])));
    api.context.store.files.put("pipelines/half.xml", "<config>".into()).await.unwrap();
    let (_, body) = api.get("/health").await;
    assert_eq!(body["status"], "broken", "{body}");
    assert!(body["problems"][0].as_str().unwrap().starts_with("half.xml:1:"), "{body}");
    let late = operate::health(&api.context, crate::now() + chrono::TimeDelta::minutes(4)).await.unwrap();
    assert_eq!(
        (late.status, late.problems[0].as_str()),
        (operate::HealthStatus::Late, "there was no heartbeat for 4 minutes")
    );
}

#[tokio::test]
async fn definitions_come_with_what_is_wrong_with_the_others() {
    let api = Api::new();
    api.context.store.files.put("pipelines/half.xml", "<config>".into()).await.unwrap();
    let (status, body) = api.get("/definitions").await;
    assert_eq!(status, StatusCode::OK);
    let imports = ["import_attribute_sets", "import_attributes", "create_options", "import_categories"];
    let of_products =
        ["create_categories", "import_products", "import_variants", "import_links", "import_custom_options"];
    let around = [["move_files", "validate", "index_suspend"].as_slice(), &imports, &of_products].concat();
    let steps = json!([around, vec!["publish", "archive", "index_resume", "reindex", "report"]].concat());
    let shipped = json!({ "name": "catalog_import", "description": "Catalogue import", "steps": steps });
    let definitions = body["definitions"].as_array().unwrap();
    assert!(definitions.contains(&shipped), "{body}");
    assert!(body["problems"][0].as_str().unwrap().starts_with("half.xml:1:"), "{body}");
}

#[tokio::test]
async fn pipelines_are_spawned_with_arguments_and_listed_by_name_and_status() {
    let api = Api::new();
    let spawn = json!({ "name": "catalog_import", "arguments": { "strict": "true" } });
    let (status, spawned) = api.post("/pipelines", spawn).await;
    assert_eq!(status, StatusCode::CREATED);
    let other = api.init().await;
    for (path, found) in [
        ("/pipelines", 2),
        ("/pipelines?limit=1", 1),
        ("/pipelines?name=catalog_import&status=running", 2),
        ("/pipelines?name=other", 0),
        ("/pipelines?status=cancelled", 0),
    ] {
        let (status, body) = api.get(path).await;
        assert_eq!((status, body["pipelines"].as_array().unwrap().len()), (StatusCode::OK, found), "{path}");
    }
    let (_, body) = api.get("/pipelines").await;
    assert_eq!(body["pipelines"][0]["id"], other.as_str(), "the latest comes first: {body}");
    let row = &body["pipelines"][1];
    assert_eq!((&row["id"], &row["spawned_by"], &row["status"]), (&spawned["id"], &json!("local"), &json!("running")));
}

#[tokio::test]
async fn a_filter_that_means_nothing_is_refused() {
    let api = Api::new();
    for (query, expected) in [
        (
            "status=done",
            "`done` is not a pipeline status (expected one of `pending`, `running`, `paused`, `success`, `error`, `cancelled`)",
        ),
        ("limit=0", "`limit` is 0; expected 1 to 1000"),
        ("limit=many", "the query cannot be read: limit: invalid digit found in string"),
        (
            "state=error",
            "the query cannot be read: state: unknown field `state`, expected one of `name`, `status`, `search`, `spawned_after`, `spawned_before`, `time_period`, `last_attempt`, `limit`, `cursor`",
        ),
    ] {
        assert_eq!(api.get(&format!("/pipelines?{query}")).await, (StatusCode::BAD_REQUEST, error(expected)));
    }
}

#[tokio::test]
async fn details_show_the_steps_and_why_they_wait() {
    let api = Api::new();
    let id = api.init().await;
    let (status, body) = api.get(&format!("/pipelines/{id}")).await;
    assert_eq!(status, StatusCode::OK);
    let [moving, validate] = [&body["steps"][0], &body["steps"][1]];
    assert_eq!(
        (&moving["name"], &moving["status"], &moving["attempt"]),
        (&json!("move_files"), &json!("enqueued"), &json!(1))
    );
    assert_eq!(validate["status"], "pending");
    assert_eq!(validate["waits_for"], json!(["step `move_files` before it has not ended"]));

    let unknown = "01jd9x4k7m3fq8zt0v2c";
    let expected = error(&format!("there is no pipeline {unknown}"));
    assert_eq!(api.get(&format!("/pipelines/{unknown}")).await, (StatusCode::NOT_FOUND, expected));
    let expected = error(
        "`42` is not a pipeline id (expected 20 characters of `0-9a-z`, as in `01jd9x4k7m3fq8zt0v2c`); of one that is shortened, at least the first 6 characters",
    );
    assert_eq!(api.get("/pipelines/42").await, (StatusCode::BAD_REQUEST, expected));
}

#[tokio::test]
async fn a_spawn_that_cannot_be_is_refused_with_what_can() {
    let api = Api::new();
    let (status, body) = api.post("/pipelines", json!({ "name": "catalogue" })).await;
    let said = body["error"].as_str().unwrap();
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(said.starts_with("there is no pipeline definition `catalogue` (known: catalog_import"), "{said}");
    for (body, expected) in [
        ("", "the body cannot be read: EOF while parsing a value at line 1 column 0"),
        ("{}", "the body cannot be read: missing field `name` at line 1 column 2"),
        ("{\"name\": ", "the body cannot be read: EOF while parsing a value at line 1 column 9"),
        (
            "{\"name\": \"catalog_import\", \"argument\": {}}",
            "the body cannot be read: unknown field `argument`, expected one of `name`, `arguments`, `key` at line 1 column 37",
        ),
        (
            "{\"name\": \"catalog_import\", \"arguments\": {\"limit\": 3}}",
            "the body cannot be read: invalid type: integer `3`, expected a string at line 1 column 51",
        ),
    ] {
        assert_eq!(api.ask("POST", "/pipelines", body).await, (StatusCode::BAD_REQUEST, error(expected)), "{body}");
    }
    let (status, body) = api.ask("POST", "/pipelines", vec![b' '; 3 << 20]).await;
    assert_eq!(
        (status, body),
        (StatusCode::PAYLOAD_TOO_LARGE, error("the body cannot be read: length limit exceeded"))
    );
}

#[tokio::test]
async fn a_broken_definition_cannot_be_spawned() {
    let api = Api::new();
    let xml = r#"<config><pipeline name="p"><step name="a" executorType="nothing" sortOrder="1"/></pipeline></config>"#;
    api.context.store.files.put("pipelines/p.xml", xml.into()).await.unwrap();
    let (status, body) = api.post("/pipelines", json!({ "name": "p" })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body["error"].as_str().unwrap().contains("p.xml:1:57: step `a`: there is no executor `nothing`"), "{body}");
}

#[tokio::test]
async fn a_pipeline_is_cancelled_once() {
    let api = Api::new();
    let id = api.init().await;
    let path = format!("/pipelines/{id}/cancel");
    let cancelled = json!({ "id": id, "cancelled": true });
    assert_eq!(api.post(&path, json!({ "reason": "Ann had enough" })).await, (StatusCode::OK, cancelled));
    let expected = error(&format!("pipeline {id} is being stopped already: Ann had enough (local)"));
    assert_eq!(api.ask("POST", &path, "").await, (StatusCode::CONFLICT, expected));
    let (_, body) = api.get(&format!("/pipelines/{id}")).await;
    assert_eq!(body["stopped"], "Ann had enough (local)");
    assert_eq!(body["steps"][0]["status"], "cancelled");

    // Its report, which always runs, ends it.
    api.run().await;
    let expected = error(&format!("pipeline {id} has ended, it is cancelled"));
    assert_eq!(api.ask("POST", &path, "").await, (StatusCode::CONFLICT, expected));
}

#[tokio::test]
async fn a_cancel_that_cannot_be_is_refused() {
    let api = Api::new();
    let id = api.init().await;
    let (status, _) = api.post("/pipelines/01jd9x4k7m3fq8zt0v2c/cancel", json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = api.post("/pipelines/42/cancel", json!({})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, body) = api.post(&format!("/pipelines/{id}/cancel"), json!({ "why": "" })).await;
    let expected = error("the body cannot be read: unknown field `why`, expected `reason` at line 1 column 6");
    assert_eq!((status, body), (StatusCode::BAD_REQUEST, expected));
}

#[tokio::test]
async fn arrivals_say_what_becomes_of_them() {
    let api = Api::new();
    assert_eq!(api.get("/arrivals").await, (StatusCode::OK, json!({ "arrivals": [] })));
    api.context.store.files.put("incoming/product-import_x_01.csv", "sku".into()).await.unwrap();
    engine::heartbeat::beat(&api.context, &crate::invocation()).await.unwrap();
    let (_, body) = api.get("/arrivals").await;
    let arrival = &body["arrivals"][0];
    assert_eq!((&arrival["key"], &arrival["size_bytes"]), (&json!("incoming/product-import_x_01.csv"), &json!(3)));
    assert!(arrival["waits_for"].as_str().unwrap().starts_with("no ok file for"), "{body}");
}

#[tokio::test]
async fn what_is_no_route_is_told_as_everything_else() {
    let api = Api::new();
    let expected = error("there is no such route; GET /openapi describes all there are");
    assert_eq!(api.get("/pipeline").await, (StatusCode::NOT_FOUND, expected));
    let expected = error("this route does not answer DELETE");
    assert_eq!(api.ask("DELETE", "/pipelines", "").await, (StatusCode::METHOD_NOT_ALLOWED, expected));
}
