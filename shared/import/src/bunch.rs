//! Which files of the drop area are imported as one, and whether all of them have arrived.
//!
//! Files with the same identifier (the filename part of their names) belong to one **bunch**, whatever their prefixes:
//! `category-import_x_01.csv` and `product-import_x_01.csv` go through one pipeline. An **ok file** says that its files
//! are complete. Three names are looked up for a CSV file, from the widest to the narrowest:
//!
//! | ok file | empty | with names, one a line |
//! |---|---|---|
//! | `product-import.ok` | releases every arrived file of the prefix | releases the files it names, of any bunch |
//! | `product-import_x.ok` | releases every arrived file of the prefix and bunch | releases the files it names |
//! | `product-import_x_01.ok` | releases `product-import_x_01.csv` | the same, if it names that file |
//!
//! - An ok file is a manifest and is never changed: nothing is consumed line by line, a crash loses no release.
//!   Once a pipeline has the bunch, its files and its ok files leave the drop area together.
//! - A named file that has not arrived makes its bunch wait; so does a line that cannot be understood, because then
//!   nobody knows what the manifest promises.
//! - An empty ok file cannot say how many files there are. If their counters have a gap the bunch waits for the file
//!   in the gap; a last file that is still missing goes unnoticed. Senders that write files in parallel should name them.
//! - A CSV file that no ok file releases stays where it is and is reported; the released ones of its prefix go on.
//!   But a prefix of the bunch without any release holds up the bunch: products must not run ahead of their categories.
//! - Files of prefixes that are not asked for are none of our business.
//!
//! **Invariant:** the answer depends on nothing but the files and the contents given, not on their order.

mod manifest;
mod resolve;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::file_name::FileName;

pub use resolve::{is_spent, resolve};

/// Bytes of an ok file that are read at most. Ten thousand names fit; what is larger is not an ok file.
pub const MAX_OK_FILE_BYTES: u64 = 1024 * 1024;

/// A file seen in the drop area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropFile {
    /// Base name.
    pub name: String,
    /// Size as the listing says.
    pub size_bytes: u64,
    /// When it was last written.
    pub modified: DateTime<Utc>,
    /// Changes whenever the content does, such as an entity tag.
    pub fingerprint: String,
}

/// What the drop area holds, bunch by bunch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resolution {
    /// One entry for each identifier, in alphabetic order.
    pub sets: Vec<BunchSet>,
    /// What belongs to no bunch, for the operator.
    pub notes: Vec<Note>,
}

/// Something that the operator should know of files in the drop area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub struct Note {
    /// A whole sentence.
    pub text: String,
    /// The names of the files that it is about. A bunch that is kept with its pipeline does not keep them.
    pub files: Vec<String>,
}

/// The files of one identifier: ready to be imported, or waiting for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BunchSet {
    /// Everything that the ok files promise has arrived.
    Complete(Bunch),
    /// Something is missing or wrong.
    Incomplete {
        /// What the files have in common, such as `20260801-120000`.
        identifier: String,
        /// Why, for the operator; never empty.
        reasons: Vec<Note>,
    },
}

/// Files that are imported as one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bunch {
    /// Differs for other files, and for the same files dropped again.
    pub id: BunchId,
    /// The released CSV files, by order of prefix, then by counter.
    pub files: Vec<BunchFile>,
    /// The ok files that released them; they leave the drop area together with the files.
    pub ok_files: Vec<String>,
    /// CSV files of the same identifier that no ok file releases, and why.
    pub left_behind: Vec<Note>,
}

/// A CSV file of a bunch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BunchFile {
    /// Base name.
    pub name: FileName,
    /// Size as the listing says.
    pub size_bytes: u64,
    /// As the listing says; a later read can check that it still reads the same file.
    pub fingerprint: String,
}

/// Identifies the files of a bunch as they were dropped: `<identifier>-<hash>`.
///
/// The hash covers names, fingerprints and times, so dropping the same files a second time makes a new bunch, while
/// looking at the same drop twice does not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct BunchId {
    identifier: String,
    hash: String,
}

/// A text that is no bunch id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a bunch id (expected `<identifier>-<12 hexadecimal digits>`)")]
pub struct BunchIdError(String);

const HASH_DIGITS: usize = 12;

impl Note {
    /// A sentence about some files.
    fn about<'a>(files: impl IntoIterator<Item = &'a str>, text: String) -> Self {
        Self { text, files: files.into_iter().map(str::to_owned).collect() }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Note> for String {
    fn from(note: Note) -> Self {
        note.text
    }
}

impl From<String> for Note {
    fn from(text: String) -> Self {
        Self { text, files: Vec::new() }
    }
}

impl Bunch {
    /// Makes a bunch of files that nobody released: they are checked and not imported. They come in the order in which an
    /// import takes its kinds of files. `None` if there is no file.
    #[must_use]
    pub fn to_check(files: &[(FileName, DropFile)]) -> Option<Self> {
        let (first, _) = files.first()?;
        let entities = crate::entity::all();
        let place = |name: &FileName| entities.iter().position(|entity| entity.has_prefix(name.prefix()));
        let mut sorted: Vec<&(FileName, DropFile)> = files.iter().collect();
        sorted.sort_by_key(|(name, _)| (place(name).unwrap_or(usize::MAX), name.clone()));
        let all: Vec<&DropFile> = files.iter().map(|(_, file)| file).collect();
        let file = |(name, file): &(FileName, DropFile)| BunchFile {
            name: name.clone(),
            size_bytes: file.size_bytes,
            fingerprint: file.fingerprint.clone(),
        };
        let files = sorted.into_iter().map(file).collect();
        let id = BunchId::of(first.filename(), &all);
        Some(Bunch { id, files, ok_files: Vec::new(), left_behind: Vec::new() })
    }
}

impl BunchId {
    /// Makes the id of some files; their order does not matter.
    fn of(identifier: &str, files: &[&DropFile]) -> Self {
        let mut lines: Vec<String> = files
            .iter()
            .map(|file| {
                let modified = file.modified.timestamp_micros();
                format!("{}\0{}\0{modified}\n", file.name, file.fingerprint)
            })
            .collect();
        lines.sort_unstable();
        let digest = Sha256::digest(lines.concat());
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { identifier: identifier.to_owned(), hash: hex[..HASH_DIGITS].to_owned() }
    }

    /// Returns what the files have in common, such as `20260801-120000`.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }
}

impl fmt::Display for BunchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.identifier, self.hash)
    }
}

impl FromStr for BunchId {
    type Err = BunchIdError;

    fn from_str(text: &str) -> Result<Self, BunchIdError> {
        let is_hash =
            |hash: &str| hash.len() == HASH_DIGITS && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match text.rsplit_once('-') {
            Some((identifier, hash)) if !identifier.is_empty() && is_hash(hash) => {
                Ok(Self { identifier: identifier.to_owned(), hash: hash.to_owned() })
            }
            _ => Err(BunchIdError(text.to_owned())),
        }
    }
}

impl From<BunchId> for String {
    fn from(id: BunchId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for BunchId {
    type Error = BunchIdError;

    fn try_from(text: String) -> Result<Self, BunchIdError> {
        text.parse()
    }
}
