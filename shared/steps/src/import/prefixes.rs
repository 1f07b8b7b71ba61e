//! The prefixes of file names that a bunch is made of, as a definition gives them.

use pipeline::Arguments;
use pipeline::words::{Error, words};

/// The prefixes that a definition's bunches are made of. A definition that was built in code may have none.
pub(super) fn of(arguments: &Arguments) -> Vec<String> {
    arguments.get("prefixes").and_then(|text| parse(text).ok()).unwrap_or_default()
}

/// Reads a list of prefixes.
pub(super) fn parse(text: &str) -> Result<Vec<String>, Error<String>> {
    words(text, prefix)
}

/// An underscore would end the prefix in the name of a file.
fn prefix(word: &str) -> Result<String, String> {
    let is_prefix = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    if is_prefix {
        Ok(word.to_owned())
    } else {
        Err(format!("`{word}` is not a file prefix (expected ASCII letters, digits, `-` or `.`)"))
    }
}
