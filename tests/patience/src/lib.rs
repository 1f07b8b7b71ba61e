//! Waits of tests: each has an end, and fails with the name of its test, what it waited for and what it saw last.
//!
//! A test that loops, joins, receives or awaits what another party does goes through a [`Wait`]; nothing here knows what
//! is waited for. The limits of whole tests in `.config/nextest.toml` are longer, so it is the wait that tells what is
//! missing, and the runner only ends what nobody thought of.

mod alarm;
mod bell;
mod look;
mod process;

use std::fmt::Debug;
use std::future::poll_fn;
use std::panic::Location;
use std::pin::pin;
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use self::alarm::Alarm;
pub use self::bell::Bell;
pub use self::look::Look;
pub use self::process::run;

/// How long a test waits for one thing: much longer than anything takes, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// How often a wait looks.
pub const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Most of what was seen that a failure shows, in bytes: some dozen lines.
const SHOWN_BYTES: usize = 4_000;

/// A wait of a test for one thing.
#[derive(Debug, Clone)]
pub struct Wait {
    what: String,
    limit: Duration,
    every: Duration,
    begun: Instant,
    place: &'static Location<'static>,
    seen: Option<String>,
}

/// Begins to wait for something, named so that it ends the sentence "waited for: …".
#[track_caller]
pub fn wait(what: impl Into<String>) -> Wait {
    let (begun, place) = (Instant::now(), Location::caller());
    Wait { what: what.into(), limit: PATIENCE, every: LOOK_EVERY, begun, place, seen: None }
}

impl Wait {
    /// The same with another limit, for what takes long by itself.
    #[must_use]
    pub fn up_to(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The same with another pause between two looks; without one, a look follows on the other.
    #[must_use]
    pub fn every(mut self, pause: Duration) -> Self {
        self.every = pause;
        self
    }

    /// Keeps what was seen, for the failure.
    pub fn saw(&mut self, seen: impl Debug) {
        self.seen = Some(shortened(format!("{seen:?}")));
    }

    /// Goes into another round of a loop.
    ///
    /// # Panics
    /// If the time is up.
    pub fn go_on(&self) {
        if self.left().is_zero() {
            self.fail();
        }
    }

    /// Looks again and again until there is an answer.
    ///
    /// # Panics
    /// If the time is up.
    pub fn look<T, L: Look<T>>(mut self, mut look: impl FnMut() -> L) -> T {
        loop {
            match look().answer() {
                Ok(answer) => return answer,
                Err(seen) => self.seen = seen.map(shortened).or(self.seen),
            }
            self.go_on();
            std::thread::sleep(self.every);
        }
    }

    /// The same where looking is asynchronous.
    ///
    /// # Panics
    /// If the time is up.
    #[expect(clippy::disallowed_methods, reason = "a test waits for what others do by themselves")]
    pub async fn ask<T, L: Look<T>>(mut self, mut ask: impl AsyncFnMut() -> L) -> T {
        loop {
            match ask().await.answer() {
                Ok(answer) => return answer,
                Err(seen) => self.seen = seen.map(shortened).or(self.seen),
            }
            self.go_on();
            if self.every.is_zero() {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(self.every).await;
            }
        }
    }

    /// Awaits a future. The time is that of the machine, also where the clock of the runtime stands still.
    ///
    /// # Panics
    /// If the time is up, unless the future keeps the thread for itself.
    pub async fn until<F: Future>(self, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut alarm = None;
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(output);
            }
            self.go_on();
            alarm.get_or_insert_with(|| Alarm::after(self.left())).wakes(context.waker());
            Poll::Pending
        })
        .await
    }

    /// Comes when the time is up, for who waits for one of several futures.
    pub async fn is_over(&self) {
        let mut alarm = None;
        poll_fn(|context| {
            if self.left().is_zero() {
                return Poll::Ready(());
            }
            alarm.get_or_insert_with(|| Alarm::after(self.left())).wakes(context.waker());
            Poll::Pending
        })
        .await;
    }

    /// Waits for the end of a thread, and panics as it did.
    ///
    /// # Panics
    /// If the time is up, or the thread panicked.
    pub fn join<T>(self, thread: JoinHandle<T>) -> T {
        self.look(|| thread.is_finished().then_some(()));
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// How much of the time is left.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.limit.saturating_sub(self.begun.elapsed())
    }

    /// Fails as if the time were up, for who knows earlier that nothing will come.
    ///
    /// # Panics
    /// Always.
    pub fn fail(&self) -> ! {
        let Wait { what, begun, place, seen, .. } = self;
        let seen = seen.as_ref().map(|seen| format!("\n  seen last: {seen}")).unwrap_or_default();
        let seconds = begun.elapsed().as_secs();
        panic!("test {} waited for: {what}; it did not come in {seconds} s\n  at {place}{seen}", test());
    }
}

/// The name of the test that runs, from the runner or from the thread that it runs on.
#[expect(clippy::disallowed_methods, reason = "the runner gives the name in a variable")]
fn test() -> String {
    let of_thread = || std::thread::current().name().map(str::to_owned);
    std::env::var("NEXTEST_TEST_NAME").ok().or_else(of_thread).unwrap_or_else(|| "without a name".to_owned())
}

fn shortened(mut text: String) -> String {
    if text.len() > SHOWN_BYTES {
        text.truncate(text.floor_char_boundary(SHOWN_BYTES));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests;
