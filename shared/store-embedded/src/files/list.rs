//! Listing the folder in the order of keys, without reading more of it than the answer needs.

use std::cmp::Ordering;
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use chrono::{DateTime, Utc};
use store::files::{FileInfo, check_key};

use super::error::FileError;

/// What is known of a file.
pub(crate) fn info(key: String, metadata: &Metadata) -> io::Result<FileInfo> {
    let (size, seconds, nanos, inode) = (metadata.size(), metadata.mtime(), metadata.mtime_nsec(), metadata.ino());
    // Anybody can give a file a time that no calendar has.
    let modified_at = DateTime::from_timestamp(seconds, u32::try_from(nanos).unwrap_or(0));
    Ok(FileInfo {
        key,
        size_bytes: metadata.len(),
        modified_at: modified_at.unwrap_or(DateTime::<Utc>::UNIX_EPOCH),
        fingerprint: format!("{size:x}-{seconds:x}.{nanos:x}-{inode:x}"),
    })
}

/// Lists up to `limit` files whose key begins with `prefix`, behind `after`.
pub(crate) fn list(files: &Path, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<FileInfo>, FileError> {
    let folder = match prefix.rsplit_once('/') {
        // No key begins like this.
        Some((folder, _)) if check_key(folder).is_err() => return Ok(Vec::new()),
        Some((folder, _)) => folder,
        None => "",
    };
    let mut walk = FolderWalk { files, prefix, after: after.unwrap_or_default(), limit, found: Vec::new() };
    if has_link(files, folder)? {
        return Ok(Vec::new());
    }
    walk.folder(folder)?;
    Ok(walk.found)
}

/// Tells whether a folder is behind a link, which is not followed.
fn has_link(files: &Path, folder: &str) -> io::Result<bool> {
    for end in folder.match_indices('/').map(|(end, _)| end).chain([folder.len()]) {
        match files.join(&folder[..end]).symlink_metadata() {
            Ok(metadata) if metadata.is_symlink() => return Ok(true),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

struct FolderWalk<'a> {
    files: &'a Path,
    prefix: &'a str,
    after: &'a str,
    limit: usize,
    found: Vec<FileInfo>,
}

/// A file's key, or a folder's with a slash behind: so they sort as the keys of the files that they lead to.
type WalkKey = String;

impl FolderWalk<'_> {
    fn folder(&mut self, folder: &str) -> io::Result<()> {
        for place in self.places(folder)? {
            if self.found.len() >= self.limit {
                return Ok(());
            }
            match place.strip_suffix('/') {
                Some(folder) => self.folder(folder)?,
                None => self.file(place)?,
            }
        }
        Ok(())
    }

    fn file(&mut self, key: String) -> io::Result<()> {
        match self.files.join(&key).symlink_metadata() {
            Ok(metadata) if metadata.is_file() => self.found.push(info(key, &metadata)?),
            Ok(_) => {}
            // Deleted since.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// What of a folder may have a part in the answer, in order.
    fn places(&self, folder: &str) -> io::Result<Vec<WalkKey>> {
        let entries = match fs::read_dir(self.files.join(folder)) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        let mut places = Vec::new();
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            let slash = if kind.is_dir() { "/" } else { "" };
            let name = entry.file_name();
            let place = match (folder, name.to_str()) {
                ("", Some(name)) => format!("{name}{slash}"),
                (folder, Some(name)) => format!("{folder}/{name}{slash}"),
                (_, None) => String::new(),
            };
            if check_key(place.trim_end_matches('/')).is_err() || !(kind.is_dir() || kind.is_file()) {
                tracing::warn!(path = %entry.path().display(), "left out what is no file with a valid key");
            } else if self.is_wanted(&place) {
                places.push(place);
            }
        }
        places.sort_unstable();
        Ok(places)
    }

    /// Tells whether the file, or one below the folder, may have the prefix and come after the cursor.
    fn is_wanted(&self, place: &str) -> bool {
        let is_folder = place.ends_with('/');
        let has_prefix = place.starts_with(self.prefix) || (is_folder && self.prefix.starts_with(place));
        let is_after = match place.cmp(self.after) {
            Ordering::Greater => true,
            Ordering::Equal => is_folder,
            Ordering::Less => is_folder && self.after.starts_with(place),
        };
        has_prefix && is_after
    }
}
