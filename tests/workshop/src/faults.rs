//! A table that loses replies, refuses writes, or never answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use patience::Bell;
use store::table::{
    Attributes, Change, Condition, GroupWritten, Item, Key, Listed, ListingQuery, Page, Query, Table, Write, Written,
};
use store::{Error, Result};

/// What happens to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is applied, and the answer is a failure that may pass.
    ReplyLost,
    /// It is applied, its reply gets lost, and the answer is that of the client's own repetition.
    Repeated,
    /// It is not applied, and may go through later.
    Refused,
    /// It is not applied, and never will be.
    Forbidden,
    /// It waits until the test lets it go on, and is applied then.
    Late,
    /// It is applied and never answered: whoever asked has died.
    DeadAfter,
    /// It is not applied and never answered: whoever asked has died.
    DeadBefore,
}

/// The embedded table with faults.
pub struct FaultyTable {
    inner: Arc<dyn Table>,
    /// What was asked of it.
    pub counted: Counted,
    armed: Mutex<Vec<Armed>>,
    /// Rung by a write that is never answered.
    pub dead: Bell,
    /// Rung by a write that waits.
    pub late: Bell,
    /// Lets a write go on that waits.
    pub go_on: Bell,
}

/// Most writes of one story that are disturbed one after the other; no story has a third of them.
const MOST_WRITES: usize = 1_000;

/// The writes of a story by their number, for a test that disturbs each of them and stops behind the last.
///
/// # Panics
/// If there is no last one.
pub fn every_write() -> impl Iterator<Item = usize> {
    (0..).inspect(|number| assert!(*number < MOST_WRITES, "after {number} disturbed writes comes another one"))
}

/// Counts requests and the items that they read.
#[derive(Default)]
pub struct Counted {
    /// Items that were written.
    pub writes: AtomicUsize,
    /// Requests that read.
    pub reads: AtomicUsize,
    /// Items that were read.
    pub items: AtomicUsize,
}

impl Counted {
    /// Begins anew.
    pub fn forget(&self) {
        for count in [&self.writes, &self.reads, &self.items] {
            count.store(0, Ordering::Relaxed);
        }
    }

    fn read(&self, items: usize) {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.items.fetch_add(items, Ordering::Relaxed);
    }
}

struct Armed {
    /// A part of what is written: the key, and the status if it is set.
    what: String,
    /// How many such writes go well before.
    after: usize,
    fault: Fault,
}

impl FaultyTable {
    /// A table without faults so far.
    pub fn new(inner: Arc<dyn Table>) -> Self {
        FaultyTable {
            inner,
            counted: Counted::default(),
            armed: Mutex::default(),
            dead: Bell::of("a write is never answered, or the work ends"),
            late: Bell::of("a write comes that is to be late"),
            go_on: Bell::of("the test lets the late write go on"),
        }
    }

    /// Lets one write fail: after `after` good ones, the next whose key and status contain `what`, as in `done-a success`.
    pub fn arm(&self, fault: Fault, what: &str, after: usize) {
        self.armed.lock().unwrap().push(Armed { what: what.to_owned(), after, fault });
    }

    /// Takes back the faults that have not happened.
    pub fn disarm(&self) {
        self.armed.lock().unwrap().clear();
    }

    /// The table without faults, for somebody else.
    pub fn unfailing(&self) -> Arc<dyn Table> {
        self.inner.clone()
    }

    /// Whether every armed fault has happened.
    pub fn is_spent(&self) -> bool {
        self.armed.lock().unwrap().is_empty()
    }

    fn fault(&self, writes: &[Write]) -> Option<Fault> {
        let mut armed = self.armed.lock().unwrap();
        let is_meant = |armed: &Armed| writes.iter().any(|write| described(write).contains(&armed.what));
        let place = armed.iter().position(is_meant)?;
        if armed[place].after > 0 {
            armed[place].after -= 1;
            return None;
        }
        Some(armed.remove(place).fault)
    }
}

/// The key of what is written, and the status if it is set.
pub(super) fn described(write: &Write) -> String {
    let status = match &write.change {
        Change::Put { attributes, .. } | Change::Patch { attributes, .. } => attributes.get("status"),
        Change::Delete | Change::Check => None,
    };
    let status = status.and_then(serde_json::Value::as_str).unwrap_or_default();
    format!("{} {status}", write.key)
}

