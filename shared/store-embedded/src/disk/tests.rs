//! What is flushed when: one line for each kind of change, and what becomes of it if a flush fails.

use std::fs;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use patience::wait;
use pipeline::Priority;
use serde_json::json;
use store::files::Upload;
use store::queue::{Outgoing, Receipt};
use store::shared_commit::{CommitGroup, SharedCommits, TakeNext};
use store::table::{Attributes, Change, Condition, Key, Relist, Write};
use store::{Error, Result, Store};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::recorder::RecordingDisk;
use crate::{Options, open_on};

/// A store, and what notes its flushes.
fn open(root: &Path) -> (Store, Arc<RecordingDisk>) {
    let disk = Arc::new(RecordingDisk::at(root));
    let store = open_on(disk.clone(), root, Options::default()).unwrap();
    disk.take();
    (store, disk)
}

fn put(sort: &str) -> Write {
    let attributes = Attributes::from([("word".to_owned(), json!("new"))]);
    Write {
        key: Key::new("p", sort),
        condition: Condition::Any,
        change: Change::Put { attributes, listing: None, expires_at: None },
    }
}

fn patch(sort: &str) -> Write {
    let change = Change::Patch { attributes: Attributes::new(), listing: Relist::Keep };
    Write { change, ..put(sort) }
}

fn messages(count: usize) -> Vec<Outgoing> {
    vec![Outgoing { body: "body".to_owned(), delay: Duration::ZERO }; count]
}

fn group() -> CommitGroup {
    CommitGroup { writes: vec![put("a"), put("b")], priority: Priority::Low, messages: messages(1) }
}

fn shared_commits(store: &Store) -> Arc<dyn SharedCommits> {
    store.shared_commits.clone().unwrap()
}

async fn received(store: &Store) -> Receipt {
    store.queue.send(Priority::Low, messages(1)).await.unwrap();
    store.queue.receive(1, Duration::ZERO).await.unwrap().pop().unwrap().receipt
}

/// The kinds of change that must survive a power cut once they are answered.
const DURABLE: [&str; 9] =
    ["put", "patch", "delete", "group", "batch", "send", "redrive", "write and send", "write and take next"];

/// Those that may be undone by one: a message comes again then.
const PASSING: [&str; 4] = ["receive", "next", "extend", "delete message"];

/// Makes a change of one kind; `done` is a message that was received.
async fn change(store: &Store, kind: &str, done: &Receipt) -> Result<()> {
    let Store { table, queue, .. } = store;
    match kind {
        "put" => table.write(put("a")).await.map(drop),
        "patch" => table.write(patch("a")).await.map(drop),
        "delete" => table.write(Write { change: Change::Delete, ..put("a") }).await.map(drop),
        "group" => table.write_group(vec![put("a"), put("b")]).await.map(drop),
        "batch" => table.batch_put(vec![(Key::new("p", "a"), Attributes::new())]).await,
        "send" => queue.send(Priority::High, messages(3)).await,
        "redrive" => queue.redrive_dead_letters().await.map(drop),
        "write and send" => shared_commits(store).write_and_send(group()).await.map(drop),
        "write and take next" => {
            let take = TakeNext { done: done.clone(), claim: Arc::new(|_| None) };
            shared_commits(store).write_and_take_next(group(), take).await.map(drop)
        }
        "receive" => queue.receive(10, Duration::ZERO).await.map(drop),
        "next" => queue.next(Some(done), Duration::ZERO).await.map(drop),
        "extend" => queue.extend(done, Duration::from_secs(60)).await,
        "delete message" => queue.delete(done).await,
        other => panic!("`{other}` is no kind of change"),
    }
}

#[tokio::test]
async fn each_kind_of_change_flushes_the_log_as_often_as_it_must() {
    for (kinds, expected) in [(DURABLE.as_slice(), vec!["log"]), (&PASSING, vec![])] {
        for kind in kinds {
            let folder = tempfile::tempdir().unwrap();
            let (store, disk) = open(folder.path());
            let done = received(&store).await;
            disk.take();
            change(&store, kind, &done).await.unwrap();
            assert_eq!(disk.take(), expected, "flushes of `{kind}`");
        }
    }
}

