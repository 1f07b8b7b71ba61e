//! `make simulate`: runs many seeds, or one again.

use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::Parser;
use simulation::{Campaign, replay};

/// Runs the engine under faults that seeds decide, and checks what happened.
#[derive(Parser)]
struct Arguments {
    /// How many seeds to run
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Begins with a seed that is drawn anew
    #[arg(long, conflicts_with = "from")]
    drawn: bool,
    /// Runs this seed alone, shrunk if it fails, and prints all that happened
    #[arg(long)]
    seed: Option<u64>,
    /// How many threads run seeds
    #[arg(long)]
    threads: Option<usize>,
}

/// After so many failing seeds the rest would tell nothing new.
const MOST_FAILURES: usize = 10;

/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let Arguments { seeds, from, drawn, seed, threads } = Arguments::parse();
    let from = if drawn { draw() } else { from };
    let mut out = std::io::stdout().lock();
    let told = match seed {
        Some(seed) => tell_one(&mut out, seed),
        None => run_many(&mut out, seeds, from, threads),
    };
    // A reader that went away has seen enough.
    told.unwrap_or(ExitCode::FAILURE)
}

/// A seed that nobody knows before. Small enough to be read out.
fn draw() -> u64 {
    RandomState::new().hash_one("seed") % 1_000_000_000
}

fn tell_one(out: &mut impl Write, seed: u64) -> std::io::Result<ExitCode> {
    let (history, broken) = replay(seed, None);
    write!(out, "{history}")?;
    for why in &broken {
        writeln!(out, "BROKEN: {why}")?;
    }
    writeln!(out, "seed {seed}: {}", if broken.is_empty() { "all promises hold" } else { "fails" })?;
    Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_many(out: &mut impl Write, seeds: u64, first: u64, threads: Option<usize>) -> std::io::Result<ExitCode> {
    let threads = threads.or_else(|| std::thread::available_parallelism().ok().map(Into::into)).unwrap_or(1);
    writeln!(out, "seeds {first} to {}", first.saturating_add(seeds).saturating_sub(1))?;
    let began = Instant::now();
    let last_line = Mutex::new(began);
    let watch = |done: u64, failures: usize| {
        let mut last_line = last_line.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last_line.elapsed() >= PROGRESS {
            *last_line = Instant::now();
            let left = began.elapsed().as_secs_f64() / done as f64 * (seeds - done) as f64;
            let mut err = std::io::stderr().lock();
            // Progress that nobody can see is none.
            let _ = writeln!(err, "{done} of {seeds} seeds, {failures} failed, about {left:.0} s left");
        }
    };
    let campaign = Campaign { first, seeds, threads, most_failures: MOST_FAILURES, bug: None };
    let finished = campaign.run(watch);
    write!(out, "{}", finished.counts)?;
    writeln!(out, "{:>12.1}  seconds on {threads} threads", began.elapsed().as_secs_f64())?;
    for failure in &finished.failures {
        writeln!(out, "seed {} fails; `make simulate SEED={0}` shows how", failure.seed)?;
        for why in &failure.broken {
            writeln!(out, "    {why}")?;
        }
    }
    Ok(if finished.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
