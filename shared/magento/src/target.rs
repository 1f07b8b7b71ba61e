//! The shop as a target of imports.
//!
//! Prices and stock go by calls that take hundreds of rows and answer at once, products by lists that the shop works
//! through later. Before anything is sent, the shop is asked how it is: only differences are sent, and what the shop would
//! take without a word and bend or drop is refused with a sentence.
//!
//! `batch.rs` sends rows and finds out which of them an error means, `existing.rs` reads what there is, `products/` makes
//! the body of a product and compares it, `in_flight.rs` hands bodies over and `asking.rs` asks what became of them.
//!
//! **Invariant:** every row is answered once or left pending once (`tally.rs`).
//! **Invariant:** no empty text is sent for a value that shall be gone: the shop would take it for a price of 0.

mod accepted;
mod afterwards;
mod asking;
mod attribute_sets;
mod attributes;
mod batch;
mod bundle;
mod categories;
mod existing;
mod files;
mod images;
mod in_flight;
mod known;
mod memory;
mod placed_stock;
mod prices;
mod problem;
mod product_parts;
mod products;
mod relations;
mod single;
mod source_items;
mod stock;
mod tally;
#[cfg(test)]
mod tests;
mod tier_prices;
mod token;
mod unsupported;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use catalog::target::{self, BlockOutcome, Pending};
use import::finding::ChangeRefusal;

use crate::client::ShopClient;
use crate::facts::ShopKnowledge;
pub use files::{RowFileError, RowFiles};
pub use memory::{MemoryError, ShopMemory, VolatileMemory};

use in_flight::InFlight;
use known::Known;

/// A shop as a target: made for one attempt of one step.
pub struct MagentoTarget {
    client: Arc<ShopClient>,
    known: Known,
    in_flight: InFlight,
    files: Option<Arc<dyn RowFiles>>,
    memory: Option<Arc<dyn ShopMemory>>,
    asks_in_full: bool,
}

impl MagentoTarget {
    /// The shop of a client; what it has is asked for when it is needed.
    #[must_use]
    pub fn new(client: Arc<ShopClient>) -> Self {
        Self {
            client,
            known: Known::default(),
            in_flight: InFlight::default(),
            files: None,
            memory: None,
            asks_in_full: false,
        }
    }

    /// The shop of a client, of which somebody has kept what it has.
    #[must_use]
    pub fn knowing(client: Arc<ShopClient>, known: ShopKnowledge) -> Self {
        Self { known: Known::kept(known), ..Self::new(client) }
    }

    /// The same with the place where the files are that rows name. Without it, rows that need one are refused.
    #[must_use]
    pub fn reading(self, files: Arc<dyn RowFiles>) -> Self {
        Self { files: Some(files), ..self }
    }

    /// The same with a memory of what the shop has accepted. Without one, more is asked.
    #[must_use]
    pub fn remembering(self, memory: Arc<dyn ShopMemory>) -> Self {
        Self { memory: Some(memory), ..self }
    }

    /// The same, but whatever is remembered of products, they are compared with the shop.
    #[must_use]
    pub fn in_full(self) -> Self {
        Self { asks_in_full: true, ..self }
    }

    async fn recall(&self, keys: &[String]) -> Result<BTreeMap<String, String>, target::Error> {
        match &self.memory {
            Some(memory) if !keys.is_empty() => memory.recall(keys).await.map_err(not_remembered),
            Some(_) | None => Ok(BTreeMap::new()),
        }
    }

    async fn keep(&self, texts: BTreeMap<String, String>) -> Result<(), target::Error> {
        match &self.memory {
            Some(memory) if !texts.is_empty() => memory.keep(texts).await.map_err(not_remembered),
            Some(_) | None => Ok(()),
        }
    }

    async fn forget(&self, keys: &[String]) -> Result<(), target::Error> {
        match &self.memory {
            Some(memory) if !keys.is_empty() => memory.forget(keys).await.map_err(not_remembered),
            Some(_) | None => Ok(()),
        }
    }

    /// Asks what became of rows of any entity: all that is left pending are products in lists.
    async fn ask_for(&self, pending: Pending) -> Result<BlockOutcome, target::Error> {
        asking::ask(self, pending).await
    }
}

fn not_remembered(error: MemoryError) -> target::Error {
    target::Error::retryable(format!("what the shop has accepted cannot be remembered: {error}"))
}

impl fmt::Debug for MagentoTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MagentoTarget({})", self.client.settings().name)
    }
}

/// Refuses a row as a whole.
fn refused(problem: impl fmt::Display) -> ChangeRefusal {
    ChangeRefusal::of_row(problem)
}

/// Makes the shop a target for an entity whose rows a function takes.
macro_rules! target_of {
    ($entity:ty, $import:path) => {
        #[async_trait::async_trait]
        impl catalog::target::Target<$entity> for crate::target::MagentoTarget {
            fn name(&self) -> &str {
                &self.client.settings().name
            }

            async fn shop_facts(&self) -> Result<import::shop::ShopFacts, catalog::target::Error> {
                self.facts_of_shop().await
            }

            async fn import(
                &self,
                block: catalog::target::Block<$entity>,
            ) -> Result<catalog::target::BlockOutcome, catalog::target::Error> {
                $import(self, block).await
            }

            async fn ask(
                &self,
                pending: catalog::target::Pending,
            ) -> Result<catalog::target::BlockOutcome, catalog::target::Error> {
                self.ask_for(pending).await
            }
        }
    };
}
use target_of;
