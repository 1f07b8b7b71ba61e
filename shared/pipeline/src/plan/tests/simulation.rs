//! One pipeline with its messages and runners, in memory: any order of what can happen to it, and what must hold then.
//!
//! Every write compares the version that it was decided from, as in the store. What beats, runners and people do is drawn
//! up front; what does not apply is passed over and counted.

mod checks;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use super::scenario::{self, GRACE};
use crate::condition::StepCondition;
use crate::definition::Described;
use crate::id::Name;
use crate::pipeline::{Pipeline, StopRequest, StoppedBy};
use crate::plan::{Plan, begins_run, plan};
use crate::settings::Scope;
use crate::status::StepStatus;
use crate::step::{Step, StepRecord, Token};
use crate::transition::{StepEvent, next};

/// As many looks as `apply` of the engine takes in one beat.
const LOOKS: usize = 4;

/// How long a runner may be silent.
const LEASE: Duration = Duration::from_secs(15 * 60);

/// Longer than leases, waits and the grace time: whatever waits, waits no more.
const LONG: Duration = Duration::from_secs(20 * 60);

/// What can happen.
#[derive(Debug, Clone)]
enum Action {
    /// A beat looks and acts.
    Beat,
    /// A beat looks, and acts later or never.
    Look,
    /// A beat that looked before acts, from what it saw then.
    ActLate(Index),
    /// A runner takes a message and claims its step.
    Claim(Index),
    /// A runner that has claimed looks for a stop and begins, or ends what it began; the flag makes an error permanent.
    Work(Index, StepEvent, bool),
    /// A runner dies without a word.
    Die(Index),
    /// A message gets lost.
    Lose(Index),
    /// A message is delivered a second time.
    Double(Index),
    /// Time passes.
    Wait(u64),
    /// A person stops the pipeline.
    Cancel,
    /// A person pauses the pipeline, or lets it go on.
    Pause,
    /// Maintenance begins or ends.
    Maintenance,
}

struct World {
    now: DateTime<Utc>,
    pipeline: Pipeline,
    messages: Vec<Message>,
    runners: Vec<Runner>,
    looks: Vec<(Pipeline, Plan)>,
    is_in_maintenance: bool,
    /// How long the pipeline was paused until now, counted as time passes.
    paused: Duration,
    /// Makes tokens and owners that differ.
    count: u32,
    /// Every claim that was won, by step and token.
    claimed: BTreeSet<(Name, String)>,
}

#[derive(Debug, Clone)]
struct Message {
    step: Name,
    token: Token,
}

struct Runner {
    step: Name,
    owner: String,
    token: Token,
    /// Whether it has looked for a stop, found none, and begun the work.
    is_working: bool,
}

impl World {
    fn new(steps: Vec<Step>, expires_in: Option<u64>) -> Self {
        let mut pipeline = scenario::pipeline(steps);
        Arc::make_mut(&mut pipeline.definition).expire_in = expires_in.map(|minutes| Duration::from_secs(60 * minutes));
        pipeline.spawned_at = scenario::now();
        World {
            now: scenario::now(),
            pipeline,
            messages: Vec::new(),
            runners: Vec::new(),
            looks: Vec::new(),
            is_in_maintenance: false,
            paused: Duration::ZERO,
            count: 0,
            claimed: BTreeSet::new(),
        }
    }

    /// Does an action, if there is anything to do it to.
    fn act(&mut self, action: &Action) -> bool {
        match action {
            Action::Beat => self.beat(),
            Action::Look => self.looks.push((self.pipeline.clone(), self.plan())),
            Action::ActLate(_) if self.looks.is_empty() => return false,
            Action::ActLate(which) => {
                let (seen, plan) = self.looks.swap_remove(which.index(self.looks.len()));
                self.apply(&seen, &plan);
            }
            Action::Claim(_) | Action::Lose(_) | Action::Double(_) if self.messages.is_empty() => return false,
            Action::Claim(which) => {
                let message = self.messages.swap_remove(which.index(self.messages.len()));
                self.claim(&message);
            }
            Action::Lose(which) => {
                self.messages.swap_remove(which.index(self.messages.len()));
            }
            Action::Double(which) => self.messages.push(self.messages[which.index(self.messages.len())].clone()),
            Action::Work(..) | Action::Die(_) if self.runners.is_empty() => return false,
            Action::Work(which, event, is_permanent) => {
                let runner = self.runners.swap_remove(which.index(self.runners.len()));
                self.work(runner, *event, *is_permanent);
            }
            Action::Die(which) => {
                self.runners.swap_remove(which.index(self.runners.len()));
            }
            Action::Wait(minutes) => self.wait(Duration::from_secs(60 * minutes)),
            Action::Pause if self.pipeline.stop.is_some() || !self.pipeline.status.is_open() => return false,
            Action::Pause => self.pause_or_resume(),
            Action::Maintenance => self.is_in_maintenance = !self.is_in_maintenance,
            Action::Cancel if self.pipeline.stop.is_some() || !self.pipeline.status.is_open() => return false,
            Action::Cancel => {
                let stop = StopRequest { by: StoppedBy::Cancel, reason: "Ann had enough".to_owned(), at: self.now };
                self.pipeline.stop = Some(stop);
                self.pipeline.version += 1;
            }
        }
        true
    }

