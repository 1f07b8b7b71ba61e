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
    stages: Mutex<BTreeMap<Stage, Places>>,
}

type Stage = (PipelineId, i32);

/// The places of one stage.
#[derive(Default)]
struct Places {
    taken: usize,
    /// Whether there was more than one at a time.
    are_shared: bool,
}

/// Who else of a stage is at work in this process when a step leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// Somebody, who will look.
    AtWork,
    /// Nobody any more: in all likelihood the whole stage has ended.
    Left,
    /// Nobody, nor was there anybody: other processes may well be at work.
    Unknown,
}

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
        let mut stages = self.stages();
        let places = stages.entry(stage.clone()).or_default();
        places.taken += 1;
        places.are_shared |= places.taken > 1;
        Place { at_work: self.clone(), stage: Some(stage) }
    }

    fn stages(&self) -> std::sync::MutexGuard<'_, BTreeMap<Stage, Places>> {
        self.stages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one less.
    fn leave(&self, stage: &Stage) -> Others {
        let mut stages = self.stages();
        let Some(places) = stages.get_mut(stage) else { return Others::Unknown };
        places.taken -= 1;
        if places.taken > 0 {
            return Others::AtWork;
        }
        let others = if places.are_shared { Others::Left } else { Others::Unknown };
        stages.remove(stage);
        others
    }
}

impl Place {
    /// Leaves it.
    pub(crate) fn leave(mut self) -> Others {
        self.stage.take().map_or(Others::Unknown, |stage| self.at_work.leave(&stage))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(stage) = self.stage.take() {
            self.at_work.leave(&stage);
        }
    }
}
