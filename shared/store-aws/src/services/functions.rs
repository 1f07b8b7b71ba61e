//! Functions, invoked under the path that Lambda has given them.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use store::services::{Answer, Functions, Invokable};
use store::{Error, Result};

use super::call::{Call, Caller};
use crate::fold::refuse;

/// The functions of the account.
pub(super) struct LambdaFunctions {
    endpoint: String,
    caller: Caller,
}

/// Functions that run on this machine: behind `cargo lambda watch`, the runtime interface emulator, or a program of their
/// own that answers the same request.
pub struct LocalFunctions {
    urls: BTreeMap<String, String>,
    caller: Caller,
}

/// What stays as it is in a part of a path.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl LambdaFunctions {
    pub(super) fn new(endpoint: String, caller: Caller) -> Self {
        LambdaFunctions { endpoint, caller }
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
        LocalFunctions { urls: urls.collect(), caller: Caller::new(None, None) }
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
    async fn invoke(&self, function: &str, payload: Bytes, limit: Duration) -> Result<Answer> {
        let url = format!("{}{}", self.endpoint, path(function));
        invoke(&self.caller, function, url, payload, limit).await
    }
}

#[async_trait]
impl Functions for LocalFunctions {
    async fn invoke(&self, function: &str, payload: Bytes, limit: Duration) -> Result<Answer> {
        let Some(url) = self.urls.get(function) else {
            return Err(refuse(operation(function), "no address was given for it (--function NAME=URL)"));
        };
        invoke(&self.caller, function, url.clone(), payload, limit).await
    }
}

fn path(function: &str) -> String {
    format!("/2015-03-31/functions/{}/invocations", utf8_percent_encode(function, &PLAIN))
}

fn operation(function: &str) -> String {
    format!("invoke function `{function}`")
}

async fn invoke(
    caller: &Caller,
    function: &str,
    url: String,
    body: Bytes,
    limit: Duration,
) -> std::result::Result<Answer, Error> {
    let headers = vec![("content-type", "application/json"), ("x-amz-invocation-type", "RequestResponse")];
    let reply = caller.post(&Call { operation: operation(function), url, headers, body, limit }).await?;
    Ok(Answer { payload: reply.body, failure: reply.function_error })
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::primitives::SdkBody;
    use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};

    use super::*;
    use crate::fold::PASSING_CODES;
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
        let caller = Caller::over(client.clone(), &offline());
        (LambdaFunctions::new("https://lambda.eu-central-1.amazonaws.com".to_owned(), caller), client)
    }

    async fn invoked(replies: &[Replied<'_>]) -> (Result<Answer>, usize) {
        let (functions, client) = account(replies);
        let answer = functions.invoke("tax", Bytes::from_static(b"{}"), LIMIT).await;
        (answer, client.actual_requests().count())
    }

    #[tokio::test]
    async fn a_function_is_invoked_by_a_signed_request_to_its_path() {
        let (functions, client) = account(&[(200, &[], r#"{"outcome":"done"}"#)]);
        let arn = "arn:aws:lambda:eu-central-1:000000000000:function:tax";
        let answer = functions.invoke(arn, Bytes::from_static(b"{\"a\":1}"), LIMIT).await.unwrap();
        assert_eq!(answer, Answer { payload: Bytes::from_static(br#"{"outcome":"done"}"#), failure: None });
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
        let busy = (429, &[] as &[_], r#"{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}"#);
        let (answer, requests) = invoked(&[busy, busy, (200, &[], "{}")]).await;
        assert_eq!((answer.is_ok(), requests), (true, 3));
        let (answer, requests) = invoked(&[busy, busy, busy, busy]).await;
        let error = answer.unwrap_err();
        assert!(error.is_retryable() && requests == 3, "{error:?}");
        assert!(
            chain(&error).ends_with(r#"status 429: {"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}"#)
        );
    }

    #[tokio::test]
    async fn a_function_that_is_not_there_is_no_use_asking_again() {
        let headers: &[_] = &[("x-amzn-errortype", "ResourceNotFoundException")];
        let (answer, requests) = invoked(&[(404, headers, r#"{"Message":"Function not found: tax"}"#)]).await;
        let error = answer.unwrap_err();
        assert!(!error.is_retryable() && requests == 1);
        assert!(chain(&error).starts_with("failed to invoke function `tax`: status 404"), "{}", chain(&error));
    }

    #[tokio::test]
    async fn whatever_may_pass_is_asked_again_wherever_the_code_stands() {
        let mut calls = Vec::new();
        for code in PASSING_CODES {
            calls.push(async move {
                let in_header = format!("{code}:http://internal.amazon.com/coral/");
                let in_body = format!(r#"{{"__type":"com.amazonaws#{code}","message":"why"}}"#);
                let (header, none): (&[_], &[_]) = (&[("x-amzn-errortype", in_header.as_str())], &[]);
                for replies in [[(400, header, "{}"); 3], [(400, none, in_body.as_str()); 3]] {
                    let (answer, requests) = invoked(&replies).await;
                    let error = answer.unwrap_err();
                    assert!(
                        error.is_retryable() && requests == 3,
                        "{code} after {requests} requests: {}",
                        chain(&error)
                    );
                }
            });
        }
        futures::future::join_all(calls).await;
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
