//! `http_request`: calls a web server and keeps its response.
//!
//! A definition can come from the bucket, so it is not trusted with the network: the deployment lists the hosts that may
//! be called and holds the secrets that headers may ask for. `http_client` checks where a request goes and what comes back;
//! `call.rs` reads the arguments.
//!
//! **Invariant:** neither header values nor the query of an address are written to a log, an item or an error.

mod arguments;
mod call;
mod kept_client;
mod verdict;

use std::sync::Arc;

use async_trait::async_trait;
use engine::accepts::Accepts;
use engine::{Executor, ExecutorError, Outcome, Work};
use http::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED, LOCATION};
use http_client::{Resolve, Response, RootCertStore, shown};
use serde_json::{Map, Value, json};
use store::{Store, files};

use super::deferral::Deferral;
use arguments::ARGUMENTS;
use call::HttpCall;

pub(crate) use arguments::{Expected, is_header_of_ours};
pub(crate) use kept_client::KeptClient;

/// The executor.
#[derive(Default)]
pub struct HttpRequest {
    client: KeptClient,
}

/// Headers of the response that are kept in the step's output.
const KEPT: [HeaderName; 4] = [CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION];

/// Most characters of one kept header.
const KEPT_CHARS: usize = 100;

impl HttpRequest {
    /// The executor with another way to look up names.
    #[must_use]
    pub fn with_resolver(resolver: Arc<dyn Resolve>) -> Self {
        HttpRequest { client: KeptClient::new(resolver, None) }
    }

    /// The executor with other certificates than those that this machine trusts.
    #[must_use]
    pub fn trusting(resolver: Arc<dyn Resolve>, roots: RootCertStore) -> Self {
        HttpRequest { client: KeptClient::new(resolver, Some(roots)) }
    }
}

#[async_trait]
impl Executor for HttpRequest {
    fn name(&self) -> &'static str {
        "http_request"
    }

    fn description(&self) -> &'static str {
        "calls a web server that the deployment allows, and keeps the response"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(ARGUMENTS)
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let deferral = Deferral::of(work)?;
        if let Some(unfinished) = deferral.as_ref().and_then(|deferral| deferral.unfinished(work)) {
            return Ok(unfinished);
        }
        let client = self.client.of(&work.services().http);
        let call = HttpCall::of(work).await?;
        let began = work.now();
        let request = format!("{} {}", call.request.method, shown(&call.request.url));
        let response = client.send(call.request).await.map_err(failed)?;
        let (status, headers) = (response.status, response.headers.clone());
        let file = work.artifact_key(&call.save_as);
        let size_bytes = save(response, work.store, &file).await?;
        let took_ms = (work.now() - began).num_milliseconds();
        work.info(&format!(
            "{request}: {}, {size_bytes} bytes in {took_ms} ms, kept in {file}",
            verdict::named(status)
        ));
        let kept = kept(&headers);
        work.set_output(json!({ "status": status.as_u16(), "file": file, "size_bytes": size_bytes, "headers": kept }));
        if call.expected.iter().any(|expected| expected.is(status)) {
            return Ok(Outcome::Done);
        }
        verdict::unexpected(work, &request, status, &headers)
    }
}

/// Streams the body into a file, which appears whole or not at all; gives its size in bytes.
async fn save(mut response: Response, store: &Store, key: &str) -> Result<u64, ExecutorError> {
    let mut upload = store.files.upload(key).await?;
    match receive(&mut response, upload.as_mut()).await {
        Ok(size_bytes) => {
            upload.finish().await?;
            Ok(size_bytes)
        }
        Err(error) => {
            upload.abort().await?;
            Err(error)
        }
    }
}

async fn receive(response: &mut Response, upload: &mut dyn files::Upload) -> Result<u64, ExecutorError> {
    let mut size_bytes = 0;
    while let Some(piece) = response.chunk().await.map_err(failed)? {
        size_bytes += piece.len() as u64;
        upload.write(piece).await?;
    }
    Ok(size_bytes)
}

/// A failure of the client, as one of the step.
fn failed(error: http_client::Error) -> ExecutorError {
    let (message, source) = (error.to_string(), error.cause());
    if error.is_retryable() {
        ExecutorError::Retryable { message, source }
    } else {
        ExecutorError::Permanent { message, source }
    }
}

fn kept(headers: &HeaderMap) -> Map<String, Value> {
    let mut kept = Map::new();
    for name in KEPT {
        let Some(value) = headers.get(&name).and_then(|value| value.to_str().ok()) else { continue };
        let value = if name == LOCATION { without_query(value) } else { value };
        kept.insert(name.to_string(), value.chars().take(KEPT_CHARS).collect::<String>().into());
    }
    kept
}

fn without_query(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or(address)
}
