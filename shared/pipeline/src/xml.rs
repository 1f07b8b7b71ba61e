//! Reads one file of pipeline definitions into a tree that knows where everything stands.
//!
//! This half knows XML and its dangers; what the elements mean is [`crate::merge`]'s. A file is bounded before it is read
//! ([`limits`]), and a document type or an entity of its own is refused, so that work and memory follow the file's size
//! and nothing outside the file is ever touched.
//!
//! **Invariant:** every error names file, line and column of the very text that is wrong. Lines and columns count from 1,
//! columns in characters; a byte order mark counts nothing, and `\r\n` is one line end.

use std::fmt;
use std::sync::Arc;

use crate::visible::visible;

pub(crate) mod alias;
mod attributes;
pub(crate) mod grammar;
pub(crate) mod kind;
pub mod limits;
mod locator;
mod reader;
pub mod suggest;
#[cfg(test)]
mod tests;

/// One file, well-formed and within the limits; nothing is known yet about its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub(crate) file: Arc<str>,
    pub(crate) root: Element,
}

/// What is wrong in a file, and where.
///
/// One shape for all cases: nobody treats them differently, everybody shows them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{position}: {message}")]
pub struct Error {
    /// The text at fault.
    pub position: XmlPosition,
    /// What was found there and what was expected.
    pub message: String,
}

/// What is accepted in a file and hardly meant, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// The text that it is about.
    pub position: XmlPosition,
    /// What was found there and what is meant or proper.
    pub message: String,
    /// The name of the pipeline that it concerns.
    pub pipeline: String,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct XmlPosition {
    /// The name that the file was read under.
    pub file: Arc<str>,
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1, in characters.
    pub column: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    /// Where its `<` stands.
    pub(crate) position: XmlPosition,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) children: Vec<Element>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    /// Where its name starts.
    pub(crate) position: XmlPosition,
    pub(crate) value: PlacedText,
}

/// A text and where it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlacedText {
    pub(crate) text: String,
    pub(crate) position: XmlPosition,
}

/// Reads a file; `file_name` is what errors call it.
///
/// # Errors
/// The first thing that makes the file no XML, or more of it than the [`limits`] allow. Nothing of such a file is used,
/// because what follows the error cannot be trusted.
pub fn read(file_name: &str, bytes: &[u8]) -> Result<Document, Error> {
    let file: Arc<str> = Arc::from(file_name);
    let root = reader::read(&file, bytes)?;
    Ok(Document { file, root })
}

impl Document {
    /// The name that the file was read under.
    #[must_use]
    pub fn file_name(&self) -> &str {
        &self.file
    }
}

impl XmlPosition {
    pub(crate) fn error(&self, message: impl Into<String>) -> Error {
        Error { position: self.clone(), message: message.into() }
    }
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.position, self.message)
    }
}

impl fmt::Display for XmlPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A found text as messages quote it: in backticks, short, and without characters that spoil a terminal or a log.
pub(crate) fn quoted(text: &str) -> String {
    let start: String = text.chars().take(limits::QUOTED_CHARACTERS).collect();
    let mut shown = visible(&start).into_owned();
    if text.chars().nth(limits::QUOTED_CHARACTERS).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}
