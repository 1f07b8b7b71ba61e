//! The steps that an invocation adds, while it works.

use std::collections::BTreeSet;

use pipeline::step::AddedSteps;
use pipeline::{Name, StepDefinition};

/// What one invocation of a step adds.
#[derive(Default)]
pub(crate) struct Additions {
    /// What is not stored yet.
    pub(super) pending: Vec<StepDefinition>,
    /// All names that this invocation gave.
    pub(super) names: BTreeSet<Name>,
    /// What this invocation has stored.
    pub(super) batch: Option<AddedSteps>,
    /// How many steps the pipeline's items had when this invocation stored its first.
    pub(super) found: Option<usize>,
}
