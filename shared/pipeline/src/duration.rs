//! Durations in words, as definitions and people write them: `2 hours`, `1 hour 30 minutes`, `90 seconds`.

use std::time::Duration;

/// Longest duration that is accepted; anything longer is a slip of the pen.
pub const LIMIT: Duration = Duration::from_secs(366 * 86_400);

/// Why something is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text has another form.
    #[error("`{found}` is not a duration (example: `2 hours`)")]
    Form {
        /// The text, shortened.
        found: String,
    },
    /// The text says nothing at all, or more than [`LIMIT`].
    #[error("`{found}` is out of range (more than zero, at most 366 days)")]
    OutOfRange {
        /// The text, shortened.
        found: String,
    },
    /// A stored number is more than [`LIMIT`].
    #[error("{seconds} s are out of range (at most {} s, 366 days)", LIMIT.as_secs())]
    TooManySeconds {
        /// The number.
        seconds: u64,
    },
}

const UNITS: [(&str, u64); 5] = [("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];

/// Reads a duration in words: whole numbers, each followed by `seconds`, `minutes`, `hours`, `days` or `weeks` (the
/// plural `s` is optional), largest or smallest first.
///
/// # Errors
/// The text has another form, or is out of range.
pub fn parse(text: &str) -> Result<Duration, Error> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let Some(seconds) = sum_of(&words) else { return Err(Error::Form { found: shortened(text) }) };
    let duration = Duration::from_secs(seconds);
    if duration.is_zero() || duration > LIMIT {
        return Err(Error::OutOfRange { found: shortened(text) });
    }
    Ok(duration)
}

/// The seconds of numbers with their units; `None` if the words have another form.
fn sum_of(words: &[&str]) -> Option<u64> {
    if words.is_empty() || !words.len().is_multiple_of(2) || words.len() > 2 * UNITS.len() {
        return None;
    }
    let mut total = 0_u64;
    for pair in words.chunks(2) {
        let count: u64 = pair[0].parse().ok()?;
        let unit = pair[1].strip_suffix('s').unwrap_or(pair[1]);
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        // A number so large that it cannot be counted is a slip of the pen as well.
        total = total.checked_add(count.checked_mul(*seconds)?)?;
    }
    Some(total)
}

/// The duration of so many seconds as it is stored. What is longer than any that was read could not be added to a time.
pub(crate) fn of_seconds(seconds: u64) -> Result<Duration, Error> {
    let duration = Duration::from_secs(seconds);
    if duration > LIMIT {
        return Err(Error::TooManySeconds { seconds });
    }
    Ok(duration)
}

/// Writes a duration in words that [`parse`] reads back, in the largest units that fit.
#[must_use]
pub fn in_words(duration: Duration) -> String {
    let mut rest = duration.as_secs();
    let mut words = Vec::new();
    for (unit, seconds) in UNITS {
        let count = rest / seconds;
        rest %= seconds;
        if count > 0 {
            words.push(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
        }
    }
    if words.is_empty() { "0 seconds".to_owned() } else { words.join(" ") }
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Serde form of an optional duration: whole seconds.
pub(crate) mod seconds {
    use std::time::Duration;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde's `with` hands a reference to the field")]
    pub(crate) fn serialize<S: Serializer>(value: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(|duration| duration.as_secs()).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        let seconds = Option::<u64>::deserialize(deserializer)?;
        seconds.map(super::of_seconds).transpose().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_written_back() {
        for (text, seconds) in
            [("2 hours", 7_200), ("1 hour 30 minutes", 5_400), ("90 seconds", 90), ("3 weeks", 1_814_400)]
        {
            let duration = parse(text).unwrap();
            assert_eq!(duration.as_secs(), seconds);
            assert_eq!(parse(&in_words(duration)).unwrap(), duration);
        }
    }

    #[test]
    fn a_stored_duration_can_be_added_to_a_time() {
        assert_eq!(of_seconds(60), Ok(Duration::from_secs(60)));
        insta::assert_snapshot!(of_seconds(u64::MAX).unwrap_err(), @"18446744073709551615 s are out of range (at most 31622400 s, 366 days)");
        let recurring = r#"{"type":"recurring","limit":5,"wait":18446744073709551615}"#;
        assert!(serde_json::from_str::<crate::condition::StepCondition>(recurring).is_err());
        let fitting = recurring.replace("18446744073709551615", "60");
        assert!(serde_json::from_str::<crate::condition::StepCondition>(&fitting).is_ok());
    }

    #[test]
    fn other_words_are_refused_with_an_example() {
        for text in ["", "2", "2 hourz", "two hours", "-1 hours", "2 hours 3", "99999999999999999999 days"] {
            assert!(parse(text).unwrap_err().to_string().contains("`2 hours`"), "{text}");
        }
        insta::assert_snapshot!(parse("2 hourz").unwrap_err(), @"`2 hourz` is not a duration (example: `2 hours`)");
        insta::assert_snapshot!(parse("0 hours").unwrap_err(), @"`0 hours` is out of range (more than zero, at most 366 days)");
    }
}
