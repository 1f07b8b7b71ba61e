//! What a step asks a web server.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::{ExecutorError, Work};
use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http_client::{Request, RequestLimits, Secrets};

use crate::general::secrets::secret;

use super::arguments::{BODY, BODY_FROM, EXPECT, Expected, HEADERS, METHOD, SAVE_AS, TIMEOUT_SECONDS, URL};

/// What a step asks for.
pub(super) struct HttpCall {
    pub(super) request: Request,
    pub(super) expected: Vec<Expected>,
    /// What the file with the response is called.
    pub(super) save_as: String,
}

/// Most bytes of a body in either direction: both are kept in memory or in one file of the working directory.
const BODY_LIMIT_BYTES: usize = 10 * 1024 * 1024;

impl HttpCall {
    /// Reads the arguments of the step. Every failure is permanent: a person must change the definition or the lists.
    pub(super) async fn of(work: &Work<'_>) -> Result<Self, ExecutorError> {
        let url = work.argument(&URL)?;
        let (mut headers, secrets) = headers(work).await?;
        let body = body(work, &mut headers).await?;
        let method = work.argument(&METHOD)?;
        let unknown = |_| ExecutorError::permanent(format!("`{method}` is not a method"));
        let method = method.parse::<Method>().map_err(unknown)?;
        if method != Method::GET && !headers.contains_key(IDEMPOTENCY_KEY) {
            headers.insert(IDEMPOTENCY_KEY, header_value("idempotency-key", &idempotency_key(work))?);
        }
        let time = Duration::from_secs(work.argument(&TIMEOUT_SECONDS)?).min(work.time_left());
        let limits = RequestLimits { time, body_bytes: BODY_LIMIT_BYTES as u64 };
        Ok(HttpCall {
            request: Request { method, url, headers, body, secrets: Arc::new(secrets), limits },
            expected: work.argument(&EXPECT)?,
            save_as: work.argument(&SAVE_AS)?,
        })
    }
}

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Equal over all attempts of the step: whatever the server did for the first one it need not do again.
fn idempotency_key(work: &Work<'_>) -> String {
    format!("{}/{}", work.pipeline_id(), work.step.name)
}

/// The headers that the step asks for by `header.NAME`, with the secrets of the deployment put in.
async fn headers(work: &Work<'_>) -> Result<(HeaderMap, Secrets), ExecutorError> {
    let (mut headers, mut secrets) = (HeaderMap::new(), Secrets::default());
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("systole/", env!("CARGO_PKG_VERSION"))));
    for (name, value) in work.arguments_below(&HEADERS)? {
        let key = &format!("header.{name}");
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| ExecutorError::permanent(format!("argument `{key}`: `{name}` is not the name of a header")))?;
        let mut value = match value.strip_prefix("secret:") {
            Some(secret_name) => {
                let secret = secret(work, &format!("argument `{key}`"), secret_name).await?;
                secrets.add(secret_name, secret.reveal());
                header_value(name, secret.reveal())?
            }
            None => header_value(name, &value)?,
        };
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    Ok((headers, secrets))
}

fn header_value(name: &str, value: &str) -> Result<HeaderValue, ExecutorError> {
    // The value is not quoted: it may be a secret.
    HeaderValue::from_str(value).map_err(|_| {
        ExecutorError::permanent(format!("the value of header `{name}` has characters that none may have"))
    })
}

/// What is sent: the text of `body`, or what the step named by `body_from` left.
async fn body(work: &Work<'_>, headers: &mut HeaderMap) -> Result<Bytes, ExecutorError> {
    let (body, content_type) = match (work.optional_argument(&BODY)?, work.optional_argument(&BODY_FROM)?) {
        (Some(_), Some(_)) => return Err(ExecutorError::permanent("`body` and `body_from` exclude each other")),
        (None, None) => return Ok(Bytes::new()),
        (Some(text), None) => (Bytes::from(text), "text/plain; charset=utf-8"),
        (None, Some(step)) => left_by(work, step.as_str()).await?,
    };
    if body.len() > BODY_LIMIT_BYTES {
        let message = format!("the body has {} bytes; at most {BODY_LIMIT_BYTES} are sent", body.len());
        return Err(ExecutorError::permanent(message));
    }
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
    Ok(body)
}

/// The file that the output of a step names as `file`, or else the output itself.
async fn left_by(work: &Work<'_>, step: &str) -> Result<(Bytes, &'static str), ExecutorError> {
    let Some(output) = work.output_of::<serde_json::Value>(step).await? else {
        return Err(ExecutorError::NotFound { message: format!("step `{step}` left nothing that could be sent") });
    };
    let Some(key) = output.get("file").and_then(serde_json::Value::as_str) else {
        return Ok((Bytes::from(output.to_string()), "application/json"));
    };
    work.check_own_file(key)?;
    let info = work.store.files.info(key).await?;
    let gone = || ExecutorError::NotFound { message: format!("the file `{key}` of step `{step}` is gone") };
    let size_bytes = info.ok_or_else(gone)?.size_bytes;
    if size_bytes > BODY_LIMIT_BYTES as u64 {
        let message = format!("the file `{key}` has {size_bytes} bytes; at most {BODY_LIMIT_BYTES} are sent");
        return Err(ExecutorError::permanent(message));
    }
    Ok((work.store.files.get(key, None).await?.ok_or_else(gone)?, "application/octet-stream"))
}
