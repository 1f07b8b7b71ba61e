//! Which stages this process has steps of that are running.
//!
//! The end of a step in a wide stage makes nothing ready while another step of the stage is running, and the one that ends
//! last looks. Within a process it is known which one that is, so only the last of them need ask the store whether others
//! are running, in other processes.
//!
//! **Invariant:** this decides nothing but who looks. A stage is left after the end of the step is recorded, so the one
//! that leaves last looks at the ends of all; should it die, the process dies, and the heartbeat looks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use pipeline::PipelineId;
use store::message::StepMessage;

/// How many steps of each stage are running.
#[derive(Default)]
pub struct BusyStages {
    stages: Mutex<BTreeMap<StageKey, RunningCount>>,
}

type StageKey = (PipelineId, i32);

/// The running steps of one stage.
#[derive(Default)]
struct RunningCount {
    running: usize,
    /// Whether there was more than one at a time.
    was_shared: bool,
}

/// Who else of a stage is running in this process when a step leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// Somebody, who will look.
    Running,
    /// Nobody any more: in all likelihood the whole stage has ended.
    Left,
    /// Nobody, nor was there anybody: steps of the stage may well be running in other processes.
    Unknown,
}

/// One running step that its stage counts, until this goes out of scope.
pub(crate) struct StageEntry {
    busy_stages: Arc<BusyStages>,
    /// `None` once it is left.
    stage: Option<StageKey>,
}

impl BusyStages {
    /// Counts the step of a message among those that are running.
    pub(crate) fn enter(self: &Arc<Self>, message: &StepMessage) -> StageEntry {
        let stage = (message.pipeline.clone(), message.sort_order);
        let mut stages = self.stages();
        let count = stages.entry(stage.clone()).or_default();
        count.running += 1;
        count.was_shared |= count.running > 1;
        StageEntry { busy_stages: self.clone(), stage: Some(stage) }
    }

    fn stages(&self) -> std::sync::MutexGuard<'_, BTreeMap<StageKey, RunningCount>> {
        self.stages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one less.
    fn leave(&self, stage: &StageKey) -> Others {
        // Under one lock with the count: of two that leave at the same moment, exactly one is the last.
        let mut stages = self.stages();
        let Some(count) = stages.get_mut(stage) else { return Others::Unknown };
        count.running -= 1;
        if count.running > 0 {
            return Others::Running;
        }
        let others = if count.was_shared { Others::Left } else { Others::Unknown };
        stages.remove(stage);
        others
    }
}

impl StageEntry {
    /// Leaves the stage.
    pub(crate) fn leave(mut self) -> Others {
        self.stage.take().map_or(Others::Unknown, |stage| self.busy_stages.leave(&stage))
    }
}

impl Drop for StageEntry {
    fn drop(&mut self) {
        if let Some(stage) = self.stage.take() {
            self.busy_stages.leave(&stage);
        }
    }
}
