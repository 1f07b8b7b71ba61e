//! The looks of one beat: each condition that finds is asked once, answers for every definition, and is told what became of
//! what it found.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use pipeline::facts::Answer;
use pipeline::{Definition, Name};
use store::pipelines::OpenPipeline;

use super::finding::{Asking, DiscoveryFate, DiscoveryOutcome, LookQuestion, SourceLook};
use crate::context::Context;
use crate::error_chain::chain;

/// Why a condition that finds could see nothing: the store refused it for good.
#[derive(Debug, thiserror::Error)]
#[error("condition `{condition}`")]
struct LookFailure {
    condition: &'static str,
    source: store::Error,
}

/// The looks of one beat, by condition.
#[derive(Default)]
pub(crate) struct Looks {
    /// What was seen, or why nothing could be seen.
    seen: BTreeMap<&'static str, Result<Box<dyn SourceLook>, LookFailure>>,
    /// What became of what was found.
    outcomes: BTreeMap<&'static str, Vec<DiscoveryOutcome>>,
}

impl Looks {
    /// Looks for all definitions given.
    ///
    /// # Errors
    /// The store did not answer, and may do so later.
    pub(crate) async fn at(
        context: &Context,
        definitions: &[Arc<Definition>],
        open: &[OpenPipeline],
    ) -> store::Result<Self> {
        let mut looks = Looks::default();
        for condition in context.conditions.finding() {
            let asking: Vec<Asking<'_>> =
                definitions.iter().filter_map(|definition| asking(definition, condition.name())).collect();
            if asking.is_empty() {
                continue;
            }
            let question = LookQuestion { store: &context.store, asking: &asking, open };
            let seen = match condition.look(&question).await {
                Err(error) if error.is_retryable() => return Err(error),
                // What is wrong with one source must not delay what does not need it.
                seen => seen.map_err(|source| LookFailure { condition: condition.name(), source }),
            };
            looks.seen.insert(condition.name(), seen);
        }
        Ok(looks)
    }

    /// What is wrong and does not mend by waiting.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for seen in self.seen.values() {
            match seen {
                Ok(look) => problems.extend(look.problems().iter().map(|problem| problem.reason.clone())),
                Err(failure) => problems.push(chain(failure)),
            }
        }
        problems
    }

    /// What a condition answers a definition; `None` if it is none that finds.
    pub(crate) fn answer(&self, condition: &str, definition: &Name) -> Option<Answer> {
        Some(match self.seen.get(condition)? {
            Ok(look) => look.answer(definition),
            Err(failure) => Answer::Unmet(chain(failure)),
        })
    }

    /// Keeps what became of all that was found for a definition.
    pub(crate) fn keep(&mut self, definition: &Definition, fate: &DiscoveryFate) {
        for (condition, seen) in &self.seen {
            if asking(definition, condition).is_none() {
                continue;
            }
            let Ok(Answer::Found(found)) = seen.as_ref().map(|look| look.answer(&definition.name)) else { continue };
            let outcome = DiscoveryOutcome { definition: definition.name.clone(), found, fate: fate.clone() };
            self.outcomes.entry(condition).or_default().push(outcome);
        }
    }

    /// Has every condition note what became of what it saw; the problems of those that cannot.
    ///
    /// # Errors
    /// The store did not answer, and may do so later.
    pub(crate) async fn note(&self, context: &Context, now: DateTime<Utc>) -> store::Result<Vec<String>> {
        let mut problems = Vec::new();
        for (condition, seen) in &self.seen {
            let Ok(look) = seen else { continue };
            let outcomes = self.outcomes.get(condition).map_or(&[][..], Vec::as_slice);
            match look.note(&context.store, outcomes, now).await {
                Err(error) if error.is_retryable() => return Err(error),
                Err(source) => problems.push(chain(&LookFailure { condition, source })),
                Ok(()) => {}
            }
        }
        Ok(problems)
    }
}

/// What a definition tells the condition of a name, if it asks it.
fn asking<'a>(definition: &'a Definition, condition: &str) -> Option<Asking<'a>> {
    let mut told = definition.conditions.iter().filter_map(|described| described.condition.registered_as(condition));
    told.next().map(|arguments| Asking { definition, arguments })
}
