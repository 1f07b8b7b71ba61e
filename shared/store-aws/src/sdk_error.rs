//! Sorts every failure of the SDK into the two kinds of [`store::Error`], once.

#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::fmt::Display;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use store::Error;

/// Error codes, besides those with a 5xx status, that say nothing about the request itself.
pub(crate) const PASSING_CODES: [&str; 20] = [
    // DynamoDB
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
    // SQS
    "KMS.ThrottlingException",
    "KmsThrottled",
    "OverLimit",
    "RequestThrottled",
    "Throttling",
    // S3
    "ConditionalRequestConflict",
    "OperationAborted",
    "RequestTimeout",
    "SlowDown",
    "TooManyRequestsException",
    // Of a copy or a completed upload they may come behind status 200.
    "InternalError",
    "ServiceUnavailable",
    // Credentials that ran out on the way; the SDK fetches new ones for the next call.
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
];

/// What only a signed request contains.
const SIGNED: [&str; 5] =
    ["aws4-hmac-sha256", "x-amz-security-token", "x-amz-credential", "credential=", "aws4_request"];

/// What the service answered, readable in a log.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message} (status {status}, request {request_id})")]
pub(crate) struct ServiceError {
    code: String,
    message: String,
    status: u16,
    request_id: String,
}

/// Sorts the SDK's error for `operation`, a verb phrase that names the operand.
pub(crate) fn classify<E>(operation: impl Into<String>, error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let operation = operation.into();
    match error {
        SdkError::ServiceError(answered) => {
            let answer = answer(answered.err(), answered.raw());
            if is_passing(&answer) { Error::retryable(operation, answer) } else { Error::permanent(operation, answer) }
        }
        // Nothing was sent: a malformed request, or no region.
        SdkError::ConstructionFailure(_) => Error::permanent(operation, error),
        SdkError::DispatchFailure(ref failure) if failure.is_user() => Error::permanent(operation, error),
        // Whether it was applied is unknown for all of these. The last arm is there because the type is open.
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) | _ => {
            Error::retryable(operation, error)
        }
    }
}

/// Says of an outcome what was tried, if it failed. The verb phrase becomes a text only then.
pub(crate) trait During<T> {
    /// Folds the SDK's error as [`classify`] does.
    fn during(self, operation: impl Display) -> store::Result<T>;
}

impl<T, E> During<T> for Result<T, SdkError<E>>
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    fn during(self, operation: impl Display) -> store::Result<T> {
        match self {
            Ok(done) => Ok(done),
            Err(error) => Err(classify(operation.to_string(), error)),
        }
    }
}

/// Says of what is refused without a request what was tried.
pub(crate) trait OrPermanent<T> {
    /// Folds an error that will not pass by itself.
    fn or_permanent(self, operation: impl Display) -> store::Result<T>;
}

impl<T, E: Into<Box<dyn StdError + Send + Sync>>> OrPermanent<T> for Result<T, E> {
    fn or_permanent(self, operation: impl Display) -> store::Result<T> {
        match self {
            Ok(done) => Ok(done),
            Err(refusal) => Err(Error::permanent(operation.to_string(), refusal)),
        }
    }
}

/// The error code of a reply, if there was one.
pub(crate) fn code<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

fn answer(error: &impl ProvideErrorMetadata, reply: &HttpResponse) -> ServiceError {
    let meta = error.meta();
    let request_id = ["x-amzn-requestid", "x-amz-request-id"].iter().find_map(|name| reply.headers().get(*name));
    ServiceError {
        code: meta.code().unwrap_or("no error code").to_owned(),
        message: quotable(meta.message().unwrap_or("no message")).to_owned(),
        status: reply.status().as_u16(),
        request_id: request_id.unwrap_or("unknown").to_owned(),
    }
}

/// What a service says, unless it repeats what was signed: the session token and the access key are in it.
///
/// A service that does not accept a signature does so, and the message would go into logs and the records of steps.
pub(crate) fn quotable(message: &str) -> &str {
    let lower = message.to_ascii_lowercase();
    let is_repeated = SIGNED.iter().any(|signed| lower.contains(signed));
    if is_repeated { "(what it says repeats the signed request)" } else { message }
}

fn is_passing(answer: &ServiceError) -> bool {
    answer.status >= 500 || answer.status == 429 || PASSING_CODES.contains(&answer.code.as_str())
}
