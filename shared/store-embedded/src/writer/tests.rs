//! How requests share commits and flushes, and what becomes of those that fail.

use rusqlite::Connection;

use super::*;
use crate::disk::recorder::RecordingDisk;

type Answer = oneshot::Receiver<Result<i64, DatabaseError>>;

/// A request that notes `value`, and then fails if it is odd.
fn job(value: i64, durability: Durability) -> (Box<dyn Job>, Answer) {
    let (reply, answer) = oneshot::channel();
    let work = move |session: &Session| {
        session.execute("INSERT INTO note VALUES (?1)", [value])?;
        match value % 2 {
            0 => Ok(value),
            _ => session.query_row("SELECT value FROM note WHERE value < 0", [], |row| row.get(0)),
        }
    };
    (Box::new(QueuedRequest { durability, work, outcome: None, reply }), answer)
}

/// A committer, and what notes its flushes.
fn committer(folder: &Path) -> (Committer, Arc<RecordingDisk>) {
    let clock: crate::Clock = Arc::new(chrono::DateTime::default);
    let disk = Arc::new(RecordingDisk::at(folder));
    let database = Database::open(folder, &clock, disk.clone()).unwrap();
    database.session.execute_batch("CREATE TABLE note (value INTEGER)").unwrap();
    disk.take();
    (Committer { database }, disk)
}

fn notes(committer: &Committer) -> Vec<i64> {
    let mut statement = committer.database.session.prepare("SELECT value FROM note ORDER BY value").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_failing_statement_fails_its_own_request_only() {
    let folder = tempfile::tempdir().unwrap();
    let (mut committer, _) = committer(folder.path());
    let (jobs, answers): (Vec<_>, Vec<Answer>) = (1..=6).map(|value| job(value, Durability::Flushed)).unzip();
    flush(&committer.database.write_ahead_log.clone(), committer.commit(jobs));
    let answers: Vec<Option<i64>> = answers.into_iter().map(|mut answer| answer.try_recv().unwrap().ok()).collect();
    assert_eq!(answers, [None, Some(2), None, Some(4), None, Some(6)]);
    assert_eq!(notes(&committer), [2, 4, 6]);
}

#[test]
fn a_group_is_flushed_if_one_of_it_must_be() {
    let folder = tempfile::tempdir().unwrap();
    let (mut committer, disk) = committer(folder.path());
    let log = committer.database.write_ahead_log.clone();
    for (durabilities, expected) in [
        (vec![Durability::Written, Durability::Written], vec![]),
        (vec![Durability::Written, Durability::Flushed], vec!["log"]),
        (vec![Durability::Written], vec![]),
    ] {
        let jobs = durabilities.iter().map(|durability| job(0, *durability).0).collect();
        flush(&log, committer.commit(jobs));
        assert_eq!(disk.take(), expected, "{durabilities:?}");
    }
    assert_eq!(notes(&committer).len(), 5);
}

/// What one request asks for, by itself and beside others.
#[tokio::test]
async fn an_answer_comes_after_a_flush() {
    let folder = tempfile::tempdir().unwrap();
    let (committer, disk) = committer(folder.path());
    let writer = Writer::start(committer.database).unwrap();
    let note = |session: &Session| session.execute("INSERT INTO note VALUES (2)", []);
    writer.execute(Durability::Written, note).await.unwrap();
    assert_eq!(disk.take(), [""; 0]);
    writer.execute(Durability::Flushed, note).await.unwrap();
    assert_eq!(disk.take(), ["log"]);
    let both = tokio::join!(writer.execute(Durability::Flushed, note), writer.execute(Durability::Flushed, note));
    assert!(both.0.is_ok() && both.1.is_ok());
    assert!((1..=2).contains(&disk.take().len()));
}

#[tokio::test]
async fn after_a_flush_that_failed_nothing_more_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (committer, disk) = committer(folder.path());
    let path = committer.database.path.clone();
    disk.fail("log");
    let writer = Writer::start(committer.database).unwrap();
    let note = |session: &Session| session.execute("INSERT INTO note VALUES (2)", []);
    for (durability, is_answered) in [
        (Durability::Written, true),
        (Durability::Flushed, false),
        (Durability::Flushed, false),
        (Durability::Written, false),
    ] {
        assert_eq!(writer.execute(durability, note).await.is_ok(), is_answered, "{durability:?}");
    }
    // The second flush was not tried: it would have been told that all is well.
    assert_eq!(disk.take(), ["log"]);
    let count: i64 = Connection::open(&path).unwrap().query_row("SELECT count(*) FROM note", [], |r| r.get(0)).unwrap();
    assert_eq!(count, 2);
}

#[test]
fn another_process_in_between_sends_a_request_to_the_thread() {
    let folder = tempfile::tempdir().unwrap();
    let (mut committer, _) = committer(folder.path());
    let other = Connection::open(&committer.database.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (request, mut answer) = job(2, Durability::Flushed);
    let Err(request) = committer.try_commit(request) else { panic!("it does not come back") };
    // The thread waits for the other process.
    let ends = thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        other.execute_batch("COMMIT").unwrap();
    });
    let committed = committer.commit(vec![request]);
    ends.join().unwrap();
    flush(&committer.database.write_ahead_log, committed);
    assert_eq!(answer.try_recv().unwrap().unwrap(), 2);
    let (request, mut answer) = job(4, Durability::Flushed);
    let Ok(committed) = committer.try_commit(request) else { panic!("it comes back") };
    flush(&committer.database.write_ahead_log, committed);
    assert_eq!(answer.try_recv().unwrap().unwrap(), 4);
}

/// A panic is a bug; what it broke off must not be committed with the next request.
#[tokio::test]
async fn a_request_that_panics_leaves_nothing_half_and_ends_the_writing() {
    let folder = tempfile::tempdir().unwrap();
    let (committer, _) = committer(folder.path());
    let path = committer.database.path.clone();
    let writer = Arc::new(Writer::start(committer.database).unwrap());
    let panicking = writer.clone();
    let request = tokio::spawn(async move {
        let work = |session: &Session| -> rusqlite::Result<()> {
            session.execute("INSERT INTO note VALUES (1)", [])?;
            panic!("a request with a bug")
        };
        panicking.execute(Durability::Flushed, work).await
    });
    assert!(request.await.unwrap_err().is_panic());
    for durability in [Durability::Flushed, Durability::Written] {
        let note = |session: &Session| session.execute("INSERT INTO note VALUES (2)", []);
        let answer = writer.execute(durability, note).await;
        assert!(matches!(answer, Err(DatabaseError::Stopped { .. })), "{durability:?}: {answer:?}");
    }
    drop(writer);
    let connection = Connection::open(&path).unwrap();
    let count: i64 = connection.query_row("SELECT count(*) FROM note", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 0, "a half of what broke off is there");
}
