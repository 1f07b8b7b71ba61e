//! What a stage calls beside its storage, on AWS: Lambda, the default bus of EventBridge, and Parameter Store for secrets.

mod config;
mod events;
mod functions;
mod secrets;

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use store::services::{Events, FilesAt, Functions, SecretReader, Services};

pub use config::{Error, ServicesConfig};
pub use functions::LocalFunctions;
pub use secrets::SecretReference;

use crate::calls::retries;
use crate::config::Config;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long it may take to put events, tries included; a beat must not wait for them.
const EVENTS_TIMEOUT: Duration = Duration::from_secs(5);

/// How long it may take to read a secret, tries included; the step has its work still before it.
const SECRETS_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes the services of a stage; without a region or credentials nothing can be called, and they are left out.
pub(crate) fn services(config: &Config, allowed: &ServicesConfig, sdk: &SdkConfig) -> Services {
    let can_call = sdk.region().is_some() && sdk.credentials_provider().is_some();
    let functions = can_call.then(|| Arc::new(functions(sdk)) as Arc<dyn Functions>);
    let events = can_call.then(|| Arc::new(events(config.stage().to_owned(), sdk)) as Arc<dyn Events>);
    let has_references = can_call && !allowed.secrets.is_empty();
    let secrets = has_references.then(|| Arc::new(secrets(allowed, sdk)) as Arc<dyn SecretReader>);
    Services {
        functions,
        invokable: allowed.invokable.clone(),
        files_at: Some(FilesAt::Bucket(config.bucket_name.clone())),
        events,
        http: allowed.http.clone(),
        secrets,
        ..Services::default()
    }
}

fn functions(sdk: &SdkConfig) -> functions::LambdaFunctions {
    // The step says how long a function may take, and until then it may say nothing.
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build();
    let sdk = sdk
        .to_builder()
        .retry_config(retries())
        .timeout_config(timeouts)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    functions::LambdaFunctions::new(aws_sdk_lambda::Client::new(&sdk))
}

fn events(stage: String, sdk: &SdkConfig) -> events::DefaultBus {
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_timeout(EVENTS_TIMEOUT).build();
    let sdk = sdk.to_builder().retry_config(retries()).timeout_config(timeouts).build();
    events::DefaultBus::new(stage, aws_sdk_eventbridge::Client::new(&sdk))
}

fn secrets(allowed: &ServicesConfig, sdk: &SdkConfig) -> secrets::ParameterSecrets {
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_timeout(SECRETS_TIMEOUT).build();
    let sdk = sdk.to_builder().retry_config(retries()).timeout_config(timeouts).build();
    secrets::ParameterSecrets::new(aws_sdk_ssm::Client::new(&sdk), allowed.secrets.clone())
}

#[cfg(test)]
mod tests {
    use aws_config::BehaviorVersion;

    use super::*;
    use crate::test_support::offline;

    #[test]
    fn without_a_region_or_credentials_nothing_is_called() {
        let queue = || "https://sqs/0/q".to_owned();
        let config = Config {
            table_name: "systole".to_owned(),
            bucket_name: "systole".to_owned(),
            step_queue_urls: crate::config::StepQueueUrls { high: queue(), normal: queue(), low: queue() },
            step_dead_letters_url: None,
        };
        let has_any = |sdk: &SdkConfig| {
            let services = services(&config, &ServicesConfig::default(), sdk);
            (services.functions.is_some(), services.events.is_some())
        };
        assert_eq!(has_any(&offline()), (true, true));
        let nowhere = offline().into_builder().region(None).build();
        let nobody =
            SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(offline().region().cloned());
        assert_eq!((has_any(&nowhere), has_any(&nobody.build())), ((false, false), (false, false)));
    }
}
