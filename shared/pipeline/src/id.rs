//! Names and ids as types, so that they cannot be mixed up.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Most bytes of a name: names travel in keys, messages and log fields.
pub(crate) const NAME_LIMIT_BYTES: usize = 100;

/// The name of a definition or of a step: ASCII letters, digits, `_`, `-` and `.`, at most 100 of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(Arc<str>);

/// Why a text is no [`Name`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a name (expected 1 to {NAME_LIMIT_BYTES} ASCII letters, digits, `_`, `-` or `.`)")]
pub struct BadName {
    /// The text, shortened.
    pub found: String,
}

/// The id of one spawned pipeline: 20 characters that sort by the time of the spawn.
///
/// The id follows from the definition's name and the *spawn key* (a cron time, something found, a request), so that a spawn that
/// is repeated after a crash or by a second beat meets its own first try and not a twin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PipelineId(Arc<str>);

/// Why a text is no [`PipelineId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a pipeline id (expected 20 characters of `0-9a-z`, as in `01jd9x4k7m3fq8zt0v2c`)")]
pub struct BadPipelineId {
    found: String,
}

/// Crockford's base 32 in lower case: no `i`, `l`, `o`, `u` that are misread on a phone at night.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TIME_CHARACTERS: usize = 10;
const HASH_CHARACTERS: usize = 10;

impl Name {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        if text.is_empty() || text.len() > NAME_LIMIT_BYTES || !text.bytes().all(is_allowed) {
            return Err(BadName { found: text.chars().take(NAME_LIMIT_BYTES).collect() });
        }
        Ok(Name(text.into()))
    }
}

impl TryFrom<String> for Name {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> String {
        name.0.as_ref().to_owned()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl PipelineId {
    /// Derives the id of the pipeline that `name` spawns for `spawn_key`; `at` is a time that belongs to the key.
    #[must_use]
    pub fn derive(name: &Name, spawn_key: &str, at: DateTime<Utc>) -> Self {
        let millis = at.timestamp_millis().max(0).unsigned_abs();
        let digest = Sha256::digest(format!("{name}\n{spawn_key}"));
        let hash = digest.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        PipelineId((base32(millis, TIME_CHARACTERS) + &base32(hash, HASH_CHARACTERS)).into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PipelineId {
    type Err = BadPipelineId;

    fn from_str(text: &str) -> Result<Self, BadPipelineId> {
        if text.len() == TIME_CHARACTERS + HASH_CHARACTERS && text.bytes().all(|b| ALPHABET.contains(&b)) {
            Ok(PipelineId(text.into()))
        } else {
            Err(BadPipelineId { found: text.chars().take(40).collect() })
        }
    }
}

impl TryFrom<String> for PipelineId {
    type Error = BadPipelineId;

    fn try_from(text: String) -> Result<Self, BadPipelineId> {
        text.parse()
    }
}

impl From<PipelineId> for String {
    fn from(id: PipelineId) -> String {
        id.0.as_ref().to_owned()
    }
}

impl fmt::Display for PipelineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

fn base32(mut number: u64, characters: usize) -> String {
    let mut text = vec![b'0'; characters];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(number % 32) as usize];
        number /= 32;
    }
    text.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    #[test]
    fn ids_sort_by_time_and_follow_from_name_and_key() {
        let name: Name = "nightly_export".parse().unwrap();
        let early = PipelineId::derive(&name, "a", at(1_780_000_000_000));
        let late = PipelineId::derive(&name, "a", at(1_780_000_000_001));
        assert!(early < late);
        assert_eq!(early, PipelineId::derive(&name, "a", at(1_780_000_000_000)));
        assert_ne!(early, PipelineId::derive(&name, "b", at(1_780_000_000_000)));
        assert_eq!(early, early.to_string().parse().unwrap());
    }

    #[test]
    fn names_with_separators_or_spaces_are_refused() {
        for bad in ["", "a/b", "a b", "ä", "a#b", &"x".repeat(101)] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
        assert_eq!("move_files-2.x".parse::<Name>().unwrap().as_str(), "move_files-2.x");
    }
}