fn lost() -> Error {
    Error::retryable("write an item", "the reply got lost")
}

#[async_trait]
impl Table for FaultyTable {
    async fn get(&self, key: &Key) -> Result<Option<Item>> {
        let item = self.inner.get(key).await?;
        self.counted.read(usize::from(item.is_some()));
        Ok(item)
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Item>> {
        self.inner.batch_get(keys).await
    }

    async fn query(&self, query: &Query) -> Result<Page<Item, String>> {
        let page = self.inner.query(query).await?;
        self.counted.read(page.entries.len());
        Ok(page)
    }

    async fn listing(&self, query: &ListingQuery) -> Result<Page<Listed, Listed>> {
        self.inner.listing(query).await
    }

    async fn write(&self, write: Write) -> Result<Written> {
        self.counted.writes.fetch_add(1, Ordering::Relaxed);
        let Some(fault) = self.fault(std::slice::from_ref(&write)) else { return self.inner.write(write).await };
        if matches!(fault, Fault::ReplyLost | Fault::Repeated | Fault::DeadAfter) {
            self.inner.write(write.clone()).await?;
        }
        match fault {
            Fault::Repeated => self.inner.write(write).await,
            Fault::Late => {
                self.late.notify_one();
                self.go_on.notified().await;
                self.inner.write(write).await
            }
            Fault::ReplyLost | Fault::Refused => Err(lost()),
            Fault::Forbidden => Err(Error::permanent("write an item", "access denied")),
            Fault::DeadAfter | Fault::DeadBefore => {
                self.dead.notify_one();
                std::future::pending().await
            }
        }
    }

    async fn write_group(&self, writes: Vec<Write>) -> Result<GroupWritten> {
        self.counted.writes.fetch_add(writes.len(), Ordering::Relaxed);
        let Some(fault) = self.fault(&writes) else { return self.inner.write_group(writes).await };
        if matches!(fault, Fault::ReplyLost | Fault::Repeated | Fault::DeadAfter) {
            self.inner.write_group(writes.clone()).await?;
        }
        match fault {
            Fault::Repeated => self.inner.write_group(writes).await,
            Fault::Late => {
                self.late.notify_one();
                self.go_on.notified().await;
                self.inner.write_group(writes).await
            }
            Fault::ReplyLost | Fault::Refused => Err(lost()),
            Fault::Forbidden => Err(Error::permanent("write a group of items", "access denied")),
            Fault::DeadAfter | Fault::DeadBefore => {
                self.dead.notify_one();
                std::future::pending().await
            }
        }
    }

    async fn batch_put(&self, items: Vec<(Key, Attributes)>) -> Result<()> {
        self.counted.writes.fetch_add(items.len(), Ordering::Relaxed);
        let put = |(key, attributes): &(Key, Attributes)| {
            let change = Change::Put { attributes: attributes.clone(), listing: None, expires_at: None };
            Write { key: key.clone(), condition: Condition::Any, change }
        };
        let Some(fault) = self.fault(&items.iter().map(put).collect::<Vec<_>>()) else {
            return self.inner.batch_put(items).await;
        };
        // It is not atomic: the half of it may be there.
        let half = items[..items.len() / 2].to_vec();
        match fault {
            Fault::ReplyLost | Fault::Repeated | Fault::DeadAfter => self.inner.batch_put(items.clone()).await?,
            Fault::Refused | Fault::DeadBefore => self.inner.batch_put(half).await?,
            Fault::Late | Fault::Forbidden => {}
        }
        match fault {
            Fault::Late => {
                self.late.notify_one();
                self.go_on.notified().await;
                self.inner.batch_put(items).await
            }
            Fault::Repeated => self.inner.batch_put(items).await,
            Fault::ReplyLost | Fault::Refused => Err(lost()),
            Fault::Forbidden => Err(Error::permanent("put items", "access denied")),
            Fault::DeadAfter | Fault::DeadBefore => {
                self.dead.notify_one();
                std::future::pending().await
            }
        }
    }
}
