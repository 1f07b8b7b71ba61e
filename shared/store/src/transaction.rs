//! Several steps of work in one commit.
//!
//! Work that is written for a table and a queue with a commit for each request runs unchanged over the store of a
//! [`Transaction`]: it reads what is stored and what it has written itself, and its writes and messages wait. At the end
//! they go through [`SharedCommits`] together, under all their conditions. If one of the conditions does not hold by then,
//! or the work did what cannot wait, nothing of it has happened, and it is done again over the store itself.
//!
//! **Invariant:** nothing that waits here decides anything: all conditions are checked again by the commit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use pipeline::Priority;

use crate::Store;
use crate::error::Result;
use crate::queue::{DeadLetter, Depth, Outgoing, Queue, Receipt, Received};
use crate::shared_commit::{COMMIT_LIMIT, CommitGroup, SharedCommits, WrittenAndTaken};
use crate::table::{
    Attributes, Change, Condition, GroupWritten, Item, Key, Listed, ListingQuery, Page, Query, Relist, SortDirection,
    Table, Write, Written,
};
use crate::take_next::{NextMessage, NextTaker};

/// A store whose writes and messages wait for one commit.
pub struct Transaction {
    /// The store to work with.
    pub store: Store,
    behind: Store,
    shared_commits: Arc<dyn SharedCommits>,
    waiting: Arc<WaitingSeams>,
}

/// What became of a commit that was to take the next message.
#[derive(Debug)]
pub enum CommitAndTake {
    /// It could not be, and nothing of it has happened.
    NotCommitted,
    /// All that waited is committed, and no message was there to take.
    NothingNext,
    /// All that waited is committed, and this message is taken.
    Next(Box<NextMessage>),
}

/// What waits, and the seams behind.
struct WaitingSeams {
    table: Arc<dyn Table>,
    queue: Arc<dyn Queue>,
    state: Mutex<WaitingWork>,
}

#[derive(Default)]
struct WaitingWork {
    writes: Vec<Write>,
    /// The items as they will be.
    items: BTreeMap<Key, Option<Item>>,
    /// Items that need not be read.
    known: BTreeMap<Key, Arc<Item>>,
    messages: Vec<Outgoing>,
    priority: Option<Priority>,
    /// Whether something was asked for that cannot wait.
    is_spoilt: bool,
}

impl Store {
    /// A store like this one whose writes and messages wait for one commit, if the back end can do that.
    #[must_use]
    pub fn transaction(&self) -> Option<Transaction> {
        let shared_commits = self.shared_commits.clone()?;
        let (table, queue) = (self.table.clone(), self.queue.clone());
        let waiting = Arc::new(WaitingSeams { table, queue, state: Mutex::default() });
        let own: Arc<dyn SharedCommits> = waiting.clone();
        let store = Store { table: waiting.clone(), queue: waiting.clone(), shared_commits: Some(own), ..self.clone() };
        Some(Transaction { store, behind: self.clone(), shared_commits, waiting })
    }
}

impl Transaction {
    /// Takes an item for known, which saves reading it: if it is not as it is stored, what is written to it conflicts.
    pub fn know(&self, item: &Arc<Item>) {
        self.waiting.state().known.insert(item.key.clone(), item.clone());
    }

    /// Commits all that waits; `false` if that cannot be, and then nothing of it has happened.
    ///
    /// # Errors
    /// The store did not answer: the commit may have happened.
    pub async fn commit(self) -> Result<bool> {
        let Some(group) = self.group() else { return Ok(false) };
        Ok(self.shared_commits.write_and_send(group).await? == GroupWritten::Applied)
    }

