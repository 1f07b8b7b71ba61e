//! What people are told of arguments.

use serde::Serialize;

use super::{DeclaredArgument, Presence};

/// What the values of an argument look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ValueForm {
    /// The kind of value: `whole number`, `flag`.
    pub kind: &'static str,
    /// What a name names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<&'static str>,
    /// The only values there are; empty if there are too many to list.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub words: &'static [&'static str],
    /// The least number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// The greatest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// What a number counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
    /// A value that is accepted.
    pub example: &'static str,
}

/// All that people are told of an argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArgumentDescription {
    /// Its key.
    pub name: &'static str,
    /// What its values look like.
    #[serde(flatten)]
    pub form: ValueForm,
    /// Whether a definition must have it.
    pub is_required: bool,
    /// Whether the pipeline may hand it on instead.
    pub is_handed_on: bool,
    /// The value that holds without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<&'static str>,
    /// Of these exactly one must be there.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub one_of: &'static [&'static str],
    /// Of these at most one can be there.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub at_most_one_of: &'static [&'static str],
    /// What it says.
    pub meaning: &'static str,
}

impl ValueForm {
    /// A form of which only the kind is known; whoever uses it gives an example.
    #[must_use]
    pub const fn of(kind: &'static str) -> Self {
        ValueForm { kind, of: None, words: &[], from: None, to: None, unit: None, example: "" }
    }

    /// The form in words with an example, without an article: ``whole number of seconds from 1 on (example: `3`)``.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut words = self.kind.to_owned();
        if let Some(of) = self.unit.or(self.of) {
            words += &format!(" of {of}");
        }
        match (self.from, self.to) {
            (Some(from), Some(to)) => words += &format!(" from {from} to {to}"),
            (Some(from), None) => words += &format!(" from {from} on"),
            (None, Some(to)) => words += &format!(" up to {to}"),
            (None, None) => {}
        }
        if self.words.is_empty() {
            return format!("{words} (example: `{}`)", self.example);
        }
        let listed: Vec<String> = self.words.iter().map(|word| format!("`{word}`")).collect();
        format!("{words}: {}", listed.join(", "))
    }
}

impl ArgumentDescription {
    /// The description of an argument.
    #[must_use]
    pub fn of(argument: &dyn DeclaredArgument) -> Self {
        let presence = argument.presence();
        let (one_of, at_most_one_of): (&[&str], &[&str]) = match presence {
            Presence::OneOf(group) => (group, &[]),
            Presence::AtMostOneOf(group) => (&[], group),
            Presence::Required | Presence::HandedOn | Presence::Optional | Presence::Default(_) => (&[], &[]),
        };
        ArgumentDescription {
            name: argument.name(),
            form: argument.form(),
            is_required: presence == Presence::Required,
            is_handed_on: presence == Presence::HandedOn,
            default: presence.default(),
            one_of,
            at_most_one_of,
            meaning: argument.meaning(),
        }
    }

    /// Whether it must be there, and what holds without it, in a few words.
    #[must_use]
    pub fn presence_in_words(&self) -> String {
        let listed = |group: &[&str]| group.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        match (self.is_required, self.is_handed_on, self.default) {
            (true, ..) => "required".to_owned(),
            (_, true, _) => "required; the pipeline can hand it on".to_owned(),
            (_, _, Some(default)) => format!("`{default}` without it"),
            (false, false, None) if !self.one_of.is_empty() => format!("exactly one of {}", listed(self.one_of)),
            (false, false, None) if !self.at_most_one_of.is_empty() => {
                format!("at most one of {}", listed(self.at_most_one_of))
            }
            (false, false, None) => "can be left out".to_owned(),
        }
    }
}
