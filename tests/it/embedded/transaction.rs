//! Work over a store whose writes and messages wait for one commit.

use std::time::Duration;

use pipeline::Priority;
use serde_json::{Value, json};
use store::queue::Outgoing;
use store::table::{Change, Condition, Item, Key, Query, Relist, Write, Written};
use store::{Store, transaction::Transaction};
use tests::{Provided, embedded};

fn put(sort: &str, word: &str) -> Write {
    let attributes = [("word".to_owned(), json!(word))].into();
    let change = Change::Put { attributes, listing: None, expires_at: None };
    Write { key: Key::new("transaction", sort), condition: Condition::Absent, change }
}

fn patch(item: &Item, name: &str, value: Value) -> Write {
    let attributes = [(name.to_owned(), value)].into();
    let change = Change::Patch { attributes, listing: Relist::Keep };
    Write { key: item.key.clone(), condition: Condition::Version(item.version), change }
}

async fn written(store: &Store, write: Write) -> Item {
    match store.table.write(write).await.unwrap() {
        Written::Applied(item) => item.unwrap(),
        Written::Conflict(item) => panic!("in the way is {item:?}"),
    }
}

async fn send(store: &Store, body: &str) {
    let message = Outgoing { body: body.to_owned(), delay: Duration::ZERO };
    store.queue.send(Priority::Low, vec![message]).await.unwrap();
}

/// What others see: the words of the items, and the messages.
async fn seen(storage: &Provided) -> (Vec<String>, Vec<String>) {
    let items = super::items(storage, "transaction").await;
    let messages = storage.queue.receive(10, Duration::ZERO).await.unwrap();
    let word = |item: Item| format!("{} {}", item.key.sort, item.attributes["word"].as_str().unwrap());
    (items.into_iter().map(word).collect(), messages.into_iter().map(|message| message.body).collect())
}

fn nothing() -> (Vec<String>, Vec<String>) {
    (Vec::new(), Vec::new())
}

async fn transaction() -> (Provided, Transaction) {
    let storage = embedded().await;
    let transaction = storage.transaction().unwrap();
    (storage, transaction)
}

#[tokio::test]
async fn what_waits_is_read_by_its_own_work_and_by_nobody_else() {
    let (storage, transaction) = transaction().await;
    let first = written(&storage, put("a", "old")).await;
    let changed = written(&transaction.store, patch(&first, "word", json!("new"))).await;
    written(&transaction.store, put("b", "new")).await;
    send(&transaction.store, "a message").await;
    assert_eq!((changed.version, &changed.attributes["word"]), (2, &json!("new")));
    assert_eq!(transaction.store.table.get(&first.key).await.unwrap(), Some(changed));
    let page = transaction.store.table.query(&Query::prefix("transaction", "")).await.unwrap();
    assert_eq!(page.entries.iter().map(|item| item.version).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(seen(&storage).await, (vec!["a old".to_owned()], Vec::new()));
    assert!(transaction.commit().await.unwrap());
    assert_eq!(seen(&storage).await, (vec!["a new".to_owned(), "b new".to_owned()], vec!["a message".to_owned()]));
}

#[tokio::test]
async fn what_comes_back_is_what_will_be_stored() {
    let (storage, transaction) = transaction().await;
    let first = written(&storage, put("a", "old")).await;
    let change = [("word".to_owned(), json!("new")), ("gone".to_owned(), Value::Null)].into();
    let write =
        Write { change: Change::Patch { attributes: change, listing: Relist::Keep }, ..patch(&first, "x", json!(1)) };
    let promised = written(&transaction.store, write).await;
    assert!(transaction.commit().await.unwrap());
    assert_eq!(storage.table.get(&first.key).await.unwrap(), Some(promised));
}

#[tokio::test]
async fn a_write_in_between_by_somebody_else_undoes_all() {
    let (storage, transaction) = transaction().await;
    written(&transaction.store, put("a", "ours")).await;
    written(&transaction.store, put("b", "ours")).await;
    send(&transaction.store, "a message").await;
    written(&storage, put("b", "theirs")).await;
    assert!(!transaction.commit().await.unwrap());
    assert_eq!(seen(&storage).await, (vec!["b theirs".to_owned()], Vec::new()));
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_told_at_once() {
    let (storage, transaction) = transaction().await;
    let theirs = written(&storage, put("a", "theirs")).await;
    assert_eq!(transaction.store.table.write(put("a", "ours")).await.unwrap(), Written::Conflict(Some(theirs)));
}

#[tokio::test]
async fn an_item_that_is_written_twice_cannot_wait() {
    let (storage, transaction) = transaction().await;
    let first = written(&transaction.store, put("a", "ours")).await;
    written(&transaction.store, patch(&first, "word", json!("again"))).await;
    assert!(!transaction.commit().await.unwrap());
    assert_eq!(seen(&storage).await, nothing());
}

#[tokio::test]
async fn a_page_of_a_query_cannot_be_made_of_what_waits() {
    let (storage, transaction) = transaction().await;
    written(&transaction.store, put("a", "ours")).await;
    let query = Query { limit: Some(1), ..Query::prefix("transaction", "") };
    transaction.store.table.query(&query).await.unwrap();
    assert!(!transaction.commit().await.unwrap());
    assert_eq!(seen(&storage).await, nothing());
}

#[tokio::test]
async fn a_group_that_fails_half_way_leaves_nothing_that_waits() {
    let (storage, transaction) = transaction().await;
    written(&storage, put("b", "theirs")).await;
    let group = vec![put("a", "ours"), put("b", "ours")];
    let refused = transaction.store.table.write_group(group).await.unwrap();
    assert!(matches!(refused, store::table::GroupWritten::Conflict(_)), "{refused:?}");
    assert!(!transaction.commit().await.unwrap());
    assert_eq!(seen(&storage).await, (vec!["b theirs".to_owned()], Vec::new()));
}

#[tokio::test]
async fn messages_of_two_queues_cannot_wait_together() {
    let (storage, transaction) = transaction().await;
    written(&transaction.store, put("a", "ours")).await;
    send(&transaction.store, "low").await;
    let message = Outgoing { body: "high".to_owned(), delay: Duration::ZERO };
    transaction.store.queue.send(Priority::High, vec![message]).await.unwrap();
    assert!(!transaction.commit().await.unwrap());
    assert_eq!(seen(&storage).await, nothing());
}

#[tokio::test]
async fn back_ends_that_share_no_commits_have_no_such_store() {
    let storage = embedded().await;
    let Store { table, queue, files, .. } = storage.store.clone();
    assert!(Store::new(table, queue, files).transaction().is_none());
}
