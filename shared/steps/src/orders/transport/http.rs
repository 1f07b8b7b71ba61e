//! Documents as requests to a web server.
//!
//! | field | says |
//! |---|---|
//! | `url` | where to; its host must be listed (`HTTP_ALLOWED_HOSTS`) |
//! | `method` | `POST` (usual) or `PUT` |
//! | `headers` | headers by name; `secret:NAME` stands for a secret of the deployment |
//! | `timeout` | how long the whole request may take; usually `30 seconds` |
//! | `accepted` | statuses that mean that the document was taken; usually `["2xx"]` |
//! | `already` | statuses that mean that it was taken before, such as `["409"]`; usually none |
//! | `external_id` | where the answer has the number of the other side, as a JSON pointer: `/id` |
//! | `soap` | `1.1` or `1.2`: the document goes as the body of an envelope |
//!
//! Each try of one wanted export carries the same `Idempotency-Key`. A server that knows such keys takes a document once; of
//! one that does not, a try without an answer may leave two, and nothing on this side can tell.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use engine::Work;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, StatusCode};
use http_client::{Error, Request, RequestLimits, Response, Secrets, shown};
use orders::exact::ExactJson;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::{Answer, Delivery, Parcel, Transport};
use crate::general::http_request::{Expected, KeptClient, is_header_of_ours};
use crate::general::secrets::secret;

/// See the module documentation.
#[derive(Default)]
pub(super) struct Http {
    client: KeptClient,
}

/// Most bytes of an answer; what a server says of an order is short.
const ANSWER_LIMIT_BYTES: u64 = 256 * 1024;

/// How long a request may take if the settings do not say.
const USUAL_TIMEOUT: Duration = Duration::from_secs(30);

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    url: String,
    #[serde(default)]
    method: MethodWord,
    #[serde(default)]
    headers: Map<String, Value>,
    timeout: Option<String>,
    #[serde(default)]
    accepted: Vec<String>,
    #[serde(default)]
    already: Vec<String>,
    external_id: Option<String>,
    soap: Option<Soap>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
enum MethodWord {
    #[default]
    #[serde(rename = "POST")]
    Post,
    #[serde(rename = "PUT")]
    Put,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum Soap {
    #[serde(rename = "1.1")]
    OneOne,
    #[serde(rename = "1.2")]
    OneTwo,
}

/// What is set, read and checked.
struct HttpSettings {
    fields: Fields,
    url: Url,
    timeout: Duration,
    accepted: Vec<Expected>,
    already: Vec<Expected>,
    headers: Vec<(HeaderName, String)>,
}

#[async_trait]
impl Transport for Http {
    fn code(&self) -> &'static str {
        "http"
    }

    fn label(&self) -> &'static str {
        "request to a web server"
    }

    fn check(&self, settings: &Map<String, Value>) -> Result<(), String> {
        HttpSettings::read(settings).map(drop)
    }

    async fn send(&self, settings: &Map<String, Value>, parcel: &Parcel<'_>, work: &mut Work<'_>) -> Delivery {
        let settings = match HttpSettings::read(settings) {
            Ok(settings) => settings,
            Err(problem) => return Delivery::NotReceived(format!("the transport {problem}")),
        };
        let request = match settings.request(parcel, work).await {
            Ok(request) => request,
            Err(problem) => return Delivery::NotReceived(problem),
        };
        let to = format!("{} {}", request.method, shown(&request.url));
        let client = self.client.of(&work.services().http);
        match client.send(request).await {
            Ok(response) => settings.judge(&to, response).await,
            Err(error) => failed(&to, &error),
        }
    }
}

impl HttpSettings {
    fn read(settings: &Map<String, Value>) -> Result<Self, String> {
        let fields: Fields = serde_json::from_value(Value::Object(settings.clone()))
            .map_err(|error| format!("cannot be read: {error}"))?;
        // Not quoted: it may have a secret in its query.
        let url = Url::parse(&fields.url).map_err(|error| format!("has a `url` that cannot be read: {error}"))?;
        if !["http", "https"].contains(&url.scheme()) || url.password().is_some() {
            return Err("has a `url` that is not `https://…` without a password; it belongs into a header".to_owned());
        }
        let timeout = fields.timeout.as_deref().map(pipeline::duration::parse).transpose();
        let timeout =
            timeout.map_err(|error| format!("has a `timeout` that is none: {error}"))?.unwrap_or(USUAL_TIMEOUT);
        let statuses = |words: &[String], usual: &str| {
            let list = if words.is_empty() { usual.to_owned() } else { words.join(",") };
            if list.is_empty() { Ok(Vec::new()) } else { Expected::read(&list).map_err(|error| error.to_string()) }
        };
        let (accepted, already) = (statuses(&fields.accepted, "2xx")?, statuses(&fields.already, "")?);
        let headers = headers(&fields.headers)?;
        if let Some(pointer) = fields.external_id.as_ref().filter(|pointer| !pointer.starts_with('/')) {
            return Err(format!("has the `external_id` `{pointer}`; expected a JSON pointer as `/id`"));
        }
        Ok(HttpSettings { fields, url, timeout, accepted, already, headers })
    }

