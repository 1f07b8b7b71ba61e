//! The one connection that writes to the database, and how requests share its commits.
//!
//! A flush to disk costs more than all the statements of a step, and one flush carries any number of requests. So a
//! thread takes all requests that wait, executes them in one transaction and commits. A second thread flushes the log and
//! answers, while the first one goes on with the next transaction: a flush carries all that was committed before it. A
//! request checks its conditions before it changes anything and so never undoes its neighbours; should a statement fail
//! after all (disk full, a bug), the group is rolled back and its requests are executed one by one, so that only those at
//! fault fail.
//!
//! A request that nobody shares a commit with is committed and flushed on the thread of its caller: the changes of threads
//! would take a third of its time.
//!
//! **Invariant:** who sees a commit that is not flushed yet can do nothing durable that does not depend on it: all commits
//! are in one log, and are lost from its end.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::attribute_cache::AttributeCache;
use crate::database::Database;
use crate::database_error::DatabaseError;
use crate::session::{BUSY_TIMEOUT, Session};
use crate::write_ahead_log::WriteAheadLog;

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

/// Takes requests.
pub(crate) struct Writer {
    path: Arc<Path>,
    pub(crate) attribute_cache: Arc<AttributeCache>,
    /// What commits them; none if the store is only looked at.
    commits: Option<Commits>,
}

/// The connection that writes, and the threads that share it.
struct Commits {
    write_ahead_log: Arc<WriteAheadLog>,
    committer: Arc<Mutex<Committer>>,
    /// Requests that are not answered yet, or whose callers have not seen it.
    asking: AtomicUsize,
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(database: Database) -> std::io::Result<Writer> {
        let (path, attribute_cache) = (database.path.clone(), database.session.attribute_cache.clone());
        Ok(Writer { path, attribute_cache, commits: Some(Commits::start(database)?) })
    }

    /// Of a store that is only looked at.
    pub(crate) fn refusing(path: Arc<Path>) -> Writer {
        Writer { path, attribute_cache: Arc::default(), commits: None }
    }

    /// Executes `work` in a transaction and answers after the commit. It may be executed again after a rollback.
    pub(crate) async fn execute<T, F>(&self, durability: Durability, work: F) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: FnMut(&Session) -> rusqlite::Result<T> + Send + 'static,
    {
        let Some(commits) = &self.commits else { return Err(DatabaseError::LookedAt { path: self.path.clone() }) };
        commits.write_ahead_log.usable()?;
        let _asking = WaitingCaller::enter(&commits.asking);
        let (reply, answer) = oneshot::channel();
        let job = Box::new(QueuedRequest { durability, work, outcome: None, reply });
        if let Some(job) = commits.commit_here(job) {
            commits.hand_over(job);
        }
        match answer.await {
            Ok(answer) => answer,
            // A thread that has ended drops the requests that it had, and all that come later.
            Err(_) => Err(DatabaseError::Stopped { path: self.path.clone() }),
        }
    }
}

impl Commits {
    fn start(database: Database) -> std::io::Result<Commits> {
        let write_ahead_log = database.write_ahead_log.clone();
        let (jobs, waiting) = mpsc::channel();
        let (committed, unflushed) = mpsc::channel();
        let committer = Arc::new(Mutex::new(Committer { database }));
        let (shared, flushed) = (committer.clone(), write_ahead_log.clone());
        let thread = |name: &str| thread::Builder::new().name(name.to_owned());
        let threads = vec![
            thread("store-writer").spawn(move || write_all(&shared, &waiting, &committed))?,
            thread("store-flusher").spawn(move || flush_all(&flushed, &unflushed))?,
        ];
        Ok(Commits { write_ahead_log, committer, asking: AtomicUsize::new(0), jobs: Some(jobs), threads })
    }

    /// Leaves the request to the thread that writes; one that nobody takes is dropped.
    fn hand_over(&self, job: Box<dyn Job>) {
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(job);
        }
    }

    /// Commits the request at once if it is the only one, and gives it back otherwise.
    fn commit_here(&self, job: Box<dyn Job>) -> Option<Box<dyn Job>> {
        if self.asking.load(Ordering::Relaxed) > 1 {
            return Some(job);
        }
        let committed = match self.committer.try_lock() {
            Ok(mut committer) => committer.try_commit(job),
            Err(_) => return Some(job),
        };
        match committed {
            Ok(committed) => {
                flush(&self.write_ahead_log, committed);
                None
            }
            Err(job) => Some(job),
        }
    }
}

impl Drop for Commits {
    /// Waits for the threads, so that a process that ends leaves a closed database.
    fn drop(&mut self) {
        drop(self.jobs.take());
        for thread in self.threads.drain(..) {
            // A panic of the thread has been printed by then, and its requests were told.
            let _ = thread.join();
        }
    }
}

