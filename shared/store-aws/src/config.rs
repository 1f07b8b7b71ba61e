//! Where the storage of one stage is: the names that `infra/storage.yaml` gives out.

/// Names the table, the bucket and the queues of one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `TABLE_NAME`: the DynamoDB table.
    pub table_name: String,
    /// `BUCKET_NAME`: the S3 bucket.
    pub bucket_name: String,
    /// The SQS queues of the steps.
    pub step_queue_urls: StepQueueUrls,
    /// `STEP_DEAD_LETTERS_URL`: where undeliverable messages lie. Only needed to look at them and to move them back.
    pub step_dead_letters_url: Option<String>,
}

/// One queue per priority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepQueueUrls {
    /// `STEP_QUEUE_HIGH_URL`.
    pub high: String,
    /// `STEP_QUEUE_NORMAL_URL`.
    pub normal: String,
    /// `STEP_QUEUE_LOW_URL`.
    pub low: String,
}

/// Why the configuration cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A variable is missing or empty.
    #[error("{name} is not set")]
    NotSet {
        /// The variable.
        name: &'static str,
    },
    /// A variable has a value that cannot be right.
    #[error("{name} is `{value}`; expected {expected}")]
    Malformed {
        /// The variable.
        name: &'static str,
        /// What it says.
        value: String,
        /// What it should look like, with an example.
        expected: &'static str,
    },
}

impl Config {
    /// Reads the variables that are named at the fields.
    ///
    /// # Errors
    /// The first variable that is missing or malformed, by its name.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_env() -> Result<Self, Error> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads the same variables from anywhere else.
    ///
    /// # Errors
    /// The first variable that is missing or malformed, by its name.
    pub fn from_lookup(lookup: impl Fn(&'static str) -> Option<String>) -> Result<Self, Error> {
        let required = |name| match lookup(name) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => Err(Error::NotSet { name }),
        };
        let queue_url = |name| check(name, required(name)?, "the address of a queue", is_url);
        Ok(Config {
            table_name: check("TABLE_NAME", required("TABLE_NAME")?, TABLE_NAME_FORM, is_table_name)?,
            bucket_name: check("BUCKET_NAME", required("BUCKET_NAME")?, BUCKET_NAME_FORM, is_bucket_name)?,
            step_queue_urls: StepQueueUrls {
                high: queue_url("STEP_QUEUE_HIGH_URL")?,
                normal: queue_url("STEP_QUEUE_NORMAL_URL")?,
                low: queue_url("STEP_QUEUE_LOW_URL")?,
            },
            step_dead_letters_url: match queue_url("STEP_DEAD_LETTERS_URL") {
                Err(Error::NotSet { .. }) => None,
                url => Some(url?),
            },
        })
    }
}

impl Config {
    /// The stage, as `infra/storage.yaml` puts it into the name of the table; the whole name if that is another one.
    #[must_use]
    pub fn stage(&self) -> &str {
        self.table_name.strip_prefix("systole-").unwrap_or(&self.table_name)
    }
}

const TABLE_NAME_FORM: &str = "3 to 255 letters, digits, `_`, `.` or `-` (example: `systole-dev`)";
const BUCKET_NAME_FORM: &str = "3 to 63 small letters, digits, `.` or `-` (example: `systole-123456789012-dev`)";

fn check(
    name: &'static str,
    value: String,
    expected: &'static str,
    is_right: fn(&str) -> bool,
) -> Result<String, Error> {
    if is_right(&value) { Ok(value) } else { Err(Error::Malformed { name, value, expected }) }
}

fn is_table_name(value: &str) -> bool {
    (3..=255).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

fn is_bucket_name(value: &str) -> bool {
    (3..=63).contains(&value.len())
        && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b))
}

fn is_url(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    let Some((host, path)) = rest.split_once('/') else { return false };
    matches!(scheme, "https" | "http") && !host.is_empty() && !path.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VARIABLES: [(&str, &str); 6] = [
        ("TABLE_NAME", "systole-dev"),
        ("BUCKET_NAME", "systole-000000000000-dev"),
        ("STEP_QUEUE_HIGH_URL", "http://127.0.0.1:4566/queue/eu-central-1/000000000000/high"),
        ("STEP_QUEUE_NORMAL_URL", "https://sqs.eu-central-1.amazonaws.com/000000000000/normal"),
        ("STEP_QUEUE_LOW_URL", "https://sqs.eu-central-1.amazonaws.com/000000000000/low"),
        ("STEP_DEAD_LETTERS_URL", "https://sqs.eu-central-1.amazonaws.com/000000000000/dead"),
    ];

    /// The configuration if one variable says something else.
    fn with(name: &str, value: Option<&str>) -> Result<Config, Error> {
        Config::from_lookup(|asked| {
            let usual = VARIABLES.iter().find(|(known, _)| *known == asked).map(|(_, value)| *value);
            if asked == name { value } else { usual }.map(str::to_owned)
        })
    }

    #[test]
    fn every_variable_lands_in_its_field() {
        let config = with("", None).unwrap();
        assert_eq!(config.table_name, "systole-dev");
        assert_eq!(config.bucket_name, "systole-000000000000-dev");
        assert!(config.step_queue_urls.high.ends_with("/high"));
        assert!(config.step_queue_urls.normal.ends_with("/normal"));
        assert!(config.step_queue_urls.low.ends_with("/low"));
        assert!(config.step_dead_letters_url.unwrap().ends_with("/dead"));
    }

    #[test]
    fn the_stage_is_a_part_of_the_table_name() {
        assert_eq!(with("", None).unwrap().stage(), "dev");
        assert_eq!(with("TABLE_NAME", Some("ours")).unwrap().stage(), "ours");
    }

    #[test]
    fn a_missing_or_empty_variable_is_named() {
        for (name, _) in &VARIABLES[..5] {
            for value in [None, Some("")] {
                assert_eq!(with(name, value).unwrap_err().to_string(), format!("{name} is not set"));
            }
        }
    }

    #[test]
    fn the_dead_letters_may_be_missing() {
        assert_eq!(with("STEP_DEAD_LETTERS_URL", None).unwrap().step_dead_letters_url, None);
    }

    #[test]
    fn a_malformed_variable_is_named_with_its_value() {
        for (name, value) in [
            ("TABLE_NAME", "systole dev"),
            ("TABLE_NAME", "no"),
            ("BUCKET_NAME", "Systole"),
            ("STEP_QUEUE_LOW_URL", "systole-dev-steps-low"),
            ("STEP_QUEUE_LOW_URL", "https://"),
            ("STEP_QUEUE_LOW_URL", "https://host"),
            ("STEP_DEAD_LETTERS_URL", "arn:aws:sqs:eu-central-1:000000000000:dead"),
        ] {
            let message = with(name, Some(value)).unwrap_err().to_string();
            assert!(message.starts_with(&format!("{name} is `{value}`; expected ")), "{message}");
        }
    }
}
