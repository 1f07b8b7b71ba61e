//! What the rows of one thing come to. Pure.

use std::mem;

use import::Entity;
use import::entity::{ChangeEffect, Removal};
use import::finding::{ChangeRefusal, Finding, Severity};
use import::operation::Operation;

use super::age;
use super::age_by::AgeBy;
use super::items::{KeptThing, Update};
use super::last_change::LastChange;
use super::mark::{self, Told};
use crate::target::{Block, BlockSource, ItemOutcome, RowChange};

/// Where the rows of a thing come from.
#[derive(Debug)]
pub(super) struct RowOrigin<'a, E: Entity> {
    /// Key of the thing.
    pub(super) key: &'a str,
    /// The block of the rows, without its rows.
    pub(super) block: &'a Block<E>,
    /// By what rows are left out that are older than what is stored.
    pub(super) age: AgeBy,
}

/// What the rows of one thing come to.
#[derive(Debug)]
pub(super) struct MergedRows<T> {
    /// What to write, if anything.
    pub(super) update: Option<Update<T>>,
    /// What becomes of the rows, once that is written.
    pub(super) outcomes: Vec<ItemOutcome>,
    /// Whether there is no such thing then.
    pub(super) is_gone: bool,
}

/// Applies rows in their order to what is kept of their thing.
pub(super) fn merge<E: Entity>(
    origin: RowOrigin<'_, E>,
    before: Option<KeptThing<E::Thing>>,
    rows: &[RowChange<E::EntityChange>],
) -> MergedRows<E::Thing> {
    let key = origin.key.to_owned();
    let block = origin.block;
    let mut merging = Merging::<E>::begin(&origin, before.as_ref());
    if let Some(mark) = before.as_ref().and_then(|before| before.mark.as_deref())
        && let Some(told) = mark::read(mark, &block.mark)
        && told.len() == rows.len()
    {
        // An earlier try of this block wrote the thing and died before its checkpoint.
        let is_gone = merging.thing.is_none();
        return MergedRows { outcomes: merging.again(&told, rows), update: None, is_gone };
    }
    let mut outcomes: Vec<_> = rows.iter().map(|row| merging.apply(row)).collect();
    let Merging { thing, was_replaced, .. } = merging;
    let is_gone = thing.is_none();
    let stored = before.as_ref().and_then(|before| before.thing.as_ref());
    let is_changed = thing.as_ref() != stored;
    if !is_changed {
        // Rows that undo each other, such as two addresses that are both the default one, change nothing.
        outcomes.iter_mut().filter(|outcome| **outcome == ItemOutcome::Updated).for_each(|outcome| {
            *outcome = ItemOutcome::Unchanged;
        });
    }
    // A thing that was replaced by its like is written for the mark: later blocks must not replace it once more.
    let update = (is_changed || was_replaced).then(|| Update {
        key,
        mark: mark::write(&block.mark, &outcomes),
        before,
        thing,
        change: is_changed.then(|| last_change(block, rows, &outcomes)),
    });
    MergedRows { update, outcomes, is_gone }
}

/// The last of the rows that changed the thing; those behind it changed nothing.
fn last_change<E: Entity>(
    block: &Block<E>,
    rows: &[RowChange<E::EntityChange>],
    outcomes: &[ItemOutcome],
) -> LastChange {
    let changing = rows.iter().zip(outcomes).filter(|(_, outcome)| has_changed(outcome)).map(|(row, _)| row);
    // An entity of somebody else that changes a thing and says that it did not: one of these rows it was.
    let row = changing.last().or(rows.last());
    let BlockSource { pipeline, at } = block.source.clone();
    LastChange { at, pipeline, file: block.file.clone(), line: row.map_or(0, |row| row.line) }
}

fn has_changed(outcome: &ItemOutcome) -> bool {
    match outcome {
        ItemOutcome::Created | ItemOutcome::Updated | ItemOutcome::Deleted => true,
        ItemOutcome::Unchanged | ItemOutcome::Refused(_) => false,
    }
}

/// A thing while the rows of a block are applied to it.
struct Merging<'a, E: Entity> {
    block: &'a Block<E>,
    thing: Option<E::Thing>,
    /// Whether what is there was made by this import, so that it is not replaced by a later row of its own.
    is_of_this_import: bool,
    /// Whether an earlier row of this import has deleted it, by itself or together with what it was below.
    is_deleted: bool,
    was_replaced: bool,
    age: AgeBy,
    /// The time of what was stored before these rows.
    stored_at: Option<String>,
}

impl<'a, E: Entity> Merging<'a, E> {
    fn begin(origin: &RowOrigin<'a, E>, before: Option<&KeptThing<E::Thing>>) -> Self {
        let block = origin.block;
        let mark = before.and_then(|before| before.mark.as_deref());
        let of_import = mark.and_then(|mark| mark.strip_prefix(block.import.as_str()));
        let is_of_this_import = of_import.is_some_and(|rest| rest.starts_with('/'));
        Self {
            block,
            thing: before.and_then(|before| before.thing.clone()),
            is_of_this_import,
            is_deleted: is_of_this_import && before.is_some_and(|before| before.thing.is_none()),
            was_replaced: false,
            age: origin.age,
            stored_at: age::stored::<E>(origin.age, before),
        }
    }

