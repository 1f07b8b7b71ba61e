//! The filters that ship, one for each modifier of the original that refuses something.

use std::fmt::Debug;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

use super::Candidate;
use super::record::ExportStatus;
use super::rules::ExportSettings;

/// How long a failed export rests before the next try; what failed exactly so long ago is tried.
pub const LAST_ERROR_RESTS: Duration = Duration::from_secs(60 * 60);

/// Decides about one thing that may be exported, and explains itself.
pub trait Filter: Debug + Send + Sync {
    /// Returns the name for lists: `payment_and_status`.
    fn name(&self) -> &'static str;

    /// Says why the thing is not taken; nothing if it may be.
    fn refuses(&self, candidate: &Candidate<'_>, settings: &ExportSettings, now: DateTime<Utc>) -> Option<String>;
}

/// Why a thing is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The filter that refuses it.
    pub filter: &'static str,
    /// Its reason, for people.
    pub reason: String,
}

/// The export stands where the chain takes it up.
#[derive(Debug)]
pub(super) struct StatusIs(pub(super) ExportStatus);

/// Exports are on for the website.
#[derive(Debug)]
pub(super) struct WebsiteOn;

/// The thing came after exports began.
#[derive(Debug)]
pub(super) struct NotBefore;

/// The thing is not too old.
#[derive(Debug)]
pub(super) struct AgeBelow;

/// One of the website's rules fits.
#[derive(Debug)]
pub(super) struct FactsMatch;

/// The export has not failed too often.
#[derive(Debug)]
pub(super) struct AttemptsLeft;

/// The export has failed too often.
#[derive(Debug)]
pub(super) struct AttemptsUsedUp;

/// The last failure is long enough ago.
#[derive(Debug)]
pub(super) struct RestedSinceError;

impl Filter for StatusIs {
    fn name(&self) -> &'static str {
        "export_status"
    }

    fn refuses(&self, candidate: &Candidate<'_>, _: &ExportSettings, _: DateTime<Utc>) -> Option<String> {
        let found = candidate.record.status;
        let of = candidate.record.pipeline.as_deref().filter(|_| found == ExportStatus::Scheduled);
        let of = of.map(|pipeline| format!(" for pipeline {pipeline}")).unwrap_or_default();
        (found != self.0).then(|| format!("its export is {found}{of}, not {}", self.0))
    }
}

impl Filter for WebsiteOn {
    fn name(&self) -> &'static str {
        "website"
    }

    fn refuses(&self, candidate: &Candidate<'_>, settings: &ExportSettings, _: DateTime<Utc>) -> Option<String> {
        (!settings.is_enabled).then(|| format!("exports are off for website `{}`", candidate.website))
    }
}

impl Filter for NotBefore {
    fn name(&self) -> &'static str {
        "go_live"
    }

    fn refuses(&self, candidate: &Candidate<'_>, settings: &ExportSettings, _: DateTime<Utc>) -> Option<String> {
        let go_live_at = settings.go_live_at.filter(|go_live_at| candidate.created_at < *go_live_at)?;
        let (created_at, go_live_at) = (written(candidate.created_at), written(go_live_at));
        Some(format!("it is of {created_at}, and exports of website `{}` began at {go_live_at}", candidate.website))
    }
}

impl Filter for AgeBelow {
    fn name(&self) -> &'static str {
        "age"
    }

    fn refuses(&self, candidate: &Candidate<'_>, settings: &ExportSettings, now: DateTime<Utc>) -> Option<String> {
        let limit = settings.age_limit?;
        // A clock that is ahead makes nothing old.
        let age = (now - candidate.created_at).to_std().unwrap_or_default();
        let limit_in_words = in_words(limit);
        let created_at = written(candidate.created_at);
        (age > limit).then(|| {
            format!(
                "it is of {created_at}, and website `{}` exports nothing older than {limit_in_words}",
                candidate.website
            )
        })
    }
}

impl Filter for FactsMatch {
    fn name(&self) -> &'static str {
        "payment_and_status"
    }

    fn refuses(&self, candidate: &Candidate<'_>, settings: &ExportSettings, _: DateTime<Utc>) -> Option<String> {
        let fits = settings.rules.is_empty() || settings.rules.iter().any(|rule| rule.fits(&candidate.facts));
        if fits {
            return None;
        }
        let facts: Vec<String> = candidate.facts.iter().map(|(fact, value)| format!("{fact} `{value}`")).collect();
        let rules: Vec<String> = settings.rules.iter().map(ToString::to_string).collect();
        let (facts, rules) = (facts.join(" × "), rules.join("; "));
        Some(format!("{facts} matches no rule of website `{}` ({rules})", candidate.website))
    }
}

impl Filter for AttemptsLeft {
    fn name(&self) -> &'static str {
        "error_count"
    }

    fn refuses(&self, candidate: &Candidate<'_>, settings: &ExportSettings, _: DateTime<Utc>) -> Option<String> {
        let (failed, limit) = (candidate.record.error_count, settings.attempts);
        (failed >= limit)
            .then(|| format!("it failed {failed} times, and {limit} attempts are made; a reset begins anew"))
    }
}

impl Filter for AttemptsUsedUp {
    fn name(&self) -> &'static str {
        "error_count"
    }

    fn refuses(&self, candidate: &Candidate<'_>, settings: &ExportSettings, _: DateTime<Utc>) -> Option<String> {
        let (failed, limit) = (candidate.record.error_count, settings.attempts);
        (failed < limit)
            .then(|| format!("it failed {failed} times and is tried again by itself until {limit} attempts are made"))
    }
}

impl Filter for RestedSinceError {
    fn name(&self) -> &'static str {
        "last_error"
    }

    fn refuses(&self, candidate: &Candidate<'_>, _: &ExportSettings, now: DateTime<Utc>) -> Option<String> {
        let failed_at = candidate.record.last_error_at?;
        let due_at = failed_at + LAST_ERROR_RESTS;
        (now < due_at).then(|| format!("it failed at {} and is tried again at {}", written(failed_at), written(due_at)))
    }
}

fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(24 * 3600, "days"), (3600, "hours"), (60, "minutes")];
    let whole = units.into_iter().find(|(length, _)| seconds.is_multiple_of(*length));
    let (length, unit) = whole.unwrap_or((1, "seconds"));
    format!("{} {unit}", seconds / length)
}
