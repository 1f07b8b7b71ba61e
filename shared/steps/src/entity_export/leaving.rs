//! What the steps of an export pipeline ask before anything leaves, and what they note.
//!
//! The thing and its rules are looked at again as they are now: what was scheduled a while ago may be cancelled since.

use chrono::{DateTime, Utc};
use engine::{ExecutorError, Work};
use orders::export::{Chain, ExportStatus};

use super::records::{self, Frozen, Place, Record, SentDocument};
use super::{ENTITY, ENTITY_ID, EntityLook, ExportEntity, Thing, in_words};

/// How often a note is tried again because somebody else has written the record meanwhile.
const RACES: usize = 8;

/// Whether a thing may go on to leave.
#[derive(Debug)]
pub enum Gate {
    /// It may.
    Open(Box<Leaving>),
    /// Its document has left, by this pipeline.
    Sent,
    /// It may not, and why.
    Closed(String),
}

/// A thing that may leave.
#[derive(Debug)]
pub struct Leaving {
    /// Its record, which says that it is this pipeline's.
    pub record: Record,
    /// The thing as it is now.
    pub thing: Thing,
}

/// Looks whether the thing of a step may go on. One that may not is taken from its pipeline, without a failure.
///
/// # Errors
/// The step was told no thing, or the store did not answer.
pub async fn gate(work: &mut Work<'_>, entity: &dyn ExportEntity) -> Result<Gate, ExecutorError> {
    let (code, id) = (work.argument(&ENTITY)?, work.argument(&ENTITY_ID)?);
    if code != entity.code() {
        let message = format!("this step exports `{}`, and its pipeline has an `{code}`", entity.code());
        return Err(ExecutorError::permanent(message));
    }
    for _ in 0..RACES {
        let record = records::get(work.store, &code, &id).await?;
        let record = record.ok_or_else(|| ExecutorError::permanent(format!("`{id}` has no export ({code})")))?;
        if let Some(closed) = not_ours(work, &record) {
            return Ok(closed);
        }
        let mut look = entity.look(work.store, std::slice::from_ref(&id), work.now()).await?;
        let refusal = refusal(&look, entity, &record, work);
        let Some(reason) = refusal else {
            let thing = look.things.remove(&id);
            let thing =
                thing.ok_or_else(|| ExecutorError::permanent(format!("`{id}` is gone ({})", entity.source())))?;
            return Ok(Gate::Open(Box::new(Leaving { record, thing })));
        };
        if withdraw(work, record, Place::Held(look.revision), &reason).await? {
            return Ok(Gate::Closed(reason));
        }
    }
    Err(busy(&id))
}

/// What a record says that is not for this pipeline to go on with.
fn not_ours(work: &Work<'_>, record: &Record) -> Option<Gate> {
    let own = work.pipeline_id().as_str();
    let pipeline = record.export.pipeline.as_deref().unwrap_or("none");
    match record.export.status {
        _ if pipeline != own => Some(Gate::Closed(format!("its export is that of pipeline {pipeline}"))),
        ExportStatus::Exported => Some(Gate::Sent),
        ExportStatus::Scheduled => None,
        ExportStatus::Pending | ExportStatus::Error => {
            Some(Gate::Closed(format!("its export is {} and gets another pipeline", record.export.status)))
        }
    }
}

fn refusal(look: &EntityLook, entity: &dyn ExportEntity, record: &Record, work: &Work<'_>) -> Option<String> {
    let Some(thing) = look.things.get(&record.id) else {
        return Some(format!("it is not there any more (in {})", entity.source()));
    };
    let refusals = thing.refusals(&entity.filters(Chain::Leave), &record.export, work.now());
    (!refusals.is_empty()).then(|| format!("{} of version {}: {}", thing.label, thing.version, in_words(&refusals)))
}

