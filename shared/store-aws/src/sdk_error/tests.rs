//! What of the failures of AWS may pass, and what an error says.

use std::time::Duration;

use aws_sdk_dynamodb::error::{ConnectorError, ErrorMetadata};
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_mocks::mock;
use bytes::Bytes;
use pipeline::Priority;
use store::files::Files;
use store::queue::{Outgoing, Queue};
use store::table::{Key, Table};

use super::*;
use crate::config::StepQueueUrls;
use crate::files::S3Files;
use crate::queue::SqsQueue;
use crate::table::DynamoTable;
use crate::test_support::{answers, chain, offline};

fn answered(status: u16, code: &str) -> SdkError<GetItemError> {
    answered_with(status, code, "why")
}

fn answered_with(status: u16, code: &str, message: &str) -> SdkError<GetItemError> {
    let meta = ErrorMetadata::builder().code(code).message(message).build();
    let reply = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
    SdkError::service_error(GetItemError::generic(meta), reply)
}

#[test]
fn what_may_pass_is_retryable() {
    for error in [
        answered(500, "InternalServerError"),
        answered(503, "SlowDown"),
        answered(429, "TooManyRequests"),
        answered(400, "ThrottlingException"),
        answered(400, "ProvisionedThroughputExceededException"),
        answered(403, "RequestThrottled"),
        answered(400, "TransactionInProgressException"),
        answered(409, "OperationAborted"),
        answered(400, "ExpiredTokenException"),
        SdkError::timeout_error("5 s"),
        SdkError::dispatch_failure(ConnectorError::io("connection reset".into())),
        SdkError::dispatch_failure(ConnectorError::timeout("connect".into())),
        SdkError::response_error("cut off", HttpResponse::new(200.try_into().unwrap(), SdkBody::empty())),
    ] {
        let error = classify("get item `a b`", error);
        assert!(error.is_retryable(), "{}", chain(&error));
    }
}

#[test]
fn what_cannot_pass_is_permanent() {
    for error in [
        answered(400, "ValidationException"),
        answered(400, "ResourceNotFoundException"),
        answered(403, "AccessDenied"),
        answered(404, "NoSuchBucket"),
        answered(400, "UnrecognizedClientException"),
        SdkError::construction_failure("no region"),
        SdkError::dispatch_failure(ConnectorError::user("no such host".into())),
    ] {
        let error = classify("get item `a b`", error);
        assert!(!error.is_retryable(), "{}", chain(&error));
    }
}

#[test]
fn a_signed_request_is_not_quoted() {
    for message in [
        "The Canonical String should have been 'POST\n/\n\nX-Amz-Security-Token:t0ken\n'",
        "Authorization header requires 'Signature': AWS4-HMAC-SHA256 SignedHeaders=host",
        "not a valid key=value pair: 'Credential=AKIA/20260801/eu-central-1/s3'",
    ] {
        let error = classify("get item `a b`", answered_with(403, "SignatureDoesNotMatch", message));
        let expected = "failed to get item `a b`: SignatureDoesNotMatch: (what it says repeats the signed request) \
                        (status 403, request unknown)";
        assert_eq!(chain(&error), expected);
    }
}

#[test]
fn an_answer_reads_in_one_line() {
    let error = classify("get item `a b`", answered(400, "ValidationException"));
    assert_eq!(chain(&error), "failed to get item `a b`: ValidationException: why (status 400, request unknown)");
}

/// Every code that may pass, as each service sends it; the status alone says nothing.
const PASSING: [(&str, &[&str]); 3] = [
    (
        "DynamoDB",
        &[
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "ThrottlingException",
            "TransactionConflictException",
            "TransactionInProgressException",
            "ExpiredTokenException",
        ],
    ),
    (
        "SQS",
        &[
            "KMS.ThrottlingException",
            "KmsThrottled",
            "OverLimit",
            "RequestThrottled",
            "Throttling",
            "RequestExpired",
            "ExpiredToken",
        ],
    ),
    (
        "S3",
        &[
            "ConditionalRequestConflict",
            "OperationAborted",
            "RequestTimeout",
            "SlowDown",
            "TooManyRequestsException",
            "InternalError",
            "ServiceUnavailable",
            "ExpiredToken",
        ],
    ),
];

