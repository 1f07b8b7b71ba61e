//! The account that the SDK's own variables and files lead to: a stage there by its name, and who it is that calls.
//!
//! For people at a command line. A function is told its storage in variables, and asks neither of the two.

use aws_config::{BehaviorVersion, SdkConfig};
use store::Store;
use store::services::Services;

use crate::calls::{http_client, retries};
use crate::clients::{call_timeouts, store};
use crate::config::Config;
use crate::sdk_error::classify;
use crate::services::{self, ServicesConfig};
use crate::stage;

/// Region, credentials and endpoints, found once: a helper program for credentials may ask a person for a code.
pub struct Account {
    sdk: SdkConfig,
}

impl Account {
    /// Finds region, credentials and endpoints in the SDK's own variables and files.
    pub async fn from_env() -> Self {
        Account { sdk: aws_config::defaults(BehaviorVersion::latest()).http_client(http_client()).load().await }
    }

    /// Finds the storage of a stage in the outputs of its stack.
    ///
    /// # Errors
    /// There is no such stack or one of its outputs is missing, by name; or CloudFormation did not answer.
    pub async fn find_stage(&self, stage: &str) -> Result<Config, stage::Error> {
        let name = stage.parse()?;
        let Some(region) = self.sdk.region() else { return Err(stage::Error::NoRegion) };
        let client = aws_sdk_cloudformation::Client::new(&self.calls());
        stage::find(&client, &name, region.as_ref()).await
    }

    /// The ARN of who calls, as AWS knows them. It takes no right to ask.
    ///
    /// # Errors
    /// There are no credentials, they are not valid, or STS did not answer.
    pub async fn caller(&self) -> store::Result<String> {
        caller(&aws_sdk_sts::Client::new(&self.calls())).await
    }

    /// Connects to the storage of a stage, and to what it may call beside it.
    #[must_use]
    pub fn connect(&self, config: &Config, allowed: &ServicesConfig) -> (Store, Services) {
        (store(config, &self.sdk), services::services(config, allowed, &self.sdk))
    }

    fn calls(&self) -> SdkConfig {
        self.sdk.to_builder().retry_config(retries()).timeout_config(call_timeouts()).build()
    }
}

async fn caller(client: &aws_sdk_sts::Client) -> store::Result<String> {
    const OPERATION: &str = "ask AWS who calls";
    let answer = client.get_caller_identity().send().await.map_err(|error| classify(OPERATION, error))?;
    let arn = answer.arn.filter(|arn| !arn.is_empty());
    arn.ok_or_else(|| store::Error::permanent(OPERATION, "the answer has no ARN"))
}

#[cfg(test)]
mod tests {
    use aws_sdk_sts::operation::get_caller_identity::{GetCallerIdentityError, GetCallerIdentityOutput};
    use aws_smithy_mocks::{Rule, mock};

    use super::*;
    use crate::test_support::{answers, chain, offline};

    const ARN: &str = "arn:aws:sts::000000000000:assumed-role/operators/ann";

    fn client(rule: &Rule) -> aws_sdk_sts::Client {
        let config = aws_sdk_sts::config::Builder::from(&offline()).interceptor(answers(&[rule])).build();
        aws_sdk_sts::Client::from_conf(config)
    }

    #[tokio::test]
    async fn who_calls_is_the_arn_of_their_credentials() {
        let answer = || GetCallerIdentityOutput::builder().account("000000000000").arn(ARN).build();
        let rule = mock!(aws_sdk_sts::Client::get_caller_identity).then_output(answer);
        assert_eq!(caller(&client(&rule)).await.unwrap(), ARN);
    }

    #[tokio::test]
    async fn an_answer_that_names_nobody_is_an_error() {
        let answer = || GetCallerIdentityOutput::builder().arn("").build();
        let rule = mock!(aws_sdk_sts::Client::get_caller_identity).then_output(answer);
        let error = caller(&client(&rule)).await.unwrap_err();
        assert!(chain(&error).contains("the answer has no ARN"), "{error}");
    }

    #[tokio::test]
    async fn credentials_that_are_not_valid_are_named_as_such() {
        let refused = || {
            let meta = aws_sdk_sts::error::ErrorMetadata::builder();
            let meta = meta.code("InvalidClientTokenId").message("The security token is invalid").build();
            GetCallerIdentityError::generic(meta)
        };
        let rule = mock!(aws_sdk_sts::Client::get_caller_identity).then_error(refused);
        let error = chain(&caller(&client(&rule)).await.unwrap_err());
        assert!(error.contains("ask AWS who calls") && error.contains("InvalidClientTokenId"), "{error}");
    }
}
