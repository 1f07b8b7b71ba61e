//! What may happen: the processes' own moves, and the faults.

use std::sync::Arc;

use pipeline::transition::{self, StepEvent};
use pipeline::{PipelineStatus, StepDefinition, StepStatus};

use super::beat::{Kind, Time};
use super::checker::Model;
use super::flaw::Flaw;
use super::planner::Planner;
use super::state::{Beat, Faults, JointCommit, Message, Outcome, Record, Runner, State};

/// A pipeline and what may happen to it.
pub(super) struct Pipelines {
    pub(super) planner: Planner,
    /// Most attempts of each step, as its definition says.
    pub(super) attempts: u8,
    /// Whether the stage of several steps is a gate (in the product, one of nine or more).
    pub(super) has_gates: bool,
    /// Whether the processes are those of one machine, and a heartbeat knows which of them have died.
    pub(super) takes_over: bool,
    /// Whether the table and the queue share their commits, and a runner ends a step and takes the next one in one of them.
    pub(super) shares_commits: bool,
    pub(super) heartbeats: usize,
    pub(super) runners: usize,
    pub(super) faults: Faults,
    pub(super) flaw: Flaw,
}

/// What may happen next. Processes are named by their places.
#[derive(Debug, Clone, Copy)]
pub(super) enum Action {
    /// `operate::cancel`; what follows from it is the next beat's.
    Cancel,
    /// A heartbeat begins, or looks again.
    Heartbeat(usize, Time),
    /// A heartbeat does the next thing of its plan.
    HeartbeatGoesOn(usize),
    /// A heartbeat looks for what the dead held, before it begins.
    TakeOver(usize),
    /// An idle runner is invoked.
    Receive(usize, Message),
    /// The executor of a runner ends.
    Execute(usize, Outcome),
    /// A runner commits the end of its step with what follows from it, and perhaps takes a message.
    CommitJointly(usize, Option<Message>),
    /// It does, and is not told so.
    LoseReply(usize, Option<Message>),
    /// A runner does the next thing.
    RunnerGoesOn(usize),
    /// A mini heartbeat looks.
    MiniHeartbeat(usize, Time),
    /// A heartbeat dies.
    KillHeartbeat(usize),
    /// A runner dies, and its message comes again.
    KillRunner(usize),
    /// The store does not answer a mini heartbeat: it is given up, and its message is gone.
    FailMini(usize),
    /// The queue delivers a message twice.
    Duplicate(Message),
    /// A message vanishes.
    Lose(Message),
}

/// The one way in which a step moves; what the table does not have is a mistake of the model.
pub(super) fn moved(record: &mut Record, event: StepEvent) {
    record.status = transition::next(record.status, event).unwrap();
    record.version += 1;
}

/// `Store::continue_step`; its message is to be sent after it.
pub(super) fn continued(record: &mut Record) {
    moved(record, StepEvent::Continue);
    record.continuations += 1;
    record.token = record.version;
}

impl Pipelines {
    pub(super) fn step(&self, step: u8) -> &StepDefinition {
        &self.planner.definition().steps[usize::from(step)]
    }

    pub(super) fn steps(&self) -> &[Arc<StepDefinition>] {
        &self.planner.definition().steps
    }

    /// Whether all that the step waits for has ended.
    ///
    /// Behind a stop, a beat that has looked before it may still enqueue an ordinary step while another beat enqueues the
    /// run-always ones. That is no harm as long as it does not begin, so for them it counts what is at work.
    pub(super) fn is_before_done(&self, state: &State, step: u8) -> bool {
        let of = self.step(step);
        if of.run_always {
            return !self.works_on(state, |other| !other.run_always);
        }
        let mut before = state.steps.iter().zip(self.steps()).filter(|(_, other)| other.sort_order < of.sort_order);
        before.all(|(record, _)| record.status == StepStatus::Success)
    }

    /// Whether an executor works on such a step for the attempt that counts.
    pub(super) fn works_on(&self, state: &State, is_such: impl Fn(&StepDefinition) -> bool) -> bool {
        state.runners.iter().any(|runner| {
            let Runner::Working(hold) = runner else { return false };
            let record = state.record(hold.message.step);
            let is_held = record.status == StepStatus::Running && record.owner == hold.owner;
            is_held && is_such(self.step(hold.message.step))
        })
    }

    pub(super) fn count_outcome(&self, state: &mut State, step: u8) {
        let record = state.record_mut(step);
        record.outcomes += 1;
        if record.outcomes > 1 {
            state.violate("an attempt has two outcomes");
        }
    }

    fn beats(&self, state: &State, actions: &mut Vec<Action>) {
        for (place, beat) in state.heartbeats.iter().enumerate() {
            if !beat.ops.is_empty() {
                actions.push(Action::HeartbeatGoesOn(place));
                if state.left.crashes > 0 {
                    actions.push(Action::KillHeartbeat(place));
                }
            } else if beat.looks > 0 || state.heartbeats[..place].iter().all(|other| *other != *beat) {
                // A beat that finds nothing to do changes nothing; two idle ones are as good as one.
                let does = |time: &Time| beat.looks > 0 || !self.look(state, *time, Kind::Full, 0).ops.is_empty();
                let times = self.times(state).into_iter().filter(does);
                actions.extend(times.map(|time| Action::Heartbeat(place, time)));
                if beat.looks == 0 && state.has_dead && !self.take_over(state).ops.is_empty() {
                    actions.push(Action::TakeOver(place));
                }
            }
        }
    }

