//! Waits: a pause between steps, or until a time of the day is reached.
//!
//! Arguments: `for`, a duration in words (`40 minutes`), or `until`, a time (`2026-08-01T18:00:00Z`). One of the two.
//!
//! No runner is busy meanwhile: the step continues with a delay, and within one attempt however long it takes. A retry does
//! not begin anew, it waits for the end that the first attempt worked out.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use engine::{Executor, ExecutorError, Outcome, Work};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// See the module documentation.
pub struct Wait;

/// What a waiting step keeps.
#[derive(Debug, Serialize, Deserialize)]
struct WaitCheckpoint {
    until: DateTime<Utc>,
}

#[async_trait]
impl Executor for Wait {
    fn name(&self) -> &'static str {
        "wait"
    }

    fn description(&self) -> &'static str {
        "waits for a duration or until a time"
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let now = work.now();
        let until = match work.checkpoint::<WaitCheckpoint>()? {
            Some(checkpoint) => checkpoint.until,
            None => end(work, now)?,
        };
        let in_words = until.to_rfc3339_opts(SecondsFormat::Secs, true);
        match (until - now).to_std() {
            Ok(left) if !left.is_zero() => {
                if work.checkpoint::<WaitCheckpoint>()?.is_none() {
                    work.info(&format!("waits until {in_words}"));
                }
                Ok(Outcome::Continue { checkpoint: json!(WaitCheckpoint { until }), after: left })
            }
            _ => Ok(Outcome::Done),
        }
    }
}

/// When a wait that begins now is over.
fn end(work: &Work<'_>, now: DateTime<Utc>) -> Result<DateTime<Utc>, ExecutorError> {
    let refused = |argument: &str, problem: String| {
        ExecutorError::permanent(format!("step `{}`: argument `{argument}`: {problem}", work.step.name))
    };
    match (work.optional_argument("for"), work.optional_argument("until")) {
        (Some(words), None) => {
            let span: Duration = pipeline::duration::parse(words).map_err(|error| refused("for", error.to_string()))?;
            Ok(now + span)
        }
        (None, Some(text)) => text.parse().map_err(|_| {
            refused("until", format!("`{text}` is not a time with its offset (example: `2026-08-01T18:00:00Z`)"))
        }),
        (None, None) | (Some(_), Some(_)) => {
            let name = &work.step.name;
            Err(ExecutorError::permanent(format!("step `{name}` needs one of the arguments `for` and `until`")))
        }
    }
}
