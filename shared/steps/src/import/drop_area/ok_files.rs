//! Reading ok files.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use import::bunch::MAX_OK_FILE_BYTES;
use store::Store;
use store::files::{FileInfo, Range};

use super::DROP_PREFIX;

/// Most bytes of all ok files that one beat reads; it keeps them in memory.
const OK_FILES_LIMIT_BYTES: u64 = 16 * 1024 * 1024;

/// How many ok files are read at the same time.
const PARALLEL_READS: usize = 16;

/// The contents of the ok files by their names, and the names of those that were not read, with the reason.
pub(super) async fn ok_contents(
    store: &Store,
    listed: &[FileInfo],
) -> store::Result<(BTreeMap<String, String>, Vec<(String, String)>)> {
    let (mut reads, mut unread, mut total_bytes) = (Vec::new(), Vec::new(), 0);
    for file in listed.iter().filter(|file| file.key.to_ascii_lowercase().ends_with(".ok")) {
        let Some(name) = file.key.strip_prefix(DROP_PREFIX).filter(|name| !name.contains('/')) else { continue };
        if file.size_bytes > MAX_OK_FILE_BYTES {
            let bytes = file.size_bytes;
            let why = format!("`{name}` has {bytes} bytes; an ok file with more than {MAX_OK_FILE_BYTES} is not read");
            unread.push((name.to_owned(), why));
        } else if total_bytes + file.size_bytes > OK_FILES_LIMIT_BYTES {
            let why = format!("`{name}` is not read: the ok files before it have {total_bytes} bytes already");
            unread.push((name.to_owned(), why));
        } else {
            total_bytes += file.size_bytes;
            reads.push(ok_content(store, file, name));
        }
    }
    let contents: Vec<Option<(String, String)>> =
        stream::iter(reads).buffer_unordered(PARALLEL_READS).try_collect().await?;
    Ok((contents.into_iter().flatten().collect(), unread))
}

/// An ok file's name and content, unless it is gone.
async fn ok_content(store: &Store, file: &FileInfo, name: &str) -> store::Result<Option<(String, String)>> {
    if file.size_bytes == 0 {
        return Ok(Some((name.to_owned(), String::new())));
    }
    let range = Range { start: 0, length: MAX_OK_FILE_BYTES + 1 };
    let bytes = store.files.get(&file.key, Some(range)).await?;
    // One that has grown since it was listed is looked at by the next beat.
    let bytes = bytes.filter(|bytes| bytes.len() as u64 <= MAX_OK_FILE_BYTES);
    Ok(bytes.map(|bytes| (name.to_owned(), String::from_utf8_lossy(&bytes).into_owned())))
}
