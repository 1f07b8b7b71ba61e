//! What operators ask the admin function, through the events of its function URL.

use admin::{Gate, Rules};
use lambda_http::request::LambdaRequest;
use lambda_http::tower::Service;
use lambda_http::{Adapter, Context as LambdaContext, LambdaEvent};
use pipeline::PipelineStatus;
use serde_json::{Value, json};

use super::{Functions, event, invoked, only_spawned};
use crate::bunches::bunch;

impl Functions {
    /// Calls the admin function with an event; the status and the body of its answer.
    pub(super) async fn ask(&self, event: Value) -> (u64, Value) {
        let request: LambdaRequest = serde_json::from_value(event).unwrap();
        let LambdaEvent { payload, context, .. }: LambdaEvent<LambdaRequest> = invoked(request);
        let mut service = Adapter::from(admin::router(self.context.clone(), gate()));
        let answer = service.call(LambdaEvent::new(payload, LambdaContext::clone(&context))).await.unwrap();
        let answer = serde_json::to_value(answer).unwrap();
        let body = answer["body"].as_str().expect("a body that is text");
        (answer["statusCode"].as_u64().unwrap(), serde_json::from_str(body).unwrap())
    }
}

/// The gate of a deployment that trusts the caller of the event files.
fn gate() -> Gate {
    let bindings =
        |name| (name == "ROLE_BINDINGS").then(|| "operate=arn:aws:iam::000000000000:user/operator".to_owned());
    Gate::Aws(Rules::from_lookup(bindings).unwrap())
}

/// The event of `admin-init.json` for another path and body.
pub(super) fn post(path: &str, body: &Value) -> Value {
    let mut event: Value = event("admin-init");
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["path"] = json!(path);
    event["body"] = json!(body.to_string());
    event["headers"]["content-length"] = json!(body.to_string().len().to_string());
    event
}

/// The event of `admin-health.json` for another path.
fn get(path: &str) -> Value {
    let mut event: Value = event("admin-health");
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["path"] = json!(path);
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_of_the_last_beat() {
    let functions = Functions::new().await;
    let (status, before) = functions.ask(event("admin-health")).await;
    assert_eq!((status, &before["last_beat_at"]), (200, &Value::Null));
    functions.beat().await;
    let (_, after) = functions.ask(event("admin-health")).await;
    assert!(after["seconds_since_last_beat"].is_u64(), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_found_by_its_status_and_looked_at() {
    let functions = Functions::new().await;
    for (name, content) in bunch("two-files") {
        functions.drop_file(&name, content).await;
    }
    let id = only_spawned(&functions.beat().await);
    assert_eq!(functions.ask(event("admin-pipelines")).await, (200, json!({ "pipelines": [], "next": null })));
    functions.run(&id).await;
    let (status, found) = functions.ask(event("admin-pipelines")).await;
    assert_eq!((status, &found["pipelines"][0]["id"]), (200, &json!(id)));
    let (status, details) = functions.ask(get(&format!("/pipelines/{id}"))).await;
    assert_eq!((status, &details["status"]), (200, &json!("success")));
    assert_eq!(details["steps"].as_array().unwrap().len(), 17);
    let (_, arrivals) = functions.ask(get("/arrivals")).await;
    assert_eq!(arrivals["arrivals"][0]["pipeline"], json!(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_is_spawned_by_hand_at_once() {
    let functions = Functions::new().await;
    let (status, answer) = functions.ask(event("admin-init")).await;
    assert_eq!(status, 201, "{answer}");
    let id = answer["id"].as_str().unwrap().parse().unwrap();
    let message = functions.receive().await;
    functions.deliver(&message).await.unwrap();
    // The event file names no bunch, without which there is nothing to move.
    let pipeline = functions.pipeline(&id).await;
    let said = pipeline.steps[0].record.message.as_deref().unwrap();
    assert!(said.contains("needs an argument `bunch`"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_import_stops_and_still_reports() {
    let functions = Functions::new().await;
    for (name, content) in bunch("two-files") {
        functions.drop_file(&name, content).await;
    }
    let id = only_spawned(&functions.beat().await);
    let cancel = post(&format!("/pipelines/{id}/cancel"), &json!({ "reason": "wrong prices" }));
    assert_eq!(functions.ask(cancel.clone()).await, (200, json!({ "id": id, "cancelled": true })));

    let ended = functions.run(&id).await;

    assert_eq!(ended.status, PipelineStatus::Cancelled);
    assert_eq!(ended.stop.unwrap().reason, "wrong prices (arn:aws:iam::000000000000:user/operator)");
    assert_eq!(functions.list("incoming/").await.len(), 3, "the files stay where they are");
    assert!(functions.list("archive/").await.contains(&format!("archive/{id}/report.txt")));
    let (status, answer) = functions.ask(cancel).await;
    assert_eq!(status, 409, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_answered_with_a_sentence() {
    let functions = Functions::new().await;
    for (request, status, sentence) in [
        (get("/pipelines/01m804t3nd0zr36at44k"), 404, "there is no pipeline 01m804t3nd0zr36at44k"),
        (get("/pipelines/x"), 400, "`x` is not"),
        (get("/nothing-of-this-name"), 404, "there is no such route"),
        (post("/pipelines", &json!({ "name": "no_such" })), 404, "there is no pipeline definition `no_such`"),
        (post("/pipelines", &json!({ "nam": "x" })), 400, "the body cannot be read"),
    ] {
        let (found, answer) = functions.ask(request).await;
        assert_eq!(found, status, "{answer}");
        assert!(answer["error"].as_str().unwrap().contains(sentence), "{answer}");
    }
}
