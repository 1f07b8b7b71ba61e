//! Decimal numbers as text: exact, and written in one way only, so that `10.50` and `10.5` are no change.

use serde::{Deserialize, Serialize};

/// How the numbers of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberFormat {
    /// Stands before the fraction.
    pub decimal: char,
    /// Stands between groups of three digits, if there is such a character at all.
    pub grouping: Option<char>,
}

/// Longest number in digits, signs and dots; what is longer is no amount of money or goods.
const MAX_CHARS: usize = 40;

/// Returns a decimal number in its canonical form, or nothing if the text is none.
///
/// Canonical: no blanks, no plus sign, no leading zeros but one before the dot, no trailing zeros behind it.
#[must_use]
pub fn canonical(text: &str) -> Option<String> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    if text.len() > MAX_CHARS || !has_digits || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let number = match (whole, fraction) {
        ("", "") => "0".to_owned(),
        (whole, "") => format!("{sign}{whole}"),
        ("", fraction) => format!("{sign}0.{fraction}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    };
    // The zero before a dot can make it longer than the text, and it must be read again.
    (number.len() <= MAX_CHARS).then_some(number)
}

impl NumberFormat {
    /// `3600.22`
    pub const PLAIN: Self = Self { decimal: '.', grouping: None };

    /// `3,600.22`
    pub const ENGLISH: Self = Self { decimal: '.', grouping: Some(',') };

    /// `3.600,22`
    pub const GERMAN: Self = Self { decimal: ',', grouping: Some('.') };

    /// Writes a canonical number in this format.
    #[must_use]
    pub fn written(self, canonical: &str) -> String {
        match self.decimal {
            '.' => canonical.to_owned(),
            decimal => canonical.replace('.', &decimal.to_string()),
        }
    }

    /// Returns a number in its canonical form, or nothing if the text is none in this format.
    #[must_use]
    pub fn canonical(self, text: &str) -> Option<String> {
        if self == Self::PLAIN {
            return canonical(text);
        }
        let text = self.with_usual_grouping(text.trim());
        let (whole, fraction) = text.split_once(self.decimal).unwrap_or((&text, ""));
        let whole = match self.grouping {
            Some(grouping) => ungrouped(whole, grouping)?,
            None => whole.to_owned(),
        };
        let is_plain = |part: &str| !part.contains('.');
        (is_plain(&whole) && is_plain(fraction)).then(|| canonical(&format!("{whole}.{fraction}")))?
    }

    /// Says that a text is no number, and how one is written; ends a sentence that starts with the text.
    #[must_use]
    pub fn expectation(self) -> String {
        let grouping = self.grouping.map(String::from).unwrap_or_default();
        format!("is not a number (expected one such as `1{grouping}019{}99`)", self.decimal)
    }

    /// Systems write other blanks and apostrophes between thousands than people do.
    fn with_usual_grouping(self, text: &str) -> String {
        match self.grouping {
            Some(' ') => text.replace(['\u{a0}', '\u{202f}'], " "),
            Some('’') => text.replace('\'', "’"),
            _ => text.to_owned(),
        }
    }
}

/// Says whether a number as it is written could mean thousands, such as `1.299`: its point has three digits behind it.
#[must_use]
pub fn may_mean_thousands(text: &str) -> bool {
    let Some((whole, rest)) = text.trim().split_once('.') else { return false };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&whole.len()) && !whole.starts_with('0') && rest.len() == 3 && is_digits(whole) && is_digits(rest)
}

/// Takes out the characters between groups of three digits, or refuses groups of another size.
fn ungrouped(whole: &str, grouping: char) -> Option<String> {
    let mut groups = whole.split(grouping);
    let first = groups.next().unwrap_or_default();
    let first_digits = first.trim_start_matches(['-', '+']).len();
    let rest: Vec<&str> = groups.collect();
    let is_grouped = first_digits <= 3 && first_digits > 0 && rest.iter().all(|group| group.len() == 3);
    (rest.is_empty() || is_grouped).then(|| format!("{first}{}", rest.concat()))
}

