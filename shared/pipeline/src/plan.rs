//! What a beat will do: decided here, from facts, without doing any of it.
//!
//! [`spawn()`] decides for one definition, [`plan`] for one open pipeline. The full heartbeat asks both for everything, the
//! mini heartbeat asks [`plan`] for one pipeline; a mini beat can do nothing that a full beat would not.
//!
//! Planning is monotone: between two looks at one pipeline steps only move on, so a plan made from old facts loses its
//! conditional writes or does what the next beat would have done. The exception is [`StopRequest`], which therefore is written
//! before anything that follows from it (see `apply` in the engine).
//!
//! **Holds.** While its pipeline is paused or maintenance mode is on, nothing is enqueued: no step, no retry, no next run,
//! no run-always step. What is enqueued or running goes on, ghosts and ends, and what has ended is settled. During a pause
//! nothing expires. During maintenance things expire, and no message is sent again, because runners may be down with good
//! reason. A stop ends a pause, but not maintenance. What a person asks for (`StepRecord::is_rerun`) is enqueued past this
//! plan, through every hold and stop. A hold that comes between a look and its writes lets through what
//! that look planned, as if it had come a moment later.

mod check;
mod gate;
mod outlook;
mod spawn;

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::facts::Facts;
use crate::id::Name;
use crate::pipeline::{Pipeline, StopRequest, StoppedBy};
use crate::settings::{Scope, Settings};
use crate::status::PipelineStatus;
use crate::status::StepStatus;
use crate::step::{Step, StepRecord};

pub use outlook::{Ending, Outlook, answers, begins_run, outlooks};
pub use spawn::{Spawn, SpawnFacts, spawn, spawn_answers, spawn_hold};

/// The times that repair works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace {
    /// How long an enqueued step may wait for its runner before its message counts as lost.
    ///
    /// Longer than messages usually wait, or a backlog doubles itself; five minutes as in DESIGN's sweeper.
    pub resend_after: Duration,
}

/// What a beat will do for one pipeline.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// Stop it, because it or one of its steps expired.
    pub stop: Option<StopRequest>,
    /// Running steps whose lease ran out: error of that attempt.
    pub ghosted: Vec<Name>,
    /// Enqueued steps of a stopped pipeline: never to be run.
    pub cancel: Vec<Name>,
    /// Steps to enqueue, with a new attempt each.
    pub enqueue: Vec<Name>,
    /// The stage, if it is a wide one, behind which everything waits for the whole of it: while one of its steps is busy,
    /// the end of another one can make nothing ready. So not each of them has to look at all of them when it ends.
    pub gated: Option<i32>,
    /// Enqueued steps whose message got lost: send again.
    pub resend: Vec<Name>,
    /// The status that follows from the steps, if it differs from the stored one.
    pub settle: Option<PipelineStatus>,
    /// Why the other steps wait, for people.
    pub waiting: Vec<WaitingStep>,
}

/// A step that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingStep {
    /// Which.
    pub step: Name,
    /// What it waits for; one sentence per unmet condition.
    pub reasons: Vec<String>,
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.stop.is_none()
            && self.settle.is_none()
            && [&self.ghosted, &self.cancel, &self.enqueue, &self.resend].iter().all(|steps| steps.is_empty())
    }
}

/// Decides what a beat does for one open pipeline.
#[must_use]
pub fn plan(pipeline: &Pipeline, around: &Facts, grace: Grace, now: DateTime<Utc>) -> Plan {
    let outlooks = outlooks(pipeline, around, now);
    // A pipeline whose steps have all ended in time is settled, however late the beat comes that does it.
    let can_expire = pipeline.stop.is_none() && outlooks.iter().any(Outlook::is_unfinished);
    if can_expire && let Some(stop) = expiry(pipeline, &around.settings, now) {
        // Nothing else in this beat: what follows from the stop is planned from facts that were read after it.
        return Plan { stop: Some(stop), ..Plan::default() };
    }
    let mut plan = Plan::default();
    for (step, outlook) in pipeline.steps.iter().zip(&outlooks) {
        let Step { definition, record } = step;
        let steps = match outlook {
            Outlook::Ready => &mut plan.enqueue,
            Outlook::Waiting(reasons) => {
                plan.waiting.push(WaitingStep { step: definition.name.clone(), reasons: reasons.clone() });
                continue;
            }
            Outlook::Ended(_) | Outlook::Unreachable(_) => continue,
            Outlook::Active if record.status == StepStatus::Running && is_ghost(record, now) => &mut plan.ghosted,
            Outlook::Active if record.status == StepStatus::Running => continue,
            // Its runner would find the stop and give it back. What a person runs again passes the stop.
            Outlook::Active if pipeline.stop.is_some() && !definition.run_always && !record.is_rerun => {
                &mut plan.cancel
            }
            // During maintenance runners may be down with good reason, and no message is lost.
            Outlook::Active if around.is_in_maintenance() => continue,
            Outlook::Active if is_message_lost(record, grace, now) => &mut plan.resend,
            Outlook::Active => continue,
        };
        steps.push(definition.name.clone());
    }
    plan.gated = gate::gated(pipeline, &outlooks);
    let status = settled(pipeline, &outlooks);
    plan.settle = (status != pipeline.status).then_some(status);
    plan
}

