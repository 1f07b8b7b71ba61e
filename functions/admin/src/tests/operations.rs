//! What operators look at and do, beyond the first steps.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use patience::wait;
use serde_json::{Value, json};
use store::keys;
use store::table::{Change, Condition, Relist, Write};
use tower::ServiceExt;

use super::{Api, error};

impl Api {
    /// Runs what is enqueued until nothing is left.
    pub(super) async fn run(&self) {
        let wait = wait("the queue is empty");
        while let Some(message) = self.context.store.queue.receive(1, Duration::ZERO).await.unwrap().pop() {
            wait.go_on();
            engine::runner::run(&self.context, &message.body, &crate::invocation()).await.unwrap();
            self.context.store.queue.delete(&message.receipt).await.unwrap();
        }
    }

    async fn text(&self, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        (status, String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap())
    }

    /// The head and the text of an answer.
    async fn part(&self, path: &str) -> (axum::http::HeaderMap, String) {
        let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let headers = response.headers().clone();
        (headers, String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap())
    }

    async fn audit(&self) -> Vec<String> {
        let (_, body) = self.get("/audit").await;
        body["audit"].as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn the_audit_comes_in_pages() {
    let api = Api::new();
    for weeks in 1..=5 {
        let value = json!({ "value": format!("{weeks} weeks") });
        assert_eq!(api.put("/settings/clean_up.delete_after", value).await.0, StatusCode::OK);
    }
    let whole = api.audit().await;
    assert_eq!(whole.len(), 5);
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    let wait = wait("the audit has a last page");
    loop {
        wait.go_on();
        let (status, page) = api.get(&format!("/audit?limit=2{cursor}")).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        paged.extend(page["audit"].as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(paged, whole);
    for bad in ["x", "1/x", "1785585600000/zzzzzzzz", "maintenance/default"] {
        let expected = format!("`{bad}` is no cursor (expected `next` of the page before)");
        assert_eq!(api.get(&format!("/audit?cursor={bad}")).await, (StatusCode::BAD_REQUEST, super::error(&expected)));
    }
}

#[tokio::test]
async fn a_request_with_a_key_spawns_once() {
    let api = Api::new();
    let wish = json!({ "name": "catalog_import", "key": "k1" });
    let (status, first) = api.post("/pipelines", wish.clone()).await;
    assert_eq!((status, &first["is_new"]), (StatusCode::CREATED, &json!(true)));
    let again = json!({ "id": first["id"], "is_new": false });
    assert_eq!(api.post("/pipelines", wish).await, (StatusCode::OK, again));
    let other = json!({ "name": "catalog_import", "key": "k1", "arguments": { "a": "b" } });
    assert_eq!(api.post("/pipelines", other).await.0, StatusCode::CONFLICT);
    for key in ["", "a key", "ä", &"k".repeat(101)] {
        let (status, body) = api.post("/pipelines", json!({ "name": "catalog_import", "key": key })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }
    let request = Request::post("/pipelines").header("host", "localhost").header("idempotency-key", "k1");
    let request = request.body(Body::from("{\"name\": \"catalog_import\"}")).unwrap();
    assert_eq!(api.router.clone().oneshot(request).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_list_goes_on_at_its_cursor() {
    let api = Api::new();
    let mut ids = [api.init().await, api.init().await, api.init().await];
    let (mut path, mut found) = ("/pipelines?limit=2&time_period=1%20hour".to_owned(), Vec::new());
    let wait = wait("the list has a last page");
    loop {
        wait.go_on();
        let (_, body) = api.get(&path).await;
        found.extend(body["pipelines"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        let Some(next) = body["next"].as_str() else { break };
        path = format!("/pipelines?limit=2&time_period=1%20hour&cursor={next}");
    }
    found.sort();
    ids.sort();
    assert_eq!(found, ids);
    for (query, expected) in [
        ("cursor=x", "`x` is no cursor (expected `next` of the page before)"),
        ("time_period=soon", "`soon` is not a duration (example: `2 hours`)"),
        ("search=", "`search` takes 1 to 200 characters"),
        (
            "time_period=1%20hour&spawned_after=2026-08-01T00:00:00Z",
            "give either `time_period` or `spawned_after`, not both",
        ),
    ] {
        assert_eq!(api.get(&format!("/pipelines?{query}")).await, (StatusCode::BAD_REQUEST, error(expected)));
    }
    let (_, body) = api.get("/pipelines?status=running,success&search=CATALOG").await;
    assert_eq!(body["pipelines"].as_array().unwrap().len(), 3);
    let (_, body) = api.get("/pipelines?spawned_before=2026-01-01T00:00:00Z").await;
    assert_eq!(body["pipelines"], json!([]));
}

#[tokio::test]
async fn a_pipeline_is_held_and_let_go() {
    let api = Api::new();
    let id = api.init().await;
    let (pause, resume) = (format!("/pipelines/{id}/pause"), format!("/pipelines/{id}/resume"));
    assert_eq!(api.ask("POST", &resume, "").await.0, StatusCode::CONFLICT);
    assert_eq!(api.ask("POST", &pause, "").await, (StatusCode::OK, json!({ "id": id, "paused": true })));
    assert_eq!(api.ask("POST", &pause, "").await.0, StatusCode::CONFLICT);
    let (_, why) = api.get(&format!("/pipelines/{id}/why-not-running")).await;
    let validate = why["steps"][1]["text"].as_str().unwrap();
    assert!(validate.starts_with("the pipeline is paused since "), "{why}");
    assert_eq!(api.ask("POST", &resume, "").await, (StatusCode::OK, json!({ "id": id, "paused": false })));
    let audit = api.audit().await;
    assert!(audit[0].starts_with("resumed ") && audit[1].starts_with("paused ") && audit[2].starts_with("spawned "));
}

#[tokio::test]
async fn the_steps_of_a_pipeline_come_page_by_page() {
    let api = Api::new();
    let id = api.init().await;
    for path in [format!("/pipelines/{id}"), format!("/pipelines/{id}/why-not-running")] {
        let (_, all) = api.get(&path).await;
        assert_eq!((all["steps"].as_array().unwrap().len(), &all["next"]), (17, &Value::Null));
        assert_eq!(all["step_counts"], json!({ "enqueued": 1, "pending": 16 }));
        let (_, first) = api.get(&format!("{path}?limit=9")).await;
        let (_, second) = api.get(&format!("{path}?limit=9&cursor={}", first["next"].as_str().unwrap())).await;
        let steps: Vec<_> = [&first, &second].into_iter().flat_map(|page| page["steps"].as_array().unwrap()).collect();
        assert_eq!((steps, &second["next"]), (all["steps"].as_array().unwrap().iter().collect(), &Value::Null));
        let expected = error("`none` is no cursor (expected `next` of the page before)");
        assert_eq!(api.get(&format!("{path}?cursor=none")).await, (StatusCode::BAD_REQUEST, expected));
    }
}

#[tokio::test]
async fn row_30_a_step_shows_its_conditions_its_attempts_and_why_it_does_not_run() {
    let api = Api::new();
    let id = api.init().await;
    let path = format!("/pipelines/{id}/steps/validate");
    let (status, step) = api.get(&path).await;
    assert_eq!((status, &step["attempts"]), (StatusCode::OK, &json!([])));
    assert_eq!(step["why"], "step `move_files` before it has not ended");
    let unmet: Vec<&Value> =
        step["conditions"].as_array().unwrap().iter().filter(|one| one["answer"] == "unmet").collect();
    assert_eq!(unmet[0]["condition"]["type"], "previous_steps_completed");
    assert_eq!(unmet[0]["reason"], "step `move_files` before it has not ended");

    api.run().await;
    let (_, step) = api.get(&format!("/pipelines/{id}/steps/move_files")).await;
    assert_eq!((&step["status"], &step["attempts"][0]["number"]), (&json!("error"), &json!(1)), "{step}");
    let url = step["attempts"][0]["log_url"].as_str().unwrap();
    assert_eq!(api.text(url).await, (StatusCode::OK, step["attempts"][0]["log"].as_str().unwrap().to_owned()));
    for (path, expected) in [
        (format!("/pipelines/{id}/steps/none"), format!("there is no step `none` in pipeline {id}")),
        (format!("/pipelines/{id}/steps/a%20b"), format!("there is no step `a b` in pipeline {id}")),
        (
            format!("/pipelines/{id}/steps/move_files/log?attempt=7"),
            "there is no attempt 7 of step `move_files`; the latest is 1".to_owned(),
        ),
        ("/pipelines/01jd9x4k7m3fq8zt0v2c/steps/a".to_owned(), "there is no pipeline 01jd9x4k7m3fq8zt0v2c".to_owned()),
    ] {
        assert_eq!(api.get(&path).await, (StatusCode::NOT_FOUND, error(&expected)));
    }
}

#[tokio::test]
async fn of_a_long_log_the_whole_is_read_from_its_file() {
    let api = Api::new();
    let id = api.init().await;
    let (file, path) = (format!("work/{id}/logs/move_files/1-t.log"), format!("/pipelines/{id}/steps/move_files/log"));
    for (kept, is_shortened) in [
        (format!("(the whole log is in {file})\nthe end\n"), true),
        // No text leads to the files of others.
        ("(the whole log is in pipelines/a.xml)\nthe end\n".to_owned(), false),
        (format!("(the whole log is in work/{id}/../../pipelines/a.xml)\nthe end\n"), false),
    ] {
        let change = Change::Patch { attributes: [("log".to_owned(), json!(kept))].into(), listing: Relist::Keep };
        let key = keys::step(&id.parse().unwrap(), 10, &"move_files".parse().unwrap());
        api.context.store.table.write(Write { key, condition: Condition::Present, change }).await.unwrap();
        let (_, step) = api.get(&format!("/pipelines/{id}/steps/move_files")).await;
        assert_eq!(step["attempts"][0]["is_log_shortened"], is_shortened, "{step}");
        if is_shortened {
            let gone = error(&format!("the log file `{file}` is not there any more"));
            assert_eq!(api.get(&path).await, (StatusCode::NOT_FOUND, gone));
            api.context.store.files.put(&file, "the beginning\nthe end\n".into()).await.unwrap();
            assert_eq!(api.text(&path).await, (StatusCode::OK, "the beginning\nthe end\n".to_owned()));
        } else {
            assert_eq!(api.text(&path).await, (StatusCode::OK, kept));
        }
    }
}

#[tokio::test]
async fn a_log_can_be_read_part_by_part() {
    let api = Api::new();
    let id = api.init().await;
    api.run().await;
    let path = format!("/pipelines/{id}/steps/move_files/log");
    let (_, whole) = api.text(&path).await;
    for (offset, expected) in [(0, whole.as_str()), (20, &whole[20..]), (whole.len(), ""), (whole.len() + 5, "")] {
        let (headers, part) = api.part(&format!("{path}?offset={offset}")).await;
        assert_eq!(part, expected, "{offset}");
        assert_eq!(headers["log-next-offset"], offset.max(whole.len()).to_string());
        assert_eq!(headers["log-has-ended"], "true");
    }
    let (status, refused) = api.get(&format!("{path}?offset=-1")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
}

#[tokio::test]
async fn what_cannot_be_read_of_a_path_is_told_as_everything_else() {
    let api = Api::new();
    for path in ["/pipelines/%ff", "/pipelines/%ff/steps/a", "/settings/%ff", "/definitions/%ff"] {
        let (status, body) = api.get(path).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
        assert!(body["error"].as_str().unwrap().starts_with("the path cannot be read: "), "{body}");
    }
}

#[tokio::test]
async fn a_pipeline_that_cannot_be_read_breaks_no_list() {
    let api = Api::new();
    let (good, bad) = (api.init().await, api.init().await);
    let change = Change::Patch { attributes: [("status".to_owned(), json!("asleep"))].into(), listing: Relist::Keep };
    let key = keys::pipeline(&bad.parse().unwrap());
    api.context.store.table.write(Write { key, condition: Condition::Present, change }).await.unwrap();
    let (_, body) = api.get("/pipelines").await;
    let rows = body["pipelines"].as_array().unwrap();
    let problem = rows.iter().find(|row| row["id"] == bad.as_str()).unwrap()["problem"].as_str().unwrap();
    assert!(rows.len() == 2 && problem.contains("expected a pipeline status"), "{body}");
    let (_, body) = api.get("/steps/active").await;
    assert_eq!((&body["steps"][0]["pipeline"], body["steps"].as_array().unwrap().len()), (&json!(good), 1));
    assert!(body["problems"][0].as_str().unwrap().starts_with(&format!("pipeline {bad}: ")), "{body}");
}

#[tokio::test]
async fn a_step_is_processed_again_by_hand() {
    let api = Api::new();
    let id = api.init().await;
    let path = format!("/pipelines/{id}/steps/move_files/process");
    assert_eq!(api.ask("POST", &path, "").await.0, StatusCode::CONFLICT, "it is enqueued already");
    api.run().await;
    let enqueued = json!({ "id": id, "step": "move_files", "enqueued": true });
    assert_eq!(api.ask("POST", &path, "").await, (StatusCode::OK, enqueued));
    let (_, active) = api.get("/steps/active").await;
    assert_eq!(active["by_name"], json!({ "move_files": 1 }), "{active}");
    api.run().await;
    let (_, step) = api.get(&format!("/pipelines/{id}/steps/move_files")).await;
    assert_eq!(step["attempts"].as_array().unwrap().len(), 2, "{step}");
    let none = format!("/pipelines/{id}/steps/none/process");
    assert_eq!(api.ask("POST", &none, "").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn active_steps_are_counted_page_by_page() {
    let api = Api::new();
    let ids = [api.init().await, api.init().await];
    let (_, all) = api.get("/steps/active").await;
    assert_eq!((&all["by_status"], &all["pipelines"]), (&json!({ "enqueued": 2 }), &json!(2)));
    assert_eq!((&all["next"], &all["left_out"]), (&Value::Null, &json!(0)));
    let (_, first) = api.get("/steps/active?limit=1").await;
    let next = first["next"].as_str().unwrap();
    let (_, second) = api.get(&format!("/steps/active?limit=1&cursor={next}")).await;
    let found = [&first, &second].map(|page| page["steps"][0]["pipeline"].as_str().unwrap().to_owned());
    assert!(ids.iter().all(|id| found.contains(id)) && second["next"].is_null(), "{found:?}");
    let expected = error("`0/../x` is no cursor (expected `next` of the page before)");
    assert_eq!(api.get("/steps/active?cursor=0/../x").await, (StatusCode::BAD_REQUEST, expected));
}

#[tokio::test]
async fn many_pipelines_are_cancelled_by_name_or_id() {
    let api = Api::new();
    let (first, second) = (api.init().await, api.init().await);
    let unknown = "01jd9x4k7m3fq8zt0v2c";
    let (status, body) = api.post("/pipelines/cancel", json!({ "ids": [first, unknown], "reason": "no" })).await;
    let expected = json!([{ "id": first }, { "id": unknown, "problem": format!("there is no pipeline {unknown}") }]);
    assert_eq!((status, &body["pipelines"]), (StatusCode::OK, &expected));
    let (_, body) = api.post("/pipelines/cancel", json!({ "names": ["catalog_import"] })).await;
    let mine = body["pipelines"].as_array().unwrap().iter().find(|one| one["id"] == second.as_str());
    assert_eq!(mine, Some(&json!({ "id": second })));
    let (_, body) = api.get(&format!("/pipelines/{second}")).await;
    assert_eq!(body["stopped"], "cancelled by local");
    let expected = error("0 `ids` and `names` are given; expected 1 to 500");
    assert_eq!(api.post("/pipelines/cancel", json!({})).await, (StatusCode::BAD_REQUEST, expected));
}

#[tokio::test]
async fn a_definition_is_shown_with_why_nothing_is_spawned_from_it() {
    let api = Api::new();
    let (status, body) = api.get("/definitions/catalog_import").await;
    assert_eq!((status, &body["definition"]["steps"][0]["name"]), (StatusCode::OK, &json!("move_files")));
    engine::heartbeat::beat(&api.context, &crate::invocation()).await.unwrap();
    let (_, body) = api.get("/definitions/catalog_import/why-not-running").await;
    assert_eq!((&body["is_due"], &body["text"]), (&json!(false), &json!("no bunch has arrived")), "{body}");
    assert!(body["conditions"].as_array().unwrap().iter().any(|one| one["answer"] == "met"), "{body}");
    assert_eq!(api.get("/definitions/none").await.0, StatusCode::NOT_FOUND);
    assert_eq!(api.get("/definitions/none/why-not-running").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_setting_is_set_for_a_scope_and_taken_back() {
    let api = Api::new();
    let path = "/settings/spawning";
    let wish = json!({ "value": "off", "scope": "pipeline:catalog_import" });
    let (status, body) = api.put(path, wish).await;
    assert_eq!((status, &body["value"], &body["before"]), (StatusCode::OK, &json!("false"), &Value::Null));
    let (_, body) = api.get("/settings/spawning?scope=pipeline:catalog_import").await;
    assert_eq!((&body["value"], &body["set_for"]), (&json!("false"), &json!("pipeline:catalog_import")));
    let (_, body) = api.get("/definitions/catalog_import/why-not-running").await;
    assert!(body["text"].as_str().unwrap().starts_with("spawning is switched off"), "{body}");
    let (_, body) = api.get("/settings").await;
    assert!(body["settings"].as_array().unwrap().iter().any(|one| one["set"][0]["by"] == "local"), "{body}");
    let (status, body) = api.ask("DELETE", &format!("{path}?scope=pipeline:catalog_import"), "").await;
    assert_eq!((status, &body["before"], &body["value"]), (StatusCode::OK, &json!("false"), &Value::Null));
    for (path, body, expected) in [
        ("/settings/none", json!({ "value": "1" }), StatusCode::NOT_FOUND),
        (path, json!({ "value": "perhaps" }), StatusCode::BAD_REQUEST),
        (path, json!({ "value": "on", "scope": "website:de" }), StatusCode::BAD_REQUEST),
        (path, json!({ "value": "on", "scope": "shop" }), StatusCode::BAD_REQUEST),
        (path, json!({ "value": true }), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(api.put(path, body.clone()).await.0, expected, "{path} {body}");
    }
    assert_eq!(api.audit().await.len(), 2);
}

#[tokio::test]
async fn maintenance_mode_is_switched_and_holds_everything() {
    let api = Api::new();
    assert_eq!(api.get("/maintenance").await, (StatusCode::OK, json!({ "is_on": false })));
    let (_, body) = api.put("/maintenance", json!({ "is_on": true })).await;
    assert_eq!((&body["is_on"], &body["by"]), (&json!(true), &json!("local")));
    let id = api.init().await;
    let (_, why) = api.get(&format!("/pipelines/{id}/why-not-running")).await;
    assert_eq!(why["steps"][0]["text"], "maintenance mode is on");
}

#[tokio::test]
async fn queues_and_dead_letters_are_looked_into() {
    let api = Api::new();
    api.init().await;
    let (_, body) = api.get("/queues").await;
    let waiting: Vec<&Value> = body["queues"].as_array().unwrap().iter().map(|queue| &queue["waiting"]).collect();
    assert_eq!((waiting, &body["dead_letters"]), (vec![&json!(0), &json!(1), &json!(0)], &json!(0)));
    assert_eq!(api.get("/dead-letters").await, (StatusCode::OK, json!({ "dead_letters": [] })));
    assert_eq!(api.get("/dead-letters?limit=101").await.0, StatusCode::BAD_REQUEST);
    let (status, body) = api.ask("POST", "/dead-letters/redrive", "").await;
    assert_eq!((status, body), (StatusCode::OK, json!({ "moved": 0 })));
    assert_eq!(api.audit().await[0], "moved the dead letters back (0)");
}

#[tokio::test]
async fn a_file_is_put_where_the_answer_says() {
    let api = Api::new();
    let name = "product-import_20260801-120000_01.csv";
    let (status, ticket) = api.post("/uploads", json!({ "name": name, "size_bytes": 3 })).await;
    assert_eq!((status, &ticket["key"]), (StatusCode::OK, &json!(format!("incoming/{name}"))));
    let (status, body) = api.ask("PUT", ticket["url"].as_str().unwrap(), "sku").await;
    assert_eq!((status, body), (StatusCode::CREATED, json!({ "name": name, "size_bytes": 3 })));
    let (_, arrivals) = api.get("/arrivals").await;
    assert_eq!(arrivals["arrivals"][0]["key"], ticket["key"]);
    assert!(api.audit().await[0].starts_with("uploaded `incoming/product-import"));
    // More than a body of JSON may have.
    let (status, body) = api.ask("PUT", "/uploads/product-import_large_01.csv", vec![b'x'; 3 << 20]).await;
    assert_eq!((status, &body["size_bytes"]), (StatusCode::CREATED, &json!(3 << 20)));
}

#[tokio::test]
async fn a_file_with_an_odd_name_or_size_is_not_taken() {
    let api = Api::new();
    for name in
        ["", ".csv", "../pipelines/a.xml", "a/b.csv", "a b.csv", "ä.csv", "a\\b.csv", "a\u{0}.csv", &"a".repeat(201)]
    {
        let (status, body) = api.post("/uploads", json!({ "name": name, "size_bytes": 1 })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{name}: {body}");
    }
    for path in ["/uploads/..%2Fpipelines%2Fa.xml", "/uploads/%2e%2e", "/uploads/a%00"] {
        let (status, body) = api.ask("PUT", path, "x").await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {body}");
    }
    let (status, _) =
        api.post("/uploads", json!({ "name": "product-import_1_01.csv", "size_bytes": 6_000_000_000_u64 })).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(api.context.store.files.list("", None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_file_that_breaks_off_does_not_appear() {
    let api = Api::new();
    let pieces = [Ok("sku"), Err(std::io::Error::other("the line is dead"))];
    let body = Body::from_stream(futures::stream::iter(pieces));
    let expected = error("`product-import_1_01.csv` broke off after 3 bytes and was dropped");
    assert_eq!(api.ask("PUT", "/uploads/product-import_1_01.csv", body).await, (StatusCode::BAD_REQUEST, expected));
    assert_eq!(api.context.store.files.list("", None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn limits_hold_everywhere() {
    let api = Api::new();
    let pipeline = format!("/pipelines/{}", api.init().await);
    for (path, most) in [
        ("/pipelines", 1_000),
        ("/audit", 1_000),
        ("/steps/active", 1_000),
        ("/dead-letters", 100),
        (pipeline.as_str(), 2_000),
    ] {
        for limit in [0, most + 1] {
            let expected = error(&format!("`limit` is {limit}; expected 1 to {most}"));
            assert_eq!(api.get(&format!("{path}?limit={limit}")).await, (StatusCode::BAD_REQUEST, expected));
        }
        assert_eq!(api.get(&format!("{path}?limit={most}")).await.0, StatusCode::OK, "{path}");
    }
}