/// Takes a thing from its pipeline without a failure; `false` if somebody else has written the record meanwhile.
///
/// # Errors
/// The store did not answer.
pub async fn withdraw(work: &mut Work<'_>, record: Record, place: Place, reason: &str) -> Result<bool, ExecutorError> {
    let export = record.export.withdrawn(work.pipeline_id().as_str());
    let export = export.map_err(|illegal| ExecutorError::permanent(illegal.to_string()))?;
    let mut story = format!("held back before it left: {reason}");
    let mut next = Record { export, place: Some(place), waits_for: Some(reason.to_owned()), ..record };
    if next.frozen.as_ref().is_some_and(|frozen| frozen.may_be_received) && next.attention.is_none() {
        let attention = format!("an earlier try may have been received, and now it does not go: {reason}");
        story += &format!("; a person should see to it: {attention}");
        next.attention = Some(attention);
    }
    let is_written = records::write(work.store, next, Some(&story), work.now()).await?.is_some();
    if is_written {
        work.info(&story);
    }
    Ok(is_written)
}

impl Leaving {
    /// Notes that its document is about to be sent. From here on nobody can say that it has not been.
    ///
    /// # Errors
    /// Somebody else has written the record meanwhile, or the store did not answer; nothing was sent.
    pub async fn freeze(self, work: &Work<'_>, frozen: Frozen) -> Result<Self, ExecutorError> {
        let story = format!("sends version {}, as {}", frozen.version, frozen.key);
        let record = Record { frozen: Some(frozen), ..self.record };
        let written = records::write(work.store, record, Some(&story), work.now()).await?;
        let changed = || ExecutorError::retryable("the record changed right before its document was sent");
        Ok(Leaving { record: written.ok_or_else(changed)?, thing: self.thing })
    }
}

/// Notes that a document has left, and the number that the other side told at once.
///
/// # Errors
/// The store did not answer; the step is run again, and sends the same under the same key.
pub async fn note_sent(
    work: &mut Work<'_>,
    record: &Record,
    sent: SentDocument,
    external_id: Option<String>,
) -> Result<(), ExecutorError> {
    let number = external_id.as_ref().map(|id| format!(", where it has the number {id}")).unwrap_or_default();
    let story = format!("left for {} with version {}{number}", sent.to, sent.version);
    note(work, record, &story, |record, own| {
        let export = record.export.exported(own).ok()?;
        let (sent, external_id) = (Some(sent.clone()), external_id.clone().or(record.external_id));
        Some(Record { export, sent, external_id, frozen: None, place: None, waits_for: None, ..record })
    })
    .await
}

/// Notes that nothing has left because nobody answers, and lets the thing wait without a failure.
///
/// # Errors
/// The store did not answer.
pub async fn note_waiting(
    work: &mut Work<'_>,
    record: &Record,
    frozen: Option<Frozen>,
    waiting: (DateTime<Utc>, &str),
) -> Result<(), ExecutorError> {
    let (until, reason) = waiting;
    note(work, record, &format!("waits: {reason}"), |record, own| {
        let export = record.export.withdrawn(own).ok()?;
        let (place, waits_for) = (Some(Place::Pending(until)), Some(reason.to_owned()));
        Some(Record { export, place, waits_for, frozen: frozen.clone(), ..record })
    })
    .await
}

/// Notes that nothing has left, or that nobody knows.
///
/// # Errors
/// The store did not answer.
pub async fn note_not_sent(
    work: &mut Work<'_>,
    record: &Record,
    frozen: Option<Frozen>,
    story: &str,
) -> Result<(), ExecutorError> {
    note(work, record, story, |record, _| Some(Record { frozen: frozen.clone(), ..record })).await
}

/// Changes a record that others may write meanwhile. One that has another pipeline by now is left alone.
async fn note(
    work: &mut Work<'_>,
    record: &Record,
    story: &str,
    change: impl Fn(Record, &str) -> Option<Record> + Send,
) -> Result<(), ExecutorError> {
    let own = work.pipeline_id().to_string();
    let mut current = record.clone();
    for _ in 0..RACES {
        let Some(next) = change(current, &own) else { return Ok(()) };
        if records::write(work.store, next, Some(story), work.now()).await?.is_some() {
            work.info(story);
            return Ok(());
        }
        let read = records::get(work.store, &record.entity, &record.id).await?;
        let Some(read) = read.filter(|read| read.export.pipeline.as_deref() == Some(&own)) else { return Ok(()) };
        current = read;
    }
    Err(busy(&record.id))
}

fn busy(id: &str) -> ExecutorError {
    ExecutorError::retryable(format!("the export of `{id}` was changed again and again meanwhile"))
}
