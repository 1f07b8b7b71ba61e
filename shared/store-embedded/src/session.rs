//! A connection to the SQLite file.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::attribute_cache::AttributeCache;
use crate::look::LookSource;

/// How long a statement waits for another process before it gives up; its transactions take milliseconds.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Distinct SQL texts of this crate are fewer; each connection prepares each of them once.
const STATEMENT_CACHE: usize = 64;

/// A connection, and the attributes that any connection of this process has parsed.
pub(crate) struct Session {
    connection: Connection,
    pub(crate) attribute_cache: Arc<AttributeCache>,
}

impl Deref for Session {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Session {
    /// Connects to a database.
    pub(crate) fn open(path: &Path, attribute_cache: Arc<AttributeCache>) -> rusqlite::Result<Session> {
        Ok(Session { connection: connect(path)?, attribute_cache })
    }

    /// Connects to what is only looked at.
    pub(crate) fn look(source: &LookSource, attribute_cache: Arc<AttributeCache>) -> rusqlite::Result<Session> {
        let connection = source.connect()?;
        set_for_reading(&connection)?;
        Ok(Session { connection, attribute_cache })
    }

    /// The connection for what needs it alone.
    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// Sets what also a connection needs that only reads.
fn set_for_reading(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    // Otherwise SQLite looks at bound values to see whether they imply `IS NOT NULL` of a partial index, and so prepares
    // cached statements anew with every binding.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Makes a connection with the settings that all connections share.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    set_for_reading(&connection)?;
    // `NORMAL` leaves the flush of a commit to us, see `write_ahead_log`. `fullfsync` is for macOS, whose plain fsync does not reach the
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
