//! The values of keys, checked and read; reads as the end of a sentence that starts with the value.

use encoding_rs::Encoding;
use serde_json::Value;

use super::callback::{self, Callback};
use super::keys::Kind;
use crate::date_format::DateFormat;
use crate::misfit::Misfit;

/// Longest name of a column.
const MAX_NAME_CHARS: usize = 255;

/// Checks a value, or one entry of it if the kind has entries.
pub(super) fn check(kind: Kind, value: &Value) -> Result<(), Misfit> {
    match kind {
        Kind::AsciiCharacter => ascii(value).map(drop),
        Kind::OptionalAsciiCharacter => optional_ascii(value).map(drop),
        Kind::Character => character(value).map(drop),
        Kind::Text => match text(value)? {
            text if text.trim().is_empty() => {
                Err(Misfit::new("is empty (an empty cell says nothing, so it cannot clear as well)"))
            }
            text if text.trim() != text => Err(Misfit::new("starts or ends with a blank")),
            _ => Ok(()),
        },
        Kind::Charset => charset(value).map(drop),
        Kind::Flag => flag(value).map(drop),
        Kind::DateFormats => date_formats(value).map(drop),
        Kind::Locale => callback::locale_format(text(value)?).map(drop),
        Kind::Separator => callback::separator(text(value)?).map(drop),
        Kind::OptionalSeparator => optional_separator(value).map(drop),
        Kind::Columns | Kind::Lists => texts(value).map(drop),
        Kind::Mappings => targets(value).map(drop),
        Kind::Texts => text(value).map(drop),
        Kind::Callbacks => callbacks(value).map(drop),
    }
}

pub(super) fn text(value: &Value) -> Result<&str, Misfit> {
    value.as_str().ok_or_else(|| Misfit::new("is not a text"))
}

pub(super) fn flag(value: &Value) -> Result<bool, Misfit> {
    value.as_bool().ok_or_else(|| Misfit::new("is neither `true` nor `false`"))
}

pub(super) fn ascii(value: &Value) -> Result<u8, Misfit> {
    let found = character(value)?;
    u8::try_from(found).ok().filter(u8::is_ascii).ok_or_else(|| Misfit::new("is no ASCII character"))
}

pub(super) fn optional_ascii(value: &Value) -> Result<Option<u8>, Misfit> {
    if text(value)?.is_empty() { Ok(None) } else { ascii(value).map(Some) }
}

/// A character that separates or encloses: letters, digits, blanks and line breaks are in cells all the time.
pub(super) fn character(value: &Value) -> Result<char, Misfit> {
    let mut characters = text(value)?.chars();
    let (Some(found), None) = (characters.next(), characters.next()) else {
        return Err(Misfit::new("is not one character (example: `\";\"`)"));
    };
    let is_usable = found == '\t' || !(found.is_alphanumeric() || found.is_whitespace() || found.is_control());
    if is_usable { Ok(found) } else { Err(Misfit::new("is a letter, a digit, a blank or a control character")) }
}

pub(super) fn charset(value: &Value) -> Result<&'static Encoding, Misfit> {
    let label = text(value)?;
    Encoding::for_label(label.trim().as_bytes()).ok_or_else(|| {
        Misfit::new("is no character set (examples: `utf-8`, `windows-1252`, `iso-8859-15`, `utf-16le`)")
    })
}

pub(super) fn date_formats(value: &Value) -> Result<Vec<DateFormat>, Misfit> {
    let one_or_several = one_or_several(value).into_iter().map(text).collect::<Result<Vec<_>, _>>()?;
    let read = |format: &str| {
        format.parse::<DateFormat>().map_err(|error| Misfit::new(format!("is no form of dates: `{format}` {error}")))
    };
    one_or_several.into_iter().map(read).collect()
}

pub(super) fn optional_separator(value: &Value) -> Result<Option<char>, Misfit> {
    match text(value)? {
        "" => Ok(None),
        found => callback::separator(found).map(Some),
    }
}

pub(super) fn texts(value: &Value) -> Result<Vec<&str>, Misfit> {
    let list = value.as_array().ok_or_else(|| Misfit::new("is not a list of texts"))?;
    let texts = list.iter().map(Value::as_str).collect::<Option<Vec<_>>>();
    texts.ok_or_else(|| Misfit::new("is not a list of texts"))
}

pub(super) fn targets(value: &Value) -> Result<Vec<&str>, Misfit> {
    let targets = one_or_several(value).into_iter().map(text).collect::<Result<Vec<_>, _>>()?;
    let is_name = |name: &&str| !name.trim().is_empty() && name.chars().count() <= MAX_NAME_CHARS;
    match targets.iter().all(is_name) && !targets.is_empty() {
        true => Ok(targets),
        false => Err(Misfit::new("names no column (to leave a column out, name it in `black-listing`)")),
    }
}

/// The callbacks of a column; the first that cannot be used is told with its place in the list.
pub(super) fn callbacks(value: &Value) -> Result<Vec<Callback>, Misfit> {
    one_or_several(value).into_iter().map(Callback::read).collect()
}

/// The values of a list, or the one that stands in its place.
fn one_or_several(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |several| several.iter().collect())
}

/// A name of a column as names compare.
pub(super) fn column(name: &str) -> String {
    name.trim().to_lowercase()
}
