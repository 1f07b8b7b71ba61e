//! Stands between a function and the emulated AWS, counts the requests, and at one of them says that the function is to
//! die: before the request goes on, or when it has been answered and the answer has not been handed over.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Where a function dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Death {
    /// The request with this number, counted from 1, is never made.
    Before(usize),
    /// It is made, and its answer is never read.
    After(usize),
}

/// What both proxies of a function share.
#[derive(Debug, Default)]
pub(super) struct Gate {
    watch: Mutex<Watch>,
    /// Rung when the function is to die.
    pub(super) reached: Notify,
}

#[derive(Debug, Default)]
struct Watch {
    seen: usize,
    death: Option<Death>,
    /// What was asked for since it was armed.
    log: Vec<String>,
}

#[derive(Clone)]
struct Proxy {
    gate: Arc<Gate>,
    upstream: SocketAddr,
}

impl Gate {
    /// Begins to count anew.
    pub(super) fn arm(&self, death: Option<Death>) {
        *self.watch.lock().unwrap() = Watch { seen: 0, death, log: Vec::new() };
    }

    /// What was asked for since then, in order.
    pub(super) fn log(&self) -> Vec<String> {
        self.watch.lock().unwrap().log.clone()
    }

    /// Counts a request and tells whether the function is to die at it.
    fn count(&self, request: &Request) -> Option<Death> {
        let mut watch = self.watch.lock().unwrap();
        watch.seen += 1;
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        let target = target.and_then(|target| target.rsplit('.').next());
        let line = target.map_or_else(|| format!("{} {}", request.method(), request.uri().path()), str::to_owned);
        watch.log.push(line);
        watch.death.filter(|(Death::Before(number) | Death::After(number))| *number == watch.seen)
    }
}

/// Starts a proxy before a server; it ends with the test's runtime.
pub(super) async fn start(upstream: SocketAddr, gate: Arc<Gate>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(forward).with_state(Proxy { gate, upstream });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

async fn forward(State(proxy): State<Proxy>, request: Request) -> Response {
    let death = proxy.gate.count(&request);
    if let Some(Death::Before(_)) = death {
        return die(&proxy).await;
    }
    // What fails here fails because the function has died meanwhile.
    let answer = answer(&proxy, request).await.unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response());
    if death.is_some() { die(&proxy).await } else { answer }
}

/// Says that the function is to die, and never answers it.
async fn die(proxy: &Proxy) -> Response {
    proxy.gate.reached.notify_one();
    std::future::pending().await
}

async fn answer(proxy: &Proxy, request: Request) -> anyhow::Result<Response> {
    let (mut parts, body) = request.into_parts();
    parts.headers.insert("host", proxy.upstream.to_string().parse()?);
    let body = body.collect().await?.to_bytes();
    let stream = TcpStream::connect(proxy.upstream).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let answer = sender.send_request(Request::from_parts(parts, Full::new(body))).await?;
    let (mut parts, body) = answer.into_parts();
    // It is whole now, and the connection is another one.
    parts.headers.remove("transfer-encoding");
    parts.headers.remove("connection");
    Ok(Response::from_parts(parts, Body::from(body.collect().await?.to_bytes())))
}
