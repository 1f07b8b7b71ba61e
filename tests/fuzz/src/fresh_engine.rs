//! What the readers need around them: a time, an engine over a fresh store, and somebody to wait for answers.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use engine::{Context, Invocation, Limits, heartbeat, runner};
use tokio::runtime::{Builder, Runtime};

use crate::memory;

/// The time of every input: a moment in summer that is no round number.
pub const NOW: DateTime<Utc> = DateTime::from_timestamp(1_785_585_677, 0).expect("the moment is one");

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_all().build().expect("a thread can have a runtime");
    /// Made once, because it reads the definitions that ship.
    static SHIPPED: Context = Context::new(memory::store(), steps::shipped(), Limits::default());
}

/// Runs what an input asks for.
pub fn wait_for<T>(work: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(work))
}

/// Everything that ships, over an empty store.
#[must_use]
pub fn context() -> Context {
    // What an input sets must not be there for the next one.
    SHIPPED.with(|shipped| Context { store: memory::store(), settings: Arc::default(), ..shipped.clone() })
}

/// An invocation that may take a minute.
#[must_use]
pub fn invocation(name: &str) -> Invocation {
    Invocation::begin(name, NOW, Duration::from_secs(60))
}

/// Most messages that are run for one input.
const MESSAGES: usize = 60;

/// Beats, and runs the messages that there are, until none is left or there were enough.
///
/// # Errors
/// The beat came upon something that ends beats; the messages were run nevertheless.
pub async fn beat_and_run(context: &Context) -> store::Result<()> {
    let beat = heartbeat::beat(context, &invocation("beat")).await;
    run_messages(context).await;
    beat.map(drop)
}

/// Runs the messages that there are, until none is left or there were enough.
///
/// # Panics
/// If the queue, which is in memory, fails.
pub async fn run_messages(context: &Context) {
    for number in 0..MESSAGES {
        let received = context.store.queue.receive(1, Duration::ZERO).await;
        let Some(message) = received.expect("the queue is in memory").pop() else { return };
        // An error is for the queue, which would deliver again.
        let _ = runner::run(context, &message.body, &invocation(&format!("runner-{number}"))).await;
    }
}
