//! Things of a kind, page by page: for whoever goes over all of them and may have to stop in between.

use import::entity::Thing;
use serde::{Deserialize, Serialize};
use store::table::{Page, Query, Table};

use super::error::Error;
use super::items::{self, KeptThing};

/// Behind which thing to go on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ThingCursor {
    /// The partition, from 0.
    pub partition: usize,
    /// Key of the last thing of it that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Some things, with what is kept beside them.
#[derive(Debug, Clone, PartialEq)]
pub struct ThingPage<T> {
    /// The things by key. Those that were deleted are among them.
    pub things: Vec<(String, KeptThing<T>)>,
    /// Where to go on; none behind the last thing.
    pub next: Option<ThingCursor>,
}

/// Reads the next things behind a cursor, at most `limit` and at most those of one partition.
///
/// # Errors
/// The store did not answer, or an item cannot be understood.
pub async fn page<T: Thing>(table: &dyn Table, cursor: &ThingCursor, limit: usize) -> Result<ThingPage<T>, Error> {
    let partitions = items::partitions::<T>();
    let Some(partition) = partitions.get(cursor.partition) else {
        return Ok(ThingPage { things: Vec::new(), next: None });
    };
    let prefix = items::sort_prefix::<T>();
    let after = cursor.after.as_ref().map(|key| format!("{prefix}{key}"));
    let query = Query { after, limit: Some(limit), ..Query::prefix(partition.clone(), prefix) };
    let Page { entries, next } = table.query(&query).await?;
    let mut things = Vec::new();
    for item in &entries {
        things.push((items::key_of::<T>(item).to_owned(), items::kept(item)?));
    }
    let last = things.last().map(|(key, _)| key.clone());
    let next = match (next, last) {
        (Some(_), Some(last)) => Some(ThingCursor { partition: cursor.partition, after: Some(last) }),
        _ if cursor.partition + 1 < partitions.len() => {
            Some(ThingCursor { partition: cursor.partition + 1, after: None })
        }
        _ => None,
    };
    Ok(ThingPage { things, next })
}
