//! Secrets that the environment only refers to, read at run time through Parameter Store.
//!
//! Parameter Store reads its own parameters, and secrets of Secrets Manager under a path that it keeps for them. So one
//! client does for both.
//!
//! **Invariant:** no error and no log has the value of a secret.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ssm::Client;
use chrono::{DateTime, TimeDelta, Utc};
use store::services::{Secret, SecretReader};
use store::{Error, Result};
use tokio::sync::Mutex;

use crate::sdk_error::During;

/// Where a secret lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretReference {
    /// The name of the parameter.
    parameter: String,
}

/// The secrets of the account that the environment refers to.
pub(super) struct ParameterSecrets {
    client: Client,
    references: BTreeMap<String, SecretReference>,
    /// Held while a secret is read, so that steps of one process that want the same one read it once.
    read: Mutex<BTreeMap<String, Kept>>,
}

/// A value that was read.
struct Kept {
    secret: Secret,
    read_at: DateTime<Utc>,
}

/// How old a value may be. A new one is used after this at the latest, without a deployment.
const KEEP: TimeDelta = TimeDelta::minutes(5);

/// What Parameter Store calls the secrets of Secrets Manager.
const OF_SECRETS_MANAGER: &str = "/aws/reference/secretsmanager/";

/// Characters that Secrets Manager adds to the name of a secret in its ARN, behind a `-`.
const ARN_SUFFIX: usize = 6;

impl SecretReference {
    /// Reads `ssm:/path/of/the/parameter`, or the whole ARN of a secret of Secrets Manager; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parameter = match text.strip_prefix("ssm:") {
            Some(name) => name.to_owned(),
            None => format!("{OF_SECRETS_MANAGER}{}", secret_name(text)?),
        };
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"/_.+=@-".contains(&b);
        let is_name = !parameter.is_empty() && !parameter.ends_with('/') && parameter.bytes().all(is_plain);
        is_name.then_some(SecretReference { parameter })
    }

    /// Whether a value looks like a reference. What does and cannot be read is a mistake and not a secret.
    pub(super) fn is_meant(text: &str) -> bool {
        text.starts_with("ssm:") || arn_of_secret(text).is_some()
    }
}

/// The name in `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-AbCdEf`.
fn secret_name(arn: &str) -> Option<&str> {
    let (name, suffix) = arn_of_secret(arn)?.rsplit_once('-')?;
    let is_suffix = suffix.len() == ARN_SUFFIX && suffix.bytes().all(|b| b.is_ascii_alphanumeric());
    (is_suffix && !name.is_empty()).then_some(name)
}

/// What comes behind `secret:` in an ARN of Secrets Manager.
fn arn_of_secret(text: &str) -> Option<&str> {
    let (partition, rest) = text.strip_prefix("arn:")?.split_once(":secretsmanager:")?;
    let (_, name) = rest.split_once(":secret:")?;
    (!partition.contains(':')).then_some(name)
}

impl ParameterSecrets {
    pub(super) fn new(client: Client, references: BTreeMap<String, SecretReference>) -> Self {
        ParameterSecrets { client, references, read: Mutex::default() }
    }

    async fn fetch(&self, name: &str, reference: &SecretReference) -> Result<Secret> {
        let operation = format!("read the secret `{name}` from `{}`", reference.parameter);
        let asked = self.client.get_parameter().name(&reference.parameter).with_decryption(true);
        let reply = asked.send().await.during(&operation)?;
        match reply.parameter.and_then(|parameter| parameter.value) {
            Some(value) if !value.is_empty() => Ok(Secret::new(value)),
            _ => Err(Error::permanent(operation, "it has no value")),
        }
    }
}

#[async_trait]
impl SecretReader for ParameterSecrets {
    async fn read(&self, name: &str, now: DateTime<Utc>) -> Result<Option<Secret>> {
        let Some(reference) = self.references.get(name) else { return Ok(None) };
        let mut read = self.read.lock().await;
        // A clock that was set back must not keep a value for ever.
        if let Some(kept) = read.get(name)
            && (now - kept.read_at).abs() < KEEP
        {
            return Ok(Some(kept.secret.clone()));
        }
        // A value that is too old is not used when there is no newer one: it may have been withdrawn.
        let secret = self.fetch(name, reference).await?;
        read.insert(name.to_owned(), Kept { secret: secret.clone(), read_at: now });
        Ok(Some(secret))
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::primitives::SdkBody;
    use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};
    use serde_json::{Value, json};

    use super::*;
    use crate::test_support::{chain, offline};

    const ARN: &str = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:systole/shop-AbC1e2";

    fn secrets(replies: &[(u16, Value)]) -> (ParameterSecrets, StaticReplayClient) {
        let events = replies.iter().map(|(status, body)| {
            let response = http::Response::builder().status(*status).body(SdkBody::from(body.to_string())).unwrap();
            ReplayEvent::new(http::Request::new(SdkBody::empty()), response)
        });
        let client = StaticReplayClient::new(events.collect());
        let sdk = offline().into_builder().http_client(client.clone()).build();
        let reference = |text| SecretReference::parse(text).unwrap();
        let references = [("ERP", reference("ssm:/systole/dev/erp")), ("SHOP", reference(ARN))];
        let references = references.map(|(name, reference)| (name.to_owned(), reference)).into();
        (ParameterSecrets::new(Client::new(&sdk), references), client)
    }

    fn found(value: &str) -> (u16, Value) {
        (200, json!({ "Parameter": { "Name": "any", "Type": "SecureString", "Value": value } }))
    }

