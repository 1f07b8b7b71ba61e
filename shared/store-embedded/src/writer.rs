//! The one connection that writes to the database, and how requests share its commits.
//!
//! A flush to disk costs more than all the statements of a step, and one flush carries any number of requests. So a
//! thread takes all requests that wait, executes them in one transaction, commits once and then answers each. A request
//! checks its conditions before it changes anything and so never undoes its neighbours; should a statement fail after all
//! (disk full, a bug), the group is rolled back and its requests are executed one by one, so that only those at fault
//! fail.
//!
//! A request that nobody shares a commit with is committed on the thread of its caller: two changes of threads would take
//! a third of its time.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::database::{BUSY_TIMEOUT, Database, Failure};

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
    committer: Arc<Mutex<Committer>>,
    /// Requests that are not answered yet, or whose callers have not seen it.
    asking: AtomicUsize,
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(database: Database) -> std::io::Result<Writer> {
        let path = database.path.clone();
        let (jobs, waiting) = mpsc::channel();
        let committer = Arc::new(Mutex::new(Committer { database, synchronous: Durability::Flushed }));
        let shared = committer.clone();
        let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(move || run(&shared, &waiting))?;
        Ok(Writer { path, committer, asking: AtomicUsize::new(0), jobs: Some(jobs), thread: Some(thread) })
    }

    /// Executes `work` in a transaction and answers after the commit. It may be executed again after a rollback.
    pub(crate) async fn execute<T, F>(&self, durability: Durability, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let stopped = || Failure::Stopped { path: self.path.clone() };
        let _asking = Asking::enter(&self.asking);
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Request { durability, work, outcome: None, reply });
        if let Some(job) = self.commit_here(job) {
            self.jobs.as_ref().ok_or_else(stopped)?.send(job).map_err(|_| stopped())?;
        }
        answer.await.map_err(|_| stopped())?
    }

    /// Commits the request at once if it is the only one, and gives it back otherwise.
    fn commit_here(&self, job: Box<dyn Job>) -> Option<Box<dyn Job>> {
        if self.asking.load(Ordering::Relaxed) > 1 {
            return Some(job);
        }
        match self.committer.try_lock() {
            Ok(mut committer) => committer.try_commit(job),
            Err(_) => Some(job),
        }
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

/// Counts a request for as long as its caller waits.
struct Asking<'a>(&'a AtomicUsize);

impl<'a> Asking<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Asking(count)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
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
    fn commit(&mut self, jobs: Vec<Box<dyn Job>>) {
        match self.begin(&jobs) {
            Ok(()) => self.finish(jobs),
            Err(error) => answer(jobs, Some(&Failure::sqlite(&self.database.path, error))),
        }
    }

    /// Commits one request, or gives it back if another process writes: the caller's thread must not wait for that.
    fn try_commit(&mut self, job: Box<dyn Job>) -> Option<Box<dyn Job>> {
        let jobs = vec![job];
        let begun = self
            .database
            .connection
            .busy_timeout(Duration::ZERO)
            .and_then(|()| self.begin(&jobs))
            .and(self.database.connection.busy_timeout(BUSY_TIMEOUT));
        if begun.is_err() {
            return jobs.into_iter().next();
        }
        self.finish(jobs);
        None
    }

    fn finish(&mut self, mut jobs: Vec<Box<dyn Job>>) {
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

fn run(committer: &Mutex<Committer>, waiting: &mpsc::Receiver<Box<dyn Job>>) {
    while let Ok(first) = waiting.recv() {
        // Poisoned by a panic, it may be within a transaction: whoever asks is told that this has ended.
        let Ok(mut committer) = committer.lock() else { return };
        let mut jobs = vec![first];
        jobs.extend(waiting.try_iter().take(GROUP - 1));
        committer.commit(jobs);
    }
}

fn answer(jobs: Vec<Box<dyn Job>>, failure: Option<&Failure>) {
    for job in jobs {
        job.answer(failure.cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Answer = oneshot::Receiver<Result<i64, Failure>>;

    /// A request that notes `value`, and then fails if it is odd.
    fn job(value: i64, durability: Durability) -> (Box<dyn Job>, Answer) {
        let (reply, answer) = oneshot::channel();
        let work = move |connection: &Connection| {
            connection.execute("INSERT INTO note VALUES (?1)", [value])?;
            match value % 2 {
                0 => Ok(value),
                _ => connection.query_row("SELECT value FROM note WHERE value < 0", [], |row| row.get(0)),
            }
        };
        (Box::new(Request { durability, work, outcome: None, reply }), answer)
    }

    fn committer(folder: &Path) -> Committer {
        let clock: crate::Clock = Arc::new(chrono::DateTime::default);
        let database = Database::open(folder, &clock).unwrap();
        database.connection.execute_batch("CREATE TABLE note (value INTEGER)").unwrap();
        Committer { database, synchronous: Durability::Flushed }
    }

    fn notes(committer: &Committer) -> Vec<i64> {
        let mut statement = committer.database.connection.prepare("SELECT value FROM note ORDER BY value").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn a_failing_statement_fails_its_own_request_only() {
        let folder = tempfile::tempdir().unwrap();
        let mut committer = committer(folder.path());
        let (jobs, answers): (Vec<_>, Vec<Answer>) = (1..=6).map(|value| job(value, Durability::Flushed)).unzip();
        committer.commit(jobs);
        let answers: Vec<Option<i64>> = answers.into_iter().map(|mut answer| answer.try_recv().unwrap().ok()).collect();
        assert_eq!(answers, [None, Some(2), None, Some(4), None, Some(6)]);
        assert_eq!(notes(&committer), [2, 4, 6]);
    }

    #[test]
    fn a_group_is_flushed_if_one_of_it_must_be() {
        let folder = tempfile::tempdir().unwrap();
        let mut committer = committer(folder.path());
        for (durabilities, expected) in [
            (vec![Durability::Written, Durability::Written], 1),
            (vec![Durability::Written, Durability::Flushed], 2),
            (vec![Durability::Written], 1),
        ] {
            committer.commit(durabilities.into_iter().map(|durability| job(0, durability).0).collect());
            let synchronous: i64 =
                committer.database.connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
            assert_eq!(synchronous, expected);
        }
        assert_eq!(notes(&committer).len(), 5);
    }

    #[test]
    fn another_process_in_between_sends_a_request_to_the_thread() {
        let folder = tempfile::tempdir().unwrap();
        let mut committer = committer(folder.path());
        let other = Connection::open(&committer.database.path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let (request, mut answer) = job(2, Durability::Flushed);
        let request = committer.try_commit(request).expect("it comes back");
        other.execute_batch("COMMIT").unwrap();
        assert!(committer.try_commit(request).is_none());
        assert_eq!(answer.try_recv().unwrap().unwrap(), 2);
    }
}
