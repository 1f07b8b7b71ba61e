//! The engine's work, done by this process: beats and runners over the embedded store.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use engine::heartbeat;
use engine::heartbeat::BeatReport;
use engine::runner;
use engine::runner::resident::{ResidentRunner, Turn};
use serde_json::json;
use store::queue::{MAX_RECEIVES, Received};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::installation::{BEAT_BUDGET, Host, Installation, STEP_BUDGET};
use crate::outcome::ExitReason;
use crate::output::{Output, count};
use crate::signals::Signals;

/// How long nothing is tried after a failure: what failed may need a moment, and the log need not fill up.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Says to everything that runs that it is time to end.
#[derive(Clone)]
pub(crate) struct StopSignal {
    receiver: watch::Receiver<bool>,
}

/// Gives the sign to stop.
pub(crate) struct Stopper {
    sender: watch::Sender<bool>,
}

/// A sign to stop and its receiver.
pub(crate) fn stop_signal() -> (Stopper, StopSignal) {
    let (sender, receiver) = watch::channel(false);
    (Stopper { sender }, StopSignal { receiver })
}

impl Stopper {
    pub(crate) fn stop(&self) {
        self.sender.send_replace(true);
    }
}

impl StopSignal {
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

/// Waits for the parts of the host to end, but no longer than `timeout`. A further signal or the end of that time ends the
/// process at once: its lock file stays, so that others see that it is dead and carry on what it held.
pub(crate) async fn join(tasks: Vec<JoinHandle<()>>, timeout: Duration, signals: &mut Signals) -> anyhow::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the local host ends in time, whatever its steps do")]
    let mut too_late = std::pin::pin!(tokio::time::sleep(timeout));
    for task in tasks {
        tokio::select! {
            joined = task => joined.context("a part of the host panicked")?,
            () = signals.next() => kill(KILLED, signals).await,
            () = &mut too_late => {
                Output::complain(&format!(
                    "steps have not ended within {} s; the next `systole dev` carries them on",
                    timeout.as_secs_f64()
                ));
                kill(GIVEN_UP, signals).await
            }
        }
    }
    Ok(())
}

/// Ends the process, and before it the commands that it runs: they would go on, and the next process would begin them a
/// second time. Whoever does not want to wait for them presses Ctrl-C once more. The lock file stays, so that others see
/// that the process is dead and carry on what it held.
async fn kill(code: i32, signals: &mut Signals) -> ! {
    tokio::select! {
        _ = tokio::task::spawn_blocking(steps::general::shell::end_commands) => {}
        () = signals.next() => {}
    }
    std::process::exit(code)
}

/// The exit code of a process whose steps did not end in time.
const GIVEN_UP: i32 = 4;

/// The exit code of a process that a second Ctrl-C ended.
const KILLED: i32 = 130;

/// Begins what beats every `tick` until the sign to stop.
pub(crate) fn spawn_beats(host: &Host, tick: Duration, stop: &StopSignal) -> JoinHandle<()> {
    let (host, sign) = (host.clone(), stop.clone());
    tokio::spawn(kept_up("the heartbeat", move || beat_until(host.clone(), tick, sign.clone()), stop.clone()))
}

/// Begins what runs messages, one after the other, until the sign to stop. `wait` is the longest wait for a message.
pub(crate) fn spawn_runner(host: &Host, wait: Duration, stop: &StopSignal) -> JoinHandle<()> {
    let (host, sign) = (host.clone(), stop.clone());
    tokio::spawn(kept_up("a runner", move || run_until(host.clone(), wait, sign.clone()), stop.clone()))
}

/// Begins a part of the host anew whenever it panics: as with functions, a panic costs what was under way and no more.
async fn kept_up<F>(part: &str, begin: impl Fn() -> F, mut stop: StopSignal)
where
    F: Future<Output = ()> + Send + 'static,
{
    while let Err(error) = tokio::spawn(begin()).await {
        tracing::error!("{part} begins anew: {error}");
        stop.sleep(AFTER_FAILURE).await;
    }
}

