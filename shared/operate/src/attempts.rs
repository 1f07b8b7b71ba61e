//! How many attempts a step has, and whether it is in its last one.

use pipeline::condition::StepCondition;
use pipeline::{Pipeline, Step, StepStatus};

/// The number of the last attempt in the run that the step is in: the one that failed for good, or the last that the
/// definition allows.
pub(crate) fn last_attempt(step: &Step) -> Option<u32> {
    if step.record.status == StepStatus::Error && step.record.is_permanent {
        return Some(step.record.attempt);
    }
    attempts_limit(step).map(|limit| step.record.attempts_before.saturating_add(limit))
}

/// How many attempts the definition allows in a run.
pub(crate) fn attempts_limit(step: &Step) -> Option<u32> {
    let mut lowest = None;
    for described in &step.definition.conditions {
        match described.condition {
            // All conditions must be met, so of several limits the lowest counts.
            StepCondition::AttemptsLimit { limit } => lowest = Some(limit.min(lowest.unwrap_or(limit))),
            StepCondition::TimeBetweenAttempts { .. }
            | StepCondition::PreviousStepsCompleted { .. }
            | StepCondition::PreviousStepsFinished { .. }
            | StepCondition::DependingOnNamedSteps { .. }
            | StepCondition::WaitForStepIsNotRunning { .. }
            | StepCondition::NamedPipelinesHaveStatus { .. }
            | StepCondition::Recurring { .. }
            | StepCondition::Registered { .. } => {}
        }
    }
    lowest
}

/// Whether a step is enqueued or running in the last attempt that its definition allows.
pub(crate) fn is_last_attempt(step: &Step) -> bool {
    step.record.status.is_active() && attempts_limit(step).is_some_and(|limit| step.record.attempts_of_run() >= limit)
}

/// Whether a pipeline has a step in its last attempt.
pub(crate) fn is_on_last_attempt(pipeline: &Pipeline) -> bool {
    pipeline.steps.iter().any(is_last_attempt)
}
