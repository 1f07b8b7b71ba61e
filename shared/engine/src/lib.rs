//! Heartbeat, mini heartbeat and runner of Systole, over the storage seams.
//!
//! A beat gathers facts, lets the pure `pipeline` crate make a plan, and applies it as a list of conditional writes and
//! messages. A runner claims one step, executes it, finishes it, and asks for a mini beat.
//!
//! **Invariant:** everything here may happen twice and stop half way; the next beat repairs it.

pub mod apply;
pub mod at_work;
pub mod bunches;
pub mod conditions;
pub mod context;
pub mod definitions;
pub mod executor;
pub mod executors;
mod fan_out;
pub mod heartbeat;
pub mod initializers;
pub mod mini_heartbeat;
pub mod monitor;
pub mod operate;
pub mod runner;
mod step_log;
pub mod take_over;
mod work;
pub mod world;

pub use context::{Context, Invocation, Limits};
pub use executor::{Executor, ExecutorError, Executors, Outcome};
pub use step_log::StepLog;
pub use work::{Shortage, Work, WorkingDirectory};

#[cfg(test)]
mod tests;
