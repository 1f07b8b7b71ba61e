//! The commit of an attempt: its outcome becomes the end of the step.

use chrono::{DateTime, Utc};
use pipeline::visible::visible;
use store::steps::{Claimed, Finish, StepWritten};

use crate::context::Context;
use crate::executor::{ExecutorError, Outcome};
use crate::runner::{Error, RunReport};

/// How an attempt ended.
pub(super) struct AttemptEnd {
    pub(super) finish: Finish,
    /// What of its log goes into the step's item.
    pub(super) log: String,
    /// When. Read once: an attempt that is committed again finds its own write by all that it has written.
    pub(super) at: DateTime<Utc>,
}

impl AttemptEnd {
    /// An attempt that fails for good before it has begun.
    pub(super) fn without_work(message: String, at: DateTime<Utc>) -> Self {
        AttemptEnd { finish: Finish::Error { message, is_permanent: true }, log: String::new(), at }
    }
}

/// Records how an attempt ended.
pub(super) async fn commit(context: &Context, claimed: &mut Claimed, end: AttemptEnd) -> Result<RunReport, Error> {
    let AttemptEnd { mut finish, log, at } = end;
    let mut written = context.store.finish_step(claimed, &finish, &log, at).await;
    if let Some(failure) = written.as_ref().err().and_then(unstorable) {
        // What the store refuses once it refuses for ever: the step ends without it, or it would be done again and again.
        claimed.record.output = None;
        finish = failure;
        written = context.store.finish_step(claimed, &finish, &log, at).await;
    }
    match written? {
        StepWritten::Committed => {
            log_finished(claimed, &finish);
            Ok(RunReport::Finished { status: claimed.record.status })
        }
        // The lease ran out and a beat gave the step to another runner, whose outcome counts.
        StepWritten::Lost { status } => {
            let status = status.map_or_else(|| "gone".to_owned(), |status| status.to_string());
            let (id, name) = (&claimed.pipeline, &claimed.name);
            tracing::warn!(pipeline.id = %id, step.name = %name, "outcome dropped: the step was taken over, it is {status}");
            Ok(RunReport::TakenOver)
        }
    }
}

pub(super) fn finish_of(outcome: Result<Outcome, ExecutorError>) -> Finish {
    match outcome {
        Ok(Outcome::Done | Outcome::Continue { .. }) => Finish::Success { warning: None },
        Ok(Outcome::Skipped { reason }) => Finish::Skipped(shortened(reason)),
        Err(ExecutorError::NotFound { message }) => Finish::Skipped(shortened(message)),
        Err(ExecutorError::InvalidData { message }) => Finish::Success { warning: Some(shortened(message)) },
        Err(error @ ExecutorError::Retryable { .. }) => {
            Finish::Error { message: shortened(error.chain()), is_permanent: false }
        }
        Err(error @ ExecutorError::Permanent { .. }) => {
            Finish::Error { message: shortened(error.chain()), is_permanent: true }
        }
    }
}

/// The end of an attempt that leaves something the store refuses for good: too large, or with a number it cannot hold.
pub(super) fn unstorable(error: &store::Error) -> Option<Finish> {
    let message = format!("what the step left cannot be stored: {}", crate::error_chain::chain(error));
    (!error.is_retryable()).then(|| Finish::Error { message: shortened(message), is_permanent: true })
}

/// Most bytes of a message in the step's item; of an error the log has the whole.
const MESSAGE_LIMIT_BYTES: usize = 500;

fn shortened(message: String) -> String {
    // What others sent may be quoted in it, and terminals obey such characters.
    let mut message = visible(&message).into_owned();
    if message.len() > MESSAGE_LIMIT_BYTES {
        message.truncate(message.floor_char_boundary(MESSAGE_LIMIT_BYTES));
        message.push('…');
    }
    message
}

pub(super) fn log_finished(claimed: &Claimed, finish: &Finish) {
    let record = &claimed.record;
    let duration_ms = match (record.started_at, record.finished_at) {
        (Some(started), Some(finished)) => (finished - started).num_milliseconds(),
        _ => 0,
    };
    let (id, name, attempt) = (&claimed.pipeline, &claimed.name, record.attempt);
    match finish {
        Finish::Success { warning: None } | Finish::Skipped(_) => {
            tracing::info!(pipeline.id = %id, step.name = %name, step.attempt = attempt, duration_ms, "step finished: {}", record.status);
        }
        Finish::Success { warning: Some(message) } | Finish::Error { message, .. } => {
            tracing::warn!(pipeline.id = %id, step.name = %name, step.attempt = attempt, duration_ms, "step finished: {}: {message}", record.status);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MESSAGE_LIMIT_BYTES, shortened};

    #[test]
    fn only_a_message_beyond_the_limit_is_cut() {
        let whole = "x".repeat(MESSAGE_LIMIT_BYTES);
        assert_eq!(shortened(whole.clone()), whole);
        assert_eq!(shortened(format!("{whole}y")), format!("{whole}…"));
        // No character is cut in half.
        let umlauts = "ä".repeat(MESSAGE_LIMIT_BYTES);
        assert_eq!(shortened(umlauts), format!("{}…", "ä".repeat(MESSAGE_LIMIT_BYTES / 2)));
    }
}
