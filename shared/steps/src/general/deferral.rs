//! Waiting without a runner: the step is enqueued again for later and keeps what it needs to go on.
//!
//! A message waits 15 minutes at most, so a step that is deferred for longer is woken early and deferred again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use engine::{ExecutorError, Outcome, Work};
use serde::Deserialize;
use serde_json::{Value, json};

/// A deferral that this attempt has had or still has; what executors with deferrals leave as checkpoint.
#[derive(Debug, Deserialize)]
pub(super) struct Deferral {
    until: DateTime<Utc>,
    checkpoint: Value,
}

impl Deferral {
    /// Goes on with `checkpoint` after a while.
    pub(super) fn begin(work: &Work<'_>, checkpoint: Value, after: Duration) -> Outcome {
        Deferral { until: work.now() + after, checkpoint }.go_on(after)
    }

    /// The deferral of this attempt, if there was one.
    pub(super) fn of(work: &Work<'_>) -> Result<Option<Self>, ExecutorError> {
        work.checkpoint()
    }

    /// What to end with if it is not over yet.
    pub(super) fn unfinished(&self, work: &Work<'_>) -> Option<Outcome> {
        let left = (self.until - work.now()).to_std().unwrap_or_default();
        // Less than a second is not worth a message.
        (left >= Duration::from_secs(1)).then(|| self.go_on(left))
    }

    /// What was to be kept.
    pub(super) fn checkpoint(&self) -> &Value {
        &self.checkpoint
    }

    fn go_on(&self, after: Duration) -> Outcome {
        Outcome::Continue { checkpoint: json!({ "until": self.until, "checkpoint": self.checkpoint }), after }
    }
}
