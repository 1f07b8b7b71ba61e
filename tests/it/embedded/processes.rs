//! Several processes at one store, and processes that die.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use patience::wait;
use pipeline::Priority;
use serde_json::json;
use store::Store;
use store::queue::Outgoing;
use store::table::{Attributes, Change, Condition, Key, Write, Written};
use tokio::task::JoinSet;

use super::{items, keys, open};
use crate::systole::Running;

fn start(folder: &Path, name: &str, rounds: u32) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_embedded-writer"));
    command.args([folder.as_os_str(), name.as_ref(), rounds.to_string().as_ref()]);
    Running::start(command)
}

/// Receives all messages there are.
async fn bodies(store: &Store) -> BTreeSet<String> {
    let mut bodies = BTreeSet::new();
    let wait = wait("the queue is empty");
    loop {
        wait.go_on();
        let received = store.queue.receive(10, Duration::ZERO).await.unwrap();
        if received.is_empty() {
            return bodies;
        }
        bodies.extend(received.into_iter().map(|message| message.body));
    }
}

/// Asserts that `answered` rounds of a writer are there, and at most one more, none of it half.
async fn assert_whole(store: &Store, bodies: &BTreeSet<String>, name: &str, answered: usize) {
    let left = items(store, &format!("left of {name}")).await;
    let right = items(store, &format!("right of {name}")).await;
    assert_eq!(left.len(), right.len());
    assert!((answered..=answered + 1).contains(&left.len()), "{} rounds of {answered} are there", left.len());
    for (left, right) in left.iter().zip(&right) {
        assert_eq!((&left.key.sort, &left.attributes), (&right.key.sort, &right.attributes));
    }
    for round in 0..answered {
        assert!(bodies.contains(&format!("{name} {round}")), "message {round} of {answered} is lost");
        assert!(store.files.info(&format!("work/{name}/{round}")).await.unwrap().is_some(), "file {round} is lost");
    }
    for file in store.files.list(&format!("work/{name}/"), None, 100_000).await.unwrap() {
        let round = file.key.rsplit_once('/').unwrap().1;
        let bytes = store.files.get(&file.key, None).await.unwrap().unwrap();
        assert_eq!(bytes, round.repeat(5_000), "`{}` is not what was put", file.key);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_has_written_what_was_answered_and_nothing_half() {
    let folder = tempfile::tempdir().unwrap();
    let mut all_answered = 0;
    for (name, lines) in [("first", 1), ("second", 20), ("third", 77), ("fourth", 150)] {
        let writer = start(folder.path(), name, 100_000);
        let printed = Cell::new(0);
        writer.line(&format!("{lines} lines"), |_| printed.replace(printed.get() + 1) + 1 == lines);
        // What it had printed by then counts as answered, too.
        let answered = writer.kill().stdout.lines().count();
        all_answered += answered;

        let store = open(folder.path());
        assert_whole(&store, &bodies(&store).await, name, answered).await;
        let counted = store.table.get(&Key::new("shared", "counter")).await.unwrap().unwrap();
        assert!(counted.version >= all_answered as u64, "{} of {all_answered} counts are there", counted.version);
        assert_eq!(counted.attributes["count"], json!(counted.version));
        let uploads = std::fs::read_dir(folder.path().join("uploads")).unwrap().count();
        assert_eq!(uploads, 0, "what was half written has been left");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_write_to_one_store_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["first", "second", "third"];
    let writers = names.map(|name| start(folder.path(), name, 60));
    let store = open(folder.path());
    for writer in writers {
        let ran = tokio::task::spawn_blocking(|| writer.end()).await.unwrap();
        assert_eq!(ran.code, Some(0), "{ran}");
    }
    let bodies = bodies(&store).await;
    for name in names {
        assert_whole(&store, &bodies, name, 60).await;
    }
    let counted = store.table.get(&Key::new("shared", "counter")).await.unwrap().unwrap();
    assert_eq!((counted.version, &counted.attributes["count"]), (180, &json!(180)));
    assert_eq!(keys(&store).await.len(), 180);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_receiver_sees_what_another_process_sends() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let receiver = tokio::spawn(async move { store.queue.receive(1, Duration::from_secs(20)).await.unwrap() });
    let begun = Instant::now();
    let ran = start(folder.path(), "sender", 1).end();
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(wait("the message is received").until(receiver).await.unwrap()[0].body, "sender 0");
    assert!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_store_sees_what_the_first_has_answered() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (open(folder.path()), open(folder.path()));
    for round in 1..=50 {
        let (writer, reader) = if round % 2 == 0 { (&first, &second) } else { (&second, &first) };
        write(writer, "s", round).await;
        let item = reader.table.get(&Key::new("p", "s")).await.unwrap().unwrap();
        assert_eq!(item.attributes["round"], json!(round));
        let message = Outgoing { body: round.to_string(), delay: Duration::ZERO };
        writer.queue.send(Priority::High, vec![message]).await.unwrap();
        assert_eq!(reader.queue.receive(1, Duration::ZERO).await.unwrap()[0].body, round.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_concurrent_writers_are_all_answered() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut writers = JoinSet::new();
    for writer in 0..64 {
        let store = store.clone();
        writers.spawn(async move {
            for round in 0..50 {
                write(&store, &format!("{writer:02}"), round).await;
            }
        });
    }
    assert_eq!(wait("all writers are answered").until(writers.join_all()).await.len(), 64);
    drop(store);
    let items = items(&open(folder.path()), "p").await;
    assert_eq!(items.len(), 64);
    assert!(items.iter().all(|item| item.attributes["round"] == json!(49)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_gives_up_harms_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for round in 0..50 {
        let (left, right) = (store.clone(), store.clone());
        let left = tokio::spawn(async move { write(&left, "left", round).await });
        let right = tokio::spawn(async move { write(&right, "right", round).await });
        left.abort();
        wait("the writer that did not give up is answered").until(right).await.unwrap();
        let mut upload = store.files.upload("file").await.unwrap();
        let _ = tokio::time::timeout(Duration::ZERO, upload.write(Bytes::from(vec![0; 100_000]))).await;
        let item = store.table.get(&Key::new("p", "right")).await.unwrap().unwrap();
        assert_eq!(item.attributes["round"], json!(round));
    }
    assert_eq!(keys(&store).await, Vec::<String>::new());
}

async fn write(store: &Store, sort: &str, round: u32) {
    let change = Change::Put {
        attributes: Attributes::from([("round".to_owned(), json!(round))]),
        listing: None,
        expires_at: None,
    };
    let write = Write { key: Key::new("p", sort), condition: Condition::Any, change };
    assert!(matches!(store.table.write(write).await.unwrap(), Written::Applied(_)));
}
