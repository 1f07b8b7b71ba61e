//! Conditions that others add: the traits that they implement, and the list of all implementations. Those that bring
//! something to light which a pipeline is spawned for are in [`finding`].
//!
//! A definition names such a condition as its `type`, with arguments as it likes. The conditions that are built in answer
//! from facts and live in `pipeline::condition`; those here may look anywhere, so they are asked by the beat before it
//! plans, and their answer is one of the facts.

pub mod finding;
pub(crate) mod looks;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use pipeline::Arguments;
use pipeline::accepts::Accepts;
use pipeline::condition::is_built_in;
use pipeline::facts::Answer;
use pipeline::merge::Vocabulary;
use pipeline::{Definition, Pipeline, Pulse, StepDefinition};
use store::Store;

pub use finding::FindingCondition;

/// What a pipeline condition is asked.
pub struct SpawnQuestion<'a> {
    /// The storage seams.
    pub store: &'a Store,
    /// What would be spawned.
    pub definition: &'a Definition,
    /// The arguments of the condition.
    pub arguments: &'a Arguments,
    /// The span that the beat answers for.
    pub pulse: Pulse,
}

/// What a step condition is asked.
pub struct StepQuestion<'a> {
    /// The storage seams.
    pub store: &'a Store,
    /// The pipeline with its steps.
    pub pipeline: &'a Pipeline,
    /// The step that would be enqueued.
    pub step: &'a StepDefinition,
    /// The arguments of the condition.
    pub arguments: &'a Arguments,
    /// The time.
    pub now: DateTime<Utc>,
}

/// Tells whether a pipeline may be spawned now.
///
/// It is asked by every beat, so it answers within milliseconds and changes nothing. A condition that is simply
/// [`Answer::Met`] spawns a pipeline with every beat, unless another condition stands against that; one that answers
/// [`Answer::Found`] spawns one for each thing found. One that reads a source which several definitions share is better
/// a [`FindingCondition`].
///
/// ```
/// use engine::accepts::Accepts;
/// use engine::conditions::{RegisteredPipelineCondition, SpawnQuestion};
/// use pipeline::facts::Answer;
///
/// /// Holds while no file `closed` lies in the bucket.
/// struct OfficeIsOpen;
///
/// #[async_trait::async_trait]
/// impl RegisteredPipelineCondition for OfficeIsOpen {
///     fn name(&self) -> &'static str {
///         "office_is_open"
///     }
///
///     fn description(&self) -> &'static str {
///         "only while the office is open"
///     }
///
///     fn arguments(&self) -> Accepts {
///         Accepts::Only(&[])
///     }
///
///     async fn check(&self, question: &SpawnQuestion<'_>) -> store::Result<Answer> {
///         Ok(match question.store.files.info("closed").await? {
///             None => Answer::Met,
///             // People read this as the reason why nothing is spawned.
///             Some(_) => Answer::Unmet("the office is closed: the file `closed` says so".to_owned()),
///         })
///     }
/// }
///
/// let program = engine::Program::default().with_pipeline_condition(OfficeIsOpen);
/// assert!(program.conditions().of_pipelines("office_is_open").is_some());
/// ```
#[async_trait]
pub trait RegisteredPipelineCondition: Send + Sync {
    /// The name that definitions use as `type`: lower-case letters, digits and `_`.
    fn name(&self) -> &'static str;

    /// What it asks, in one line for people.
    fn description(&self) -> &'static str;

    /// What the XML can tell it; what is wrong is reported when the file is loaded. [`Argument::of`] reads by the same
    /// declarations.
    ///
    /// [`Argument::of`]: pipeline::accepts::Argument::of
    fn arguments(&self) -> Accepts;

