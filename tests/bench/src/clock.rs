//! The one place that reads the clock.

use std::time::Duration;

use chrono::{DateTime, Utc};
use engine::Invocation;

/// The time.
#[expect(clippy::disallowed_methods, reason = "the benchmark hands its clock to the engine")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A piece of work that begins now and may take ten minutes.
pub(crate) fn invocation(what: &str) -> Invocation {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    Invocation::begin(format!("{what}-{number}"), now(), Duration::from_secs(600))
}
