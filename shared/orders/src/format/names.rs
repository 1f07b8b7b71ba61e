//! The names that a format uses, found in a document.

use crate::document::{Group, Node};

/// A document while it is written: its names, and those of the ones of lists that are written now.
pub(super) struct Names<'a> {
    document: &'a Group,
    /// The innermost last, with what it is called.
    ones: Vec<(&'a str, &'a Group)>,
}

impl<'a> Names<'a> {
    pub(super) fn of(document: &'a Group) -> Self {
        Self { document, ones: Vec::new() }
    }

    /// From here on a name that begins with `called` is one of this group.
    pub(super) fn begin(&mut self, called: &'a str, group: &'a Group) {
        self.ones.push((called, group));
    }

    /// Ends what was begun last.
    pub(super) fn end(&mut self) {
        self.ones.pop();
    }

    /// What a name holds: `line.sku` in the group that is called `line`, any other one in the whole document.
    pub(super) fn find(&self, name: &str) -> Option<&'a Node> {
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        let one = self.ones.iter().rfind(|(called, _)| *called == first);
        one.map_or_else(|| look_up(self.document, name), |(_, group)| look_up(group, rest))
    }

    /// The text that a name holds.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        match self.find(name)? {
            Node::Text(text) => Some(text),
            Node::Group(_) | Node::List(_) => None,
        }
    }
}

fn look_up<'a>(group: &'a Group, name: &str) -> Option<&'a Node> {
    match name.split_once('.') {
        None => group.get(name),
        Some((first, rest)) => match group.get(first)? {
            Node::Group(inner) => look_up(inner, rest),
            Node::Text(_) | Node::List(_) => None,
        },
    }
}
