//! Time is what the clock of the options says.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use pipeline::Priority;
use store::Store;
use store::queue::{Depth, Outgoing};
use store::table::{Attributes, Change, Condition, Key, Write};
use store_embedded::Options;

/// A clock that stands until it is moved.
#[derive(Clone)]
struct Hands(Arc<AtomicI64>);

impl Hands {
    fn new() -> Self {
        Hands(Arc::new(AtomicI64::new(1_800_000_000)))
    }

    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0.load(Ordering::Relaxed), 0).unwrap()
    }

    fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    fn open(&self, folder: &Path) -> Store {
        let hands = self.clone();
        let options = Options { clock: Arc::new(move || hands.now()), visibility: Duration::from_secs(960) };
        store_embedded::open(folder, options).unwrap()
    }
}

async fn receive(store: &Store) -> Vec<String> {
    let received = store.queue.receive(10, Duration::ZERO).await.unwrap();
    received.into_iter().map(|message| message.body).collect()
}

#[tokio::test]
async fn a_received_message_is_hidden_for_the_visibility_time() {
    let (folder, hands) = (tempfile::tempdir().unwrap(), Hands::new());
    let store = hands.open(folder.path());
    let message = Outgoing { body: "hello".to_owned(), delay: Duration::from_secs(60) };
    store.queue.send(Priority::Normal, vec![message]).await.unwrap();
    hands.advance(59);
    assert_eq!(receive(&store).await, Vec::<String>::new());
    hands.advance(1);
    assert_eq!(receive(&store).await, ["hello"]);
    let in_flight = Depth { in_flight: 1, ..Depth::default() };
    assert_eq!(store.queue.depth(Priority::Normal).await.unwrap(), in_flight);
    // Nothing of it is in memory.
    drop(store);
    let store = hands.open(folder.path());
    hands.advance(959);
    assert_eq!(receive(&store).await, Vec::<String>::new());
    hands.advance(1);
    assert_eq!(receive(&store).await, ["hello"]);
}

#[tokio::test]
async fn messages_come_in_the_order_in_which_they_fall_due() {
    let (folder, hands) = (tempfile::tempdir().unwrap(), Hands::new());
    let store = hands.open(folder.path());
    for (body, delay) in [("third", 30), ("first", 10), ("second", 20), ("last", 900)] {
        let message = Outgoing { body: body.to_owned(), delay: Duration::from_secs(delay) };
        store.queue.send(Priority::Low, vec![message]).await.unwrap();
    }
    hands.advance(30);
    assert_eq!(receive(&store).await, ["first", "second", "third"]);
}

async fn put_expiring(store: &Store, hands: &Hands, sort: &str, seconds: i64) {
    let expires_at = Some(hands.now() + chrono::TimeDelta::seconds(seconds));
    let change = Change::Put { attributes: Attributes::new(), listing: None, expires_at };
    let write = Write { key: Key::new("p", sort), condition: Condition::Absent, change };
    store.table.write(write).await.unwrap();
}

async fn sorts(store: &Store) -> Vec<String> {
    super::items(store, "p").await.into_iter().map(|item| item.key.sort).collect()
}

#[tokio::test]
async fn expired_items_go_with_later_ones_or_when_the_store_is_opened() {
    let (folder, hands) = (tempfile::tempdir().unwrap(), Hands::new());
    let store = hands.open(folder.path());
    for (sort, seconds) in [("1", 10), ("2", 20), ("3", 30), ("4", 40), ("5", 1_000)] {
        put_expiring(&store, &hands, sort, seconds).await;
    }
    hands.advance(100);
    assert_eq!(sorts(&store).await, ["1", "2", "3", "4", "5"]);
    put_expiring(&store, &hands, "6", 1_000).await;
    assert_eq!(sorts(&store).await, ["3", "4", "5", "6"]);
    drop(store);
    let store = hands.open(folder.path());
    assert_eq!(sorts(&store).await, ["5", "6"]);
}

#[tokio::test]
async fn files_are_as_old_as_the_clock_says_and_no_two_alike() {
    let (folder, hands) = (tempfile::tempdir().unwrap(), Hands::new());
    let store = hands.open(folder.path());
    let mut infos = Vec::new();
    for content in ["one", "two", "six"] {
        store.files.put("file", Bytes::from_static(content.as_bytes())).await.unwrap();
        infos.push(store.files.info("file").await.unwrap().unwrap());
    }
    assert!(infos.iter().all(|info| info.modified_at.timestamp() == hands.now().timestamp()));
    assert!(infos.is_sorted_by(|one, next| one.modified_at < next.modified_at));
    hands.advance(10);
    store.files.put("file", Bytes::from_static(b"ten")).await.unwrap();
    let info = store.files.info("file").await.unwrap().unwrap();
    assert_eq!(info.modified_at, hands.now());
}
