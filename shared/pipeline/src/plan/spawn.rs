//! Whether a beat spawns a pipeline from a definition.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::condition::{Check, PipelineCondition};
use crate::definition::{Arguments, Definition};
use crate::id::PipelineId;
use crate::schedule::Pulse;

/// What is known when a spawn is decided.
#[derive(Debug, Clone)]
pub struct SpawnFacts<'a> {
    /// The time span that the beat answers for.
    pub pulse: Pulse,
    /// An open pipeline of the same name, if there is one.
    pub open_sibling: Option<PipelineId>,
    /// The oldest complete bunch that no pipeline was spawned for yet, or why there is none.
    pub bunch: Result<&'a Found, &'a str>,
}

/// Something in the world that a condition found, such as a complete bunch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Names it for ever: the same thing never spawns twice.
    pub key: String,
    /// When it appeared.
    pub at: DateTime<Utc>,
    /// What the steps are told of it.
    pub arguments: Arguments,
}

/// What a beat does about one definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spawn {
    /// Spawn a pipeline.
    Yes {
        /// The id, derived from what made the conditions hold.
        id: PipelineId,
        /// What all steps are told.
        arguments: Arguments,
        /// Why it is spawned, for people.
        reason: String,
        /// The keys of what was found: nothing of it spawns two pipelines of one name.
        found: Vec<String>,
    },
    /// Do not, for these reasons.
    No(Vec<String>),
}

/// Decides whether a beat spawns a pipeline from a definition.
#[must_use]
pub fn spawn(definition: &Definition, facts: &SpawnFacts<'_>) -> Spawn {
    let mut unmet = Vec::new();
    let mut arguments = Arguments::new();
    let (mut keys, mut found) = (Vec::new(), Vec::new());
    let mut at = facts.pulse.until;
    for described in &definition.conditions {
        match &described.condition {
            PipelineCondition::CronExpression { cron } => {
                if let Some(due) = cron.latest_due(facts.pulse) {
                    at = due;
                    keys.push(format!("cron {}", due.to_rfc3339_opts(SecondsFormat::Secs, true)));
                }
            }
            PipelineCondition::BunchComplete { .. } => {
                if let Ok(bunch) = facts.bunch {
                    at = bunch.at;
                    keys.push(bunch.key.clone());
                    found.push(bunch.key.clone());
                }
            }
            PipelineCondition::NoAutoSpawn | PipelineCondition::NoSiblingInProgress => {}
        }
        match check(&described.condition, facts) {
            Check::Met(handed) => arguments.extend(handed),
            Check::Unmet(reason) | Check::Never(reason) => unmet.push(reason),
        }
    }
    if !unmet.is_empty() {
        return Spawn::No(unmet);
    }
    if keys.is_empty() {
        // Nothing in the world names this spawn, so the beat does: a repeated beat has another pulse.
        keys.push(format!("beat {}", facts.pulse.until.to_rfc3339()));
    }
    let key = keys.join(" + ");
    Spawn::Yes { id: PipelineId::derive(&definition.name, &key, at), arguments, reason: key, found }
}

/// The answer of one pipeline condition.
fn check(condition: &PipelineCondition, facts: &SpawnFacts<'_>) -> Check {
    match condition {
        PipelineCondition::NoAutoSpawn => {
            Check::Unmet("it is spawned by hand, by the API or by another pipeline only".to_owned())
        }
        PipelineCondition::NoSiblingInProgress => match &facts.open_sibling {
            Some(id) => Check::Unmet(format!("pipeline {id} of the same name has not ended")),
            None => Check::Met(Arguments::new()),
        },
        PipelineCondition::CronExpression { cron } => match cron.latest_due(facts.pulse) {
            Some(_) => Check::Met(Arguments::new()),
            None => Check::Unmet(match cron.next_due(facts.pulse.until) {
                Some(next) => format!(
                    "cron {} is due next at {}",
                    cron.in_words(),
                    next.to_rfc3339_opts(SecondsFormat::Secs, true)
                ),
                None => format!("cron {} is never due", cron.in_words()),
            }),
        },
        PipelineCondition::BunchComplete { .. } => match &facts.bunch {
            Ok(found) => Check::Met(found.arguments.clone()),
            Err(reason) => Check::Unmet((*reason).to_owned()),
        },
    }
}