#[tokio::test]
async fn a_long_batch_is_flushed_part_by_part() {
    let folder = tempfile::tempdir().unwrap();
    let (store, disk) = open(folder.path());
    let items = (0..501).map(|number| (Key::new("p", number.to_string()), Attributes::new())).collect();
    store.table.batch_put(items).await.unwrap();
    assert_eq!(disk.take(), ["log", "log"]);
}

#[tokio::test]
async fn no_change_that_must_last_is_answered_when_its_flush_has_failed() {
    for kind in DURABLE {
        let folder = tempfile::tempdir().unwrap();
        let (store, disk) = open(folder.path());
        let done = received(&store).await;
        disk.fail("log");
        let error = change(&store, kind, &done).await.expect_err(kind);
        assert!(error.is_retryable(), "{kind}: {error}");
        assert!(chain(&error).contains("cannot be flushed: look to its disk, then start anew"), "{}", chain(&error));
        for later in DURABLE.iter().chain(&PASSING) {
            change(&store, later, &done).await.expect_err("after a flush that failed nothing is written");
        }
    }
}

/// One write whose flush is under way, and others that came meanwhile: these are committed and flushed by threads.
async fn writers_at_once(store: &Store, disk: &RecordingDisk) -> Vec<JoinHandle<Result<()>>> {
    disk.hold();
    let mut writers = Vec::new();
    for number in 0..5 {
        let table = store.table.clone();
        writers.push(tokio::spawn(async move { table.write(put(&number.to_string())).await.map(drop) }));
        wait("the first write is flushed").ask(async || (disk.begun() > 0).then_some(())).await;
    }
    // Long enough for all commits, on this disk and on a slower one.
    let answered = timeout(Duration::from_millis(200), one_has_ended(&mut writers)).await;
    assert!(answered.is_err(), "a writer is answered before its write was flushed");
    assert_eq!(disk.begun(), 1, "of two flushes at a time only one would be told of a failure");
    writers
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_answered_while_the_flush_is_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let (store, disk) = open(folder.path());
    let writers = writers_at_once(&store, &disk).await;
    disk.go_on();
    for writer in writers {
        wait("a writer is answered").until(writer).await.unwrap().unwrap();
    }
    assert!(disk.take().len() >= 2, "what came while a flush was under way needs another one");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_answered_well_whose_flush_came_after_one_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    let (store, disk) = open(folder.path());
    // The next flush would succeed: of the lost pages the system tells once.
    disk.fail_once("log");
    let writers = writers_at_once(&store, &disk).await;
    disk.go_on();
    for (number, writer) in writers.into_iter().enumerate() {
        let answer = wait("a writer is answered").until(writer).await.unwrap();
        assert!(answer.is_err(), "writer {number} was told that its write will last");
    }
    assert_eq!(disk.take(), ["log"]);
}

