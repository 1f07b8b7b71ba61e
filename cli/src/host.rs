//! The engine's work, done by this process: beats and runners over the embedded store.

use std::time::Duration;

use anyhow::Context as _;
use engine::heartbeat::BeatReport;
use engine::{heartbeat, runner};
use serde_json::json;
use store::queue::{MAX_RECEIVES, Receipt};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::outcome::ExitReason;
use crate::output::{Output, count};
use crate::target::{BEAT_BUDGET, Host, STEP_BUDGET, Target};

/// How long nothing is tried after a failure: what failed may need a moment, and the log need not fill up.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Says to everything that runs that it is time to end.
#[derive(Clone)]
pub(crate) struct Stop {
    receiver: watch::Receiver<bool>,
}

/// Gives the sign to stop.
pub(crate) struct Stopper {
    sender: watch::Sender<bool>,
}

/// A sign to stop and its receiver.
pub(crate) fn stop() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper { sender }, Stop { receiver })
}

impl Stopper {
    pub(crate) fn stop(&self) {
        self.sender.send_replace(true);
    }
}

impl Stop {
    pub(crate) fn is_set(&self) -> bool {
        *self.receiver.borrow()
    }

    /// Waits for the sign.
    pub(crate) async fn wait(&mut self) {
        // An error means that the stopper is gone, which is as good as its sign.
        let _ = self.receiver.wait_for(|stop| *stop).await;
    }

    /// Waits, but no longer than until the sign.
    pub(crate) async fn sleep(&mut self, time: Duration) {
        #[expect(clippy::disallowed_methods, reason = "the local host is the scheduler")]
        let sleep = tokio::time::sleep(time);
        tokio::select! {
            () = self.wait() => {}
            () = sleep => {}
        }
    }
}

/// Ctrl-C and SIGTERM.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// From here on these signals do not end the process by themselves.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt()).context("failed to listen for Ctrl-C")?,
            terminate: signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?,
        })
    }

    /// Waits for one of them.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Waits for the parts of the host to end. A further signal ends the process at once: its lock file stays, so that others
/// see that it is dead and carry on what it held.
pub(crate) async fn join(tasks: Vec<JoinHandle<()>>, signals: &mut Signals) -> anyhow::Result<()> {
    for task in tasks {
        tokio::select! {
            joined = task => joined.context("a part of the host panicked")?,
            () = signals.next() => std::process::exit(KILLED),
        }
    }
    Ok(())
}

/// The exit code of a process that a second Ctrl-C ended.
const KILLED: i32 = 130;

/// Beats every `tick` until the sign to stop. A beat that fails is logged; the next one is the retry.
pub(crate) async fn beat_until(host: Host, tick: Duration, mut stop: Stop) {
    while !stop.is_set() {
        if let Err(error) = beat(&host).await {
            tracing::error!("heartbeat failed: {:#}", anyhow::Error::from(error));
            stop.sleep(AFTER_FAILURE).await;
        }
        stop.sleep(tick).await;
    }
}

/// Runs messages, one after the other, until the sign to stop; a step that has begun is ended first.
/// `wait` is the longest wait for a message.
pub(crate) async fn run_until(host: Host, wait: Duration, mut stop: Stop) {
    let mut done = None;
    while !stop.is_set() {
        if let Err(error) = run_one(&host, &mut done, wait).await {
            tracing::error!("runner failed: {error:#}");
            stop.sleep(AFTER_FAILURE).await;
        }
    }
    if let Err(error) = delete(&host, done).await {
        tracing::warn!("a message was not deleted and comes again: {error:#}");
    }
}

/// Deletes a message that was dealt with.
async fn delete(host: &Host, done: Option<Receipt>) -> store::Result<()> {
    match done {
        Some(receipt) => host.context.store.queue.delete(&receipt).await,
        None => Ok(()),
    }
}

/// What became of a look into the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// There was no message.
    Nothing,
    /// A message was dealt with.
    Done,
    /// A message was not dealt with and will be delivered again.
    Failed,
}

/// Takes one message and deals with it; the one before is deleted at the same time.
async fn run_one(host: &Host, done: &mut Option<Receipt>, wait: Duration) -> anyhow::Result<Taken> {
    let message = host.context.store.queue.next(done.as_ref(), wait).await?;
    *done = None;
    let Some(message) = message else { return Ok(Taken::Nothing) };
    match runner::run(&host.context, &message.body, &host.invocation("runner", STEP_BUDGET)).await {
        Ok(_) => {
            *done = Some(message.receipt);
            Ok(Taken::Done)
        }
        Err(error) => {
            // Not deleted: it comes again.
            let (id, count) = (&message.id, message.receive_count);
            tracing::error!(
                "message {id} was not dealt with, delivery {count} of {MAX_RECEIVES}: {:#}",
                anyhow::Error::from(error)
            );
            Ok(Taken::Failed)
        }
    }
}

/// Beats once, after carrying on what killed processes of this machine held.
async fn beat(host: &Host) -> store::Result<BeatReport> {
    host.take_over().await?;
    heartbeat::beat(&host.context, &host.invocation("beat", BEAT_BUDGET)).await
}

/// `systole heartbeat`.
pub(crate) async fn beat_once(target: &Target, output: &Output) -> anyhow::Result<ExitReason> {
    let report = beat(&target.host()).await?;
    output.show(&report, in_words)?;
    Ok(ExitReason::Ok)
}

/// `systole run`.
pub(crate) async fn run_messages(target: &Target, max: Option<usize>, output: &Output) -> anyhow::Result<ExitReason> {
    let host = target.host();
    let (mut done, mut failed, mut last) = (0, 0, None);
    while max.is_none_or(|max| done + failed < max) {
        match run_one(&host, &mut last, Duration::ZERO).await? {
            Taken::Nothing => break,
            Taken::Done => done += 1,
            Taken::Failed => failed += 1,
        }
    }
    delete(&host, last).await?;
    output.show(&json!({ "messages": done, "failed": failed }), |_| {
        let failed = if failed > 0 { format!(", {failed} not: they come again") } else { String::new() };
        format!("{} dealt with{failed}", count(done, "message"))
    })?;
    Ok(if failed > 0 { ExitReason::Failed } else { ExitReason::Ok })
}

fn in_words(report: &BeatReport) -> String {
    if let Some(by) = &report.lease_taken_by {
        return format!("another heartbeat is at work: {by}");
    }
    let applied = &report.applied;
    let mut words = format!(
        "{} spawned, {} looked at, {} enqueued, {} sent again, {} ghosted, {} expired, {} ended ({} ms)\n",
        report.spawned.len(),
        report.looked_at,
        applied.enqueued,
        applied.resent,
        applied.ghosted,
        applied.expired,
        applied.ended,
        report.duration_ms
    );
    for spawned in &report.spawned {
        words += &format!("spawned {spawned}\n");
    }
    for problem in &report.problems {
        words += &format!("problem: {problem}\n");
    }
    words
}
