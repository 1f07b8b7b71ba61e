//! Runners: `runner::run`, one message each.

use pipeline::StepStatus;
use pipeline::transition::StepEvent;

use super::flaw::Flaw;
use super::model::{Pipelines, continued, moved};
use super::state::{Beat, Hold, Message, Outcome, Record, Runner, State};

impl Pipelines {
    /// Takes a message, and goes on to the first thing that others see.
    pub(super) fn receive(&self, state: &mut State, message: Message) -> Runner {
        if self.flaw != Flaw::LookFirst {
            return self.claim(state, message);
        }
        if self.is_to_stop(state, message.step) { Runner::Idle } else { Runner::Looked(message) }
    }

    /// `Store::claim_step`: the version in the message saves a read, what counts is the token.
    pub(super) fn claim(&self, state: &mut State, message: Message) -> Runner {
        let is_late = state.pipeline.is_stopped;
        let record = state.record_mut(message.step);
        let is_current = record.token == message.token;
        let fits = is_current || matches!(self.flaw, Flaw::ClaimWithoutToken | Flaw::NoToken);
        if record.status == StepStatus::Enqueued && fits {
            moved(record, StepEvent::Claim);
            record.owner = record.version;
            let hold = Hold { message, attempt: record.attempt, owner: record.owner, is_late };
            if record.continuations == 0 {
                record.tries += 1;
            }
            if record.tries > self.attempts {
                state.violate("more tries begin than attempts are allowed");
            }
            if !is_current {
                state.violate("a message starts what it was not sent for");
            }
            return match (self.flaw, state.left.cancels) {
                (Flaw::LookFirst, _) => self.begin(state, hold),
                // No stop can come between the claim and the look for it.
                (_, 0) => self.look_for_stop(state, hold),
                _ => Runner::Claimed(hold),
            };
        }
        let is_over = !record.status.is_active() && record.status != StepStatus::Pending;
        if is_current && is_over {
            // The runner before may have died between its commit and its mini beat.
            return Runner::Beating(Message { is_gated: false, ..message }, Beat::default());
        }
        Runner::Idle
    }

    /// `runner::hold`: looks for a stop, and at the clock.
    pub(super) fn look_for_stop(&self, state: &mut State, hold: Hold) -> Runner {
        if self.is_to_stop(state, hold.message.step) {
            return Runner::Dropping(hold);
        }
        // Whose lease ended before it began sees that without a look at the step: `Attempt::run`.
        if !state.record(hold.message.step).is_held_by(hold) && self.flaw != Flaw::BeginLate {
            return self.after(hold.message);
        }
        self.begin(state, hold)
    }

    fn is_to_stop(&self, state: &State, step: u8) -> bool {
        let passes_stops = self.step(step).run_always && self.flaw != Flaw::DropAlways;
        !state.pipeline.status.is_open() || state.pipeline.is_stopped && !passes_stops
    }

    pub(super) fn begin(&self, state: &mut State, hold: Hold) -> Runner {
        let step = hold.message.step;
        if hold.is_late && !self.step(step).run_always {
            state.violate("a step that was claimed after the stop begins");
        }
        if !state.pipeline.status.is_open() {
            state.violate("a step of a pipeline that has ended begins");
        }
        let has_cleaned_up = |(other, record): (usize, &Record)| self.steps()[other].run_always && record.tries > 0;
        if !self.step(step).run_always && state.steps.iter().enumerate().any(has_cleaned_up) {
            state.violate("a step begins behind one that runs behind all others");
        }
        if !self.is_before_done(state, step) {
            state.violate("a step begins before those that it waits for have ended");
        }
        let of = |hold: &Hold| (hold.message.step, hold.attempt);
        if state.runners.iter().any(|runner| matches!(runner, Runner::Working(other) if of(other) == of(&hold))) {
            state.violate("two executors work for one attempt");
        }
        Runner::Working(hold)
    }

    /// `Store::give_back`.
    pub(super) fn give_back(&self, state: &mut State, hold: Hold) -> Runner {
        let record = state.record_mut(hold.message.step);
        if record.is_held_by(hold) {
            moved(record, StepEvent::GiveBack);
        }
        self.after(hold.message)
    }

    /// The executor ends, and what came of it is written: `attempt::commit`, `Store::finish_step`, `Store::continue_step`.
    pub(super) fn end(&self, state: &mut State, hold: Hold, outcome: Outcome) -> Runner {
        let record = state.record_mut(hold.message.step);
        let is_mine = record.is_held_by(hold);
        let fits = is_mine
            || self.flaw == Flaw::NoToken && record.status == StepStatus::Running
            || self.flaw == Flaw::CommitWithoutLease && record.attempt == hold.attempt;
        if !fits {
            return self.after(hold.message);
        }
        if record.owner != hold.owner {
            state.violate("somebody else's attempt is committed");
            return Runner::Idle;
        }
        if outcome == Outcome::Continue {
            continued(record);
            let to = Message { token: record.token, ..hold.message };
            return Runner::Handing { from: hold.message, to };
        }
        if is_mine {
            let event = if outcome == Outcome::Success { StepEvent::Succeed } else { StepEvent::Fail };
            moved(record, event);
        }
        if self.flaw == Flaw::CountAtFinish {
            record.attempt += 1;
        }
        self.count_outcome(state, hold.message.step);
        self.after(hold.message)
    }

    /// `mini_heartbeat::beat_behind`.
    pub(super) fn after(&self, message: Message) -> Runner {
        if message.is_gated { Runner::Peeking(message) } else { Runner::Beating(message, Beat::default()) }
    }

    /// `Store::is_stage_busy`.
    pub(super) fn peek(&self, state: &State, message: Message) -> Runner {
        let stage = self.step(message.step).sort_order;
        let is_busy = state.steps.iter().enumerate().any(|(other, record)| {
            let other = u8::try_from(other).unwrap();
            other != message.step && self.step(other).sort_order == stage && record.status.is_active()
        });
        if is_busy { Runner::Idle } else { Runner::Beating(message, Beat::default()) }
    }
}
