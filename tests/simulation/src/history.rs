//! What happened in one run, in the order in which it happened: what the checker goes by and people read.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use pipeline::pipeline::StopRequest;
use pipeline::{PipelineStatus, Priority, StepStatus};
use serde_json::Value;
use store::message::StepMessage;
use store::table::{Attributes, Item};

/// Who did something: a number in the list of actors.
pub(crate) type ActorId = usize;

/// What stands for the world itself: the schedule, the network, the clock.
pub(crate) const NOBODY: ActorId = 0;

/// Everything that happened.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) events: Vec<Event>,
    /// The names of the actors.
    pub(crate) actors: Vec<String>,
}

/// One thing that happened.
#[derive(Debug)]
pub(crate) struct Event {
    /// Milliseconds since the beginning of the run, by no actor's clock.
    pub(crate) at: i64,
    pub(crate) actor: ActorId,
    pub(crate) what: What,
}

/// The kinds of things that happen.
#[derive(Debug)]
pub(crate) enum What {
    /// An actor begins, with its clock ahead by so many milliseconds.
    Begins { skew: i64 },
    /// An actor has come to its end, in its own words.
    Ends(String),
    /// An actor is gone without a word.
    Dies(&'static str),
    /// An actor stands still until a moment.
    Freezes { until: i64 },
    /// A definition was stored under its hash.
    Definition { hash: String, definition: Value },
    /// The item of a pipeline was written.
    Pipeline { id: String, state: PipelineState },
    /// The item of a step was written.
    Step { id: String, step: String, state: StepState },
    /// Steps were stored that count once their adder has named them.
    Added { id: String, place: String, steps: Vec<Value> },
    /// A message was accepted by the queue of a priority, and what became of it on its way.
    Sent { message: Box<StepMessage>, priority: Priority, fate: String },
    /// A message reached a runner.
    Delivered { message: Box<StepMessage> },
    /// An executor begins its work.
    WorkBegins(Body),
    /// An executor has ended, with what it leaves if it is committed.
    WorkEnds { body: Body, outcome: String, output: Option<Value> },
    /// An executor read what an earlier step left.
    Reads { body: Body, of: String, output: Value },
    /// A pipeline was read with all its steps.
    Looks { id: String },
    /// Maintenance mode was switched.
    Maintenance { is_on: bool },
    /// Another setting was set, under its name and scope.
    Setting { key: String, value: String },
    /// A file appeared in the bucket, was moved or deleted.
    File { key: String, change: &'static str },
    /// Something went wrong on purpose.
    Fault { number: u64, fault: String },
    /// Somebody outside did something.
    Outside(String),
}

/// One execution of a step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Body {
    pub(crate) id: String,
    pub(crate) step: String,
    pub(crate) attempt: u32,
    pub(crate) token: String,
}

/// The item of a pipeline, as far as promises are about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PipelineState {
    pub(crate) name: String,
    pub(crate) definition: String,
    pub(crate) status: PipelineStatus,
    pub(crate) stop: Option<StopRequest>,
    pub(crate) paused_at: Option<DateTime<Utc>>,
    pub(crate) paused_for_ms: i64,
    pub(crate) spawned_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) spawned_by: String,
    /// The list that shows it, if one does.
    pub(crate) listed: Option<String>,
    pub(crate) arguments: Value,
    pub(crate) reruns: u64,
}

/// The item of a step, as far as promises are about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StepState {
    pub(crate) status: StepStatus,
    pub(crate) attempt: u64,
    /// The number of its run, and how many attempts came before it.
    pub(crate) run: u64,
    pub(crate) attempts_before: u64,
    pub(crate) continuations: u64,
    pub(crate) token: String,
    pub(crate) owner: String,
    pub(crate) is_permanent: bool,
    pub(crate) is_rerun: bool,
    /// How many reruns of other steps it could tell of when it was enqueued.
    pub(crate) reruns_seen: u64,
    pub(crate) output: Option<Value>,
    /// The batches of steps that it has added and committed.
    pub(crate) added: Vec<String>,
    pub(crate) enqueued_at: Option<DateTime<Utc>>,
    /// When its message was sent last, or falls due if that is later.
    pub(crate) sent_at: Option<DateTime<Utc>>,
    pub(crate) resends: u64,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) lease_until: Option<DateTime<Utc>>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
    pub(crate) message: String,
    pub(crate) version: u64,
}

