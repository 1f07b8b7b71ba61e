//! JSON whose numbers keep the digits that they were written with.
//!
//! `serde_json` reads `0.1` as the nearest binary number and a fraction with 17 digits as another one; money must not.
//! Objects keep the order of their fields, and a field that occurs twice is an error: nobody could say which one holds.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep lists and objects may lie in each other. Orders of a shop come to eight.
const MAX_DEPTH: usize = 32;

/// Amounts and quantities are smaller than this, a million million.
pub const MAX_NUMBER: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);

/// Decimals that count. A shop keeps four.
const MAX_DECIMALS: u32 = 8;

/// A value of a JSON document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExactJson {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written.
    Number(Box<str>),
    /// A text.
    Text(Box<str>),
    /// A list.
    List(Vec<ExactJson>),
    /// An object with its fields in their order.
    Object(Vec<(Box<str>, ExactJson)>),
}

/// Why a text is no JSON document.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It breaks off or has a character that cannot stand there; the place is in the message.
    #[error("this is no JSON: {0}")]
    Syntax(#[source] serde_json::Error),
    /// An object has a field twice.
    #[error("`{pointer}` is there twice; nobody can say which one holds")]
    Twice {
        /// The field, as a JSON pointer (RFC 6901).
        pointer: String,
    },
    /// Lists and objects lie too deep in each other.
    #[error("`{pointer}` lies more than {MAX_DEPTH} levels deep")]
    TooDeep {
        /// The first value that does, as a JSON pointer (RFC 6901).
        pointer: String,
    },
}

/// The fields of an object before their values are read.
struct RawFields<'a>(Vec<(Box<str>, &'a RawValue)>);

impl ExactJson {
    /// Reads a document.
    ///
    /// # Errors
    /// It is none, has a field twice in one object, or is too deep.
    pub fn parse(text: &str) -> Result<Self, Error> {
        // Once over the whole text, so that a message about it counts lines from the top.
        let raw: &RawValue = serde_json::from_str(text).map_err(Error::Syntax)?;
        value(raw.get(), &mut Vec::new())
    }

    /// Returns a field of an object; nothing if there is none or this is no object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        fields.iter().find(|(field, _)| &**field == name).map(|(_, value)| value)
    }

    /// Returns the value at a JSON pointer (RFC 6901), such as `/items/0/sku`.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<&Self> {
        let Some(path) = pointer.strip_prefix('/') else { return pointer.is_empty().then_some(self) };
        path.split('/').try_fold(self, |value, part| {
            let part = part.replace("~1", "/").replace("~0", "~");
            match value.as_list() {
                Some(values) => values.get(part.parse::<usize>().ok()?),
                None => value.get(&part),
            }
        })
    }

    /// Returns the number that this is, if it is smaller than [`MAX_NUMBER`].
    ///
    /// Decimals behind the eighth are the noise of somebody's floats, and are rounded away.
    #[must_use]
    pub fn as_decimal(&self) -> Option<Decimal> {
        let Self::Number(written) = self else { return None };
        let is_scientific = written.contains(['e', 'E']);
        let read = if is_scientific { Decimal::from_scientific(written) } else { Decimal::from_str(written) };
        let number = read.ok().filter(|number| number.abs() < MAX_NUMBER)?;
        Some(if number.scale() > MAX_DECIMALS { number.round_dp(MAX_DECIMALS).normalize() } else { number })
    }

    /// Returns the text that this is.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        let Self::Text(text) = self else { return None };
        Some(text)
    }

    /// Returns the digits of the number that this is, as they were written.
    #[must_use]
    pub fn as_written_number(&self) -> Option<&str> {
        let Self::Number(written) = self else { return None };
        Some(written)
    }

    /// Returns the list that this is.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        let Self::List(values) = self else { return None };
        Some(values)
    }

    /// Says whether this is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Names the kind of value for messages, with its article.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl fmt::Display for ExactJson {
    /// Writes the document in one line, with the numbers as they were written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(written) => f.write_str(written),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::List(values) => {
                f.write_str("[")?;
                for (index, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if index > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Object(fields) => {
                f.write_str("{")?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{}{}:{value}", if index > 0 { "," } else { "" }, quoted(name))?;
                }
                f.write_str("}")
            }
        }
    }
}

