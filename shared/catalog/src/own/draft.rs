//! Drafts: what an import makes of things, kept beside the catalogue until it is published or dropped.
//!
//! An import reads what it has drafted over what is stored, and writes into its draft alone. A draft can be published,
//! which brings its things into the catalogue, or dropped, after which everything is as before.
//!
//! | item | partition | sort |
//! |---|---|---|
//! | head: what the draft is for, and how far it is | `draft/<pipeline>` | `pipeline`, or `step/<name>` |
//! | drafted thing | `draft/<pipeline>/<sort of the head>/<0-7>` | `<name>/<key>` |
//! | drafted shop fact | `draft/<pipeline>/<sort of the head>/shop` | `<name>/<key>` |
//!
//! Beside a drafted thing stands the version that it was made of (`Drafted`), and the rows that made it: if somebody
//! else has written the thing meanwhile, publishing applies these rows to what is stored by then, so both changes count.
//!
//! **Invariant:** a head stays for as long as its pipeline is known, so that whatever a late writer leaves is found.

mod head;

use import::entity::Thing;
use pipeline::{Name, PipelineId};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::table::{
    Attributes, Change, Condition, GROUP_LIMIT, ITEM_LIMIT_BYTES, Item, Key, Query, Table, Write, Written,
};

pub use head::{DraftHead, DraftMode, DraftStatus};

use super::causes::{self, Cause, Drafted};
use super::error::Error;
use super::items::{self, KeptThing, Update};
use super::stored_json::{pack, unpack};

/// Over how many partitions the things of a draft are spread. It is written once and read once.
const PARTITIONS: u8 = 8;

/// The partition of the shop facts within a draft.
const FACTS: &str = "shop";

/// What an item takes beside the texts that are counted.
const MARGIN_BYTES: usize = 4 * 1024;

/// Names a draft: of a whole pipeline, or of one of its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftName {
    /// The pipeline that drafts.
    pub pipeline: PipelineId,
    /// The step, if the draft is published at its end.
    pub step: Option<Name>,
}

/// A draft that an import works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its name.
    pub name: DraftName,
    /// What it is for.
    pub mode: DraftMode,
}

impl DraftName {
    fn head(&self) -> Key {
        let sort = self.step.as_ref().map_or_else(|| "pipeline".to_owned(), |step| format!("step/{step}"));
        Key::new(head_partition(&self.pipeline), sort)
    }

    fn partition_name(&self, part: &str) -> String {
        let Key { partition, sort } = self.head();
        format!("{partition}/{sort}/{part}")
    }

    /// Every partition that may hold things of the draft.
    fn partitions(&self) -> Vec<String> {
        let things = (0..PARTITIONS).map(|part| self.partition_name(&part.to_string()));
        things.chain([self.partition_name(FACTS)]).collect()
    }

    /// The partitions that hold things of a kind.
    pub(super) fn partitions_of<T: Thing>(&self) -> Vec<String> {
        match T::IS_FACT {
            true => vec![self.partition_name(FACTS)],
            false => (0..PARTITIONS).map(|part| self.partition_name(&part.to_string())).collect(),
        }
    }

    pub(super) fn key<T: Thing>(&self, key: &str) -> Key {
        let partition = match T::IS_FACT {
            true => self.partition_name(FACTS),
            false => self.partition_name(&(Sha256::digest(key)[0] % PARTITIONS).to_string()),
        };
        Key::new(partition, format!("{}{key}", items::sort_prefix::<T>()))
    }

    /// Deletes all things of the draft.
    async fn delete_things(&self, table: &dyn Table) -> Result<(), Error> {
        for partition in self.partitions() {
            let query = Query { limit: Some(GROUP_LIMIT), ..Query::prefix(partition, "") };
            loop {
                let found = table.query(&query).await?.entries;
                if found.is_empty() {
                    break;
                }
                for item in found {
                    let Item { key, .. } = item;
                    table.write(Write { key, condition: Condition::Any, change: Change::Delete }).await?;
                }
            }
        }
        Ok(())
    }
}

impl Draft {
    /// Whether rows are kept beside what they make. What is never published needs none.
    pub(super) fn keeps_causes(&self) -> bool {
        match self.mode {
            DraftMode::Transaction => true,
            DraftMode::DryRun => false,
        }
    }