impl History {
    /// Notes an actor.
    pub(crate) fn name(&mut self, name: String) -> ActorId {
        self.actors.push(name);
        self.actors.len() - 1
    }

    /// How many beats began while another was at work; those that find its lease leave everything to it and do not count.
    pub(crate) fn overlapping_beats(&self) -> u64 {
        let beats = || self.events.iter().filter(|event| self.actors[event.actor].starts_with("beat-"));
        let is_refused = |event: &&Event| matches!(&event.what, What::Ends(words) if words.ends_with(" beats"));
        let refused: BTreeSet<ActorId> = beats().filter(is_refused).map(|event| event.actor).collect();
        let (mut at_work, mut overlapping) = (0, 0);
        for event in beats().filter(|event| !refused.contains(&event.actor)) {
            match &event.what {
                What::Begins { .. } => {
                    overlapping += u64::from(at_work > 0);
                    at_work += 1;
                }
                What::Ends(_) | What::Dies(_) => at_work -= 1,
                _ => {}
            }
        }
        overlapping
    }

    /// Everything as text, a line each.
    pub(crate) fn text(&self) -> String {
        self.events.iter().map(|event| format!("{}\n", self.line(event))).collect()
    }

    fn line(&self, event: &Event) -> String {
        let (seconds, millis) = (event.at / 1_000, event.at % 1_000);
        format!("{:4}:{:02}.{millis:03} {:12} {}", seconds / 60, seconds % 60, self.actors[event.actor], event.what)
    }
}

impl PipelineState {
    pub(crate) fn of(item: &Item) -> Option<Self> {
        let fields = &item.attributes;
        Some(PipelineState {
            name: text(fields, "name"),
            definition: text(fields, "definition"),
            status: text(fields, "status").parse().ok()?,
            stop: fields.get("stop").and_then(|stop| serde_json::from_value(stop.clone()).ok()),
            paused_at: time(fields, "paused_at"),
            paused_for_ms: fields.get("paused_for_ms").and_then(Value::as_i64).unwrap_or(0),
            spawned_at: time(fields, "spawned_at"),
            ended_at: time(fields, "ended_at"),
            spawned_by: text(fields, "spawned_by"),
            listed: item.listing.as_ref().map(|listing| listing.shard.clone()),
            arguments: fields.get("arguments").cloned().unwrap_or_default(),
            reruns: fields.get("reruns").and_then(Value::as_u64).unwrap_or(0),
        })
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.is_some()
    }

    /// Whether a person holds it; a stop ends that.
    pub(crate) fn is_held(&self) -> bool {
        self.paused_at.is_some() && self.stop.is_none()
    }
}

impl StepState {
    pub(crate) fn of(item: &Item) -> Option<Self> {
        let fields = &item.attributes;
        let number = |field: &str| fields.get(field).and_then(Value::as_u64).unwrap_or(0);
        let flag = |field: &str| fields.get(field).and_then(Value::as_bool).unwrap_or(false);
        let added = fields.get("added").and_then(Value::as_array).into_iter().flatten();
        Some(StepState {
            status: text(fields, "status").parse().ok()?,
            attempt: number("attempt"),
            run: number("run").max(1),
            attempts_before: number("attempts_before"),
            continuations: number("continuations"),
            token: text(fields, "token"),
            owner: text(fields, "owner"),
            is_permanent: flag("is_permanent"),
            is_rerun: flag("is_forced"),
            reruns_seen: number("reruns_seen"),
            output: fields.get("output").cloned(),
            added: added.filter_map(|batch| Some(batch.get("batch")?.as_str()?.to_owned())).collect(),
            enqueued_at: time(fields, "enqueued_at"),
            sent_at: time(fields, "sent_at"),
            resends: number("resends"),
            started_at: time(fields, "started_at"),
            lease_until: time(fields, "lease_until"),
            finished_at: time(fields, "finished_at"),
            message: text(fields, "message"),
            version: item.version,
        })
    }
}