/// Beats every `tick` until the sign to stop. A beat that fails is logged; the next one is the retry.
async fn beat_until(host: Host, tick: Duration, mut stop: StopSignal) {
    while !stop.is_set() {
        if let Err(error) = beat(&host).await {
            tracing::error!("heartbeat failed: {:#}", anyhow::Error::from(error));
            stop.sleep(AFTER_FAILURE).await;
        }
        stop.sleep(tick).await;
    }
}

/// Runs messages, one after the other, until the sign to stop; a step that has begun is ended first.
async fn run_until(host: Host, wait: Duration, mut stop: StopSignal) {
    let sign = stop.clone();
    let mut runner = runner(&host).taking_ahead_while(move || !sign.is_set());
    while !stop.is_set() || runner.is_ahead() {
        match runner.turn(wait).await {
            Ok(Turn::Nothing | Turn::Done(_)) => {}
            Ok(Turn::Failed { message, error }) => log_failed(&message, error),
            Err(error) => {
                tracing::error!("runner failed: {:#}", anyhow::Error::from(error));
                stop.sleep(AFTER_FAILURE).await;
            }
        }
    }
    if let Err(error) = runner.end().await {
        tracing::warn!("a message was not deleted and comes again: {:#}", anyhow::Error::from(error));
    }
}

fn runner(host: &Host) -> ResidentRunner<'_> {
    ResidentRunner::new(&host.context, || host.invocation("runner", STEP_BUDGET))
}

fn log_failed(message: &Received, error: runner::Error) {
    let (id, count) = (&message.id, message.receive_count);
    let error = anyhow::Error::from(error);
    tracing::error!("message {id} was not dealt with, delivery {count} of {MAX_RECEIVES}: {error:#}");
}

/// Beats once, after carrying on what killed processes of this machine held.
async fn beat(host: &Host) -> store::Result<BeatReport> {
    host.take_over().await?;
    heartbeat::beat(&host.context, &host.invocation("beat", BEAT_BUDGET)).await
}

/// `systole heartbeat`.
pub(crate) async fn beat_once(installation: &Installation, output: &Output) -> anyhow::Result<ExitReason> {
    let report = beat(&installation.host()).await?;
    output.show(&report, in_words)?;
    Ok(ExitReason::Ok)
}

/// `systole run`.
pub(crate) async fn run_messages(
    installation: &Installation,
    max: Option<usize>,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let (host, mut signals) = (installation.host(), Signals::listen()?);
    tokio::select! {
        ran = run_until_done(&host, max, output) => ran,
        () = signals.next() => kill(KILLED, &mut signals).await,
    }
}

async fn run_until_done(host: &Host, max: Option<usize>, output: &Output) -> anyhow::Result<ExitReason> {
    let (mut done, mut failed) = (0, 0);
    let over = AtomicUsize::new(0);
    // With the end of one message another one may be taken, if that is not the last.
    let mut runner =
        runner(host).taking_ahead_while(|| max.is_none_or(|max| over.load(Ordering::Relaxed).saturating_add(1) < max));
    while max.is_none_or(|max| done + failed < max) {
        match runner.turn(Duration::ZERO).await? {
            Turn::Nothing => break,
            Turn::Done(_) => done += 1,
            Turn::Failed { message, error } => {
                log_failed(&message, error);
                failed += 1;
            }
        }
        over.store(done + failed, Ordering::Relaxed);
    }
    runner.end().await?;
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
    for warning in &report.warnings {
        words += &format!("warning: {warning}\n");
    }
    words
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn a_part_that_panics_begins_anew() {
        let (stopper, stop) = stop_signal();
        // Or it would wait between two tries.
        stopper.stop();
        let begun = Arc::new(AtomicUsize::new(0));
        let counted = begun.clone();
        let part = move || {
            let number = counted.fetch_add(1, Ordering::SeqCst);
            async move { assert!(number == 2, "an item that nobody could foresee") }
        };
        kept_up("a part", part, stop).await;
        assert_eq!(begun.load(Ordering::SeqCst), 3);
    }
}
