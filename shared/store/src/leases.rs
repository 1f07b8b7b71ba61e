//! The heartbeat's lease and the pulse it answers for, in one item.
//!
//! The lease is an economy, not a safety device: every write of a beat is conditional, so two overlapping beats only waste
//! reads. The pulse moves on with the release, so a beat that dies half way leaves its span to the next one.

use chrono::{DateTime, Duration, Utc};
use pipeline::Pulse;
use serde_json::{Value, json};

use crate::error::Result;
use crate::items::{self, Fields};
use crate::table::{Change, Condition, Item, Relist, Write, Written};
use crate::{Store, keys};

/// What became of asking for the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseOutcome {
    /// The lease is ours.
    Acquired(Lease),
    /// Another beat has it.
    Taken {
        /// Which.
        by: String,
        /// Until when, if it does not release it before.
        until: DateTime<Utc>,
    },
}

/// The right to beat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Grows with every owner.
    pub fence: u64,
    /// The span to answer for.
    pub pulse: Pulse,
    /// The place of the open pipeline up to which the beat before came, if it did not come to the end.
    pub reached: Option<String>,
    version: u64,
}

/// How far the very first pulse looks back: one scheduled interval.
const FIRST_PULSE: Duration = Duration::minutes(1);

/// Whom to name if the beat that was faster has ended already.
const NOBODY: &str = "a beat that has ended";

impl Store {
    /// Asks for the heartbeat's lease.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn acquire_lease(&self, owner: &str, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<LeaseOutcome> {
        let item = self.table.get(&keys::heartbeat_lease()).await?;
        if let Some(item) = &item
            && let Some((by, until)) = holder(item)?
            && now < until
            && by != owner
        {
            return Ok(LeaseOutcome::Taken { by: by.to_owned(), until });
        }
        let LeftBehind { fence, since, reached } = match &item {
            Some(item) => LeftBehind::read(item, now)?,
            None => LeftBehind { fence: 1, since: now - FIRST_PULSE, reached: None },
        };
        // A clock that runs behind the one of the beat before has nothing to answer for yet.
        let pulse = Pulse { since: since.min(now), until: now };
        let fields = [
            ("owner", json!(owner)),
            ("until", items::time(until)),
            ("fence", json!(fence)),
            // Until a beat is complete, this is where the first pulse begins.
            ("first_since", items::time(since)),
        ];
        let (Written::Applied(written) | Written::Conflict(written)) =
            self.table.write(lease_write(item.as_ref(), fields)).await?;
        let Some(written) = written else { return Ok(LeaseOutcome::Taken { by: NOBODY.to_owned(), until: now }) };
        let fields = Fields::of(&written)?;
        // Applied or not: if the reply to our own write got lost, we are the owner all the same.
        if fields.text("owner")? == Some(owner) {
            return Ok(LeaseOutcome::Acquired(Lease { fence, pulse, reached, version: written.version }));
        }
        // Another beat was faster.
        let by = fields.text("owner")?.unwrap_or(NOBODY).to_owned();
        Ok(LeaseOutcome::Taken { by, until: fields.time("until")?.unwrap_or(now) })
    }

    /// Gives the lease back and notes that the pulse has been answered for, and how far the beat came with the open
    /// pipelines (`None` for all of them). A lease that was taken over is left alone.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn release_lease(&self, lease: &Lease, reached: Option<&str>) -> Result<()> {
        let attributes = items::patch([
            ("reached", items::optional(reached)),
            ("owner", Value::Null),
            ("until", Value::Null),
            ("pulse_until", items::time(lease.pulse.until)),
        ]);
        let change = Change::Patch { attributes, listing: Relist::Keep };
        let condition = Condition::Version(lease.version);
        self.table.write(Write { key: keys::heartbeat_lease(), condition, change }).await?;
        Ok(())
    }

    /// Gives the lease back without having answered for the pulse: the next beat answers for both spans.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn abandon_lease(&self, lease: &Lease) -> Result<()> {
        let attributes = items::patch([("owner", Value::Null), ("until", Value::Null)]);
        let change = Change::Patch { attributes, listing: Relist::Keep };
        let condition = Condition::Version(lease.version);
        self.table.write(Write { key: keys::heartbeat_lease(), condition, change }).await?;
        Ok(())
    }

    /// Frees a lease whose owner is known to be dead; its pulse is left to the next beat.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn free_lease(&self, is_dead: impl Fn(&str) -> bool) -> Result<()> {
        let Some(item) = self.table.get(&keys::heartbeat_lease()).await? else { return Ok(()) };
        let fields = Fields::of(&item)?;
        if !fields.text("owner")?.is_some_and(is_dead) {
            return Ok(());
        }
        let attributes = items::patch([("owner", Value::Null), ("until", Value::Null)]);
        let change = Change::Patch { attributes, listing: Relist::Keep };
        let condition = Condition::Version(item.version);
        self.table.write(Write { key: keys::heartbeat_lease(), condition, change }).await?;
        Ok(())
    }

    /// When the last complete beat was, for people.
    ///
    /// # Errors
    /// The store did not answer, or an item cannot be read.
    pub async fn last_beat(&self) -> Result<Option<DateTime<Utc>>> {
        let Some(item) = self.table.get(&keys::heartbeat_lease()).await? else { return Ok(None) };
        Fields::of(&item)?.time("pulse_until")
    }
}

/// What the beats before have left in the item of the lease.
struct LeftBehind {
    fence: u64,
    /// Where the next pulse begins.
    since: DateTime<Utc>,
    reached: Option<String>,
}

impl LeftBehind {
    fn read(item: &Item, now: DateTime<Utc>) -> Result<LeftBehind> {
        let fields = Fields::of(item)?;
        // No beat comes so far; a damaged number must not keep all of them from their work.
        let fence = fields.number("fence")?.unwrap_or(0).saturating_add(1);
        let since = fields.time("pulse_until")?.or(fields.time("first_since")?).unwrap_or(now - FIRST_PULSE);
        Ok(LeftBehind { fence, since, reached: fields.text("reached")?.map(str::to_owned) })
    }
}

/// Who has the lease, and until when; `None` if it was given back.
fn holder(item: &Item) -> Result<Option<(&str, DateTime<Utc>)>> {
    let fields = Fields::of(item)?;
    Ok(fields.text("owner")?.zip(fields.time("until")?))
}

/// Takes the lease as it was seen: of two beats that saw the same, one comes through.
fn lease_write(seen: Option<&Item>, fields: [(&str, Value); 4]) -> Write {
    let key = keys::heartbeat_lease();
    let Some(seen) = seen else {
        let change = Change::Put { attributes: items::attributes(fields), listing: None, expires_at: None };
        return Write { key, condition: Condition::Absent, change };
    };
    let change = Change::Patch { attributes: items::patch(fields), listing: Relist::Keep };
    Write { key, condition: Condition::Version(seen.version), change }
}
