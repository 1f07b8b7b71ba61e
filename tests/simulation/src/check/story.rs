//! The history of a run, sorted by pipelines and steps.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use pipeline::condition::StepCondition;
use pipeline::{Definition, StepDefinition, StepStatus};
use serde_json::Value;

use crate::history::{ActorId, Body, PipelineState, StepState, What};
use crate::run::{Ended, moment};

/// Everything that happened, by pipeline.
pub(crate) struct Story<'a> {
    pub(crate) ended: &'a Ended,
    pub(crate) lives: BTreeMap<&'a str, Life<'a>>,
    /// When each actor begins.
    begins: BTreeMap<ActorId, usize>,
    /// When maintenance was switched, and whether on.
    maintenance: Vec<(usize, bool)>,
}

/// What happened to one pipeline. Moments are places in the history.
pub(crate) struct Life<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) definition: Definition,
    pub(crate) arguments: &'a Value,
    pub(crate) states: Vec<(usize, &'a PipelineState)>,
    pub(crate) steps: BTreeMap<&'a str, Vec<(usize, &'a StepState)>>,
    pub(crate) bodies: Vec<Execution<'a>>,
    /// The steps that were stored under `<adder>/<batch>/<number>`.
    added: Vec<(&'a str, Vec<StepDefinition>)>,
}

/// One execution of a step.
pub(crate) struct Execution<'a> {
    pub(crate) body: &'a Body,
    pub(crate) begins: usize,
    /// When its executor ended, its actor died, or first stood still; the end of the history if nothing of it happened.
    pub(crate) stops: usize,
    /// What it left, if its executor ended.
    pub(crate) output: Option<&'a Value>,
    actor: ActorId,
}

/// A mark that begins an attempt and that nobody asked for.
pub(crate) struct Mark<'a> {
    pub(crate) step: &'a str,
    pub(crate) at: usize,
    /// Where the step stood before; `None` before its first enqueue.
    pub(crate) before: Option<&'a StepState>,
    pub(crate) state: &'a StepState,
}

impl<'a> Story<'a> {
    pub(crate) fn of(ended: &'a Ended) -> Self {
        let mut story = Story { ended, lives: BTreeMap::new(), begins: BTreeMap::new(), maintenance: Vec::new() };
        let mut definitions: BTreeMap<&str, &Value> = BTreeMap::new();
        for (at, event) in ended.history.events.iter().enumerate() {
            match &event.what {
                What::Begins { .. } => drop(story.begins.insert(event.actor, at)),
                What::Maintenance { is_on } => story.maintenance.push((at, *is_on)),
                What::Definition { hash, definition } => drop(definitions.insert(hash, definition)),
                What::Pipeline { id, state } => story.add_pipeline(at, id, state, &definitions),
                What::Step { id, step, state } => {
                    if let Some(life) = story.lives.get_mut(id.as_str()) {
                        life.steps.entry(step).or_default().push((at, state));
                    }
                }
                What::Added { id, place, steps } => {
                    if let Some(life) = story.lives.get_mut(id.as_str()) {
                        let steps = steps.iter().filter_map(|step| serde_json::from_value(step.clone()).ok());
                        life.added.push((place, steps.collect()));
                    }
                }
                What::WorkBegins(body) => {
                    let (begins, stops, actor) = (at, usize::MAX, event.actor);
                    let body = Execution { body, begins, stops, output: None, actor };
                    if let Some(life) = story.lives.get_mut(body.body.id.as_str()) {
                        life.bodies.push(body);
                    }
                }
                What::WorkEnds { body, output, .. } => {
                    if let Some(life) = story.lives.get_mut(body.id.as_str()) {
                        let mut bodies = life.bodies.iter_mut();
                        if let Some(ended) = bodies.find(|own| own.body == body && own.actor == event.actor) {
                            (ended.stops, ended.output) = (ended.stops.min(at), output.as_ref());
                        }
                    }
                }
                What::Dies(_) | What::Freezes { .. } => {
                    let bodies = story.lives.values_mut().flat_map(|life| &mut life.bodies);
                    bodies.filter(|body| body.actor == event.actor).for_each(|body| body.stops = body.stops.min(at));
                }
                _ => {}
            }
        }
        story
    }

