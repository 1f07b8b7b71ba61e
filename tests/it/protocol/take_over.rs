//! Taking over what dead processes of the same machine held: `take_over::take_over`.
//!
//! Who has died is nowhere written down: a step that runs, and that no runner holds, is one of the dead.

use pipeline::StepStatus;

use super::beat::{LOOKS, send_behind_marks};
use super::flaw::Flaw;
use super::model::{Pipelines, continued};
use super::state::{Beat, Message, Op, State};

impl Pipelines {
    /// What a process that looks now for what the dead held will do.
    pub(super) fn take_over(&self, state: &State) -> Beat {
        let mut ops = Vec::new();
        for (step, record) in (0..).zip(&state.steps) {
            match record.status {
                StepStatus::Running if state.is_abandoned(step) || self.flaw == Flaw::TakeOverLiving => {
                    ops.push(Op::CarryOn { step, owner: record.owner });
                }
                // Its message may have died with its sender or its receiver.
                StepStatus::Enqueued => ops.push(Op::Touch { step, version: record.version }),
                StepStatus::Running
                | StepStatus::Pending
                | StepStatus::Success
                | StepStatus::Error
                | StepStatus::Skipped
                | StepStatus::Cancelled => {}
            }
        }
        // It does not look again.
        Beat { ops, looks: LOOKS, looks_again: false }
    }
}

/// `take_over::carry_on`: the attempt goes on, and its message is sent after all marks.
pub(super) fn carry_on(state: &mut State, step: u8, owner: u8, beat: &mut Beat) -> bool {
    let record = state.record_mut(step);
    if record.status != StepStatus::Running || record.owner != owner {
        return false;
    }
    continued(record);
    let message = Message { step, token: record.token, is_gated: false };
    send_behind_marks(beat, message);
    true
}
