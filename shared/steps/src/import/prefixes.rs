//! The prefixes of file names that a bunch is made of, as a definition gives them.

use engine::accepts::{Argument, Parsed, Presence};
use import::file_name::PREFIXES_WITH_UNDERSCORE;
use pipeline::Arguments;
use pipeline::words::{Error, words};

pub(super) const PREFIXES: Argument<Parsed<Vec<String>>> = Argument {
    name: "prefixes",
    kind: Parsed {
        kind: "list of file prefixes",
        example: "product-import, price-import",
        read: |text| Ok(parse(text)?),
    },
    presence: Presence::Required,
    meaning: "the part of the file names before the first underscore, in the order in which a bunch imports them",
};

/// The prefixes that a definition's bunches are made of. A definition that was built in code may have none.
pub(super) fn of(arguments: &Arguments) -> Vec<String> {
    PREFIXES.of(arguments).ok().flatten().unwrap_or_default()
}

/// What cannot be the prefix of a file name: an underscore would end it, but in the names that Magento shops give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a file prefix (expected ASCII letters, digits, `-` or `.`, or `{}`)", PREFIXES_WITH_UNDERSCORE.join("`, `"))]
pub(super) struct BadPrefix {
    found: String,
}

/// Reads a list of prefixes.
pub(super) fn parse(text: &str) -> Result<Vec<String>, Error<BadPrefix>> {
    words(text, prefix)
}

fn prefix(word: &str) -> Result<String, BadPrefix> {
    let is_prefix = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    if is_prefix || PREFIXES_WITH_UNDERSCORE.contains(&word) {
        Ok(word.to_owned())
    } else {
        Err(BadPrefix { found: word.to_owned() })
    }
}
