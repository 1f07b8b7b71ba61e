//! Lists as definitions write them: words with spaces or commas between them.

use std::collections::BTreeSet;

use crate::xml::quoted;

/// Reads a list: at least one word, each of them once.
///
/// # Errors
/// The list is empty, a word occurs twice, or `parse` refuses one; the text says which.
pub fn words<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let mut list = Vec::new();
    let mut seen = BTreeSet::new();
    for word in text.split([',', ' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()) {
        list.push(parse(word)?);
        if !seen.insert(word) {
            return Err(format!("{} occurs twice", quoted(word)));
        }
    }
    if list.is_empty() {
        return Err("the list is empty".to_owned());
    }
    Ok(list)
}
