//! What values look like, and how they are read.

use std::fmt;
use std::time;

use chrono::{DateTime, Utc};

use super::{ArgumentKind, BadArgument, ValueForm};
use crate::duration;
use crate::id;
use crate::words;
use crate::xml::grammar::{boolean, trimmed};
use crate::xml::{quoted, suggest};

/// Any text.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// A text that could stand there.
    pub example: &'static str,
}

/// `true` or `false`.
#[derive(Debug, Clone, Copy)]
pub struct Flag;

/// A whole number within a range.
#[derive(Debug, Clone, Copy)]
pub struct WholeNumber {
    /// The least.
    pub from: u64,
    /// The greatest; [`WholeNumber::UNLIMITED`] where there is no limit worth a word.
    pub to: u64,
    /// What it counts: `seconds`, `attempts`.
    pub unit: &'static str,
}

/// A duration in words, such as `2 hours`.
#[derive(Debug, Clone, Copy)]
pub struct DurationInWords;

/// A time with its offset from UTC.
#[derive(Debug, Clone, Copy)]
pub struct PointInTime;

/// One of some words.
#[derive(Debug, Clone, Copy)]
pub struct OneOf(pub &'static [&'static str]);

/// The name of a pipeline.
#[derive(Debug, Clone, Copy)]
pub struct PipelineName;

/// Names of things, such as `website codes`, with commas or spaces between.
#[derive(Debug, Clone, Copy)]
pub struct NameList(pub &'static str);

/// Names of pipelines or of steps, with commas or spaces between.
#[derive(Debug, Clone, Copy)]
pub struct NamesOf(pub Elsewhere);

/// What an argument may name that any of the definitions can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    /// Pipelines.
    Pipelines,
    /// Steps, of whichever pipeline.
    Steps,
}

/// The name of a step of the same pipeline that runs before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarlierStep {
    /// Without such a step the work cannot be done, whether it is named or stands as the default.
    Needed,
    /// A step that is named must be there; the default need not.
    IfThere,
}

/// What a function reads.
pub struct Parsed<T> {
    /// What it is, with its article: `a URL`.
    pub kind: &'static str,
    /// A text that is read.
    pub example: &'static str,
    /// Reads it.
    pub read: fn(&str) -> Result<T, BadArgument>,
}

/// Why a text is no whole number within its range.
#[derive(Debug, thiserror::Error)]
#[error("{} is not a {}", quoted(found), form.in_words())]
struct BadNumber {
    found: String,
    form: ValueForm,
}

/// Why a text is none of some words.
#[derive(Debug, thiserror::Error)]
#[error("{} is none of the words that are possible{}", quoted(found), suggest::expected(found, words.iter().copied()))]
struct NoneOf {
    found: String,
    words: &'static [&'static str],
}

/// Why a text is no time.
#[derive(Debug, thiserror::Error)]
#[error("{} is not a time with its offset (example: `{TIME}`)", quoted(found))]
struct BadTime {
    found: String,
}

const TIME: &str = "2026-08-01T18:00:00Z";

impl ArgumentKind for Text {
    type Value = String;

    fn read(&self, text: &str) -> Result<String, BadArgument> {
        Ok(text.to_owned())
    }

    fn form(&self) -> ValueForm {
        ValueForm { example: self.example, ..ValueForm::of("text") }
    }
}

impl ArgumentKind for Flag {
    type Value = bool;

    fn read(&self, text: &str) -> Result<bool, BadArgument> {
        Ok(boolean(text)?)
    }

    fn form(&self) -> ValueForm {
        ValueForm { words: &["true", "false"], example: "true", ..ValueForm::of("flag") }
    }
}

impl WholeNumber {
    /// As much as items store.
    pub const UNLIMITED: u64 = u32::MAX as u64;
}

impl ArgumentKind for WholeNumber {
    type Value = u64;

    fn read(&self, text: &str) -> Result<u64, BadArgument> {
        let number = trimmed(text).parse().ok().filter(|number| (self.from..=self.to).contains(number));
        Ok(number.ok_or_else(|| BadNumber { found: text.to_owned(), form: self.form() })?)
    }