    /// Answers.
    ///
    /// # Errors
    /// The store did not answer. What else goes wrong is an [`Answer::Unmet`] that says so.
    async fn check(&self, question: &SpawnQuestion<'_>) -> store::Result<Answer>;
}

/// Tells whether a step may be enqueued now. It is asked when everything else that the step asks for holds.
///
/// ```
/// use chrono::{Datelike, Weekday};
/// use engine::accepts::Accepts;
/// use engine::conditions::{RegisteredStepCondition, StepQuestion};
/// use pipeline::facts::Answer;
///
/// /// Holds from Monday to Friday.
/// struct OnWeekdays;
///
/// #[async_trait::async_trait]
/// impl RegisteredStepCondition for OnWeekdays {
///     fn name(&self) -> &'static str {
///         "on_weekdays"
///     }
///
///     fn description(&self) -> &'static str {
///         "only from Monday to Friday"
///     }
///
///     fn arguments(&self) -> Accepts {
///         Accepts::Only(&[])
///     }
///
///     async fn check(&self, question: &StepQuestion<'_>) -> store::Result<Answer> {
///         Ok(match question.now.weekday() {
///             Weekday::Sat | Weekday::Sun => Answer::Unmet("it waits for Monday".to_owned()),
///             _ => Answer::Met,
///         })
///     }
/// }
///
/// let program = engine::Program::default().with_step_condition(OnWeekdays);
/// assert!(program.conditions().of_steps("on_weekdays").is_some());
/// ```
#[async_trait]
pub trait RegisteredStepCondition: Send + Sync {
    /// The name that definitions use as `type`: lower-case letters, digits and `_`.
    fn name(&self) -> &'static str;

    /// What it asks, in one line for people.
    fn description(&self) -> &'static str;

    /// What the XML can tell it; what is wrong is reported when the file is loaded. [`Argument::of`] reads by the same
    /// declarations.
    ///
    /// [`Argument::of`]: pipeline::accepts::Argument::of
    fn arguments(&self) -> Accepts;

    /// Answers.
    ///
    /// # Errors
    /// The store did not answer. What else goes wrong is an [`Answer::Unmet`] that says so.
    async fn check(&self, question: &StepQuestion<'_>) -> store::Result<Answer>;
}

/// All registered conditions of a program, by name.
#[derive(Default)]
pub struct Conditions {
    pipeline: BTreeMap<&'static str, Arc<dyn RegisteredPipelineCondition>>,
    finding: BTreeMap<&'static str, Arc<dyn FindingCondition>>,
    step: BTreeMap<&'static str, Arc<dyn RegisteredStepCondition>>,
}

impl Conditions {
    /// Makes the list.
    ///
    /// # Panics
    /// If a name is that of a condition that is built in, which definitions could not reach, or if a pipeline condition
    /// and a finding condition have the same name, of which definitions could reach only one.
    #[must_use]
    pub fn new(
        pipeline: impl IntoIterator<Item = Arc<dyn RegisteredPipelineCondition>>,
        finding: impl IntoIterator<Item = Arc<dyn FindingCondition>>,
        step: impl IntoIterator<Item = Arc<dyn RegisteredStepCondition>>,
    ) -> Self {
        let conditions = Conditions {
            pipeline: pipeline.into_iter().map(|condition| (condition.name(), condition)).collect(),
            finding: finding.into_iter().map(|condition| (condition.name(), condition)).collect(),
            step: step.into_iter().map(|condition| (condition.name(), condition)).collect(),
        };
        let of_pipelines = conditions.pipeline.keys().chain(conditions.finding.keys());
        for name in of_pipelines.chain(conditions.step.keys()) {
            assert!(!is_built_in(name), "condition `{name}` is built in and cannot be registered");
        }
        for name in conditions.finding.keys() {
            assert!(!conditions.pipeline.contains_key(name), "two conditions of pipelines are registered as `{name}`");
        }
        conditions
    }

    /// The pipeline condition of a name.
    #[must_use]
    pub fn of_pipelines(&self, name: &str) -> Option<&Arc<dyn RegisteredPipelineCondition>> {
        self.pipeline.get(name)
    }

    /// The conditions that find.
    pub fn finding(&self) -> impl Iterator<Item = &Arc<dyn FindingCondition>> {
        self.finding.values()
    }

    /// The step condition of a name.
    #[must_use]
    pub fn of_steps(&self, name: &str) -> Option<&Arc<dyn RegisteredStepCondition>> {
        self.step.get(name)
    }

    /// The names that definitions may use, and what each condition takes.
    #[must_use]
    pub fn vocabulary(&self) -> Vocabulary {
        let of_pipelines = self.pipeline.values().map(|condition| (condition.name(), condition.arguments()));
        let finding = self.finding.values().map(|condition| (condition.name(), condition.arguments()));
        let of_steps = self.step.values().map(|condition| (condition.name(), condition.arguments()));
        let owned = |(name, accepts): (&str, Accepts)| (name.to_owned(), accepts);
        Vocabulary {
            pipeline_conditions: of_pipelines.chain(finding).map(owned).collect(),
            step_conditions: of_steps.map(owned).collect(),
            executors: None,
        }
    }
}
