//! Paths of categories: the names from the root down.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::cell;
use crate::name_key::name_key;

/// The place of a category in the tree: the names from the root down.
///
/// Private, because there is at least one level and none is empty.
/// As text the levels are separated by `/`; a name that holds a slash or a quote is quoted, as in M2IF.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CategoryPath {
    levels: Vec<String>,
}

/// Why a text is no category path; reads as the end of a sentence that starts with the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CategoryPathError {
    /// A quoted name goes on to the end.
    #[error("has a quote that is never closed")]
    OpenQuote,
    /// A name is missing.
    #[error("has an empty level (example: `Default Category/Bikes/Touring`)")]
    EmptyLevel,
    /// A name is longer than a catalogue takes.
    #[error("has a level of more than 255 characters")]
    LongLevel,
    /// It leads deeper than any catalogue.
    #[error("has more than {MAX_LEVELS} levels")]
    TooDeep,
    /// It is longer than the key of an item may be.
    #[error("has more than {MAX_BYTES} bytes")]
    TooLong,
}

const MAX_LEVEL_CHARS: usize = 255;

/// Levels of a path; shops get along with ten.
const MAX_LEVELS: usize = 32;

/// Bytes of a path as text: it is a sort key, of which DynamoDB takes 1,024.
const MAX_BYTES: usize = 1_000;

impl CategoryPath {
    /// Reads a path; a name with the separator in it is quoted, or the separator is escaped by a backslash.
    ///
    /// # Errors
    /// Refuses a path with an empty or an overlong level or an open quote, and one that is too deep or too long.
    pub fn parse(text: &str, separator: char) -> Result<Self, CategoryPathError> {
        let parts = cell::split(text, separator, &[]).map_err(|_| CategoryPathError::OpenQuote)?;
        let mut levels: Vec<String> = Vec::new();
        let mut is_escaped = false;
        for part in parts {
            let (part, escapes_next) = match part.strip_suffix('\\') {
                Some(part) => (part, true),
                None => (part, false),
            };
            match levels.last_mut().filter(|_| is_escaped) {
                Some(level) => {
                    level.push(separator);
                    level.push_str(part.trim_end());
                }
                None => levels.push(cell::unquote(part).trim().to_owned()),
            }
            is_escaped = escapes_next;
        }
        if levels.iter().any(String::is_empty) {
            return Err(CategoryPathError::EmptyLevel);
        }
        if levels.iter().any(|name| name.chars().count() > MAX_LEVEL_CHARS) {
            return Err(CategoryPathError::LongLevel);
        }
        if levels.len() > MAX_LEVELS {
            return Err(CategoryPathError::TooDeep);
        }
        let path = Self { levels };
        if path.to_string().len() > MAX_BYTES {
            return Err(CategoryPathError::TooLong);
        }
        Ok(path)
    }

    /// Writes the path with a separator of levels; a name that would be read otherwise is quoted.
    #[must_use]
    pub fn written(&self, separator: char) -> String {
        let mut text = String::new();
        for (index, name) in self.levels.iter().enumerate() {
            if index > 0 {
                text.push(separator);
            }
            match name.contains([separator, '"', '\\']) {
                true => text.push_str(&cell::write::quoted(name)),
                false => text.push_str(name),
            }
        }
        text
    }

    /// Returns the names from the root down.
    #[must_use]
    pub fn levels(&self) -> &[String] {
        &self.levels
    }

    /// Returns the category's own name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.levels.last().expect("a path has at least one level")
    }

    /// Returns the form in which paths compare: as the shop does, without case.
    #[must_use]
    pub fn key(&self) -> String {
        name_key(&self.to_string())
    }

    /// Returns the same place with the spelling of a category that is it, or lies above it.
    #[must_use]
    pub fn spelled_like(&self, known: &Self) -> Self {
        let own = self.levels.iter().skip(known.levels.len());
        Self { levels: known.levels.iter().chain(own).cloned().collect() }
    }

    /// Returns the path of the category above, unless this is a root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.levels.split_last()?;
        match above.is_empty() {
            true => None,
            false => Some(Self { levels: above.to_vec() }),
        }
    }
}

impl fmt::Display for CategoryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written('/'))
    }
}

impl FromStr for CategoryPath {
    type Err = CategoryPathError;

    fn from_str(text: &str) -> Result<Self, CategoryPathError> {
        Self::parse(text, '/')
    }
}

impl From<CategoryPath> for String {
    fn from(path: CategoryPath) -> Self {
        path.to_string()
    }
}

impl TryFrom<String> for CategoryPath {
    type Error = CategoryPathError;

    fn try_from(text: String) -> Result<Self, CategoryPathError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    fn levels(text: &str) -> String {
        match text.parse::<CategoryPath>() {
            Ok(path) => path.levels().join(" > "),
            Err(error) => format!("`{text}` {error}"),
        }
    }

    #[test]
    fn a_name_may_hold_a_slash_if_it_is_quoted_or_escaped() {
        assert_snapshot!(levels("Default Category/Bikes/Touring"), @"Default Category > Bikes > Touring");
        assert_snapshot!(levels(r#"Default Category/"Deine/Meine"/Produkte"#), @"Default Category > Deine/Meine > Produkte");
        assert_snapshot!(levels(r#"Default Category/"Deine/Meine" Kategorie"#), @"Default Category > Deine/Meine Kategorie");
        assert_snapshot!(levels(r#"Default Category/"""Diese/Jenige"" Kategorie""#), @r#"Default Category > "Diese/Jenige" Kategorie"#);
        assert_snapshot!(levels(r"Default Category/Category\/ 2"), @"Default Category > Category/ 2");
    }

    #[test]
    fn a_broken_path_says_what_is_wrong() {
        assert_snapshot!(levels("Default Category//Bikes"), @"`Default Category//Bikes` has an empty level (example: `Default Category/Bikes/Touring`)");
        assert_eq!("a/".repeat(40).trim_end_matches('/').parse::<CategoryPath>(), Err(CategoryPathError::TooDeep));
        let wide = ["ü".repeat(255), "ä".repeat(255)].join("/");
        assert_eq!(wide.parse::<CategoryPath>(), Err(CategoryPathError::TooLong));
        assert_snapshot!(levels("Default Category/\"Bikes"), @r#"`Default Category/"Bikes` has a quote that is never closed"#);
    }

    #[test]
    fn the_parent_of_a_root_is_nothing() {
        let path: CategoryPath = "A/B".parse().unwrap();
        assert_eq!(path.name(), "B");
        assert_eq!(path.parent(), "A".parse().ok());
        assert_eq!(path.parent().unwrap().parent(), None);
    }

    proptest! {
        #[test]
        fn a_path_is_read_back_from_its_text(levels in prop::collection::vec("[^ ](.{0,6}[^ ])?", 1..4)) {
            let levels: Vec<String> = levels.into_iter().map(|level| level.trim().to_owned()).collect();
            prop_assume!(levels.iter().all(|level| !level.is_empty()));
            let path = CategoryPath { levels };
            prop_assert_eq!(path.to_string().parse(), Ok(path));
        }
    }
}
