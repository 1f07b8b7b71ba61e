//! The sentences. Times are UTC; what is quoted stands in backticks.

use chrono::{DateTime, SecondsFormat, Utc};
use pipeline::duration;
use pipeline::plan::{Ending, Spawn};
use pipeline::step::INTERRUPTION_LIMIT;
use pipeline::{Pipeline, Step, StepStatus};

use super::{Outlook, WaitSigns};
use crate::attempts::attempts_limit;

/// After how long without a beat people are told so: beats come each minute, and one may be skipped.
const BEAT_IS_LATE_AFTER_MINUTES: i64 = 3;

/// What a step does, or why it does nothing.
pub(crate) fn step(pipeline: &Pipeline, step: &Step, outlook: &Outlook, signs: &WaitSigns) -> String {
    match outlook {
        Outlook::Ended(ending) => ended(pipeline, step, *ending),
        Outlook::Active if step.record.status == StepStatus::Running => running(step, signs),
        Outlook::Active => enqueued(pipeline, step, signs),
        Outlook::Ready => match late_beat(signs.last_beat, signs.now) {
            Some(late) => format!("it is ready for attempt {}, but {late}", step.record.attempt + 1),
            None => format!("it is ready: the next beat enqueues attempt {}", step.record.attempt + 1),
        },
        Outlook::Waiting(reasons) => format!("{}{}", reasons.join("; "), last_failure(step)),
        Outlook::Unreachable(reason) => format!("it cannot run any more: {reason}{}", last_failure(step)),
    }
}

/// What holds up a pipeline: the step that the others wait for, and what keeps the whole from moving.
pub(super) fn pipeline(pipeline: &Pipeline, outlooks: &[Outlook], texts: &[String], signs: &WaitSigns) -> String {
    let about = |index: usize| format!("step `{}`: {}", pipeline.steps[index].definition.name, texts[index]);
    if !pipeline.status.is_open() {
        let ended = timed(" at", pipeline.ended_at);
        let text = format!("it ended{ended} with the status {}", pipeline.status);
        let cause = match &pipeline.stop {
            Some(stop) => Some(stop.reason.clone()),
            None => failed(pipeline, outlooks).map(about),
        };
        return match cause {
            Some(cause) => format!("{text}; {cause}"),
            None => text,
        };
    }
    let mut parts = Vec::new();
    if let Some(stop) = &pipeline.stop {
        parts.push(format!("it is being stopped since {}: {}", time(stop.at), stop.reason));
    }
    parts.extend(late_beat(signs.last_beat, signs.now));
    parts.push(match next(pipeline, outlooks) {
        Some(index) => about(index),
        None => "all its steps have ended: the next beat settles it".to_owned(),
    });
    let active = outlooks.iter().filter(|outlook| matches!(outlook, Outlook::Active)).count();
    if active > 1 {
        parts.push(format!("{} more steps are enqueued or running", active - 1));
    }
    parts.join("; ")
}

/// The step that an open pipeline waits for: one that runs, or else one that will run soonest.
pub(crate) fn next(pipeline: &Pipeline, outlooks: &[Outlook]) -> Option<usize> {
    let nearness = |index: &usize| match &outlooks[*index] {
        Outlook::Active if pipeline.steps[*index].record.status == StepStatus::Running => 0,
        Outlook::Active => 1,
        Outlook::Ready => 2,
        Outlook::Waiting(_) | Outlook::Ended(_) | Outlook::Unreachable(_) => 3,
    };
    let unfinished = (0..outlooks.len()).filter(|index| outlooks[*index].is_unfinished());
    // Of several that are equally near the first in the pipeline's order.
    unfinished.min_by_key(nearness)
}

/// Why nothing is spawned, or that it is.
pub(super) fn spawn(spawn: &Spawn, last_beat: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    match (spawn, late_beat(last_beat, now)) {
        (Spawn::No(reasons), None) => reasons.join("; "),
        (Spawn::No(reasons), Some(late)) => format!("{}; {late}", reasons.join("; ")),
        (Spawn::Yes { reason, .. }, None) => format!("the next beat spawns it ({reason})"),
        (Spawn::Yes { reason, .. }, Some(late)) => format!("it is due ({reason}), but {late}"),
    }
}

fn ended(pipeline: &Pipeline, step: &Step, ending: Ending) -> String {
    let record = &step.record;
    let because = |text: &str| match &record.message {
        Some(message) => format!("{text}: {message}"),
        None => text.to_owned(),
    };
    match record.status {
        StepStatus::Success if record.is_warning => because("it succeeded with a warning"),
        StepStatus::Success => "it succeeded".to_owned(),
        StepStatus::Skipped => because("it was skipped"),
        StepStatus::Cancelled if record.attempt == 0 => format!("it never ran: {}", why_unreached(pipeline, step)),
        StepStatus::Cancelled => because("it was cancelled before it ran"),
        StepStatus::Error | StepStatus::Pending | StepStatus::Enqueued | StepStatus::Running => {
            let failed = if record.is_permanent { "it failed for good".to_owned() } else { used_up(step) };
            let allowed = if ending == Ending::Completed { ", which is allowed" } else { "" };
            because(&format!("{failed}{allowed}"))
        }
    }
}

fn used_up(step: &Step) -> String {
    match attempts_limit(step) {
        Some(limit) => format!("attempts used up ({} of {limit})", step.record.attempt),
        None => format!("attempt {} failed", step.record.attempt),
    }
}