    fn add_pipeline(&mut self, at: usize, id: &'a str, state: &'a PipelineState, definitions: &BTreeMap<&str, &Value>) {
        if let Some(life) = self.lives.get_mut(id) {
            life.states.push((at, state));
            return;
        }
        let stored = definitions.get(state.definition.as_str()).expect("a definition is stored before its pipelines");
        let definition = serde_json::from_value((*stored).clone()).expect("a stored definition can be read");
        let (name, arguments) = (state.name.as_str(), &state.arguments);
        let (steps, bodies, added) = (BTreeMap::new(), Vec::new(), Vec::new());
        self.lives
            .insert(id, Life { id, name, definition, arguments, states: vec![(at, state)], steps, bodies, added });
    }

    /// When an actor begins; the world never does.
    pub(crate) fn begins(&self, actor: ActorId) -> Option<usize> {
        self.begins.get(&actor).copied()
    }

    /// When who wrote at a moment began.
    pub(crate) fn begin_of_writer(&self, at: usize) -> Option<usize> {
        self.begins(self.ended.history.events[at].actor)
    }

    /// Since when maintenance has been on at a moment, if it is.
    pub(crate) fn maintained_since(&self, at: usize) -> Option<usize> {
        since(self.maintenance.iter().filter(|(written, _)| *written < at).copied())
    }

    /// Whether maintenance was ever switched.
    pub(crate) fn had_maintenance(&self) -> bool {
        !self.maintenance.is_empty()
    }

    /// Whether something goes wrong with who executes the first of two before the second begins.
    pub(crate) fn is_disturbed_between(&self, first: &Execution<'_>, second: &Execution<'_>) -> bool {
        let events = &self.ended.history.events[first.begins..second.begins];
        events.iter().any(|event| event.actor == first.actor && matches!(event.what, What::Fault { .. }))
    }

    /// A moment of the history as people read it.
    pub(crate) fn time(&self, at: usize) -> String {
        let seconds = self.ended.history.events[at].at / 1_000;
        format!("{}:{:02} min", seconds / 60, seconds % 60)
    }

    /// The name of who did what is told at a moment.
    pub(crate) fn actor(&self, at: usize) -> &str {
        &self.ended.history.actors[self.ended.history.events[at].actor]
    }

    /// Who claims under a name; one that deals with message after message counts them.
    pub(crate) fn named(&self, owner: &str) -> Option<ActorId> {
        let name = owner.split('.').next().unwrap_or(owner);
        self.ended.history.actors.iter().position(|actor| actor == name)
    }

    /// What the clock of who wrote at a moment showed when it was about to write, at least and at most.
    pub(crate) fn clock(&self, at: usize) -> (DateTime<Utc>, DateTime<Utc>) {
        let events = &self.ended.history.events;
        let began = self.begins(events[at].actor).map_or(&events[at], |begins| &events[begins]);
        let skew = if let What::Begins { skew } = began.what { skew } else { 0 };
        (moment(began.at + skew), moment(events[at].at + skew))
    }

    /// The moment so many milliseconds before another one.
    pub(crate) fn earlier(&self, at: usize, millis: i64) -> usize {
        let events = &self.ended.history.events;
        events.partition_point(|event| event.at < events[at].at - millis)
    }

    /// The value of a setting before a moment, if it has been set.
    pub(crate) fn setting(&self, name: &str, at: usize) -> Option<&str> {
        let mut events = self.ended.history.events[..at].iter().rev();
        events.find_map(|event| match &event.what {
            What::Setting { key, value } if key == name => Some(value.as_str()),
            _ => None,
        })
    }