    fn apply(&mut self, row: &RowChange<E::EntityChange>) -> ItemOutcome {
        if let Some(older) = age::older::<E>(self.age, &self.block.file, row, self.stored_at.as_deref()) {
            return ItemOutcome::Refused(older);
        }
        let outcome = match self.block.operation {
            Operation::AddUpdate => self.add_or_update(row),
            Operation::Replace => self.replace(row),
            Operation::Delete => self.delete(row),
        };
        outcome.unwrap_or_else(|refusal| ItemOutcome::Refused(Finding::refused(&self.block.file, row.line, refusal)))
    }

    fn add_or_update(&mut self, row: &RowChange<E::EntityChange>) -> Result<ItemOutcome, ChangeRefusal> {
        let Some(thing) = &mut self.thing else {
            check_if_new::<E>(&row.change)?;
            self.thing = Some(E::create(&row.change)?);
            return Ok(ItemOutcome::Created);
        };
        Ok(match E::apply(thing, row.of_known())? {
            ChangeEffect::Changed => ItemOutcome::Updated,
            ChangeEffect::Unchanged => ItemOutcome::Unchanged,
        })
    }

    /// The first row of an import that can make the thing makes it anew; those behind it add to that.
    fn replace(&mut self, row: &RowChange<E::EntityChange>) -> Result<ItemOutcome, ChangeRefusal> {
        if self.is_of_this_import {
            return self.add_or_update(row);
        }
        check_if_new::<E>(&row.change)?;
        let anew = E::renew(self.thing.as_ref(), &row.change)?;
        self.is_of_this_import = true;
        self.was_replaced = true;
        let before = self.thing.replace(anew);
        Ok(match before {
            None => ItemOutcome::Created,
            Some(before) if self.thing.as_ref() == Some(&before) => ItemOutcome::Unchanged,
            Some(_) => ItemOutcome::Updated,
        })
    }

    fn delete(&mut self, row: &RowChange<E::EntityChange>) -> Result<ItemOutcome, ChangeRefusal> {
        let nothing = || ChangeRefusal::of_row("there is nothing of this to delete");
        // Such as the rows of its store views, or a row of the same product further down.
        if self.is_deleted {
            return Ok(ItemOutcome::Unchanged);
        }
        let thing = self.thing.as_mut().ok_or_else(nothing)?;
        match E::remove(thing, &row.change) {
            Removal::Whole => {
                self.thing = None;
                self.is_deleted = true;
            }
            Removal::Part => {}
            Removal::Nothing => return Err(nothing()),
        }
        Ok(ItemOutcome::Deleted)
    }

    /// The outcomes that an earlier try of the same rows had, as its mark tells them.
    fn again(&mut self, told: &[Told], rows: &[RowChange<E::EntityChange>]) -> Vec<ItemOutcome> {
        let creation = told.iter().position(|told| *told == Told::Created);
        let mut outcomes = Vec::new();
        for (place, (told, row)) in told.iter().zip(rows).enumerate() {
            outcomes.push(match told {
                Told::Created => ItemOutcome::Created,
                Told::Updated => ItemOutcome::Updated,
                Told::Unchanged => ItemOutcome::Unchanged,
                Told::Deleted => ItemOutcome::Deleted,
                Told::Refused => {
                    // Before the row that created the thing, there was none to apply to.
                    let existed = creation.is_none_or(|creation| creation < place);
                    self.refused_again(row, existed)
                }
            });
        }
        outcomes
    }

    /// Finds out why a row was refused: the mark does not tell.
    fn refused_again(&mut self, row: &RowChange<E::EntityChange>, existed: bool) -> ItemOutcome {
        let thing = self.thing.clone();
        self.thing = self.thing.take().filter(|_| existed);
        // It was refused before the row that deleted the thing.
        let is_deleted = mem::replace(&mut self.is_deleted, false);
        let outcome = self.apply(row);
        self.thing = thing;
        self.is_deleted = is_deleted;
        match outcome {
            ItemOutcome::Refused(finding) => ItemOutcome::Refused(finding),
            // A later row of the block has made room for it, such as a smaller quantity. It was refused all the same.
            ItemOutcome::Created | ItemOutcome::Updated | ItemOutcome::Unchanged | ItemOutcome::Deleted => {
                let problem = "was refused when an earlier try of this step applied it".to_owned();
                ItemOutcome::Refused(Finding::about(&self.block.file, row.line, problem, Severity::Row))
            }
        }
    }
}

/// Says the first thing that a row lacks to make a thing anew: what else is missing shows once this is mended.
fn check_if_new<E: Entity>(change: &E::EntityChange) -> Result<(), ChangeRefusal> {
    match E::missing_if_new(change).into_iter().next() {
        Some(missing) => Err(missing),
        None => Ok(()),
    }
}
