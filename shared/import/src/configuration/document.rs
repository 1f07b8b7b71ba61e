//! JSON with the place of every value.

use jsonc_parser::ast;
use jsonc_parser::{CollectOptions, ParseOptions};

use super::limits::{FILE_BYTES, MAX_DEPTH};

/// A value, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) content: Content,
    /// Counted from 1.
    pub(super) line: u64,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Null,
    Flag(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// An entry of a map.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Line of the name.
    pub(super) line: u64,
    pub(super) value: Node,
}

/// Why a text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) line: u64,
    pub(super) problem: String,
}

/// Reads a text.
pub(super) fn read(bytes: &[u8]) -> Result<Node, Unreadable> {
    let unreadable = |line: usize, problem: String| Unreadable { line: line as u64, problem };
    if bytes.len() > FILE_BYTES {
        return Err(unreadable(1, format!("the file has more than {FILE_BYTES} bytes")));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // It knows the rules of JSON best, and refuses what is nested so deeply that the other parser could not return.
    serde_json::from_slice::<serde_json::Value>(bytes).map_err(|error| {
        let problem = format!("the file is not JSON: {error}; nothing of it is used");
        unreadable(error.line().max(1), problem)
    })?;
    let text = std::str::from_utf8(bytes).map_err(|error| unreadable(1, format!("the file is not UTF-8: {error}")))?;
    // Its liberties, such as comments, do not matter: the text is known to be JSON.
    let parsed = jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default());
    let parsed = parsed.map_err(|error| unreadable(1, format!("the file is not JSON: {error}")))?;
    let root = parsed.value.ok_or_else(|| unreadable(1, "the file is empty".to_owned()))?;
    Lines::of(text).node(root, 0)
}

/// Where the lines of a text start.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(breaks.map(|(offset, _)| offset + 1).collect())
    }

    fn line(&self, offset: usize) -> u64 {
        self.0.partition_point(|start| *start <= offset) as u64 + 1
    }

    fn node(&self, value: ast::Value<'_>, depth: usize) -> Result<Node, Unreadable> {
        use jsonc_parser::common::Ranged;
        let line = self.line(value.start());
        if depth > MAX_DEPTH {
            return Err(Unreadable { line, problem: format!("the file is nested more than {MAX_DEPTH} levels deep") });
        }
        let content = match value {
            ast::Value::NullKeyword(_) => Content::Null,
            ast::Value::BooleanLit(flag) => Content::Flag(flag.value),
            ast::Value::NumberLit(number) => Content::Number(number.value.to_owned()),
            ast::Value::StringLit(text) => Content::Text(text.value.into_owned()),
            ast::Value::Array(list) => {
                let nodes = list.elements.into_iter().map(|element| self.node(element, depth + 1));
                Content::List(nodes.collect::<Result<_, _>>()?)
            }
            ast::Value::Object(map) => {
                let mut entries = Vec::new();
                for property in map.properties {
                    let line = self.line(property.range.start);
                    let name = property.name.into_string();
                    entries.push(Entry { name, line, value: self.node(property.value, depth + 1)? });
                }
                Content::Map(entries)
            }
        };
        Ok(Node { content, line })
    }
}

impl Content {
    /// Names what it is, for people.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Flag(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
        }
    }
}

/// Puts a name into a JSON pointer.
pub(super) fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn problem(text: &str) -> String {
        let Unreadable { line, problem } = read(text.as_bytes()).unwrap_err();
        format!("{line}: {problem}")
    }

    #[test]
    fn every_value_knows_its_line() {
        let node = read(b"\xef\xbb\xbf{\n \"a\": {\"b\":\n 1},\n \"c\": [true,\n\"\\u00e4\"]}").unwrap();
        let Content::Map(entries) = node.content else { panic!() };
        let lines: Vec<(&str, u64, u64)> =
            entries.iter().map(|entry| (entry.name.as_str(), entry.line, entry.value.line)).collect();
        assert_eq!(lines, [("a", 2, 2), ("c", 4, 4)]);
        let Content::List(list) = &entries[1].value.content else { panic!() };
        assert_eq!((&list[1].content, list[1].line), (&Content::Text("ä".to_owned()), 5));
    }

    #[test]
    fn what_is_no_json_is_told_with_its_line() {
        assert_snapshot!(problem("{\n \"a\": 1,\n}"), @"3: the file is not JSON: trailing comma at line 3 column 1; nothing of it is used");
        assert_snapshot!(problem("// note\n{}"), @"1: the file is not JSON: expected value at line 1 column 1; nothing of it is used");
        assert_snapshot!(problem(""), @"1: the file is not JSON: EOF while parsing a value at line 1 column 0; nothing of it is used");
        assert_snapshot!(problem(&format!("{}1{}", "[".repeat(40), "]".repeat(40))), @"1: the file is nested more than 16 levels deep");
        assert_snapshot!(problem(&"[".repeat(200_000)), @"1: the file is not JSON: recursion limit exceeded at line 1 column 128; nothing of it is used");
        assert_snapshot!(problem(&" ".repeat(300_000)), @"1: the file has more than 262144 bytes");
    }
}
