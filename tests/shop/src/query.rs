//! The query of a request as PHP takes it apart: `a[b][0]=c` is a path into a tree.

use percent_encoding::percent_decode_str;

use crate::php::snake;

/// The pairs of a query, names as paths.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    pairs: Vec<(Vec<String>, String)>,
}

impl Query {
    /// Reads a raw query.
    pub(crate) fn read(raw: &str) -> Self {
        let pairs = raw.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (path(&decoded(name)), decoded(value))
        });
        Self { pairs: pairs.collect() }
    }

    /// The value of a plain name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.at(&[name])
    }

    /// The value at a path.
    pub(crate) fn at(&self, wanted: &[&str]) -> Option<&str> {
        self.pairs
            .iter()
            .rev()
            .find(|(path, _)| path.iter().map(String::as_str).eq(wanted.iter().copied()))
            .map(|(_, value)| value.as_str())
    }

    /// Whether anything lies at or under a name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(path, _)| path.first().is_some_and(|first| first == name))
    }

    /// The names directly under a path, each once, in their order.
    pub(crate) fn under(&self, prefix: &[&str]) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (path, _) in &self.pairs {
            let inside = path.len() > prefix.len()
                && path.iter().map(String::as_str).zip(prefix).all(|(one, other)| one == *other);
            if inside && !names.contains(&path[prefix.len()]) {
                names.push(path[prefix.len()].clone());
            }
        }
        names
    }
}

fn path(name: &str) -> Vec<String> {
    name.split('[').map(|part| snake(part.trim_end_matches(']'))).collect()
}

/// A part of a query or of a path: `+` is a space there for PHP, and what is no UTF-8 stays unknown.
pub(crate) fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}
