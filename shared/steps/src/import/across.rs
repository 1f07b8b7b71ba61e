//! Rows in blocks, as far as what the target has of the things that they name must be known to check them.

use std::collections::BTreeSet;
use std::mem;

use catalog::target::Target;
use engine::ExecutorError;
use import::Entity;
use import::across::{Across, Holders, Judging};
use import::entity::{EntityRow, ListedUnder};

use super::import_rows::of_target;
use super::progress::{BYTES_PER_CHECKPOINT, ROWS_PER_CHECKPOINT};

/// How many keys a target is asked for at once.
const KEYS_PER_REQUEST: usize = 1_000;

/// Rows that were read and not checked.
pub(super) struct RowBlock<E: Entity> {
    rows: Vec<EntityRow<E::EntityChange>>,
    start: Option<u64>,
    end: u64,
}

impl<E: Entity> Default for RowBlock<E> {
    fn default() -> Self {
        Self { rows: Vec::new(), start: None, end: 0 }
    }
}

impl<E: Entity> RowBlock<E> {
    pub(super) fn push(&mut self, row: EntityRow<E::EntityChange>) {
        self.start.get_or_insert(row.next.byte_offset);
        self.end = row.next.byte_offset;
        self.rows.push(row);
    }

    /// Whether the rows take so much memory that they must be checked now.
    pub(super) fn is_large(&self) -> bool {
        self.end.saturating_sub(self.start.unwrap_or(self.end)) >= BYTES_PER_CHECKPOINT
    }

    /// Whether there are as many rows as a target is asked for at once.
    pub(super) fn is_full(&self) -> bool {
        self.rows.len() as u64 >= ROWS_PER_CHECKPOINT || self.is_large()
    }

    pub(super) fn take(&mut self) -> Vec<EntityRow<E::EntityChange>> {
        self.start = None;
        mem::take(&mut self.rows)
    }
}

/// Which of the things that the rows of a block speak of the target has, as far as that is not known.
pub(super) async fn existing_of_block<E: Entity>(
    target: &dyn Target<E>,
    block: &RowBlock<E>,
    across: &Across,
) -> Result<BTreeSet<String>, ExecutorError> {
    let keys = across.unknown_keys::<E>(block.rows.iter().filter_map(|row| row.change.as_ref()));
    existing::<E>(target, &keys).await
}

/// Asks the target for names that nothing has made yet, if there are many of them.
pub(super) async fn make_room<E: Entity>(target: &dyn Target<E>, across: &mut Across) -> Result<(), ExecutorError> {
    if across.is_crowded::<E>() { ask_for_names::<E>(target, across).await } else { Ok(()) }
}

/// Asks the target for names that nothing has made yet.
pub(super) async fn ask_for_names<E: Entity>(target: &dyn Target<E>, across: &mut Across) -> Result<(), ExecutorError> {
    let existing = existing::<E>(target, &across.unasked::<E>()).await?;
    across.answer::<E>(&existing);
    Ok(())
}

/// Whose the values are that the rows of a block claim for themselves, as far as one question tells.
pub(super) async fn holders_of_block<E: Entity>(
    target: &dyn Target<E>,
    block: &RowBlock<E>,
    across: &Across,
    judging: Judging<'_>,
) -> Result<Holders, ExecutorError> {
    let changes = block.rows.iter().filter_map(|row| row.change.as_ref());
    let wanted: BTreeSet<ListedUnder> = changes.flat_map(|change| across.wanted::<E>(change, judging)).collect();
    holders::<E>(target, wanted.into_iter().collect()).await
}

/// Asks on until it is known whose the values are that a row claims for itself.
pub(super) async fn ask_for_holders<E: Entity>(
    target: &dyn Target<E>,
    across: &Across,
    change: &E::EntityChange,
    (judging, known): (Judging<'_>, &mut Holders),
) -> Result<(), ExecutorError> {
    loop {
        let wanted = across.wanted::<E>(change, Judging { holders: known, ..judging });
        if wanted.is_empty() {
            return Ok(());
        }
        // Each answer holds all that was asked for, so this ends with the last number that is taken.
        known.extend(holders::<E>(target, wanted).await?);
    }
}

async fn holders<E: Entity>(target: &dyn Target<E>, wanted: Vec<ListedUnder>) -> Result<Holders, ExecutorError> {
    target.holders(&wanted).await.map_err(of_target)
}

async fn existing<E: Entity>(target: &dyn Target<E>, keys: &[String]) -> Result<BTreeSet<String>, ExecutorError> {
    let mut existing = BTreeSet::new();
    for part in keys.chunks(KEYS_PER_REQUEST) {
        existing.extend(target.existing(part).await.map_err(of_target)?);
    }
    Ok(existing)
}
