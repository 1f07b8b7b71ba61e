//! Dates as files write them, turned into one form: `2026-08-01T12:00:00`, without a zone.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// Forms with a time of day, most frequent first.
const DATE_TIMES: [&str; 8] = [
    "%m/%d/%y, %I:%M %p",
    // Exports of customers write midnight as `0:00 AM`.
    "%m/%d/%y, %H:%M %p",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%m/%d/%Y, %I:%M %p",
    "%Y-%m-%d %H:%M",
    "%m/%d/%y %H:%M",
    "%m/%d/%Y %H:%M",
];

/// Forms without a time of day, which then is midnight.
const DATES: [&str; 3] = ["%Y-%m-%d", "%m/%d/%y", "%m/%d/%Y"];

/// Returns a date in its canonical form, or nothing if the text is none.
///
/// Accepted are the form of M2IF (`8/1/26, 12:00 PM`), those of Magento (`2026-08-01 12:00:00`, `8/1/2026`) and
/// RFC 3339; a zone that the text names is converted to UTC. Years of two digits lie between 1969 and 2068.
#[must_use]
pub fn canonical(text: &str) -> Option<String> {
    // Newer systems write a narrow no-break space before AM and PM.
    let text = text.trim().replace(['\u{202f}', '\u{a0}'], " ");
    if !has_usual_year(&text) {
        return None;
    }
    let with_zone = || DateTime::parse_from_rfc3339(&text).map(|date| date.naive_utc()).ok();
    let with_time = || DATE_TIMES.iter().find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok());
    let without_time = || {
        let date = DATES.iter().find_map(|form| NaiveDate::parse_from_str(&text, form).ok())?;
        date.and_hms_opt(0, 0, 0)
    };
    let date = with_time().or_else(without_time).or_else(with_zone)?;
    Some(written(date))
}

/// Writes a date in its canonical form.
pub(crate) fn written(date: NaiveDateTime) -> String {
    date.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Says whether month and day of a date could be meant the other way round: `1/2/2026`. Months come first, as in the
/// original and in Magento; a form with AM and PM is American in any case.
#[must_use]
pub fn is_ambiguous(text: &str) -> bool {
    let number = |part: &str| part.trim().parse::<u32>().ok();
    let Some((month, rest)) = text.split_once('/') else { return false };
    let Some((day, _)) = rest.split_once('/') else { return false };
    let is_american = text.trim_end().to_ascii_uppercase().ends_with('M');
    match (number(month), number(day)) {
        (Some(month), Some(day)) => !is_american && month != day && month <= 12 && day <= 12,
        _ => false,
    }
}

/// Whether the year has four digits, or two behind slashes. Of any other year nobody can tell which one is meant.
fn has_usual_year(text: &str) -> bool {
    let digits = |part: &str| part.bytes().take_while(u8::is_ascii_digit).count();
    match text.split('/').collect::<Vec<_>>()[..] {
        [_, _, year] => [2, 4].contains(&digits(year)),
        _ => digits(text) == 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_form_becomes_the_same_text() {
        for text in [
            "8/1/26, 12:30 PM",
            "08/01/26, 12:30\u{202f}PM",
            "8/1/2026, 12:30 PM",
            "8/1/26 12:30",
            "8/1/2026 12:30",
            "2026-08-01 12:30:00",
            "2026-08-01 12:30",
            "2026-08-01T12:30:00",
            "2026-08-01T12:30:00.000Z",
            "2026-08-01T14:30:00+02:00",
        ] {
            assert_eq!(canonical(text).as_deref(), Some("2026-08-01T12:30:00"), "{text}");
        }
        for text in ["2026-08-01", "8/1/26", "8/1/2026", "8/1/26, 0:00 AM"] {
            assert_eq!(canonical(text).as_deref(), Some("2026-08-01T00:00:00"), "{text}");
        }
        assert_eq!(canonical("2026-08-01T00:00:00").as_deref(), Some("2026-08-01T00:00:00"));
    }

    #[test]
    fn a_date_is_ambiguous_if_both_of_its_numbers_may_be_months() {
        for (text, expected) in [
            ("1/2/2026", true),
            ("1/2/26 12:30", true),
            ("13/2/2026", false),
            ("2/2/26", false),
            ("8/1/26, 1:00 PM", false),
        ] {
            assert_eq!(is_ambiguous(text), expected, "{text}");
        }
        assert!(!is_ambiguous("2026-01-02") && !is_ambiguous("1/2"));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["01-08-26", "26-08-01", "8/1/202", "202-08-01", "8/1/6, 12:00 PM", "8/1/20266"] {
            assert_eq!(canonical(text), None, "{text}");
        }
        for text in
            ["", "soon", "13/40/26, 1:00 PM", "8/1/26, 13:00 AM", "2026-02-30", "-0001-11-30 00:00:00x", "1.8.2026"]
        {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