/// The status that follows from a pipeline's steps; the only place where it is decided.
#[must_use]
pub fn settled(pipeline: &Pipeline, outlooks: &[Outlook]) -> PipelineStatus {
    let (mut is_starting, mut is_failed) = (false, false);
    for outlook in outlooks {
        match outlook {
            Outlook::Ready => is_starting = true,
            Outlook::Unreachable(_) | Outlook::Ended(Ending::Failed | Ending::Cancelled) => is_failed = true,
            Outlook::Active | Outlook::Waiting(_) | Outlook::Ended(Ending::Completed) => {}
        }
    }
    if outlooks.iter().any(Outlook::is_unfinished) {
        if pipeline.paused_at.is_some() && pipeline.stop.is_none() {
            return PipelineStatus::Paused;
        }
        let has_started = pipeline.steps.iter().any(|step| step.record.attempt > 0);
        return if has_started || is_starting { PipelineStatus::Running } else { PipelineStatus::Pending };
    }
    // A pipeline that was stopped is cancelled, whatever has failed in it.
    if pipeline.stop.is_some() {
        return PipelineStatus::Cancelled;
    }
    if is_failed { PipelineStatus::Error } else { PipelineStatus::Success }
}

/// Whether the lease of a running step has run out.
fn is_ghost(record: &StepRecord, now: DateTime<Utc>) -> bool {
    record.lease_until.is_some_and(|until| until < now)
}

/// Whether the message of an enqueued step counts as lost. If it was none, a second one does no harm.
fn is_message_lost(record: &StepRecord, grace: Grace, now: DateTime<Utc>) -> bool {
    record.sent_at.is_none_or(|sent| sent + grace.resend_after < now)
}

/// Whether the time of the pipeline or of one of its steps is over.
///
/// Nothing expires during a pause, and the time of a pause does not count for the pipeline. For a step it does, because
/// the work of a step that has begun goes on.
fn expiry(pipeline: &Pipeline, settings: &Settings, now: DateTime<Utc>) -> Option<StopRequest> {
    if pipeline.paused_at.is_some() {
        return None;
    }
    let stop = |reason: String| Some(StopRequest { by: StoppedBy::Expiry, reason, at: now });
    if let Some(expire_in) = pipeline.definition.expire_in
        && has_passed(expire_in.saturating_add(pipeline.paused_for), pipeline.spawned_at, now)
    {
        let words = crate::duration::in_words(expire_in);
        let pauses = if pipeline.paused_for.is_zero() { "" } else { ", pauses not counted" };
        return stop(format!("the pipeline did not end within {words} after its spawn{pauses}"));
    }
    let cancel_after = settings.duration("clean_up.cancel_after", &Scope::Pipeline(pipeline.name().clone()));
    if let Some(cancel_after) = cancel_after
        && has_passed(cancel_after.saturating_add(pipeline.paused_for), pipeline.spawned_at, now)
    {
        let words = crate::duration::in_words(cancel_after);
        return stop(format!("the pipeline is open for longer than {words}, the setting `clean_up.cancel_after`"));
    }
    for step in &pipeline.steps {
        if let (true, Some(started), Some(expire_in)) =
            (step.record.status.is_active(), step.record.started_at, step.definition.expire_in)
            && has_passed(expire_in, started, now)
        {
            let words = crate::duration::in_words(expire_in);
            return stop(format!("step `{}` did not end within {words} after its start", step.definition.name));
        }
    }
    None
}

/// Whether a span is over. Nothing is while the clock stands before its beginning.
fn has_passed(span: Duration, since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (now - since).to_std().is_ok_and(|elapsed| elapsed > span)
}

#[cfg(test)]
mod tests;
