//! Writes a document as UN/EDIFACT (ISO 9735 syntax 3) by the rows of its format.
//!
//! ```text
//! NAD+BY+{buyer.id!35}::92++{buyer.name/35*5}
//! *line:lines ?line.discount MOA+8:{line.discount}
//! ```
//!
//! | sign | says |
//! |---|---|
//! | `*line:lines` | all rows in a row that begin so, once for each of `lines` |
//! | `?shipping` | only if the document has `shipping` |
//! | `{name}` | the text of a name |
//! | `{name!35}` | an identifier: a longer one ends the export |
//! | `{name/35*5}` | a text that goes through up to five components of 35 characters; what is too much is cut, and told |
//!
//! Lengths count characters before they are released by `?`. Separators without anything behind them are left out.
//! What ISO 8859-1 does not have is written by its nearest letters before anything is released, and told.

use super::fitting::{cut, part};
use super::names::Names;
use super::written::{FormatNote, WriteError, Written};
use crate::document::{Group, Node};

/// Begins an interchange and says which separators it has.
const SERVICE: &str = "UNA:+.? '\n";

/// Rows of segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segments {
    rows: Vec<Row>,
}

/// A segment, or some for each one of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Row {
    Segment(Segment),
    Each { one: String, list: String, rows: Vec<Row> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Segment {
    needs: Option<String>,
    /// Elements, of components, each a literal or a name.
    elements: Vec<Vec<Component>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Component {
    Literal(String),
    Name { name: String, length: Length },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Any,
    Stop(usize),
    Parts { length: usize, count: usize },
}

/// Why rows cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{row}` is no row of a format: {problem}")]
pub struct RowError {
    row: String,
    problem: &'static str,
}

impl Segments {
    /// Reads rows; those that begin with `# ` are left out.
    ///
    /// # Errors
    /// Names the row that makes no sense.
    pub fn read(text: &str) -> Result<Self, RowError> {
        let mut rows = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("# ")) {
            let wrong = |problem| RowError { row: line.to_owned(), problem };
            add_row(&mut rows, line).map_err(wrong)?;
        }
        Ok(Self { rows })
    }

    /// Writes a document in ISO 8859-1.
    ///
    /// # Errors
    /// An identifier is longer than its place.
    pub fn write(&self, document: &Group) -> Result<Written, WriteError> {
        let mut writing =
            Writing { names: Names::of(document), text: SERVICE.to_owned(), in_message: 0, notes: Vec::new() };
        writing.rows(&self.rows)?;
        // Every character was made one of ISO 8859-1, whose numbers are those of Unicode.
        let bytes = writing.text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
        Ok(Written { bytes, notes: writing.notes })
    }
}

fn add_row(rows: &mut Vec<Row>, line: &str) -> Result<(), &'static str> {
    let Some(each) = line.strip_prefix('*') else {
        rows.push(Row::Segment(segment(line)?));
        return Ok(());
    };
    let (each, rest) = each.split_once(' ').ok_or("a list needs a segment behind it")?;
    let (called, list) = each.split_once(':').ok_or("`*line:lines` says what one of a list is called")?;
    let is_same = matches!(rows.last(), Some(Row::Each { one, list: of, .. }) if one == called && of == list);
    if !is_same {
        rows.push(Row::Each { one: called.to_owned(), list: list.to_owned(), rows: Vec::new() });
    }
    let Some(Row::Each { rows, .. }) = rows.last_mut() else { return Err("a list needs a segment behind it") };
    add_row(rows, rest)
}

fn segment(line: &str) -> Result<Segment, &'static str> {
    let (needs, text) = match line.strip_prefix('?') {
        Some(conditional) => {
            let (needs, text) = conditional.split_once(' ').ok_or("a condition needs a segment behind it")?;
            (Some(needs.to_owned()), text)
        }
        None => (None, line),
    };
    let elements = text.split('+').map(|element| element.split(':').map(component).collect::<Result<Vec<_>, _>>());
    Ok(Segment { needs, elements: elements.collect::<Result<Vec<_>, _>>()? })
}

fn component(text: &str) -> Result<Component, &'static str> {
    let Some(name) = text.strip_prefix('{') else { return Ok(Component::Literal(text.to_owned())) };
    let name = name.strip_suffix('}').ok_or("a name has no closing brace")?;
    if let Some((name, length)) = name.split_once('!') {
        let length = length.parse().map_err(|_| "a length is a number")?;
        return Ok(Component::Name { name: name.to_owned(), length: Length::Stop(length) });
    }
    if let Some((name, parts)) = name.split_once('/') {
        let (length, count) = parts.split_once('*').ok_or("parts are written as `35*5`")?;
        let (length, count) =
            (length.parse().map_err(|_| "a length is a number")?, count.parse().map_err(|_| "a count is a number")?);
        return Ok(Component::Name { name: name.to_owned(), length: Length::Parts { length, count } });
    }
    Ok(Component::Name { name: name.to_owned(), length: Length::Any })
}

/// A document while it is written.
struct Writing<'a> {
    names: Names<'a>,
    text: String,
    /// Segments since the beginning of the message, which its end must tell.
    in_message: usize,
    notes: Vec<FormatNote>,
}