/// Why the pipeline ended before a step.
fn why_unreached(pipeline: &Pipeline, step: &Step) -> String {
    if let Some(stop) = &pipeline.stop {
        return format!("the pipeline was stopped: {}", stop.reason);
    }
    let is_cause = |other: &&Step| {
        let is_before = other.definition.sort_order < step.definition.sort_order;
        is_before && other.record.status == StepStatus::Error && !other.definition.allow_failure
    };
    match pipeline.steps.iter().find(is_cause) {
        Some(failed) => format!("step `{}` before it did not succeed", failed.definition.name),
        None => "the pipeline ended before it was reached".to_owned(),
    }
}

fn running(step: &Step, signs: &WaitSigns) -> String {
    let record = &step.record;
    let owner = record.owner.as_deref().unwrap_or("somebody unknown");
    let attempt = record.attempt;
    let since = timed(" since", record.started_at);
    let progress = match &record.progress {
        Some(text) => format!(", {text}"),
        None => String::new(),
    };
    match record.lease_until {
        Some(until) if until < signs.now => {
            let end = time(until);
            let next = match attempts_limit(step) {
                Some(limit) if record.attempts_of_run() >= limit => "fails it for good",
                _ => "ends the attempt, and its conditions decide about another one",
            };
            format!(
                "ghosted: `{owner}` runs attempt {attempt}{since} and gave no sign of life until {end}{progress}; the next beat {next} (on one machine the next `systole dev` carries it on instead)"
            )
        }
        until => {
            let lease = timed(" and holds it until", until);
            format!("it is running{since}: `{owner}` runs attempt {attempt}{lease}{progress}{}", interrupted(step))
        }
    }
}

fn enqueued(pipeline: &Pipeline, step: &Step, signs: &WaitSigns) -> String {
    let record = &step.record;
    if pipeline.stop.is_some() && !step.definition.run_always {
        return "the pipeline was stopped: the next beat cancels the step, and no runner begins it".to_owned();
    }
    let progress = match &record.progress {
        Some(text) => format!(" ({text})"),
        None => String::new(),
    };
    // Sent later than enqueued: it asked for a pause.
    if let Some(due) = record.sent_at
        && record.resends == 0
        && due > signs.now
        && Some(due) > record.enqueued_at
    {
        let wakes = record.wakes_at.unwrap_or(due);
        return format!("attempt {} carries on at {}{progress}", record.attempt, time(wakes));
    }
    let since = timed(" since", record.enqueued_at);
    let interrupted = interrupted(step);
    let mut text =
        format!("attempt {} is enqueued{since} and waits for a runner{progress}{interrupted}", record.attempt);
    let priority = pipeline.definition.priority;
    text += &match signs.messages {
        Some(0) => format!("; no message waits in the queue of priority {priority}, {}", resend(step, signs)),
        Some(1) => format!("; 1 message waits in the queue of priority {priority}"),
        Some(messages) => format!("; {messages} messages wait in the queue of priority {priority}"),
        None => String::new(),
    };
    match record.resends {
        0 => text,
        1 => text + "; its message was sent again once",
        times => text + &format!("; its message was sent again {times} times"),
    }
}

/// How often a host died with it, if one did.
fn interrupted(step: &Step) -> String {
    match step.record.interruptions {
        0 => String::new(),
        1 => "; a runner died with it".to_owned(),
        count => format!("; a runner died with it {count} times in a row, at {INTERRUPTION_LIMIT} it is given up"),
    }
}

/// What becomes of a step whose message nobody sees.
fn resend(step: &Step, signs: &WaitSigns) -> String {
    match step.record.sent_at {
        Some(sent) => {
            let at = time(sent + signs.resend_after);
            format!("so a runner is about to claim it, or it got lost and is sent again after {at}")
        }
        None => "so a runner has just taken it".to_owned(),
    }
}

fn last_failure(step: &Step) -> String {
    let record = &step.record;
    match (&record.message, record.status) {
        (Some(message), StepStatus::Error) => {
            let of = match attempts_limit(step) {
                Some(limit) => format!(" of {limit}"),
                None => String::new(),
            };
            format!(" (attempt {}{of} failed: {message})", record.attempt)
        }
        _ => String::new(),
    }
}

/// The step that made a pipeline fail.
pub(crate) fn failed(pipeline: &Pipeline, outlooks: &[Outlook]) -> Option<usize> {
    let mut looked_at = pipeline.steps.iter().zip(outlooks);
    looked_at.position(|(step, outlook)| {
        step.record.status == StepStatus::Error && matches!(outlook, Outlook::Ended(Ending::Failed))
    })
}

fn late_beat(last_beat: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<String> {
    let Some(last) = last_beat else { return Some("there was no heartbeat yet".to_owned()) };
    let minutes = (now - last).num_minutes();
    if minutes < BEAT_IS_LATE_AFTER_MINUTES {
        return None;
    }
    let span = std::time::Duration::from_secs(60 * minutes.unsigned_abs());
    Some(format!("there was no heartbeat for {}", duration::in_words(span)))
}

/// Words and a time behind them, if there is a time.
fn timed(words: &str, at: Option<DateTime<Utc>>) -> String {
    match at {
        Some(at) => format!("{words} {}", time(at)),
        None => String::new(),
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
