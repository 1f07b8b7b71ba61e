//! Bugs that are planted between the engine and the seams, so that it shows whether a run would find them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use pipeline::step::{StepRecord, Token};
use pipeline::{Name, PipelineId, Priority, Step, StepDefinition};
use serde_json::{Value, json};
use store::message::StepMessage;
use store::queue::{DeadLetter, Depth, Outgoing, Queue, Receipt, Received};
use store::shared_commit::{ClaimWrite, CommitGroup, SharedCommits, TakeNext, WrittenAndTaken};
use store::table::{
    Attributes, Change, Condition, GroupWritten, Item, Key, Listed, ListingQuery, Page, Query, Table, Write, Written,
};
use store::{Error, Result, Store};

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A claim takes the step whatever token its message has and wherever the step stands.
    ClaimWithoutToken,
    /// The message is sent before the step is marked.
    SendBeforeMark,
    /// Messages that got lost are not sent again.
    NoResend,
    /// The end of an attempt is written whoever holds the step.
    CommitWithoutLease,
    /// An attempt counts when it ends, and not when it is enqueued.
    AttemptsCountedAtFinish,
    /// The messages of a shared commit are sent although one of its conditions does not hold.
    SendWithoutCommit,
    /// Nobody sees that a step was run again by hand.
    RerunUntold,
    /// Nobody sees that a pipeline is on hold.
    PauseUnseen,
    /// The time of a pause counts for the expiry of its pipeline.
    PauseCounts,
    /// Nobody notes how long a pause was when it ends.
    PauseForgotten,
    /// A failed step is tried again before its time.
    EarlyRetry,
    /// The listing leaves out some of the open pipelines.
    ListingLeavesOut,
    /// A new pipeline is in no listing.
    SpawnUnlisted,
    /// A step that is taken with the end of another one begins although its pipeline is stopped.
    StopUnseenByTakeNext,
    /// The lease of a step seems to be over while its runner lives.
    GhostOfTheLiving,
}

/// What stands between the engine and the seams.
pub(crate) struct Sabotage {
    bug: Bug,
    table: Arc<dyn Table>,
    queue: Arc<dyn Queue>,
    shared_commits: Option<Arc<dyn SharedCommits>>,
    /// The tokens whose messages were sent before their marks.
    sent: Mutex<BTreeSet<String>>,
}

/// What a write to a step's item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Mark,
    Claim,
    Finish,
    Resend,
    Spawn,
    Resume,
    Other,
}

fn deed(write: &Write) -> Deed {
    let (Change::Put { attributes, .. } | Change::Patch { attributes, .. }) = &write.change else { return Deed::Other };
    if write.key.sort == "meta" {
        return match &write.change {
            Change::Put { .. } if write.condition == Condition::Absent => Deed::Spawn,
            _ if attributes.get("paused_at").is_some_and(Value::is_null) => Deed::Resume,
            _ => Deed::Other,
        };
    }
    if !write.key.sort.starts_with("step/") {
        return Deed::Other;
    }
    let status = attributes.get("status").and_then(Value::as_str);
    match status {
        Some("enqueued") if attributes.contains_key("attempt") => Deed::Mark,
        Some("running") => Deed::Claim,
        // A ghost's end is written by a beat, which sets no log.
        Some("success" | "skipped" | "error") if attributes.contains_key("log") => Deed::Finish,
        None if attributes.contains_key("resends") => Deed::Resend,
        _ => Deed::Other,
    }
}

fn attributes(change: &mut Change) -> Option<&mut Attributes> {
    match change {
        Change::Put { attributes, .. } | Change::Patch { attributes, .. } => Some(attributes),
        Change::Delete | Change::Check => None,
    }
}

impl Sabotage {
    /// The store with a bug in front of it.
    pub(crate) fn plant(bug: Bug, mut store: Store) -> Store {
        let Store { table, queue, shared_commits, .. } = store.clone();
        let sabotage = Arc::new(Sabotage { bug, table, queue, shared_commits, sent: Mutex::default() });
        store.shared_commits = store.shared_commits.map(|_| sabotage.clone() as Arc<dyn SharedCommits>);
        store.table = sabotage.clone();
        store.queue = sabotage;
        store
    }

