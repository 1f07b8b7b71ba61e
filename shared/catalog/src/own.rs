//! The own catalogue: things of every kind, and categories, as items of the one table.
//!
//! | item | partition | sort |
//! |---|---|---|
//! | thing | `catalog/<00-63>`, by a hash of its key | `<name>/<key>`, such as `product/24-mb01` |
//! | shop fact: basics, attribute set, attribute, category | `shop` | `<name>/<key>`, such as `category/default category/gear` |
//!
//! | access | function |
//! |---|---|
//! | things by key, consistent | [`things`] |
//! | whose an address is | `own/holders.rs` |
//! | all things of a kind | [`each`], [`all`], page by page [`fn@page`] |
//! | the files of an entity, page by page | [`exporters`] |
//! | write a thing under the version that was read | [`write_things`] |
//! | create categories that are not there | [`OwnCatalogue::create_categories`] |
//! | all categories | [`fn@categories`] |
//! | add options to attributes | [`OwnCatalogue::create_options`] |
//! | what is known of the shop | [`shop_facts`] |
//! | write what people tell of their shop, and who uses what it loses | [`write_shop`], [`usage`] |
//!
//! A thing is written under the version that was read, so two imports that meet at one thing both count: the later one
//! reads again and applies its rows to what the earlier one left.
//!
//! An import can work on a draft instead, which has items of its own (`own/draft.rs`); [`Publisher`] brings it into the
//! catalogue, thing by thing.
//!
//! Beside a thing stands which row changed it last ([`LastChange`]), for people who ask where a value comes from.
//!
//! **Invariant:** a thing that no row changes is not written.

mod age;
mod age_by;
mod categories;
mod causes;
mod draft;
mod error;
mod export;
mod holders;
mod item_keys;
mod items;
mod kept_thing;
mod last_change;
mod layers;
pub mod listing;
mod mark;
mod merge;
mod options;
mod pages;
mod publisher;
mod removals;
mod shop;
mod shop_writes;
mod stored_json;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::{fmt, mem};

use async_trait::async_trait;
use import::Entity;
use import::across::Holders;
use import::entity::{ListedUnder, Thing};
use import::finding::{Finding, Severity};
use import::operation::Operation;
use import::shop::ShopFacts;
use store::table::Table;

pub use age_by::AgeBy;
pub use categories::{CreatedCategories, categories};
pub use draft::{Draft, DraftHead, DraftMode, DraftName, DraftStatus};
pub use error::Error;
pub use export::{ExportFormat, ExportOf, ExportedPage, Exporter, OpenExport, exporters};
pub use items::{KeptThing, Update, all, each, things, write_things};
pub use last_change::{BadLastChange, LastChange};
pub use pages::{ThingCursor, ThingPage, page};
pub use publisher::{PublishPlace, PublishedPage, Publisher};
pub use removals::{Removals, removals};
pub use shop::shop_facts;
pub use shop_writes::{usage, write_shop};
pub use stored_json::UnpackError;

use crate::target::{self, Block, BlockOutcome, BlockSource, ItemOutcome, RowChange, Target};
use causes::Cause;
use layers::Layers;
use merge::{MergedRows, RowOrigin, merge};

/// How often a thing is read again because somebody else keeps writing it.
const RACES: usize = 10;

/// The own catalogue as a target of imports.
#[derive(Clone)]
pub struct OwnCatalogue {
    table: Arc<dyn Table>,
    draft: Option<Draft>,
    age: AgeBy,
}

impl OwnCatalogue {
    /// Keeps things in a table.
    #[must_use]
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table, draft: None, age: AgeBy::Nothing }
    }

    /// Reads and writes a draft instead of the catalogue, if there is one.
    #[must_use]
    pub fn drafting(self, draft: Option<Draft>) -> Self {
        Self { draft, ..self }
    }

    /// Leaves out rows that are older than what is stored.
    #[must_use]
    pub fn skipping_older(self, age: AgeBy) -> Self {
        Self { age, ..self }
    }

    fn layers(&self) -> Layers<'_> {
        Layers { table: self.table.as_ref(), draft: self.draft.as_ref() }
    }
}

impl fmt::Debug for OwnCatalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnCatalogue")
    }
}

#[async_trait]
impl<E: Entity> Target<E> for OwnCatalogue {
    fn name(&self) -> &str {
        "own"
    }

    async fn shop_facts(&self) -> Result<ShopFacts, target::Error> {
        Ok(shop::facts_of(self.layers()).await?)
    }

    async fn existing(&self, keys: &[String]) -> Result<BTreeSet<String>, target::Error> {
        Ok(items::existing::<E::Thing>(self.table.as_ref(), keys).await?)
    }

    async fn holders(&self, of: &[ListedUnder]) -> Result<Holders, target::Error> {
        Ok(holders::holders::<E::Thing>(self.table.as_ref(), of).await?)
    }

