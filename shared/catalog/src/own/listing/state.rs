//! Whether listings are held back, and who indexes.

use std::collections::BTreeSet;

use pipeline::PipelineId;
use serde_json::{Value, json};
use store::table::{Attributes, Change, Condition, Item, Key, Table, Write, Written};

use super::super::RACES;
use super::super::error::Error;

const HOLDERS: &str = "holders";
const INDEXING: &str = "indexing";
const GENERATION: &str = "generation";

/// What is known of the listings as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListingState {
    /// Grows each time that listings begin to be held back.
    pub generation: u64,
    /// The pipelines that hold listings back. One that has ended without letting go does so no more; who decides by this
    /// looks at it.
    pub holders: BTreeSet<PipelineId>,
    /// The pipelines that mend listings.
    pub indexing: BTreeSet<PipelineId>,
    /// None if nobody has written it yet.
    version: Option<u64>,
}

/// What letting listings go came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumed {
    /// Everybody sees everything as it is.
    Shown,
    /// Other pipelines hold listings back as well.
    HeldByOthers,
    /// The pipeline has not held them back, or not any more.
    NotHeld,
}

/// Reads the state, consistently.
///
/// # Errors
/// The store did not answer.
pub async fn state(table: &dyn Table) -> Result<ListingState, Error> {
    Ok(table.get(&key()).await?.map(|item| read(&item)).unwrap_or_default())
}

/// Holds listings back for a pipeline: from now on readers see what there is now. Says whether it did not before.
///
/// Of the others that hold them back, `ended` names those that have ended without letting go.
///
/// # Errors
/// The store did not answer, or others keep writing.
pub async fn suspend(table: &dyn Table, pipeline: &PipelineId, ended: &BTreeSet<PipelineId>) -> Result<bool, Error> {
    change(table, |state| {
        state.holders.retain(|holder| !ended.contains(holder));
        if state.holders.is_empty() {
            state.generation += 1;
        }
        state.holders.insert(pipeline.clone())
    })
    .await
}

/// Lets listings go.
///
/// # Errors
/// The store did not answer, or others keep writing.
pub async fn resume(table: &dyn Table, pipeline: &PipelineId, ended: &BTreeSet<PipelineId>) -> Result<Resumed, Error> {
    change(table, |state| {
        let was_held = state.holders.remove(pipeline);
        state.holders.retain(|holder| !ended.contains(holder));
        match (was_held, state.holders.is_empty()) {
            (false, _) => Resumed::NotHeld,
            (true, true) => Resumed::Shown,
            (true, false) => Resumed::HeldByOthers,
        }
    })
    .await
}

/// Notes that a pipeline mends listings, for those who wait until nobody does.
///
/// # Errors
/// The store did not answer, or others keep writing.
pub async fn begin_indexing(
    table: &dyn Table,
    pipeline: &PipelineId,
    ended: &BTreeSet<PipelineId>,
) -> Result<(), Error> {
    change(table, |state| {
        state.indexing.retain(|other| !ended.contains(other));
        state.indexing.insert(pipeline.clone());
    })
    .await
}

/// Notes that a pipeline mends listings no more.
///
/// # Errors
/// The store did not answer, or others keep writing.
pub async fn end_indexing(table: &dyn Table, pipeline: &PipelineId) -> Result<(), Error> {
    change(table, |state| {
        state.indexing.remove(pipeline);
    })
    .await
}

/// Changes the state under its version; what changes nothing is not written.
async fn change<R>(table: &dyn Table, change: impl Fn(&mut ListingState) -> R) -> Result<R, Error> {
    for _ in 0..RACES {
        let before = state(table).await?;
        let mut after = before.clone();
        let result = change(&mut after);
        if after == before {
            return Ok(result);
        }
        if let Written::Applied(_) = table.write(write(&after)).await? {
            return Ok(result);
        }
    }
    Err(Error::Contended { key: "the state of listings".to_owned() })
}

fn write(state: &ListingState) -> Write {
    let names = |set: &BTreeSet<PipelineId>| set.iter().map(ToString::to_string).collect::<Vec<_>>();
    let attributes = Attributes::from([
        (GENERATION.to_owned(), json!(state.generation)),
        (HOLDERS.to_owned(), json!(names(&state.holders))),
        (INDEXING.to_owned(), json!(names(&state.indexing))),
    ]);
    let condition = state.version.map_or(Condition::Absent, Condition::Version);
    // A patch, so that the version goes on counting.
    let change = match state.version {
        Some(_) => Change::Patch { attributes, listing: store::table::Relist::Keep },
        None => Change::Put { attributes, listing: None, expires_at: None },
    };
    Write { key: key(), condition, change }
}

fn read(item: &Item) -> ListingState {
    let names = |attribute: &str| {
        let list = item.attributes.get(attribute).and_then(Value::as_array);
        let texts = list.into_iter().flatten().filter_map(Value::as_str);
        texts.filter_map(|text| text.parse().ok()).collect()
    };
    ListingState {
        generation: item.attributes.get(GENERATION).and_then(Value::as_u64).unwrap_or_default(),
        holders: names(HOLDERS),
        indexing: names(INDEXING),
        version: Some(item.version),
    }
}

fn key() -> Key {
    Key::new("listing", "state")
}
