//! The typed store and the engine on the embedded back end, with a clock that the tests set and a table that can fail.

mod beats;
mod checklist;
mod disturbances;
mod exclusions;
mod executors;
mod fan_outs;
mod faults;
mod holds;
mod imports;
mod initializers;
mod leases;
mod lists;
mod operations;
mod outside;
mod pipelines;
mod processing;
mod queues;
mod runs;
mod settings;
mod shop;
mod spawns;
mod steps;
mod waits;
mod why;
mod workshop;
