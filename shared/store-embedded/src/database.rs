//! The SQLite file: opening, and its schema.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rusqlite::TransactionBehavior;

use crate::database_error::DatabaseError;
use crate::disk::Disk;
use crate::session::Session;
use crate::write_ahead_log::WriteAheadLog;
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

/// The opened SQLite file with the connection that writes.
pub(crate) struct Database {
    pub(crate) path: Arc<Path>,
    pub(crate) session: Session,
    pub(crate) write_ahead_log: Arc<WriteAheadLog>,
}

impl Database {
    /// Opens `store.sqlite3` in the folder `root`, or makes it.
    pub(crate) fn open(root: &Path, clock: &Clock, disk: Arc<dyn Disk>) -> Result<Database, DatabaseError> {
        let path: Arc<Path> = root.join("store.sqlite3").into();
        // One at a time: two processes that make the file at once would find each other's half. Ends with the function.
        let folder = File::open(root).map_err(|error| DatabaseError::folder(&path, error))?;
        folder.lock().map_err(|error| DatabaseError::folder(&path, error))?;
        let mut session = Session::open(&path, Arc::default()).map_err(|error| DatabaseError::sqlite(&path, error))?;
        migrate(&mut session, &path)?;
        items::purge(&session, clock(), items::PURGE_AT_OPEN).map_err(|error| DatabaseError::sqlite(&path, error))?;
        let write_ahead_log = Arc::new(WriteAheadLog::open(&path, disk.clone())?);
        write_ahead_log.flush()?;
        disk.flush_folder(root).map_err(|error| DatabaseError::folder(&path, error))?;
        Ok(Database { path, session, write_ahead_log })
    }
}

fn migrate(session: &mut Session, path: &Arc<Path>) -> Result<(), DatabaseError> {
    let sqlite = |error| DatabaseError::sqlite(path, error);
    let transaction =
        session.connection_mut().transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(sqlite)?;
    if found > SCHEMA_VERSION {
        return Err(DatabaseError::Newer { path: path.clone(), found, known: SCHEMA_VERSION });
    }
    if found == 0 {
        let tables: i64 =
            transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(sqlite)?;
        if tables > 0 {
            return Err(DatabaseError::Foreign { path: path.clone() });
        }
        transaction.execute_batch(SCHEMA).map_err(sqlite)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(sqlite)?;
    }
    transaction.commit().map_err(sqlite)
}
