//! Who acts in a run: heartbeats, runners, people. Each is a future that one thread polls.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use engine::runner::resident::{ResidentRunner, Turn};
use engine::{Context, Invocation, heartbeat, runner};
use operate::settings::Switch;
use pipeline::Arguments;
use pipeline::pipeline::{StopRequest, StoppedBy};
use pipeline::settings::Scope;
use pipeline::{Name, PipelineId};

use crate::chance::Chance;
use crate::history::What;
use crate::scenario::{CANCEL_AFTER, Deed};
use crate::stage::Stage;

/// Who does what people do.
const PERSON: &str = "a person";

/// Beats once.
pub(crate) async fn beat(context: Context, invocation: Invocation) -> String {
    match heartbeat::beat(&context, &invocation).await {
        Ok(report) => match report.lease_taken_by {
            Some(by) => format!("{by} beats"),
            None => format!(
                "{} spawned, {} enqueued, {} sent again, {} ghosted, {} ended, {} left; problems: {:?}",
                report.spawned.len(),
                report.applied.enqueued,
                report.applied.resent,
                report.applied.ghosted,
                report.applied.ended,
                report.left,
                report.problems
            ),
        },
        Err(error) => format!("failed: {}", chain(&error)),
    }
}

/// Deals with message after message, as a machine does, until there is none or a while is over.
pub(crate) async fn run_on(context: Context, invocation: Invocation) -> String {
    let begun = AtomicU32::new(0);
    let begin = || {
        let number = begun.fetch_add(1, Ordering::Relaxed);
        Invocation::begin(format!("{}.{number}", invocation.id), invocation.now(), invocation.left())
    };
    let turns = AtomicU32::new(0);
    let mut runner =
        ResidentRunner::new(&context, begin).taking_ahead_while(|| turns.load(Ordering::Relaxed) + 1 < TURNS);
    let mut words = Vec::new();
    while turns.fetch_add(1, Ordering::Relaxed) < TURNS || runner.is_ahead() {
        match runner.turn(Duration::ZERO).await {
            Ok(Turn::Nothing) => {
                words.push("there was no message".to_owned());
                break;
            }
            Ok(Turn::Done(report)) => words.push(format!("{report:?}")),
            Ok(Turn::Failed { error, .. }) => words.push(format!("failed: {}", chain(&error))),
            Err(error) => words.push(format!("received nothing: {}", chain(&error))),
        }
    }
    if runner.end().await.is_err() {
        words.push("message not deleted".to_owned());
    }
    words.join(", then ")
}

/// How many messages a machine deals with before it begins anew.
const TURNS: u32 = 6;

/// Takes one message and does what a runner function does with it.
pub(crate) async fn run(context: Context, invocation: Invocation) -> String {
    let message = match context.store.queue.receive(1, Duration::ZERO).await {
        Ok(mut received) => received.pop(),
        Err(error) => return format!("received nothing: {}", chain(&error)),
    };
    let Some(message) = message else { return "there was no message".to_owned() };
    match runner::run(&context, &message.body, &invocation).await {
        Ok(report) => {
            let deleted = context.store.queue.delete(&message.receipt).await;
            let kept = if deleted.is_err() { ", message not deleted" } else { "" };
            format!("{report:?}{kept}")
        }
        Err(error) => format!("failed: {}", chain(&error)),
    }
}

/// Does what a person does; in words what came of it.
pub(crate) async fn act(
    stage: Arc<Stage>,
    context: Context,
    deed: Deed,
    mut chance: Chance,
    invocation: Invocation,
) -> String {
    match deed {
        Deed::Spawn(name) => {
            let cause = format!("request {}", invocation.id);
            let once = operate::init_once(
                &context,
                &operate::InitRequest { name: &name, arguments: Arguments::new(), key: &cause },
                operate::Operator { name: PERSON, invocation: &invocation },
            )
            .await;
            told(once.map(|spawned| spawned.id.to_string()))
        }
        Deed::Put { key, text } => {
            let put = context.store.files.put(&key, Bytes::from(text)).await;
            put.map_or_else(|error| chain(&error), |()| format!("put {key}"))
        }
        Deed::Maintenance(is_on) => {
            let switch = if is_on { Switch::On } else { Switch::Off };
            let set = operate::settings::set_maintenance(&context, switch, PERSON, invocation.now()).await;
            told(set.map(|_| format!("maintenance {is_on}")))
        }
        Deed::MiniHeartbeat(is_on) => {
            let (value, now) = (is_on.to_string(), invocation.now());
            let set = operate::settings::set(
                &context,
                store::settings::NewSetting { name: "mini_heartbeat", scope: &Scope::Default, value: &value },
                operate::AuditStamp { by: PERSON, at: now },
            )
            .await;
            told(set.map(|_| format!("mini heartbeats {is_on}")))
        }
        Deed::CancelAfter { minutes } => {
            let (value, now) = (format!("{minutes} minutes"), invocation.now());
            let set = operate::settings::set(
                &context,
                store::settings::NewSetting { name: CANCEL_AFTER, scope: &Scope::Default, value: &value },
                operate::AuditStamp { by: PERSON, at: now },
            )
            .await;
            told(set.map(|_| format!("cancel after {value}")))
        }
        Deed::Cancel | Deed::CancelAndGo | Deed::Pause | Deed::Resume | Deed::RunStep => {
            let ids = fitting(&stage, &deed);
            if ids.is_empty() {
                return "there is no pipeline".to_owned();
            }
            let id = chance.pick(&ids).clone();
            to_pipeline(&context, &id, &deed, &mut chance, &invocation).await
        }
        Deed::Tick | Deed::SetClock { .. } => "nothing".to_owned(),
    }
}

