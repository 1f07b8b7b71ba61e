//! The typed store and the engine on the embedded back end, with a clock that the tests set and a table that can fail.

mod beats;
mod executors;
mod faults;
mod leases;
mod pipelines;
mod runs;
mod steps;
mod workshop;
