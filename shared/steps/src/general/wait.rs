//! Waits: a pause between steps, or until a time of the day is reached.
//!
//! No runner is busy meanwhile: the step continues with a delay, and within one attempt however long it takes. A retry does
//! not begin anew, it waits for the end that the first attempt worked out.

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use engine::accepts::{Accepts, Argument, DurationInWords, PointInTime, Presence};
use engine::{Executor, ExecutorError, Outcome, Work};
use serde::{Deserialize, Serialize};
use serde_json::json;

const FOR: Argument<DurationInWords> = Argument {
    name: "for",
    kind: DurationInWords,
    presence: Presence::OneOf(&["for", "until"]),
    meaning: "how long to wait",
};

const UNTIL: Argument<PointInTime> = Argument {
    name: "until",
    kind: PointInTime,
    presence: Presence::OneOf(&["for", "until"]),
    meaning: "when the wait is over",
};

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

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&FOR, &UNTIL])
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
    match (work.optional_argument(&FOR)?, work.optional_argument(&UNTIL)?) {
        (Some(span), None) => Ok(now + span),
        (None, Some(until)) => Ok(until),
        (None, None) | (Some(_), Some(_)) => {
            let name = &work.step.name;
            Err(ExecutorError::permanent(format!("step `{name}` needs one of the arguments `for` and `until`")))
        }
    }
}
