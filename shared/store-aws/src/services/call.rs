//! One signed JSON request and its reply.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_s3::config::http::{HttpRequest, HttpResponse};
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use bytes::{Bytes, BytesMut};
use store::Error;

use crate::fold::{PASSING_CODES, Refusal, quotable};
use crate::pause::before_retry;

/// Sends requests to one service.
pub(super) struct Caller {
    connector: SharedHttpConnector,
    signer: Option<Signer>,
}

/// Signs requests for one service in one region.
pub(super) struct Signer {
    service: &'static str,
    region: String,
    credentials: SharedCredentialsProvider,
    clock: SharedTimeSource,
}

/// A request.
pub(super) struct Call {
    /// What is tried and on what, as a verb phrase.
    pub(super) operation: String,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) body: Bytes,
    /// How long it may take in all.
    pub(super) limit: Duration,
}

/// A reply with a good status.
#[derive(Debug)]
pub(super) struct Reply {
    /// `X-Amz-Function-Error`, if the reply has it.
    pub(super) function_error: Option<String>,
    pub(super) body: Bytes,
}

/// Most bytes of a reply; Lambda answers with 6 MB at most.
const BODY_LIMIT_BYTES: usize = 8 * 1024 * 1024;

/// Tries of a request that the service turned away before it did anything.
const TRIES: u32 = 3;

/// Most characters of a reply that an error quotes.
const QUOTED_CHARS: usize = 300;

impl Caller {
    /// What sends requests over a connection of its own, signed if there is a signer.
    pub(super) fn new(signer: Option<Signer>, sleep: Option<SharedAsyncSleep>) -> Self {
        let mut settings = HttpConnectorSettings::builder();
        if sleep.is_some() {
            settings = settings.connect_timeout(Duration::from_secs(2));
        }
        let mut builder = Connector::builder().connector_settings(settings.build());
        builder.set_sleep_impl(sleep);
        let connector = builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build();
        Caller { connector: SharedHttpConnector::new(connector), signer }
    }

    #[cfg(test)]
    pub(super) fn over(connector: impl HttpConnector + 'static, sdk: &SdkConfig) -> Self {
        let signer = Signer::new("lambda", "eu-central-1".to_owned(), sdk);
        Caller { connector: SharedHttpConnector::new(connector), signer }
    }

    /// Posts a document; a service that is busy is asked again.
    ///
    /// # Errors
    /// The service did not answer in time, or refused the request.
    pub(super) async fn post(&self, call: &Call) -> Result<Reply, Error> {
        let tries = async {
            for tried in 1.. {
                match self.try_to_post(call).await? {
                    Tried::Answered(reply) => return Ok(reply),
                    Tried::Busy(why) if tried == TRIES => return Err(Error::retryable(&call.operation, Refusal(why))),
                    Tried::Busy(_) => before_retry(tried).await,
                }
            }
            unreachable!("the last try returns")
        };
        let late = || Refusal(format!("no answer within {} s", call.limit.as_secs()));
        tokio::time::timeout(call.limit, tries).await.unwrap_or_else(|_| Err(Error::retryable(&call.operation, late())))
    }

    async fn try_to_post(&self, call: &Call) -> Result<Tried, Error> {
        let operation = &call.operation;
        let request = self.request(call).await?;
        let response = self.connector.call(request).await.map_err(|error| {
            if error.is_user() { Error::permanent(operation, error) } else { Error::retryable(operation, error) }
        })?;
        let status = response.status().as_u16();
        let (code, function_error) = (header(&response, "x-amzn-errortype"), header(&response, "x-amz-function-error"));
        let body = read(response).await.map_err(|error| Error::retryable(operation, error))?;
        if (200..300).contains(&status) {
            return Ok(Tried::Answered(Reply { function_error, body }));
        }
        let text = String::from_utf8_lossy(&body);
        let why = format!("status {status}: {}", quotable(&text).chars().take(QUOTED_CHARS).collect::<String>());
        let code = code.unwrap_or_default();
        let is_passing = PASSING_CODES.iter().any(|passing| code.starts_with(passing) || text.contains(passing));
        match status {
            429 | 500..600 => Ok(Tried::Busy(why)),
            _ if is_passing => Ok(Tried::Busy(why)),
            _ => Err(Error::permanent(operation, Refusal(why))),
        }
    }

    async fn request(&self, call: &Call) -> Result<HttpRequest, Error> {
        let malformed = |error: Box<dyn std::error::Error + Send + Sync>| Error::permanent(&call.operation, error);
        let mut request = HttpRequest::new(SdkBody::from(call.body.clone()));
        request.set_method("POST").map_err(|error| malformed(error.into()))?;
        request.set_uri(call.url.as_str()).map_err(|error| malformed(error.into()))?;
        for (name, value) in &call.headers {
            request.headers_mut().insert(*name, *value);
        }
        let mut request = request.try_into_http1x().map_err(|error| malformed(error.into()))?;
        if let Some(signer) = &self.signer {
            signer.sign(call, &mut request).await?;
        }
        HttpRequest::try_from(request).map_err(|error| malformed(error.into()))
    }
}

/// What became of one try.
enum Tried {
    Answered(Reply),
    /// Turned away, and why.
    Busy(String),
}

impl Signer {
    /// What signs with the credentials of the SDK, if it has any.
    pub(super) fn new(service: &'static str, region: String, sdk: &SdkConfig) -> Option<Self> {
        let clock = sdk.time_source().unwrap_or_default();
        Some(Signer { service, region, credentials: sdk.credentials_provider()?, clock })
    }

    async fn sign(&self, call: &Call, request: &mut http::Request<SdkBody>) -> Result<(), Error> {
        let operation = &call.operation;
        let provided = self.credentials.provide_credentials().await;
        let identity = provided.map_err(|error| Error::retryable(operation, error))?.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(self.clock.now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| Error::permanent(operation, error))?
            .into();
        let body = SignableBody::Bytes(&call.body);
        let signable = SignableRequest::new("POST", &call.url, call.headers.iter().copied(), body)
            .map_err(|error| Error::permanent(operation, error))?;
        let signed = sign(signable, &parameters).map_err(|error| Error::permanent(operation, error))?;
        signed.into_parts().0.apply_to_request_http1x(request);
        Ok(())
    }
}

fn header(response: &HttpResponse, name: &str) -> Option<String> {
    response.headers().get(name).map(str::to_owned)
}

async fn read(response: HttpResponse) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
    let mut stream = ByteStream::new(response.into_body());
    let mut body = BytesMut::new();
    while let Some(part) = stream.next().await {
        body.extend_from_slice(&part?);
        if body.len() > BODY_LIMIT_BYTES {
            return Err(format!("the reply is larger than {BODY_LIMIT_BYTES} bytes").into());
        }
    }
    Ok(body.freeze())
}