/// Adds two canonical numbers, or returns nothing if the sum needs more than 38 digits or one of them is no number.
#[must_use]
pub fn sum(one: &str, other: &str) -> Option<String> {
    let decimals = |number: &str| number.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let places = decimals(one).max(decimals(other));
    if places > MAX_CHARS {
        return None;
    }
    let scaled = |number: &str| -> Option<i128> {
        let zeros = "0".repeat(places - decimals(number));
        format!("{}{zeros}", number.replacen('.', "", 1)).parse().ok()
    };
    let total = scaled(one)?.checked_add(scaled(other)?)?;
    let sign = if total < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", total.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    canonical(&format!("{sign}{whole}.{fraction}"))
}

/// Says whether a canonical number is larger than another one; no, if they are too long to tell.
#[must_use]
pub fn is_above(one: &str, other: &str) -> bool {
    let negated = match other.strip_prefix('-') {
        Some(positive) => positive.to_owned(),
        None => format!("-{other}"),
    };
    sum(one, &negated).is_some_and(|difference| difference != "0" && !is_negative(&difference))
}

/// Says whether a canonical number is below zero.
#[must_use]
pub fn is_negative(canonical: &str) -> bool {
    canonical.starts_with('-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_have_one_way_to_be_written() {
        let cases = [
            ("10.50", "10.5"),
            ("10.0000", "10"),
            ("007", "7"),
            ("-0.0", "0"),
            ("+1", "1"),
            (" 3 ", "3"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-0.250", "-0.25"),
        ];
        for (text, expected) in cases {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", " ", ".", "-", "1,5", "1e3", "abc", "1.2.3", "--1", "0x10", "1 000", "١"] {
            assert_eq!(canonical(text), None, "{text}");
        }
        assert_eq!(canonical(&"9".repeat(41)), None);
        assert_eq!(canonical(&format!(".{}", "9".repeat(39))), None);
        assert!(canonical(&format!(".{}", "9".repeat(38))).is_some_and(|number| canonical(&number) == Some(number)));
    }

    #[test]
    fn other_formats_name_their_separators() {
        let cases = [
            (NumberFormat::ENGLISH, "3,600.22", Some("3600.22")),
            (NumberFormat::ENGLISH, "-1,234,567", Some("-1234567")),
            (NumberFormat::ENGLISH, "1000", Some("1000")),
            (NumberFormat::ENGLISH, "1,5", None),
            (NumberFormat::ENGLISH, "1234,567", None),
            (NumberFormat::ENGLISH, ",123", None),
            (NumberFormat::GERMAN, "3.600,22", Some("3600.22")),
            (NumberFormat::GERMAN, "1,5", Some("1.5")),
            (NumberFormat::GERMAN, "1.5", None),
            (NumberFormat::PLAIN, "3,600.22", None),
        ];
        for (format, text, expected) in cases {
            assert_eq!(format.canonical(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn sums_are_exact() {
        let cases = [("0.1", "0.2", "0.3"), ("5", "-7.25", "-2.25"), ("-1", "1", "0"), ("-0.5", "0.25", "-0.25")];
        for (one, other, expected) in cases {
            assert_eq!(sum(one, other).as_deref(), Some(expected));
        }
        assert_eq!(sum(&"9".repeat(40), "1"), None);
        assert_eq!(sum(&format!("0.{}1", "0".repeat(70_000)), "1"), None);
    }

    proptest! {
        #[test]
        fn canonical_numbers_stay_as_they_are(text in "[-+]?[0-9]{0,6}(\\.[0-9]{0,6})?") {
            if let Some(number) = canonical(&text) {
                prop_assert_eq!(canonical(&number), Some(number.clone()));
                prop_assert_eq!(text.parse::<f64>().unwrap(), number.parse::<f64>().unwrap());
            }
        }

        #[test]
        fn sums_of_cents_are_the_sums_of_integers(one in -1_000_000i64..1_000_000, other in -1_000_000i64..1_000_000) {
            let cents = |n: i64| canonical(&format!("{}{}.{:02}", if n < 0 { "-" } else { "" }, n.abs() / 100, n.abs() % 100)).unwrap();
            prop_assert_eq!(sum(&cents(one), &cents(other)), Some(cents(one + other)));
        }
    }
}
