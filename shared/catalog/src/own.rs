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
//! | all things of a kind | [`each`], [`all`] |
//! | write a thing under the version that was read | [`write_things`] |
//! | create categories that are not there | [`create_categories`] |
//! | all categories | [`fn@categories`] |
//!
//! A thing is written under the version that was read, so two imports that meet at one thing both count: the later one
//! reads again and applies its rows to what the earlier one left.
//!
//! Beside a thing stands which row changed it last ([`LastChange`]), for people who ask where a value comes from.
//!
//! **Invariant:** a thing that no row changes is not written.

mod categories;
mod error;
mod items;
mod last_change;
mod mark;
mod merge;
mod shop;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::{fmt, mem};

use async_trait::async_trait;
use import::Entity;
use import::entity::Thing;
use import::shop::ShopFacts;
use store::table::Table;

pub use categories::{categories, create_categories};
pub use error::Error;
pub use items::{KeptThing, Update, all, each, things, write_things};
pub use last_change::{BadLastChange, LastChange};
pub use shop::shop_facts;

use crate::target::{self, Block, BlockOutcome, ItemOutcome, RowChange, Target};
use merge::{RowOrigin, merge};

/// How often a thing is read again because somebody else keeps writing it.
const RACES: usize = 10;

/// The own catalogue as a target of imports.
#[derive(Clone)]
pub struct OwnCatalogue {
    table: Arc<dyn Table>,
}

impl OwnCatalogue {
    /// Keeps things in a table.
    #[must_use]
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }
}

impl fmt::Debug for OwnCatalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnCatalogue")
    }
}

#[async_trait]
impl<E: Entity> Target<E> for OwnCatalogue {
    fn name(&self) -> &'static str {
        "own"
    }

    async fn shop_facts(&self) -> Result<ShopFacts, target::Error> {
        Ok(shop_facts(self.table.as_ref()).await?)
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
            let items = self.import_once::<E>(&mut by_key, &block).await?;
            outcome.items.extend(items);
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
    async fn import_once<E: Entity>(
        &self,
        by_key: &mut RowsByKey<E>,
        block: &Block<E>,
    ) -> Result<Vec<ItemOutcome>, Error> {
        let keys: Vec<String> = by_key.keys().cloned().collect();
        let mut kept = things::<E::Thing>(self.table.as_ref(), &keys).await?;
        let mut merged = Vec::new();
        let mut updates = Vec::new();
        for (key, rows) in by_key.iter() {
            let one = merge::<E>(RowOrigin { key, block }, kept.remove(key), rows);
            updates.extend(one.update);
            merged.push(one.outcomes);
        }
        // Keys and outcomes are in the same order: that of the map.
        let conflicts = write_things(self.table.as_ref(), &updates).await?;
        let mut outcomes = Vec::new();
        for (key, items) in keys.into_iter().zip(merged) {
            if !conflicts.contains(&key) {
                by_key.remove(&key);
                outcomes.extend(items);
            }
        }
        Ok(outcomes)
    }
}
