//! Whether a beat spawns a pipeline from a definition.

use chrono::SecondsFormat;

use crate::arguments::Arguments;
use crate::condition::{Check, PipelineCondition, Registered};
use crate::definition::Definition;
use crate::facts::{Answer, Asker, Facts};
use crate::id::{Name, PipelineId};
use crate::plan::check::{named_pipelines, registered};
use crate::schedule::{Cron, Pulse};
use crate::settings::{Scope, Settings};

/// What is known when a spawn is decided.
#[derive(Debug, Clone)]
pub struct SpawnFacts<'a> {
    /// What is known beside the definition.
    pub around: &'a Facts,
    /// The time span that the beat answers for.
    pub pulse: Pulse,
    /// An open pipeline of the same name, if there is one.
    pub open_sibling: Option<PipelineId>,
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
    unmet.extend(spawn_hold(&definition.name, &facts.around.settings));
    for (index, described) in definition.conditions.iter().enumerate() {
        let condition = &described.condition;
        if let Ok(Some(cron)) = cron(definition, condition, facts.around)
            && let Some(due) = cron.latest_due(facts.pulse)
        {
            at = due;
            keys.push(format!("cron {}", due.to_rfc3339_opts(SecondsFormat::Secs, true)));
        }
        if let Some(Answer::Found(thing)) = facts.around.registered.get(&asked_by(definition, index)) {
            at = thing.at;
            keys.push(thing.key.clone());
            found.push(thing.key.clone());
        }
        match check(definition, index, condition, facts) {
            Check::Met(handed) => arguments.extend(handed),
            Check::Unmet(reason) | Check::Never(reason) => unmet.push(reason),
        }
    }
    if !unmet.is_empty() {
        return Spawn::No(unmet);
    }
    if keys.is_empty() {
        // Nothing that was found names this spawn, so the beat does: a repeated beat has another pulse.
        keys.push(format!("beat {}", facts.pulse.until.to_rfc3339()));
    }
    let key = keys.join(" + ");
    Spawn::Yes { id: PipelineId::derive(&definition.name, &key, at), arguments, reason: key, found }
}

/// What every condition of a definition answers, in their order, for people; without the holds that [`spawn()`] knows.
#[must_use]
pub fn spawn_answers(definition: &Definition, facts: &SpawnFacts<'_>) -> Vec<Check> {
    let mut answers = Vec::with_capacity(definition.conditions.len());
    for (index, described) in definition.conditions.iter().enumerate() {
        answers.push(check(definition, index, &described.condition, facts));
    }
    answers
}

/// Why nothing of the definition is spawned now, whatever its conditions say. The pulse goes on meanwhile: a cron time
/// that falls due during a hold is passed over.
#[must_use]
pub fn spawn_hold(definition: &Name, settings: &Settings) -> Option<String> {
    if settings.flag("maintenance", &Scope::Default) {
        return Some("maintenance mode is on".to_owned());
    }
    let is_on = settings.flag("spawning", &Scope::Pipeline(definition.clone()));
    (!is_on).then(|| "spawning is switched off by the setting `spawning`".to_owned())
}

/// The answer of one pipeline condition.
fn check(definition: &Definition, index: usize, condition: &PipelineCondition, facts: &SpawnFacts<'_>) -> Check {
    let settings = &facts.around.settings;
    match condition {
        PipelineCondition::NoAutoSpawn => {
            Check::Unmet("it is spawned by hand, by the API or by another pipeline only".to_owned())
        }
        PipelineCondition::NoSiblingInProgress => match &facts.open_sibling {
            Some(id) => Check::Unmet(format!("pipeline {id} of the same name has not ended")),
            None => Check::Met(Arguments::new()),
        },
        PipelineCondition::CronExpression { .. }
        | PipelineCondition::ConfigurableCronExpression { .. }
        | PipelineCondition::CleanUp => match cron(definition, condition, facts.around) {
            Ok(Some(cron)) => cron_due(&cron, facts.pulse),
            Ok(None) => Check::Met(Arguments::new()),
            Err(none) => Check::Unmet(none.to_string()),
        },
        PipelineCondition::Initializer => initializer(facts.around),
        PipelineCondition::WebsiteActive { websites } => websites_active(settings, websites),
        PipelineCondition::PipelineEnabled => pipeline_enabled(settings, &definition.name),
        PipelineCondition::NoConflictingStep { steps } => conflict(facts.around, steps),
        PipelineCondition::NamedPipelinesHaveStatus { pipelines, statuses } => {
            named_pipelines(facts.around, pipelines, statuses)
        }
        // During maintenance nothing is spawned, whether the condition asks for it or not.
        PipelineCondition::Maintenance => Check::Met(Arguments::new()),
        PipelineCondition::Registered(Registered { name, .. }) => {
            registered(facts.around, &asked_by(definition, index), name)
        }
    }
}

