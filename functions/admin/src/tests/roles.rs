//! Every route with every role, and what a stranger gets.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use lambda_http::request::RequestContext;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::Api;
use crate::{Gate, Role, Rules, router, routes};

/// A path with something in its places.
pub(super) fn filled(path: &str) -> String {
    let name = if path.starts_with("/settings") { "maintenance" } else { "work" };
    path.replace("{id}", "01jd9x4k7m3fq8zt0v2c").replace("{step}", "a").replace("{name}", name)
}

/// What comes with an event of an HTTP API or of a function's address.
fn context(authorizer: &Value) -> RequestContext {
    let http =
        json!({ "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "a" });
    let context = json!({ "authorizer": authorizer, "http": http, "timeEpoch": 0 });
    RequestContext::ApiGatewayV2(serde_json::from_value(context).unwrap())
}

fn token(roles: &str) -> Value {
    json!({ "jwt": { "claims": { "sub": "ann", "systole_roles": roles }, "scopes": null } })
}

fn caller(user: &str) -> Value {
    json!({ "iam": { "userArn": format!("arn:aws:iam::1:user/{user}") } })
}

/// A router as it is deployed, and what it answers to somebody.
struct Deployed(Api);

impl Deployed {
    fn new() -> Self {
        let mut api = Api::new();
        let bindings =
            "view=arn:aws:iam::1:user/view;operate=arn:aws:iam::1:user/operate;configure=arn:aws:iam::1:user/configure";
        let rules = Rules::from_lookup(|name| (name == "ROLE_BINDINGS").then(|| bindings.to_owned())).unwrap();
        api.router = router(api.context.clone(), Gate::Aws(rules));
        Deployed(api)
    }

    async fn status(&self, method: &str, path: &str, context: Option<RequestContext>) -> StatusCode {
        // Headers are the client's own words, so none of them makes anybody known.
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost:7700")
            .header("authorization", "Bearer configure")
            .header("x-amzn-request-context", token("configure").to_string())
            .body(Body::empty())
            .unwrap();
        request.extensions_mut().extend(
            context
                .map(|context| {
                    let mut extensions = axum::http::Extensions::new();
                    extensions.insert(context);
                    extensions
                })
                .unwrap_or_default(),
        );
        self.0.router.clone().oneshot(request).await.unwrap().status()
    }
}

#[tokio::test]
async fn row_38_every_route_is_closed_to_strangers_and_to_smaller_roles() {
    let deployed = Deployed::new();
    for (method, template, needed) in routes() {
        let (method, path) = (method.as_str(), filled(template));
        for nobody in
            [None, Some(context(&Value::Null)), Some(context(&json!({}))), Some(context(&json!({ "iam": {} })))]
        {
            assert_eq!(deployed.status(method, &path, nobody).await, StatusCode::UNAUTHORIZED, "{method} {path}");
        }
        for stranger in [token("staff"), caller("carl")] {
            let status = deployed.status(method, &path, Some(context(&stranger))).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}");
        }
        for role in Role::ALL {
            for identity in [token(role.as_str()), caller(role.as_str())] {
                let status = deployed.status(method, &path, Some(context(&identity))).await;
                let is_refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status);
                assert_eq!(is_refused, role < needed, "{method} {path} as {role}: {status}");
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_names_who_asked_and_which_role_it_takes() {
    let deployed = Deployed::new();
    let mut request = Request::post("/dead-letters/redrive").body(Body::empty()).unwrap();
    request.extensions_mut().insert(context(&token("view")));
    let response = deployed.0.router.clone().oneshot(request).await.unwrap();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let expected = "`ann` has the role `view`; `POST /dead-letters/redrive` needs the role `operate`";
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), json!({ "error": expected }));
}

#[tokio::test]
async fn who_asked_stands_in_the_audit_and_in_the_pipeline() {
    let deployed = Deployed::new();
    let body = Body::from(json!({ "name": "catalog_import" }).to_string());
    let mut request = Request::post("/pipelines").body(body).unwrap();
    request.extensions_mut().insert(context(&caller("operate")));
    let response = deployed.0.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    let line = deployed.0.context.store.audit(1).await.unwrap().pop().unwrap();
    assert_eq!(line.by, "arn:aws:iam::1:user/operate");
    assert!(line.what.starts_with("spawned pipeline catalog_import "), "{}", line.what);
}

#[tokio::test]
async fn a_page_from_elsewhere_gets_nothing_out_of_a_program_on_this_machine() {
    let api = Api::new();
    for (method, host, origin, expected) in [
        ("GET", "evil.example:7700", None, StatusCode::FORBIDDEN),
        ("GET", "localhost:7700", None, StatusCode::OK),
        ("PUT", "localhost:7700", Some("http://evil.example"), StatusCode::FORBIDDEN),
        ("PUT", "localhost:7700", Some("http://localhost:7700"), StatusCode::OK),
    ] {
        let mut request = Request::builder().method(method).uri("/maintenance").header("host", host);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let request = request.body(Body::from("{\"is_on\": true}")).unwrap();
        let status = api.router.clone().oneshot(request).await.unwrap().status();
        assert_eq!(status, expected, "{method} {host} {origin:?}");
    }
}