    /// Commits all that waits, and claims the step of the next message in the same commit, if there is one.
    ///
    /// # Errors
    /// The store did not answer: the commit may have happened.
    pub async fn commit_and_take_next(self, taker: &NextTaker) -> Result<CommitAndTake> {
        let Some(group) = self.group() else { return Ok(CommitAndTake::NotCommitted) };
        match self.shared_commits.write_and_take_next(group, taker.take_next()).await? {
            WrittenAndTaken::Conflict => Ok(CommitAndTake::NotCommitted),
            WrittenAndTaken::Applied(None) => Ok(CommitAndTake::NothingNext),
            WrittenAndTaken::Applied(Some(taken)) => {
                // By the store behind: nothing waits in this one any more.
                Ok(CommitAndTake::Next(Box::new(self.behind.next_message(*taken, taker).await)))
            }
        }
    }

    /// All that waits, if it can be committed at once.
    fn group(&self) -> Option<CommitGroup> {
        let WaitingWork { writes, messages, priority, is_spoilt, .. } = std::mem::take(&mut *self.waiting.state());
        let can_be = !is_spoilt && !writes.is_empty() && writes.len() <= COMMIT_LIMIT;
        can_be.then(|| CommitGroup { writes, priority: priority.unwrap_or_default(), messages })
    }
}

impl WaitingSeams {
    fn state(&self) -> MutexGuard<'_, WaitingWork> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spoil(&self) {
        self.state().is_spoilt = true;
    }

    /// Notes a write if its condition holds; the item as it is otherwise.
    async fn note(&self, write: Write) -> Result<Written> {
        let item = self.get(&write.key).await?;
        if !is_met(write.condition, item.as_ref()) {
            return Ok(Written::Conflict(item));
        }
        let written = written(&write, item);
        let mut state = self.state();
        // A group cannot hold one item twice.
        state.is_spoilt |= state.items.insert(write.key.clone(), written.clone()).is_some();
        state.writes.push(whole(write, written.as_ref()));
        Ok(Written::Applied(written))
    }
}

fn is_met(condition: Condition, item: Option<&Item>) -> bool {
    match condition {
        Condition::Any => true,
        Condition::Absent => item.is_none(),
        Condition::Present => item.is_some(),
        Condition::Version(version) => item.is_some_and(|item| item.version == version),
    }
}

/// The item after a write whose condition holds.
fn written(write: &Write, item: Option<Item>) -> Option<Item> {
    let version = match (write.condition, &write.change) {
        (Condition::Absent, _) | (Condition::Any, Change::Put { .. }) => 1,
        (Condition::Any | Condition::Present | Condition::Version(_), _) => {
            item.as_ref().map_or(0, |it| it.version) + 1
        }
    };
    match &write.change {
        Change::Put { attributes, listing, expires_at } => {
            let (mut attributes, listing, expires_at) = (attributes.clone(), listing.clone(), *expires_at);
            attributes.remove_nulls();
            Some(Item { key: write.key.clone(), version, attributes, listing, expires_at })
        }
        Change::Patch { attributes, listing } => {
            let empty = || Item {
                key: write.key.clone(),
                version: 0,
                attributes: Attributes::new(),
                listing: None,
                expires_at: None,
            };
            let mut item = Item { version, ..item.unwrap_or_else(empty) };
            item.attributes.extend(attributes.iter().map(|(name, value)| (name.clone(), value.clone())));
            item.attributes.remove_nulls();
            match listing {
                Relist::Keep => {}
                Relist::Unlist => item.listing = None,
                Relist::List(listing) => item.listing = Some(listing.clone()),
            }
            Some(item)
        }
        Change::Delete => None,
        Change::Check => item,
    }
}

/// The write with the whole item instead of a patch, where the version says what is patched: the commit, which others wait
/// for, then need not read and merge it again.
fn whole(write: Write, written: Option<&Item>) -> Write {
    let Write { key, condition, change } = write;
    let change = match (change, condition, written) {
        (Change::Patch { .. }, Condition::Version(_), Some(Item { attributes, listing, expires_at, .. })) => {
            Change::Put { attributes: attributes.clone(), listing: listing.clone(), expires_at: *expires_at }
        }
        (change, _, _) => change,
    };
    Write { key, condition, change }
}

