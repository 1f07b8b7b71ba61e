//! The short run: every kept input, some mutations of each target's inputs, and how much memory the kept ones take.
//!
//! A failure prints the input, and for a mutation the seed; `FUZZ_SEED=n` begins with another one.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{PoisonError, RwLock};

use fuzz::corpus::{self, Input};
use fuzz::mutation::Mutator;
use fuzz::{TARGETS, Target};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Held by those that run while memory is not measured, which counts all threads.
static MEASURING: RwLock<()> = RwLock::new(());

/// How many mutations of a target are run, unless each takes long.
const MUTATIONS: usize = 2_000;

/// Targets that let an engine work, and how many mutations of each take a second or two.
const SLOW: &[(&str, usize)] = &[
    ("addresses", 200),
    ("answers", 200),
    ("api", 100),
    ("configurations", 200),
    ("drops", 50),
    ("entities", 500),
    ("executors", 200),
    ("gateway_events", 300),
    ("intake_events", 500),
    ("items", 30),
    ("overlays", 50),
    ("replies", 300),
    ("responses", 300),
    ("shops", 200),
    ("step_messages", 100),
];

/// Most bytes that one input may take, whatever its size.
const MOST_BYTES: usize = 256 << 20;

/// Most bytes that a small input may take.
const MOST_BYTES_OF_SMALL: usize = 64 << 20;

/// What counts as a small input.
const SMALL: usize = 64 << 10;

/// Runs one input, and says which one it was if something does not hold.
fn run(target: &Target, what: &dyn std::fmt::Display, bytes: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))) {
        let shown: String = String::from_utf8_lossy(bytes).chars().take(2_000).collect();
        #[expect(clippy::print_stderr, reason = "a failed test says what it failed at")]
        {
            eprintln!("target `{}`, {what}, {} bytes: {shown:?}", target.name, bytes.len());
        }
        resume_unwind(panic);
    }
}

fn short_run(name: &str) {
    let _running = MEASURING.read().unwrap_or_else(PoisonError::into_inner);
    let target = fuzz::target(name).expect("every test is named for a target");
    let inputs = corpus::inputs(name);
    inputs.iter().for_each(|input| run(target, &input.path.display(), &input.bytes));
    #[expect(clippy::disallowed_methods, reason = "a test harness takes its seed from outside")]
    let seed: u64 = std::env::var("FUZZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let count = SLOW.iter().find(|(slow, _)| *slow == name).map_or(MUTATIONS, |(_, count)| *count);
    let mut mutator = Mutator::new(seed, corpus::words(name));
    let kept: Vec<&Input> = inputs.iter().filter(|input| input.path.is_absolute()).collect();
    for number in 0..count {
        let [one, other] = [(); 2].map(|()| &kept[mutator.below(kept.len())].bytes);
        let bytes = mutator.mutate(one, other);
        run(target, &format_args!("mutation {number} of seed {seed}"), &bytes);
    }
}

macro_rules! short_runs {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                short_run(stringify!($name));
            }
        )*

        #[test]
        fn every_target_is_run_and_has_inputs() {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
            assert!(names.is_sorted());
            for name in names {
                assert!(corpus::inputs(name).iter().filter(|input| input.path.is_absolute()).count() >= 3, "{name}");
            }
        }
    };
}

short_runs! {
    addresses answers api bunches cells configurations contents crons csv definition_files definitions drops durations entities executors
    file_names gateway_events intake_events items names overlays products replies responses settings shops step_messages
    stored_definitions stored_products variables
}

#[test]
fn no_kept_input_takes_much_memory() {
    let _measuring = MEASURING.write().unwrap_or_else(PoisonError::into_inner);
    for target in TARGETS {
        for input in corpus::inputs(target.name) {
            let before = MEMORY.current_usage();
            MEMORY.reset_peak_usage();
            run(target, &input.path.display(), &input.bytes);
            let taken = MEMORY.peak_usage().saturating_sub(before);
            let most = if input.bytes.len() <= SMALL { MOST_BYTES_OF_SMALL } else { MOST_BYTES };
            assert!(taken <= most, "target `{}`, {}: {taken} bytes", target.name, input.path.display());
        }
    }
}
