//! Items and messages in one commit.

use std::sync::Arc;
use std::time::Duration;

use pipeline::Priority;
use serde_json::json;
use store::queue::{DELAY_LIMIT, Outgoing, Receipt, Received};
use store::shared_commit::{ClaimWrite, CommitGroup, TakeNext, WrittenAndTaken};
use store::table::{Change, Condition, GroupWritten, Key, Write, Written};
use tests::{Provided, embedded};

fn put(sort: &str, condition: Condition) -> Write {
    let attributes = [("word".to_owned(), json!("new"))].into();
    let change = Change::Put { attributes, listing: None, expires_at: None };
    Write { key: Key::new("shared_commits", sort), condition, change }
}

fn messages(delay: Duration) -> Vec<Outgoing> {
    ["first", "second"].map(|body| Outgoing { body: body.to_owned(), delay }).into()
}

fn group(writes: Vec<Write>, messages: Vec<Outgoing>) -> CommitGroup {
    CommitGroup { writes, priority: Priority::Low, messages }
}

async fn bodies(storage: &Provided) -> Vec<String> {
    let received = storage.queue.receive(10, Duration::ZERO).await.unwrap();
    received.into_iter().map(|message| message.body).collect()
}

#[tokio::test]
async fn items_and_messages_are_there_together() {
    let storage = embedded().await;
    let shared_commits = storage.shared_commits.clone().unwrap();
    let writes = vec![put("a", Condition::Absent), put("b", Condition::Absent)];
    let written = shared_commits.write_and_send(group(writes, messages(Duration::ZERO))).await.unwrap();
    assert_eq!(written, GroupWritten::Applied);
    assert_eq!(super::items(&storage, "shared_commits").await.len(), 2);
    assert_eq!(bodies(&storage).await, ["first", "second"]);
}

#[tokio::test]
async fn nothing_is_sent_if_a_condition_does_not_hold() {
    let storage = embedded().await;
    let shared_commits = storage.shared_commits.clone().unwrap();
    storage.table.write(put("b", Condition::Absent)).await.unwrap();
    let writes = vec![put("a", Condition::Absent), put("b", Condition::Absent)];
    let written = shared_commits.write_and_send(group(writes, messages(Duration::ZERO))).await.unwrap();
    assert!(matches!(&written, GroupWritten::Conflict(conflicts) if conflicts[0].0 == 1), "{written:?}");
    assert_eq!(super::items(&storage, "shared_commits").await.len(), 1);
    assert!(bodies(&storage).await.is_empty());
}

#[tokio::test]
async fn a_message_that_cannot_be_sent_writes_nothing() {
    let storage = embedded().await;
    let shared_commits = storage.shared_commits.clone().unwrap();
    let late = messages(DELAY_LIMIT + Duration::from_secs(1));
    let error = shared_commits.write_and_send(group(vec![put("a", Condition::Absent)], late)).await.unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    assert!(super::items(&storage, "shared_commits").await.is_empty());
}

/// Rung as by a send: nobody waits for the next look at the clock.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_waits_is_woken() {
    let storage = embedded().await;
    let (shared_commits, queue) = (storage.shared_commits.clone().unwrap(), storage.queue.clone());
    let waiting = tokio::spawn(async move { queue.next(None, Duration::from_secs(60)).await });
    let writes = vec![put("a", Condition::Absent)];
    shared_commits.write_and_send(group(writes, messages(Duration::ZERO))).await.unwrap();
    assert!(waiting.await.unwrap().unwrap().is_some());
}

/// Claims by putting an item that is named as the message.
fn take(done: &Receipt) -> TakeNext {
    let claim = |body: &str| {
        let write = (body != "unreadable").then(|| put(body, Condition::Absent))?;
        Some(ClaimWrite { write, get: Key::new("shared_commits", "a") })
    };
    TakeNext { done: done.clone(), claim: Arc::new(claim) }
}

async fn sent_and_received(storage: &Provided, bodies: &[&str]) -> Received {
    let messages = bodies.iter().map(|body| Outgoing { body: (*body).to_owned(), delay: Duration::ZERO }).collect();
    storage.queue.send(Priority::Low, messages).await.unwrap();
    storage.queue.receive(1, Duration::ZERO).await.unwrap().pop().unwrap()
}

async fn write_and_take_next(
    storage: &Provided,
    sort: &str,
    messages: Vec<Outgoing>,
    done: &Receipt,
) -> WrittenAndTaken {
    let shared_commits = storage.shared_commits.clone().unwrap();
    shared_commits.write_and_take_next(group(vec![put(sort, Condition::Absent)], messages), take(done)).await.unwrap()
}

#[tokio::test]
async fn a_commit_that_takes_writes_sends_deletes_claims_and_reads() {
    let storage = embedded().await;
    let done = sent_and_received(&storage, &["done"]).await.receipt;
    let next = vec![Outgoing { body: "next".to_owned(), delay: Duration::ZERO }];
    let WrittenAndTaken::Applied(Some(taken)) = write_and_take_next(&storage, "a", next, &done).await else {
        panic!("nothing taken")
    };
    assert_eq!(taken.message.body, "next");
    let Some((Written::Applied(Some(claimed)), Some(read))) = taken.claim else { panic!("{:?}", taken.claim) };
    assert_eq!((claimed.key.sort.as_str(), read.key.sort.as_str()), ("next", "a"));
    assert_eq!(super::items(&storage, "shared_commits").await.len(), 2);
    // What was dealt with is gone, what was taken is hidden.
    storage.queue.extend(&taken.message.receipt, Duration::ZERO).await.unwrap();
    storage.queue.extend(&done, Duration::ZERO).await.unwrap();
    assert_eq!(bodies(&storage).await, ["next"]);
}

#[tokio::test]
async fn a_commit_that_finds_no_next_message_leaves_the_last_one() {
    let storage = embedded().await;
    let done = sent_and_received(&storage, &["done"]).await.receipt;
    assert_eq!(write_and_take_next(&storage, "a", Vec::new(), &done).await, WrittenAndTaken::Applied(None));
    assert_eq!(super::items(&storage, "shared_commits").await.len(), 1);
    storage.queue.extend(&done, Duration::ZERO).await.unwrap();
    assert_eq!(bodies(&storage).await, ["done"]);
}

#[tokio::test]
async fn a_commit_whose_condition_does_not_hold_takes_nothing() {
    let storage = embedded().await;
    storage.table.write(put("a", Condition::Absent)).await.unwrap();
    let done = sent_and_received(&storage, &["done", "next"]).await.receipt;
    assert_eq!(write_and_take_next(&storage, "a", messages(Duration::ZERO), &done).await, WrittenAndTaken::Conflict);
    assert_eq!(bodies(&storage).await, ["next"]);
}

#[tokio::test]
async fn what_cannot_be_claimed_is_taken_with_that_news() {
    let storage = embedded().await;
    storage.table.write(put("there", Condition::Absent)).await.unwrap();
    let done = sent_and_received(&storage, &["done", "there", "unreadable"]).await.receipt;
    let WrittenAndTaken::Applied(Some(taken)) = write_and_take_next(&storage, "a", Vec::new(), &done).await else {
        panic!("no message")
    };
    assert!(matches!(&taken.claim, Some((Written::Conflict(Some(_)), _))), "{taken:?}");
    let done = taken.message.receipt;
    let WrittenAndTaken::Applied(Some(taken)) = write_and_take_next(&storage, "b", Vec::new(), &done).await else {
        panic!("no message")
    };
    assert_eq!((taken.message.body.as_str(), &taken.claim), ("unreadable", &None));
}
