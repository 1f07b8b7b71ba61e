//! The SQLite file: opening, and bringing it to its schema.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rusqlite::TransactionBehavior;

use crate::database_error::DatabaseError;
use crate::disk::Disk;
use crate::schema::{DATABASE, SCHEMA, SCHEMA_VERSION};
use crate::session::Session;
use crate::write_ahead_log::WriteAheadLog;
use crate::{Clock, items};

/// The opened SQLite file with the connection that writes.
pub(crate) struct Database {
    pub(crate) path: Arc<Path>,
    pub(crate) session: Session,
    pub(crate) write_ahead_log: Arc<WriteAheadLog>,
}

impl Database {
    /// Opens `store.sqlite3` in the folder `root`, or makes it.
    pub(crate) fn open(root: &Path, clock: &Clock, disk: Arc<dyn Disk>) -> Result<Database, DatabaseError> {
        let path: Arc<Path> = root.join(DATABASE).into();
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
