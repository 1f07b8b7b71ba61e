//! Sends a request and takes the answer apart.

use std::collections::BTreeMap;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub status: u16,
    pub content_type: String,
    pub retry_after: Option<String>,
    pub body: Value,
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// A client that keeps its connections.
#[derive(Clone)]
pub(crate) struct Sender {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
}

impl Sender {
    pub(crate) fn to(url: String) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), url }
    }

    /// Sends a request that is answered.
    pub(crate) async fn send(&self, sent: Sent) -> Answer {
        let told = format!("{} {}", sent.method, sent.path);
        self.try_send(sent).await.unwrap_or_else(|error| panic!("{told}: {error}"))
    }

    /// Sends a request that may get no answer.
    pub(crate) async fn try_send(&self, sent: Sent) -> Result<Answer, String> {
        let mut request =
            http::Request::builder().method(sent.method.as_str()).uri(format!("{}{}", self.url, address(&sent.path)));
        for (name, value) in &sent.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(sent.body))).unwrap();
        let response = self.client.request(request).await.map_err(|error| error.to_string())?;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let content_type = header("content-type").unwrap_or_default();
        let retry_after = header("retry-after");
        let body =
            if content_type.contains("json") { serde_json::from_str(&text).unwrap() } else { Value::String(text) };
        Ok(Answer { status: parts.status.as_u16(), content_type, retry_after, body })
    }
}

/// A path as a client writes it: what an address cannot hold is escaped, everything else stays.
fn address(path: &str) -> String {
    let mut written = String::new();
    for byte in path.bytes() {
        match byte {
            b' ' | b'<' | b'>' | b'"' | 0x80.. => written.push_str(&format!("%{byte:02X}")),
            byte => written.push(char::from(byte)),
        }
    }
    written
}
