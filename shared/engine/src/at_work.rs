//! Which stages this process has steps of at work.
//!
//! The end of a step in a wide stage makes nothing ready while another one of the stage is at work, and whoever ends last
//! looks. Within a process it is known who that is, so only the last of them need ask the store whether others are, in
//! other processes.
//!
//! **Invariant:** nothing is decided from this but who looks. Each place is left after the end of its step is recorded, so
//! the one that leaves last looks at the ends of all; should it die, the process dies, and the heartbeat looks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use pipeline::PipelineId;
use store::message::StepMessage;

/// How many steps are at work of each stage.
#[derive(Default)]
pub struct AtWork {
    stages: Mutex<BTreeMap<Stage, usize>>,
}

type Stage = (PipelineId, i32);

/// The place of one step at work; dropped, it is left.
pub(crate) struct Place {
    at_work: Arc<AtWork>,
    /// `None` once it is left.
    stage: Option<Stage>,
}

impl AtWork {
    /// Counts the step of a message among those at work.
    pub(crate) fn enter(self: &Arc<Self>, message: &StepMessage) -> Place {
        let stage = (message.pipeline.clone(), message.sort_order);
        *self.stages().entry(stage.clone()).or_default() += 1;
        Place { at_work: self.clone(), stage: Some(stage) }
    }

    fn stages(&self) -> std::sync::MutexGuard<'_, BTreeMap<Stage, usize>> {
        self.stages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one less; whether there is none left.
    fn leave(&self, stage: &Stage) -> bool {
        let mut stages = self.stages();
        let Some(count) = stages.get_mut(stage) else { return true };
        *count -= 1;
        let is_last = *count == 0;
        if is_last {
            stages.remove(stage);
        }
        is_last
    }
}

impl Place {
    /// Leaves it; whether no other step of the stage is at work in this process.
    pub(crate) fn leave(mut self) -> bool {
        self.stage.take().is_none_or(|stage| self.at_work.leave(&stage))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(stage) = self.stage.take() {
            self.at_work.leave(&stage);
        }
    }
}
