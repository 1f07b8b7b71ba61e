//! Stands between a function and the emulated AWS, counts the requests, and at one of them says that the function is to
//! die: before the request goes on, or when it has been answered and the answer has not been handed over.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Where a function dies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Death {
    /// The request with this number, counted from 1, is never made.
    Before(usize),
    /// It is made, and its answer is never read.
    After(usize),
    /// The same at the first request at which nobody who does this work has died; what is asked for tells requests apart,
    /// and what was asked for before, and how often that was so in this order.
    AfterNew {
        /// What is done, in a word.
        work: String,
        /// How many requests are passed before.
        passed: usize,
    },
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
    death: Option<Death>,
    /// What was asked for since it was armed.
    log: Vec<String>,
    /// The same, each with the one before.
    pairs: Vec<String>,
    /// Where the function died since then.
    died_at: Option<String>,
    /// Where functions have died ever since: the work, the request with the one before, how often there was such a pair.
    places: BTreeSet<(String, String, usize)>,
}

#[derive(Clone)]
struct Proxy {
    gate: Arc<Gate>,
    upstream: SocketAddr,
}

impl Gate {
    /// Begins to count anew.
    pub(super) fn arm(&self, death: Option<Death>) {
        let mut watch = self.watch.lock().unwrap();
        let places = std::mem::take(&mut watch.places);
        *watch = Watch { death, places, ..Watch::default() };
    }

    /// What was asked for since then, in order.
    pub(super) fn log(&self) -> Vec<String> {
        self.watch.lock().unwrap().log.clone()
    }

    /// The request at which the function died since then, with its number and the one before.
    pub(super) fn died_at(&self) -> Option<String> {
        self.watch.lock().unwrap().died_at.clone()
    }

    /// Counts a request and tells whether the function is to die at it.
    fn count(&self, request: &Request) -> Option<Death> {
        let mut watch = self.watch.lock().unwrap();
        let line = in_words(request);
        let pair = format!("{line} behind {}", watch.log.last().map_or("nothing", String::as_str));
        watch.pairs.push(pair);
        watch.log.push(line);
        if !watch.is_deadly() {
            return None;
        }
        watch.died_at = watch.pairs.last().map(|pair| format!("{} {pair}", watch.pairs.len()));
        // Others may be made at the same time, and nobody dies twice.
        watch.death.take()
    }
}

impl Watch {
    /// Whether the function is to die at the request that was counted last.
    fn is_deadly(&mut self) -> bool {
        let number = self.pairs.len();
        match &self.death {
            None => false,
            Some(Death::Before(deadly) | Death::After(deadly)) => *deadly == number,
            Some(Death::AfterNew { work, passed }) => {
                let pair = &self.pairs[number - 1];
                let times = self.pairs.iter().filter(|other| *other == pair).count();
                // A thousand writes of products are as good as the 1st, 16th and 256th.
                let is_counted = times.is_power_of_two() && times.trailing_zeros().is_multiple_of(4);
                number > *passed && is_counted && self.places.insert((work.clone(), pair.clone(), times))
            }
        }
    }
}

/// What is asked for. Whoever writes a file is told by its name: its folder differs from attempt to attempt.
fn in_words(request: &Request) -> String {
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
    if let Some(action) = target.and_then(|target| target.rsplit('.').next()) {
        return action.to_owned();
    }
    let method = request.method();
    let file = request.uri().path().rsplit('/').next().unwrap_or_default();
    // The name of a log is that of its attempt, and would be new in each.
    let file = if file.ends_with(".log") { "a log" } else { file };
    if *method == Method::PUT || *method == Method::DELETE { format!("{method} {file}") } else { method.to_string() }
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
    let answer = passed_on(proxy.upstream, request).await.unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response());
    if death.is_some() { die(&proxy).await } else { answer }
}

/// Says that the function is to die, and never answers it.
async fn die(proxy: &Proxy) -> Response {
    proxy.gate.reached.notify_one();
    std::future::pending().await
}

/// What a server answers to a request that was not meant for it alone.
pub(crate) async fn passed_on(upstream: SocketAddr, request: Request) -> anyhow::Result<Response> {
    let (mut parts, body) = request.into_parts();
    parts.headers.insert("host", upstream.to_string().parse()?);
    let body = body.collect().await?.to_bytes();
    let stream = TcpStream::connect(upstream).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let answer = sender.send_request(Request::from_parts(parts, Full::new(body))).await?;
    let (mut parts, body) = answer.into_parts();
    // It is whole now, and the connection is another one.
    parts.headers.remove("transfer-encoding");
    parts.headers.remove("connection");
    Ok(Response::from_parts(parts, Body::from(body.collect().await?.to_bytes())))
}
