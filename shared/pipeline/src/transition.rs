//! The one table of what may happen to a step.

use crate::status::StepStatus;

/// What happens to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepEvent {
    /// A beat counts an attempt and sends a message.
    Enqueue,
    /// A beat does the same for the next run of a step that has ended: a recurring one, or one that tells of a rerun.
    Recur,
    /// A runner takes the message.
    Claim,
    /// The executor is done.
    Succeed,
    /// The executor found nothing to do.
    Skip,
    /// The executor failed.
    Fail,
    /// The executor ran short of time and left a checkpoint.
    Continue,
    /// The lease ran out without a word from the runner.
    Ghost,
    /// The pipeline ended or is to end.
    Cancel,
    /// A runner that claimed it finds the pipeline stopped and gives it back unrun.
    GiveBack,
    /// A person runs the step again, ignoring conditions.
    Rerun,
}

/// A move that the table does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a step that is {from} cannot {event:?}")]
pub struct IllegalMove {
    /// Where the step stands.
    pub from: StepStatus,
    /// What was to happen.
    pub event: StepEvent,
}

impl StepEvent {
    /// All of them.
    pub const ALL: [StepEvent; 11] = [
        StepEvent::Enqueue,
        StepEvent::Recur,
        StepEvent::Claim,
        StepEvent::Succeed,
        StepEvent::Skip,
        StepEvent::Fail,
        StepEvent::Continue,
        StepEvent::Ghost,
        StepEvent::Cancel,
        StepEvent::GiveBack,
        StepEvent::Rerun,
    ];
}

/// The status after an event.
///
/// # Errors
/// The move is illegal; nothing else fails here.
pub fn next(from: StepStatus, event: StepEvent) -> Result<StepStatus, IllegalMove> {
    use StepEvent as E;
    use StepStatus as S;
    match (from, event) {
        // A beat enqueues what has succeeded only for its next run, which is another event.
        (S::Pending | S::Error, E::Enqueue) | (S::Running, E::Continue) => Ok(S::Enqueued),
        (S::Success | S::Skipped | S::Error | S::Cancelled, E::Recur) => Ok(S::Enqueued),
        // Not while a runner has it or may take it: two of one step would write over each other.
        (S::Pending | S::Success | S::Skipped | S::Error | S::Cancelled, E::Rerun) => Ok(S::Enqueued),
        (S::Enqueued, E::Claim) => Ok(S::Running),
        (S::Running, E::Succeed) => Ok(S::Success),
        (S::Running, E::Skip) => Ok(S::Skipped),
        (S::Running, E::Fail | E::Ghost) => Ok(S::Error),
        // A step whose work has begun ends by itself or by its lease; a failed one stays failed.
        (S::Pending | S::Enqueued, E::Cancel) | (S::Running, E::GiveBack) => Ok(S::Cancelled),
        (
            S::Pending | S::Enqueued | S::Running | S::Success | S::Skipped | S::Error | S::Cancelled,
            E::Enqueue
            | E::Recur
            | E::Claim
            | E::Succeed
            | E::Skip
            | E::Fail
            | E::Continue
            | E::Ghost
            | E::Cancel
            | E::GiveBack
            | E::Rerun,
        ) => Err(IllegalMove { from, event }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table() {
        let mut table = String::new();
        for from in StepStatus::ALL {
            let moves: Vec<String> = StepEvent::ALL
                .into_iter()
                .filter_map(|event| next(from, event).ok().map(|to| format!("{event:?} → {to}")))
                .collect();
            table += &format!("{from}: {}\n", moves.join(", "));
        }
        insta::assert_snapshot!(table, @r"
        pending: Enqueue → enqueued, Cancel → cancelled, Rerun → enqueued
        enqueued: Claim → running, Cancel → cancelled
        running: Succeed → success, Skip → skipped, Fail → error, Continue → enqueued, Ghost → error, GiveBack → cancelled
        success: Recur → enqueued, Rerun → enqueued
        skipped: Recur → enqueued, Rerun → enqueued
        error: Enqueue → enqueued, Recur → enqueued, Rerun → enqueued
        cancelled: Recur → enqueued, Rerun → enqueued
        ");
        insta::assert_snapshot!(
            next(StepStatus::Success, StepEvent::Enqueue).unwrap_err(),
            @"a step that is success cannot Enqueue"
        );
    }
}
