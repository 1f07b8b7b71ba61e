//! Tells people what happens to pipelines: one event per change of a status, and one for what somebody should look at.
//!
//! | event (`detail-type`) | when | counts as the same |
//! |---|---|---|
//! | `Pipeline Status Changed` | a beat settles another status | same pipeline item, same new status |
//! | `Pipeline Expired` | a beat stops a pipeline whose time is over | same pipeline |
//! | `Step Failed` | its pipeline ends, and the step is an error for good | same attempt |
//! | `Step Ghosted` | a running step's lease is over | same attempt |
//! | `Step Waiting` | a step is enqueued for longer than `monitor.waiting_after`: no runner takes it | same enqueue |
//!
//! Events go to the event bus, if there is one, and into the log in any case. On AWS the bus is that of the account, and
//! the `stage` in an event's detail tells the stages apart. An event is sent **before** the
//! write that it tells of, so none gets lost in a crash. It may come twice, and, where another beat was faster, be about a
//! write that was not made; the `id` in its detail follows from what happened, so that a repetition is known by it. What
//! cannot be sent is counted and logged and stops nothing: the first failure of a beat ends its sending.
//!
//! A waiting step is told of by the one beat whose pulse contains the moment at which it had waited long enough. So nothing
//! needs to be remembered; but a beat that has no time for all pipelines passes over such moments of those it leaves. The
//! number of waiting steps in the metrics has no such gap.

pub mod metrics;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use pipeline::pipeline::StopRequest;
use pipeline::settings::{Scope, Settings};
use pipeline::{Pipeline, PipelineStatus, Pulse, Step, StepStatus};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::services::Event;

use crate::context::Context;
use crate::error_chain::chain;

/// Who all events say they are from.
pub const SOURCE: &str = "systole";

/// The monitor of one beat.
#[derive(Debug, Default)]
pub(crate) struct Monitor {
    /// The span that a full beat answers for; a mini beat does not look for waiting steps.
    pub(crate) pulse: Option<Pulse>,
    is_down: AtomicBool,
}

/// What a beat saw of runners and of steps that wait for them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Watched {
    /// Steps that are enqueued for longer than `monitor.waiting_after`.
    pub waiting: usize,
    /// Steps that a runner works on.
    pub working: usize,
    /// When a runner claimed a step last, as far as open pipelines tell.
    pub claimed_at: Option<DateTime<Utc>>,
}

/// How long a beat waits for the event bus.
const SEND_TIME: Duration = Duration::from_secs(3);

impl Monitor {
    /// The monitor of a full beat.
    pub(crate) fn of_beat(pulse: Pulse) -> Self {
        Monitor { pulse: Some(pulse), is_down: AtomicBool::new(false) }
    }

    /// Sends events and logs them; returns how many could not be sent.
    pub(crate) async fn tell(&self, context: &Context, events: Vec<Event>) -> usize {
        for event in &events {
            let (id, pipeline) = (&event.detail["id"], &event.detail["pipeline"]["id"]);
            tracing::info!(
                event.id = id.as_str(),
                event.detail = %event.detail,
                "event `{}` of pipeline {}",
                event.detail_type,
                pipeline.as_str().unwrap_or_default()
            );
        }
        let Some(bus) = &context.services.events else { return 0 };
        let count = events.len();
        if count == 0 || self.is_down.load(Ordering::Relaxed) {
            return count;
        }
        let problem = match tokio::time::timeout(SEND_TIME, bus.put(events)).await {
            Ok(Ok(())) => return 0,
            Ok(Err(error)) => chain(&error),
            Err(_) => format!("no answer within {} s", SEND_TIME.as_secs()),
        };
        self.is_down.store(true, Ordering::Relaxed);
        tracing::error!("{count} events not sent, nor those of the rest of this beat: {problem}");
        count
    }

    /// What a full beat sees of a pipeline's steps, and an event for each that has begun to wait for too long.
    pub(crate) fn watch(&self, pipeline: &Pipeline, settings: &Settings, now: DateTime<Utc>) -> (Watched, Vec<Event>) {
        let (mut watched, mut events) = (Watched::default(), Vec::new());
        let Some(pulse) = self.pulse else { return (watched, events) };
        let limit = settings.duration("monitor.waiting_after", &Scope::Pipeline(pipeline.name().clone()));
        for step in &pipeline.steps {
            let record = &step.record;
            watched.claimed_at = watched.claimed_at.max(record.started_at);
            let is_leased = record.lease_until.is_some_and(|until| until >= now);
            watched.working += usize::from(record.status == StepStatus::Running && is_leased);
            let Some(too_long) = limit.and_then(|limit| waits_since(step).map(|since| since + limit)) else { continue };
            if too_long <= pulse.until {
                watched.waiting += 1;
                if too_long > pulse.since {
                    events.push(waiting(pipeline, step, too_long));
                }
            }
        }
        (watched, events)
    }
}

impl Watched {
    /// Adds what was seen of another pipeline.
    pub fn add(&mut self, other: Watched) {
        self.waiting += other.waiting;
        self.working += other.working;
        self.claimed_at = self.claimed_at.max(other.claimed_at);
    }

