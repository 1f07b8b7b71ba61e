//! The shop behind a port: connections, faults and the log of what was asked.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, RETRY_AFTER};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::exchanges::Exchange;
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::remote;
use crate::service::{Reply, Request, page};
use crate::shop::{Inner, Shop};

/// A connection ends without a reply.
#[derive(Debug)]
struct Gone;

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the reply is lost on purpose")
    }
}

impl std::error::Error for Gone {}

type Response = http::Response<Full<Bytes>>;

/// Answers connections until it is dropped.
pub(crate) async fn serve(listener: TcpListener, shop: Arc<Shop>, tls: Option<Arc<ServerConfig>>) {
    let mut connections = JoinSet::new();
    let acceptor = tls.map(TlsAcceptor::from);
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        // Small replies would wait for a full packet otherwise.
        let _ = stream.set_nodelay(true);
        let (shop, acceptor) = (Arc::clone(&shop), acceptor.clone());
        connections.spawn(async move {
            match acceptor {
                None => connection(stream, shop).await,
                // Who does not trust the certificate ends it here.
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        connection(stream, shop).await;
                    }
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin, shop: Arc<Shop>) {
    let service = service_fn(move |request| exchange(Arc::clone(&shop), request));
    // A connection that breaks is the client's matter, or a fault on purpose.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn exchange(shop: Arc<Shop>, request: hyper::Request<Incoming>) -> Result<Response, Gone> {
    let mut request = read(request).await.map_err(|_| Gone)?;
    request.is_secure = shop.is_secure;
    if let Some(path) = request.path.strip_prefix("/__shop/") {
        let answer = remote::answer(&mut shop.lock(), &request.method, path, &request.body);
        return Ok(response(&answer, None));
    }
    let (fault, latency, request) = arrived(&shop, request);
    if fault == Some(Fault::LoseRequest) {
        return Err(Gone);
    }
    wait(latency).await;
    if let Some(Fault::Slow { ms }) = fault {
        wait(Duration::from_millis(ms)).await;
    }
    let (reply, retry_after) = replied(&shop, &request, fault.as_ref());
    match fault {
        Some(Fault::LoseReply) => Err(Gone),
        Some(Fault::CutReply) => Ok(cut(&reply)),
        Some(Fault::Redirect { to }) => Ok(moved(&reply, &to)),
        _ => Ok(compressed(&shop, &request, response(&reply, retry_after), &reply)),
    }
}

/// The same reply in less, for who takes it. Small ones are not worth it.
fn compressed(shop: &Shop, request: &Request, mut response: Response, reply: &Reply) -> Response {
    let is_taken = request.accept_encoding.as_deref().is_some_and(|codings| codings.contains("gzip"));
    if !is_taken || reply.body.len() < 1000 || !shop.lock().compresses {
        return response;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing into memory cannot fail; if it did, the reply goes out as it is.
    let Ok(bytes) = encoder.write_all(reply.body.as_bytes()).and_then(|()| encoder.finish()) else { return response };
    response.headers_mut().insert(CONTENT_ENCODING, http::HeaderValue::from_static("gzip"));
    *response.body_mut() = Full::new(Bytes::from(bytes));
    response
}

/// What is decided when a request arrives, before it waits for its turn.
fn arrived(shop: &Shop, mut request: Request) -> (Option<Fault>, Duration, Request) {
    let mut inner = shop.lock();
    let target = format!("{}?{}", request.path, request.query);
    let fault = inner.faults.take(&request.method, &target);
    request.was_new = creates(&request).is_some_and(|sku| inner.state.products.id_of(&sku).is_none());
    let latency = inner.faults.latency();
    (fault, latency, request)
}

/// The SKU of a plain create.
fn creates(request: &Request) -> Option<String> {
    let is_create =
        request.method == "POST" && request.path.ends_with("/V1/products") && !request.path.contains("/async/");
    let body: Value = is_create.then(|| serde_json::from_slice(&request.body).ok()).flatten()?;
    body.pointer("/product/sku").and_then(Value::as_str).map(str::to_owned)
}

#[expect(clippy::disallowed_methods, reason = "the shop takes its time, which is what a test of speed is about")]
async fn wait(latency: Duration) {
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
}

async fn read(request: hyper::Request<Incoming>) -> Result<Request, hyper::Error> {
    let (parts, body) = request.into_parts();
    let header =
        |name| parts.headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok()).map(str::to_owned);
    Ok(Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        host: header(HOST).unwrap_or_default(),
        authorization: header(AUTHORIZATION),
        accept: header(ACCEPT),
        content_type: header(CONTENT_TYPE),
        body: body.collect().await?.to_bytes().to_vec(),
        was_new: false,
        is_trusted: false,
        accept_encoding: header(ACCEPT_ENCODING),
        is_secure: false,
    })
}

fn replied(shop: &Shop, request: &Request, fault: Option<&Fault>) -> (Reply, Option<u64>) {
    let mut inner = shop.lock();
    let mut retry_after = None;
    let reply = match fault {
        _ if inner.faults.firewall => page(403, "Request blocked"),
        _ if inner.faults.maintenance => page(503, "Error 503: Service Unavailable"),
        Some(Fault::TooManyRequests { retry_after: seconds }) => {
            retry_after = *seconds;
            told(&Refusal::told(429, "Too Many Requests", Value::Null))
        }
        Some(Fault::Page { status }) => page(*status, "Error"),
        Some(Fault::Redirect { .. }) => page(301, "Moved Permanently"),
        Some(Fault::LockConflict) => lock_conflict(),
        _ if meets_lock(&mut inner, request) => lock_conflict(),
        _ => inner.answer(request),
    };
    log(&mut inner, request, &reply, fault);
    (reply, retry_after)
}

fn told(refusal: &Refusal) -> Reply {
    Reply {
        status: refusal.status(),
        content_type: "application/json; charset=utf-8",
        body: refusal.json().to_string(),
        route: None,
        items: 1,
    }
}

/// A lock of the database, which the shop tells as if the client had done something wrong.
fn lock_conflict() -> Reply {
    told(&Refusal::bad("Could not save Source Item Configuration"))
}

fn meets_lock(inner: &mut Inner, request: &Request) -> bool {
    let is_save = ["POST", "PUT"].contains(&request.method.as_str())
        && request.path.contains("/V1/products")
        && !request.path.contains("/async/");
    let saves_one = is_save && (request.path.ends_with("/products") || request.method == "PUT");
    let probability = inner.faults.lock_conflicts;
    saves_one && probability > 0.0 && inner.chance.happens(probability)
}

fn log(inner: &mut Inner, request: &Request, reply: &Reply, fault: Option<&Fault>) {
    let body = inner.keeps_bodies.then(|| serde_json::from_slice(&request.body).ok()).flatten();
    let exchange = Exchange {
        at: inner.now(),
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.clone(),
        route: reply.route.clone(),
        status: reply.status,
        items: reply.items,
        body,
        is_answered: !matches!(fault, Some(Fault::LoseReply | Fault::CutReply)),
    };
    inner.exchanges.push(exchange);
}

fn response(reply: &Reply, retry_after: Option<u64>) -> Response {
    let mut builder = http::Response::builder().status(reply.status).header(CONTENT_TYPE, reply.content_type);
    if let Some(seconds) = retry_after {
        builder = builder.header(RETRY_AFTER, seconds);
    }
    builder.body(Full::new(Bytes::from(reply.body.clone()))).unwrap_or_else(|_| http::Response::new(Full::default()))
}

fn moved(reply: &Reply, to: &str) -> Response {
    let mut response = response(reply, None);
    if let Ok(to) = http::HeaderValue::from_str(to) {
        response.headers_mut().insert(http::header::LOCATION, to);
    }
    response
}

/// A reply whose head promises more than comes.
fn cut(reply: &Reply) -> Response {
    let half: String = reply.body.chars().take(reply.body.chars().count() / 2).collect();
    let mut response = response(&Reply { body: half, ..reply.clone() }, None);
    response.headers_mut().insert(http::header::CONTENT_LENGTH, http::HeaderValue::from(reply.body.len()));
    response
}