    fn form(&self) -> ValueForm {
        let to = Some(self.to).filter(|to| *to < WholeNumber::UNLIMITED);
        ValueForm { from: Some(self.from), to, unit: Some(self.unit), example: "3", ..ValueForm::of("whole number") }
    }
}

impl ArgumentKind for DurationInWords {
    type Value = time::Duration;

    fn read(&self, text: &str) -> Result<time::Duration, BadArgument> {
        Ok(duration::parse(text)?)
    }

    fn form(&self) -> ValueForm {
        ValueForm { example: "2 hours", ..ValueForm::of("duration in words") }
    }
}

impl ArgumentKind for PointInTime {
    type Value = DateTime<Utc>;

    fn read(&self, text: &str) -> Result<DateTime<Utc>, BadArgument> {
        Ok(trimmed(text).parse().map_err(|_| BadTime { found: text.to_owned() })?)
    }

    fn form(&self) -> ValueForm {
        ValueForm { example: TIME, ..ValueForm::of("time with its offset") }
    }
}

impl ArgumentKind for OneOf {
    type Value = &'static str;

    fn read(&self, text: &str) -> Result<&'static str, BadArgument> {
        let word = self.0.iter().copied().find(|word| *word == trimmed(text));
        Ok(word.ok_or_else(|| NoneOf { found: text.to_owned(), words: self.0 })?)
    }

    fn form(&self) -> ValueForm {
        ValueForm { words: self.0, example: self.0.first().copied().unwrap_or_default(), ..ValueForm::of("word") }
    }
}

impl ArgumentKind for PipelineName {
    type Value = id::Name;

    fn read(&self, text: &str) -> Result<id::Name, BadArgument> {
        Ok(text.parse::<id::Name>()?)
    }

    fn form(&self) -> ValueForm {
        ValueForm { of: Some("a pipeline"), example: "nightly_check", ..ValueForm::of("name") }
    }

    fn names_elsewhere(&self) -> Option<Elsewhere> {
        Some(Elsewhere::Pipelines)
    }
}

impl ArgumentKind for NamesOf {
    type Value = Vec<id::Name>;

    fn read(&self, text: &str) -> Result<Vec<id::Name>, BadArgument> {
        NameList("").read(text)
    }

    fn form(&self) -> ValueForm {
        NameList(match self.0 {
            Elsewhere::Pipelines => "pipeline names",
            Elsewhere::Steps => "step names",
        })
        .form()
    }

    fn names_elsewhere(&self) -> Option<Elsewhere> {
        Some(self.0)
    }
}

impl ArgumentKind for NameList {
    type Value = Vec<id::Name>;

    fn read(&self, text: &str) -> Result<Vec<id::Name>, BadArgument> {
        Ok(words::words(text, str::parse::<id::Name>)?)
    }

    fn form(&self) -> ValueForm {
        ValueForm { of: Some(self.0), example: "first, second", ..ValueForm::of("list") }
    }
}

impl ArgumentKind for EarlierStep {
    type Value = id::Name;

    fn read(&self, text: &str) -> Result<id::Name, BadArgument> {
        Ok(text.parse::<id::Name>()?)
    }

    fn form(&self) -> ValueForm {
        ValueForm { of: Some("an earlier step of the pipeline"), example: "validate", ..ValueForm::of("name") }
    }

    fn earlier_step(&self) -> Option<EarlierStep> {
        Some(*self)
    }
}

// Not derived, which would ask the same of what is read.
impl<T> fmt::Debug for Parsed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Parsed").field(&self.kind).finish()
    }
}

impl<T: 'static> ArgumentKind for Parsed<T> {
    type Value = T;

    fn read(&self, text: &str) -> Result<T, BadArgument> {
        (self.read)(text)
    }

    fn form(&self) -> ValueForm {
        ValueForm { example: self.example, ..ValueForm::of(self.kind) }
    }
}
