//! The SQLite file: opening, and bringing it to its schema.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rusqlite::TransactionBehavior;

use crate::database_error::{DatabaseError, OfDatabase};
use crate::disk::Disk;
use crate::schema::{DATABASE, SCHEMA, SCHEMA_VERSION, number};
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
        let folder = File::open(root).of_database(&path)?;
        folder.lock().of_database(&path)?;
        let mut session = Session::open(&path, Arc::default()).of_database(&path)?;
        migrate(&mut session, &path)?;
        items::purge(&session, clock(), items::PURGE_AT_OPEN).of_database(&path)?;
        let write_ahead_log = Arc::new(WriteAheadLog::open(&path, disk.clone())?);
        // Both, before anything is answered: the log, and the names of the files that SQLite has made.
        write_ahead_log.flush()?;
        disk.flush_folder(root).of_database(&path)?;
        Ok(Database { path, session, write_ahead_log })
    }
}

fn migrate(session: &mut Session, path: &Arc<Path>) -> Result<(), DatabaseError> {
    let connection = session.connection_mut();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).of_database(path)?;
    let found = number(&transaction, "PRAGMA user_version").of_database(path)?;
    if found > SCHEMA_VERSION {
        return Err(DatabaseError::Newer { path: path.clone(), found, known: SCHEMA_VERSION });
    }
    if found == 0 {
        // A new file has no tables. One with tables and without a version is of another program.
        let tables = number(&transaction, "SELECT count(*) FROM sqlite_schema").of_database(path)?;
        if tables > 0 {
            return Err(DatabaseError::Foreign { path: path.clone() });
        }
        transaction.execute_batch(SCHEMA).of_database(path)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION).of_database(path)?;
    }
    transaction.commit().of_database(path)
}
