//! The SDK clients: connected once per process, with the time limits and retries of each service.

use std::sync::Arc;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::config::HttpClient;
use aws_types::service_config::ServiceConfigKey;
use store::Store;
use store::services::Services;

use crate::calls::{http_client, retries};
use crate::config::Config;
use crate::files::S3Files;
use crate::queue::SqsQueue;
use crate::services::{self, ServicesConfig};
use crate::table::DynamoTable;

/// Connects with the region, credentials and endpoints that the SDK finds in its own variables and files.
pub async fn connect(config: &Config) -> Store {
    connect_over(config, http_client()).await
}

/// Connects the same way over another HTTP client: one that counts requests, or makes them fail.
pub async fn connect_over(config: &Config, http: impl HttpClient + 'static) -> Store {
    let sdk = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
    store(config, &sdk)
}

/// Connects, and with the same credentials to what the stage may call beside its storage.
pub async fn connect_with_services(config: &Config, allowed: &ServicesConfig) -> (Store, Services) {
    let sdk = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client()).load().await;
    (store(config, &sdk), services::services(config, allowed, &sdk))
}

/// Makes the clients from an SDK configuration; its time limits and retries are replaced by ours.
#[must_use]
pub fn store(config: &Config, sdk: &SdkConfig) -> Store {
    let calls = sdk.to_builder().retry_config(retries()).timeout_config(call_timeouts()).build();
    let data = sdk.to_builder().retry_config(retries()).timeout_config(data_timeouts()).build();
    let s3 = aws_sdk_s3::config::Builder::from(&data).force_path_style(has_own_s3_endpoint(sdk)).build();
    let dynamodb = aws_sdk_dynamodb::Client::new(&calls);
    let sqs = aws_sdk_sqs::Client::new(&calls);
    Store::new(
        Arc::new(DynamoTable::new(dynamodb, config.table_name.clone())),
        Arc::new(SqsQueue::new(sqs, config.step_queue_urls.clone(), config.step_dead_letters_url.clone())),
        Arc::new(S3Files::new(aws_sdk_s3::Client::from_conf(s3), config.bucket_name.clone())),
    )
}

/// DynamoDB, SQS, CloudFormation and STS answer within milliseconds; a silent connection must not use up a runner's time.
pub(crate) fn call_timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(5))
        .operation_timeout(Duration::from_secs(15))
        .build()
}

/// A part of a large file or a server-side copy takes a while; a stalled stream is cut by the SDK long before.
fn data_timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(60))
        .operation_timeout(Duration::from_secs(180))
        .build()
}

/// Tells whether S3 is anywhere else than at AWS: a host that does not answer to `BUCKET.host`, such as an emulator.
fn has_own_s3_endpoint(sdk: &SdkConfig) -> bool {
    let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let of_s3 = key.ok().and_then(|key| sdk.service_config()?.load_config(key));
    of_s3.is_some() || sdk.endpoint_url().is_some()
}

#[cfg(test)]
mod tests {
    use aws_types::service_config::LoadServiceConfig;

    use super::*;
    use crate::test_support::offline;

    /// `AWS_ENDPOINT_URL_S3`, which the SDK reads for S3 alone.
    #[derive(Debug)]
    struct EndpointOfS3;

    impl LoadServiceConfig for EndpointOfS3 {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            let is_asked = (key.service_id(), key.env()) == ("S3", "AWS_ENDPOINT_URL");
            is_asked.then(|| "http://minio:9000".to_owned())
        }
    }

    async fn address(sdk: &SdkConfig) -> String {
        let url = || "https://sqs/0/q".to_owned();
        let config = Config {
            table_name: "systole".to_owned(),
            bucket_name: "systole".to_owned(),
            step_queue_urls: crate::config::StepQueueUrls { high: url(), normal: url(), low: url() },
            step_dead_letters_url: None,
        };
        let presigned = store(&config, sdk).files.presign_get("a/b", Duration::from_secs(60)).await.unwrap().unwrap();
        presigned.split_once('?').unwrap().0.to_owned()
    }

    #[tokio::test]
    async fn the_bucket_is_in_the_host_name_at_aws_and_in_the_path_elsewhere() {
        let aws = offline();
        assert_eq!(address(&aws).await, "https://systole.s3.eu-central-1.amazonaws.com/a/b");
        let emulator = offline().into_builder().endpoint_url("http://localstack:4566").build();
        assert_eq!(address(&emulator).await, "http://localstack:4566/systole/a/b");
        let s3_alone = offline().into_builder().service_config(EndpointOfS3).build();
        assert_eq!(address(&s3_alone).await, "http://minio:9000/systole/a/b");
    }
}
