//! The files seam: objects under keys with `/`, written whole and never changed in place.
//!
//! Both back ends promise: a put is visible at once and never half; a listing after a put or delete shows it; a get
//! answers the bytes of one put. Keys are UTF-8, at most [`KEY_LIMIT_BYTES`] long, without empty, `.` or `..` segments
//! and without control characters; anything else is refused before it reaches the back end.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::error::Result;

/// Most bytes of one key: the limit of S3.
pub const KEY_LIMIT_BYTES: usize = 1024;

/// What is known of a stored file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// When it was put.
    pub modified_at: DateTime<Utc>,
    /// Differs when the content differs (an `ETag`).
    pub fingerprint: String,
}

/// Why a text is no key of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// It is empty or too long.
    #[error("file key of {bytes} bytes; 1 to {KEY_LIMIT_BYTES} are allowed")]
    Length {
        /// How long it is.
        bytes: usize,
    },
    /// It contains a control character or a backslash.
    #[error("file key `{}` contains {character:?}", key.escape_debug())]
    Character {
        /// The key.
        key: String,
        /// The character.
        character: char,
    },
    /// One of its segments is empty, `.` or `..`.
    #[error("file key `{key}` has a segment `{segment}`")]
    Segment {
        /// The key.
        key: String,
        /// The segment.
        segment: String,
    },
}

/// Which bytes of a file to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first byte.
    pub start: u64,
    /// How many bytes; the answer is shorter at the end of the file.
    pub length: u64,
}

/// What became of a put that asked for an absent key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOutcome {
    /// The file is there now and has our bytes.
    Written,
    /// There was a file already; nothing was changed.
    Existed,
}

/// A file that is written piece by piece and appears whole with [`Upload::finish`], or never.
#[async_trait]
pub trait Upload: Send {
    /// Appends bytes.
    async fn write(&mut self, bytes: Bytes) -> Result<()>;

    /// Makes the file visible under its key.
    async fn finish(self: Box<Self>) -> Result<()>;

    /// Discards what was written. What an upload wrote that is neither finished nor aborted is deleted later by the back end.
    async fn abort(self: Box<Self>) -> Result<()>;
}

/// The files seam; see the module documentation for what both back ends promise.
#[async_trait]
pub trait Files: Send + Sync {
    /// Tells what is known of a file, or `None` if there is none.
    async fn info(&self, key: &str) -> Result<Option<FileInfo>>;

    /// Reads a file, or a part of it, into memory; `None` if there is no such file.
    async fn get(&self, key: &str, range: Option<Range>) -> Result<Option<Bytes>>;

    /// Writes a small file at once, over whatever was there.
    async fn put(&self, key: &str, bytes: Bytes) -> Result<()>;

    /// Writes a small file if there is none under the key.
    async fn put_if_absent(&self, key: &str, bytes: Bytes) -> Result<PutOutcome>;

    /// Begins a file of unknown size.
    async fn upload(&self, key: &str) -> Result<Box<dyn Upload>>;

    /// Copies a file; `false` if there is no source.
    async fn copy(&self, from: &str, to: &str) -> Result<bool>;

    /// Deletes a file. Deleting what is not there is fine.
    async fn delete(&self, key: &str) -> Result<()>;

    /// Lists files whose key begins with `prefix`, in the order of their keys, behind `after` (exclusive), up to `limit`.
    /// The list is complete if it is shorter than `limit`.
    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<FileInfo>>;

    /// Makes an address to which a browser can put one file of exactly `size_bytes`, where the back end can.
    async fn presign_put(&self, key: &str, size_bytes: u64, valid_for: Duration) -> Result<Option<String>>;

    /// Makes an address from which a browser can get one file, where the back end can.
    async fn presign_get(&self, key: &str, valid_for: Duration) -> Result<Option<String>>;
}

/// Why a key is refused, or `Ok`.
///
/// # Errors
/// Names the segment or character at fault.
pub fn check_key(key: &str) -> std::result::Result<(), BadKey> {
    if key.is_empty() || key.len() > KEY_LIMIT_BYTES {
        return Err(BadKey::Length { bytes: key.len() });
    }
    if let Some(character) = key.chars().find(|c| c.is_control() || *c == '\\') {
        return Err(BadKey::Character { key: key.to_owned(), character });
    }
    match key.split('/').find(|segment| matches!(*segment, "" | "." | "..")) {
        Some(segment) => Err(BadKey::Segment { key: key.to_owned(), segment: segment.to_owned() }),
        None => Ok(()),
    }
}
