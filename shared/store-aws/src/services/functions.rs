//! Functions, invoked under the path that Lambda has given them.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::config::{
    BehaviorVersion, ConfigBag, Intercept, Region, RuntimeComponents, StalledStreamProtectionConfig,
};
use aws_sdk_lambda::error::{BoxError, SdkError};
use aws_sdk_lambda::operation::invoke::builders::InvokeFluentBuilder;
use aws_sdk_lambda::operation::invoke::{InvokeError, InvokeOutput};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use store::services::{FunctionAnswer, Functions, Invokable};
use store::{Error, Result};

use super::CONNECT_TIMEOUT;
use crate::calls::{http_client, retries};
use crate::sdk_error::During;

/// The functions of the account.
pub(super) struct LambdaFunctions {
    client: Client,
}

/// Functions that run on this machine: behind `cargo lambda watch`, the runtime interface emulator, or a program of their
/// own that answers the same request.
pub struct LocalFunctions {
    urls: BTreeMap<String, String>,
    client: Client,
}

/// What stays as it is in a part of a path.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl LambdaFunctions {
    pub(super) fn new(client: Client) -> Self {
        LambdaFunctions { client }
    }
}

impl LocalFunctions {
    /// Functions by name and address. An address without a path gets the one that Lambda has for the function.
    #[must_use]
    pub fn new(addresses: impl IntoIterator<Item = (String, String)>) -> Self {
        let urls = addresses.into_iter().map(|(name, address)| {
            let address = address.trim_end_matches('/');
            let has_path = address.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
            let url = if has_path { address.to_owned() } else { format!("{address}{}", path(&name)) };
            (name, url)
        });
        LocalFunctions { urls: urls.collect(), client: unsigned() }
    }

    /// The names, as the list of what a definition may name.
    ///
    /// # Errors
    /// A name that no function can have.
    pub fn invokable(&self) -> std::result::Result<Invokable, store::services::BadList> {
        let names: Vec<&str> = self.urls.keys().map(String::as_str).collect();
        Invokable::parse(&names.join(","))
    }
}

#[async_trait]
impl Functions for LambdaFunctions {
    async fn invoke(&self, function: &str, payload: Bytes, limit: Duration) -> Result<FunctionAnswer> {
        let sent = request(&self.client, function, payload).send();
        answered(function, limit, sent).await
    }
}

#[async_trait]
impl Functions for LocalFunctions {
    async fn invoke(&self, function: &str, payload: Bytes, limit: Duration) -> Result<FunctionAnswer> {
        let Some(url) = self.urls.get(function) else {
            return Err(Error::permanent(operation(function), "no address was given for it (--function NAME=URL)"));
        };
        let request = request(&self.client, function, payload).customize();
        answered(function, limit, request.interceptor(SentTo(url.clone())).send()).await
    }
}

/// A client of Lambda without credentials; its requests go where [`SentTo`] says.
fn unsigned() -> Client {
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build();
    let config = aws_sdk_lambda::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .endpoint_url("http://localhost")
        .allow_no_auth()
        .http_client(http_client())
        .retry_config(retries())
        .timeout_config(timeouts)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    Client::from_conf(config)
}

/// Sends a request to another address than the one that the SDK makes of endpoint and function.
#[derive(Debug)]
struct SentTo(String);

impl Intercept for SentTo {
    fn name(&self) -> &'static str {
        "SentTo"
    }

    // Only now the SDK has put its own address in.
    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> std::result::Result<(), BoxError> {
        context.request_mut().set_uri(self.0.as_str())?;
        Ok(())
    }
}

fn request(client: &Client, function: &str, payload: Bytes) -> InvokeFluentBuilder {
    let request = client.invoke().function_name(function).invocation_type(InvocationType::RequestResponse);
    request.payload(Blob::new(payload))
}

/// The answer of the function, if it comes in time.
async fn answered(
    function: &str,
    limit: Duration,
    sent: impl Future<Output = std::result::Result<InvokeOutput, SdkError<InvokeError>>>,
) -> Result<FunctionAnswer> {
    let Ok(answered) = tokio::time::timeout(limit, sent).await else {
        let late = format!("no answer within {} s", limit.as_secs());
        return Err(Error::retryable(operation(function), late));
    };
    let output = answered.during(operation(function))?;
    let payload = output.payload.map(Blob::into_inner).unwrap_or_default().into();
    Ok(FunctionAnswer { payload, failure: output.function_error })
}