    fn runs(&self, state: &State, actions: &mut Vec<Action>) {
        let mut has_idle = false;
        for (place, runner) in state.runners.iter().enumerate() {
            match runner {
                Runner::Idle if has_idle => {}
                Runner::Idle => {
                    has_idle = true;
                    let mut messages = state.messages.clone();
                    messages.dedup();
                    actions.extend(messages.into_iter().map(|message| Action::Receive(place, message)));
                }
                Runner::Working(_) => {
                    actions.push(Action::Execute(place, Outcome::Success));
                    if state.left.failures > 0 {
                        actions.push(Action::Execute(place, Outcome::Error));
                    }
                    if state.left.continuations > 0 {
                        actions.push(Action::Execute(place, Outcome::Continue));
                    }
                }
                Runner::Committing(commit) => {
                    let takes = || self.takes(state, commit).into_iter();
                    actions.extend(takes().map(|taken| Action::CommitJointly(place, taken)));
                    if state.left.crashes > 0 {
                        actions.extend(takes().map(|taken| Action::LoseReply(place, taken)));
                    }
                }
                Runner::Beating(_, beat) if beat.ops.is_empty() => {
                    actions.extend(self.times(state).into_iter().map(|time| Action::MiniHeartbeat(place, time)));
                }
                Runner::Looked(_)
                | Runner::Claimed(_)
                | Runner::Handing { .. }
                | Runner::Dropping(_)
                | Runner::Peeking(_)
                | Runner::Beating(..) => actions.push(Action::RunnerGoesOn(place)),
            }
            if state.left.crashes > 0 && *runner != Runner::Idle {
                actions.push(Action::KillRunner(place));
                if matches!(runner, Runner::Peeking(_) | Runner::Beating(..)) {
                    actions.push(Action::FailMini(place));
                }
            }
        }
    }

    fn disturbances(&self, state: &State, actions: &mut Vec<Action>) {
        if state.left.cancels > 0 && state.pipeline.status.is_open() {
            actions.push(Action::Cancel);
        }
        let mut messages = state.messages.clone();
        messages.dedup();
        if state.left.losses > 0 {
            actions.extend(messages.iter().copied().map(Action::Lose));
        }
        if state.left.duplicates > 0 {
            messages.extend(state.runners.iter().filter_map(Runner::message));
            messages.sort_unstable();
            messages.dedup();
            actions.extend(messages.into_iter().map(Action::Duplicate));
        }
    }

    /// One step of a runner that has no choice.
    fn go_on(&self, state: &mut State, runner: Runner) -> Runner {
        match runner {
            Runner::Looked(message) => self.claim(state, message),
            Runner::Claimed(hold) => self.look_for_stop(state, hold),
            Runner::Handing { to, .. } => {
                state.messages.push(to);
                Runner::Idle
            }
            Runner::Dropping(hold) => self.give_back(state, hold),
            Runner::Peeking(message) => self.peek(state, message),
            Runner::Beating(message, mut beat) => {
                self.advance(state, &mut beat);
                if beat == Beat::default() { Runner::Idle } else { Runner::Beating(message, beat) }
            }
            Runner::Idle | Runner::Working(_) | Runner::Committing(_) => unreachable!("it has a choice"),
        }
    }

    fn spend(state: &mut State, time: Time) {
        if let Time::Impatient(_) = time {
            state.left.impatience -= 1;
        }
    }
}

impl Runner {
    /// The message that the runner was invoked with.
    fn message(&self) -> Option<Message> {
        match self {
            Runner::Idle => None,
            Runner::Claimed(hold)
            | Runner::Working(hold)
            | Runner::Committing(JointCommit { hold, .. })
            | Runner::Dropping(hold) => Some(hold.message),
            Runner::Looked(message)
            | Runner::Handing { from: message, .. }
            | Runner::Peeking(message)
            | Runner::Beating(message, _) => Some(*message),
        }
    }
}

impl Model for Pipelines {
    type State = State;
    type Action = Action;

    fn initial(&self) -> State {
        State::initial(self.planner.definition().steps.len(), self.heartbeats, self.runners, self.faults)
    }

    fn actions(&self, state: &State) -> Vec<Action> {
        let mut actions = Vec::new();
        self.beats(state, &mut actions);
        self.runs(state, &mut actions);
        self.disturbances(state, &mut actions);
        actions
    }

    fn next(&self, state: &State, action: Action) -> State {
        let mut next = state.clone();
        self.act(&mut next, action);
        self.simplify(&mut next);
        next
    }