    fn sent(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a message was sent before its mark, and so is not sent now. If it is sent again later, it is.
    fn is_sent(&self, message: &Outgoing) -> bool {
        StepMessage::parse(&message.body).is_ok_and(|message| self.sent().remove(&message.token.0))
    }

    /// The item as the bug shows it.
    fn shown(&self, mut item: Item) -> Item {
        let fields = &mut item.attributes;
        match self.bug {
            Bug::RerunUntold => drop(fields.remove("reruns")),
            Bug::PauseUnseen => drop(fields.remove("paused_at")),
            Bug::PauseCounts => {
                let paused_for = fields.get("paused_for_ms").and_then(Value::as_i64).unwrap_or(0);
                move_back(fields, "spawned_at", TimeDelta::milliseconds(paused_for));
            }
            Bug::EarlyRetry => move_back(fields, "finished_at", TimeDelta::hours(1)),
            Bug::GhostOfTheLiving => move_back(fields, "lease_until", TimeDelta::minutes(4)),
            _ => {}
        }
        item
    }

    /// The write as the bug makes it.
    async fn changed(&self, mut write: Write) -> Result<Write> {
        match (self.bug, deed(&write)) {
            (Bug::ClaimWithoutToken, Deed::Claim) | (Bug::CommitWithoutLease, Deed::Finish) => {
                write.condition = Condition::Present;
            }
            (Bug::SendBeforeMark, Deed::Mark) => {
                if let Some((token, message)) = message(&write) {
                    self.sent().insert(token);
                    self.queue.send(Priority::Normal, vec![message]).await?;
                }
            }
            (Bug::AttemptsCountedAtFinish, Deed::Mark) => {
                if let Some(attempt) = attributes(&mut write.change).and_then(|fields| fields.get_mut("attempt")) {
                    *attempt = json!(attempt.as_u64().unwrap_or(1) - 1);
                }
            }
            (Bug::AttemptsCountedAtFinish, Deed::Finish) => {
                let item = self.table.get(&write.key).await?;
                let before = item.and_then(|item| item.attributes.get("attempt")?.as_u64()).unwrap_or(0);
                if let Some(fields) = attributes(&mut write.change) {
                    fields.insert("attempt".to_owned(), json!(before + 1));
                }
            }
            (Bug::PauseForgotten, Deed::Resume) => {
                attributes(&mut write.change).map(|fields| fields.remove("paused_for_ms"));
            }
            (Bug::SpawnUnlisted, Deed::Spawn) => {
                if let Change::Put { listing, .. } = &mut write.change {
                    *listing = None;
                }
            }
            _ => {}
        }
        Ok(write)
    }
}

/// Lets an item show a moment that is earlier than the one it has.
fn move_back(fields: &mut Attributes, field: &str, by: TimeDelta) {
    let shown = fields.get(field).and_then(Value::as_str).and_then(|text| text.parse::<DateTime<Utc>>().ok());
    if let Some(shown) = shown {
        let earlier = (shown - by).to_rfc3339_opts(SecondsFormat::Millis, true);
        fields.insert(field.to_owned(), json!(earlier));
    }
}

/// One pipeline in four, always the same ones.
fn is_left_out(key: &Key) -> bool {
    key.partition.bytes().map(u32::from).sum::<u32>() % 4 == 0
}

/// The message that belongs to a mark, and its token.
fn message(write: &Write) -> Option<(String, Outgoing)> {
    let (Change::Put { attributes, .. } | Change::Patch { attributes, .. }) = &write.change else { return None };
    let id: PipelineId = write.key.partition.strip_prefix("pipeline/")?.parse().ok()?;
    let name: Name = store::keys::step_name(&write.key.sort)?;
    let place: i64 = write.key.sort.split('/').nth(1)?.parse().ok()?;
    let sort_order = i32::try_from(place + i64::from(i32::MIN)).ok()?;
    let attempt = u32::try_from(attributes.get("attempt")?.as_u64()?).ok()?;
    let version = if let Condition::Version(version) = write.condition { version + 1 } else { 1 };
    let definition = StepDefinition::new(name, "unknown", sort_order).into();
    let step = Step { definition, record: StepRecord { attempt, version, ..StepRecord::pending() } };
    let token = attributes.get("token")?.as_str()?.to_owned();
    let body = StepMessage::new(&id, &step, Token(token.clone()), 0).body();
    Some((token, Outgoing { body, delay: Duration::ZERO }))
}

#[async_trait]
impl Table for Sabotage {
    async fn get(&self, key: &Key) -> Result<Option<Item>> {
        Ok(self.table.get(key).await?.map(|item| self.shown(item)))
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Item>> {
        Ok(self.table.batch_get(keys).await?.into_iter().map(|item| self.shown(item)).collect())
    }

    async fn query(&self, query: &Query) -> Result<Page<Item, String>> {
        let mut page = self.table.query(query).await?;
        page.entries = page.entries.into_iter().map(|item| self.shown(item)).collect();
        Ok(page)
    }

    async fn listing(&self, query: &ListingQuery) -> Result<Page<Listed, Listed>> {
        let mut page = self.table.listing(query).await?;
        if self.bug == Bug::ListingLeavesOut && query.shard.starts_with("open/") {
            page.entries.retain(|listed| !is_left_out(&listed.key));
        }
        Ok(page)
    }

    async fn write(&self, write: Write) -> Result<Written> {
        if (self.bug, deed(&write)) == (Bug::NoResend, Deed::Resend) {
            return Ok(Written::Conflict(None));
        }
        let write = self.changed(write).await?;
        self.table.write(write).await
    }

    async fn write_group(&self, writes: Vec<Write>) -> Result<GroupWritten> {
        let mut changed = Vec::new();
        for write in writes {
            changed.push(self.changed(write).await?);
        }
        self.table.write_group(changed).await
    }

    async fn batch_put(&self, items: Vec<(Key, Attributes)>) -> Result<()> {
        self.table.batch_put(items).await
    }
}

#[async_trait]
impl Queue for Sabotage {
    async fn send(&self, priority: Priority, messages: Vec<Outgoing>) -> Result<()> {
        let messages = messages.into_iter().filter(|message| !self.is_sent(message)).collect();
        self.queue.send(priority, messages).await
    }