    async fn import(&self, mut block: Block<E>) -> Result<BlockOutcome, target::Error> {
        let mut by_key = RowsByKey::<E>::new();
        for row in mem::take(&mut block.rows) {
            by_key.entry(E::key(&row.change)).or_default().push(row);
        }
        let mut outcome = BlockOutcome::default();
        for _ in 0..RACES {
            if by_key.is_empty() {
                return Ok(outcome);
            }
            let part = self.import_once::<E>(&mut by_key, &block).await?;
            outcome.items.extend(part.items);
            outcome.notices.extend(part.notices);
        }
        if by_key.is_empty() {
            return Ok(outcome);
        }
        let keys: Vec<String> = by_key.into_keys().collect();
        Err(target::Error::retryable(format!("others keep writing to {}s {}", E::Thing::NAME, keys.join(", "))))
    }
}

/// The rows of a block that are not dealt with, by the key of their thing.
type RowsByKey<E> = BTreeMap<String, Vec<RowChange<<E as Entity>::EntityChange>>>;

impl OwnCatalogue {
    /// Reads, merges and writes once. Rows whose thing somebody else wrote meanwhile stay to be merged once more.
    async fn import_once<E: Entity>(&self, by_key: &mut RowsByKey<E>, block: &Block<E>) -> Result<BlockOutcome, Error> {
        let keys: Vec<String> = by_key.keys().cloned().collect();
        let layers = self.layers();
        let mut kept = layers.things::<E::Thing>(&keys).await?;
        if E::Thing::IS_FACT {
            items::add_plain(&keys, &mut kept);
        }
        let mut merged = Vec::new();
        let mut writes = Vec::new();
        for (key, rows) in by_key.iter() {
            let mut one = merge::<E>(RowOrigin { key, block, age: self.age }, kept.remove(key), rows);
            if let Some(update) = one.update.take() {
                writes.push((update, layers.cause(|| Cause::rows(block, self.age, rows))));
            }
            merged.push(one);
        }
        // What is below goes first: dying in between must leave no child without its parent.
        let notices = match E::NESTS && block.operation == Operation::Delete {
            true => self.delete_below::<E>(by_key, &merged, block).await?,
            false => Vec::new(),
        };
        // Keys and outcomes are in the same order: that of the map.
        let conflicts = layers.write(writes).await?;
        let mut outcome = BlockOutcome { notices, ..BlockOutcome::default() };
        for (key, merged) in keys.into_iter().zip(merged) {
            if !conflicts.contains(&key) {
                by_key.remove(&key);
                outcome.items.extend(merged.outcomes);
            }
        }
        Ok(outcome)
    }

    /// Deletes what is below the things that rows delete, and says how much it was.
    async fn delete_below<E: Entity>(
        &self,
        by_key: &RowsByKey<E>,
        merged: &[MergedRows<E::Thing>],
        block: &Block<E>,
    ) -> Result<Vec<Finding>, Error> {
        let mut notices = Vec::new();
        for ((key, rows), merged) in by_key.iter().zip(merged) {
            let mut outcomes = merged.outcomes.iter();
            let Some(place) = outcomes.position(|outcome| *outcome == ItemOutcome::Deleted) else { continue };
            if !merged.is_gone {
                continue;
            }
            let line = rows[place].line;
            let count = self.delete_all_below::<E>(key, line, by_key, block).await?;
            if count > 0 {
                let problem = format!("{count} below it {} deleted with it", if count == 1 { "was" } else { "were" });
                notices.push(Finding::about(&block.file, line, problem, Severity::Notice));
            }
        }
        Ok(notices)
    }

    /// Deletes all that is below a thing, but what rows of the same block speak of. Returns how much it was, also if an
    /// earlier try of the block has deleted it.
    async fn delete_all_below<E: Entity>(
        &self,
        above: &str,
        line: u64,
        rows: &RowsByKey<E>,
        block: &Block<E>,
    ) -> Result<usize, Error> {
        let BlockSource { pipeline, at } = block.source.clone();
        let change = LastChange { at, pipeline, file: block.file.clone(), line };
        let mark = mark::below(&block.mark);
        let layers = self.layers();
        for _ in 0..RACES {
            let below = layers.below::<E::Thing>(&format!("{above}/")).await?;
            let mut count = 0;
            let mut writes = Vec::new();
            for (key, kept) in below.into_iter().filter(|(key, _)| !rows.contains_key(key)) {
                let is_ours = kept.thing.is_none() && kept.mark.as_deref() == Some(&mark);
                count += usize::from(is_ours || kept.thing.is_some());
                if kept.thing.is_some() {
                    let change = Some(change.clone());
                    let update = Update { key, before: Some(kept), thing: None, mark: mark.clone(), change };
                    writes.push((update, layers.cause(|| Cause::Above)));
                }
            }
            if layers.write(writes).await?.is_empty() {
                return Ok(count);
            }
        }
        // What others keep writing is deleted when the step is tried again.
        Err(Error::Contended { key: above.to_owned() })
    }
}