    fn violation(&self, state: &State) -> Option<&'static str> {
        state.violation
    }

    fn bad_end(&self, state: &State) -> Option<&'static str> {
        if state.pipeline.status.is_open() {
            return Some("the pipeline never ends");
        }
        let has_run = |record: &Record| {
            let is_used_up = record.status == StepStatus::Error && record.attempt == self.attempts;
            (record.status == StepStatus::Success || is_used_up) && record.outcomes == 1
        };
        let mut steps = self.steps().iter().zip(&state.steps);
        if !steps.all(|(step, record)| !step.run_always || has_run(record)) {
            return Some("what runs always has not run");
        }
        let is_whole = |record: &Record| record.status == StepStatus::Success && record.outcomes == 1;
        let is_success = state.pipeline.status == PipelineStatus::Success;
        (is_success && !state.steps.iter().all(is_whole)).then_some("a success lacks the outcome of a step")
    }
}

impl Pipelines {
    /// Makes one state of those between which no further move can tell.
    fn simplify(&self, state: &mut State) {
        // A message that is not current never will be again, and whoever receives it drops it: `Pipelines::claim`.
        if !matches!(self.flaw, Flaw::ClaimWithoutToken | Flaw::NoToken | Flaw::SendFirst) {
            let steps = &state.steps;
            state.messages.retain(|message| steps[usize::from(message.step)].token == message.token);
        }
        // After the end a fault only takes away what could happen.
        if !state.pipeline.status.is_open() {
            state.left = Faults::default();
        }
        state.has_dead &= self.takes_over && state.pipeline.status.is_open();
        state.messages.sort_unstable();
        state.heartbeats.sort_unstable();
        state.runners.sort_unstable();
    }

    #[expect(clippy::too_many_lines, reason = "one arm per action")]
    fn act(&self, next: &mut State, action: Action) {
        let take = |runners: &mut Vec<Runner>, place: usize| std::mem::take(&mut runners[place]);
        match action {
            Action::Cancel => {
                // `Store::stop_pipeline`, repeated until no other write comes between.
                next.left.cancels -= 1;
                next.pipeline.is_stopped = true;
                next.pipeline.version += 1;
            }
            Action::Heartbeat(place, time) => {
                let beat = self.look(next, time, Kind::Full, next.heartbeats[place].looks);
                Self::spend(next, time);
                next.heartbeats[place] = if beat.ops.is_empty() { Beat::default() } else { beat };
            }
            Action::HeartbeatGoesOn(place) => {
                let mut beat = std::mem::take(&mut next.heartbeats[place]);
                self.advance(next, &mut beat);
                next.heartbeats[place] = beat;
            }
            Action::TakeOver(place) => {
                next.heartbeats[place] = self.take_over(next);
                next.has_dead = false;
            }
            Action::Receive(place, message) => {
                next.take(message);
                next.runners[place] = self.receive(next, message);
            }
            Action::Execute(place, outcome) => {
                let Runner::Working(hold) = take(&mut next.runners, place) else { unreachable!("it works") };
                match outcome {
                    Outcome::Success => {}
                    Outcome::Error => next.left.failures -= 1,
                    Outcome::Continue => next.left.continuations -= 1,
                }
                next.runners[place] = match self.joint_commit(next, hold, outcome) {
                    Some(commit) => Runner::Committing(commit),
                    None => self.end(next, hold, outcome),
                };
            }
            Action::CommitJointly(place, taken) => {
                let Runner::Committing(commit) = take(&mut next.runners, place) else { unreachable!("it commits") };
                next.runners[place] = self.commit_and_take_next(next, &commit, taken);
            }
            Action::LoseReply(place, taken) => {
                next.left.crashes -= 1;
                let Runner::Committing(commit) = take(&mut next.runners, place) else { unreachable!("it commits") };
                self.commit_and_take_next(next, &commit, taken);
                // Its own end it knows again. What it took is claimed, nobody works on it, and its message comes again.
                next.messages.extend(taken);
                next.runners[place] = self.after(commit.hold.message);
            }
            Action::RunnerGoesOn(place) => {
                let runner = take(&mut next.runners, place);
                next.runners[place] = self.go_on(next, runner);
            }
            Action::MiniHeartbeat(place, time) => {
                let Runner::Beating(message, beat) = take(&mut next.runners, place) else { unreachable!("it beats") };
                let beat = self.look(next, time, Kind::Mini, beat.looks);
                Self::spend(next, time);
                next.runners[place] = if beat.ops.is_empty() { Runner::Idle } else { Runner::Beating(message, beat) };
            }
            Action::KillHeartbeat(place) => {
                next.left.crashes -= 1;
                next.has_dead = true;
                next.heartbeats[place] = Beat::default();
            }
            Action::KillRunner(place) => {
                next.left.crashes -= 1;
                next.has_dead = true;
                let runner = take(&mut next.runners, place);
                next.messages.extend(runner.message());
            }
            Action::FailMini(place) => {
                next.left.crashes -= 1;
                next.runners[place] = Runner::Idle;
            }
            Action::Duplicate(message) => {
                next.left.duplicates -= 1;
                next.messages.push(message);
            }
            Action::Lose(message) => {
                next.left.losses -= 1;
                next.take(message);
            }
        }
    }
}
