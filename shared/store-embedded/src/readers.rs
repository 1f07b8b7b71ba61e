//! The connections that read. Each read is a fresh snapshot and so sees every write that was answered before.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use crate::database::{Failure, connect};

/// Connections at rest. There are never more than threads that read at the same time.
pub(crate) struct Readers {
    path: Arc<Path>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn new(path: Arc<Path>) -> Self {
        Readers { path, idle: Mutex::new(Vec::new()) }
    }

    /// Reads on the thread of the caller: a query of some rows takes less time than handing it to another thread.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Failure> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect().map_err(|error| Failure::sqlite(&self.path, error))?,
        };
        let outcome = work(&connection).map_err(|error| Failure::sqlite(&self.path, error));
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        outcome
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = connect(&self.path)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }
}
