//! The seam between an import and what it writes to.
//!
//! An import cuts a file into blocks of rows and hands them to a target one after the other, with a checkpoint behind
//! each. A step that died is repeated from its latest checkpoint, so **a block may come twice**, cut alike and with the
//! same [`Block::mark`]. A target must then recognise its own work and give the same answer as the first time: the own
//! catalogue writes the mark beside what it wrote, a shop is asked what it knows of the mark's request.
//!
//! A target that works while nobody waits, such as the bulk interface of a shop, answers for some rows with
//! [`Pending`]. The import keeps that in its checkpoint, lets its runner go, and asks again later.

use std::collections::BTreeSet;
use std::error::Error as StdError;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use import::Entity;
use import::across::Holders;
use import::entity::ListedUnder;
use import::finding::Finding;
use import::operation::Operation;
use import::shop::ShopFacts;
use pipeline::PipelineId;
use serde::{Deserialize, Serialize};

/// What an import of an entity writes to.
#[async_trait]
pub trait Target<E: Entity>: Send + Sync {
    /// Names the target in messages and settings: `own`, or what people call a shop.
    fn name(&self) -> &str;

    /// Returns what the shop has, and so what rows may say.
    ///
    /// # Errors
    /// The target cannot be asked.
    async fn shop_facts(&self) -> Result<ShopFacts, Error>;

    /// Reads what the rows of a block speak of, applies the rows in their order, and writes what changed.
    ///
    /// If somebody else writes the same things meanwhile, the target reads and applies again; both writes count.
    ///
    /// # Errors
    /// Part of the block may have been written. Giving the same block again must come to the same end.
    async fn import(&self, block: Block<E>) -> Result<BlockOutcome, Error>;

    /// Says which of these keys belong to things that are there, in as few requests as the target can. Validation asks for
    /// each block of rows, before anything is written.
    ///
    /// A target that cannot be asked takes all of them for there: it says itself what it misses when it is given the rows.
    ///
    /// # Errors
    /// The target cannot be asked.
    async fn existing(&self, keys: &[String]) -> Result<BTreeSet<String>, Error> {
        Ok(keys.iter().cloned().collect())
    }

    /// Says whose some values are that no two things may have, such as addresses; for all that were asked for.
    ///
    /// A target that cannot be asked says of all of them that nobody has them, and says itself what is taken when it is
    /// given the rows.
    ///
    /// # Errors
    /// The target cannot be asked.
    async fn holders(&self, of: &[ListedUnder]) -> Result<Holders, Error> {
        Ok(of.iter().map(|under| (under.clone(), Vec::new())).collect())
    }

    /// Asks what became of rows that an earlier answer left pending. Asking twice is as good as asking once.
    ///
    /// A target that always answers at once has no need of its own form of this.
    ///
    /// # Errors
    /// The target cannot be asked, or has never given this token.
    async fn ask(&self, pending: Pending) -> Result<BlockOutcome, Error> {
        let Pending { file, token, .. } = pending;
        let name = self.name();
        Err(Error::permanent(format!("target `{name}` answers at once and has left no rows of `{file}` as `{token}`")))
    }
}

/// Rows of one file that a target is given together.
#[derive(Debug)]
pub struct Block<E: Entity> {
    /// What imports it.
    pub source: BlockSource,
    /// Base name of the file, for findings.
    pub file: String,
    /// Names the block: the same for the same rows of the same bunch, and for no others.
    pub mark: String,
    /// Names the import: a mark that begins with it and a slash is one of this import.
    pub import: String,
    /// What to do with the rows.
    pub operation: Operation,
    /// The rows in the order of the file.
    pub rows: Vec<RowChange<E::EntityChange>>,
}

/// What imports a block, for those who ask later where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockSource {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// When the block is handed over; that of a repetition is later.
    pub at: DateTime<Utc>,
}

/// A row that says something about a thing.
#[derive(Debug, Clone, PartialEq)]
pub struct RowChange<C> {
    /// Line on which the row starts.
    pub line: u64,
    /// What it says.
    pub change: C,
    /// What it says instead if the thing is there already, where some columns count for new things only.
    pub if_known: Option<C>,
}

impl<C> RowChange<C> {
    /// Returns what the row says of a thing that is there, or of one that is new.
    pub fn of_known(&self) -> &C {
        self.if_known.as_ref().unwrap_or(&self.change)
    }
}

/// What became of the rows of a block. Every row is in it once: answered or pending.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BlockOutcome {
    /// One for each row that is dealt with, in any order.
    pub items: Vec<ItemOutcome>,
    /// The rows of which the target does not know yet.
    pub pending: Vec<Pending>,
    /// What people should know beside that, such as what was deleted together with the thing of a row.
    pub notices: Vec<Finding>,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemOutcome {
    /// Its thing is new.
    Created,
    /// Its thing now differs.
    Updated,
    /// Its thing was like this already.
    Unchanged,
    /// Its thing is gone.
    Deleted,
    /// The target does not take it, and says why.
    Refused(Finding),
}

/// Rows that a target has taken and not answered for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Base name of the file, for findings.
    pub file: String,
    /// The lines on which the rows start, in the order in which the target took them.
    pub lines: Vec<u64>,
    /// What the target needs to find them again.
    pub token: String,
    /// How long it will take the target to know more.
    pub ask_after_seconds: u64,
}

/// Why a target cannot deal with a block.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A later try may go through.
    #[error("{problem}")]
    Retryable {
        /// What failed, for people.
        problem: String,
        /// The failure behind it.
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// No later try can help: a person must change something.
    #[error("{problem}")]
    Permanent {
        /// What failed, for people.
        problem: String,
        /// The failure behind it.
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
}

impl BlockOutcome {
    /// Returns how many rows are in it.
    #[must_use]
    pub fn rows(&self) -> usize {
        let pending: usize = self.pending.iter().map(|pending| pending.lines.len()).sum();
        self.items.len() + pending
    }
}

impl Error {
    /// A failure that may pass.
    #[must_use]
    pub fn retryable(problem: String) -> Self {
        Self::Retryable { problem, source: None }
    }

    /// A failure that a person must end.
    #[must_use]
    pub fn permanent(problem: String) -> Self {
        Self::Permanent { problem, source: None }
    }
}
