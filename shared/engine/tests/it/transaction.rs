//! Work whose writes wait for one commit: what cannot wait is not committed, and nothing of the rest either.

use std::time::Duration;

use pipeline::Priority;
use serde_json::json;
use store::queue::{Outgoing, Receipt};
use store::table::{Change, Condition, GroupWritten, Key, Query, Relist, SortDirection, Write, Written};
use store::transaction::Transaction;

use workshop::Workshop;

fn key(sort: &str) -> Key {
    Key::new("a partition", sort)
}

fn put(sort: &str) -> Write {
    let attributes = [("text".to_owned(), json!(sort))].into();
    Write {
        key: key(sort),
        condition: Condition::Absent,
        change: Change::Put { attributes, listing: None, expires_at: None },
    }
}

fn patch(sort: &str, version: u64, text: &str) -> Write {
    let attributes = [("text".to_owned(), json!(text))].into();
    let change = Change::Patch { attributes, listing: Relist::Keep };
    Write { key: key(sort), condition: Condition::Version(version), change }
}

fn message(text: &str) -> Vec<Outgoing> {
    vec![Outgoing { body: text.to_owned(), delay: Duration::ZERO }]
}

/// Joined work that has written `a` and sent a message, over a table with an item `b`.
async fn begun(workshop: &Workshop) -> Transaction {
    let store = workshop.store();
    store.table.write(put("b")).await.unwrap();
    let transaction = store.transaction().expect("the workshop shares commits");
    transaction.store.table.write(put("a")).await.unwrap();
    transaction.store.queue.send(Priority::Low, message("of the work")).await.unwrap();
    transaction
}

/// What is stored of the work.
async fn is_done(workshop: &Workshop) -> bool {
    let is_written = workshop.store().table.get(&key("a")).await.unwrap().is_some();
    let is_sent = workshop.receive().await.is_some_and(|received| received.body == "of the work");
    assert_eq!(is_written, is_sent, "the write is there: {is_written}, the message: {is_sent}");
    is_written
}

#[tokio::test]
async fn what_waits_is_read_as_it_will_be_and_committed_at_once() {
    let workshop = Workshop::new("10: done-a").sharing_commits();
    let transaction = begun(&workshop).await;
    let table = &transaction.store.table;
    table.write(patch("b", 1, "new")).await.unwrap();
    table.write(Write { key: key("c"), condition: Condition::Any, change: Change::Delete }).await.unwrap();
    let page = table.query(&Query::prefix("a partition", "")).await.unwrap();
    let read: Vec<_> = page.entries.iter().map(|item| (item.key.sort.as_str(), item.version)).collect();
    assert_eq!(read, [("a", 1), ("b", 2)]);
    assert_eq!(page.entries[1].attributes.get("text"), Some(&json!("new")));
    let conflict = table.write(patch("b", 1, "newer")).await.unwrap();
    assert!(matches!(&conflict, Written::Conflict(Some(item)) if item.version == 2), "{conflict:?}");
    assert!(workshop.store().table.get(&key("a")).await.unwrap().is_none(), "nothing is written before the commit");
    assert!(transaction.commit().await.unwrap());
    assert!(is_done(&workshop).await);
    let patched = workshop.store().table.get(&key("b")).await.unwrap().unwrap();
    assert_eq!((patched.version, patched.attributes.get("text")), (2, Some(&json!("new"))));
}

/// Somebody else writes between a look and the commit.
#[tokio::test]
async fn work_that_was_overtaken_leaves_nothing() {
    let workshop = Workshop::new("10: done-a").sharing_commits();
    let transaction = begun(&workshop).await;
    transaction.store.table.write(patch("b", 1, "ours")).await.unwrap();
    workshop.store().table.write(patch("b", 1, "theirs")).await.unwrap();
    assert!(!transaction.commit().await.unwrap());
    assert!(!is_done(&workshop).await);
    let item = workshop.store().table.get(&key("b")).await.unwrap().unwrap();
    assert_eq!(item.attributes.get("text"), Some(&json!("theirs")));
}

/// What cannot wait, each with its name.
const CANNOT_WAIT: [&str; 9] = [
    "a part of a partition",
    "a partition from its end",
    "a partition from the middle",
    "items of which one waits",
    "a group that conflicts half way",
    "items without conditions",
    "messages of two priorities",
    "taking a message",
    "deleting a message",
];

async fn ask(transaction: &Transaction, what: &str) {
    let (table, queue) = (&transaction.store.table, &transaction.store.queue);
    let query = Query::prefix("a partition", "");
    match what {
        "a part of a partition" => drop(table.query(&Query { limit: Some(1), ..query }).await.unwrap()),
        "a partition from its end" => {
            drop(table.query(&Query { order: SortDirection::Descending, ..query }).await.unwrap())
        }
        "a partition from the middle" => {
            drop(table.query(&Query { after: Some("a".to_owned()), ..query }).await.unwrap());
        }
        "items of which one waits" => drop(table.batch_get(&[key("a")]).await.unwrap()),
        "a group that conflicts half way" => {
            let written = table.write_group(vec![put("c"), put("b")]).await.unwrap();
            assert!(matches!(written, GroupWritten::Conflict(_)), "{written:?}");
        }
        "items without conditions" => table.batch_put(vec![(key("c"), [].into())]).await.unwrap(),
        "messages of two priorities" => queue.send(Priority::High, message("another")).await.unwrap(),
        "taking a message" => drop(queue.receive(1, Duration::ZERO).await.unwrap()),
        "deleting a message" => {
            queue.delete(&Receipt { priority: Priority::Low, handle: "1".to_owned() }).await.unwrap();
        }
        other => panic!("`{other}` is nothing to ask for"),
    }
}

#[tokio::test]
async fn work_that_asks_for_what_cannot_wait_is_not_committed() {
    for what in CANNOT_WAIT {
        let workshop = Workshop::new("10: done-a").sharing_commits();
        let transaction = begun(&workshop).await;
        ask(&transaction, what).await;
        assert!(!transaction.commit().await.unwrap(), "{what}: it was committed");
        assert!(!is_done(&workshop).await, "{what}: something of it was done");
        assert!(workshop.store().table.get(&key("c")).await.unwrap().is_none(), "{what}: half of it was done");
    }
}

/// The next page would be of what is stored, without what waits.
#[tokio::test]
async fn work_that_reads_a_partition_of_more_than_one_page_is_not_committed() {
    let workshop = Workshop::new("10: done-a").sharing_commits();
    let long = "x".repeat(300_000);
    for number in 0..8 {
        let attributes = [("text".to_owned(), json!(long))].into();
        let change = Change::Put { attributes, listing: None, expires_at: None };
        let write = Write { key: key(&format!("long {number}")), condition: Condition::Absent, change };
        workshop.store().table.write(write).await.unwrap();
    }
    let transaction = begun(&workshop).await;
    let page = transaction.store.table.query(&Query::prefix("a partition", "")).await.unwrap();
    assert!(page.next.is_some(), "two megabytes were to be more than one page");
    assert!(!transaction.commit().await.unwrap());
    assert!(!is_done(&workshop).await);
}
