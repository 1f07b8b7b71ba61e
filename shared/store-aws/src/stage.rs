//! Where the storage of a stage is, by the name of the stage: the outputs of the stack that `infra/storage.yaml` deploys.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::Stack;

use crate::config::{self, Config};
use crate::sdk_error::{self, classify};

/// The name of a stage, as `infra/storage.yaml` takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageName(String);

/// Why a stage cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no name.
    #[error("`{found}` is no name of a stage (expected up to 20 small letters, digits and `-`; example: `prod`)")]
    Name {
        /// What was given.
        found: String,
    },
    /// Nobody says where to look.
    #[error("no region is set; AWS_REGION names one, or the profile that AWS_PROFILE names")]
    NoRegion,
    /// There is no such stack where it was looked for.
    #[error(
        "there is no stack `{stack}` in {region}, for the account of these credentials; is it another region \
         (AWS_REGION) or account (AWS_PROFILE)? `STAGE={stage} make deploy` deploys it"
    )]
    NoStack {
        /// The stage.
        stage: StageName,
        /// The stack that was looked for.
        stack: String,
        /// Where.
        region: String,
    },
    /// The stack says nothing of something that is needed.
    #[error(
        "stack `{stack}` in {region}, which is {status}, has no output `{output}`; \
         `STAGE={stage} make deploy` brings it up to date"
    )]
    NoOutput {
        /// The stage.
        stage: StageName,
        /// The stack.
        stack: String,
        /// Where it is.
        region: String,
        /// What CloudFormation says of it.
        status: String,
        /// What is missing.
        output: &'static str,
    },
    /// An output of the stack cannot be right.
    #[error("output `{output}` of stack `{stack}` is `{value}`; expected {expected}")]
    BadOutput {
        /// The stack.
        stack: String,
        /// The output.
        output: &'static str,
        /// What it says.
        value: String,
        /// What it should look like, with an example.
        expected: &'static str,
    },
    /// CloudFormation did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Each variable of [`Config`], and the output that says the same.
const OUTPUTS: [(&str, &str); 6] = [
    ("TABLE_NAME", "TableName"),
    ("BUCKET_NAME", "BucketName"),
    ("STEP_QUEUE_HIGH_URL", "StepQueueHighUrl"),
    ("STEP_QUEUE_NORMAL_URL", "StepQueueNormalUrl"),
    ("STEP_QUEUE_LOW_URL", "StepQueueLowUrl"),
    ("STEP_DEAD_LETTERS_URL", "StepDeadLettersUrl"),
];

impl FromStr for StageName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let is_name = (1..=20).contains(&text.len())
            && text.bytes().all(is_plain)
            && !text.starts_with('-')
            && !text.ends_with('-');
        if is_name { Ok(StageName(text.to_owned())) } else { Err(Error::Name { found: text.to_owned() }) }
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Asks for the stack of the storage, and reads its outputs.
pub(crate) async fn find(client: &Client, stage: &StageName, region: &str) -> Result<Config, Error> {
    let stack_name = format!("systole-{stage}-storage");
    let no_stack = || Error::NoStack { stage: stage.clone(), stack: stack_name.clone(), region: region.to_owned() };
    let answer = match client.describe_stacks().stack_name(&stack_name).send().await {
        Ok(answer) => answer,
        // The one thing that CloudFormation finds wrong with a name that it could have taken.
        Err(error) if sdk_error::code(&error) == Some("ValidationError") => return Err(no_stack()),
        Err(error) => return Err(classify(format!("look for stack `{stack_name}`"), error).into()),
    };
    let stack = answer.stacks.unwrap_or_default().into_iter().next().ok_or_else(no_stack)?;
    config_of(&stack, stage, region)
}

fn config_of(stack: &Stack, stage: &StageName, region: &str) -> Result<Config, Error> {
    let stack_name = || stack.stack_name().unwrap_or_default().to_owned();
    let outputs: BTreeMap<&str, &str> =
        stack.outputs().iter().filter_map(|output| Some((output.output_key()?, output.output_value()?))).collect();
    let missing = OUTPUTS.iter().find(|(_, output)| outputs.get(output).is_none_or(|value| value.is_empty()));
    if let Some((_, output)) = missing {
        let status = stack.stack_status().map_or("in no known state", |status| status.as_str()).to_owned();
        let (stage, region) = (stage.clone(), region.to_owned());
        return Err(Error::NoOutput { stage, stack: stack_name(), region, status, output });
    }
    let said = |variable| outputs.get(output_of(variable)).map(|value| (*value).to_owned());
    Config::from_lookup(said).map_err(|error| match error {
        config::Error::Malformed { name, value, expected } => {
            Error::BadOutput { stack: stack_name(), output: output_of(name), value, expected }
        }
        config::Error::NotSet { name } => unreachable!("{name} is one of the outputs that are there"),
    })
}

