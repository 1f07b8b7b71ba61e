//! Items to domain types and back. A field that cannot be read is an error that names item, field and value.

use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use pipeline::step::StepRecord;
use pipeline::{StepDefinition, StepStatus, Token};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::table::{Attributes, Item};

/// The schema of the items that this version writes. A newer one is refused, never guessed at.
pub(crate) const SCHEMA: u64 = 1;

/// The latest year of a stored time.
pub(crate) const LATEST_YEAR: i32 = 9999;

/// Set on a pipeline that the clean-up deletes: it is gone for everybody else.
pub(crate) const DELETING: &str = "deleting_at";

/// A stored field that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("field `{field}` of item `{item}` is {found}; expected {expected}")]
pub struct Malformed {
    item: String,
    field: String,
    found: String,
    expected: String,
}

/// Reads the fields of one item. A field that is not there is none; one that cannot be read is an error that names it.
pub struct Fields<'a> {
    item: &'a Item,
}

impl<'a> Fields<'a> {
    /// Begins to read an item.
    ///
    /// # Errors
    /// It was written by a newer version.
    pub fn of(item: &'a Item) -> Result<Self> {
        let fields = Fields { item };
        let schema = fields.number("schema")?.unwrap_or(SCHEMA);
        if schema > SCHEMA {
            return Err(fields.malformed("schema", &format!("at most {SCHEMA}; a newer Systole wrote it")));
        }
        Ok(fields)
    }

    /// A text.
    ///
    /// # Errors
    /// The field holds something else.
    pub fn text(&self, field: &str) -> Result<Option<&'a str>> {
        match self.item.attributes.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.malformed(field, "a text")),
        }
    }

    /// A number.
    ///
    /// # Errors
    /// The field holds something else.
    pub fn number(&self, field: &str) -> Result<Option<u64>> {
        match self.item.attributes.get(field) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.malformed(field, "a number")),
            },
        }
    }

    /// A number that can still be counted on; 0 if it is not there.
    fn count(&self, field: &str) -> Result<u32> {
        match u32::try_from(self.number(field)?.unwrap_or(0)) {
            Ok(count) if count < u32::MAX => Ok(count),
            _ => Err(self.malformed(field, "a small number")),
        }
    }

    /// A text to keep.
    fn own_text(&self, field: &str) -> Result<Option<String>> {
        Ok(self.text(field)?.map(str::to_owned))
    }

    /// A flag; false if it is not there.
    ///
    /// # Errors
    /// The field holds something else.
    pub fn flag(&self, field: &str) -> Result<bool> {
        match self.item.attributes.get(field) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.malformed(field, "true or false")),
        }
    }

    /// A time.
    ///
    /// # Errors
    /// The field holds something else.
    pub fn time(&self, field: &str) -> Result<Option<DateTime<Utc>>> {
        let expected = "a time as in `2026-08-01T12:00:00.000Z`";
        let time = match self.text(field)?.and_then(own_time) {
            Some(time) => Some(time),
            None => self.parsed::<DateTime<Utc>>(field, expected)?,
        };
        match time {
            // A time that we wrote has a year of four digits; with others, sums of times could leave what a time can be.
            Some(time) if !(0..=LATEST_YEAR).contains(&time.year()) => Err(self.malformed(field, expected)),
            time => Ok(time),
        }
    }

    /// A text that stands for something; `expected` says for what.
    ///
    /// # Errors
    /// The field holds something else.
    pub fn parsed<T: FromStr>(&self, field: &str, expected: &str) -> Result<Option<T>> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        match text.parse() {
            Ok(parsed) => Ok(Some(parsed)),
            Err(_) => Err(self.malformed(field, expected)),
        }
    }

    /// A value of any shape; `expected` says which.
    ///
    /// # Errors
    /// The field holds something else.
    pub fn json<T: DeserializeOwned>(&self, field: &str, expected: &str) -> Result<Option<T>> {
        let Some(value) = self.item.attributes.get(field) else { return Ok(None) };
        match T::deserialize(value) {
            Ok(read) => Ok(Some(read)),
            Err(_) => Err(self.malformed(field, expected)),
        }
    }

    /// What was read of a field that every such item has.
    ///
    /// # Errors
    /// It is not there.
    pub fn required<T>(&self, field: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.malformed(field, "a value"))
    }

    fn malformed(&self, field: &str, expected: &str) -> Error {
        let found = match self.item.attributes.get(field) {
            // A log or a checkpoint may be long, and the message goes into logs itself.
            Some(value) => format!("`{}`", value.to_string().chars().take(80).collect::<String>()),
            None => "missing".to_owned(),
        };
        let source = Malformed {
            item: self.item.key.to_string(),
            field: field.to_owned(),
            found,
            expected: expected.to_owned(),
        };
        Error::permanent("read a stored item", source)
    }
}

