//! What people do and see, over the embedded store.
#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute and not what it calls")]

mod imports;
mod lists;
mod operations;
mod pauses;
mod people;
mod queues;
mod reruns;
mod settings;
mod shop;
mod why;
