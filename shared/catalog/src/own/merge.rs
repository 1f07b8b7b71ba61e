//! What the rows of one thing come to. Pure.

use import::Entity;
use import::entity::ChangeEffect;
use import::finding::{Finding, Severity};

use super::items::{KeptThing, Update};
use super::mark::{self, Told};
use crate::target::{ItemOutcome, RowChange};

/// Where the rows of a thing come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowOrigin<'a> {
    /// Key of the thing.
    pub(super) key: &'a str,
    /// File of the rows.
    pub(super) file: &'a str,
    /// Mark of their block.
    pub(super) mark: &'a str,
}

/// What the rows of one thing come to.
#[derive(Debug)]
pub(super) struct MergedRows<T> {
    /// What to write, if anything.
    pub(super) update: Option<Update<T>>,
    /// What becomes of the rows, once that is written.
    pub(super) outcomes: Vec<ItemOutcome>,
}

/// Applies rows in their order to what is kept of their thing.
pub(super) fn merge<E: Entity>(
    origin: RowOrigin<'_>,
    before: Option<KeptThing<E::Thing>>,
    rows: &[RowChange<E::EntityChange>],
) -> MergedRows<E::Thing> {
    if let Some(before) = &before
        && let Some(mark) = &before.mark
        && let Some(told) = mark::read(mark, origin.mark)
        && told.len() == rows.len()
    {
        // An earlier try of this block wrote the thing and died before its checkpoint.
        return MergedRows { outcomes: again::<E>(origin.file, &before.thing, &told, rows), update: None };
    }
    let mut thing = before.as_ref().map(|before| before.thing.clone());
    let outcomes: Vec<_> = rows.iter().map(|row| apply::<E>(origin.file, row, &mut thing)).collect();
    let is_changed = thing.as_ref() != before.as_ref().map(|before| &before.thing);
    let update = thing.filter(|_| is_changed).map(|thing| Update {
        key: origin.key.to_owned(),
        before,
        thing,
        mark: mark::write(origin.mark, &outcomes),
    });
    MergedRows { update, outcomes }
}

/// The outcomes that an earlier try of the same rows had, as its mark tells them.
fn again<E: Entity>(
    file: &str,
    thing: &E::Thing,
    told: &[Told],
    rows: &[RowChange<E::EntityChange>],
) -> Vec<ItemOutcome> {
    let creation = told.iter().position(|told| *told == Told::Created);
    let mut outcomes = Vec::new();
    for (place, (told, row)) in told.iter().zip(rows).enumerate() {
        outcomes.push(match told {
            Told::Created => ItemOutcome::Created,
            Told::Updated => ItemOutcome::Updated,
            Told::Unchanged => ItemOutcome::Unchanged,
            Told::Refused => {
                // Before the row that created the thing, there was none to apply to.
                let existed = creation.is_none_or(|creation| creation < place);
                refused_again::<E>(file, row, existed.then(|| thing.clone()))
            }
        });
    }
    outcomes
}

/// Finds out why a row was refused: the mark does not tell.
fn refused_again<E: Entity>(file: &str, row: &RowChange<E::EntityChange>, mut thing: Option<E::Thing>) -> ItemOutcome {
    match apply::<E>(file, row, &mut thing) {
        ItemOutcome::Refused(finding) => ItemOutcome::Refused(finding),
        // A later row of the block has made room for it, such as a smaller quantity. It was refused all the same.
        ItemOutcome::Created | ItemOutcome::Updated | ItemOutcome::Unchanged => {
            let problem = "was refused when an earlier try of this step applied it".to_owned();
            ItemOutcome::Refused(Finding::about(file, row.line, problem, Severity::Row))
        }
    }
}

/// Applies one row to its thing, or makes the thing.
fn apply<E: Entity>(file: &str, row: &RowChange<E::EntityChange>, thing: &mut Option<E::Thing>) -> ItemOutcome {
    let refused = |refusal| ItemOutcome::Refused(Finding::refused(file, row.line, refusal));
    if let Some(thing) = thing {
        return match E::apply(thing, &row.change) {
            Ok(ChangeEffect::Changed) => ItemOutcome::Updated,
            Ok(ChangeEffect::Unchanged) => ItemOutcome::Unchanged,
            Err(refusal) => refused(refusal),
        };
    }
    // One finding a row: what else is missing shows once this is mended.
    if let Some(missing) = E::missing_if_new(&row.change).into_iter().next() {
        return refused(missing);
    }
    match E::create(&row.change) {
        Ok(created) => {
            *thing = Some(created);
            ItemOutcome::Created
        }
        Err(refusal) => refused(refusal),
    }
}