    fn wait(&mut self, span: Duration) {
        self.now += span;
        if self.pipeline.paused_at.is_some() {
            self.paused += span;
        }
    }

    fn pause_or_resume(&mut self) {
        let Pipeline { paused_at, paused_for, version, .. } = &mut self.pipeline;
        match paused_at.take() {
            Some(since) => *paused_for += (self.now - since).to_std().unwrap(),
            None => *paused_at = Some(self.now),
        }
        *version += 1;
    }

    fn plan(&self) -> Plan {
        if !self.pipeline.status.is_open() {
            return Plan::default();
        }
        let mut facts = crate::facts::Facts::default();
        if self.is_in_maintenance {
            facts.settings.insert("maintenance", Scope::Default, "on");
        }
        let plan = plan(&self.pipeline, &facts, GRACE, self.now);
        self.check_held(&plan);
        self.check_alone(&plan);
        plan
    }

    /// A full beat. Each plan is carried out twice, and a second beat finds nothing to do.
    fn beat(&mut self) {
        for _ in 0..LOOKS {
            let plan = self.plan();
            let seen = self.pipeline.clone();
            self.apply(&seen, &plan);
            let (once, messages) = (self.pipeline.clone(), self.messages.len());
            self.apply(&seen, &plan);
            assert_eq!((&once, messages), (&self.pipeline, self.messages.len()), "a plan carried out twice: {plan:?}");
            if plan.stop.is_none() && plan.ghosted.is_empty() && plan.cancel.is_empty() {
                break;
            }
        }
        let again = self.plan();
        assert!(again.is_idle(), "a second beat at the same time finds {again:?} to do for {:?}", self.pipeline);
    }

    /// Carries a plan out, each write under the version that it was decided from.
    fn apply(&mut self, seen: &Pipeline, plan: &Plan) {
        let is_seen = self.pipeline.version == seen.version;
        if let Some(stop) = &plan.stop {
            if is_seen {
                self.pipeline.stop = Some(stop.clone());
                self.pipeline.version += 1;
            }
            return;
        }
        let now = self.now;
        for name in &plan.ghosted {
            if let Some(record) = self.write(seen, name, StepEvent::Ghost) {
                (record.finished_at, record.lease_until) = (Some(now), None);
            }
        }
        for name in &plan.cancel {
            self.write(seen, name, StepEvent::Cancel);
        }
        for name in &plan.resend {
            if self.step(name).record.version == version(seen, name) {
                let record = self.record_mut(name);
                record.sent_at = Some(now);
                record.version += 1;
                let token = record.token.clone().expect("an enqueued step has a token");
                self.messages.push(Message { step: name.clone(), token });
            }
        }
        for name in &plan.enqueue {
            self.enqueue(seen, name);
        }
        if let (Some(status), true) = (plan.settle, is_seen) {
            self.check_settled(status);
            self.pipeline.status = status;
            self.pipeline.version += 1;
        }
    }

    fn enqueue(&mut self, seen: &Pipeline, name: &Name) {
        self.count += 1;
        let (now, token) = (self.now, Token(self.count.to_string()));
        let step = seen.step(name).expect("plans name steps of the pipeline");
        let (from, is_new_run) = (step.record.status, begins_run(seen, step));
        let event = if is_new_run { StepEvent::Recur } else { StepEvent::Enqueue };
        if let Some(record) = self.write(seen, name, event) {
            let (run, attempts_before) = match is_new_run {
                true => (record.runs() + 1, record.attempt),
                false => (record.run, record.attempts_before),
            };
            *record = StepRecord {
                attempt: record.attempt + 1,
                run,
                attempts_before,
                status: record.status,
                version: record.version,
                token: Some(token.clone()),
                enqueued_at: Some(now),
                sent_at: Some(now),
                ..StepRecord::pending()
            };
            self.messages.push(Message { step: name.clone(), token });
            self.check_enqueued(name, from);
        }
    }

