//! What an element is.

/// The things that are defined and referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ElementKind {
    Pipeline,
    PipelineCondition,
    /// What each step of a pipeline has that does not say otherwise; one without a name.
    StepDefaults,
    Step,
    StepCondition,
    RecurringCondition,
    Argument,
}
