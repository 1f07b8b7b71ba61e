//! A thing as it is stored, and as it shall be.

use super::causes::Drafted;
use super::last_change::{BadLastChange, LastChange};
use super::listing::seen::Seen;

/// A thing as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptThing<T> {
    /// The thing; none if it was deleted. That it was is kept, so that a repeated import recognises its own work.
    pub thing: Option<T>,
    /// Names the write that made it so; lets a repeated import recognise its own work.
    pub mark: Option<String>,
    /// What is noted of its last change, as it is stored.
    pub(super) last_change: Option<String>,
    /// None if nobody has stored it: it is what every shop has. That of the draft's item for what is drafted.
    pub(super) version: Option<u64>,
    /// Of a thing that was read from a draft: what it came from.
    pub(super) drafted: Option<Drafted>,
    /// What readers of listings see instead, if it was written while these are held back.
    pub(super) seen: Option<Seen>,
}

/// A thing to write.
#[derive(Debug, Clone, PartialEq)]
pub struct Update<T> {
    /// Its key.
    pub key: String,
    /// What was read, if there was anything.
    pub before: Option<KeptThing<T>>,
    /// The thing as it shall be; none to delete it.
    pub thing: Option<T>,
    /// Names this write.
    pub mark: String,
    /// Which row changes the thing; none if it stays as it is and is written for the mark alone, or if
    /// many rows want it, such as a category.
    pub change: Option<LastChange>,
}

impl<T> KeptThing<T> {
    /// Which row changed or deleted it last; none if it was written before that was noted.
    ///
    /// # Errors
    /// The note cannot be understood.
    pub fn last_change(&self) -> Result<Option<LastChange>, BadLastChange> {
        self.last_change.as_deref().map(str::parse).transpose()
    }

    /// The version under which it is stored, or would be drafted anew.
    pub(super) fn version(&self) -> Option<u64> {
        self.version
    }

    /// The note of its last change, as it is stored.
    pub(super) fn note(&self) -> Option<&str> {
        self.last_change.as_deref()
    }

    /// What rows have made of it, to apply more to it; it is still stored as it was.
    pub(super) fn made(before: Option<&Self>, thing: Option<T>, mark: String) -> Self {
        let version = before.and_then(|before| before.version);
        let seen = before.and_then(|before| before.seen);
        Self { thing, mark: Some(mark), last_change: None, version, drafted: None, seen }
    }
}
