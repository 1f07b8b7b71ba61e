//! Dates in a form that somebody wrote down, in the letters that PHP and the original use: `d.m.Y`, `n/d/y, g:i A`.
//!
//! Such dates are read exactly: what is written in another form is no date.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use serde::{Deserialize, Serialize};

/// Most characters of a format.
const MAX_CHARS: usize = 64;

/// A form of dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DateFormat {
    text: String,
    parts: Vec<Part>,
}

/// Why a text is no format of dates; reads as the end of a sentence that starts with the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateFormatError {
    /// A letter that is not known.
    #[error(
        "holds `{0}`, which stands for nothing here (known are `d` `j` `m` `n` `Y` `y` `H` `G` `h` `g` `i` `s` `A` `a`; a letter \
         that stands for itself has a backslash before it)"
    )]
    Letter(char),
    /// The same part of a date twice.
    #[error("names the {0} twice")]
    Twice(&'static str),
    /// A part without which there is no date, or no time.
    #[error("names no {0}")]
    Missing(&'static str),
    /// It is too long.
    #[error("is longer than {MAX_CHARS} characters")]
    Long,
}

/// A part of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Literal(char),
    Field(Field, Digits),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Year,
    /// Of two digits: 1969 to 2068, as everywhere.
    ShortYear,
    Month,
    Day,
    Hour,
    HourOfHalf,
    Minute,
    Second,
    Half,
}

/// How many digits are written. Zeros may be missing or added where something else than a digit is on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Digits {
    /// With zeros before it.
    Full,
    /// Without.
    Short,
    /// Letters: whether they are capitals.
    Letters(bool),
}

/// The parts of a date while it is read.
#[derive(Debug, Default)]
struct Fields {
    year: i32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    /// Whether the hour is one of the half of a day, and of which: true for PM.
    half: Option<bool>,
}

impl DateFormat {
    /// Reads a date; it comes without a zone, at midnight if the format has no time of day.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<NaiveDateTime> {
        // Newer systems write a narrow no-break space before AM and PM.
        let text = text.trim().replace(['\u{202f}', '\u{a0}'], " ");
        let mut rest = text.as_str();
        let mut fields = Fields::default();
        for (index, part) in self.parts.iter().enumerate() {
            rest = match part {
                Part::Literal(literal) => rest.strip_prefix(*literal)?,
                Part::Field(Field::Half, _) => {
                    let (half, behind) = rest.split_at_checked(2)?;
                    fields.half = match half.to_ascii_uppercase().as_str() {
                        "AM" => Some(false),
                        "PM" => Some(true),
                        _ => return None,
                    };
                    behind
                }
                Part::Field(field, _) => {
                    // Without anything between two numbers nobody could tell where the first one ends.
                    let is_number =
                        |part: Option<&Part>| matches!(part, Some(Part::Field(field, _)) if *field != Field::Half);
                    let before = index.checked_sub(1).and_then(|before| self.parts.get(before));
                    let is_beside_digits = is_number(before) || is_number(self.parts.get(index + 1));
                    let (number, behind) = digits(rest, field.width(is_beside_digits))?;
                    fields.set(*field, number)?;
                    behind
                }
            };
        }
        if rest.is_empty() { fields.date() } else { None }
    }

    /// Writes a date in this form.
    #[must_use]
    pub fn write(&self, date: NaiveDateTime) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push(*literal),
                Part::Field(Field::Half, digits) => {
                    let is_capital = *digits == Digits::Letters(true);
                    text.push_str(match (date.hour() < 12, is_capital) {
                        (true, true) => "AM",
                        (false, true) => "PM",
                        (true, false) => "am",
                        (false, false) => "pm",
                    });
                }
                Part::Field(field, digits) => {
                    let number = field.of(date);
                    text.push_str(&match (field, digits) {
                        (Field::Year, _) => format!("{number:04}"),
                        (_, Digits::Full) => format!("{number:02}"),
                        (_, Digits::Short | Digits::Letters(_)) => number.to_string(),
                    });
                }
            }
        }
        text
    }

    /// Returns the format as it was written down.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn check(&self) -> Result<(), DateFormatError> {
        let fields: Vec<Field> = self
            .parts
            .iter()
            .filter_map(|part| if let Part::Field(field, _) = part { Some(*field) } else { None })
            .collect();
        let count = |of: &[Field]| fields.iter().filter(|field| of.contains(field)).count();
        let kinds: [(&str, &[Field]); 7] = [
            ("year (`Y` or `y`)", &[Field::Year, Field::ShortYear]),
            ("month (`m` or `n`)", &[Field::Month]),
            ("day (`d` or `j`)", &[Field::Day]),
            ("hour", &[Field::Hour, Field::HourOfHalf]),
            ("minute", &[Field::Minute]),
            ("second", &[Field::Second]),
            ("half of the day (`A` or `a`)", &[Field::Half]),
        ];
        for (place, (name, of)) in kinds.into_iter().enumerate() {
            match count(of) {
                0 if place < 3 => return Err(DateFormatError::Missing(name)),
                0 | 1 => {}
                _ => return Err(DateFormatError::Twice(name)),
            }
        }
        if count(&[Field::HourOfHalf]) != count(&[Field::Half]) {
            let missing = if count(&[Field::Half]) == 0 { "half of the day (`A` or `a`)" } else { "hour (`g` or `h`)" };
            return Err(DateFormatError::Missing(missing));
        }
        if count(&[Field::Minute]) > count(&[Field::Hour, Field::HourOfHalf]) {
            return Err(DateFormatError::Missing("hour"));
        }
        Ok(())
    }
}

