//! What people do and see, over the embedded store.

mod holds;
mod lists;
mod operations;
mod people;
mod processing;
mod queues;
mod settings;
mod why;
