//! Applies what made a drafted thing to what others have stored meanwhile. Pure.

use std::any::Any;
use std::mem;

use import::Entity;
use import::entity::Thing;
use import::entity::attribute::Attribute;
use import::finding::Finding;

use super::{Error, Kind};
use crate::own::causes::{Cause, DraftedRows};
use crate::own::items::KeptThing;
use crate::own::merge::{RowOrigin, merge};
use crate::target::ItemOutcome;

/// Applies rows of one entity.
pub(super) type ApplyAgain<T> =
    fn(&str, Option<KeptThing<T>>, &DraftedRows) -> Result<RowsApplied<T>, serde_json::Error>;

/// What rows have made of a thing.
pub(super) struct RowsApplied<T> {
    thing: Option<KeptThing<T>>,
    refused: Vec<Finding>,
}

/// What a thing comes to, and what there is to say of it.
pub(super) struct Again<T> {
    pub(super) thing: Option<T>,
    pub(super) findings: Vec<Finding>,
}

impl<T: Thing> Kind<T> {
    pub(super) fn again(
        &self,
        key: &str,
        drafted: &KeptThing<T>,
        stored: Option<&KeptThing<T>>,
        causes: &[Cause],
    ) -> Result<Again<T>, Error> {
        let mut now = stored.cloned();
        let mut findings = Vec::new();
        let made = |now: Option<&KeptThing<T>>, thing| {
            let mark = drafted.mark.clone().unwrap_or_default();
            Some(KeptThing::made(now, thing, mark))
        };
        for cause in causes {
            now = match cause {
                Cause::Rows(rows) => {
                    let unreadable = |source| Error::Draft { key: key.to_owned(), source };
                    let RowsApplied { thing, refused } = self.apply(rows)?(key, now, rows).map_err(unreadable)?;
                    findings.extend(refused.into_iter().map(met));
                    thing
                }
                Cause::Named { thing } => match now.as_ref().is_some_and(|now| now.thing.is_some()) {
                    true => now,
                    false => {
                        let unreadable = |source| Error::Thing { name: T::NAME, key: key.to_owned(), source };
                        made(now.as_ref(), Some(T::from_json(thing).map_err(unreadable)?))
                    }
                },
                Cause::Options { labels } => {
                    let mut thing = now.as_ref().and_then(|now| now.thing.clone());
                    add_options(thing.as_mut(), labels);
                    made(now.as_ref(), thing)
                }
                Cause::Above => made(now.as_ref(), None),
            };
        }
        Ok(Again { thing: now.and_then(|now| now.thing), findings })
    }

    fn apply(&self, rows: &DraftedRows) -> Result<ApplyAgain<T>, Error> {
        let known = || self.entities.keys().copied().collect::<Vec<_>>().join(", ");
        let apply = self.entities.get(rows.entity.as_str()).copied();
        apply.ok_or_else(|| Error::UnknownEntity { entity: rows.entity.clone(), known: known() })
    }
}

/// Attributes alone have options that rows of other things name.
fn add_options<T: Thing>(thing: Option<&mut T>, labels: &[String]) {
    let attribute = thing.and_then(|thing| (thing as &mut dyn Any).downcast_mut::<Attribute>());
    if let Some(attribute) = attribute {
        let _ = attribute.add_options(labels.iter().map(String::as_str));
    }
}

/// Says why a row that was counted has come to nothing after all.
fn met(refused: Finding) -> Finding {
    let problem = format!(
        "was imported into the draft, and then refused because somebody else has changed the same thing meanwhile: {}",
        refused.problem
    );
    Finding { problem, ..refused }
}

pub(super) fn apply_again<E: Entity>(
    key: &str,
    now: Option<KeptThing<E::Thing>>,
    rows: &DraftedRows,
) -> Result<RowsApplied<E::Thing>, serde_json::Error> {
    let mut block = rows.block::<E>()?;
    let changes = mem::take(&mut block.rows);
    let merged = merge::<E>(RowOrigin { key, block: &block, age: rows.age }, now.clone(), &changes);
    let thing = match merged.update {
        Some(update) => Some(KeptThing::made(now.as_ref(), update.thing, update.mark)),
        None => now,
    };
    let refused = merged.outcomes.into_iter().filter_map(|outcome| match outcome {
        ItemOutcome::Refused(finding) => Some(finding),
        ItemOutcome::Created | ItemOutcome::Updated | ItemOutcome::Unchanged | ItemOutcome::Deleted => None,
    });
    Ok(RowsApplied { thing, refused: refused.collect() })
}