impl Field {
    /// The fewest and the most digits.
    fn width(self, is_beside_digits: bool) -> (usize, usize) {
        match self {
            Self::Year => (4, 4),
            Self::ShortYear | Self::Minute | Self::Second => (2, 2),
            Self::Month | Self::Day | Self::Hour | Self::HourOfHalf | Self::Half if is_beside_digits => (2, 2),
            Self::Month | Self::Day | Self::Hour | Self::HourOfHalf | Self::Half => (1, 2),
        }
    }

    fn of(self, date: NaiveDateTime) -> u32 {
        match self {
            Self::Year => date.year().unsigned_abs(),
            Self::ShortYear => date.year().rem_euclid(100).unsigned_abs(),
            Self::Month => date.month(),
            Self::Day => date.day(),
            Self::Hour => date.hour(),
            Self::HourOfHalf => date.hour12().1,
            Self::Minute => date.minute(),
            Self::Second => date.second(),
            Self::Half => u32::from(date.hour() >= 12),
        }
    }
}

impl Fields {
    fn set(&mut self, field: Field, number: u32) -> Option<()> {
        match field {
            // The year 202 is a slip of the pen.
            Field::Year if number < 1000 => return None,
            Field::Year => self.year = i32::try_from(number).ok()?,
            Field::ShortYear => self.year = i32::try_from(number).ok()? + if number < 69 { 2000 } else { 1900 },
            Field::Month => self.month = number,
            Field::Day => self.day = number,
            Field::HourOfHalf if !(1..=12).contains(&number) => return None,
            Field::Hour | Field::HourOfHalf => self.hour = number,
            Field::Minute => self.minute = number,
            Field::Second => self.second = number,
            Field::Half => {}
        }
        Some(())
    }

    fn date(&self) -> Option<NaiveDateTime> {
        let hour = match self.half {
            None => self.hour,
            Some(is_afternoon) => self.hour % 12 + if is_afternoon { 12 } else { 0 },
        };
        NaiveDate::from_ymd_opt(self.year, self.month, self.day)?.and_hms_opt(hour, self.minute, self.second)
    }
}

/// Takes digits off a text: as many as there are within the limits.
fn digits(text: &str, (fewest, most): (usize, usize)) -> Option<(u32, &str)> {
    let there = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if there < fewest {
        return None;
    }
    let (number, behind) = text.split_at(there);
    Some((number.parse().ok()?, behind))
}

impl FromStr for DateFormat {
    type Err = DateFormatError;

    fn from_str(text: &str) -> Result<Self, DateFormatError> {
        if text.chars().count() > MAX_CHARS {
            return Err(DateFormatError::Long);
        }
        let mut parts = Vec::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            parts.push(match character {
                '\\' => Part::Literal(characters.next().unwrap_or('\\')),
                'd' => Part::Field(Field::Day, Digits::Full),
                'j' => Part::Field(Field::Day, Digits::Short),
                'm' => Part::Field(Field::Month, Digits::Full),
                'n' => Part::Field(Field::Month, Digits::Short),
                'Y' => Part::Field(Field::Year, Digits::Full),
                'y' => Part::Field(Field::ShortYear, Digits::Full),
                'H' => Part::Field(Field::Hour, Digits::Full),
                'G' => Part::Field(Field::Hour, Digits::Short),
                'h' => Part::Field(Field::HourOfHalf, Digits::Full),
                'g' => Part::Field(Field::HourOfHalf, Digits::Short),
                'i' => Part::Field(Field::Minute, Digits::Full),
                's' => Part::Field(Field::Second, Digits::Full),
                'A' => Part::Field(Field::Half, Digits::Letters(true)),
                'a' => Part::Field(Field::Half, Digits::Letters(false)),
                letter if letter.is_alphanumeric() => return Err(DateFormatError::Letter(letter)),
                literal => Part::Literal(literal),
            });
        }
        let format = Self { text: text.to_owned(), parts };
        format.check()?;
        Ok(format)
    }
}