/// Reads a time as [`time`] writes it. Every item of a step has four of them, and reading any form that a time may have
/// takes as long as all the rest of the item.
fn own_time(text: &str) -> Option<DateTime<Utc>> {
    const FORM: &[u8; 24] = b"0000-00-00T00:00:00.000Z";
    let text: &[u8; 24] = text.as_bytes().try_into().ok()?;
    let fits = |(found, form): (&u8, &u8)| if *form == b'0' { found.is_ascii_digit() } else { found == form };
    if !text.iter().zip(FORM).all(fits) {
        return None;
    }
    let number = |digits: Range<usize>| text[digits].iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let date = NaiveDate::from_ymd_opt(number(0..4).cast_signed(), number(5..7), number(8..10))?;
    Some(date.and_hms_milli_opt(number(11..13), number(14..16), number(17..19), number(20..23))?.and_utc())
}

/// A time as items hold it: milliseconds, fixed width, so that text order is time order.
#[must_use]
pub fn time(at: DateTime<Utc>) -> Value {
    Value::String(at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// Collects attributes, leaving out empty ones.
#[must_use]
pub fn attributes<const N: usize>(fields: [(&str, Value); N]) -> Attributes {
    fields.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Collects attributes for a patch: an empty one is removed from the item.
pub(crate) fn patch<const N: usize>(fields: [(&str, Value); N]) -> Attributes {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Whether an item says what a write would make it say: then the write was ours, and the reply to it got lost.
///
/// Every write that asks this carries a token or a moment that nobody else writes.
pub(crate) fn is_written(item: &Item, attributes: &Attributes) -> bool {
    attributes.iter().all(|(name, value)| item.attributes.get(name).unwrap_or(&Value::Null) == value)
}

/// What the item of a step says.
pub(crate) struct StoredStep {
    /// What has become of the step; the version is that of the item.
    record: StepRecord,
    /// What the step should do, if it was added.
    pub(crate) definition: Option<Arc<StepDefinition>>,
}

/// Reads the item of a step.
pub(crate) fn step(item: &Item) -> Result<Arc<StoredStep>> {
    item.attributes.meaning(|| {
        let definition = Fields::of(item)?.json("definition", "a step definition")?;
        Ok(StoredStep { record: read_record(item)?, definition })
    })
}

/// Reads what has become of a step from its item.
pub(crate) fn step_record(item: &Item) -> Result<StepRecord> {
    Ok(StepRecord { version: item.version, ..step(item)?.record.clone() })
}

fn read_record(item: &Item) -> Result<StepRecord> {
    let fields = Fields::of(item)?;
    let status: Option<StepStatus> = fields.parsed("status", "a step status")?;
    Ok(StepRecord {
        status: fields.required("status", status)?,
        attempt: fields.count("attempt")?,
        run: fields.count("run")?,
        attempts_before: fields.count("attempts_before")?,
        reruns_seen: fields.count("reruns_seen")?,
        continuations: fields.count("continuations")?,
        interruptions: fields.count("interruptions")?,
        token: fields.own_text("token")?.map(Token),
        owner: fields.own_text("owner")?,
        enqueued_at: fields.time("enqueued_at")?,
        sent_at: fields.time("sent_at")?.or(fields.time("enqueued_at")?),
        wakes_at: fields.time("wakes_at")?,
        resends: fields.count("resends")?,
        started_at: fields.time("started_at")?,
        lease_until: fields.time("lease_until")?,
        finished_at: fields.time("finished_at")?,
        message: fields.own_text("message")?,
        is_warning: fields.flag("is_warning")?,
        is_permanent: fields.flag("is_permanent")?,
        is_rerun: fields.flag("is_forced")?,
        checkpoint: item.attributes.get("checkpoint").cloned(),
        output: item.attributes.get("output").cloned(),
        added: fields.json("added", "a list of added steps")?.unwrap_or_default(),
        adding: fields.json("adding", "a list of added steps")?.unwrap_or_default(),
        progress: fields.own_text("progress")?,
        log: fields.own_text("log")?.unwrap_or_default(),
        version: item.version,
    })
}

/// An optional text as a value; empty if there is none.
#[must_use]
pub fn optional(text: Option<&str>) -> Value {
    match text {
        Some(text) => json!(text),
        None => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_is_written() {
        for millis in [0, 1, 951_782_399_999, 951_868_799_999, 1_700_000_000_123, 253_402_300_799_999] {
            let at = DateTime::from_timestamp_millis(millis).unwrap();
            assert_eq!(own_time(time(at).as_str().unwrap()), Some(at));
        }
    }

    #[test]
    fn other_forms_of_a_time_are_left_to_the_general_reader() {
        for text in [
            "2026-08-01T12:00:00Z",
            "2026-08-01T12:00:00.000+00:00",
            "2026-08-01t12:00:00.000Z",
            "2026-08-01T12:00:60.000Z",
            "2026-02-30T12:00:00.000Z",
            "2026-08-01T12:00:00.0000Z",
            "+026-08-01T12:00:00.000Z",
            "",
        ] {
            assert_eq!(own_time(text), None, "{text}");
        }
    }
}
