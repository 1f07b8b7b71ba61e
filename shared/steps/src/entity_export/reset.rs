//! To begin anew with exports: by a person for one thing, and by `reset_exports` for all that have no attempt left.
//!
//! A reset is another wanted export: its document goes under another key, and whoever gets it takes it for a new one. So
//! what has left or is on its way is refused, and what may have been received is left to a person who has looked.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use engine::accepts::{Accepts, Argument, Presence, Text};
use engine::{Executor, ExecutorError, Outcome, Work};
use orders::export::{Chain, Illegal};
use serde_json::json;
use store::Store;

use super::records::{self, List, Place, Record};
use super::{ExportEntity, Thing};

/// Begins anew with all exports of a kind that have no attempt left.
pub struct ResetExports {
    entities: Vec<Arc<dyn ExportEntity>>,
}

const ENTITY: Argument<Text> = Argument {
    name: "entity",
    kind: Text { example: "order_export" },
    presence: Presence::Default("order_export"),
    meaning: "what kind of things",
};

/// How often a reset is tried again because somebody else has written the record meanwhile.
const RACES: usize = 8;

/// Most exports that one step begins anew with; the next run takes the others.
const MOST: usize = 10_000;

/// How many are looked at together.
const TOGETHER: usize = 100;

/// What of a doubt a reset may pass over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Nothing: a document that may have been received stays.
    Respected,
    /// A person has looked and says that it was not received, or should go once more.
    Cleared,
}

/// Why an export is not reset.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such export.
    #[error("`{id}` has no export ({entity})")]
    Unknown {
        /// The kind.
        entity: String,
        /// The thing.
        id: String,
    },
    /// It stands where no reset helps.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// Something was sent, and nobody knows whether it came.
    #[error(
        "the document of version {version} was sent as `{key}` and may have been received; look there first, since a reset sends a \
         new one under another key"
    )]
    MayBeReceived {
        /// The version.
        version: String,
        /// The key under which the other side would have it.
        key: String,
    },
    /// Others keep writing to it.
    #[error("the export of `{0}` was changed again and again meanwhile; try again")]
    Busy(String),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Begins anew with the export of one thing.
///
/// # Errors
/// It has left or is on its way, it may have been received, or the store did not answer.
pub async fn reset(
    store: &Store,
    thing: (&str, &str),
    doubt: Doubt,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Record, Error> {
    let (entity, id) = thing;
    for _ in 0..RACES {
        let unknown = || Error::Unknown { entity: entity.to_owned(), id: id.to_owned() };
        let record = records::get(store, entity, id).await?.ok_or_else(unknown)?;
        let export = record.export.reset()?;
        if let (Doubt::Respected, Some(frozen)) = (doubt, record.frozen.as_ref().filter(|it| it.may_be_received)) {
            return Err(Error::MayBeReceived { version: frozen.version.clone(), key: frozen.key.clone() });
        }
        let next = Record {
            export,
            generation: record.generation.saturating_add(1),
            frozen: None,
            attention: None,
            waits_for: None,
            place: Some(Place::Pending(now)),
            ..record
        };
        let story = format!("reset by {by}; its document goes as {}", next.idempotency_key());
        if let Some(written) = records::write(store, next, Some(&story), now).await? {
            return Ok(written);
        }
    }
    Err(Error::Busy(id.to_owned()))
}

impl ResetExports {
    /// For these kinds of things.
    #[must_use]
    pub fn of(entities: Vec<Arc<dyn ExportEntity>>) -> Self {
        ResetExports { entities }
    }

    fn entity(&self, code: &str) -> Result<&dyn ExportEntity, ExecutorError> {
        let known: Vec<&str> = self.entities.iter().map(|entity| entity.code()).collect();
        let found = self.entities.iter().find(|entity| entity.code() == code);
        let unknown = || format!("there are no `{code}` to export (expected one of {})", known.join(", "));
        found.map(AsRef::as_ref).ok_or_else(|| ExecutorError::permanent(unknown()))
    }
}

#[async_trait]
impl Executor for ResetExports {
    fn name(&self) -> &'static str {
        "reset_exports"
    }

    fn description(&self) -> &'static str {
        "begins anew with all exports that have no attempt left"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&ENTITY])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let code = work.argument(&ENTITY)?;
        let entity = self.entity(&code)?;
        let mut ids = records::listed(work.store, &code, List::Held, u64::MAX, MOST).await?;
        ids.extend(records::listed(work.store, &code, List::Failed, u64::MAX, MOST).await?);
        let (mut reset_count, mut doubtful) = (0_usize, 0_usize);
        for ids in ids.chunks(TOGETHER) {
            let look = entity.look(work.store, ids, work.now()).await?;
            for record in records::get_all(work.store, &code, ids).await? {
                let is_given_up =
                    look.things.get(&record.id).is_some_and(|thing| is_given_up(entity, thing, &record, work));
                if !is_given_up {
                    continue;
                }
                let by = format!("pipeline {}", work.pipeline_id());
                match reset(work.store, (&code, &record.id), Doubt::Respected, &by, work.now()).await {
                    Ok(_) => reset_count += 1,
                    Err(Error::Store(error)) => return Err(error.into()),
                    Err(refused) => {
                        doubtful += 1;
                        work.warn(&format!("`{}`: {refused}", record.id));
                    }
                }
            }
        }
        work.info(&format!("{reset_count} exports begin anew, {doubtful} are left to a person"));
        work.set_output(json!({ "reset": reset_count, "left": doubtful }));
        Ok(Outcome::Done)
    }
}

fn is_given_up(entity: &dyn ExportEntity, thing: &Thing, record: &Record, work: &Work<'_>) -> bool {
    thing.refusals(&entity.filters(Chain::Reset), &record.export, work.now()).is_empty()
}