impl<'de> Deserialize<'de> for RawFields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = RawFields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawFields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(name) = map.next_key::<Box<str>>()? {
                    fields.push((name, map.next_value::<&RawValue>()?));
                }
                Ok(RawFields(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// Reads a value that is known to be well formed; `path` leads to it.
fn value(raw: &str, path: &mut Vec<String>) -> Result<ExactJson, Error> {
    if path.len() > MAX_DEPTH {
        return Err(Error::TooDeep { pointer: pointer(path) });
    }
    match raw.as_bytes().first() {
        Some(b'{') => object(raw, path),
        Some(b'[') => list(raw, path),
        Some(b'"') => serde_json::from_str(raw).map(ExactJson::Text).map_err(Error::Syntax),
        Some(b't') => Ok(ExactJson::Bool(true)),
        Some(b'f') => Ok(ExactJson::Bool(false)),
        Some(b'n') => Ok(ExactJson::Null),
        _ => Ok(ExactJson::Number(raw.into())),
    }
}

fn object(raw: &str, path: &mut Vec<String>) -> Result<ExactJson, Error> {
    let RawFields(raw) = serde_json::from_str(raw).map_err(Error::Syntax)?;
    let mut fields: Vec<(Box<str>, ExactJson)> = Vec::with_capacity(raw.len());
    let mut names: Vec<&str> = raw.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        path.push(twice[0].to_owned());
        return Err(Error::Twice { pointer: pointer(path) });
    }
    for (name, raw) in &raw {
        path.push(name.to_string());
        fields.push((name.clone(), value(raw.get(), path)?));
        path.pop();
    }
    Ok(ExactJson::Object(fields))
}

fn list(raw: &str, path: &mut Vec<String>) -> Result<ExactJson, Error> {
    let raw: Vec<&RawValue> = serde_json::from_str(raw).map_err(Error::Syntax)?;
    let mut values = Vec::with_capacity(raw.len());
    for (index, raw) in raw.into_iter().enumerate() {
        path.push(index.to_string());
        values.push(value(raw.get(), path)?);
        path.pop();
    }
    Ok(ExactJson::List(values))
}

/// Writes a path as a JSON pointer (RFC 6901).
fn pointer(path: &[String]) -> String {
    path.iter().map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect()
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text always has a JSON form")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let text = r#"{"a":0.45000000000000001,"b":[12.34567890,1E2,-0.0],"c":"é\n","d":{"e/f":null,"g":true}}"#;
        let json = ExactJson::parse(text).unwrap();
        assert_eq!(json.to_string(), text);
        let decimal = |pointer: &str| json.at(pointer).unwrap().as_decimal().unwrap().to_string();
        assert_eq!(
            (decimal("/a"), decimal("/b/0"), decimal("/b/1")),
            ("0.45".into(), "12.34567890".into(), "100".into())
        );
        assert_eq!(json.at("/d/e~1f"), Some(&ExactJson::Null));
        assert_eq!((json.at("/b/3"), json.at("a"), json.at("/b/x")), (None, None, None));
    }

    #[test]
    fn what_is_no_document_is_told_with_its_place() {
        let told = |text: &str| ExactJson::parse(text).unwrap_err().to_string();
        let deep = format!("{}{}", r#"{"a":"#.repeat(40), "1".to_owned() + &"}".repeat(40));
        assert_eq!(told("{\"a\": 1,\n  b}"), "this is no JSON: key must be a string at line 2 column 3");
        assert_eq!(
            told(r#"{"items":[{"sku":1,"sku":2}]}"#),
            "`/items/0/sku` is there twice; nobody can say which one holds"
        );
        assert!(told(&deep).ends_with("lies more than 32 levels deep"), "{}", told(&deep));
        // The parser has a limit of its own, before the stack does.
        assert!(told(&"[".repeat(1_000_000)).starts_with("this is no JSON: "));
        let decimal = |text: &str| ExactJson::parse(text).unwrap().as_decimal().map(|number| number.to_string());
        assert_eq!(decimal("999999999999.12345678").as_deref(), Some("999999999999.12345678"));
        for too_large in ["1000000000000", "-1000000000000", "1e99999", "123456789012345678901234567890123"] {
            assert_eq!(decimal(too_large), None, "{too_large}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(text in "\\PC*", number in -1e12..1e12, flag: bool) {
            let json = serde_json::json!({ &text: [number, text, flag, null_or(flag)] }).to_string();
            let read = ExactJson::parse(&json).unwrap();
            prop_assert_eq!(read.to_string(), json);
            prop_assert_eq!(ExactJson::parse(&read.to_string()).unwrap(), read);
        }
    }

    fn null_or(flag: bool) -> Option<bool> {
        flag.then_some(true)
    }
}