/// Waits until one of them has ended.
async fn one_has_ended(writers: &mut [JoinHandle<Result<()>>]) {
    std::future::poll_fn(|context| {
        let is_ended = writers.iter_mut().any(|writer| Pin::new(writer).poll(context).is_ready());
        if is_ended { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[test]
fn opening_flushes_the_log_and_the_names_that_it_made() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("new");
    let disk = Arc::new(RecordingDisk::at(&root));
    drop(open_on(disk.clone(), &root, Options::default()).unwrap());
    let flushed = disk.take();
    let last = "folder : files store.sqlite3 store.sqlite3-shm store.sqlite3-wal uploads";
    assert_eq!(flushed[flushed.len() - 2..], ["log", last], "{flushed:?}");
    assert!(flushed.contains(&"folder files: incoming".to_owned()), "{flushed:?}");
    for beginning in ["log", "folder"] {
        let disk = Arc::new(RecordingDisk::at(&root));
        disk.fail(beginning);
        assert!(open_on(disk, &root, Options::default()).is_err(), "opened although `{beginning}` was not flushed");
    }
}

/// The ways to make a file.
const MADE: [&str; 4] = ["put", "put if absent", "upload", "copy"];

/// Makes the file `work/1/a` with three bytes.
async fn make(store: &Store, way: &str) -> Result<()> {
    let (files, key, bytes) = (&store.files, "work/1/a", Bytes::from_static(b"new"));
    match way {
        "put" => files.put(key, bytes).await,
        "put if absent" => files.put_if_absent(key, bytes).await.map(drop),
        "upload" => {
            let mut upload: Box<dyn Upload> = files.upload(key).await?;
            upload.write(bytes).await?;
            upload.finish().await
        }
        "copy" => files.copy("incoming/from", key).await.map(drop),
        other => panic!("`{other}` is no way to make a file"),
    }
}

/// A store with a file to copy.
async fn with_source(root: &Path) -> (Store, Arc<RecordingDisk>) {
    let (store, disk) = open(root);
    store.files.put("incoming/from", Bytes::from_static(b"new")).await.unwrap();
    disk.take();
    (store, disk)
}

#[tokio::test]
async fn a_file_is_flushed_before_it_gets_its_name_and_the_name_after() {
    for way in MADE {
        let folder = tempfile::tempdir().unwrap();
        let (store, disk) = with_source(folder.path()).await;
        make(&store, way).await.unwrap();
        let expected = [
            "file of 3 bytes in uploads",
            "folder files: incoming work",
            "folder files/work: 1",
            "folder files/work/1: a",
        ];
        assert_eq!(disk.take(), expected, "{way}");
        if way != "put if absent" {
            make(&store, way).await.unwrap();
            assert_eq!(disk.take(), ["file of 3 bytes in uploads", "folder files/work/1: a"], "{way} over another");
        }
    }
}

#[tokio::test]
async fn a_deleted_name_is_flushed_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (store, disk) = open(folder.path());
    for key in ["work/1/a", "work/1/b", "incoming/c"] {
        store.files.put(key, Bytes::new()).await.unwrap();
    }
    disk.take();
    for (key, expected) in [
        ("work/1/a", vec!["folder files/work/1: b"]),
        // With the last file its folders go.
        ("work/1/b", vec!["folder files: incoming"]),
        ("incoming/c", vec!["folder files/incoming: "]),
        ("incoming/c", vec![]),
    ] {
        store.files.delete(key).await.unwrap();
        assert_eq!(disk.take(), expected, "{key}");
    }
    store.files.put("work/1/a", Bytes::new()).await.unwrap();
    disk.fail("folder files");
    assert!(store.files.delete("work/1/a").await.is_err(), "answered although the name may come back");
}

#[tokio::test]
async fn a_file_that_cannot_be_flushed_does_not_get_its_name() {
    for way in MADE {
        for before in [None, Some("old")] {
            let folder = tempfile::tempdir().unwrap();
            let (store, disk) = with_source(folder.path()).await;
            let path = folder.path().join("files/work/1/a");
            if let Some(before) = before.filter(|_| way != "put if absent") {
                store.files.put("work/1/a", Bytes::from(before)).await.unwrap();
            }
            let before = fs::read_to_string(&path).ok();
            disk.fail("file");
            let error = make(&store, way).await.expect_err(way);
            assert!(chain(&error).ends_with("a flush that fails in a test"), "{}", chain(&error));
            assert_eq!(fs::read_to_string(&path).ok(), before, "{way}");
            let left = fs::read_dir(folder.path().join("uploads")).unwrap().count();
            assert_eq!(left, 0, "{way} leaves half a file");
        }
    }
}

#[tokio::test]
async fn a_name_that_cannot_be_flushed_is_not_answered() {
    for way in MADE {
        for (failing, why) in [
            ("folder files: incoming work", "the folder above"),
            ("folder files/work:", "the folder that was made"),
            ("folder files/work/1:", "the folder of the file"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let (store, disk) = with_source(folder.path()).await;
            disk.fail(failing);
            assert!(make(&store, way).await.is_err(), "{way} is answered although {why} was not flushed");
        }
    }
}

/// What an error and its sources say.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}
