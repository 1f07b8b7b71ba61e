//! What a step asks a web server: its arguments, read and checked.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::{ExecutorError, Work};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, StatusCode};
use http_client::{Request, RequestLimits, Secrets};
use store::services::Secret;
use url::Url;

use crate::general::artifact_name;

/// What a step asks for.
pub(super) struct HttpCall {
    pub(super) request: Request,
    pub(super) expected: Vec<Expected>,
    /// What the file with the response is called.
    pub(super) save_as: String,
}

/// Statuses that count as success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// One status: `404`.
    Status(u16),
    /// All of a class: `2xx`.
    Class(u16),
}

/// Most bytes of a body in either direction: both are kept in memory or in one file of the working directory.
const BODY_LIMIT_BYTES: usize = 10 * 1024 * 1024;

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// How long a request may take if the step does not say.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Headers that belong to the connection and not to the step: with them a request could be smuggled into another one.
const OURS: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl HttpCall {
    /// Reads the arguments of the step. Every failure is permanent: a person must change the definition or the lists.
    pub(super) async fn of(work: &Work<'_>) -> Result<Self, ExecutorError> {
        let url = Url::parse(work.argument("url")?).map_err(|error| {
            // Not quoted: it may have a secret in its query.
            let form = "it should look like `https://api.example.com/orders`";
            ExecutorError::permanent(format!("argument `url` cannot be read, {error}; {form}"))
        })?;
        let (mut headers, secrets) = headers(work).await?;
        let body = body(work, &mut headers).await?;
        let method = method(work.optional_argument("method").unwrap_or("GET"))?;
        if method != Method::GET && !headers.contains_key(IDEMPOTENCY_KEY) {
            headers.insert(IDEMPOTENCY_KEY, header_value("idempotency-key", &idempotency_key(work))?);
        }
        let time = timeout(work.optional_argument("timeout_seconds"))?.min(work.time_left());
        let limits = RequestLimits { time, body_bytes: BODY_LIMIT_BYTES as u64 };
        Ok(HttpCall {
            request: Request { method, url, headers, body, secrets: Arc::new(secrets), limits },
            expected: expected(work.optional_argument("expect").unwrap_or("2xx"))?,
            save_as: artifact_name::plain("save_as", work.optional_argument("save_as").unwrap_or("response"))?,
        })
    }
}

impl Expected {
    /// Whether a status counts as success.
    pub(super) fn is(self, status: StatusCode) -> bool {
        match self {
            Expected::Status(code) => code == status.as_u16(),
            Expected::Class(class) => class == status.as_u16() / 100,
        }
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
    for (key, value) in &work.step.arguments {
        let Some(name) = key.strip_prefix("header.") else { continue };
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| ExecutorError::permanent(format!("argument `{key}`: `{name}` is not the name of a header")))?;
        if OURS.contains(&header.as_str()) {
            return Err(ExecutorError::permanent(format!("argument `{key}`: this header cannot be chosen by a step")));
        }
        let mut value = match value.strip_prefix("secret:") {
            Some(secret_name) => {
                let secret = secret(work, key, secret_name).await?;
                secrets.add(secret_name, secret.reveal());
                header_value(name, secret.reveal())?
            }
            None => header_value(name, value)?,
        };
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    Ok((headers, secrets))
}

/// The secret that a header asks for: of the environment, or read where the environment says.
async fn secret(work: &Work<'_>, key: &str, name: &str) -> Result<Secret, ExecutorError> {
    let services = work.services();
    if let Some(secret) = services.http.secrets.get(name) {
        return Ok(secret.clone());
    }
    let read = match &services.secrets {
        Some(secrets) => secrets.read(name, work.now()).await.map_err(|error| unread(key, name, error))?,
        None => None,
    };
    if let Some(secret) = read {
        return Ok(secret);
    }
    let message = format!("argument `{key}` asks for the secret `{name}`, which is not there (set SECRET_{name})");
    Err(ExecutorError::permanent(message))
}

fn unread(key: &str, name: &str, error: store::Error) -> ExecutorError {
    let message = format!("argument `{key}` asks for the secret `{name}`, which cannot be read");
    let is_retryable = error.is_retryable();
    let source: Option<Box<dyn std::error::Error + Send + Sync>> = Some(Box::new(error));
    if is_retryable {
        ExecutorError::Retryable { message, source }
    } else {
        ExecutorError::Permanent { message, source }
    }
}

fn header_value(name: &str, value: &str) -> Result<HeaderValue, ExecutorError> {
    // The value is not quoted: it may be a secret.
    HeaderValue::from_str(value).map_err(|_| {
        ExecutorError::permanent(format!("the value of header `{name}` has characters that none may have"))
    })
}

/// What is sent: the text of `body`, or what the step named by `body_from` left.
async fn body(work: &Work<'_>, headers: &mut HeaderMap) -> Result<Bytes, ExecutorError> {
    let (body, content_type) = match (work.optional_argument("body"), work.optional_argument("body_from")) {
        (Some(_), Some(_)) => return Err(ExecutorError::permanent("`body` and `body_from` exclude each other")),
        (None, None) => return Ok(Bytes::new()),
        (Some(text), None) => (Bytes::copy_from_slice(text.as_bytes()), "text/plain; charset=utf-8"),
        (None, Some(step)) => left_by(work, step).await?,
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

fn method(name: &str) -> Result<Method, ExecutorError> {
    METHODS.into_iter().find(|method| method.as_str() == name).ok_or_else(|| {
        ExecutorError::permanent(format!("`{name}` is not a method (expected GET, POST, PUT, PATCH or DELETE)"))
    })
}

fn timeout(seconds: Option<&str>) -> Result<Duration, ExecutorError> {
    let Some(text) = seconds else { return Ok(TIMEOUT) };
    let seconds = text.parse::<u32>().ok().filter(|seconds| *seconds > 0);
    seconds.map(|seconds| Duration::from_secs(seconds.into())).ok_or_else(|| {
        ExecutorError::permanent(format!("argument `timeout_seconds`: `{text}` is not a number of seconds from 1 on"))
    })
}

fn expected(list: &str) -> Result<Vec<Expected>, ExecutorError> {
    list.split(',').map(str::trim).map(one_expected).collect()
}

fn one_expected(entry: &str) -> Result<Expected, ExecutorError> {
    let class = entry.strip_suffix("xx").and_then(|class| class.parse().ok()).filter(|class| (1..=5).contains(class));
    let status = entry.parse().ok().filter(|status| (100..600).contains(status));
    class.map(Expected::Class).or(status.map(Expected::Status)).ok_or_else(|| {
        ExecutorError::permanent(format!("argument `expect`: `{entry}` is not a status (examples: `2xx`, `404`)"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_statuses_are_single_ones_or_classes() {
        let list = [Expected::Class(2), Expected::Status(404), Expected::Status(409)];
        assert_eq!(expected("2xx, 404,409").unwrap(), list);
        for bad in ["", "6xx", "0xx", "20x", "99", "600", "2xx,", "ok"] {
            assert!(expected(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_and_methods_are_checked() {
        assert_eq!(timeout(Some("5")).unwrap(), Duration::from_secs(5));
        assert_eq!(timeout(None).unwrap(), TIMEOUT);
        for bad in ["0", "-1", "5s", "1.5", ""] {
            assert!(timeout(Some(bad)).is_err(), "{bad}");
        }
        assert_eq!(method("PATCH").unwrap(), Method::PATCH);
        for bad in ["get", "TRACE", "CONNECT", "", "GET /"] {
            assert!(method(bad).is_err(), "{bad}");
        }
    }
}
