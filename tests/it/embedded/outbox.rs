//! Items and messages in one commit.

use std::time::Duration;

use pipeline::Priority;
use serde_json::json;
use store::queue::{DELAY_LIMIT, Outgoing};
use store::table::{Change, Condition, GroupWritten, Key, Write};
use tests::{Provided, embedded};

fn put(sort: &str, condition: Condition) -> Write {
    let attributes = [("word".to_owned(), json!("new"))].into();
    let change = Change::Put { attributes, listing: None, expires_at: None };
    Write { key: Key::new("outbox", sort), condition, change }
}

fn messages(delay: Duration) -> Vec<Outgoing> {
    ["first", "second"].map(|body| Outgoing { body: body.to_owned(), delay }).into()
}

async fn bodies(storage: &Provided) -> Vec<String> {
    let received = storage.queue.receive(10, Duration::ZERO).await.unwrap();
    received.into_iter().map(|message| message.body).collect()
}

#[tokio::test]
async fn items_and_messages_are_there_together() {
    let storage = embedded().await;
    let outbox = storage.outbox.clone().unwrap();
    let writes = vec![put("a", Condition::Absent), put("b", Condition::Absent)];
    let written = outbox.write_and_send(writes, Priority::High, messages(Duration::ZERO)).await.unwrap();
    assert_eq!(written, GroupWritten::Applied);
    assert_eq!(super::items(&storage, "outbox").await.len(), 2);
    assert_eq!(bodies(&storage).await, ["first", "second"]);
}

#[tokio::test]
async fn nothing_is_sent_if_a_condition_does_not_hold() {
    let storage = embedded().await;
    let outbox = storage.outbox.clone().unwrap();
    storage.table.write(put("b", Condition::Absent)).await.unwrap();
    let writes = vec![put("a", Condition::Absent), put("b", Condition::Absent)];
    let written = outbox.write_and_send(writes, Priority::High, messages(Duration::ZERO)).await.unwrap();
    assert!(matches!(&written, GroupWritten::Conflict(conflicts) if conflicts[0].0 == 1), "{written:?}");
    assert_eq!(super::items(&storage, "outbox").await.len(), 1);
    assert!(bodies(&storage).await.is_empty());
}

#[tokio::test]
async fn a_message_that_cannot_be_sent_writes_nothing() {
    let storage = embedded().await;
    let outbox = storage.outbox.clone().unwrap();
    let late = messages(DELAY_LIMIT + Duration::from_secs(1));
    let error = outbox.write_and_send(vec![put("a", Condition::Absent)], Priority::High, late).await.unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    assert!(super::items(&storage, "outbox").await.is_empty());
}

/// Rung as by a send: nobody waits for the next look at the clock.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_waits_is_woken() {
    let storage = embedded().await;
    let (outbox, queue) = (storage.outbox.clone().unwrap(), storage.queue.clone());
    let waiting = tokio::spawn(async move { queue.next(None, Duration::from_secs(60)).await });
    let writes = vec![put("a", Condition::Absent)];
    outbox.write_and_send(writes, Priority::Low, messages(Duration::ZERO)).await.unwrap();
    assert!(waiting.await.unwrap().unwrap().is_some());
}
