//! From bytes to the tree of elements: one pass, an explicit stack, nothing that grows beyond the limits.

use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::errors::{Error as Ill, IllFormedError};
use quick_xml::events::{BytesDecl, BytesStart, Event};

use super::attributes::{self, character_of, is_allowed};
use super::locator::Locator;
use super::{Element, Error, limits, quoted};

pub(super) fn read(file: &Arc<str>, bytes: &[u8]) -> Result<Element, Error> {
    let text = decoded(file, bytes)?;
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_comments = true;
    // Our own stack finds unmatched end tags and can say where the start tag stands.
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    let mut tree = Tree { locator: Locator::new(file, text.as_bytes()), open: Vec::new(), root: None, elements: 0 };
    loop {
        let at = offset(reader.buffer_position());
        match reader.read_event() {
            Ok(Event::Eof) => return tree.finish(text.len()),
            Ok(event) => tree.take(event, at)?,
            Err(Ill::IllFormed(IllFormedError::DoubleHyphenInComment)) => {
                // The parser's own position is wrong if single hyphens come before.
                let hyphens = text[at..].find("<!--").and_then(|start| text[at + start + 4..].find("--")).unwrap_or(0);
                return Err(tree.locator.error(at + 4 + hyphens, "`--` inside a comment"));
            }
            Err(error) => {
                let at = offset(reader.error_position());
                return Err(tree.locator.error(at, format!("this is not well-formed XML: {}", reason(&error))));
            }
        }
    }
}

struct Tree<'a> {
    locator: Locator<'a>,
    /// The elements whose end tag has not come yet, the outermost first.
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Tree<'_> {
    fn take(&mut self, event: Event<'_>, at: usize) -> Result<(), Error> {
        match event {
            Event::Start(tag) => {
                let element = self.element(&tag, at)?;
                self.open.push(element);
                Ok(())
            }
            Event::Empty(tag) => {
                let element = self.element(&tag, at)?;
                self.place(element);
                Ok(())
            }
            Event::End(tag) => self.close(tag.name().as_ref(), at),
            Event::Text(text) => match text.find(|c: char| !matches!(c, ' ' | '\t' | '\r' | '\n')) {
                Some(first) => Err(self.locator.error(at + first, text_message(text[first..].trim_end()))),
                None => Ok(()),
            },
            Event::CData(text) => Err(self.locator.error(at, text_message(text.trim()))),
            Event::GeneralRef(name) => {
                let reference = format!("&{};", &*name);
                let message = match character_of(&reference) {
                    Ok(_) => text_message(&reference),
                    Err(bad) => bad.to_string(),
                };
                Err(self.locator.error(at, message))
            }
            Event::DocType(_) => Err(self.locator.error(at, "a document type (`<!DOCTYPE …>`) is not allowed")),
            Event::Decl(declaration) => self.check_declaration(&declaration, at),
            Event::Comment(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    fn element(&mut self, tag: &BytesStart<'_>, at: usize) -> Result<Element, Error> {
        let position = self.locator.at(at);
        let name = tag.name().as_ref().to_owned();
        self.elements += 1;
        if name.is_empty() || name.len() > limits::NAME_BYTES {
            return Err(position.error(format!("{} is not the name of an element", quoted(&name))));
        }
        if self.open.len() == limits::DEPTH {
            return Err(position.error(format!("more than {} elements within each other", limits::DEPTH)));
        }
        if self.elements > limits::ELEMENTS {
            return Err(position.error(format!("more than {} elements in one file", limits::ELEMENTS)));
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(position.error(format!("a second root element, {}", quoted(&name))));
        }
        let attributes = attributes::read(tag, at + 1, &mut self.locator)?;
        Ok(Element { name, position, attributes, children: Vec::new() })
    }

    fn close(&mut self, name: &str, at: usize) -> Result<(), Error> {
        let Some(element) = self.open.pop() else {
            return Err(self.locator.error(at, format!("{} closes nothing", quoted(&format!("</{name}>")))));
        };
        if element.name != name {
            let (found, expected) = (quoted(&format!("</{name}>")), quoted(&format!("</{}>", element.name)));
            let opened = &element.position;
            let message = format!("found {found} where {expected} is expected (opened at {opened})");
            return Err(self.locator.error(at, message));
        }
        self.place(element);
        Ok(())
    }

    fn place(&mut self, element: Element) {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn finish(mut self, end: usize) -> Result<Element, Error> {
        if let Some(element) = self.open.pop() {
            return Err(element.position.error(format!("the element {} is not closed", quoted(&element.name))));
        }
        self.root.ok_or_else(|| self.locator.error(end, "there is no element (expected `config`)"))
    }

    fn check_declaration(&mut self, declaration: &BytesDecl<'_>, at: usize) -> Result<(), Error> {
        if at != 0 {
            return Err(self.locator.error(at, "the XML declaration must be the first thing in the file"));
        }
        if !declaration.version().is_ok_and(|version| version == "1.0") {
            return Err(self.locator.error(at, "the XML declaration must say `version=\"1.0\"`"));
        }
        match declaration.encoding() {
            Some(Ok(encoding)) if !encoding.eq_ignore_ascii_case("utf-8") => {
                let message = format!("the encoding {} is not supported (expected `UTF-8`)", quoted(&encoding));
                Err(self.locator.error(at, message))
            }
            Some(Err(_)) => Err(self.locator.error(at, "the XML declaration is malformed")),
            Some(Ok(_)) | None => Ok(()),
        }
    }
}

/// The file as text, without a byte order mark.
fn decoded<'a>(file: &Arc<str>, bytes: &'a [u8]) -> Result<&'a str, Error> {
    if bytes.len() > limits::FILE_BYTES {
        let message = format!("the file has more than {} bytes", limits::FILE_BYTES);
        return Err(Locator::new(file, &[]).error(0, message));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let error = |at, message: &str| Err(Locator::new(file, bytes).error(at, message));
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(invalid) => return error(invalid.valid_up_to(), "this is not UTF-8"),
    };
    if let Some((at, character)) = text.char_indices().find(|(_, character)| !is_allowed(*character)) {
        return error(at, &format!("the character U+{:04X} is not allowed in XML", u32::from(character)));
    }
    // The parser would swallow a second mark.
    if text.starts_with('\u{feff}') {
        return error(0, "a second byte order mark");
    }
    Ok(text)
}

/// The parser's reason without its own preface.
fn reason(error: &Ill) -> String {
    match error {
        Ill::Syntax(reason) => reason.to_string(),
        Ill::IllFormed(reason) => reason.to_string(),
        Ill::Io(_) | Ill::InvalidAttr(_) | Ill::Encoding(_) | Ill::Escape(_) | Ill::Namespace(_) => error.to_string(),
    }
}

fn text_message(text: &str) -> String {
    format!("the text {} stands between the elements, where only elements belong", quoted(text))
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}