fn text(fields: &Attributes, field: &str) -> String {
    fields.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn time(fields: &Attributes, field: &str) -> Option<DateTime<Utc>> {
    fields.get(field)?.as_str()?.parse().ok()
}

/// The last characters of an id, which tell it from the others of a run.
pub(crate) fn short(id: &str) -> &str {
    id.get(id.len().saturating_sub(5)..).unwrap_or(id)
}

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} attempt {} token {}", short(&self.id), self.step, self.attempt, short(&self.token))
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Begins { skew: 0 } => write!(f, "begins"),
            What::Begins { skew } => write!(f, "begins, its clock {skew} ms ahead"),
            What::Ends(words) => write!(f, "ends: {words}"),
            What::Dies(why) => write!(f, "DIES: {why}"),
            What::Freezes { until } => write!(f, "FREEZES until {} s", until / 1_000),
            What::Definition { hash, .. } => write!(f, "stores definition {}", short(hash)),
            What::Pipeline { id, state } => {
                let stopped = if state.is_stopped() { ", stopped" } else { "" };
                let paused = if state.paused_at.is_some() { ", on hold" } else { "" };
                write!(f, "writes pipeline {} {}: {}{stopped}{paused}", short(id), state.name, state.status)?;
                if state.paused_for_ms == 0 { Ok(()) } else { write!(f, ", {} ms not counted", state.paused_for_ms) }
            }
            What::Step { id, step, state } => {
                let StepState { status, attempt, continuations, token, version, .. } = state;
                let rerun = if state.is_rerun { ", rerun" } else { "" };
                let on = if *continuations > 0 { format!(", part {continuations}") } else { String::new() };
                let (id, token) = (short(id), short(token));
                write!(
                    f,
                    "writes step {id}/{step}: {status}, attempt {attempt}{on}{rerun}, token {token}, v{version}"
                )?;
                if state.message.is_empty() { Ok(()) } else { write!(f, " ({})", state.message) }
            }
            What::Added { id, place, steps } => write!(f, "stores {} steps for {}: {place}", steps.len(), short(id)),
            What::Sent { message, fate, .. } => write!(f, "sends {}: {fate}", Named(message)),
            What::Delivered { message } => write!(f, "receives {}", Named(message)),
            What::WorkBegins(body) => write!(f, "begins the work of {body}"),
            What::WorkEnds { body, outcome, .. } => write!(f, "ends the work of {body}: {outcome}"),
            What::Reads { body, of, output } => write!(f, "reads in {body} the output of {of}: {output}"),
            What::Looks { id } => write!(f, "looks at {}", short(id)),
            What::Setting { key, value } => write!(f, "sets {key} to {value}"),
            What::Maintenance { is_on } => write!(f, "switches maintenance {}", if *is_on { "on" } else { "off" }),
            What::File { key, change } => write!(f, "{change} file {key}"),
            What::Fault { number, fault } => write!(f, "FAULT {number}: {fault}"),
            What::Outside(words) => write!(f, "{words}"),
        }
    }
}

struct Named<'a>(&'a StepMessage);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StepMessage { pipeline, step, attempt, token, version, .. } = self.0;
        let (id, token) = (short(pipeline.as_str()), short(&token.0));
        write!(f, "message {id}/{step} attempt {attempt} token {token} v{version}")
    }
}
