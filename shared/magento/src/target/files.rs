//! Where the files are that rows name, and by what name the shop keeps them.

use async_trait::async_trait;
use bytes::Bytes;

/// Where the files are that rows name: images and downloads.
#[async_trait]
pub trait RowFiles: Send + Sync {
    /// Returns what is in a file. A row names it by its path below the media directory, or by an address.
    ///
    /// # Errors
    /// Says whether there is no such file, which costs the row, or whether a later try may find it.
    async fn read(&self, name: &str) -> Result<Bytes, RowFileError>;
}

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowFileError {
    /// It is not there, or must not be used. Reads as the end of a sentence that starts with its name.
    #[error("{0}")]
    Unusable(String),
    /// It cannot be read at the moment.
    #[error("{0}")]
    Passing(String),
}

/// Says whether a file that the shop keeps is one of this name. The shop writes names in its own way, and gives the second
/// of a name a number.
pub(super) fn is_named(kept: &str, name: &str) -> bool {
    let (kept, name) = (cleaned(kept), cleaned(name));
    let ((kept, kept_ending), (name, ending)) = (parts(&kept), parts(&name));
    let is_number = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    let is_second = || kept.strip_prefix(name).and_then(|rest| rest.strip_prefix('_')).is_some_and(is_number);
    kept_ending == ending && (kept == name || is_second())
}

/// The last part of a path or address, with what the shop would replace in it replaced.
pub(super) fn sent_name(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut cleaned = String::new();
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_') {
            cleaned.push(letter);
        } else if !cleaned.ends_with('_') {
            cleaned.push('_');
        }
    }
    cleaned
}

/// The same in small letters: shops differ in whether they keep others.
fn cleaned(path: &str) -> String {
    sent_name(path).to_lowercase()
}

fn parts(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or((name, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_name_as_the_shop_writes_it() {
        // As recorded: the second of a name, and one with letters that the shop does not keep.
        assert!(is_named("/f/r/front.png", "/m/b/Front.png") && is_named("/f/r/front_1.png", "front.png"));
        assert!(is_named("/b/a/back_side_.png", "back side ü.png"));
        assert!(!is_named("/f/r/front_a.png", "front.png") && !is_named("/f/r/front.jpg", "front.png"));
        assert!(is_named("/a/_/a.pdf", "https://files.example.com/x/a.pdf?v=2"));
    }
}