impl TryFrom<String> for DateFormat {
    type Error = DateFormatError;

    fn try_from(text: String) -> Result<Self, DateFormatError> {
        text.parse()
    }
}

impl From<DateFormat> for String {
    fn from(format: DateFormat) -> Self {
        format.text
    }
}

impl fmt::Display for DateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(format: &str, text: &str) -> Option<String> {
        let date = format.parse::<DateFormat>().unwrap().parse(text)?;
        Some(date.format("%Y-%m-%d %H:%M:%S").to_string())
    }

    #[test]
    fn dates_are_read_as_the_format_says() {
        for (format, text, expected) in [
            ("d.m.Y", "01.08.2026", "2026-08-01 00:00:00"),
            ("d.m.Y", "1.8.2026", "2026-08-01 00:00:00"),
            ("d/m/Y", "01/08/2026", "2026-08-01 00:00:00"),
            ("m/d/Y", "01/08/2026", "2026-01-08 00:00:00"),
            ("d.m.y H:i", "01.08.26 9:30", "2026-08-01 09:30:00"),
            ("Ymd His", "20260801 093005", "2026-08-01 09:30:05"),
            ("n/d/y, g:i A", "8/1/26, 12:30\u{202f}PM", "2026-08-01 12:30:00"),
            ("n/d/y, g:i A", "8/1/69, 12:30 am", "1969-08-01 00:30:00"),
            ("Y-m-d\\TH:i:s", "2026-08-01T09:30:05", "2026-08-01 09:30:05"),
        ] {
            assert_eq!(read(format, text).as_deref(), Some(expected), "{format} {text}");
        }
    }

    #[test]
    fn nothing_is_guessed() {
        for (format, text) in [
            ("d.m.Y", "01.08.26"),
            ("d.m.Y", "01.08.202"),
            ("d.m.Y", "01.08.0202"),
            ("d.m.Y", "2026-08-01"),
            ("d.m.Y", "32.08.2026"),
            ("d.m.Y", "08.13.2026"),
            ("d.m.Y", "01.08.2026 10:00"),
            ("d.m.y", "01.08.6"),
            ("d.m.y", "01.08.2026"),
            ("d.m.Y", ""),
            ("Ymd", "2026081"),
            ("n/d/y, g:i A", "8/1/26, 13:30 PM"),
            ("n/d/y, g:i A", "8/1/26, 0:30 AM"),
            ("d.m.Y", "0١.08.2026"),
        ] {
            assert_eq!(read(format, text), None, "{format} {text}");
        }
    }

    #[test]
    fn what_is_no_format_is_refused() {
        let why = |format: &str| format.parse::<DateFormat>().unwrap_err().to_string();
        insta::assert_snapshot!(why("d.m"), @"names no year (`Y` or `y`)");
        insta::assert_snapshot!(why("d.d.Y"), @"names no month (`m` or `n`)");
        insta::assert_snapshot!(why("d.m.Y y"), @"names the year (`Y` or `y`) twice");
        insta::assert_snapshot!(why("d.m.Y g:i"), @"names no half of the day (`A` or `a`)");
        insta::assert_snapshot!(why("d.m.Y H:i A"), @"names no hour (`g` or `h`)");
        insta::assert_snapshot!(why("d. F Y"), @"holds `F`, which stands for nothing here (known are `d` `j` `m` `n` `Y` `y` `H` `G` `h` `g` `i` `s` `A` `a`; a letter that stands for itself has a backslash before it)");
        insta::assert_snapshot!(why(&"d".repeat(70)), @"is longer than 64 characters");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(seconds in 0i64..3_000_000_000, format in prop::sample::select(vec!["d.m.Y H:i:s", "YmdHis", "j/n/Y g:i:s a", "Y-m-d\\TG:i:s"])) {
            let format: DateFormat = format.parse().unwrap();
            let date = chrono::DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
            prop_assert_eq!(format.parse(&format.write(date)), Some(date));
        }

        #[test]
        fn no_text_makes_it_panic(format in "[dmYyHghisAa./ \\\\ß-]{0,12}", text in "[0-9./ ßAP-]{0,20}") {
            if let Ok(format) = format.parse::<DateFormat>() {
                let _ = format.parse(&text);
            }
        }
    }
}
