//! Writes a document as XML by the table of its format.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::fitting::{cut, part};
use super::names::Names;
use super::table::{Element, Limit, Source, Table};
use super::written::{FormatNote, WriteError, Written};
use crate::document::{Group, Node};

impl Table {
    /// Writes a document.
    ///
    /// # Errors
    /// An identifier is longer than its element can be.
    pub fn write(&self, document: &Group) -> Result<Written, WriteError> {
        let mut writing = Writing { names: Names::of(document), path: Vec::new(), notes: Vec::new() };
        let mut events = vec![Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None))];
        events.extend(writing.one(&self.root)?);
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        for event in events {
            writer.write_event(event).expect("memory takes all that is written");
        }
        let mut bytes = writer.into_inner();
        bytes.push(b'\n');
        Ok(Written { bytes, notes: writing.notes })
    }
}

/// A document while it is written.
struct Writing<'a> {
    names: Names<'a>,
    /// The names of the elements around.
    path: Vec<&'a str>,
    notes: Vec<FormatNote>,
}

impl<'a> Writing<'a> {
    /// An element as often as it is there; nothing if it has neither a text nor anything in it.
    fn element(&mut self, element: &'a Element) -> Result<Vec<Event<'a>>, WriteError> {
        if let Some(needed) = &element.needs
            && self.names.find(needed).is_none()
        {
            return Ok(Vec::new());
        }
        let Some((one, list)) = &element.each else { return self.one(element) };
        let Some(Node::List(groups)) = self.names.find(list) else { return Ok(Vec::new()) };
        let mut events = Vec::new();
        for group in groups {
            self.names.begin(one, group);
            events.extend(self.one(element)?);
            self.names.end();
        }
        Ok(events)
    }

    fn one(&mut self, element: &'a Element) -> Result<Vec<Event<'a>>, WriteError> {
        self.path.push(&element.name);
        let text = element.text.as_ref().and_then(|source| self.text(source));
        let text = text.map(|text| self.fitting(text, element.limit)).transpose()?;
        let text = text.filter(|text| !text.is_empty());
        let mut inner = Vec::new();
        for child in &element.children {
            inner.extend(self.element(child)?);
        }
        let start = element.attributes.iter().filter_map(|(name, source)| Some((name.as_str(), self.text(source)?)));
        let start = start.fold(BytesStart::new(element.name.as_str()), |mut start, (name, value)| {
            start.push_attribute((name, legal_form(&value).as_str()));
            start
        });
        self.path.pop();
        inner.splice(0..0, text.map(|text| Event::Text(BytesText::new(&text).into_owned())));
        if inner.is_empty() {
            return Ok(Vec::new());
        }
        let mut events = vec![Event::Start(start)];
        events.append(&mut inner);
        events.push(Event::End(BytesEnd::new(element.name.as_str())));
        Ok(events)
    }

    fn text(&self, source: &Source) -> Option<String> {
        match source {
            Source::Literal(literal) => Some(literal.clone()),
            Source::FirstOf(names) => names.iter().find_map(|name| self.names.text(name)).map(str::to_owned),
        }
    }

    /// The text as it can stand in the element.
    fn fitting(&mut self, text: String, limit: Option<Limit>) -> Result<String, WriteError> {
        let legal = legal_form(&text);
        if legal != text {
            let illegal: Vec<String> =
                text.chars().filter(|c| !is_legal(*c)).map(|c| format!("U+{:04X}", c as u32)).collect();
            self.note(format!("has no form for {}; U+FFFD stands there", illegal.join(", ")));
        }
        let characters = legal.chars().count();
        match limit {
            Some(Limit::Stop(limit)) if characters > limit => {
                Err(WriteError { element: self.here(), text: legal, characters, limit })
            }
            Some(Limit::Cut(limit)) if characters > limit => {
                self.note(format!("was cut from {characters} characters to {limit}"));
                Ok(cut(&legal, limit).trim_end().to_owned())
            }
            Some(Limit::Part { index, of, length }) => {
                let (part, rest) = part(&legal, index, length);
                if index == of && !rest.is_empty() {
                    self.note(format!("was cut from {characters} characters to {}", of * length));
                }
                Ok(part.to_owned())
            }
            Some(Limit::Stop(_) | Limit::Cut(_)) | None => Ok(legal),
        }
    }

    fn note(&mut self, problem: String) {
        self.notes.push(FormatNote { element: self.here(), problem });
    }

    fn here(&self) -> String {
        self.path.join("/")
    }
}

/// Whether XML 1.0 has a form for a character; no escape makes the others legal.
fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// A text without what XML has no form for.
pub(super) fn legal_form(text: &str) -> String {
    text.chars().map(|c| if is_legal(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}
