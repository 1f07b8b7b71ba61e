//! What the tests of the three seams have in common.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_mocks::{MockResponseInterceptor, Rule, RuleMode};

/// A configuration that reaches nothing; an interceptor gives the answers.
pub(crate) fn offline() -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
        .http_client(aws_smithy_mocks::create_mock_http_client())
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
        .build()
}

/// Answers the requests by the rules, one after the other.
pub(crate) fn answers(rules: &[&Rule]) -> MockResponseInterceptor {
    let none = MockResponseInterceptor::new().rule_mode(RuleMode::Sequential);
    rules.iter().fold(none, |answers, rule| answers.with_rule(rule))
}

/// An error with its causes, as a log shows it.
pub(crate) fn chain(error: &store::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
