//! Whether a stage is a gate: nothing can become ready before its last step has ended.

use crate::condition::StepCondition;
use crate::definition::StepDefinition;
use crate::pipeline::Pipeline;
use crate::plan::Outlook;
use crate::step::Step;

/// From how many steps on it pays to find out.
const WIDE: usize = 9;

/// The stage whose ready steps have nothing but its own busy steps between them and those that wait for all of it.
///
/// Whatever waits must be in a later stage and wait for all stages before it, or run always. What is busy elsewhere looks
/// for itself when it ends. What time alone makes ready is the heartbeat's business in any case.
pub(super) fn gated(pipeline: &Pipeline, outlooks: &[Outlook]) -> Option<i32> {
    let first = outlooks.iter().position(|outlook| *outlook == Outlook::Ready)?;
    let ready = outlooks[first..].iter().filter(|outlook| **outlook == Outlook::Ready).count();
    if ready < WIDE {
        return None;
    }
    let stage = pipeline.steps[first].definition.sort_order;
    for (step, outlook) in pipeline.steps.iter().zip(outlooks) {
        let Step { definition, .. } = step;
        let is_no_obstacle = match outlook {
            Outlook::Ended(_) | Outlook::Unreachable(_) | Outlook::Active => true,
            // One that runs several times may become ready by its own end.
            Outlook::Ready => definition.sort_order == stage && !may_recur(definition),
            Outlook::Waiting(_) => definition.sort_order > stage && waits_for_all(definition),
        };
        if !is_no_obstacle {
            return None;
        }
    }
    Some(stage)
}

fn may_recur(definition: &StepDefinition) -> bool {
    definition.conditions.iter().any(|described| matches!(described.condition, StepCondition::Recurring { .. }))
}

fn waits_for_all(definition: &StepDefinition) -> bool {
    let mut conditions = definition.conditions.iter();
    let has_for_all = conditions.any(|described| {
        matches!(
            described.condition,
            StepCondition::PreviousStepsCompleted { steps: None }
                | StepCondition::PreviousStepsFinished { steps: None }
        )
    });
    definition.run_always || has_for_all
}
