//! Why the folder does not do what it was asked.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use store::Error;

use crate::failure::Failure;

/// Why a file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// The file system said no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A file cannot be made where files lie below.
    #[error("`{key}` is a folder, because there is `{below}`; a file system cannot hold both")]
    Folder { key: String, below: String },
    /// A file cannot be made below a file.
    #[error("`{key}` would lie below the file `{above}`; a file system cannot hold both")]
    Below { key: String, above: String },
    /// A link might lead out of the folder.
    #[error("`{}` is a symbolic link, which is not followed", path.display())]
    Link { path: PathBuf },
    /// Other processes made and removed folders as quickly as this one.
    #[error("folder of `{key}` was removed again and again while the file was put there")]
    Contended { key: String },
}

impl Failure for FileError {
    fn into_error(self, operation: String) -> Error {
        match self {
            FileError::Io(error) if is_lasting(error.kind()) => Error::permanent(operation, error),
            FileError::Io(error) => Error::retryable(operation, error),
            FileError::Contended { .. } => Error::retryable(operation, self),
            FileError::Folder { .. } | FileError::Below { .. } | FileError::Link { .. } => {
                Error::permanent(operation, self)
            }
        }
    }
}

/// Tells whether a person must do something first. A full disk is none of these: somebody may delete a file.
fn is_lasting(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::InvalidFilename
            | ErrorKind::InvalidInput
            | ErrorKind::IsADirectory
            | ErrorKind::NotADirectory
            | ErrorKind::CrossesDevices
            | ErrorKind::FileTooLarge
            | ErrorKind::Unsupported
    )
}
