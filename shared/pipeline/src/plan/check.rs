//! What single conditions answer, and what the conditions of a step mean for its end.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::arguments::Arguments;
use crate::condition::{Check, StepCondition};
use crate::definition::StepDefinition;
use crate::facts::{Answer, Asker, Facts};
use crate::id::Name;
use crate::status::PipelineStatus;
use crate::status::StepStatus;
use crate::step::StepRecord;

/// Whether an attempt is left.
pub(super) fn attempts_limit(limit: u32, record: &StepRecord) -> Check {
    if record.attempts_of_run() < limit {
        Check::Met(Arguments::new())
    } else {
        Check::Never(format!("all {limit} attempts are used up"))
    }
}

/// Whether it is time for the attempt after one that failed.
pub(super) fn time_between_attempts(wait: Duration, record: &StepRecord, now: DateTime<Utc>) -> Check {
    match record.finished_at {
        Some(finished) if record.status == StepStatus::Error && now < finished + wait => {
            let until = (finished + wait).to_rfc3339_opts(SecondsFormat::Secs, true);
            Check::Unmet(format!("the next attempt waits until {until}"))
        }
        _ => Check::Met(Arguments::new()),
    }
}

/// Whether it is time for the run after one that succeeded.
pub(super) fn time_between_runs(wait: Duration, record: &StepRecord, now: DateTime<Utc>) -> Check {
    match record.finished_at {
        Some(finished) if record.status == StepStatus::Success && now < finished + wait => {
            let until = (finished + wait).to_rfc3339_opts(SecondsFormat::Secs, true);
            Check::Unmet(format!("the next run waits until {until}"))
        }
        _ => Check::Met(Arguments::new()),
    }
}

/// Whether a step that succeeded runs again.
pub(super) fn recurs(definition: &StepDefinition, record: &StepRecord) -> bool {
    definition
        .conditions
        .iter()
        .any(|described| matches!(described.condition, StepCondition::Recurring { limit, .. } if record.runs() < limit))
}

/// Whether the latest pipeline of each name stands where it should.
pub(super) fn named_pipelines(around: &Facts, names: &[Name], statuses: &[PipelineStatus]) -> Check {
    for name in names {
        match around.latest.get(name) {
            None if around.is_guess => {}
            None => return Check::Unmet(format!("there is no pipeline `{name}`; wanted is {}", either(statuses))),
            Some((id, status)) if !statuses.contains(status) => {
                return Check::Unmet(format!("pipeline `{name}` {id} is {status}; wanted is {}", either(statuses)));
            }
            Some(_) => {}
        }
    }
    Check::Met(Arguments::new())
}

fn either(statuses: &[PipelineStatus]) -> String {
    let words: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
    words.join(" or ")
}

/// What a condition that somebody registered answered.
pub(super) fn registered(around: &Facts, asked: &Asker, condition: &str) -> Check {
    match around.registered.get(asked) {
        Some(Answer::Met) => Check::Met(Arguments::new()),
        Some(Answer::Found(found)) => Check::Met(found.arguments.clone()),
        Some(Answer::Unmet(reason)) => Check::Unmet(reason.clone()),
        Some(Answer::Never(reason)) => Check::Never(reason.clone()),
        None if around.is_guess => Check::Met(Arguments::new()),
        None => Check::Unmet(format!("condition `{condition}` was not asked: this program does not know it")),
    }
}

/// Whether a failed step has no attempt left: the error is permanent, or the limit of attempts is reached.
pub(super) fn is_failed_for_good(definition: &StepDefinition, record: &StepRecord) -> bool {
    for described in &definition.conditions {
        if let StepCondition::AttemptsLimit { limit } = described.condition
            && record.attempts_of_run() >= limit
        {
            return true;
        }
    }
    record.is_permanent
}
