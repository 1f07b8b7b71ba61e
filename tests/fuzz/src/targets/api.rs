//! Requests to the API, as they come over loopback and from API Gateway.

use admin::{Gate, Rules};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use engine::Context;
use http_body_util::BodyExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::request::RequestContext;
use pipeline::Arguments;
use pipeline::PipelineId;
use serde_json::Value;
use tower::ServiceExt;

use crate::fresh_engine::{self, wait_for};
use crate::input::sections;

/// Requests, one a section: the first line is method and address, then headers, an empty line, and the body. `{id}` is
/// a pipeline that is there.
pub(crate) fn requests(data: &[u8]) {
    let context = fresh_engine::context();
    let router = admin::router(context.clone(), Gate::Loopback);
    wait_for(async {
        let id = spawned(&context).await;
        for section in sections(data) {
            let Some(request) = request(section.content, &id) else { continue };
            let asked = format!("{} {}", request.method(), request.uri());
            assert_answered(&router, request, &asked).await;
        }
        // Whatever was asked for, the next beat and the runners get on with it.
        fresh_engine::beat_and_run(&context).await.expect("nothing that is asked for ends a beat");
    });
}

/// An event of API Gateway, payload format 2: its path and query, and what an authorizer has found out.
///
/// The way from the event to the request is `lambda_http`'s, which panics at hosts, paths and base64 that API Gateway
/// never hands on; here it is left out.
pub(crate) fn gateway_events(data: &[u8]) {
    let Ok(event) = serde_json::from_slice::<ApiGatewayV2httpRequest>(data) else { return };
    let address =
        [event.raw_path.as_deref(), event.raw_query_string.as_deref()].map(Option::unwrap_or_default).join("?");
    let body = Body::from(event.body.clone().unwrap_or_default());
    let Ok(mut request) = Request::builder().method(event.request_context.http.method.clone()).uri(address).body(body)
    else {
        return;
    };
    let has_caller = event.request_context.authorizer.is_some();
    request.extensions_mut().insert(RequestContext::ApiGatewayV2(event.request_context));
    let asked = format!("{} {}", request.method(), request.uri());
    let lookup = |name| (name == "ROLE_BINDINGS").then(|| "view=arn:aws:iam::000000000000:user/*".to_owned());
    let rules = Rules::from_lookup(lookup).expect("it is well formed");
    let router = admin::router(fresh_engine::context(), Gate::Aws(rules));
    wait_for(async {
        let status = assert_answered(&router, request, &asked).await;
        assert!(has_caller || status.is_client_error(), "{asked} by nobody: {status}");
    });
}

async fn spawned(context: &Context) -> PipelineId {
    let invocation = fresh_engine::invocation("spawn");
    let id = operate::init(
        context,
        "catalog_import",
        Arguments::new(),
        operate::Operator { name: "an input", invocation: &invocation },
    )
    .await;
    id.expect("what ships can be spawned")
}

fn request(bytes: &[u8], id: &PipelineId) -> Option<Request<Body>> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((bytes, &b""[..]), |at| (&bytes[..at], &bytes[at + 2..]));
    let head = String::from_utf8_lossy(head).replace("{id}", id.as_str());
    let mut lines = head.lines();
    let (method, address) = lines.next()?.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(address);
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request = request.header("host", "localhost:7700");
    }
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let body = match std::str::from_utf8(body) {
        Ok(text) => text.replace("{id}", id.as_str()).into_bytes(),
        Err(_) => body.to_vec(),
    };
    request.body(Body::from(body)).ok()
}

/// Every answer is a success, or says what is wrong with the request in the words of the API.
async fn assert_answered(router: &Router, request: Request<Body>, asked: &str) -> StatusCode {
    let is_head = request.method() == "HEAD";
    let response = match router.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let status = response.status();
    let body = response.into_body().collect().await.expect("an answer is in memory").to_bytes();
    let shown = String::from_utf8_lossy(&body);
    assert!(!status.is_server_error(), "{asked}: {status}: {shown}");
    if status.is_client_error() && !is_head {
        let answer: Value = serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{asked}: {error}: {shown}"));
        assert!(answer["error"].as_str().is_some_and(|why| !why.is_empty()), "{asked}: {shown}");
    }
    status
}
