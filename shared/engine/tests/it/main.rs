//! The typed store and the engine on the embedded back end, with a clock that the tests set and a table that can fail.
#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute and not what it calls")]

mod beats;
mod checklist;
mod data_fetchers;
mod disturbances;
mod exclusions;
mod fan_outs;
mod findings;
mod interruptions;
mod leases;
mod logs;
mod monitor;
mod pipelines;
mod renewals;
mod resident_runners;
mod runs;
mod shared_commits;
mod steps;
mod stops;
mod transaction;
mod trials;
mod waits;
mod wide_stages;
