//! Lists as definitions write them: words with spaces or commas between them.

use std::collections::BTreeSet;

use crate::xml::quoted;

/// Why a text is no list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error<E> {
    /// There is no word in it.
    #[error("the list is empty")]
    Empty,
    /// A word occurs twice.
    #[error("{} occurs twice", quoted(word))]
    Twice {
        /// The word.
        word: String,
    },
    /// A word is none of those that the list is made of.
    #[error("{0}")]
    Word(E),
}

/// Reads a list: at least one word, each of them once.
///
/// # Errors
/// The list is empty, a word occurs twice, or `parse` refuses one; the message says which.
pub fn words<T, E>(text: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<Vec<T>, Error<E>> {
    let mut list = Vec::new();
    let mut seen = BTreeSet::new();
    for word in text.split([',', ' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()) {
        list.push(parse(word).map_err(Error::Word)?);
        if !seen.insert(word) {
            return Err(Error::Twice { word: word.to_owned() });
        }
    }
    if list.is_empty() {
        return Err(Error::Empty);
    }
    Ok(list)
}
