use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use store::files::{Files, Range};
use tokio::runtime::Handle;

/// Bytes of one read.
const CHUNK_BYTES: u64 = 1024 * 1024;

/// A stored file as unpackers read it: piece by piece, in a thread that may wait.
pub(super) struct StoredReader {
    files: Arc<dyn Files>,
    key: String,
    size_bytes: u64,
    position: u64,
    /// The latest piece, and where it starts.
    piece: (u64, Bytes),
    runtime: Handle,
}

/// A failure of the store, to tell it from one of an unpacker.
#[derive(Debug, thiserror::Error)]
#[error("the store did not answer as expected")]
struct StoreFailure(#[source] store::Error);

impl StoredReader {
    /// Begins at the first byte. Must be made within a runtime and used by a thread that may wait.
    pub(super) fn new(files: Arc<dyn Files>, key: String, size_bytes: u64) -> Self {
        Self { files, key, size_bytes, position: 0, piece: (0, Bytes::new()), runtime: Handle::current() }
    }

    /// The bytes at the position, as many as are there; none at the end.
    fn here(&mut self) -> io::Result<&[u8]> {
        let (start, bytes) = &self.piece;
        let is_within = (*start..*start + bytes.len() as u64).contains(&self.position);
        if !is_within && self.position < self.size_bytes {
            let range = Range { start: self.position, length: CHUNK_BYTES };
            let got = self.runtime.block_on(self.files.get(&self.key, Some(range)));
            let bytes = got.map_err(|error| io::Error::other(StoreFailure(error)))?;
            let bytes = bytes.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
            self.piece = (self.position, bytes);
        }
        let (start, bytes) = &self.piece;
        let offset = self.position.checked_sub(*start).and_then(|offset| usize::try_from(offset).ok());
        Ok(offset.and_then(|offset| bytes.get(offset..)).unwrap_or_default())
    }
}

impl Read for StoredReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let here = self.here()?;
        let length = here.len().min(buffer.len());
        buffer[..length].copy_from_slice(&here[..length]);
        self.position += length as u64;
        Ok(length)
    }
}

impl Seek for StoredReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.size_bytes.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

/// Says whether an error is one of the store, also if an unpacker handed it on.
pub(super) fn is_of_store(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<StoreFailure>())
}
