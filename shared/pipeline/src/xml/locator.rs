//! From byte offsets to lines and columns.

use std::sync::Arc;

use super::{Error, XmlPosition};

/// Walks through a text once, so that thousands of positions on one long line cost no more than reading the line.
pub(super) struct Locator<'a> {
    file: &'a Arc<str>,
    text: &'a [u8],
    offset: usize,
    line: u32,
    column: u32,
}

impl<'a> Locator<'a> {
    pub(super) fn new(file: &'a Arc<str>, text: &'a [u8]) -> Self {
        Locator { file, text, offset: 0, line: 1, column: 1 }
    }

    /// The position of a byte. Cheap in rising order; going back starts from the top, which only a final error does.
    pub(super) fn at(&mut self, offset: usize) -> XmlPosition {
        if offset < self.offset {
            *self = Locator::new(self.file, self.text);
        }
        let end = offset.min(self.text.len());
        for at in self.offset..end {
            match self.text[at] {
                b'\n' => self.start_line(),
                b'\r' if self.text.get(at + 1) == Some(&b'\n') => {}
                b'\r' => self.start_line(),
                // Only the first byte of a character counts.
                byte if byte & 0b1100_0000 != 0b1000_0000 => self.column += 1,
                _ => {}
            }
        }
        self.offset = end;
        XmlPosition { file: Arc::clone(self.file), line: self.line, column: self.column }
    }

    pub(super) fn error(&mut self, offset: usize, message: impl Into<String>) -> Error {
        self.at(offset).error(message)
    }

    fn start_line(&mut self) {
        self.line += 1;
        self.column = 1;
    }
}