impl<'a> Writing<'a> {
    fn rows(&mut self, rows: &'a [Row]) -> Result<(), WriteError> {
        for row in rows {
            match row {
                Row::Segment(segment) => self.segment(segment)?,
                Row::Each { one, list, rows } => {
                    let Some(Node::List(groups)) = self.names.find(list) else { continue };
                    for group in groups {
                        self.names.begin(one, group);
                        self.rows(rows)?;
                        self.names.end();
                    }
                }
            }
        }
        Ok(())
    }

    fn segment(&mut self, segment: &'a Segment) -> Result<(), WriteError> {
        let is_needed = segment.needs.as_ref().is_none_or(|needs| self.names.find(needs).is_some());
        let names = segment.elements.iter().flatten().filter_map(|component| match component {
            Component::Name { name, .. } => Some(name),
            Component::Literal(_) => None,
        });
        let names: Vec<&String> = names.collect();
        let says_nothing = !names.is_empty() && names.iter().all(|name| !self.has(name));
        if !is_needed || says_nothing {
            return Ok(());
        }
        let tag = match &segment.elements[0][0] {
            Component::Literal(tag) => tag.as_str(),
            Component::Name { name, .. } => name,
        };
        self.in_message = if tag == "UNH" { 1 } else { self.in_message + 1 };
        let mut elements = Vec::new();
        for element in &segment.elements {
            let mut components = Vec::new();
            for component in element {
                components.extend(self.component(tag, component)?);
            }
            elements.push(joined(components, ':'));
        }
        self.text += &joined(elements, '+');
        self.text += "'\n";
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        name == "segments" || self.names.text(name).is_some()
    }

    /// A component as it is written; a text that goes through several is several.
    fn component(&mut self, tag: &str, component: &Component) -> Result<Vec<String>, WriteError> {
        let (name, length) = match component {
            Component::Literal(literal) => return Ok(vec![literal.clone()]),
            Component::Name { name, .. } if name == "segments" => return Ok(vec![self.in_message.to_string()]),
            Component::Name { name, length } => (name, *length),
        };
        let Some(text) = self.names.text(name) else { return Ok(vec![String::new()]) };
        let here = format!("{tag} {name}");
        let lines: Vec<String> =
            text.split('\n').map(|line| self.in_latin_1(&here, line.trim_end_matches('\r'))).collect();
        match length {
            Length::Any => Ok(vec![released(&lines.join(" "))]),
            Length::Stop(limit) => {
                let text = lines.join(" ");
                let characters = text.chars().count();
                if characters > limit {
                    return Err(WriteError { element: here, text, characters, limit });
                }
                Ok(vec![released(&text)])
            }
            Length::Parts { length, count } => {
                let mut parts: Vec<String> = lines.iter().flat_map(|line| chunks(line, length)).collect();
                if parts.len() > count {
                    let characters = lines.join(" ").chars().count();
                    self.notes.push(FormatNote {
                        element: here,
                        problem: format!("was cut: {characters} characters do not go into {count} × {length}"),
                    });
                    parts.truncate(count);
                }
                Ok(parts.iter().map(|part| released(part)).collect())
            }
        }
    }

    /// A text in the characters of ISO 8859-1, without control characters.
    fn in_latin_1(&mut self, here: &str, text: &str) -> String {
        let mut replaced = String::new();
        let mut latin = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                c if c.is_control() => latin.push(' '),
                c if u32::from(c) <= 0xFF => latin.push(c),
                c => {
                    replaced.push(c);
                    latin += nearest(c);
                }
            }
        }
        if !replaced.is_empty() {
            let problem = format!("has no form in ISO 8859-1 for `{replaced}`; the nearest letters stand there");
            self.notes.push(FormatNote { element: here.to_owned(), problem });
        }
        latin
    }
}

/// The letters nearest to a character; a picture has none.
fn nearest(c: char) -> &'static str {
    let is_text =
        c.is_alphanumeric() || matches!(c, '\u{2000}'..='\u{206F}' | '\u{20A0}'..='\u{20CF}' | '\u{2100}'..='\u{214F}');
    let letters = if is_text { deunicode::deunicode_char(c) } else { None };
    // What joins pictures is nothing by itself.
    let is_joiner = matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FE00}'..='\u{FE0F}');
    if is_joiner { "" } else { letters.unwrap_or("?") }
}

/// Puts `?` before the characters that separate.
pub(super) fn released(text: &str) -> String {
    let mut released = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '?' | '+' | ':' | '\'') {
            released.push('?');
        }
        released.push(c);
    }
    released
}

/// A text in pieces of so many characters; an empty one is none.
fn chunks(text: &str, length: usize) -> Vec<String> {
    let count = text.chars().count().div_ceil(length.max(1));
    let mut rest = text;
    let mut chunks = Vec::with_capacity(count);
    while !rest.is_empty() {
        let chunk = cut(rest, length);
        // Nothing fits where a single sign that people see is longer than the place.
        let chunk = if chunk.is_empty() { part(rest, 1, rest.chars().count()).0 } else { chunk };
        chunks.push(chunk.to_owned());
        rest = &rest[chunk.len()..];
    }
    chunks
}

/// Joins what is written, without separators behind the last of it.
fn joined(mut parts: Vec<String>, separator: char) -> String {
    while parts.len() > 1 && parts.last().is_some_and(String::is_empty) {
        parts.pop();
    }
    parts.join(&separator.to_string())
}