    fn refused(code: &str, message: &str) -> (u16, Value) {
        (400, json!({ "__type": code, "message": message }))
    }

    /// What was asked for, request by request.
    fn asked(client: &StaticReplayClient) -> Vec<Value> {
        client
            .actual_requests()
            .map(|request| serde_json::from_slice(request.body().bytes().unwrap()).unwrap())
            .collect()
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        "2026-08-01T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes)
    }

    async fn value(secrets: &ParameterSecrets, name: &str, minutes: i64) -> Option<String> {
        let read = secrets.read(name, at(minutes)).await.unwrap();
        read.map(|secret| secret.reveal().to_owned())
    }

    #[tokio::test]
    async fn a_secret_is_read_once_in_five_minutes_and_a_new_value_is_used_after_them() {
        let (secrets, client) = secrets(&[found("Bearer old"), found("Bearer new")]);
        for (minutes, expected) in [(0, "Bearer old"), (4, "Bearer old"), (5, "Bearer new"), (9, "Bearer new")] {
            assert_eq!(value(&secrets, "ERP", minutes).await.as_deref(), Some(expected), "after {minutes} minutes");
        }
        assert_eq!(asked(&client), vec![json!({ "Name": "/systole/dev/erp", "WithDecryption": true }); 2]);
        let request = client.actual_requests().next().unwrap();
        assert_eq!(request.headers().get("x-amz-target"), Some("AmazonSSM.GetParameter"));
    }

    #[tokio::test]
    async fn a_secret_of_secrets_manager_is_read_under_the_path_that_parameter_store_keeps_for_it() {
        let (secrets, client) = secrets(&[found("hush")]);
        assert_eq!(value(&secrets, "SHOP", 0).await.as_deref(), Some("hush"));
        let name = "/aws/reference/secretsmanager/systole/shop";
        assert_eq!(asked(&client), [json!({ "Name": name, "WithDecryption": true })]);
    }

    #[tokio::test]
    async fn steps_that_want_the_same_secret_at_the_same_time_read_it_once() {
        // The pause before the second try lets the others come in between.
        let busy = refused("ThrottlingException", "Rate exceeded");
        let (secrets, client) = secrets(&[busy, found("hush")]);
        let all = futures::future::join_all((0..10).map(|_| value(&secrets, "ERP", 0))).await;
        assert!(all.iter().all(|value| value.as_deref() == Some("hush")), "{all:?}");
        assert_eq!(asked(&client).len(), 2);
    }

    #[tokio::test]
    async fn a_secret_that_nothing_refers_to_is_not_asked_for() {
        let (secrets, client) = secrets(&[]);
        assert_eq!(value(&secrets, "OTHER", 0).await, None);
        assert_eq!(asked(&client).len(), 0);
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_an_error_that_names_the_secret() {
        let busy = refused("ThrottlingException", "Rate exceeded");
        for (replies, is_retryable, expected) in [
            (
                vec![refused("ParameterNotFound", "none")],
                false,
                "ParameterNotFound: none (status 400, request unknown)",
            ),
            (
                vec![refused("AccessDeniedException", "no rights")],
                false,
                "AccessDeniedException: no rights (status 400, request unknown)",
            ),
            (
                vec![busy.clone(), busy.clone(), busy],
                true,
                "ThrottlingException: Rate exceeded (status 400, request unknown)",
            ),
            (vec![found("")], false, "it has no value"),
        ] {
            let (secrets, _) = secrets(&replies);
            let error = secrets.read("ERP", at(0)).await.unwrap_err();
            assert_eq!(error.is_retryable(), is_retryable, "{error}");
            let text = chain(&error);
            assert!(text.starts_with("failed to read the secret `ERP` from `/systole/dev/erp`"), "{text}");
            assert!(text.ends_with(expected), "{text}");
        }
    }

    #[tokio::test]
    async fn a_value_that_is_too_old_is_not_used_when_there_is_no_newer_one() {
        let (secrets, _) = secrets(&[found("old"), refused("ParameterNotFound", "withdrawn"), found("new")]);
        assert_eq!(value(&secrets, "ERP", 0).await.as_deref(), Some("old"));
        let error = secrets.read("ERP", at(6)).await.unwrap_err();
        assert!(chain(&error).contains("withdrawn") && !chain(&error).contains("old"), "{error}");
        assert_eq!(value(&secrets, "ERP", 7).await.as_deref(), Some("new"));
    }

    #[test]
    fn references_are_told_from_values() {
        let parameter = |text| SecretReference::parse(text).map(|reference| reference.parameter);
        for (text, expected) in [
            ("ssm:/systole/dev/erp", Some("/systole/dev/erp")),
            ("ssm:erp", Some("erp")),
            (ARN, Some("/aws/reference/secretsmanager/systole/shop")),
            ("arn:aws-cn:secretsmanager:cn-north-1:1:secret:a-b-123456", Some("/aws/reference/secretsmanager/a-b")),
        ] {
            assert_eq!(parameter(text).as_deref(), expected, "{text}");
            assert!(SecretReference::is_meant(text), "{text}");
        }
        let without_suffix = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:systole/shop";
        for mistaken in ["ssm:", "ssm:/", "ssm:/a b", "ssm:/a:3", without_suffix] {
            assert_eq!((parameter(mistaken), SecretReference::is_meant(mistaken)), (None, true), "{mistaken}");
        }
        for value in ["Bearer hush", "", "arn:aws:s3:::b", "https://ssm:/x"] {
            assert_eq!((parameter(value), SecretReference::is_meant(value)), (None, false), "{value}");
        }
    }
}
