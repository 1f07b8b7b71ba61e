//! What the failures of the database mean to a caller, and to the person who must act.

use std::path::Path;
use std::sync::Arc;

use rusqlite::ErrorCode;

/// Why the database did not do what it was asked. Cloned, because one failed commit fails every request in it.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum DatabaseError {
    /// SQLite said no.
    #[error("database `{}` {}", path.display(), trouble(source))]
    Sqlite {
        path: Arc<Path>,
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// The folder of the database could not be locked or flushed.
    #[error("folder of database `{}` cannot be used", path.display())]
    Folder {
        path: Arc<Path>,
        #[source]
        source: Arc<std::io::Error>,
    },
    /// The log of the database could not be flushed: what was committed may be lost with the power.
    #[error("the log of database `{}` cannot be flushed: look to its disk, then start anew", path.display())]
    Log {
        path: Arc<Path>,
        #[source]
        source: Arc<std::io::Error>,
    },
    /// The file is of a later schema.
    #[error("database `{}` has schema {found}, this program knows {known} at most: use a newer systole", path.display())]
    Newer { path: Arc<Path>, found: i64, known: i64 },
    /// The file belongs to another program.
    #[error("database `{}` has tables, but none of systole's", path.display())]
    Foreign { path: Arc<Path> },
    /// It was opened to look only, which a bug forgets.
    #[error("database `{}` was opened to look only", path.display())]
    LookedAt { path: Arc<Path> },
    /// It cannot be read in its place, and not be copied either.
    #[error("database `{}` cannot be read on a disk that is read-only or full, nor be copied from there", path.display())]
    Copy {
        path: Arc<Path>,
        #[source]
        source: Arc<std::io::Error>,
    },
    /// The thread that writes has ended, which only a bug makes it do.
    #[error("the thread that writes to database `{}` has ended", path.display())]
    Stopped { path: Arc<Path> },
}

/// Says of an outcome which database it is about.
pub(crate) trait OfDatabase<T> {
    /// Names the database at `path` if something has failed.
    fn of_database(self, path: &Arc<Path>) -> Result<T, DatabaseError>;
}

impl<T> OfDatabase<T> for rusqlite::Result<T> {
    fn of_database(self, path: &Arc<Path>) -> Result<T, DatabaseError> {
        match self {
            Ok(done) => Ok(done),
            Err(error) => Err(DatabaseError::sqlite(path, error)),
        }
    }
}

/// What fails beside the database itself fails in its folder.
impl<T> OfDatabase<T> for std::io::Result<T> {
    fn of_database(self, path: &Arc<Path>) -> Result<T, DatabaseError> {
        match self {
            Ok(done) => Ok(done),
            Err(error) => Err(DatabaseError::folder(path, error)),
        }
    }
}

impl DatabaseError {
    pub(crate) fn sqlite(path: &Arc<Path>, source: rusqlite::Error) -> Self {
        DatabaseError::Sqlite { path: path.clone(), source: Arc::new(source) }
    }

    fn folder(path: &Arc<Path>, source: std::io::Error) -> Self {
        DatabaseError::Folder { path: path.clone(), source: Arc::new(source) }
    }

    pub(crate) fn log(path: &Arc<Path>, source: std::io::Error) -> Self {
        DatabaseError::Log { path: path.clone(), source: Arc::new(source) }
    }

    /// Whether the same request may go through later, without anybody doing something about it.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            DatabaseError::Sqlite { source, .. } => matches!(
                source.sqlite_error_code(),
                Some(
                    ErrorCode::DatabaseBusy
                        | ErrorCode::DatabaseLocked
                        | ErrorCode::DiskFull
                        | ErrorCode::SystemIoFailure
                        | ErrorCode::OutOfMemory
                        | ErrorCode::OperationInterrupted
                )
            ),
            DatabaseError::Log { .. } => true,
            DatabaseError::Folder { .. }
            | DatabaseError::Newer { .. }
            | DatabaseError::Foreign { .. }
            | DatabaseError::LookedAt { .. }
            | DatabaseError::Copy { .. }
            | DatabaseError::Stopped { .. } => false,
        }
    }
}

/// Says in the words of the person who must act what SQLite's code means.
fn trouble(error: &rusqlite::Error) -> &'static str {
    if error.sqlite_extended_error_code() == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
        return "has no room left on its disk";
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "is held by another process",
        Some(ErrorCode::DiskFull) => "has no room left on its disk",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            "cannot be written: it is not this user's, or its file system is read-only"
        }
        Some(ErrorCode::DatabaseCorrupt) => "is damaged: restore it from a backup",
        Some(ErrorCode::NotADatabase) => "is no SQLite database",
        Some(ErrorCode::SystemIoFailure) => "cannot be read or written",
        _ => "failed",
    }
}
