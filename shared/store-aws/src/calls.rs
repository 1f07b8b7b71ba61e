//! How the SDK calls AWS: over which HTTP client, and how often it tries.

use aws_config::retry::RetryConfig;
use aws_sdk_s3::config::SharedHttpClient;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// Makes the HTTP client that [`connect`](crate::connect) uses, as the inner one of a counting or failing client.
#[must_use]
pub fn http_client() -> SharedHttpClient {
    // The SDK's own default would bring aws-lc, a C library of several minutes' build time.
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// Three tries in all. What still fails then is left to redelivery and to the next beat.
pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(3)
}
