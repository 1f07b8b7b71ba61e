//! Requests to the admin function, as the events that its two front doors make of them.

use std::collections::BTreeSet;

use admin::{Gate, Role, Rules};
use catalog::own::{self, Update};
use engine::Context;
use import::entity::Thing;
use import::entity::product::Product;
use import::report::RowCounts;
use lambda_http::request::LambdaRequest;
use lambda_http::tower::Service;
use lambda_http::{Adapter, LambdaEvent};
use pipeline::PipelineId;
use pipeline::settings::Settings;
use serde_json::{Value, json};
use steps::import::archive;
use steps::import::history::{self, ImportRecord, ImportResult, ImportStatus};
use store::Store;
use store::table::Table;

use crate::aws_flows::now;

/// Who a front door says is asking.
#[derive(Debug, Clone)]
pub(super) enum Who {
    /// Nobody: a request that came past both doors.
    Nobody,
    /// The ARN that signed the request, as the address of the function has checked.
    Signer(&'static str),
    /// The claims of a token, as the HTTP API has checked.
    Bearer(Value),
}

/// A request of one of them.
#[derive(Debug, Clone)]
pub(super) struct Asking {
    pub(super) who: Who,
    pub(super) method: &'static str,
    /// The path, with or without a query.
    pub(super) target: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

/// What the requests to all routes are about.
pub(super) struct Places {
    /// A pipeline of `idle` that is open, with its step `alone`.
    pub(super) open: String,
    /// One that has ended, with a step that can be run again.
    pub(super) ended: String,
    pub(super) step: &'static str,
    /// One with a step that has left a log.
    pub(super) logged: String,
    pub(super) logging_step: &'static str,
    /// The pipeline of an import that has left a report and rows to correct.
    pub(super) imported: String,
}

/// Puts the product into the catalogue that a request asks for.
pub(super) async fn keep_a_product(table: &dyn Table) {
    let json = r#"{"schema":1,"sku":"A-1","product_type":"simple","attribute_set":"Default"}"#;
    let thing = Some(Product::from_json(json).unwrap());
    let update = Update { key: "a-1".to_owned(), before: None, thing, mark: "a test".to_owned(), change: None };
    assert_eq!(own::write_things(table, &[update]).await.unwrap(), Vec::<String>::new());
}

/// Remembers an import of a pipeline, with a report and rows to correct.
pub(super) async fn keep_an_import(store: &Store, pipeline: &PipelineId) {
    let archive = archive::prefix(pipeline);
    for file in ["report.html", "errors/a.csv"] {
        store.files.put(&format!("{archive}{file}"), "a".into()).await.unwrap();
    }
    let result = ImportResult {
        ended_at: now(),
        rows: RowCounts::default(),
        findings: 1,
        work_ms: 1,
        verdict: "something was left out".to_owned(),
        archive,
        errors: vec!["errors/a.csv".to_owned()],
    };
    let record = ImportRecord {
        pipeline: pipeline.clone(),
        definition: "catalog_import".parse().unwrap(),
        bunch: "spring-0123456789ab".to_owned(),
        files: vec!["a.csv".to_owned()],
        file_count: 1,
        entities: BTreeSet::new(),
        status: ImportStatus::ImportedWithFindings,
        spawned_at: now(),
        spawned_by: "a test".to_owned(),
        result: Some(result),
    };
    history::begin(store, &record, &Settings::default(), now()).await.unwrap();
}

/// Method, route, target, and body.
pub(super) type Request = (&'static str, &'static str, String, Value);

impl Places {
    /// At least one request for every route that there is, each of which does something if it is let in.
    #[expect(clippy::too_many_lines, reason = "a line per route")]
    pub(super) fn requests(&self) -> Vec<Request> {
        let Places { open, ended, step, logged, logging_step, imported } = self;
        let get = |route: &'static str, target: &str| ("GET", route, target.to_owned(), Value::Null);
        let post = |route: &'static str, target: &str, body: Value| ("POST", route, target.to_owned(), body);
        let put = |route: &'static str, target: &str, body: Value| ("PUT", route, target.to_owned(), body);
        let requests = vec![
            get("/health", "/health"),
            get("/openapi", "/openapi"),
            get("/pipelines", "/pipelines"),
            get("/pipelines", "/pipelines?status=success"),
            post("/pipelines", "/pipelines", json!({ "name": "idle" })),
            get("/pipelines/{id}", &format!("/pipelines/{open}")),
            get("/pipelines/{id}/why-not-running", &format!("/pipelines/{open}/why-not-running")),
            post("/pipelines/{id}/pause", &format!("/pipelines/{open}/pause"), Value::Null),
            post("/pipelines/{id}/resume", &format!("/pipelines/{open}/resume"), Value::Null),
            get("/pipelines/{id}/steps/{step}", &format!("/pipelines/{open}/steps/alone")),
            get("/pipelines/{id}/steps/{step}/log", &format!("/pipelines/{logged}/steps/{logging_step}/log")),
            post(
                "/pipelines/{id}/steps/{step}/process",
                &format!("/pipelines/{ended}/steps/{step}/process"),
                Value::Null,
            ),
            get("/steps/active", "/steps/active"),
            get("/definitions", "/definitions"),
            get("/definitions/{name}", "/definitions/idle"),
            get("/definitions/{name}/why-not-running", "/definitions/catalog_import/why-not-running"),
            get("/settings", "/settings"),
            get("/settings/{name}", "/settings/maintenance"),
            put("/settings/{name}", "/settings/clean_up.delete_after", json!({ "value": "9 weeks" })),
            ("DELETE", "/settings/{name}", "/settings/clean_up.delete_after".to_owned(), Value::Null),
            get("/maintenance", "/maintenance"),
            put("/maintenance", "/maintenance", json!({ "is_on": true })),
            put("/maintenance", "/maintenance", json!({ "is_on": false })),
            get("/queues", "/queues"),
            get("/dead-letters", "/dead-letters"),
            post("/dead-letters/redrive", "/dead-letters/redrive", Value::Null),
            get("/arrivals", "/arrivals"),
            get("/catalog/product", "/catalog/product?sku=A-1"),
            get("/catalog/products", "/catalog/products?attribute_set=Default"),
            get("/catalog/categories", "/catalog/categories"),
            get("/catalog/listing", "/catalog/listing"),
            get("/catalog/export", "/catalog/export?entity=products"),
            get("/imports", "/imports"),
            get("/imports/{reference}", &format!("/imports/{imported}")),
            get("/imports/{reference}/report", &format!("/imports/{imported}/report")),
            get("/imports/{reference}/errors", &format!("/imports/{imported}/errors")),
            get("/import-configuration", "/import-configuration"),
            post("/orders", "/orders", order()),
            get("/orders", "/orders"),
            get("/orders/{order}", "/orders/9-000000042"),
            get("/orders/{order}/why-not-exported", "/orders/9-000000042/why-not-exported"),
            post("/orders/{order}/reset", "/orders/9-000000042/reset", Value::Null),
            get("/shop", "/shop"),
            put("/shop", "/shop", json!({ "websites": [{ "code": "base" }] })),
            post("/uploads", "/uploads", json!({ "name": "product-import_1_01.csv", "size_bytes": 3 })),
            put("/uploads/{name}", "/uploads/product-import_1_01.csv", json!("sku")),
            get("/audit", "/audit"),
            post("/pipelines/{id}/cancel", &format!("/pipelines/{open}/cancel"), json!({ "reason": "a test" })),
            post("/pipelines/cancel", "/pipelines/cancel", json!({ "names": ["idle", "everything"] })),
        ];
        let asked: BTreeSet<_> = requests.iter().map(|(method, route, ..)| (method.to_string(), *route)).collect();
        let served: BTreeSet<_> = admin::routes().map(|(method, route, _)| (method.to_string(), route)).collect();
        assert_eq!(asked, served, "a route without a request, or a request without a route");
        requests
    }
}

/// An order of a store that belongs to no website, so that it stays.
fn order() -> Value {
    json!({
        "entity_id": 502, "increment_id": "000000042", "store_id": 9, "status": "processing",
        "created_at": "2026-08-01 09:15:00", "updated_at": "2026-08-01 10:15:00", "customer_email": "kim@example.com",
        "order_currency_code": "EUR", "base_currency_code": "EUR", "grand_total": 0, "base_grand_total": 0,
        "items": [{ "item_id": 1, "sku": "A", "qty_ordered": 1, "price": 0 }],
    })
}

/// What the function answers.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) headers: Value,
    pub(super) body: String,
}

/// The signer that is bound to a role.
pub(super) fn signer(role: Role) -> Who {
    Who::Signer(match role {
        Role::View => "arn:aws:iam::000000000000:user/view",
        Role::Operate => "arn:aws:iam::000000000000:user/operate",
        Role::Configure => "arn:aws:iam::000000000000:user/configure",
    })
}

/// The gate of a deployment with one signer for each role.
pub(super) fn gate() -> Gate {
    let bindings: Vec<String> =
        Role::ALL.into_iter().map(|role| format!("{role}=arn:aws:iam::000000000000:user/{role}")).collect();
    let bindings = bindings.join(";");
    Gate::Aws(Rules::from_lookup(|name| (name == "ROLE_BINDINGS").then(|| bindings.clone())).unwrap())
}

impl Asking {
    pub(super) fn new(who: Who, method: &'static str, target: impl Into<String>) -> Self {
        Asking { who, method, target: target.into(), headers: Vec::new(), body: String::new() }
    }

