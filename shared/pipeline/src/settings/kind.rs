//! What the values of settings look like.

use serde::Serialize;

use super::shortened;
use crate::duration;
use crate::schedule::{self, Cron};

/// What the values of a setting look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingKind {
    /// `true` or `false`.
    Flag,
    /// A duration in words, such as `3 weeks`.
    Duration,
    /// A duration in words, or `never`.
    DurationOrNever,
    /// A cron expression of five fields.
    Cron,
    /// A cron expression of five fields, or `never`.
    CronOrNever,
    /// An IANA time zone.
    TimeZone,
    /// A number from 0 on, or `any`.
    CountOrAny,
    /// One of some words.
    Choice(&'static [&'static str]),
    /// A text of which whoever declares the setting says what it must look like.
    Text(&'static TextForm),
}

/// What texts must look like.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct TextForm {
    /// In words, with an example.
    pub words: &'static str,
    /// Reads a text into the form in which it is stored, or says what is wrong with it.
    #[serde(skip)]
    pub read: fn(&str) -> Result<String, String>,
}

// Functions cannot be compared; the words say what they do.
impl PartialEq for TextForm {
    fn eq(&self, other: &Self) -> bool {
        self.words == other.words
    }
}

impl Eq for TextForm {}

/// Why a text is no value of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadValue {
    /// It is no flag.
    #[error("`{found}` is neither `true` nor `false`")]
    Flag {
        /// The text, shortened.
        found: String,
    },
    /// It is no duration.
    #[error(transparent)]
    Duration(#[from] duration::Error),
    /// It is no cron expression, or no time zone.
    #[error(transparent)]
    Cron(#[from] schedule::Error),
    /// It is no count.
    #[error("`{found}` is neither a number from 0 on nor `any`")]
    Count {
        /// The text, shortened.
        found: String,
    },
    /// It is none of the words there are.
    #[error("`{found}` is not one of {}", words.join(", "))]
    Choice {
        /// The text, shortened.
        found: String,
        /// The words.
        words: &'static [&'static str],
    },
    /// It does not look as its [`TextForm`] wants.
    #[error("{problem}")]
    Text {
        /// What is wrong with it, and what was expected.
        problem: String,
    },
}

impl SettingKind {
    /// Whether its values are cron expressions.
    #[must_use]
    pub fn is_cron(self) -> bool {
        matches!(self, SettingKind::Cron | SettingKind::CronOrNever)
    }

    pub(super) fn canonical(self, value: &str) -> Result<String, BadValue> {
        let value = value.trim();
        match self {
            SettingKind::Flag => match value {
                "true" | "on" | "yes" | "1" => Ok("true".to_owned()),
                "false" | "off" | "no" | "0" => Ok("false".to_owned()),
                _ => Err(BadValue::Flag { found: shortened(value) }),
            },
            SettingKind::DurationOrNever | SettingKind::CronOrNever if value == "never" => Ok("never".to_owned()),
            SettingKind::Duration | SettingKind::DurationOrNever => Ok(duration::in_words(duration::parse(value)?)),
            SettingKind::Cron | SettingKind::CronOrNever => {
                Cron::parse(value, None)?;
                Ok(value.to_owned())
            }
            SettingKind::TimeZone => {
                Cron::parse("* * * * *", Some(value))?;
                Ok(value.to_owned())
            }
            SettingKind::CountOrAny if value == "any" => Ok("any".to_owned()),
            SettingKind::CountOrAny => match value.parse::<u64>() {
                Ok(count) => Ok(count.to_string()),
                Err(_) => Err(BadValue::Count { found: shortened(value) }),
            },
            SettingKind::Choice(words) if words.contains(&value) => Ok(value.to_owned()),
            SettingKind::Choice(words) => Err(BadValue::Choice { found: shortened(value), words }),
            SettingKind::Text(form) => (form.read)(value).map_err(|problem| BadValue::Text { problem }),
        }
    }
}
