//! Whose turn it is: what can happen next, the choice, and time that passes when nothing can.

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::{Actor, BEATS, CALL, FIRST_RUNNER, PEOPLE, RUNNER, Run};
use crate::cast;
use crate::history::{NOBODY, What};
use crate::scenario::{Commits, Hosts};

/// What can happen next.
enum Next {
    /// A call of a seam is made.
    Turn(u64),
    /// A runner looks for a message.
    Receive(usize),
}

/// Kept free at the end of an invocation to record what came of it; the engine ends executors so long before.
const COMMIT_TIME: i64 = 2_000;

/// Longest jump of the clock while somebody acts, who may wait for a timer of its own.
const STEP: i64 = 5_000;

impl Run<'_> {
    /// Lets one thing happen; `false` if nothing can before time passes.
    pub(super) fn go_on(&mut self) -> bool {
        self.life.go_on();
        self.end_late();
        self.thaw();
        if self.arrive_late() || self.poll_awake() {
            return true;
        }
        let options = self.options();
        if options.is_empty() {
            return false;
        }
        let is_calm = self.stage.lock().is_calm;
        match &options[if is_calm { 0 } else { self.chance.place(options.len()) }] {
            Next::Turn(number) => {
                let mut state = self.stage.lock();
                if let Some(turn) = state.turns.get_mut(number) {
                    let bytes = turn.word.bytes().chain([u8::try_from(turn.actor % 251).unwrap_or(0)]);
                    let mix = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
                    self.schedule = bytes.fold(self.schedule, mix);
                    turn.release();
                }
            }
            Next::Receive(machine) => {
                let machine = *machine;
                self.receive(machine);
            }
        }
        true
    }

    fn options(&self) -> Vec<Next> {
        let now = self.stage.now();
        let state = self.stage.lock();
        let is_possible = |actor: &usize| !state.frozen.contains_key(actor);
        let turns = state
            .turns
            .iter()
            .filter(|(_, turn)| !turn.is_released && turn.not_before <= now && is_possible(&turn.actor));
        let mut options: Vec<Next> = turns.map(|(number, _)| Next::Turn(*number)).collect();
        let is_due = state.due.peek().is_some_and(|Reverse(at)| *at <= now);
        let is_idle = |machine: &usize| !self.actors.iter().any(|actor| actor.machine == *machine);
        let looks = |machine: &usize| is_idle(machine) && is_due;
        options.extend((FIRST_RUNNER..self.machines.len()).filter(looks).map(Next::Receive));
        options
    }

    /// Lets a runner look for a message.
    fn receive(&mut self, machine: usize) {
        {
            let mut state = self.stage.lock();
            if state.due.peek().is_some_and(|Reverse(at)| *at <= self.stage.now()) {
                state.due.pop();
            }
        }
        match self.scenario.commits {
            Commits::Apart => self.begin("runner", machine, RUNNER, cast::run),
            Commits::Shared => self.begin("runner", machine, RUNNER, cast::run_on),
        }
    }

    /// Polls the actors that can go on; whether there was one.
    fn poll_awake(&mut self) -> bool {
        let mut has_polled = false;
        let mut index = 0;
        while index < self.actors.len() {
            let actor = &mut self.actors[index];
            let is_frozen = self.stage.lock().frozen.contains_key(&actor.id);
            if is_frozen || !actor.awake.0.swap(false, Ordering::Relaxed) {
                index += 1;
                continue;
            }
            has_polled = true;
            if self.poll(index) {
                index += 1;
            }
        }
        has_polled
    }

    /// Polls one actor; whether it is still there after that.
    fn poll(&mut self, index: usize) -> bool {
        let Actor { id, awake, future, .. } = &mut self.actors[index];
        let (id, waker) = (*id, Waker::from(awake.clone()));
        self.stage.lock().current = id;
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        self.stage.lock().current = NOBODY;
        let died = self.stage.lock().deaths.pop();
        match (died, polled) {
            (Some((_, why)), _) => self.drop_actor(index, why),
            (None, Poll::Ready(words)) => {
                self.stage.note_of(id, What::Ends(words));
                self.actors.remove(index);
            }
            (None, Poll::Pending) => return true,
        }
        false
    }

    /// Drops an actor without a word; its process starts anew. Runners that are tasks of one process may die together.
    pub(super) fn drop_actor(&mut self, index: usize, why: &'static str) {
        let is_runner = self.actors[index].machine >= FIRST_RUNNER;
        self.drop_one(index, why);
        let is_one_process = self.scenario.hosts == Hosts::Machines && self.scenario.are_slots;
        if !is_runner || !is_one_process || self.stage.lock().is_calm || self.chance.happens(500) {
            return;
        }
        self.stage.lock().counts.dead_hosts += 1;
        // What is at work was known to that process alone.
        self.template.busy_stages = Arc::default();
        while let Some(other) = self.actors.iter().position(|actor| actor.machine != PEOPLE) {
            self.drop_one(other, "its process died");
        }
        for machine in BEATS[0]..self.machines.len() {
            self.machines[machine].context = self.started();
        }
    }

    fn drop_one(&mut self, index: usize, why: &'static str) {
        let actor = self.actors.remove(index);
        self.stage.note_of(actor.id, What::Dies(why));
        self.machines[actor.machine].context = self.started();
        let mut state = self.stage.lock();
        state.counts.crashes += 1;
        state.frozen.remove(&actor.id);
        state.current = actor.id;
        let name = state.history.actors[actor.id].clone();
        drop(state);
        drop(actor.future);
        self.stage.lock().current = NOBODY;
        if self.scenario.hosts == Hosts::Machines {
            self.dead.insert(name);
            // Who starts a process again may take over what the dead one held, or leave it to the leases.
            if self.chance.happens(500) {
                let dead = self.dead.clone();
                self.begin("next", PEOPLE, CALL, |context, invocation| cast::take_over(context, dead, invocation));
            }
        }
    }

    /// Ends functions whose time is over.
    fn end_late(&mut self) {
        if self.scenario.hosts == Hosts::Machines {
            return;
        }
        let now = self.stage.now();
        while let Some(index) = self.actors.iter().position(|actor| actor.deadline <= now) {
            self.drop_actor(index, "its time is over");
        }
    }

    fn thaw(&mut self) {
        let now = self.stage.now();
        let mut state = self.stage.lock();
        let before = state.frozen.len();
        state.frozen.retain(|_, until| *until > now);
        if state.frozen.len() < before {
            self.actors.iter().for_each(|actor| actor.awake.0.store(true, Ordering::Relaxed));
        }
    }

    /// Makes the calls of dead callers that arrive now.
    fn arrive_late(&mut self) -> bool {
        let now = self.stage.now();
        let place = self.stage.lock().late.iter().position(|late| late.at <= now);
        let Some(place) = place else { return false };
        let mut late = self.stage.lock().late.remove(place);
        self.stage.lock().current = late.actor;
        (late.call)();
        self.stage.lock().current = NOBODY;
        true
    }

    /// Lets time pass until something can happen, but no longer than to a moment.
    pub(super) fn pass_time(&mut self, until: i64) {
        let now = self.stage.now();
        let mut next = until;
        {
            let state = self.stage.lock();
            let turns = state.turns.values().filter(|turn| !turn.is_released).map(|turn| turn.not_before);
            let due = state.due.peek().map(|Reverse(at)| *at);
            let late = state.late.iter().map(|late| late.at);
            let deeds = self.scenario.deeds.get(self.next_deed).map(|planned| planned.at);
            let ends = self.actors.iter().flat_map(|actor| [actor.deadline - COMMIT_TIME, actor.deadline]);
            let moments = turns.chain(due).chain(late).chain(state.frozen.values().copied()).chain(deeds).chain(ends);
            for moment in moments.filter(|moment| *moment > now) {
                next = next.min(moment);
            }
        }
        if !self.actors.is_empty() {
            next = next.min(now + STEP);
        }
        let passed = next.max(now + 1) - now;
        self.stage.now.fetch_add(passed, Ordering::Relaxed);
        self.runtime.block_on(tokio::time::advance(Duration::from_millis(passed.unsigned_abs())));
    }
}
