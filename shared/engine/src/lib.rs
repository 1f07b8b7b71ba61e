//! Heartbeat, mini heartbeat and runner of Systole, over the storage seams.
//!
//! A beat gathers facts, lets the pure `pipeline` crate make a plan, and applies it as a list of conditional writes and
//! messages. A runner claims one step, executes it, finishes it, and asks for a mini beat.
//!
//! **Invariant:** everything here may happen twice and stop half way; the next beat repairs it.

pub mod apply;
pub mod busy_stages;
pub mod conditions;
pub mod context;
pub mod data_fetchers;
pub mod definitions;
pub mod error_chain;
pub mod executor;
pub mod gather;
pub mod heartbeat;
mod kept_settings;
pub mod mini_heartbeat;
pub mod monitor;
pub mod program;
pub mod reference;
pub mod runner;
pub mod take_over;
pub mod testing;

pub use conditions::{FindingCondition, RegisteredPipelineCondition, RegisteredStepCondition};
pub use context::{Context, Invocation, Limits};
pub use executor::{
    Executor, ExecutorError, Executors, LogPart, Outcome, Shortage, StepLog, Work, WorkingDirectory, log_file,
};
pub use pipeline::accepts;
pub use program::Program;
