//! What an element is.

/// The things that are defined and referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ElementKind {
    Pipeline,
    PipelineCondition,
    Step,
    StepCondition,
    RecurringCondition,
    Argument,
}