    /// When an actor turned to a step that it claimed at a moment: when it received the message of a token, or had ended its
    /// work before that, whichever was first. A claim may arrive long after its actor gave up waiting for it.
    pub(crate) fn work_before(&self, actor: ActorId, token: &str, at: usize) -> usize {
        let events = &self.ended.history.events[..at];
        let last = |is_it: &dyn Fn(&What) -> bool| {
            events.iter().rposition(|event| event.actor == actor && is_it(&event.what)).or(self.begins(actor))
        };
        let ended = last(&|what| matches!(what, What::WorkEnds { .. }));
        let received = last(&|what| matches!(what, What::Delivered { message } if message.token.0 == token));
        ended.min(received).unwrap_or(0)
    }

    /// How many milliseconds before `at` a pipeline that had ended was open again, if that is what it was.
    pub(crate) fn opened_again(&self, life: &Life<'_>, at: usize) -> Option<i64> {
        let before: Vec<_> = life.states.iter().filter(|(written, _)| *written < at).collect();
        let last_end = before.iter().rposition(|(_, state)| !state.status.is_open())?;
        let (opened, _) = before.get(last_end + 1)?;
        Some(self.ended.history.events[at].at - self.ended.history.events[*opened].at)
    }
}

impl Life<'_> {
    /// What a step should do, if it is one of the definition or was added.
    pub(crate) fn definition_of(&self, name: &str) -> Option<&StepDefinition> {
        let added = self.added.iter().flat_map(|(_, steps)| steps);
        self.definition.steps.iter().map(|step| &**step).chain(added).find(|step| step.name.as_str() == name)
    }

    /// The steps that count at a moment: those of the definition, and those added by steps that have succeeded.
    pub(crate) fn steps_at(&self, at: usize) -> Vec<&StepDefinition> {
        self.definition.steps.iter().map(|step| &**step).chain(self.added_at(at)).collect()
    }

    /// The added steps that count at a moment.
    pub(crate) fn added_at(&self, at: usize) -> Vec<&StepDefinition> {
        let mut counting = Vec::new();
        for (place, steps) in &self.added {
            let mut parts = place.splitn(3, '/');
            let (Some(adder), Some(batch)) = (parts.next(), parts.next()) else { continue };
            let is_named = self.state(adder, at).is_some_and(|state| state.added.iter().any(|own| own == batch));
            if is_named {
                counting.extend(steps);
            }
        }
        counting
    }

    /// Where a step stands before a moment; `None` before its first enqueue.
    pub(crate) fn state(&self, step: &str, at: usize) -> Option<&StepState> {
        let states = self.steps.get(step)?;
        states.iter().rev().find(|(written, _)| *written < at).map(|(_, state)| *state)
    }

    /// Where the pipeline itself stands before a moment.
    pub(crate) fn own_state(&self, at: usize) -> Option<&PipelineState> {
        self.states.iter().rev().find(|(written, _)| *written < at).map(|(_, state)| *state)
    }

    /// The marks that begin an attempt and that nobody asked for.
    pub(crate) fn new_marks(&self) -> Vec<Mark<'_>> {
        let mut marks = Vec::new();
        for (step, states) in &self.steps {
            let mut before: Option<&StepState> = None;
            for (at, state) in states {
                let is_new = before.is_none_or(|before| before.token != state.token);
                if state.status == StepStatus::Enqueued && state.continuations == 0 && !state.is_rerun && is_new {
                    marks.push(Mark { step, at: *at, before, state });
                }
                before = Some(state);
            }
        }
        marks
    }

    /// When a person first ran a step by hand: then much may happen that otherwise may not.
    pub(crate) fn rerun_at(&self) -> usize {
        let reruns = self.steps.values().flatten().filter(|(_, state)| state.is_rerun);
        reruns.map(|(at, _)| *at).min().unwrap_or(usize::MAX)
    }

    /// Since when the pipeline has been on hold at a moment, if it is. A stop ends a pause.
    pub(crate) fn held_since(&self, at: usize) -> Option<usize> {
        let states = self.states.iter().filter(|(written, _)| *written < at);
        since(states.map(|(written, state)| (*written, state.is_held())))
    }

    /// When somebody wanted the pipeline to end, if anybody did.
    pub(crate) fn stopped_at(&self) -> Option<usize> {
        self.states.iter().find(|(_, state)| state.is_stopped()).map(|(at, _)| *at)
    }

    /// Whether the step's lease ran out between the claim of one execution and the beginning of another: by a clock that is
    /// ahead, it may do so before the first one has begun.
    pub(crate) fn is_ghosted_between(&self, first: &Execution<'_>, second: &Execution<'_>) -> bool {
        let claimed = self.claim_of(first).map_or(first.begins, |(at, _)| at);
        let states = self.steps.get(first.body.step.as_str()).into_iter().flatten();
        states
            .filter(|(at, _)| (claimed..second.begins).contains(at))
            .any(|(_, state)| state.status == StepStatus::Error && state.message.contains("gave no sign of life"))
    }

    /// The claim that an execution belongs to.
    pub(crate) fn claim_of(&self, body: &Execution<'_>) -> Option<(usize, &StepState)> {
        let states = self.steps.get(body.body.step.as_str())?;
        claims(states).find(|(_, state)| state.token == body.body.token)
    }
}

