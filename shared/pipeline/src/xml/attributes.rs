//! The attributes of one start tag, with positions.

use quick_xml::events::BytesStart;
use quick_xml::events::attributes::AttrError;

use super::locator::Locator;
use super::{Attribute, Error, PlacedText, limits, quoted};

/// Why a reference in the text stands for no character.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadReference {
    #[error("`&` starts no entity (write `&amp;`)")]
    Unfinished,
    #[error(
        "the entity {} is not allowed (only `&lt;`, `&gt;`, `&amp;`, `&quot;`, `&apos;` and `&#…;`)",
        quoted(found)
    )]
    Entity { found: String },
    #[error("{} is not a character of XML", quoted(found))]
    Character { found: String },
}

/// Reads the attributes of `tag`, whose content starts at the byte `content`.
pub(super) fn read(tag: &BytesStart<'_>, content: usize, locator: &mut Locator<'_>) -> Result<Vec<Attribute>, Error> {
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| syntax_error(&error, content, locator))?;
        let key = attribute.key.as_ref();
        let key_at = offset_in(tag, key);
        let start = content + key_at;
        if attributes.len() == limits::ATTRIBUTES {
            return Err(locator.error(start, format!("more than {} attributes in one element", limits::ATTRIBUTES)));
        }
        if key.len() > limits::NAME_BYTES {
            return Err(locator.error(start, format!("the name {} is too long", quoted(key))));
        }
        if !tag.as_bytes()[..key_at].last().is_some_and(u8::is_ascii_whitespace) {
            return Err(locator.error(start, format!("a space is missing before the attribute {}", quoted(key))));
        }
        let position = locator.at(start);
        let value = value(&attribute.value, content + offset_in(tag, &attribute.value), locator)?;
        attributes.push(Attribute { name: key.to_owned(), position, value });
    }
    Ok(attributes)
}

fn value(raw: &str, start: usize, locator: &mut Locator<'_>) -> Result<PlacedText, Error> {
    let position = locator.at(start);
    if raw.len() > limits::VALUE_BYTES {
        return Err(position.error(format!("a value of {} bytes, more than {}", raw.len(), limits::VALUE_BYTES)));
    }
    if let Some(at) = raw.find('<') {
        return Err(locator.error(start + at, "`<` in an attribute's value (write `&lt;`)"));
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        push_normalized(&mut text, &rest[..at]);
        let end = rest[at..].find(';').map_or(rest.len(), |length| at + length + 1);
        let character = character_of(&rest[at..end]);
        let character = character.map_err(|bad| locator.error(start + raw.len() - rest.len() + at, bad.to_string()))?;
        text.push(character);
        rest = &rest[end..];
    }
    push_normalized(&mut text, rest);
    Ok(PlacedText { text, position })
}

/// The character that a reference stands for: `&amp;`, `&#228;`, `&#xe4;`.
pub(super) fn character_of(reference: &str) -> Result<char, BadReference> {
    if !reference.ends_with(';') {
        return Err(BadReference::Unfinished);
    }
    let text = quick_xml::escape::unescape(reference);
    let text = text.map_err(|_| BadReference::Entity { found: reference.to_owned() })?;
    let character = text.chars().next().filter(|character| is_allowed(*character));
    character.ok_or_else(|| BadReference::Character { found: reference.to_owned() })
}

/// Whether XML 1.0 has the character.
pub(super) fn is_allowed(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        character => character >= ' ',
    }
}

/// Every white space character of a value means a space; a line end of two characters means one.
fn push_normalized(text: &mut String, raw: &str) {
    let raw = raw.replace("\r\n", " ");
    text.extend(raw.chars().map(|c| if matches!(c, '\t' | '\n' | '\r') { ' ' } else { c }));
}

fn syntax_error(error: &AttrError, content: usize, locator: &mut Locator<'_>) -> Error {
    let (at, message) = match *error {
        AttrError::ExpectedEq(at) => (at, "an attribute needs `=` and a value"),
        AttrError::ExpectedValue(at) => (at, "a value is missing after `=`"),
        AttrError::UnquotedValue(at) => (at, "a value must stand in quotation marks"),
        AttrError::ExpectedQuote(at, _) => (at, "the closing quotation mark is missing"),
        AttrError::Duplicated(at, _) => (at, "the same attribute occurs twice"),
    };
    locator.error(content + at, message)
}

/// Where `part` starts in `whole`, of which it is a slice.
fn offset_in(whole: &str, part: &str) -> usize {
    part.as_ptr().addr().saturating_sub(whole.as_ptr().addr()).min(whole.len())
}