    async fn receive(&self, limit: usize, wait: Duration) -> Result<Vec<Received>> {
        self.queue.receive(limit, wait).await
    }

    async fn next(&self, done: Option<&Receipt>, wait: Duration) -> Result<Option<Received>> {
        self.queue.next(done, wait).await
    }

    async fn extend(&self, receipt: &Receipt, visibility: Duration) -> Result<()> {
        self.queue.extend(receipt, visibility).await
    }

    async fn delete(&self, receipt: &Receipt) -> Result<()> {
        self.queue.delete(receipt).await
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
        self.queue.redrive_dead_letters().await
    }
}

#[async_trait]
impl SharedCommits for Sabotage {
    async fn write_and_send(&self, group: CommitGroup) -> Result<GroupWritten> {
        if self.bug == Bug::NoResend && group.writes.iter().any(|write| deed(write) == Deed::Resend) {
            return Ok(GroupWritten::Conflict(Vec::new()));
        }
        let group = self.changed_group(group).await?;
        let written = self.shared()?.write_and_send(group.clone()).await?;
        if self.bug == Bug::SendWithoutCommit && written != GroupWritten::Applied {
            self.queue.send(group.priority, group.messages).await?;
        }
        Ok(written)
    }

    async fn write_and_take_next(&self, group: CommitGroup, take: TakeNext) -> Result<WrittenAndTaken> {
        let group = self.changed_group(group).await?;
        let take = if self.bug == Bug::ClaimWithoutToken { claiming_anyway(take) } else { take };
        let mut committed = self.shared()?.write_and_take_next(group.clone(), take).await?;
        if let (Bug::StopUnseenByTakeNext, WrittenAndTaken::Applied(Some(taken))) = (self.bug, &mut committed)
            && let Some((_, Some(meta))) = &mut taken.claim
        {
            meta.attributes.remove("stop");
        }
        if self.bug == Bug::SendWithoutCommit && committed == WrittenAndTaken::Conflict {
            self.queue.send(group.priority, group.messages).await?;
        }
        Ok(committed)
    }
}

impl Sabotage {
    fn shared(&self) -> Result<&dyn SharedCommits> {
        let none = || Error::permanent("write and send", "this store has no shared commits");
        self.shared_commits.as_deref().ok_or_else(none)
    }

    async fn changed_group(&self, mut group: CommitGroup) -> Result<CommitGroup> {
        for write in &mut group.writes {
            *write = self.changed(write.clone()).await?;
        }
        group.messages.retain(|message| !self.is_sent(message));
        Ok(group)
    }
}

/// Claims without the version that the message names.
fn claiming_anyway(take: TakeNext) -> TakeNext {
    let TakeNext { done, claim } = take;
    let claim = move |body: &str| {
        let ClaimWrite { mut write, get } = claim(body)?;
        write.condition = Condition::Present;
        Some(ClaimWrite { write, get })
    };
    TakeNext { done, claim: Arc::new(claim) }
}