fn websites_active(settings: &Settings, websites: &[String]) -> Check {
    for code in websites {
        if !settings.flag("website.active", &Scope::Website(code.clone())) {
            return Check::Unmet(format!("website `{code}` is not active"));
        }
    }
    Check::Met(Arguments::new())
}

fn pipeline_enabled(settings: &Settings, name: &Name) -> Check {
    if settings.flag("pipeline.enabled", &Scope::Pipeline(name.clone())) {
        return Check::Met(Arguments::new());
    }
    Check::Unmet("it is switched off by the setting `pipeline.enabled`".to_owned())
}

fn asked_by(definition: &Definition, index: usize) -> Asker {
    Asker { pipeline: None, name: definition.name.clone(), index }
}

/// Why a condition that is about a setting's cron expression cannot be met.
#[derive(Debug, thiserror::Error)]
#[error("setting `{setting}` holds no cron expression")]
struct NoCronSet {
    setting: String,
}

/// The expression behind a condition about time; `None` if the condition is about something else.
fn cron(definition: &Definition, condition: &PipelineCondition, around: &Facts) -> Result<Option<Cron>, NoCronSet> {
    let setting = match condition {
        PipelineCondition::CronExpression { cron } => return Ok(Some(cron.clone())),
        PipelineCondition::ConfigurableCronExpression { setting } => setting,
        PipelineCondition::CleanUp => "clean_up.cron",
        PipelineCondition::NoAutoSpawn
        | PipelineCondition::NoSiblingInProgress
        | PipelineCondition::Initializer
        | PipelineCondition::WebsiteActive { .. }
        | PipelineCondition::PipelineEnabled
        | PipelineCondition::NoConflictingStep { .. }
        | PipelineCondition::NamedPipelinesHaveStatus { .. }
        | PipelineCondition::Maintenance
        | PipelineCondition::Registered(_) => return Ok(None),
    };
    match around.settings.cron(setting, &Scope::Pipeline(definition.name.clone())) {
        Some(cron) => Ok(Some(cron)),
        None => Err(NoCronSet { setting: setting.to_owned() }),
    }
}

fn initializer(around: &Facts) -> Check {
    let is_on = |name: &str| around.settings.flag(name, &Scope::Default);
    Check::Unmet(match (is_on("initializer.enabled"), is_on("initializer.in_pipeline")) {
        (true, true) if around.has_fetchers => return Check::Met(Arguments::new()),
        (true, true) => "there are no data fetchers".to_owned(),
        (true, false) => "the heartbeat asks data fetchers; the setting `initializer.in_pipeline` is off".to_owned(),
        (false, _) => "data fetchers are switched off by the setting `initializer.enabled`".to_owned(),
    })
}

fn cron_due(cron: &Cron, pulse: Pulse) -> Check {
    if cron.latest_due(pulse).is_some() {
        return Check::Met(Arguments::new());
    }
    let words = cron.in_words();
    Check::Unmet(match cron.next_due(pulse.until) {
        Some(next) => format!("cron {words} is due next at {}", cron.spelled(next)),
        None => format!("cron {words} is never due"),
    })
}

fn conflict(around: &Facts, steps: &[Name]) -> Check {
    for name in steps {
        if let Some(pipeline) = around.active_steps.get(name).and_then(|pipelines| pipelines.first()) {
            return Check::Unmet(format!("step `{name}` of pipeline {pipeline} is enqueued or running"));
        }
    }
    Check::Met(Arguments::new())
}
