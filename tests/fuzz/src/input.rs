//! How the bytes of an input become several things, so that inputs can be written by hand.

use std::borrow::Cow;

/// What begins a line that names a section.
const MARK: &[u8] = b"=== ";

/// A part of an input, under the name that its first line gives.
#[derive(Debug, Clone, Copy)]
pub struct Section<'a> {
    /// The rest of the line behind `=== `; empty for what comes before the first such line.
    pub name: &'a [u8],
    /// The lines below.
    pub content: &'a [u8],
}

/// Cuts an input at the lines that begin with `=== `; an input without such a line is one section without a name.
#[must_use]
pub fn sections(data: &[u8]) -> Vec<Section<'_>> {
    let mut sections = vec![Section { name: b"", content: data }];
    let mut start = 0;
    while start < data.len() {
        let end = line_end(data, start);
        if let Some(name) = data[start..end].strip_prefix(MARK) {
            if let Some(last) = sections.last_mut() {
                let begin = data.len() - last.content.len();
                last.content = &data[begin..start];
            }
            let content = &data[(end + 1).min(data.len())..];
            sections.push(Section { name: name.trim_ascii(), content });
        }
        start = end + 1;
    }
    // Nobody means the nothing before the first name.
    if sections.len() > 1 && sections[0].content.is_empty() {
        sections.remove(0);
    }
    sections
}

impl<'a> Section<'a> {
    /// The name as text.
    #[must_use]
    pub fn title(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.name)
    }

    /// The content as text.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.content)
    }
}

fn line_end(data: &[u8], start: usize) -> usize {
    data[start..].iter().position(|byte| *byte == b'\n').map_or(data.len(), |at| start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(data: &str) -> Vec<(String, String)> {
        sections(data.as_bytes()).iter().map(|it| (it.title().into_owned(), it.text().into_owned())).collect()
    }

    #[test]
    fn an_input_is_cut_at_its_marks() {
        let pair = |name: &str, content: &str| (name.to_owned(), content.to_owned());
        assert_eq!(shown("plain\ntext"), [pair("", "plain\ntext")]);
        assert_eq!(shown("=== a\n1\n2\n=== b\n"), [pair("a", "1\n2\n"), pair("b", "")]);
        assert_eq!(shown("0\n=== a\n1"), [pair("", "0\n"), pair("a", "1")]);
        assert_eq!(shown("=== a"), [pair("a", "")]);
    }
}