async fn to_pipeline(
    context: &Context,
    id: &PipelineId,
    deed: &Deed,
    chance: &mut Chance,
    invocation: &Invocation,
) -> String {
    let done = match deed {
        Deed::Cancel => {
            operate::cancel(context, id, "not wanted any more", operate::Operator { name: PERSON, invocation }).await
        }
        Deed::CancelAndGo => return stop_and_go(context, id, invocation).await,
        Deed::Pause => operate::pause(context, id, operate::Operator { name: PERSON, invocation }).await,
        Deed::Resume => operate::resume(context, id, operate::Operator { name: PERSON, invocation }).await,
        _ => {
            let Ok(Some(pipeline)) = context.store.pipeline_with_steps(id).await else { return "unknown".to_owned() };
            let steps: Vec<&Name> = pipeline.steps.iter().map(|step| &step.definition.name).collect();
            let step = chance.place(steps.len());
            operate::rerun_step(context, id, steps[step], operate::Operator { name: PERSON, invocation }).await
        }
    };
    told(done.map(|()| format!("{deed:?} {id}")))
}

/// Does of a cancel what can be seen of it when its process ends after the stop.
async fn stop_and_go(context: &Context, id: &PipelineId, invocation: &Invocation) -> String {
    let Ok(Some(pipeline)) = context.store.pipeline_without_steps(id).await else { return "unknown".to_owned() };
    if !pipeline.status.is_open() || pipeline.stop.is_some() {
        return "there is nothing to stop".to_owned();
    }
    let stop = StopRequest { by: StoppedBy::Cancel, reason: "not wanted any more".to_owned(), at: invocation.now() };
    match context.store.stop_pipeline(&pipeline, &stop).await {
        Ok(written) => format!("stops {id}: {written:?}, and is gone"),
        Err(error) => chain(&error),
    }
}

/// Takes over what the dead of a machine held.
pub(crate) async fn take_over(context: Context, dead: BTreeSet<String>, invocation: Invocation) -> String {
    let sent = engine::take_over::take_over(&context, |owner| dead.contains(process(owner)), &invocation).await;
    sent.map_or_else(|error| format!("failed: {}", chain(&error)), |sent| format!("took over, {sent} messages sent"))
}

/// Who a claim is of; a machine that deals with one message after the other counts them.
fn process(owner: &str) -> &str {
    owner.split('.').next().unwrap_or(owner)
}

/// What people do when nothing goes wrong any more, so that nothing waits for them.
pub(crate) async fn tidy_up(stage: Arc<Stage>, context: Context, invocation: Invocation) -> String {
    let now = invocation.now();
    let off = operate::settings::set_maintenance(&context, Switch::Off, PERSON, now).await;
    let on = operate::settings::set(
        &context,
        store::settings::NewSetting { name: "mini_heartbeat", scope: &Scope::Default, value: "true" },
        operate::AuditStamp { by: PERSON, at: now },
    )
    .await;
    let mut resumed = 0;
    for id in spawned(&stage) {
        // Of most pipelines it says that they are not on hold.
        resumed += usize::from(
            operate::resume(&context, &id, operate::Operator { name: PERSON, invocation: &invocation }).await.is_ok(),
        );
    }
    format!("{}, {}, {resumed} resumed", told(off.map(|_| "no maintenance")), told(on.map(|_| "mini heartbeats")))
}

/// The pipelines that a deed is meant for, or all if there are none of that kind: people try what cannot be, too.
fn fitting(stage: &Stage, deed: &Deed) -> Vec<PipelineId> {
    let all = spawned(stage);
    let state = stage.lock();
    let fits = |id: &&PipelineId| {
        let last = state.history.events.iter().rev().find_map(|event| match &event.what {
            What::Pipeline { id: own, state } if *own == id.as_str() => Some(state),
            _ => None,
        });
        match deed {
            Deed::Cancel | Deed::CancelAndGo | Deed::Pause => last.is_some_and(|last| last.status.is_open()),
            Deed::Resume => last.is_some_and(|last| last.paused_at.is_some()),
            _ => true,
        }
    };
    let fitting: Vec<PipelineId> = all.iter().filter(fits).cloned().collect();
    if fitting.is_empty() { all } else { fitting }
}

/// The pipelines that were spawned so far.
fn spawned(stage: &Stage) -> Vec<PipelineId> {
    let mut ids: Vec<PipelineId> = Vec::new();
    for event in &stage.lock().history.events {
        if let What::Pipeline { id, .. } = &event.what
            && let Ok(id) = id.parse()
            && !ids.contains(&id)
        {
            ids.push(id);
        }
    }
    ids
}

fn told<T: Into<String>>(outcome: Result<T, impl std::error::Error>) -> String {
    outcome.map_or_else(|error| format!("refused: {}", chain(&error)), Into::into)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}
