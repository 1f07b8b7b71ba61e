//! Conditions that find: each look at a source may bring something to light that one pipeline is spawned for.
//!
//! A beat looks **once** at each source, before it spawns, and only if a definition in force asks. The look then answers
//! for every definition on its own, and is told at the end what became of what it found. So a source that is dear to read
//! (a listing of a bucket, a query of a table) is read once a beat, however many definitions ask for it.
//!
//! One thing is found for a definition in a beat; what brings many things at a time is better told by a
//! [data fetcher](crate::data_fetchers).

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use pipeline::Arguments;
use pipeline::accepts::Accepts;
use pipeline::facts::{Answer, Discovery};
use pipeline::{Definition, Name, PipelineId};
use store::Store;
use store::pipelines::OpenPipeline;

/// Finds things that shall each get a pipeline.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use engine::accepts::Accepts;
/// use engine::conditions::finding::{FindingCondition, SourceLook, LookQuestion};
/// use pipeline::Name;
/// use pipeline::facts::Answer;
/// use pipeline::facts::Discovery;
///
/// /// Finds files under `letters/`: each gets a pipeline with the argument `letter`.
/// struct LetterWaits;
///
/// /// For each definition that asks, its oldest letter without a pipeline.
/// struct Letters(BTreeMap<Name, Answer>);
///
/// #[async_trait::async_trait]
/// impl FindingCondition for LetterWaits {
///     fn name(&self) -> &'static str {
///         "letter_waits"
///     }
///
///     fn description(&self) -> &'static str {
///         "finds letters that nobody has answered"
///     }
///
///     fn arguments(&self) -> Accepts {
///         Accepts::Only(&[])
///     }
///
///     async fn look(&self, question: &LookQuestion<'_>) -> store::Result<Box<dyn SourceLook>> {
///         // Once for all definitions; then each of them has letters of its own that are new to it.
///         let letters = question.store.files.list("letters/", None, 100).await?;
///         let keys: Vec<String> = letters.iter().map(|file| format!("{} {}", file.key, file.fingerprint)).collect();
///         let mut found = BTreeMap::new();
///         for asking in question.asking {
///             let known = question.store.spawned_for(&asking.definition.name, &keys).await?;
///             let is_new = |key: &String| !known.iter().any(|(spawned, _)| spawned == key);
///             let next = letters.iter().zip(&keys).find(|(_, key)| is_new(key));
///             let answer = match next {
///                 Some((file, key)) => Answer::Found(Discovery {
///                     key: key.clone(),
///                     at: file.modified_at,
///                     arguments: [("letter".to_owned(), file.key.clone())].into(),
///                     things: vec![file.key.clone()],
///                 }),
///                 None => Answer::Unmet("no letter waits".to_owned()),
///             };
///             found.insert(asking.definition.name.clone(), answer);
///         }
///         Ok(Box::new(Letters(found)))
///     }
/// }
///
/// impl SourceLook for Letters {
///     fn answer(&self, definition: &Name) -> Answer {
///         self.0[definition].clone()
///     }
/// }
///
/// let program = engine::Program::default().with_finding_condition(LetterWaits);
/// assert_eq!(program.conditions().finding().count(), 1);
/// ```
#[async_trait]
pub trait FindingCondition: Send + Sync {
    /// The name that definitions use as `type`: lower-case letters, digits and `_`.
    fn name(&self) -> &'static str;

    /// What it finds, in one line for people.
    fn description(&self) -> &'static str;

    /// What the XML can tell it; what is wrong is reported when the file is loaded. [`Argument::of`] reads by the same
    /// declarations.
    ///
    /// [`Argument::of`]: pipeline::accepts::Argument::of
    fn arguments(&self) -> Accepts;

    /// Looks at its source, for all definitions that ask at once. It changes nothing: people look, too.
    ///
    /// # Errors
    /// The store did not answer. What else goes wrong is told by [`SourceLook::answer`] or [`SourceLook::problems`].
    async fn look(&self, question: &LookQuestion<'_>) -> store::Result<Box<dyn SourceLook>>;
}

/// What one look has seen.
#[async_trait]
pub trait SourceLook: Send + Sync {
    /// What there is for one of the definitions that ask: [`Answer::Found`], or [`Answer::Unmet`] with the reason that
    /// people read. What a pipeline of the definition was spawned for before is not found again.
    fn answer(&self, definition: &Name) -> Answer;

    /// What is wrong and does not mend by waiting, for the report of the beat.
    fn problems(&self) -> &[SourceProblem] {
        &[]
    }

    /// Writes down for people what becomes of what was seen. A beat that dies before leaves it to the next one.
    ///
    /// # Errors
    /// The store did not answer.
    async fn note(&self, store: &Store, outcomes: &[DiscoveryOutcome], now: DateTime<Utc>) -> store::Result<()> {
        let _ = (store, outcomes, now);
        Ok(())
    }
}

/// What a finding condition is asked with.
pub struct LookQuestion<'a> {
    /// The storage seams.
    pub store: &'a Store,
    /// The definitions that ask, each with what its author told the condition.
    pub asking: &'a [Asking<'a>],
    /// The open pipelines. The listing may lag behind: what was spawned last may be missing.
    pub open: &'a [OpenPipeline],
}

/// A definition that asks.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// What would be spawned.
    pub definition: &'a Definition,
    /// The arguments of the condition.
    pub arguments: &'a Arguments,
}

/// Things that nothing is spawned for, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceProblem {
    /// Why, as a sentence for people.
    pub reason: String,
    /// What is concerned, such as names of files.
    pub things: Vec<String>,
}

/// What a beat made of something that was found for a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryOutcome {
    /// The definition.
    pub definition: Name,
    /// What was found.
    pub found: Discovery,
    /// What became of it.
    pub fate: DiscoveryFate,
}

/// What became of something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiscoveryFate {
    /// This pipeline was spawned for it.
    Spawned(PipelineId),
    /// Nothing was, for these reasons: other conditions of the definition stand against it, or something is wrong.
    NotSpawned(Vec<String>),
}
