//! Opening a store without changing anything: no file is made, and a read-only or full disk will do.
//!
//! SQLite reads a database with a write-ahead log only together with an index of the log, a file that it makes if it is not
//! there. Where it cannot, the database is read alone if nothing lies in the log, and otherwise from a copy.
//! Source: <https://www.sqlite.org/wal.html#read_only_databases>.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::TempDir;

use crate::database_error::{DatabaseError, OfDatabase};
use crate::schema::{DATABASE, LOG, SCHEMA, SCHEMA_VERSION, number};

/// What a store is read from.
#[derive(Debug)]
pub(crate) enum LookSource {
    /// The database, as other processes write it.
    Shared(Arc<Path>),
    /// The database, which nobody can write.
    Frozen(Arc<Path>),
    /// A copy of the database with what lies in its log. It goes with this value.
    Copied(TempDir),
    /// Nothing: the store has files, but nothing has been begun yet.
    Empty,
}

impl LookSource {
    /// Finds out how the database in a folder can be read.
    pub(crate) fn of(root: &Path) -> Result<LookSource, DatabaseError> {
        let path: Arc<Path> = root.join(DATABASE).into();
        if !path.exists() {
            return Ok(LookSource::Empty);
        }
        let shared = LookSource::Shared(path.clone());
        match shared.check(&path) {
            Err(error) if error.may_be_for_want_of_a_log_index() => {}
            checked => return Ok(if checked? { shared } else { LookSource::Empty }),
        }
        let is_in_log = fs::metadata(root.join(LOG)).is_ok_and(|log| log.len() > 0);
        let alone = if is_in_log { copied(root, &path)? } else { LookSource::Frozen(path.clone()) };
        Ok(if alone.check(&path)? { alone } else { LookSource::Empty })
    }

    /// Makes a connection that reads.
    pub(crate) fn connect(&self) -> rusqlite::Result<Connection> {
        let existing = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        match self {
            LookSource::Shared(path) => Connection::open_with_flags(path, existing),
            LookSource::Copied(folder) => Connection::open_with_flags(folder.path().join(DATABASE), existing),
            LookSource::Frozen(path) => {
                let only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
                Connection::open_with_flags(format!("file:{}?immutable=1", escaped(path)), only)
            }
            LookSource::Empty => {
                let connection = Connection::open_in_memory()?;
                connection.execute_batch(SCHEMA)?;
                Ok(connection)
            }
        }
    }

    /// Whether the database has our tables; it has none while another process is making it.
    fn check(&self, path: &Arc<Path>) -> Result<bool, DatabaseError> {
        let connection = self.connect().of_database(path)?;
        let found = number(&connection, "PRAGMA user_version").of_database(path)?;
        if found > SCHEMA_VERSION {
            return Err(DatabaseError::Newer { path: path.clone(), found, known: SCHEMA_VERSION });
        }
        let tables = number(&connection, "SELECT count(*) FROM sqlite_schema").of_database(path)?;
        match (found, tables) {
            (0, 0) => Ok(false),
            (0, _) => Err(DatabaseError::Foreign { path: path.clone() }),
            _ => Ok(true),
        }
    }
}

impl DatabaseError {
    /// Whether reading the database alone may succeed where reading it with its log did not.
    fn may_be_for_want_of_a_log_index(&self) -> bool {
        let DatabaseError::Sqlite { source, .. } = self else { return false };
        matches!(
            source.sqlite_error_code(),
            Some(
                ErrorCode::CannotOpen
                    | ErrorCode::ReadOnly
                    | ErrorCode::PermissionDenied
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::DiskFull
            )
        )
    }
}

/// Copies the database and its log to where they can be read.
fn copied(root: &Path, path: &Arc<Path>) -> Result<LookSource, DatabaseError> {
    match try_copy(root) {
        Ok(folder) => Ok(LookSource::Copied(folder)),
        Err(error) => Err(DatabaseError::Copy { path: path.clone(), source: Arc::new(error) }),
    }
}

fn try_copy(root: &Path) -> std::io::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    for name in [DATABASE, LOG] {
        fs::copy(root.join(name), folder.path().join(name))?;
    }
    Ok(folder)
}

/// A path as a part of an address.
fn escaped(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
    absolute.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}
