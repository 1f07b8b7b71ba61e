//! What a stage calls beside its storage, on AWS: Lambda and the default bus of EventBridge.
//!
//! Two operations do not carry two more SDK packages: their requests are plain JSON documents, signed with the SDK's own
//! signer and sent with its HTTP client, credentials, region and endpoints. The same code without a signature invokes
//! functions that run on this machine, under the same path.

mod call;
mod config;
mod events;
mod functions;

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use store::services::{Events, FilesAt, Functions, Services};

pub use config::{Error, ServicesConfig};
pub use functions::LocalFunctions;

use crate::config::Config;
use call::{Caller, Signer};

/// Makes the services of a stage; a service that cannot be called for want of a region or credentials is left out.
pub(crate) fn services(config: &Config, allowed: &ServicesConfig, sdk: &SdkConfig) -> Services {
    let functions = caller("Lambda", "lambda", sdk)
        .map(|(endpoint, caller)| Arc::new(functions::LambdaFunctions::new(endpoint, caller)) as Arc<dyn Functions>);
    let events = caller("EventBridge", "events", sdk).map(|(endpoint, caller)| {
        Arc::new(events::DefaultBus::new(endpoint, config.stage().to_owned(), caller)) as Arc<dyn Events>
    });
    Services {
        functions,
        invokable: allowed.invokable.clone(),
        files_at: Some(FilesAt::Bucket(config.bucket_name.clone())),
        events,
        http: allowed.http.clone(),
        ..Services::default()
    }
}

/// The endpoint of a service and what signs and sends its requests.
fn caller(service_id: &str, signing_name: &'static str, sdk: &SdkConfig) -> Option<(String, Caller)> {
    let region = sdk.region()?.to_string();
    let endpoint = own_endpoint(service_id, sdk).unwrap_or_else(|| usual_endpoint(signing_name, &region));
    let signer = Signer::new(signing_name, region, sdk)?;
    Some((endpoint, Caller::new(Some(signer), sdk.sleep_impl())))
}

/// An endpoint from `AWS_ENDPOINT_URL_…`, `AWS_ENDPOINT_URL` or the profile.
fn own_endpoint(service_id: &str, sdk: &SdkConfig) -> Option<String> {
    let key =
        ServiceConfigKey::builder().service_id(service_id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let of_service = key.ok().and_then(|key| sdk.service_config()?.load_config(key));
    let endpoint = of_service.or_else(|| sdk.endpoint_url().map(str::to_owned))?;
    Some(endpoint.trim_end_matches('/').to_owned())
}

fn usual_endpoint(service: &str, region: &str) -> String {
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{service}.{region}.{suffix}")
}

#[cfg(test)]
mod tests {
    use aws_types::service_config::LoadServiceConfig;

    use super::*;
    use crate::test_support::offline;

    /// `AWS_ENDPOINT_URL_LAMBDA`, which is for Lambda alone.
    #[derive(Debug)]
    struct EndpointOfLambda;

    impl LoadServiceConfig for EndpointOfLambda {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            let is_asked = (key.service_id(), key.env()) == ("Lambda", "AWS_ENDPOINT_URL");
            is_asked.then(|| "http://127.0.0.1:9001/".to_owned())
        }
    }

    #[test]
    fn endpoints_are_those_that_the_sdk_would_use() {
        let endpoint = |service, sdk: &SdkConfig| caller(service, "lambda", sdk).unwrap().0;
        assert_eq!(endpoint("Lambda", &offline()), "https://lambda.eu-central-1.amazonaws.com");
        let emulator = offline().into_builder().endpoint_url("http://localstack:4566").build();
        assert_eq!(endpoint("Lambda", &emulator), "http://localstack:4566");
        let lambda_alone = emulator.into_builder().service_config(EndpointOfLambda).build();
        assert_eq!(endpoint("Lambda", &lambda_alone), "http://127.0.0.1:9001");
        assert_eq!(endpoint("EventBridge", &lambda_alone), "http://localstack:4566");
        assert_eq!(usual_endpoint("events", "cn-north-1"), "https://events.cn-north-1.amazonaws.com.cn");
    }
}