    /// Moves a step if nobody has since it was seen.
    fn write(&mut self, seen: &Pipeline, name: &Name, event: StepEvent) -> Option<&mut StepRecord> {
        let record = self.record_mut(name);
        if record.version != version(seen, name) {
            return None;
        }
        record.status = next(record.status, event).expect("a plan has legal moves only");
        record.version += 1;
        Some(record)
    }

    fn claim(&mut self, message: &Message) {
        self.count += 1;
        let (now, owner) = (self.now, format!("runner {}", self.count));
        let record = self.record_mut(&message.step);
        if record.status != StepStatus::Enqueued || record.token.as_ref() != Some(&message.token) {
            return;
        }
        record.status = next(record.status, StepEvent::Claim).expect("an enqueued step can be claimed");
        record.version += 1;
        record.owner = Some(owner.clone());
        record.started_at = record.started_at.or(Some(now));
        record.lease_until = Some(now + LEASE);
        let Message { step, token } = message.clone();
        assert!(self.claimed.insert((step.clone(), token.0.clone())), "step {step} is claimed twice in one attempt");
        self.runners.push(Runner { step, owner, token, is_working: false });
    }

    fn work(&mut self, runner: Runner, event: StepEvent, is_permanent: bool) {
        if !self.holds(&runner) {
            return;
        }
        if runner.is_working {
            return self.finish(&runner, event, is_permanent);
        }
        let is_run_always = self.step(&runner.step).definition.run_always;
        if is_run_always || self.pipeline.stop.is_none() && self.pipeline.status.is_open() {
            self.check_begun(is_run_always);
            self.runners.push(Runner { is_working: true, ..runner });
        } else {
            let record = self.record_mut(&runner.step);
            record.status = next(record.status, StepEvent::GiveBack).expect("a running step can be given back");
            record.lease_until = None;
            record.version += 1;
        }
    }

    fn finish(&mut self, runner: &Runner, event: StepEvent, is_permanent: bool) {
        self.count += 1;
        let (now, token) = (self.now, Token(self.count.to_string()));
        let record = self.record_mut(&runner.step);
        record.status = next(record.status, event).expect("a running step can end");
        record.version += 1;
        record.lease_until = None;
        if event == StepEvent::Continue {
            (record.token, record.sent_at) = (Some(token.clone()), Some(now));
            self.messages.push(Message { step: runner.step.clone(), token });
        } else {
            (record.finished_at, record.is_permanent) = (Some(now), is_permanent && event == StepEvent::Fail);
        }
    }

    /// Whether the step is still the runner's.
    fn holds(&self, runner: &Runner) -> bool {
        let record = &self.step(&runner.step).record;
        record.status == StepStatus::Running
            && record.owner.as_ref() == Some(&runner.owner)
            && record.token.as_ref() == Some(&runner.token)
    }

    fn step(&self, name: &Name) -> &Step {
        self.pipeline.step(name).expect("plans name steps of the pipeline")
    }

    fn record_mut(&mut self, name: &Name) -> &mut StepRecord {
        let mut steps = self.pipeline.steps.iter_mut();
        &mut steps.find(|step| step.definition.name == *name).expect("plans name steps of the pipeline").record
    }
}

fn version(seen: &Pipeline, name: &Name) -> u64 {
    seen.step(name).expect("plans name steps of the pipeline").record.version
}