    /// Reads what is drafted under some keys.
    pub(super) async fn things<T: Thing>(
        &self,
        table: &dyn Table,
        keys: &[String],
    ) -> Result<Vec<(String, KeptThing<T>)>, Error> {
        let keys: Vec<Key> = keys.iter().map(|key| self.name.key::<T>(key)).collect();
        let items = table.batch_get(&keys).await?;
        items.iter().map(|item| Ok((items::key_of::<T>(item).to_owned(), drafted_thing(item)?))).collect()
    }

    /// Visits what is drafted of a kind under sort keys that begin with a text.
    pub(super) async fn each<T: Thing>(
        &self,
        table: &dyn Table,
        prefix: &str,
        mut visit: impl FnMut(&str, KeptThing<T>),
    ) -> Result<(), Error> {
        for partition in self.name.partitions_of::<T>() {
            items::each_item(table, Query::prefix(partition, prefix.to_owned()), |item| {
                visit(items::key_of::<T>(item), drafted_thing(item)?);
                Ok(())
            })
            .await?;
        }
        Ok(())
    }

    /// Drafts a thing under what was read of it. Returns whether somebody else has drafted it meanwhile.
    pub(super) async fn write<T: Thing>(
        &self,
        table: &dyn Table,
        update: &Update<T>,
        cause: Option<Cause>,
    ) -> Result<bool, Error> {
        match table.write(self.written(update, cause)).await? {
            Written::Applied(_) => Ok(false),
            // The reply to this very write got lost: the item has our mark.
            Written::Conflict(item) => {
                Ok(item.and_then(|item| items::text(&item, "mark")).as_ref() != Some(&update.mark))
            }
        }
    }

    fn written<T: Thing>(&self, update: &Update<T>, cause: Option<Cause>) -> Write {
        let before = update.before.as_ref();
        let drafted = before.and_then(|before| before.drafted.as_ref());
        let (condition, base) = match (before, drafted) {
            (Some(before), Some(drafted)) => {
                (before.version().map_or(Condition::Absent, Condition::Version), drafted.base)
            }
            (before, _) => (Condition::Absent, before.and_then(KeptThing::version)),
        };
        let mut attributes = Attributes::from([("mark".to_owned(), json!(update.mark))]);
        let note = update.change.as_ref().map(ToString::to_string);
        let note = note.or_else(|| before.and_then(KeptThing::note).map(str::to_owned));
        let texts = [(T::NAME, update.thing.as_ref().map(|thing| pack(thing.to_json()))), ("changed", note)];
        attributes.extend(texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text?)))));
        if let Some(base) = base {
            attributes.insert("base".to_owned(), json!(base));
        }
        let earlier = drafted.map_or_else(|| Some(Vec::new()), |drafted| drafted.causes.clone());
        if let Some(rows) = self.causes_text(earlier, cause, size(&attributes)) {
            attributes.insert("rows".to_owned(), json!(rows));
        }
        let change = Change::Put { attributes, listing: None, expires_at: None };
        Write { key: self.name.key::<T>(&update.key), condition, change }
    }

    /// What has made a thing so, if it is kept and there is room for it.
    fn causes_text(&self, earlier: Option<Vec<Cause>>, cause: Option<Cause>, taken: usize) -> Option<String> {
        if !self.keeps_causes() {
            return None;
        }
        let mut causes = earlier?;
        causes.extend(cause);
        let text = pack(causes::write(&causes));
        (text.len() + taken + MARGIN_BYTES <= ITEM_LIMIT_BYTES).then_some(text)
    }
}

fn size(attributes: &Attributes) -> usize {
    attributes.iter().map(|(name, value)| name.len() + value.as_str().map_or(20, str::len)).sum()
}

/// Reads an item of a draft.
pub(super) fn drafted_thing<T: Thing>(item: &Item) -> Result<KeptThing<T>, Error> {
    let mut kept = items::kept::<T>(item)?;
    let base = item.attributes.get("base").and_then(Value::as_u64);
    let causes = items::text(item, "rows").map(|rows| read_causes(item, &rows)).transpose()?;
    kept.drafted = Some(Drafted { base, causes });
    Ok(kept)
}

fn read_causes(item: &Item, rows: &str) -> Result<Vec<Cause>, Error> {
    let key = || item.key.to_string();
    let unpacked = unpack(rows).map_err(|source| Error::Packed { name: "rows of", key: key(), source })?;
    causes::read(unpacked.as_deref().unwrap_or(rows)).map_err(|source| Error::Draft { key: key(), source })
}

fn head_partition(pipeline: &PipelineId) -> String {
    format!("draft/{pipeline}")
}
