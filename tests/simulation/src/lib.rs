//! A deterministic simulation of Systole's engine: the real heartbeat, runner and operations over the embedded seams, with
//! everything going wrong that can, on one thread and a clock that stands still unless the run moves it.
//!
//! One number, the seed, decides all of it: the definitions, what people do, whose call of a seam comes next, and what goes
//! wrong with it. All that happens is one history, and one checker goes over it. A seed that
//! fails is run again without this and that fault, until all that is left is needed for the failure.
//!
//! **Invariant:** the same seed makes the same history, to the byte.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each promise is about a few kinds of events and conditions and passes over all others"
)]

mod campaign;
mod cast;
mod chance;
mod check;
mod counts;
mod executors;
mod faults;
mod history;
#[cfg(test)]
mod imports;
mod run;
mod sabotage;
mod scenario;
mod seams;
mod shrink;
mod stage;
#[cfg(test)]
mod tests;

pub use campaign::{Campaign, Failure, Finished, replay};
pub use counts::Counts;
pub use sabotage::Bug;
