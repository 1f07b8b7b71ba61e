//! Many runs, spread over threads; and one run again, for people to read.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use engine::executor::Executors;
use tokio::runtime::{Builder, Runtime};

use crate::check;
use crate::counts::Counts;
use crate::run::{Ended, Order, run};
use crate::sabotage::Bug;
use crate::scenario::Scenario;
use crate::shrink::shrink;

/// Many runs.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// The first seed.
    pub first: u64,
    /// How many seeds.
    pub seeds: u64,
    /// How many threads.
    pub threads: usize,
    /// After how many failing seeds to end.
    pub most_failures: usize,
    /// A bug that is planted.
    pub bug: Option<Bug>,
}

/// What came of many runs.
#[derive(Debug, Default)]
pub struct Finished {
    /// What they did.
    pub counts: Counts,
    /// The seeds that fail, in no order.
    pub failures: Vec<Failure>,
}

/// A seed that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What it breaks.
    pub broken: Vec<String>,
}

/// Names the seed of a run that panics.
struct Named(u64);

/// What one thread runs with.
struct Worker {
    runtime: Runtime,
    shipped: Executors,
}

impl Campaign {
    /// Runs all seeds; `watch` is told of each how many are done and how many failed.
    ///
    /// # Panics
    /// A run panicked, which is a bug of the engine or of the simulation.
    pub fn run(&self, watch: impl Fn(u64, usize) + Sync) -> Finished {
        let next = AtomicU64::new(0);
        let finished = Mutex::new(Finished::default());
        thread::scope(|scope| {
            let workers: Vec<_> =
                (0..self.threads.max(1)).map(|_| scope.spawn(|| self.work(&next, &finished, &watch))).collect();
            for worker in workers {
                assert!(worker.join().is_ok(), "a run panicked");
            }
        });
        finished.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, next: &AtomicU64, finished: &Mutex<Finished>, watch: &(impl Fn(u64, usize) + Sync)) {
        let worker = Worker::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= self.seeds {
                return;
            }
            let order = Order { seed: self.first + number, bug: self.bug, ..Order::default() };
            let _named = Named(order.seed);
            let ended = worker.run(&order);
            let broken = check::check(&ended);
            let mut finished = finished.lock().unwrap_or_else(PoisonError::into_inner);
            finished.counts.merge(ended.counts);
            if !broken.is_empty() {
                finished.failures.push(Failure { seed: order.seed, broken });
            }
            let (seeds, failures) = (finished.counts.seeds, finished.failures.len());
            if failures >= self.most_failures {
                next.store(self.seeds, Ordering::Relaxed);
            }
            drop(finished);
            watch(seeds, failures);
        }
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        if thread::panicking() {
            // The panic has told already what is wrong; if nobody can read on which seed, so be it.
            let _ = writeln!(std::io::stderr(), "seed {} panics; `make simulate SEED={0}` shows how", self.0);
        }
    }
}

impl Worker {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime of one thread needs nothing that can be missing");
        Worker { runtime, shipped: steps::shipped().executors() }
    }

    fn run(&self, order: &Order) -> Ended {
        run(order, &self.runtime, &self.shipped)
    }
}

/// Runs one seed again, with as little going wrong as still breaks what it breaks, and tells all that happened; what it
/// breaks is told last. Nothing is left out of a seed that breaks nothing.
#[must_use]
pub fn replay(seed: u64, bug: Option<Bug>) -> (String, Vec<String>) {
    let worker = Worker::new();
    let order = Order { seed, bug, ..Order::default() };
    let first = worker.run(&order);
    let broken = check::check(&first);
    let Some(promise) = broken.first().map(|broken| name(broken).to_owned()) else {
        return (told(&first), broken);
    };
    let breaks = |order: &Order| check::check(&worker.run(order)).iter().any(|broken| name(broken) == promise);
    let kept = shrink(&order, &first.disturbed, breaks);
    let allowed = crate::faults::Allowed(Some(kept.iter().copied().collect()));
    let smallest = worker.run(&Order { allowed, ..order });
    let words = format!(
        "{}\n{} of {} faults are left, {} events of {}\n",
        told(&smallest),
        kept.len(),
        first.disturbed.len(),
        smallest.history.events.len(),
        first.history.events.len()
    );
    (words, check::check(&smallest))
}

/// All that happens on a seed, for tests that change it.
#[cfg(test)]
pub(crate) fn history_of(seed: u64) -> Ended {
    Worker::new().run(&Order { seed, ..Order::default() })
}

fn told(ended: &Ended) -> String {
    let scenario = &ended.scenario;
    let files: String = scenario.definitions.files.iter().map(|(name, xml)| format!("{name}: {xml}\n")).collect();
    let Scenario { hosts, commits, runners, skew, .. } = scenario;
    format!(
        "{files}{hosts:?}, commits {commits:?}, {runners} runners, clocks up to {skew} ms apart\n{}",
        ended.history.text()
    )
}

/// The promise that a failure is about.
fn name(broken: &str) -> &str {
    broken.split(':').next().unwrap_or(broken)
}