/// Codes that a person must do something about, of each service.
const LASTING: [(&str, &[&str]); 3] = [
    (
        "DynamoDB",
        &[
            "ValidationException",
            "ResourceNotFoundException",
            "AccessDeniedException",
            "IdempotentParameterMismatchException",
        ],
    ),
    (
        "SQS",
        &["AccessDenied", "AWS.SimpleQueueService.NonExistentQueue", "InvalidMessageContents", "InvalidClientTokenId"],
    ),
    ("S3", &["AccessDenied", "NoSuchBucket", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "EntityTooLarge"]),
];

/// What a call to the service comes to that answers with this code and status 400.
async fn refused(service: &str, code: &str) -> Error {
    let json = Some(format!(r#"{{"__type":"com.amazonaws#{code}","message":"why"}}"#));
    let xml = Some(format!("<Error><Code>{code}</Code><Message>why</Message></Error>"));
    match service {
        "DynamoDB" => {
            let rule = mock!(aws_sdk_dynamodb::Client::get_item).sequence().http_status(400, json).repeatedly().build();
            let config = aws_sdk_dynamodb::Config::from(&offline()).to_builder().interceptor(answers(&[&rule])).build();
            let table = DynamoTable::new(aws_sdk_dynamodb::Client::from_conf(config), "systole".to_owned());
            table.get(&Key::new("a", "b")).await.unwrap_err()
        }
        "SQS" => {
            let rule =
                mock!(aws_sdk_sqs::Client::send_message_batch).sequence().http_status(400, json).repeatedly().build();
            let config = aws_sdk_sqs::Config::from(&offline()).to_builder().interceptor(answers(&[&rule])).build();
            let url = || "https://sqs/000000000000/queue".to_owned();
            let urls = StepQueueUrls { high: url(), normal: url(), low: url() };
            let queue = SqsQueue::new(aws_sdk_sqs::Client::from_conf(config), urls, None);
            let message = Outgoing { body: "body".to_owned(), delay: Duration::ZERO };
            queue.send(Priority::Low, vec![message]).await.unwrap_err()
        }
        "S3" => {
            let rule = mock!(aws_sdk_s3::Client::put_object).sequence().http_status(400, xml).repeatedly().build();
            let config = aws_sdk_s3::config::Builder::from(&offline()).interceptor(answers(&[&rule])).build();
            let files = S3Files::new(aws_sdk_s3::Client::from_conf(config), "systole".to_owned());
            files.put("a", Bytes::new()).await.unwrap_err()
        }
        other => panic!("{other} is no service of the store"),
    }
}

#[tokio::test]
async fn every_code_that_may_pass_is_retryable() {
    for (service, codes) in PASSING {
        for code in codes {
            let error = refused(service, code).await;
            assert!(error.is_retryable(), "`{code}` of {service} is for good: {}", chain(&error));
            assert!(
                chain(&error).ends_with(&format!("{code}: why (status 400, request unknown)")),
                "{}",
                chain(&error)
            );
        }
    }
    let mut tested: Vec<&str> = PASSING.iter().flat_map(|(_, codes)| *codes).copied().collect();
    let mut listed = PASSING_CODES.to_vec();
    tested.sort_unstable();
    tested.dedup();
    listed.sort_unstable();
    assert_eq!(tested, listed, "the list and this test name different codes");
}

#[tokio::test]
async fn a_code_that_a_person_must_act_upon_is_for_good() {
    for (service, codes) in LASTING {
        for code in codes {
            let error = refused(service, code).await;
            assert!(!error.is_retryable(), "`{code}` of {service} may pass: {}", chain(&error));
        }
    }
}

#[test]
fn statuses_of_an_ailing_service_are_retryable_whatever_the_code() {
    for (status, is_retryable) in [
        (400, false),
        (408, false),
        (428, false),
        (429, true),
        (430, false),
        (499, false),
        (500, true),
        (503, true),
        (599, true),
    ] {
        assert_eq!(classify("get item `a b`", answered(status, "Other")).is_retryable(), is_retryable, "{status}");
    }
}
