//! What time counts for what: retries, runs, delays, and pauses, which count for nothing.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use pipeline::condition::StepCondition;
use pipeline::pipeline::StoppedBy;
use pipeline::{StepDefinition, StepStatus};

use super::story::{Life, Mark, Story};
use crate::history::{Event, PipelineState, StepState, What, short};
use crate::run::moment;
use crate::scenario::CANCEL_AFTER;

/// Times are stored in milliseconds, and what is added up loses a part of one each time.
const ROUNDING: i64 = 2;

pub(super) fn a_retry_waits_for_its_time(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for Mark { step, at, before, state, .. } in life.new_marks() {
            let (Some(definition), Some(before)) = (life.definition_of(step), before) else { continue };
            for described in &definition.conditions {
                let (wait, after) = match described.condition {
                    StepCondition::TimeBetweenAttempts { wait } => (wait, StepStatus::Error),
                    StepCondition::Recurring { wait, .. } => (wait, StepStatus::Success),
                    _ => continue,
                };
                let since = state.enqueued_at.zip(before.finished_at).map(|(next, end)| next - end);
                let has_waited = since.is_some_and(|since| since.to_std().is_ok_and(|since| since >= wait));
                if before.status == after && !has_waited {
                    let (id, time, wait) = (short(life.id), story.time(at), wait.as_secs());
                    let since = since.map_or(0, |since| since.num_seconds());
                    return Err(format!(
                        "{id} step {step} is tried again at {time}, {since} s after its {after}; expected are {wait} s"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// A runner that left its step for later is not followed before that.
pub(super) fn a_delay_is_waited_for(story: &Story<'_>) -> Result<(), String> {
    // A beat may count the rest of a delay by another clock than who asked for it.
    let slack = TimeDelta::milliseconds(2 * story.ended.scenario.skew + ROUNDING);
    for life in story.lives.values() {
        for (step, states) in &life.steps {
            for pair in states.windows(2) {
                let [(_, before), (at, after)] = pair else { continue };
                let is_claim = before.status == StepStatus::Enqueued && after.status == StepStatus::Running;
                let Some(due) = before.sent_at.filter(|_| is_claim) else { continue };
                let now = moment(story.ended.history.events[*at].at);
                if now + slack < due {
                    let (id, time, early) = (short(life.id), story.time(*at), (due - now).num_seconds());
                    return Err(format!("{id} step {step} is claimed at {time}, {early} s before it is due"));
                }
            }
        }
    }
    Ok(())
}

/// Who starts a process again knows that messages may be lost; everybody else waits for the grace time.
pub(super) fn a_message_is_sent_again_after_its_grace(story: &Story<'_>) -> Result<(), String> {
    let grace = story.ended.limits.grace.resend_after;
    for life in story.lives.values() {
        for (step, states) in &life.steps {
            for pair in states.windows(2) {
                let [(_, before), (at, after)] = pair else { continue };
                let is_resend = before.status == StepStatus::Enqueued && after.resends > before.resends;
                if !is_resend || story.actor(*at).starts_with("next-") {
                    continue;
                }
                let sent = before.sent_at.or(before.enqueued_at).unwrap_or_default();
                if story.clock(*at).1 <= sent + grace {
                    let (id, time, grace) = (short(life.id), story.time(*at), grace.as_secs());
                    return Err(format!("{id} step {step}: its message is sent again at {time}, within {grace} s"));
                }
            }
        }
    }
    Ok(())
}

/// What a pipeline keeps of its pauses is as long as they were, and what it keeps of their beginnings is true.
pub(super) fn pauses_add_up(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for pair in life.states.windows(2) {
            let [(_, before), (at, after)] = pair else { continue };
            let (low, high) = uncounted(story, before, after, *at);
            let added = after.paused_for_ms - before.paused_for_ms;
            if added < low - ROUNDING || added > high + ROUNDING {
                let (id, time) = (short(life.id), story.time(*at));
                return Err(format!(
                    "{id} at {time}: {added} ms are added to what does not count; expected are {low} to {high}"
                ));
            }
            let (low, high) = story.clock(*at);
            let begins = after.paused_at.filter(|_| before.paused_at.is_none());
            if let Some(since) = begins.filter(|since| *since < low - TimeDelta::milliseconds(1) || *since > high) {
                let (id, time) = (short(life.id), story.time(*at));
                return Err(format!("{id} is held at {time}, and says that it is since {since}"));
            }
        }
    }
    Ok(())
}

/// How many milliseconds cease to count with a write, at least and at most.
fn uncounted(story: &Story<'_>, before: &PipelineState, after: &PipelineState, at: usize) -> (i64, i64) {
    let is_resumed = after.paused_at.is_none();
    let is_reopened = !before.status.is_open() && after.status.is_open() && before.paused_at.is_none();
    let since = before.paused_at.filter(|_| is_resumed).or(before.ended_at.filter(|_| is_reopened));
    let Some(since) = since else { return (0, 0) };
    let (low, high) = story.clock(at);
    let span = |until: DateTime<Utc>| (until - since).num_milliseconds().max(0);
    (span(low), span(high))
}

/// A pipeline expires when its time is over, which stands still while a person holds it.
pub(super) fn no_pause_counts_for_an_expiry(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for pair in life.states.windows(2) {
            let [(_, before), (at, after)] = pair else { continue };
            let stop = after.stop.as_ref().filter(|stop| before.stop.is_none() && stop.by == StoppedBy::Expiry);
            let Some(stop) = stop else { continue };
            let (id, time) = (short(life.id), story.time(*at));
            if before.paused_at.is_some() {
                return Err(format!("{id} expires at {time}, while it is on hold: {}", stop.reason));
            }
            let counted = counted(before, stop.at);
            let look = last_look(story, life, *at);
            let is_over = |limit: TimeDelta| counted > limit;
            let expires = expire_in(life).is_some_and(is_over)
                || cancel_afters(story, *at).into_iter().flatten().any(is_over)
                || life.steps_at(*at).into_iter().any(|step| is_step_over(life, step, look..*at, stop.at));
            if !expires {
                let (counted, paused) = (counted.num_seconds(), before.paused_for_ms / 1_000);
                return Err(format!(
                    "{id} expires at {time}, when {counted} s count and {paused} s of pauses do not: {}",
                    stop.reason
                ));
            }
        }
    }
    Ok(())
}

/// How long a pipeline has been open at a moment, as far as that counts.
fn counted(state: &PipelineState, now: DateTime<Utc>) -> TimeDelta {
    now - state.spawned_at.unwrap_or_default() - TimeDelta::milliseconds(state.paused_for_ms)
}

fn expire_in(life: &Life<'_>) -> Option<TimeDelta> {
    life.definition.expire_in.and_then(|span| TimeDelta::from_std(span).ok())
}

/// When the actor that writes at a moment looked at the pipeline last; its write may come long after that.
fn last_look(story: &Story<'_>, life: &Life<'_>, at: usize) -> usize {
    let events = &story.ended.history.events;
    let is_look = |event: &Event| {
        event.actor == events[at].actor && matches!(&event.what, What::Looks { id } if id.as_str() == life.id)
    };
    events[..at].iter().rposition(is_look).unwrap_or(at)
}

/// Whether a step was over its time as it stood at a look, or at a moment between that and the write that follows.
fn is_step_over(life: &Life<'_>, step: &StepDefinition, since_look: Range<usize>, now: DateTime<Utc>) -> bool {
    let Some(span) = step.expire_in else { return false };
    let name = step.name.as_str();
    let states = life.steps.get(name).into_iter().flatten();
    let later = states.filter(|(written, _)| since_look.contains(written)).map(|(_, state)| *state);
    let seen = later.chain(life.state(name, since_look.start)).filter(|state| state.status.is_active());
    seen.filter_map(|state| state.started_at).any(|started| now > started + span)
}

/// What `clean_up.cancel_after` has been for everybody up to a moment, one after the other; `None` for never.
fn cancel_afters(story: &Story<'_>, at: usize) -> Vec<Option<TimeDelta>> {
    let events = story.ended.history.events[..at].iter();
    let values = events.filter_map(|event| match &event.what {
        What::Setting { key, value } if key.starts_with(CANCEL_AFTER) => Some(value),
        _ => None,
    });
    let minutes = |value: &String| value.strip_suffix(" minutes")?.parse().ok().map(TimeDelta::minutes);
    values.map(minutes).collect()
}

/// Who begins when the time of a pipeline is over ends it, and enqueues nothing of it.
pub(super) fn a_pipeline_ends_in_its_time(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for Mark { step, at, .. } in life.new_marks() {
            let Some(state) = life.own_state(at).filter(|state| !state.is_stopped()) else { continue };
            let (began, _) = story.clock(at);
            let limit = expire_in(life).into_iter().chain(lasting_cancel_after(story, at)).min();
            if limit.is_some_and(|limit| counted(state, began) > limit) {
                let (id, time, counted) = (short(life.id), story.time(at), counted(state, began).num_seconds());
                let limit = limit.unwrap_or_default().num_seconds();
                return Err(format!(
                    "{id} step {step} is enqueued at {time}, {counted} s after a spawn that gives it {limit} s"
                ));
            }
        }
    }
    Ok(())
}

/// The time that `clean_up.cancel_after` gives a pipeline, if it has been the same since before who writes at a moment
/// read it.
fn lasting_cancel_after(story: &Story<'_>, at: usize) -> Option<TimeDelta> {
    let begins = story.begins(story.ended.history.events[at].actor)?;
    // Settings are kept for some seconds by the clock of who reads them.
    let is_known = story.ended.scenario.skew == 0
        && cancel_afters(story, at).len() == cancel_afters(story, story.earlier(begins, 6_000)).len();
    let own = |at: usize| cancel_afters(story, at).last().copied().flatten();
    is_known.then(|| own(begins)).flatten()
}

/// Whoever writes a moment of a step writes one of his own clock.
pub(super) fn times_are_those_of_who_writes(story: &Story<'_>) -> Result<(), String> {
    for life in story.lives.values() {
        for (step, states) in &life.steps {
            let mut before: Option<&StepState> = None;
            for (at, state) in states {
                let (low, high) = story.clock(*at);
                let told = [
                    ("enqueued", state.enqueued_at, before.and_then(|before| before.enqueued_at)),
                    ("started", state.started_at, before.and_then(|before| before.started_at)),
                    ("finished", state.finished_at, before.and_then(|before| before.finished_at)),
                ];
                for (word, new, old) in told {
                    let is_true = |new: DateTime<Utc>| low - TimeDelta::milliseconds(1) <= new && new <= high;
                    if let Some(new) = new.filter(|new| Some(*new) != old && !is_true(*new)) {
                        let (id, time) = (short(life.id), story.time(*at));
                        return Err(format!("{id} step {step}: a write at {time} says it was {word} at {new}"));
                    }
                }
                before = Some(state);
            }
        }
    }
    Ok(())
}
