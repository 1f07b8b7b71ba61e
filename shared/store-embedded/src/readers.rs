//! The connections that read. Each read is a fresh snapshot and so sees every write that was answered before.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::attribute_cache::AttributeCache;
use crate::database_error::{DatabaseError, OfDatabase};
use crate::look::LookSource;
use crate::session::Session;

/// Connections at rest. There are never more than threads that read at the same time.
pub(crate) struct Readers {
    path: Arc<Path>,
    /// What is read, if the store is only looked at.
    looked_at: Option<LookSource>,
    attribute_cache: Arc<AttributeCache>,
    idle: Mutex<Vec<Session>>,
}

impl Readers {
    pub(crate) fn new(path: Arc<Path>, attribute_cache: Arc<AttributeCache>) -> Self {
        Readers { path, looked_at: None, attribute_cache, idle: Mutex::new(Vec::new()) }
    }

    /// The same for a store that is only looked at.
    pub(crate) fn looking(self, source: LookSource) -> Self {
        Readers { looked_at: Some(source), ..self }
    }

    /// Reads on the thread of the caller: a query of some rows takes less time than handing it to another thread.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Session) -> rusqlite::Result<T>) -> Result<T, DatabaseError> {
        if let Some(LookSource::Empty) = &self.looked_at {
            return self.read_begun(work);
        }
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let session = match idle {
            Some(session) => session,
            None => self.connect().of_database(&self.path)?,
        };
        let outcome = work(&session).of_database(&self.path);
        // Given back whatever came of it: a read that failed leaves a connection as it was.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        outcome
    }

    /// Reads a store in which nothing had been begun when it was opened: by now something may have been.
    fn read_begun<T>(&self, work: impl FnOnce(&Session) -> rusqlite::Result<T>) -> Result<T, DatabaseError> {
        let source = LookSource::of(self.path.parent().unwrap_or(&self.path))?;
        let session = Session::look(&source, self.attribute_cache.clone()).of_database(&self.path)?;
        work(&session).of_database(&self.path)
    }

    fn connect(&self) -> rusqlite::Result<Session> {
        let session = match &self.looked_at {
            Some(source) => Session::look(source, self.attribute_cache.clone())?,
            None => Session::open(&self.path, self.attribute_cache.clone())?,
        };
        session.pragma_update(None, "query_only", true)?;
        // In KiB. What is cached is worth nothing once another connection has written.
        session.pragma_update(None, "cache_size", -1024)?;
        Ok(session)
    }
}
