//! The signals that ask the process to end.

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C, SIGTERM, and the end of the terminal (SIGHUP).
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// Absent if whoever began the process said that it outlives the terminal.
    hang_up: Option<Signal>,
}

impl Signals {
    /// From here on these signals do not end the process by themselves.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let hang_up = (!outlives_terminal()).then(|| signal(SignalKind::hangup()));
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt()).context("failed to listen for Ctrl-C")?,
            terminate: signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?,
            hang_up: hang_up.transpose().context("failed to listen for SIGHUP")?,
        })
    }

    /// Waits for one of them.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            () = hung_up(&mut self.hang_up) => {}
        }
    }
}

async fn hung_up(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Whether SIGHUP is ignored, as `nohup` has it for what it begins: to listen for it would undo that.
///
/// Linux tells; a system that does not is taken for one without `nohup`, because commands that go on after their host are
/// the worse mistake.
fn outlives_terminal() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // The lowest bit is the first signal, which is SIGHUP.
    ignored.is_some_and(|mask| mask & 1 == 1)
}
