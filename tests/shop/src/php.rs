//! How PHP and the database behind it read and write single values.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::{Value, json};

/// A number as `json_encode` writes it: without a point where there is nothing behind it.
pub(crate) fn number(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "only whole numbers far below the limit come here")]
    if value.fract() == 0.0 && value.abs() < 1e15 { json!(value as i64) } else { json!(value) }
}

/// A number out of text as a cast does it: what stands in front counts, the rest is dropped.
///
/// This is how `12,50` becomes 12 without a word.
pub(crate) fn leading_number(text: &str) -> f64 {
    let text = text.trim_start();
    let end = text.char_indices().find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || (*at == 0 && *c == '-')));
    text[..end.map_or(text.len(), |(at, _)| at)].parse().unwrap_or(0.0)
}

/// A decimal as the database gives it back.
pub(crate) fn decimal(value: f64) -> String {
    format!("{value:.6}")
}

/// A date or time as the database keeps it, or nothing for what cannot be read.
pub(crate) fn moment(text: &str) -> Option<String> {
    let text = text.trim().replace('T', " ");
    let text = text.trim_end_matches('Z');
    if let Ok(time) = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S") {
        return Some(time.format("%Y-%m-%d %H:%M:%S").to_string());
    }
    let head: String = text.chars().take(10).collect();
    let date =
        ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y"].iter().find_map(|form| NaiveDate::parse_from_str(&head, form).ok())?;
    Some(format!("{} 00:00:00", date.format("%Y-%m-%d")))
}

/// A time as every answer has it: UTC without saying so.
pub(crate) fn stamp(now: DateTime<Utc>) -> String {
    now.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// JSON as PHP writes it into JSON: slashes and everything beyond ASCII are escaped.
pub(crate) fn escaped(value: &Value) -> String {
    let mut written = String::new();
    for c in value.to_string().chars() {
        match c {
            '/' => written.push_str("\\/"),
            c if c.is_ascii() => written.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing into a string cannot fail.
                    let _ = write!(written, "\\u{unit:04x}");
                }
            }
        }
    }
    written
}

/// The name of a field as refusals give it back: `no_such_field` is `NoSuchField`.
pub(crate) fn camel(name: &str) -> String {
    name.split('_').map(upper_first).collect()
}

/// A name in the spelling of the interface: `sourceCode` is `source_code`.
pub(crate) fn snake(name: &str) -> String {
    let mut written = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !written.is_empty() {
            written.push('_');
        }
        written.push(c.to_ascii_lowercase());
    }
    written
}

fn upper_first(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What a name is in an address: lower case, everything but letters and digits becomes a hyphen.
pub(crate) fn url_key(name: &str) -> String {
    let mut key = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => key.push(c),
            'ä' | 'à' | 'á' | 'â' => key.push('a'),
            'ö' | 'ò' | 'ó' | 'ô' => key.push('o'),
            'ü' | 'ù' | 'ú' | 'û' => key.push('u'),
            'é' | 'è' | 'ê' => key.push('e'),
            'ß' => key.push_str("ss"),
            _ if key.ends_with('-') || key.is_empty() => {}
            _ => key.push('-'),
        }
    }
    key.trim_end_matches('-').to_owned()
}