    /// Whether steps wait although no runner is busy, and none has claimed a step for as long as steps may wait.
    #[must_use]
    pub fn is_idle_though_work_is_due(&self, settings: &Settings, now: DateTime<Utc>) -> bool {
        // During maintenance runners may be down with good reason.
        if self.waiting == 0 || self.working > 0 || settings.flag("maintenance", &Scope::Default) {
            return false;
        }
        let limit = settings.duration("monitor.waiting_after", &Scope::Default).unwrap_or_default();
        self.claimed_at.is_none_or(|at| at + limit < now)
    }
}

/// Since when a step waits for a runner. One that asked for a delay waits from the end of that on.
fn waits_since(step: &Step) -> Option<DateTime<Utc>> {
    let record = &step.record;
    let enqueued = record.enqueued_at.filter(|_| record.status == StepStatus::Enqueued)?;
    let due = record.sent_at.filter(|_| record.resends == 0);
    Some(due.map_or(enqueued, |due| due.max(enqueued)))
}

/// The status of a pipeline is about to change. Of one that ends, its failed steps are told, too.
pub(crate) fn changed(pipeline: &Pipeline, to: PipelineStatus, now: DateTime<Utc>) -> Vec<Event> {
    let failed: Vec<&Step> = match to.is_open() {
        true => Vec::new(),
        false => pipeline.steps.iter().filter(|step| step.record.status == StepStatus::Error).collect(),
    };
    let failure = failed.iter().find(|step| !step.definition.allow_failure).map(|step| {
        format!("step `{}`: {}", step.definition.name, step.record.message.as_deref().unwrap_or("no message"))
    });
    let reason = match to {
        PipelineStatus::Cancelled => pipeline.stop.as_ref().map(|stop| stop.reason.clone()),
        PipelineStatus::Error => failure,
        PipelineStatus::Pending | PipelineStatus::Running | PipelineStatus::Paused | PipelineStatus::Success => None,
    };
    let mut events: Vec<Event> = failed.into_iter().map(|step| of_step(pipeline, step, "Step Failed", now)).collect();
    let mut detail = detail(pipeline, reason.as_deref(), now);
    detail["from"] = json!(pipeline.status);
    detail["to"] = json!(to);
    let occurrence = format!("{} {to}", pipeline.version);
    let occurrence = Occurrence { detail_type: "Pipeline Status Changed", distinction: &occurrence, at: now };
    events.push(event(pipeline, occurrence, detail));
    events
}

/// A pipeline is about to be stopped because its time is over.
pub(crate) fn expired(pipeline: &Pipeline, stop: &StopRequest) -> Event {
    let occurrence = Occurrence { detail_type: "Pipeline Expired", distinction: "", at: stop.at };
    event(pipeline, occurrence, detail(pipeline, Some(&stop.reason), stop.at))
}

/// A running step is about to become an error of its attempt, because its lease is over.
pub(crate) fn ghosted(pipeline: &Pipeline, step: &Step, now: DateTime<Utc>) -> Event {
    of_step(pipeline, step, "Step Ghosted", now)
}

fn waiting(pipeline: &Pipeline, step: &Step, at: DateTime<Utc>) -> Event {
    of_step(pipeline, step, "Step Waiting", at)
}

fn of_step(pipeline: &Pipeline, step: &Step, detail_type: &'static str, at: DateTime<Utc>) -> Event {
    let record = &step.record;
    let reason = match detail_type {
        "Step Failed" => record.message.clone(),
        "Step Ghosted" => Some("its runner gave no sign of life until its lease ended".to_owned()),
        _ => Some("no runner takes it".to_owned()),
    };
    let mut detail = detail(pipeline, reason.as_deref(), at);
    let (name, attempt) = (&step.definition.name, record.attempt);
    detail["step"] = json!({ "name": name, "attempt": attempt });
    let occurrence = format!("{name} {attempt} {}", record.continuations);
    event(pipeline, Occurrence { detail_type, distinction: &occurrence, at }, detail)
}

fn detail(pipeline: &Pipeline, reason: Option<&str>, at: DateTime<Utc>) -> Value {
    json!({
        "schema": 1,
        "pipeline": { "id": pipeline.id, "name": pipeline.name() },
        "reason": reason,
        "at": at.to_rfc3339_opts(SecondsFormat::Millis, true),
    })
}

/// Something that happens to a pipeline.
#[derive(Clone, Copy)]
struct Occurrence<'a> {
    detail_type: &'static str,
    /// Tells it from others of its type and pipeline, and is the same if it is told of again.
    distinction: &'a str,
    at: DateTime<Utc>,
}

/// An event whose id follows from what happened.
fn event(pipeline: &Pipeline, occurrence: Occurrence<'_>, mut detail: Value) -> Event {
    let Occurrence { detail_type, distinction, at } = occurrence;
    let digest = Sha256::digest(format!("{detail_type}\n{}\n{distinction}", pipeline.id));
    let id: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    detail["id"] = json!(id);
    Event { source: SOURCE, detail_type, detail, at }
}
