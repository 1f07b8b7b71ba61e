//! A client for many requests at once: sends them over connections that it keeps for a while.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue};
use http::{Method, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::RootCertStore;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::body::{BodyLimits, ResponseBody};
use crate::coding::Coding;
use crate::connector::{Connector, Resolve, SystemResolver};
use crate::destination::{Destination, ListedHost, shown};
use crate::error::Error;
use crate::secrets::Secrets;

/// Sends requests to listed hosts. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    hosts: Arc<[ListedHost]>,
    pool: legacy::Client<Connector, Full<Bytes>>,
}

/// What a client is made of.
pub struct ClientSettings {
    /// What it may call; nothing if the list is empty.
    pub hosts: Vec<ListedHost>,
    /// Looks names up.
    pub resolver: Arc<dyn Resolve>,
    /// The certificates that it trusts; without them those that this machine trusts.
    pub roots: Option<RootCertStore>,
}

/// A request.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address: `https`, or `http` for this machine.
    pub url: Url,
    /// Headers. `Host`, `Content-Length` and what else belongs to the connection are added.
    pub headers: HeaderMap,
    /// What is sent; may be empty.
    pub body: Bytes,
    /// What must not come back.
    pub secrets: Arc<Secrets>,
    /// How much it may take.
    pub limits: RequestLimits,
}

/// How much a request and its response may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// The time from the request to the last byte of the response.
    pub time: Duration,
    /// Most bytes of the body, on the wire and after decoding.
    pub body_bytes: u64,
}

/// A response whose body has yet to be read.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers, without those that say how a decoded body was encoded.
    pub headers: HeaderMap,
    body: ResponseBody,
}

/// Most bytes of the head of a response that are read before it must be complete; one read more may come on top.
const HEAD_LIMIT_BYTES: usize = 64 * 1024;

/// How long a connection is kept for the next request. Apache closes one after five seconds by default, and a request that
/// meets such an end fails without need.
const KEPT_FOR: Duration = Duration::from_secs(4);

impl ClientSettings {
    /// What reaches these hosts as this machine does.
    #[must_use]
    pub fn for_hosts(hosts: Vec<ListedHost>) -> Self {
        ClientSettings { hosts, resolver: Arc::new(SystemResolver), roots: None }
    }
}

impl Client {
    /// Makes a client. It connects at its first request.
    #[must_use]
    pub fn new(settings: ClientSettings) -> Self {
        let hosts: Arc<[ListedHost]> = settings.hosts.into();
        let connector = Connector::new(hosts.clone(), settings.resolver, settings.roots);
        let pool = legacy::Client::builder(TokioExecutor::new())
            .pool_idle_timeout(KEPT_FOR)
            .pool_timer(TokioTimer::new())
            .http1_max_buf_size(HEAD_LIMIT_BYTES)
            .build(connector);
        Client { hosts, pool }
    }

    /// What it may call.
    #[must_use]
    pub fn hosts(&self) -> &[ListedHost] {
        &self.hosts
    }

    /// Sends a request and waits for the head of the response, whatever its status.
    ///
    /// # Errors
    /// The host may not be called, or did not answer as it should; or the head repeats a secret. If the error is retryable,
    /// the request may nevertheless have reached the server.
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        let until = Instant::now() + request.limits.time;
        let Destination { host, .. } = Destination::of(&request.url, &self.hosts)?;
        let name = format!("{} {}", request.method, shown(&request.url));
        let (limits, secrets) = (request.limits, request.secrets.clone());
        let sent = self.pool.request(outgoing(request)?);
        let Ok(answered) = timeout_at(until, sent).await else {
            return Err(Error::Late { request: name, limit: limits.time });
        };
        let response = answered.map_err(|error| failure(host, error))?;
        Response::begin(response, secrets, limits, until)
    }
}

impl Response {
    fn begin(
        response: http::Response<Incoming>,
        secrets: Arc<Secrets>,
        limits: RequestLimits,
        until: Instant,
    ) -> Result<Self, Error> {
        let (head, incoming) = response.into_parts();
        let mut headers = head.headers;
        if let Some(secret) = headers.values().find_map(|value| secrets.find(value.as_bytes())) {
            return Err(Error::RepeatsSecret { secret: secret.to_owned() });
        }
        // These have no body, whatever length they announce: that of 304 is the length of what has not changed.
        let has_body = !matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if has_body && announced.is_some_and(|bytes| bytes > limits.body_bytes) {
            return Err(Error::TooLarge { limit_bytes: limits.body_bytes });
        }
        let coding = Coding::of(&headers)?;
        if coding.is_packed() {
            headers.remove(CONTENT_ENCODING);
            headers.remove(CONTENT_LENGTH);
        }
        let body = ResponseBody::new(incoming, coding, secrets.watch(), BodyLimits { bytes: limits.body_bytes, until });
        Ok(Response { status: head.status, headers, body })
    }

    /// The next piece of the body, decoded; nothing after its end. No piece has a part of a secret in it.
    ///
    /// # Errors
    /// The body is too large, too late or broken, or repeats a secret. What came before is then not to be used.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        self.body.chunk().await
    }

    /// The whole body, decoded, in memory.
    ///
    /// # Errors
    /// As [`Response::chunk`].
    pub async fn bytes(mut self) -> Result<Bytes, Error> {
        let mut whole = BytesMut::new();
        while let Some(piece) = self.chunk().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }
}

fn outgoing(request: Request) -> Result<http::Request<Full<Bytes>>, Error> {
    let url = &request.url;
    let uri: Uri = url.as_str().parse().map_err(|_| Error::Unsendable { shown: shown(url) })?;
    let mut outgoing = http::Request::new(Full::new(request.body));
    *outgoing.method_mut() = request.method;
    *outgoing.uri_mut() = uri;
    *outgoing.headers_mut() = request.headers;
    outgoing.headers_mut().entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
    Ok(outgoing)
}

/// What the connector says, if it made no connection; else what became of the connection.
fn failure(host: String, error: legacy::Error) -> Error {
    let connecting = error.source().and_then(|source| source.downcast_ref::<Error>()).cloned();
    connecting.unwrap_or_else(|| Error::BrokenOff { host, source: Arc::new(error) })
}