fn any_step() -> impl Strategy<Value = Step> {
    let previous = prop_oneof![
        3 => Just(Some(StepCondition::PreviousStepsCompleted { steps: None })),
        1 => Just(Some(StepCondition::PreviousStepsFinished { steps: None })),
        1 => Just(None),
    ];
    let limit = prop_oneof![4 => (1_u32..4).prop_map(Some), 1 => Just(None)];
    let retry =
        prop::option::weighted(0.3, Just(StepCondition::TimeBetweenAttempts { wait: Duration::from_secs(300) }));
    let recurring = (1_u32..4, prop::sample::select(vec![0, 300]))
        .prop_map(|(limit, wait)| StepCondition::Recurring { limit, wait: Duration::from_secs(wait) });
    let alone = prop::collection::vec(0..7, 1..3).prop_map(|others| StepCondition::WaitForStepIsNotRunning {
        steps: others.into_iter().map(|other| format!("s{other}").parse().unwrap()).collect(),
    });
    let further = (prop::option::weighted(0.2, recurring), prop::option::weighted(0.2, alone));
    let expiry = prop::option::weighted(0.1, Just(Duration::from_secs(1_800)));
    let (allowed, always) = (prop::bool::weighted(0.2), prop::bool::weighted(0.25));
    (0..3, previous, limit, retry, further, expiry, allowed, always).prop_map(
        |(order, previous, limit, retry, (recurring, alone), expire_in, allow_failure, run_always)| {
            let mut definition = scenario::definition("unnamed", order * 10);
            let limit = limit.map(|limit| StepCondition::AttemptsLimit { limit });
            let conditions = limit.into_iter().chain(retry).chain(recurring).chain(alone).chain(previous);
            definition.conditions = conditions.map(|condition| Described { condition, description: None }).collect();
            definition.expire_in = expire_in;
            (definition.allow_failure, definition.run_always) = (allow_failure, run_always);
            Step { definition: definition.into(), record: StepRecord::pending() }
        },
    )
}

fn any_steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any_step(), 1..7).prop_map(|mut steps| {
        steps.sort_by_key(|step| step.definition.sort_order);
        for (index, step) in steps.iter_mut().enumerate() {
            Arc::make_mut(&mut step.definition).name = format!("s{index}").parse().unwrap();
        }
        steps
    })
}

fn any_action() -> impl Strategy<Value = Action> {
    let end = prop_oneof![
        4 => Just(StepEvent::Succeed),
        1 => Just(StepEvent::Skip),
        3 => Just(StepEvent::Fail),
        1 => Just(StepEvent::Continue),
    ];
    prop_oneof![
        6 => Just(Action::Beat),
        2 => Just(Action::Look),
        2 => any::<Index>().prop_map(Action::ActLate),
        6 => any::<Index>().prop_map(Action::Claim),
        10 => (any::<Index>(), end, prop::bool::weighted(0.1)).prop_map(|(which, end, p)| Action::Work(which, end, p)),
        1 => any::<Index>().prop_map(Action::Die),
        1 => any::<Index>().prop_map(Action::Lose),
        1 => any::<Index>().prop_map(Action::Double),
        3 => prop::sample::select(vec![1_u64, 6, 16]).prop_map(Action::Wait),
        1 => prop::bool::weighted(0.3).prop_map(|stops| if stops { Action::Cancel } else { Action::Beat }),
        1 => Just(Action::Pause),
        1 => Just(Action::Maintenance),
    ]
}

#[test]
fn any_interleaving_ends_settled_within_the_attempts() {
    let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
    let scenarios = (
        any_steps(),
        prop::option::weighted(0.2, 30_u64..180),
        prop::collection::vec(any_action(), 0..80),
        any::<u8>(),
    );
    let (acted, drawn) = (Cell::new(0), Cell::new(0));
    let outcome = TestRunner::new(config).run(&scenarios, |(steps, expires_in, actions, failing_rounds)| {
        let mut world = World::new(steps, expires_in);
        for action in &actions {
            acted.set(acted.get() + usize::from(world.act(action)));
        }
        drawn.set(drawn.get() + actions.len());
        world.drain(failing_rounds);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    // Or most of the actions would say nothing.
    assert!(acted.get() * 2 > drawn.get(), "only {} of {} actions applied", acted.get(), drawn.get());
}

#[test]
fn a_stop_between_two_looks_lets_no_step_begin_after_a_run_always_step() {
    for first in ["10: a", "10: a recurs 2 success run 1"] {
        let (pipeline, _) = scenario::parse(&format!("{first} · 20: report always"));
        let mut world = World::new(pipeline.steps, None);
        let act = |world: &mut World, action| assert!(world.act(&action));
        act(&mut world, Action::Look);
        act(&mut world, Action::Cancel);
        act(&mut world, Action::Look);
        for (seen, plan) in std::mem::take(&mut world.looks) {
            world.apply(&seen, &plan);
        }
        world.drain(0);
    }
}
