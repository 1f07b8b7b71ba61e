//! The connections that read. Each read is a fresh snapshot and so sees every write that was answered before.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::attribute_cache::AttributeCache;
use crate::database_error::DatabaseError;
use crate::session::Session;

/// Connections at rest. There are never more than threads that read at the same time.
pub(crate) struct Readers {
    path: Arc<Path>,
    attribute_cache: Arc<AttributeCache>,
    idle: Mutex<Vec<Session>>,
}

impl Readers {
    pub(crate) fn new(path: Arc<Path>, attribute_cache: Arc<AttributeCache>) -> Self {
        Readers { path, attribute_cache, idle: Mutex::new(Vec::new()) }
    }

    /// Reads on the thread of the caller: a query of some rows takes less time than handing it to another thread.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Session) -> rusqlite::Result<T>) -> Result<T, DatabaseError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let session = match idle {
            Some(session) => session,
            None => self.connect().map_err(|error| DatabaseError::sqlite(&self.path, error))?,
        };
        let outcome = work(&session).map_err(|error| DatabaseError::sqlite(&self.path, error));
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        outcome
    }

    fn connect(&self) -> rusqlite::Result<Session> {
        let session = Session::open(&self.path, self.attribute_cache.clone())?;
        session.pragma_update(None, "query_only", true)?;
        // In KiB. What is cached is worth nothing once another connection has written.
        session.pragma_update(None, "cache_size", -1024)?;
        Ok(session)
    }
}
