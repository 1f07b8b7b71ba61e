//! The SQLite file: opening, its schema, and what its failures mean to a caller.

use std::fs::File;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::disk::Disk;
use crate::log::Log;
use crate::texts::Texts;
use crate::{Clock, items};

/// The schema that this program reads and writes; counts up with every change to [`SCHEMA`].
const SCHEMA_VERSION: i64 = 1;

/// `WITHOUT ROWID` keeps a partition's items side by side, so a query reads neighbouring pages. Times of messages are
/// milliseconds, times of expiry seconds, since 1970. `AUTOINCREMENT` because a receipt must never fit a later message.
const SCHEMA: &str = "
    CREATE TABLE item (
        partition TEXT NOT NULL,
        sort TEXT NOT NULL,
        version INTEGER NOT NULL,
        attributes TEXT NOT NULL,
        shard TEXT,
        rank TEXT,
        expires_at INTEGER,
        PRIMARY KEY (partition, sort)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX item_listing ON item (shard, rank) WHERE shard IS NOT NULL;
    CREATE INDEX item_expiry ON item (expires_at) WHERE expires_at IS NOT NULL;

    CREATE TABLE message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        priority TEXT NOT NULL,
        body TEXT NOT NULL,
        visible_at INTEGER NOT NULL,
        receive_count INTEGER NOT NULL DEFAULT 0,
        dead_at INTEGER
    ) STRICT;
    CREATE INDEX message_due ON message (priority, visible_at) WHERE dead_at IS NULL;
    CREATE INDEX message_dead ON message (dead_at) WHERE dead_at IS NOT NULL;
";

/// How long a statement waits for another process before it gives up; its transactions take milliseconds.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Distinct SQL texts of this crate are fewer; each connection prepares each of them once.
const STATEMENT_CACHE: usize = 64;

/// The opened SQLite file with the connection that writes.
pub(crate) struct Database {
    pub(crate) path: Arc<Path>,
    pub(crate) session: Session,
    pub(crate) log: Arc<Log>,
}

/// A connection, and what texts say that any connection of this process has met.
pub(crate) struct Session {
    connection: Connection,
    pub(crate) texts: Arc<Texts>,
}

impl Deref for Session {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

/// Why the database did not do what it was asked. Cloned, because one failed commit fails every request in it.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Failure {
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
    #[error("database `{}` has schema {found}, this program knows {SCHEMA_VERSION} at most: use a newer systole", path.display())]
    Newer { path: Arc<Path>, found: i64 },
    /// The file belongs to another program.
    #[error("database `{}` has tables, but none of systole's", path.display())]
    Foreign { path: Arc<Path> },
    /// The thread that writes has ended, which only a bug makes it do.
    #[error("the thread that writes to database `{}` has ended", path.display())]
    Stopped { path: Arc<Path> },
}

impl Database {
    /// Opens `store.sqlite3` in the folder `root`, or makes it.
    pub(crate) fn open(root: &Path, clock: &Clock, disk: Arc<dyn Disk>) -> Result<Database, Failure> {
        let path: Arc<Path> = root.join("store.sqlite3").into();
        // One at a time: two processes that make the file at once would find each other's half. Ends with the function.
        let folder = File::open(root).map_err(|error| Failure::folder(&path, error))?;
        folder.lock().map_err(|error| Failure::folder(&path, error))?;
        let mut session = Session::open(&path, Arc::default()).map_err(|error| Failure::sqlite(&path, error))?;
        migrate(&mut session.connection, &path)?;
        items::purge(&session, clock(), items::PURGE_AT_OPEN).map_err(|error| Failure::sqlite(&path, error))?;
        let log = Arc::new(Log::open(&path, disk.clone())?);
        log.flush()?;
        disk.flush_folder(root).map_err(|error| Failure::folder(&path, error))?;
        Ok(Database { path, session, log })
    }
}

impl Session {
    /// Connects to a database.
    pub(crate) fn open(path: &Path, texts: Arc<Texts>) -> rusqlite::Result<Session> {
        Ok(Session { connection: connect(path)?, texts })
    }
}

/// Makes a connection with the settings that all connections share.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    // Otherwise SQLite looks at bound values to see whether they imply `IS NOT NULL` of a partial index, and so prepares
    // cached statements anew with every binding.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // `NORMAL` leaves the flush of a commit to us, see `log`. `fullfsync` is for macOS, whose plain fsync does not reach the
    // disk.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL;
         PRAGMA fullfsync = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -4096;",
    )?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, path: &Arc<Path>) -> Result<(), Failure> {
    let sqlite = |error| Failure::sqlite(path, error);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(sqlite)?;
    if found > SCHEMA_VERSION {
        return Err(Failure::Newer { path: path.clone(), found });
    }
    if found == 0 {
        let tables: i64 =
            transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(sqlite)?;
        if tables > 0 {
            return Err(Failure::Foreign { path: path.clone() });
        }
        transaction.execute_batch(SCHEMA).map_err(sqlite)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(sqlite)?;
    }
    transaction.commit().map_err(sqlite)
}

impl Failure {
    pub(crate) fn sqlite(path: &Arc<Path>, source: rusqlite::Error) -> Self {
        Failure::Sqlite { path: path.clone(), source: Arc::new(source) }
    }

    pub(crate) fn folder(path: &Arc<Path>, source: std::io::Error) -> Self {
        Failure::Folder { path: path.clone(), source: Arc::new(source) }
    }

    pub(crate) fn log(path: &Arc<Path>, source: std::io::Error) -> Self {
        Failure::Log { path: path.clone(), source: Arc::new(source) }
    }

    /// Folds the failure into the seam's error.
    pub(crate) fn during(self, operation: String) -> store::Error {
        if self.may_pass() {
            store::Error::retryable(operation, self)
        } else {
            store::Error::permanent(operation, self)
        }
    }

    fn may_pass(&self) -> bool {
        match self {
            Failure::Sqlite { source, .. } => matches!(
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
            Failure::Log { .. } => true,
            Failure::Folder { .. } | Failure::Newer { .. } | Failure::Foreign { .. } | Failure::Stopped { .. } => false,
        }
    }
}

/// Says in the words of the person who must act what SQLite's code means.
fn trouble(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "is held by another process",
        Some(ErrorCode::DiskFull) => "has no room left on its disk",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => "cannot be written by this user",
        Some(ErrorCode::CannotOpen) => "cannot be opened by this user",
        Some(ErrorCode::DatabaseCorrupt) => "is damaged: restore it from a backup",
        Some(ErrorCode::NotADatabase) => "is no SQLite database",
        Some(ErrorCode::SystemIoFailure) => "cannot be read or written",
        _ => "failed",
    }
}
