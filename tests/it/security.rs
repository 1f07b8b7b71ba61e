//! What SECURITY.md promises: who may do what, what may be reached, and what is never told.

mod api;
mod caller;
mod canary;
mod credentials;
mod options;
mod people;
mod policy;
mod recorder;
mod rights;
mod secrets;
mod templates;
mod traversal;
mod uploads;
