//! Which things are exported, and what is kept of each: for orders, customers or whatever a definition names.
//!
//! A thing is a [`Candidate`]: what its definition knows of it. A chain of [`Filter`]s decides, and each filter that refuses
//! says why in a sentence. The same chain decides in a beat, before a document leaves, and when a person asks.
//!
//! | chain | takes |
//! |---|---|
//! | [`Chain::Schedule`] | what is pending, for its first pipeline |
//! | [`Chain::Reschedule`] | what failed, has attempts left and has rested for an hour |
//! | [`Chain::Reset`] | what failed and has no attempt left, for whoever begins anew |
//! | [`Chain::Leave`] | what has a pipeline, right before its document leaves |
//!
//! Nothing here knows what is exported. The payment and the status of an order are two of the candidate's facts.

mod filter;
mod record;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

pub use filter::{Filter, LAST_ERROR_RESTS, Refusal};
pub use record::{ExportRecord, ExportStatus, Illegal, NoStatus};
pub use rules::{ExportRule, ExportSettings};

/// A kind of things that are exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportDefinition {
    /// Its name in records, settings and commands: `order_export`.
    pub code: Box<str>,
    /// The definition of the pipeline that exports one of them.
    pub pipeline: Box<str>,
    /// Whether anything of it is scheduled.
    pub is_active: bool,
}

/// A thing that may be exported, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The website that it belongs to.
    pub website: &'a str,
    /// When it came to be.
    pub created_at: DateTime<Utc>,
    /// What the rules of a website ask about: `payment`, `status`.
    pub facts: BTreeMap<&'a str, &'a str>,
    /// What is kept of its export.
    pub record: &'a ExportRecord,
}

/// Filters that are asked together; a thing is taken if none of them refuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// For a first pipeline.
    Schedule,
    /// For another try.
    Reschedule,
    /// For whoever begins anew with what was given up.
    Reset,
    /// Right before a document leaves, with the thing as it is by then.
    Leave,
}

impl Chain {
    /// Returns its filters in the order in which they explain themselves. A project adds its own behind them.
    #[must_use]
    pub fn filters(self) -> Vec<Box<dyn Filter>> {
        use filter::{
            AgeBelow, AttemptsLeft, AttemptsUsedUp, FactsMatch, NotBefore, RestedSinceError, StatusIs, WebsiteOn,
        };
        match self {
            Self::Schedule => vec![
                Box::new(StatusIs(ExportStatus::Pending)),
                Box::new(WebsiteOn),
                Box::new(NotBefore),
                Box::new(AgeBelow),
                Box::new(FactsMatch),
            ],
            Self::Reschedule => vec![
                Box::new(StatusIs(ExportStatus::Error)),
                Box::new(AttemptsLeft),
                Box::new(RestedSinceError),
                Box::new(WebsiteOn),
                Box::new(AgeBelow),
                Box::new(FactsMatch),
            ],
            Self::Reset => vec![Box::new(StatusIs(ExportStatus::Error)), Box::new(AttemptsUsedUp)],
            Self::Leave => vec![Box::new(StatusIs(ExportStatus::Scheduled)), Box::new(WebsiteOn), Box::new(FactsMatch)],
        }
    }
}

/// Asks every filter, so that who looks sees all reasons at once. A thing that none refuses is taken.
#[must_use]
pub fn refusals(
    filters: &[Box<dyn Filter>],
    candidate: &Candidate<'_>,
    settings: &ExportSettings,
    now: DateTime<Utc>,
) -> Vec<Refusal> {
    let asked = filters.iter().filter_map(|filter| {
        let reason = filter.refuses(candidate, settings, now)?;
        Some(Refusal { filter: filter.name(), reason })
    });
    asked.collect()
}