fn path(function: &str) -> String {
    format!("/2015-03-31/functions/{}/invocations", utf8_percent_encode(function, &PLAIN))
}

fn operation(function: &str) -> String {
    format!("invoke function `{function}`")
}

#[cfg(test)]
mod tests {
    use aws_sdk_lambda::config::retry::{RetryPartition, TokenBucket};
    use aws_sdk_lambda::primitives::SdkBody;
    use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::sdk_error::PASSING_CODES;
    use crate::test_support::{chain, offline};

    const LIMIT: Duration = Duration::from_secs(5);

    /// Status, headers and body.
    type Replied<'a> = (u16, &'a [(&'a str, &'a str)], &'a str);

    /// The account with these replies, and the client that took the requests.
    fn account(replies: &[Replied<'_>]) -> (LambdaFunctions, StaticReplayClient) {
        let events = replies.iter().map(|(status, headers, body)| {
            let response = headers
                .iter()
                .fold(http::Response::builder().status(*status), |response, (name, value)| {
                    response.header(*name, *value)
                })
                .body(SdkBody::from(*body))
                .unwrap();
            ReplayEvent::new(http::Request::new(SdkBody::empty()), response)
        });
        let client = StaticReplayClient::new(events.collect());
        let sdk = offline().into_builder().http_client(client.clone()).build();
        // All clients of a service in one process share a stock of retries, which one test here would use up for the next.
        let alone = RetryPartition::custom("alone").token_bucket(TokenBucket::unlimited()).build();
        let config = aws_sdk_lambda::config::Builder::from(&sdk).retry_partition(alone).build();
        (LambdaFunctions::new(Client::from_conf(config)), client)
    }

    async fn invoked(replies: &[Replied<'_>]) -> (Result<FunctionAnswer>, usize) {
        let (functions, client) = account(replies);
        let answer = functions.invoke("tax", Bytes::from_static(b"{}"), LIMIT).await;
        (answer, client.actual_requests().count())
    }

    #[tokio::test]
    async fn a_function_is_invoked_by_a_signed_request_to_its_path() {
        let (functions, client) = account(&[(200, &[], r#"{"outcome":"done"}"#)]);
        let arn = "arn:aws:lambda:eu-central-1:000000000000:function:tax";
        let answer = functions.invoke(arn, Bytes::from_static(b"{\"a\":1}"), LIMIT).await.unwrap();
        assert_eq!(answer, FunctionAnswer { payload: Bytes::from_static(br#"{"outcome":"done"}"#), failure: None });
        let requests: Vec<_> = client.actual_requests().collect();
        let expected = "https://lambda.eu-central-1.amazonaws.com/2015-03-31/functions/\
                        arn%3Aaws%3Alambda%3Aeu-central-1%3A000000000000%3Afunction%3Atax/invocations";
        assert_eq!((requests[0].method(), requests[0].uri()), ("POST", expected));
        assert_eq!(requests[0].body().bytes().unwrap(), b"{\"a\":1}");
        let signature = requests[0].headers().get("authorization").unwrap();
        assert!(signature.starts_with("AWS4-HMAC-SHA256 Credential=test/"), "{signature}");
        assert!(signature.contains("/eu-central-1/lambda/aws4_request"), "{signature}");
    }

    #[tokio::test]
    async fn a_function_that_failed_has_answered() {
        let body = r#"{"errorMessage":"boom"}"#;
        let (answer, requests) = invoked(&[(200, &[("X-Amz-Function-Error", "Unhandled")], body)]).await;
        let answer = answer.unwrap();
        assert_eq!((answer.failure.as_deref(), answer.payload.as_ref()), (Some("Unhandled"), body.as_bytes()));
        assert_eq!(requests, 1);
    }

    #[tokio::test]
    async fn a_busy_service_is_asked_three_times() {
        let headers: &[_] = &[("x-amzn-errortype", "TooManyRequestsException")];
        let body = r#"{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","message":"Rate Exceeded."}"#;
        let busy = (429, headers, body);
        let (answer, requests) = invoked(&[busy, busy, (200, &[], "{}")]).await;
        assert_eq!((answer.is_ok(), requests), (true, 3));
        let (answer, requests) = invoked(&[busy, busy, busy, busy]).await;
        let error = answer.unwrap_err();
        assert!(error.is_retryable() && requests == 3, "{error:?}");
        assert!(chain(&error).contains("TooManyRequestsException: Rate Exceeded. (status 429"), "{}", chain(&error));
    }

    #[tokio::test]
    async fn a_function_that_is_not_there_is_no_use_asking_again() {
        let headers: &[_] = &[("x-amzn-errortype", "ResourceNotFoundException")];
        let (answer, requests) = invoked(&[(404, headers, r#"{"Message":"Function not found: tax"}"#)]).await;
        let error = answer.unwrap_err();
        assert!(!error.is_retryable() && requests == 1);
        let expected =
            "failed to invoke function `tax`: ResourceNotFoundException: Function not found: tax (status 404";
        assert!(chain(&error).starts_with(expected), "{}", chain(&error));
    }

    // How often the SDK asks by itself depends on its own list of codes.
    #[tokio::test]
    async fn whatever_may_pass_is_told_as_passing_wherever_the_code_stands() {
        for code in PASSING_CODES {
            let in_header = format!("{code}:http://internal.amazon.com/coral/");
            let in_body = format!(r#"{{"__type":"com.amazonaws#{code}","message":"why"}}"#);
            let (header, none): (&[_], &[_]) = (&[("x-amzn-errortype", in_header.as_str())], &[]);
            for replies in [[(400, header, "{}"); 3], [(400, none, in_body.as_str()); 3]] {
                let error = invoked(&replies).await.0.unwrap_err();
                assert!(error.is_retryable() && chain(&error).contains(code), "{code}: {}", chain(&error));
            }
        }
    }

    #[tokio::test]
    async fn a_local_function_has_an_address_with_or_without_a_path() {
        let address = |name: &str, address: &str| (name.to_owned(), address.to_owned());
        let functions = LocalFunctions::new([
            address("tax", "http://127.0.0.1:9000/"),
            address("mail", "http://127.0.0.1:8080/2015-03-31/functions/function/invocations"),
        ]);
        assert_eq!(functions.urls["tax"], "http://127.0.0.1:9000/2015-03-31/functions/tax/invocations");
        assert_eq!(functions.urls["mail"], "http://127.0.0.1:8080/2015-03-31/functions/function/invocations");
        let invokable = functions.invokable().unwrap();
        assert!(invokable.allows("tax") && invokable.allows("mail") && !invokable.allows("erp"));
        let error = functions.invoke("erp", Bytes::new(), LIMIT).await.unwrap_err();
        assert!(!error.is_retryable());
    }

    /// Takes one request, answers it with an empty document, and gives the request back.
    async fn serve_once(listener: tokio::net::TcpListener) -> String {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"{\"a\":1}") {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "the request ends too soon");
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
        String::from_utf8(request).unwrap()
    }

    #[tokio::test]
    async fn a_local_function_gets_the_request_of_lambda_without_a_signature_at_its_address() {
        for (path, expected) in [("", "/2015-03-31/functions/tax/invocations"), ("/my/tax", "/my/tax")] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let host = listener.local_addr().unwrap().to_string();
            let functions = LocalFunctions::new([("tax".to_owned(), format!("http://{host}{path}"))]);
            let invoked = functions.invoke("tax", Bytes::from_static(b"{\"a\":1}"), LIMIT);
            let (answer, request) = tokio::join!(invoked, serve_once(listener));
            assert_eq!(answer.unwrap(), FunctionAnswer { payload: Bytes::from_static(b"{}"), failure: None });
            assert!(request.starts_with(&format!("POST {expected} HTTP/1.1\r\n")), "{request}");
            let head = request.to_lowercase();
            assert!(head.contains(&format!("host: {host}\r\n")), "{request}");
            assert!(head.contains("x-amz-invocation-type: requestresponse\r\n"), "{request}");
            assert!(!head.contains("authorization") && !head.contains("x-amz-security-token"), "{request}");
        }
    }

    #[tokio::test]
    async fn a_function_that_does_not_answer_in_time_is_left() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let functions = LocalFunctions::new([("slow".to_owned(), address)]);
        let error = functions.invoke("slow", Bytes::new(), Duration::from_millis(50)).await.unwrap_err();
        assert!(error.is_retryable());
        assert_eq!(chain(&error), "failed to invoke function `slow`, which may go through later: no answer within 0 s");
    }
}
