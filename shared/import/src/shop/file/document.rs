//! A text in YAML, of which JSON is a part, as one value, and on which line everything in it stands.
//!
//! Anchors, tags and several documents are refused: people who write a shop down need none of them, and an anchor lets a
//! small file become a huge one.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Number, Value};

use super::FileProblem;

/// How deep values may lie in each other. What we know needs 7.
const MAX_DEPTH: usize = 32;

/// A text that was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Document {
    pub(super) value: Value,
    /// The line of each value, by its pointer.
    lines: BTreeMap<String, u64>,
}

impl Document {
    /// Reads a text.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the parser has events of which none can stand here")]
    pub(super) fn read(text: &str) -> Result<Self, FileProblem> {
        // Other than YAML, JSON writes characters beyond the first 65,536 as two escapes.
        let text = with_whole_characters(text);
        let mut reading = Reading { parser: Parser::new_from_str(&text), lines: BTreeMap::new() };
        let (event, span) = reading.next_behind_start()?;
        let value = match event {
            Event::StreamEnd => Value::Null,
            event => {
                let value = reading.value(event, span, &mut String::new())?;
                reading.end()?;
                value
            }
        };
        Ok(Self { value, lines: reading.lines })
    }

    /// Says something about the value at a pointer.
    pub(super) fn problem(&self, pointer: &str, problem: String) -> FileProblem {
        let mut place = pointer;
        // A value that is missing has no line; the one that lacks it does.
        while !self.lines.contains_key(place) && !place.is_empty() {
            place = place.rfind('/').map_or("", |end| &place[..end]);
        }
        FileProblem { line: self.lines.get(place).copied(), pointer: pointer.to_owned(), problem }
    }
}

struct Reading<'t> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    lines: BTreeMap<String, u64>,
}

impl<'t> Reading<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), FileProblem> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                let problem = format!("cannot be read as YAML or JSON: {}", error.info());
                Err(FileProblem { line: Some(error.marker().line() as u64), pointer: String::new(), problem })
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// The first event that says something.
    fn next_behind_start(&mut self) -> Result<(Event<'t>, Span), FileProblem> {
        loop {
            let (event, span) = self.next()?;
            if !matches!(event, Event::Nothing | Event::StreamStart | Event::DocumentStart(_)) {
                return Ok((event, span));
            }
        }
    }

    /// Makes sure that nothing follows.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the parser has events of which none can stand here")]
    fn end(&mut self) -> Result<(), FileProblem> {
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::DocumentEnd | Event::Nothing => {}
                Event::StreamEnd => return Ok(()),
                _ => return Err(at(span, "", "begins a second document; a shop is one".to_owned())),
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the parser has events of which none can stand here")]
    fn value(&mut self, event: Event<'t>, span: Span, pointer: &mut String) -> Result<Value, FileProblem> {
        self.lines.insert(pointer.clone(), span.start.line() as u64);
        if pointer.matches('/').count() > MAX_DEPTH {
            return Err(at(span, pointer, format!("lies deeper than {MAX_DEPTH} levels")));
        }
        check_is_plain(&event, span, pointer)?;
        match event {
            Event::Scalar(text, style, ..) => Ok(scalar(&text, style)),
            Event::SequenceStart(..) => self.list(pointer),
            Event::MappingStart(..) => self.map(pointer),
            _ => Err(at(span, pointer, "is no value".to_owned())),
        }
    }

    fn list(&mut self, pointer: &mut String) -> Result<Value, FileProblem> {
        let mut entries = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Value::Array(entries));
            }
            let before = pointer.len();
            *pointer += &format!("/{}", entries.len());
            entries.push(self.value(event, span, pointer)?);
            pointer.truncate(before);
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the parser has events of which none can stand here")]
    fn map(&mut self, pointer: &mut String) -> Result<Value, FileProblem> {
        let mut entries = Map::new();
        loop {
            let (event, span) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok(Value::Object(entries)),
                Event::Scalar(ref text, ..) => {
                    check_is_plain(&event, span, pointer)?;
                    text.to_string()
                }
                _ => return Err(at(span, pointer, "has a key that is no text".to_owned())),
            };
            let before = pointer.len();
            *pointer += &format!("/{}", escaped(&key));
            if entries.contains_key(&key) {
                return Err(at(span, pointer, format!("is there twice; what `{key}` holds belongs into one place")));
            }
            let (event, span) = self.next()?;
            let value = self.value(event, span, pointer)?;
            entries.insert(key, value);
            pointer.truncate(before);
        }
    }
}

/// Refuses anchors and tags.
#[expect(clippy::wildcard_enum_match_arm, reason = "the parser has events of which none can stand here")]
fn check_is_plain(event: &Event<'_>, span: Span, pointer: &str) -> Result<(), FileProblem> {
    let (anchor, has_tag) = match event {
        Event::Alias(anchor) => (*anchor, false),
        Event::Scalar(_, _, anchor, tag) | Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
            (*anchor, tag.is_some())
        }
        _ => (0, false),
    };
    match (anchor, has_tag) {
        (0, false) => Ok(()),
        (0, true) => Err(at(span, pointer, "has a tag; write the plain value".to_owned())),
        _ => Err(at(span, pointer, "has an anchor or points to one; write the value out".to_owned())),
    }
}

/// A scalar as YAML 1.2 reads it: what is quoted is a text.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

/// The number that a plain text is, if it is one. Words such as `inf` are none.
pub(super) fn number(text: &str) -> Option<Number> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || ['-', '+', '.'].contains(&first)) {
        return None;
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    text.parse::<f64>().ok().and_then(Number::from_f64)
}

/// A key as a pointer writes it.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn at(span: Span, pointer: &str, problem: String) -> FileProblem {
    FileProblem { line: Some(span.start.line() as u64), pointer: pointer.to_owned(), problem }
}

/// Replaces pairs of escapes that make one character, such as `\ud83d\ude00`, by the character.
fn with_whole_characters(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('\\') {
        let (before, from) = rest.split_at(place);
        whole += before;
        match pair(from) {
            Some(character) => {
                whole.push(character);
                rest = &from[12..];
            }
            None => {
                // What is escaped goes along: the second of two backslashes begins no escape.
                let length = 1 + from[1..].chars().next().map_or(0, char::len_utf8);
                whole += &from[..length];
                rest = &from[length..];
            }
        }
    }
    whole + rest
}

fn pair(text: &str) -> Option<char> {
    let unit = |from: usize| {
        let escape = text.get(from..from + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(escape, 16).ok()
    };
    let units = [unit(0)?, unit(6)?];
    char::decode_utf16(units).next()?.ok().filter(|character| u32::from(*character) > 0xFFFF)
}