/// Since when something is so that is written at each of these moments.
fn since(written: impl Iterator<Item = (usize, bool)>) -> Option<usize> {
    written.fold(None, |since, (at, is_so)| if is_so { since.or(Some(at)) } else { None })
}

/// The writes by which somebody took a step.
pub(crate) fn claims<'a, 'b>(
    states: &'b [(usize, &'a StepState)],
) -> impl Iterator<Item = (usize, &'a StepState)> + use<'a, 'b> {
    states.iter().enumerate().filter_map(|(index, (at, state))| {
        let before = index.checked_sub(1).map(|before| states[before].1);
        let is_held = before.is_some_and(|before| before.status == StepStatus::Running && before.owner == state.owner);
        (state.status == StepStatus::Running && !is_held).then_some((*at, *state))
    })
}

/// How often a step is tried in each of its runs.
pub(crate) fn limit(definition: &StepDefinition) -> Option<u32> {
    definition.conditions.iter().find_map(|described| match described.condition {
        StepCondition::AttemptsLimit { limit } => Some(limit),
        _ => None,
    })
}

/// How often a recurring step runs.
pub(crate) fn recurs(definition: &StepDefinition) -> Option<u32> {
    definition.conditions.iter().find_map(|described| match described.condition {
        StepCondition::Recurring { limit, .. } => Some(limit),
        _ => None,
    })
}

/// Why a step may not go from one state to the next.
pub(crate) fn illegal(life: &Life<'_>, name: &str, before: &StepState, after: &StepState) -> Option<String> {
    use StepStatus as S;
    let is_held = before.token == after.token && before.owner == after.owner;
    let is_new = before.token != after.token && after.continuations == 0;
    let definition = life.definition_of(name);
    let recurs = definition.is_some_and(|definition| recurs(definition).is_some());
    let tells_anew =
        definition.is_some_and(|definition| definition.run_always) && before.reruns_seen < after.reruns_seen;
    let is_legal = match (before.status, after.status) {
        (S::Enqueued, S::Enqueued | S::Running | S::Cancelled) => before.token == after.token,
        (S::Running, S::Running | S::Success | S::Skipped | S::Error | S::Cancelled) => is_held,
        (S::Running, S::Enqueued) => {
            before.token != after.token
                && after.continuations == before.continuations + 1
                && after.attempt == before.attempt
        }
        (S::Error, S::Enqueued) => is_new,
        (S::Success, S::Enqueued) => is_new && (after.is_rerun || recurs || tells_anew),
        (S::Skipped | S::Cancelled, S::Enqueued) => is_new && (after.is_rerun || tells_anew),
        _ => false,
    };
    if !is_legal {
        return Some(format!(
            "it goes from {} to {}, token {} to {}",
            before.status, after.status, before.token, after.token
        ));
    }
    (after.version != before.version + 1).then(|| format!("version {} follows {}", after.version, before.version))
}
