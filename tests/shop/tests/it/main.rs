//! The local shop from outside: against the recordings of the real one, and with everything that can go wrong.
#![expect(clippy::unwrap_used, reason = "a test")]

mod client;
mod connections;
mod faults;
mod recordings;
mod traps;
