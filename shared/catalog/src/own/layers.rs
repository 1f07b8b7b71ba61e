//! What an import reads and writes: the catalogue, or a draft that lies over it.

use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt, TryStreamExt, stream};
use import::entity::Thing;
use store::table::Table;

use super::causes::Cause;
use super::draft::Draft;
use super::error::Error;
use super::items::{self, KeptThing, PARALLEL_WRITES, Update};

/// The catalogue, and the draft over it if there is one. What is drafted hides what is stored under the same key.
#[derive(Clone, Copy)]
pub(super) struct Layers<'a> {
    pub(super) table: &'a dyn Table,
    pub(super) draft: Option<&'a Draft>,
}

impl<'a> Layers<'a> {
    /// The catalogue alone.
    pub(super) fn stored(table: &'a dyn Table) -> Self {
        Self { table, draft: None }
    }

    /// Reads things by their keys; absent ones are left out.
    pub(super) async fn things<T: Thing>(&self, keys: &[String]) -> Result<HashMap<String, KeptThing<T>>, Error> {
        let Some(draft) = self.draft else { return items::things(self.table, keys).await };
        let drafted: HashMap<String, KeptThing<T>> = draft.things(self.table, keys).await?.into_iter().collect();
        let others: Vec<String> = keys.iter().filter(|key| !drafted.contains_key(*key)).cloned().collect();
        let mut things = items::things(self.table, &others).await?;
        things.extend(drafted);
        Ok(things)
    }

    /// Reads everything of a kind under sort keys that begin with a text, deleted things among it; for kinds of which
    /// there are few.
    pub(super) async fn each_kept<T: Thing>(
        &self,
        prefix: &str,
        mut visit: impl FnMut(&str, KeptThing<T>),
    ) -> Result<(), Error> {
        let Some(draft) = self.draft else { return items::each_kept(self.table, prefix, visit).await };
        let mut all = BTreeMap::new();
        items::each_kept::<T>(self.table, prefix, |key, kept| drop(all.insert(key.to_owned(), kept))).await?;
        draft.each::<T>(self.table, prefix, |key, kept| drop(all.insert(key.to_owned(), kept))).await?;
        all.into_iter().for_each(|(key, kept)| visit(&key, kept));
        Ok(())
    }

    /// Reads what is kept under all keys that begin with a text, deleted things among it.
    pub(super) async fn below<T: Thing>(&self, above: &str) -> Result<Vec<(String, KeptThing<T>)>, Error> {
        let mut below = Vec::new();
        let prefix = format!("{}{above}", items::sort_prefix::<T>());
        self.each_kept::<T>(&prefix, |key, kept| below.push((key.to_owned(), kept))).await?;
        Ok(below)
    }

    /// Says why a thing is written, where that is kept.
    pub(super) fn cause(&self, cause: impl FnOnce() -> Cause) -> Option<Cause> {
        self.draft.filter(|draft| draft.keeps_causes()).map(|_| cause())
    }

    /// Writes things with what makes them so, each only if nobody wrote it since it was read. Returns the keys of those
    /// that somebody did write: read and apply again.
    pub(super) async fn write<T: Thing>(&self, writes: Vec<(Update<T>, Option<Cause>)>) -> Result<Vec<String>, Error> {
        let Some(draft) = self.draft else {
            let updates: Vec<Update<T>> = writes.into_iter().map(|(update, _)| update).collect();
            return items::write_things(self.table, &updates).await;
        };
        let table = self.table;
        // Collected first: a stream that maps over references is not `Send` in the eyes of today's compiler.
        let writes: Vec<_> =
            writes.into_iter().map(|(update, cause)| draft_thing(draft, table, update, cause)).collect();
        let results: Vec<Option<String>> = stream::iter(writes).buffer_unordered(PARALLEL_WRITES).try_collect().await?;
        Ok(results.into_iter().flatten().collect())
    }
}

/// Drafts one thing; returns its key if somebody else did so since it was read.
async fn draft_thing<T: Thing>(
    draft: &Draft,
    table: &dyn Table,
    update: Update<T>,
    cause: Option<Cause>,
) -> Result<Option<String>, Error> {
    let is_lost = draft.write(table, &update, cause).await?;
    Ok(is_lost.then_some(update.key))
}
