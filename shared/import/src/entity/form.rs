use super::description::Cells;
use crate::dialect::Dialect;
use crate::{date, number, url_key};

/// How a single value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Any text, kept as it is.
    Text,
    /// A text that a shop keeps in 255 characters.
    Line,
    /// Such a text in one line.
    Name,
    /// A whole number.
    Whole,
    /// A decimal number.
    Number,
    /// A decimal number that is zero or more.
    NotNegative,
    /// A date, with or without a time of day.
    Date,
    /// Yes or no.
    Flag,
    /// A flag, or `Use config`.
    FlagOrConfig,
    /// 1 enabled, 2 (or 0) disabled.
    Status,
    /// Where a shop shows a product.
    Visibility,
    /// The name of a tax class, or `None`.
    TaxClass,
    /// Made fit for an address.
    UrlKey,
    /// One of two words.
    OneOf([&'static str; 2]),
    /// 0, 1 or 2.
    Backorders,
}

/// Characters of a text that a shop keeps as a line.
const MAX_LINE_CHARS: usize = 255;

/// Characters of any other text.
const MAX_TEXT_CHARS: usize = 65_535;

/// Why a text does not have a form; reads as the end of a sentence that starts with the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// It should be a number.
    #[error("is not a number (expected digits with a decimal point, such as `1019.99`)")]
    Number,
    /// It should be a number, written as the configuration says.
    #[error("{}", .0.expectation())]
    NumberAs(number::NumberFormat),
    /// It should be a whole number.
    #[error("is not a whole number (example: `12`)")]
    Whole,
    /// It holds something that nobody can see.
    #[error("holds a control character")]
    Control,
    /// It has more than one line.
    #[error("holds a line break or a tab, but is a text of one line")]
    OneLine,
    /// It does not fit into what a shop keeps.
    #[error("is longer than {0} characters")]
    Long(usize),
    /// It should not be below zero.
    #[error("is negative")]
    Negative,
    /// It should be a date.
    #[error("is not a date (examples: `2026-08-01 12:00:00`, `8/1/26, 12:00 PM`)")]
    Date,
    /// It should be a date, written as the configuration says.
    #[error("is not a date (expected `{0}`, as the configuration says)")]
    DateAs(String),
    /// It should be a flag.
    #[error("is not a flag (expected `1` or `0`)")]
    Flag,
    /// It should be a flag or leave it to the configuration.
    #[error("is not a flag (expected `1`, `0` or `Use config`)")]
    FlagOrConfig,
    /// It should be a status.
    #[error("is not a status (expected `1` for enabled or `2` for disabled)")]
    Status,
    /// It should be a visibility.
    #[error("is not a visibility (expected `Not Visible Individually`, `Catalog`, `Search` or `Catalog, Search`)")]
    Visibility,
    /// It should be one of two words.
    #[error("is neither `{}` nor `{}`", .0[0], .0[1])]
    OneOf([&'static str; 2]),
    /// Nothing of it can be part of an address.
    #[error("has no letter or digit that an address can hold")]
    UrlKey,
    /// It should be a way to handle backorders.
    #[error("is not a way to handle backorders (expected `0`, `1` or `2`)")]
    Backorders,
}

impl Form {
    /// Returns the one text that stands for a value.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn canonical(self, text: &str, dialect: &Dialect) -> Result<String, FormError> {
        let numbers = dialect.numbers;
        let no_number =
            || if numbers == number::NumberFormat::PLAIN { FormError::Number } else { FormError::NumberAs(numbers) };
        match self {
            Self::Text => within(visible(text)?, MAX_TEXT_CHARS),
            Self::Line => within(visible(text)?, MAX_LINE_CHARS),
            Self::Name if text.contains(['\n', '\r', '\t']) => Err(FormError::OneLine),
            Self::Name => within(visible(text)?, MAX_LINE_CHARS),
            Self::Whole => numbers.canonical(text).filter(|number| !number.contains('.')).ok_or(FormError::Whole),
            Self::Number => numbers.canonical(text).ok_or_else(no_number),
            Self::NotNegative => match numbers.canonical(text).ok_or_else(no_number)? {
                number if number::is_negative(&number) => Err(FormError::Negative),
                number => Ok(number),
            },
            Self::Date => date_of(text, dialect),
            Self::Flag => flag(text).ok_or(FormError::Flag),
            Self::FlagOrConfig if text.trim().eq_ignore_ascii_case("use config") => Ok("use_config".to_owned()),
            Self::FlagOrConfig => flag(text).ok_or(FormError::FlagOrConfig),
            Self::Status => status(text).map(str::to_owned).ok_or(FormError::Status),
            Self::Visibility => visibility(text).ok_or(FormError::Visibility),
            Self::TaxClass if text.trim().eq_ignore_ascii_case("none") => Ok("None".to_owned()),
            Self::TaxClass => Ok(text.trim().to_owned()),
            Self::OneOf(words) => {
                let known = words.into_iter().find(|word| word.eq_ignore_ascii_case(text.trim()));
                known.map(str::to_owned).ok_or(FormError::OneOf(words))
            }
            Self::UrlKey => match url_key::from_text(text) {
                key if key.is_empty() => Err(FormError::UrlKey),
                key => within(&key, MAX_LINE_CHARS),
            },
            Self::Backorders => match number::canonical(text) {
                Some(number) if ["0", "1", "2"].contains(&number.as_str()) => Ok(number),
                _ => Err(FormError::Backorders),
            },
        }
    }

    /// Writes a canonical text as files have it; [`Form::canonical`] reads it as the same text again.
    #[must_use]
    pub fn written(self, canonical: &str, numbers: number::NumberFormat) -> String {
        match self {
            Self::Whole | Self::Number | Self::NotNegative => numbers.written(canonical),
            // The form that shops and spreadsheets know.
            Self::Date => canonical.replacen('T', " ", 1),
            Self::FlagOrConfig if canonical == "use_config" => "Use config".to_owned(),
            Self::FlagOrConfig
            | Self::Text
            | Self::Line
            | Self::Name
            | Self::Flag
            | Self::Status
            | Self::Visibility
            | Self::TaxClass
            | Self::UrlKey
            | Self::OneOf(_)
            | Self::Backorders => canonical.to_owned(),
        }
    }

    /// Says what cells of this form hold.
    #[must_use]
    pub fn cells(self) -> Cells {
        match self {
            Self::Text => Cells::holding("text"),
            Self::Line => Cells::holding("text of at most 255 characters"),
            Self::Name => Cells::holding("text of one line, at most 255 characters"),
            Self::Whole => Cells::holding("whole number"),
            Self::Number => Cells::holding("number"),
            Self::NotNegative => Cells::holding("number, 0 or more"),
            Self::Date => Cells::holding("date, with or without a time of day"),
            Self::Flag => Cells::holding("`1` or `0`"),
            Self::FlagOrConfig => Cells::holding("`1`, `0` or `Use config`"),
            Self::Status => Cells::holding("`1` (enabled) or `2` (disabled)"),
            Self::Visibility => Cells::holding("`Not Visible Individually`, `Catalog`, `Search` or `Catalog, Search`"),
            Self::TaxClass => Cells::holding("name of a tax class, or `None`"),
            Self::UrlKey => Cells::holding("text, made fit for an address"),
            Self::OneOf([one, other]) => Cells::holding(format!("`{one}` or `{other}`")),
            Self::Backorders => Cells::holding("`0` (none), `1` (allowed) or `2` (allowed, and the customer is told)"),
        }
    }
}

fn date_of(text: &str, dialect: &Dialect) -> Result<String, FormError> {
    if dialect.dates.is_empty() {
        return date::canonical(text).ok_or(FormError::Date);
    }
    let read = dialect.dates.iter().find_map(|format| format.parse(text));
    let forms = || dialect.dates.iter().map(|format| format.as_str()).collect::<Vec<_>>().join("` or `");
    read.map(date::written).ok_or_else(|| FormError::DateAs(forms()))
}

fn status(text: &str) -> Option<&'static str> {
    let text = text.trim().to_ascii_lowercase();
    let text = number::canonical(&text).unwrap_or(text);
    match text.as_str() {
        "1" | "yes" | "true" | "enabled" => Some("1"),
        "0" | "2" | "no" | "false" | "disabled" => Some("2"),
        _ => None,
    }
}

/// A text without characters that nobody can see; line breaks and tabs are seen.
fn visible(text: &str) -> Result<&str, FormError> {
    let is_unseen = |found: char| found.is_control() && !['\n', '\r', '\t'].contains(&found);
    if text.contains(is_unseen) { Err(FormError::Control) } else { Ok(text) }
}

fn within(text: &str, max_chars: usize) -> Result<String, FormError> {
    // Characters are never more than bytes, so most texts need not be counted.
    match text.len() <= max_chars || text.chars().count() <= max_chars {
        true => Ok(text.to_owned()),
        false => Err(FormError::Long(max_chars)),
    }
}

fn flag(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let text = number::canonical(&text).unwrap_or(text);
    match text.as_str() {
        "1" | "yes" | "true" => Some("1".to_owned()),
        "0" | "no" | "false" => Some("0".to_owned()),
        _ => None,
    }
}

fn visibility(text: &str) -> Option<String> {
    let names = ["Not Visible Individually", "Catalog", "Search", "Catalog, Search"];
    let text = text.trim();
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    // The ids under which Magento stores them, from 1 on.
    let numbered = ["1", "2", "3", "4"].iter().position(|id| *id == text);
    named.or(numbered).map(|index| names[index].to_owned())
}