#[async_trait]
impl Table for WaitingSeams {
    async fn get(&self, key: &Key) -> Result<Option<Item>> {
        {
            let state = self.state();
            if let Some(item) = state.items.get(key) {
                return Ok(item.clone());
            }
            if let Some(item) = state.known.get(key) {
                return Ok(Some(item.as_ref().clone()));
            }
        }
        self.table.get(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Item>> {
        if keys.iter().any(|key| self.state().items.contains_key(key)) {
            self.spoil();
        }
        self.table.batch_get(keys).await
    }

    async fn query(&self, query: &Query) -> Result<Page<Item, String>> {
        let page = self.table.query(query).await?;
        let mut state = self.state();
        if query.limit.is_some()
            || query.after.is_some()
            || query.order == SortDirection::Descending
            || page.next.is_some()
        {
            // What waits would have to be fitted into pages.
            state.is_spoilt = true;
            return Ok(page);
        }
        let mut entries = page.entries;
        let is_asked = |key: &Key| key.partition == query.partition && key.sort.starts_with(&query.sort_prefix);
        for (key, item) in state.items.iter().filter(|(key, _)| is_asked(key)) {
            match (entries.binary_search_by(|entry| entry.key.sort.cmp(&key.sort)), item) {
                (Ok(place), Some(item)) => entries[place] = item.clone(),
                (Err(place), Some(item)) => entries.insert(place, item.clone()),
                (Ok(place), None) => drop(entries.remove(place)),
                (Err(_), None) => {}
            }
        }
        Ok(Page { entries, next: None })
    }

    async fn listing(&self, query: &ListingQuery) -> Result<Page<Listed, Listed>> {
        self.table.listing(query).await
    }

    async fn write(&self, write: Write) -> Result<Written> {
        self.note(write).await
    }

    async fn write_group(&self, writes: Vec<Write>) -> Result<GroupWritten> {
        self.write_and_send(CommitGroup { writes, ..CommitGroup::default() }).await
    }

    async fn batch_put(&self, _items: Vec<(Key, Attributes)>) -> Result<()> {
        self.spoil();
        Ok(())
    }
}

#[async_trait]
impl Queue for WaitingSeams {
    async fn send(&self, priority: Priority, messages: Vec<Outgoing>) -> Result<()> {
        let mut state = self.state();
        state.is_spoilt |= state.priority.replace(priority).is_some_and(|other| other != priority);
        state.messages.extend(messages);
        Ok(())
    }

    async fn receive(&self, _limit: usize, _wait: Duration) -> Result<Vec<Received>> {
        self.spoil();
        Ok(Vec::new())
    }

    async fn extend(&self, receipt: &Receipt, visibility: Duration) -> Result<()> {
        self.queue.extend(receipt, visibility).await
    }

    async fn delete(&self, _receipt: &Receipt) -> Result<()> {
        self.spoil();
        Ok(())
    }

    async fn depth(&self, priority: Priority) -> Result<Depth> {
        self.queue.depth(priority).await
    }

    async fn count_dead_letters(&self) -> Result<u64> {
        self.queue.count_dead_letters().await
    }

    async fn peek_dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>> {
        self.queue.peek_dead_letters(limit).await
    }

    async fn redrive_dead_letters(&self) -> Result<Option<u64>> {
        self.spoil();
        Ok(None)
    }
}

#[async_trait]
impl SharedCommits for WaitingSeams {
    async fn write_and_send(&self, group: CommitGroup) -> Result<GroupWritten> {
        let CommitGroup { writes, priority, messages } = group;
        for (place, write) in writes.into_iter().enumerate() {
            if let Written::Conflict(item) = self.note(write).await? {
                // Those before it are noted already.
                self.spoil();
                return Ok(GroupWritten::Conflict(vec![(place, item)]));
            }
        }
        if !messages.is_empty() {
            self.send(priority, messages).await?;
        }
        Ok(GroupWritten::Applied)
    }
}