/// The output that says what a variable says.
fn output_of(variable: &str) -> &'static str {
    let row = OUTPUTS.iter().find(|(known, _)| *known == variable);
    row.map_or("", |(_, output)| output)
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::error::ErrorMetadata;
    use aws_sdk_cloudformation::operation::describe_stacks::{DescribeStacksError, DescribeStacksOutput};
    use aws_sdk_cloudformation::types::{Output, StackStatus};
    use aws_smithy_mocks::{Rule, mock};

    use super::*;
    use crate::test_support::{answers, chain, offline};

    const VALUES: [(&str, &str); 7] = [
        ("TableName", "systole-prod"),
        ("BucketName", "systole-000000000000-eu-central-1-prod"),
        ("StepQueueHighUrl", "https://sqs.eu-central-1.amazonaws.com/000000000000/high"),
        ("StepQueueNormalUrl", "https://sqs.eu-central-1.amazonaws.com/000000000000/normal"),
        ("StepQueueLowUrl", "https://sqs.eu-central-1.amazonaws.com/000000000000/low"),
        ("StepDeadLettersUrl", "https://sqs.eu-central-1.amazonaws.com/000000000000/dead"),
        ("TableArns", "arn:of:no:interest"),
    ];

    /// The stack if one output says something else, or is not there.
    fn stack_with(name: &str, value: Option<&str>) -> Stack {
        let outputs = VALUES.iter().filter_map(|(known, usual)| {
            let value = if *known == name { value? } else { usual };
            Some(Output::builder().output_key(*known).output_value(value).build())
        });
        let stack = Stack::builder().stack_name("systole-prod-storage").stack_status(StackStatus::CreateComplete);
        stack.set_outputs(Some(outputs.collect())).build()
    }

    fn read(stack: &Stack) -> Result<Config, String> {
        config_of(stack, &"prod".parse().unwrap(), "eu-central-1").map_err(|error| error.to_string())
    }

    async fn found(rule: &Rule) -> Result<Config, Error> {
        let config = aws_sdk_cloudformation::config::Builder::from(&offline()).interceptor(answers(&[rule])).build();
        find(&Client::from_conf(config), &"prod".parse().unwrap(), "eu-central-1").await
    }

    fn refused(code: &'static str, message: &'static str) -> Rule {
        mock!(Client::describe_stacks).then_error(move || {
            DescribeStacksError::generic(ErrorMetadata::builder().code(code).message(message).build())
        })
    }

    #[tokio::test]
    async fn a_stage_is_found_in_the_outputs_of_its_storage() {
        let rule = mock!(Client::describe_stacks)
            .match_requests(|request| request.stack_name() == Some("systole-prod-storage"))
            .then_output(|| DescribeStacksOutput::builder().stacks(stack_with("", None)).build());
        let config = found(&rule).await.unwrap();
        assert_eq!(config.table_name, "systole-prod");
        assert_eq!(config.bucket_name, "systole-000000000000-eu-central-1-prod");
        assert!(config.step_queue_urls.high.ends_with("/high") && config.step_queue_urls.low.ends_with("/low"));
        assert!(config.step_queue_urls.normal.ends_with("/normal"));
        assert!(config.step_dead_letters_url.unwrap().ends_with("/dead"));
    }

    #[tokio::test]
    async fn a_stack_that_is_not_there_is_told_with_the_place_where_it_was_looked_for() {
        let error = found(&refused("ValidationError", "Stack with id systole-prod-storage does not exist")).await;
        let message = error.unwrap_err().to_string();
        for part in ["no stack `systole-prod-storage` in eu-central-1", "AWS_REGION", "`STAGE=prod make deploy`"] {
            assert!(message.contains(part), "{message}");
        }
    }

    #[tokio::test]
    async fn a_right_that_is_missing_is_not_taken_for_a_stack_that_is_missing() {
        let error = found(&refused("AccessDenied", "ann is not authorized")).await.unwrap_err();
        let Error::Store(error) = error else { panic!("{error}") };
        let message = chain(&error);
        assert!(message.contains("look for stack `systole-prod-storage`"), "{message}");
        assert!(message.contains("AccessDenied: ann is not authorized"), "{message}");
    }

    #[test]
    fn each_output_that_is_missing_or_empty_is_named() {
        for (_, output) in OUTPUTS {
            for value in [None, Some("")] {
                let message = read(&stack_with(output, value)).unwrap_err();
                let expected = format!(
                    "stack `systole-prod-storage` in eu-central-1, which is CREATE_COMPLETE, has no output `{output}`"
                );
                assert!(message.starts_with(&expected), "{message}");
            }
        }
    }

    #[test]
    fn an_output_that_cannot_be_right_is_named_with_its_value() {
        let message = read(&stack_with("StepQueueLowUrl", Some("low"))).unwrap_err();
        let expected = "output `StepQueueLowUrl` of stack `systole-prod-storage` is `low`; expected ";
        assert!(message.starts_with(expected), "{message}");
    }

    #[test]
    fn what_is_no_name_of_a_stage_is_refused() {
        for name in ["prod", "a", "0", "eu-west-1-test", "abcdefghijklmnopqrst"] {
            assert_eq!(name.parse::<StageName>().unwrap().to_string(), name);
        }
        for name in ["", "Prod", "-a", "a-", "a_b", "a/b", "a b", "abcdefghijklmnopqrstu", "ä"] {
            let message = name.parse::<StageName>().unwrap_err().to_string();
            assert!(message.starts_with(&format!("`{name}` is no name of a stage")), "{message}");
        }
    }
}
