//! Fields of a document, read with their kinds, and what is wrong with them.
//!
//! All fields are read before anything is refused, so that who repairs a document sees all of it at once.

use std::cell::RefCell;
use std::fmt;

use chrono::{DateTime, NaiveDateTime, Utc};
use rust_decimal::Decimal;

use crate::exact::ExactJson;

/// Problems that are told of one document; what is wrong in the same way a thousand times is not told a thousand times.
const MOST_TOLD: usize = 20;

/// What is expected of a number.
const NUMBER: &str = "a number below a million million";

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// Where it is, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What was found and what is expected, as the end of a sentence that begins with the pointer.
    pub problem: String,
}

/// What is wrong with a document, in the order in which it was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldProblems {
    /// The first of them.
    pub told: Vec<FieldProblem>,
    /// How many more there are.
    pub more: usize,
}

/// Where the fields of a document note what is wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Notes(RefCell<FieldProblems>);

/// An object of a document while its fields are read.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    json: &'a ExactJson,
    pointer: String,
    notes: &'a Notes,
}

impl Notes {
    /// Returns what was noted.
    pub(crate) fn into_problems(self) -> FieldProblems {
        self.0.into_inner()
    }

    fn note(&self, pointer: String, problem: String) {
        let mut problems = self.0.borrow_mut();
        if problems.told.len() < MOST_TOLD {
            problems.told.push(FieldProblem { pointer, problem });
        } else {
            problems.more += 1;
        }
    }
}

impl<'a> Fields<'a> {
    /// Begins with a document; one that is no object has no fields.
    pub(crate) fn of(json: &'a ExactJson, notes: &'a Notes) -> Option<Self> {
        let is_object = matches!(json, ExactJson::Object(_));
        if !is_object {
            notes.note("the document".to_owned(), format!("is {}; expected an object", json.kind()));
        }
        is_object.then(|| Self { json, pointer: String::new(), notes })
    }

    /// Notes that something is wrong with a field.
    pub(crate) fn note(&self, name: &str, problem: String) {
        self.notes.note(format!("{}/{name}", self.pointer), problem);
    }

    /// Returns a field that is there and not null.
    fn stated(&self, name: &str) -> Option<&'a ExactJson> {
        self.json.get(name).filter(|value| **value != ExactJson::Null)
    }

    /// Reads a field that may be missing; one of another kind is noted.
    fn optional<T>(&self, name: &str, expected: &str, read: impl Fn(&'a ExactJson) -> Option<T>) -> Option<T> {
        let value = self.stated(name)?;
        let found = read(value);
        if found.is_none() {
            let shown = match value {
                ExactJson::Number(_) | ExactJson::Bool(_) => format!("`{value}`"),
                ExactJson::Text(text) => format!("the text `{}`", beginning(text)),
                ExactJson::Null | ExactJson::List(_) | ExactJson::Object(_) => value.kind().to_owned(),
            };
            self.note(name, format!("is {shown}; expected {expected}"));
        }
        found
    }

    /// Notes that a field is missing, if nothing was found and nothing else is wrong with it.
    fn required<T>(&self, name: &str, expected: &str, found: Option<T>) -> Option<T> {
        if found.is_none() && self.stated(name).is_none() {
            self.note(name, format!("is missing; expected {expected}"));
        }
        found
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.optional(name, "a text", ExactJson::as_text)
    }

    /// Reads a text that must be there and hold something.
    pub(crate) fn needed_text(&self, name: &str) -> Option<&'a str> {
        let text = self.required(name, "a text", self.text(name))?;
        if text.trim().is_empty() {
            self.note(name, "is empty; expected a text".to_owned());
            return None;
        }
        Some(text)
    }

    pub(crate) fn whole(&self, name: &str) -> Option<u64> {
        self.optional(name, "a whole number, 0 or more", |value| value.as_written_number()?.parse::<u64>().ok())
    }

    pub(crate) fn needed_whole(&self, name: &str) -> Option<u64> {
        self.required(name, "a whole number, 0 or more", self.whole(name))
    }

    pub(crate) fn decimal(&self, name: &str) -> Option<Decimal> {
        self.optional(name, NUMBER, ExactJson::as_decimal)
    }

    pub(crate) fn needed_decimal(&self, name: &str) -> Option<Decimal> {
        self.required(name, NUMBER, self.decimal(name))
    }

    /// Reads an amount; one that is not there is 0, as a shop leaves out what nobody has paid yet.
    pub(crate) fn amount(&self, name: &str) -> Decimal {
        self.decimal(name).unwrap_or_default()
    }

    /// Reads a flag: a shop writes 0 and 1, others truth values.
    pub(crate) fn flag(&self, name: &str) -> bool {
        let flag = self.optional(name, "0, 1, true or false", |value| match value {
            ExactJson::Bool(flag) => Some(*flag),
            ExactJson::Number(written) if matches!(&**written, "0" | "1") => Some(&**written == "1"),
            ExactJson::Number(_) | ExactJson::Null | ExactJson::Text(_) | ExactJson::List(_) | ExactJson::Object(_) => {
                None
            }
        });
        flag.unwrap_or_default()
    }

    /// Reads a time that must be there: `2027-02-03 09:15:00` in UTC, as a shop writes it, or RFC 3339 with its offset.
    pub(crate) fn needed_time(&self, name: &str) -> Option<DateTime<Utc>> {
        let expected = "a time in UTC such as `2027-02-03 09:15:00`";
        let time = self.optional(name, expected, |value| time(value.as_text()?));
        self.required(name, expected, time)
    }

    pub(crate) fn object(&self, name: &str) -> Option<Fields<'a>> {
        let json = self.optional(name, "an object", |value| value.is_object().then_some(value))?;
        Some(Fields { json, pointer: format!("{}/{name}", self.pointer), notes: self.notes })
    }

    /// Reads a list of objects; a missing one is empty.
    pub(crate) fn objects(&self, name: &str) -> Vec<Fields<'a>> {
        let list = self.optional(name, "a list", ExactJson::as_list);
        let mut objects = Vec::new();
        for (index, json) in list.into_iter().flatten().enumerate() {
            let pointer = format!("{}/{name}/{index}", self.pointer);
            if json.is_object() {
                objects.push(Fields { json, pointer, notes: self.notes });
            } else {
                self.notes.note(pointer, format!("is {}; expected an object", json.kind()));
            }
        }
        objects
    }

    /// Reads a list of texts; a missing one is empty, and what is no text is noted.
    pub(crate) fn texts(&self, name: &str) -> Vec<&'a str> {
        let texts = self.optional(name, "a list of texts", |value| {
            value.as_list()?.iter().map(ExactJson::as_text).collect::<Option<Vec<&str>>>()
        });
        texts.unwrap_or_default()
    }
}

/// The beginning of a text, for a message in one line.
fn beginning(text: &str) -> String {
    const SHOWN: usize = 40;
    let shown: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(SHOWN).is_some() { format!("{shown}…") } else { shown }
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    let in_utc = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").map(|time| time.and_utc());
    in_utc.or_else(|_| DateTime::parse_from_rfc3339(text).map(|time| time.to_utc())).ok()
}

impl fmt::Display for FieldProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.told.iter().enumerate() {
            let between = if index > 0 { "; " } else { "" };
            let FieldProblem { pointer, problem } = problem;
            write!(f, "{between}`{pointer}` {problem}")?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}
