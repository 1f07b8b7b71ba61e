//! The one thread that writes to the database, and commits what waits as a group.
//!
//! A flush to disk costs more than all the statements of a step, and one flush carries any number of requests. So a
//! request goes to this thread, which takes all that wait, executes them in one transaction, commits once and then
//! answers each. A request checks its conditions before it changes anything and so never undoes its neighbours; should
//! a statement fail after all (disk full, a bug), the group is rolled back and its requests are executed one by one, so
//! that only those at fault fail.

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::database::{Database, Failure};

/// Most requests in one transaction: bounds how long the first of them waits for the last.
const GROUP: usize = 256;

/// When the effect of a request must have reached the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Before it is answered.
    Flushed,
    /// With the next flush. A dead process loses nothing; a power cut may undo the last requests, in order.
    Written,
}

/// Hands requests to the thread.
pub(crate) struct Writer {
    path: Arc<Path>,
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(database: Database) -> std::io::Result<Writer> {
        let path = database.path.clone();
        let (jobs, waiting) = mpsc::channel();
        let mut committer = Committer { database, synchronous: Durability::Flushed };
        let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(move || committer.run(&waiting))?;
        Ok(Writer { path, jobs: Some(jobs), thread: Some(thread) })
    }

    /// Executes `work` in a transaction and answers after the commit. It may be executed again after a rollback.
    pub(crate) async fn execute<T, F>(&self, durability: Durability, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let stopped = || Failure::Stopped { path: self.path.clone() };
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(Box::new(Request { durability, work, outcome: None, reply })).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    /// Waits for the thread, so that a process that ends leaves a closed database.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed by then, and its requests were told.
            let _ = thread.join();
        }
    }
}

/// A request without its type of answer.
trait Job: Send {
    fn durability(&self) -> Durability;
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()>;
    fn answer(self: Box<Self>, failure: Option<Failure>);
}

struct Request<T, F> {
    durability: Durability,
    work: F,
    outcome: Option<T>,
    reply: oneshot::Sender<Result<T, Failure>>,
}

impl<T, F> Job for Request<T, F>
where
    T: Send,
    F: FnMut(&Connection) -> rusqlite::Result<T> + Send,
{
    fn durability(&self) -> Durability {
        self.durability
    }

    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.outcome = Some((self.work)(connection)?);
        Ok(())
    }

    fn answer(self: Box<Self>, failure: Option<Failure>) {
        let answer = match (failure, self.outcome) {
            (Some(failure), _) => Err(failure),
            (None, Some(outcome)) => Ok(outcome),
            (None, None) => unreachable!("a request that was committed has been executed"),
        };
        // Whoever asked may be gone; what was done stays done.
        let _ = self.reply.send(answer);
    }
}

struct Committer {
    database: Database,
    /// What the connection is set to.
    synchronous: Durability,
}

impl Committer {
    fn run(&mut self, waiting: &mpsc::Receiver<Box<dyn Job>>) {
        while let Ok(first) = waiting.recv() {
            let mut jobs = vec![first];
            jobs.extend(waiting.try_iter().take(GROUP - 1));
            self.commit(jobs);
        }
    }

    fn commit(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        if let Err(error) = self.begin(&jobs) {
            return answer(jobs, Some(&Failure::sqlite(&self.database.path, error)));
        }
        match self.execute(&mut jobs) {
            Ok(()) => answer(jobs, None),
            Err(error) if jobs.len() == 1 => answer(jobs, Some(&Failure::sqlite(&self.database.path, error))),
            Err(_) => jobs.into_iter().for_each(|job| self.commit(vec![job])),
        }
    }

    fn begin(&mut self, jobs: &[Box<dyn Job>]) -> rusqlite::Result<()> {
        let is_flushed = jobs.iter().any(|job| job.durability() == Durability::Flushed);
        let synchronous = if is_flushed { Durability::Flushed } else { Durability::Written };
        let connection = &self.database.connection;
        if synchronous != self.synchronous {
            // Takes effect when it is prepared, so it cannot be cached.
            connection.execute_batch(match synchronous {
                Durability::Flushed => "PRAGMA synchronous = FULL",
                Durability::Written => "PRAGMA synchronous = NORMAL",
            })?;
            self.synchronous = synchronous;
        }
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(())
    }

    fn execute(&self, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
        let connection = &self.database.connection;
        let outcome = jobs
            .iter_mut()
            .try_for_each(|job| job.run(connection))
            .and_then(|()| connection.prepare_cached("COMMIT")?.execute([]).map(|_| ()));
        // Some errors have ended the transaction already.
        if outcome.is_err() && !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK")?;
        }
        outcome
    }
}

fn answer(jobs: Vec<Box<dyn Job>>, failure: Option<&Failure>) {
    for job in jobs {
        job.answer(failure.cloned());
    }
}
