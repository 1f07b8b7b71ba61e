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
    let all = || pipeline.steps.iter().zip(outlooks);
    let mut ready = all().filter(|(_, outlook)| matches!(outlook, Outlook::Ready)).map(|(step, _)| &step.definition);
    let stage = ready.next()?.sort_order;
    if 1 + ready.by_ref().count() < WIDE {
        return None;
    }
    let is_no_obstacle = |(step, outlook): (&Step, &Outlook)| match outlook {
        Outlook::Ended(_) | Outlook::Unreachable(_) | Outlook::Active => true,
        Outlook::Ready => step.definition.sort_order == stage && !may_recur(&step.definition),
        Outlook::Waiting(_) => step.definition.sort_order > stage && waits_for_all(&step.definition),
    };
    all().all(is_no_obstacle).then_some(stage)
}

fn may_recur(definition: &StepDefinition) -> bool {
    definition.conditions.iter().any(|described| matches!(described.condition, StepCondition::Recurring { .. }))
}

fn waits_for_all(definition: &StepDefinition) -> bool {
    let is_for_all = |condition: &StepCondition| {
        matches!(
            condition,
            StepCondition::PreviousStepsCompleted { steps: None }
                | StepCondition::PreviousStepsFinished { steps: None }
        )
    };
    definition.run_always || definition.conditions.iter().any(|described| is_for_all(&described.condition))
}