    async fn request(&self, parcel: &Parcel<'_>, work: &Work<'_>) -> Result<Request, String> {
        let (mut headers, mut secrets) = (HeaderMap::new(), Secrets::default());
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("systole/", env!("CARGO_PKG_VERSION"))));
        let (body, content_type) = self.body(parcel)?;
        headers.insert(CONTENT_TYPE, value("content-type", content_type)?);
        headers.insert(IDEMPOTENCY_KEY, value("idempotency-key", parcel.key)?);
        for (name, text) in &self.headers {
            let mut value = match text.strip_prefix("secret:") {
                Some(secret_name) => {
                    let asks = format!("header `{name}` of the transport");
                    let secret = secret(work, &asks, secret_name).await.map_err(|error| error.chain())?;
                    secrets.add(secret_name, secret.reveal());
                    value(name.as_str(), secret.reveal())?
                }
                None => value(name.as_str(), text)?,
            };
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let method = match self.fields.method {
            MethodWord::Post => Method::POST,
            MethodWord::Put => Method::PUT,
        };
        let limits = RequestLimits { time: self.timeout.min(work.time_left()), body_bytes: ANSWER_LIMIT_BYTES };
        Ok(Request { method, url: self.url.clone(), headers, body, secrets: Arc::new(secrets), limits })
    }

    /// The document, or the envelope around it.
    fn body<'p>(&self, parcel: &Parcel<'p>) -> Result<(Bytes, &'p str), String> {
        let Some(soap) = self.fields.soap else { return Ok((parcel.bytes.clone(), parcel.content_type)) };
        let text =
            std::str::from_utf8(&parcel.bytes).map_err(|_| "an envelope takes a document in UTF-8".to_owned())?;
        // An envelope has one declaration, its own.
        let body = match text.trim_start().strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
            Some((_, body)) => body,
            None => text,
        };
        let (namespace, content_type) = match soap {
            Soap::OneOne => ("http://schemas.xmlsoap.org/soap/envelope/", "text/xml; charset=utf-8"),
            Soap::OneTwo => ("http://www.w3.org/2003/05/soap-envelope", "application/soap+xml; charset=utf-8"),
        };
        let envelope = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope xmlns:soap=\"{namespace}\"><soap:Body>{}</soap:Body></soap:Envelope>\n",
            body.trim()
        );
        Ok((Bytes::from(envelope), content_type))
    }

    /// What a status and the answer behind it say.
    async fn judge(&self, to: &str, response: Response) -> Delivery {
        let status = response.status;
        let is = |expected: &[Expected]| expected.iter().any(|expected| expected.is(status));
        let told = format!("{to}: status {}", status.as_u16());
        if is(&self.accepted) || is(&self.already) {
            return self.accepted(to, &told, response).await;
        }
        if [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status) {
            return Delivery::Outage(told);
        }
        if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
            return Delivery::Unknown(told);
        }
        let hint = match status {
            StatusCode::CONFLICT => ": the target may have it already; `already` of the transport can name this status",
            _ if status.is_redirection() => ": redirects are not followed",
            _ => "",
        };
        Delivery::Refused(format!("{told}{hint}"))
    }

    async fn accepted(&self, to: &str, told: &str, response: Response) -> Delivery {
        let body = match read(response).await {
            Ok(body) => body,
            // Taken, and what was said of it is lost; the number of the other side would be, too.
            Err(error) if self.fields.external_id.is_some() => {
                return Delivery::Unknown(format!("{told}, and then: {error}"));
            }
            Err(_) => Bytes::new(),
        };
        let Some(pointer) = &self.fields.external_id else {
            return Delivery::Delivered { to: to.to_owned(), answer: Some(Answer { body, external_id: None }) };
        };
        match external_id(&body, pointer) {
            Some(id) => Delivery::Delivered { to: to.to_owned(), answer: Some(Answer { body, external_id: Some(id) }) },
            None => Delivery::Unknown(format!("{told}, and its answer has no text or number at `{pointer}`")),
        }
    }
}

fn headers(fields: &Map<String, Value>) -> Result<Vec<(HeaderName, String)>, String> {
    let mut headers = Vec::new();
    for (name, text) in fields {
        let header = HeaderName::from_bytes(name.as_bytes()).ok().filter(|header| !is_header_of_ours(header));
        let header = header.ok_or_else(|| format!("has the header `{name}`, which cannot be chosen"))?;
        let Value::String(text) = text else { return Err(format!("has a header `{name}` that is no text")) };
        // Not quoted: it could be a secret that somebody put there.
        value(name, text).map_err(|problem| format!("cannot be used: {problem}"))?;
        headers.push((header, text.clone()));
    }
    Ok(headers)
}

fn value(name: &str, text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| format!("the value of header `{name}` has characters that none may have"))
}

async fn read(mut response: Response) -> Result<Bytes, Error> {
    let mut body = BytesMut::new();
    while let Some(piece) = response.chunk().await? {
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

/// The number of the other side. A number keeps its digits, and an empty text is none.
fn external_id(body: &[u8], pointer: &str) -> Option<String> {
    let json = ExactJson::parse(std::str::from_utf8(body).ok()?).ok()?;
    let found = match json.at(pointer)? {
        ExactJson::Text(text) => text.trim(),
        ExactJson::Number(number) => number,
        ExactJson::Null | ExactJson::Bool(_) | ExactJson::List(_) | ExactJson::Object(_) => return None,
    };
    (!found.is_empty()).then(|| found.to_owned())
}

/// What a failure says of whether anything was received.
fn failed(to: &str, error: &Error) -> Delivery {
    let told = format!("{to}: {}", engine::error_chain::chain(error));
    match error {
        Error::Unreachable { .. } | Error::NoAddress { .. } => Delivery::Outage(told),
        Error::BrokenOff { .. }
        | Error::Late { .. }
        | Error::Incomplete { .. }
        | Error::BodyBrokenOff { .. }
        | Error::Undecodable { .. }
        | Error::TooLarge { .. }
        | Error::Encoded { .. }
        | Error::RepeatsSecret { .. } => Delivery::Unknown(told),
        Error::NotListed { .. }
        | Error::Inside { .. }
        | Error::Unprotected { .. }
        | Error::Scheme(_)
        | Error::Credentials
        | Error::NoHost
        | Error::Unsendable { .. }
        | Error::NoCertificates => Delivery::NotReceived(told),
    }
}