    pub(super) fn with(self, body: &Value) -> Self {
        Asking { body: if body.is_null() { String::new() } else { body.to_string() }, ..self }
    }

    fn event(&self) -> Value {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let mut headers = json!({ "accept": "application/json", "host": "x.lambda-url.eu-central-1.on.aws" });
        for (name, value) in &self.headers {
            headers[*name] = json!(value);
        }
        let authorizer = match &self.who {
            Who::Nobody => Value::Null,
            Who::Signer(arn) => json!({ "iam": { "userArn": arn, "accountId": "000000000000" } }),
            Who::Bearer(claims) => json!({ "jwt": { "claims": claims, "scopes": null } }),
        };
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
            "headers": headers,
            "requestContext": {
                "accountId": "000000000000", "apiId": "x", "authorizer": authorizer, "stage": "$default",
                "domainName": "x.lambda-url.eu-central-1.on.aws", "domainPrefix": "x", "requestId": "r",
                "http": { "method": self.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "a" },
                "time": "01/Aug/2026:12:00:00 +0000", "timeEpoch": 1_785_585_600_000_u64, "routeKey": "$default",
            },
            "isBase64Encoded": false, "body": self.body,
        })
    }

    /// Calls the function as it is deployed.
    pub(super) async fn ask(&self, context: &Context) -> Answered {
        let request: LambdaRequest = serde_json::from_value(self.event()).unwrap();
        let mut service = Adapter::from(admin::router(context.clone(), gate()));
        let event = LambdaEvent::new(request, lambda_http::Context::default());
        let answer = serde_json::to_value(service.call(event).await.unwrap()).unwrap();
        Answered {
            status: u16::try_from(answer["statusCode"].as_u64().unwrap()).unwrap(),
            headers: answer["headers"].clone(),
            body: answer["body"].as_str().unwrap_or_default().to_owned(),
        }
    }
}

impl Answered {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