/// Counts a request for as long as its caller waits.
struct WaitingCaller<'a>(&'a AtomicUsize);

impl<'a> WaitingCaller<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        WaitingCaller(count)
    }
}

impl Drop for WaitingCaller<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A request without its type of answer.
trait Job: Send {
    fn durability(&self) -> Durability;
    fn run(&mut self, session: &Session) -> rusqlite::Result<()>;
    fn answer(self: Box<Self>, failure: Option<DatabaseError>);
}

struct QueuedRequest<T, F> {
    durability: Durability,
    work: F,
    outcome: Option<T>,
    reply: oneshot::Sender<Result<T, DatabaseError>>,
}

impl<T, F> Job for QueuedRequest<T, F>
where
    T: Send,
    F: FnMut(&Session) -> rusqlite::Result<T> + Send,
{
    fn durability(&self) -> Durability {
        self.durability
    }

    fn run(&mut self, session: &Session) -> rusqlite::Result<()> {
        self.outcome = Some((self.work)(session)?);
        Ok(())
    }

    fn answer(self: Box<Self>, failure: Option<DatabaseError>) {
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
}

/// Requests that are committed, and to be answered.
type Committed = Vec<Box<dyn Job>>;

impl Committer {
    /// Commits a group; those of it that fail are told at once.
    fn commit(&mut self, mut jobs: Vec<Box<dyn Job>>) -> Committed {
        let committed = match self.begin() {
            Ok(()) => self.execute(&mut jobs),
            Err(error) => Err(error),
        };
        match committed {
            Ok(()) => jobs,
            Err(error) if jobs.len() == 1 => {
                answer(jobs, Some(&DatabaseError::sqlite(&self.database.path, error)));
                Committed::new()
            }
            // One of them is at fault, and nobody knows which. Alone, each gets the answer that is its own.
            Err(_) => {
                let mut committed = Committed::new();
                for job in jobs {
                    committed.extend(self.commit(vec![job]));
                }
                committed
            }
        }
    }

    /// Commits one request, or gives it back if another process writes: the caller's thread must not wait for that.
    fn try_commit(&mut self, job: Box<dyn Job>) -> Result<Committed, Box<dyn Job>> {
        let session = &self.database.session;
        let begun = match session.busy_timeout(Duration::ZERO) {
            Ok(()) => self.begin(),
            Err(error) => Err(error),
        };
        // Of a database that is open this cannot fail; a job with a begun transaction must not be given back.
        let _ = session.busy_timeout(BUSY_TIMEOUT);
        if begun.is_err() {
            return Err(job);
        }
        let mut jobs = vec![job];
        Ok(match self.execute(&mut jobs) {
            Ok(()) => jobs,
            Err(error) => {
                answer(jobs, Some(&DatabaseError::sqlite(&self.database.path, error)));
                Committed::new()
            }
        })
    }

    fn begin(&self) -> rusqlite::Result<()> {
        self.database.session.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(())
    }

    fn execute(&self, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
        let session = &self.database.session;
        let outcome = run_and_commit(session, jobs);
        // Some errors have ended the transaction already.
        if outcome.is_err() && !session.is_autocommit() {
            session.execute_batch("ROLLBACK")?;
        }
        outcome
    }
}

fn run_and_commit(session: &Session, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    for job in jobs {
        job.run(session)?;
    }
    session.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

fn write_all(
    committer: &Mutex<Committer>,
    waiting: &mpsc::Receiver<Box<dyn Job>>,
    committed: &mpsc::Sender<Box<dyn Job>>,
) {
    while let Ok(first) = waiting.recv() {
        // After a panic the connection may be within a transaction. The requests are dropped, and so their callers are told.
        let Ok(mut committer) = committer.lock() else { return };
        let mut jobs = vec![first];
        jobs.extend(waiting.try_iter().take(GROUP - 1));
        for job in committer.commit(jobs) {
            match job.durability() {
                Durability::Written => job.answer(None),
                // Without the other thread the request is dropped, and its caller told that the store has stopped.
                Durability::Flushed => drop(committed.send(job)),
            }
        }
    }
}

fn flush_all(log: &WriteAheadLog, unflushed: &mpsc::Receiver<Box<dyn Job>>) {
    while let Ok(first) = unflushed.recv() {
        let mut committed = vec![first];
        committed.extend(unflushed.try_iter());
        flush(log, committed);
    }
}

/// Answers requests that are committed, after a flush if one of them asks for it.
fn flush(log: &WriteAheadLog, committed: Committed) {
    let asks = committed.iter().any(|job| job.durability() == Durability::Flushed);
    let failure = if asks { log.flush().err() } else { None };
    answer(committed, failure.as_ref());
}

fn answer(jobs: Vec<Box<dyn Job>>, failure: Option<&DatabaseError>) {
    for job in jobs {
        job.answer(failure.cloned());
    }
}
