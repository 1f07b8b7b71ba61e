//! Beats: `apply::advance`, for the heartbeat and the mini heartbeat alike.

use pipeline::StepStatus;
use pipeline::transition::StepEvent;

use super::flaw::Flaw;
use super::model::{Pipelines, moved};
use super::planner::{Seen, Sight};
use super::state::{Beat, Message, Op, Record, State};
use super::take_over::carry_on;

/// Whose lease and grace times are over when a beat looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    /// Nobody's yet.
    Early,
    /// Of everything that is abandoned.
    Late,
    /// Of this step, although it is not abandoned.
    Impatient(u8),
}

/// Who beats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Full,
    Mini,
}

/// `apply::LOOKS`.
pub(super) const LOOKS: u8 = 4;

impl Pipelines {
    /// All times at which a look may be.
    pub(super) fn times(&self, state: &State) -> Vec<Time> {
        let steps = || 0..u8::try_from(state.steps.len()).unwrap();
        let mut times = vec![Time::Early];
        if steps().any(|step| state.is_abandoned(step)) {
            times.push(Time::Late);
        }
        if state.left.impatience > 0 {
            let is_patient = |step: &u8| state.record(*step).status.is_active() && !state.is_abandoned(*step);
            times.extend(steps().filter(is_patient).map(Time::Impatient));
        }
        times
    }

    /// `Store::pipeline_with_steps`, then `plan::plan`: what a beat that looks now will do.
    pub(super) fn look(&self, state: &State, time: Time, kind: Kind, looks: u8) -> Beat {
        let is_overdue = |step: u8| match time {
            Time::Early => false,
            Time::Late => state.is_abandoned(step),
            Time::Impatient(one) => one == step,
        };
        let seen = |(step, record): (usize, &Record)| Seen {
            status: record.status,
            attempt: record.attempt,
            is_overdue: is_overdue(u8::try_from(step).unwrap()),
        };
        let pipeline = &state.pipeline;
        if !pipeline.status.is_open() {
            return Beat::default();
        }
        let steps = state.steps.iter().enumerate().map(seen).collect();
        let plan = self.planner.plan(Sight { status: pipeline.status, is_stopped: pipeline.is_stopped, steps });
        let at = |step: &usize| (u8::try_from(*step).unwrap(), state.steps[*step].version);
        let mut ops: Vec<Op> = Vec::new();
        ops.extend(plan.ghosted.iter().map(at).map(|(step, version)| Op::Ghost { step, version }));
        ops.extend(plan.cancel.iter().map(at).map(|(step, version)| Op::Cancel { step, version }));
        if self.flaw != Flaw::NoResend && self.flaw != Flaw::SendFirst {
            ops.extend(plan.resend.iter().map(at).map(|(step, version)| Op::Touch { step, version }));
        }
        // Retries come with a heartbeat: `Beat::enqueue`.
        let is_left = |step: &usize| kind == Kind::Mini && state.steps[*step].status == StepStatus::Error;
        let ready: Vec<usize> = plan.enqueue.iter().copied().filter(|step| !is_left(step)).collect();
        let is_gated = self.has_gates && plan.enqueue.len() > 1;
        for (step, version) in ready.iter().map(at) {
            if self.flaw == Flaw::SendFirst {
                ops.push(Op::Send(Message { step, token: version + 1, is_gated }));
            }
            ops.push(Op::Mark { step, version, is_gated });
        }
        ops.extend(plan.settle.map(|status| Op::Settle { status, version: pipeline.version }));
        let looks_again = !plan.ghosted.is_empty() || !plan.cancel.is_empty();
        Beat { ops, looks: looks + 1, looks_again }
    }

    /// Does the next thing of a beat.
    pub(super) fn advance(&self, state: &mut State, beat: &mut Beat) {
        beat.looks_again |= !self.apply(state, beat);
        if beat.ops.is_empty() && (!beat.looks_again || beat.looks >= LOOKS) {
            *beat = Beat::default();
        }
    }

    /// Does it, and says whether nobody was faster.
    pub(super) fn apply(&self, state: &mut State, beat: &mut Beat) -> bool {
        let op = beat.ops.remove(0);
        match op {
            Op::Ghost { step, version } => self.ghost(state, step, version),
            Op::Cancel { step, version } => cancel(state, step, version),
            Op::CarryOn { step, owner } => carry_on(state, step, owner, beat),
            Op::Touch { step, version } => touch(state, step, version, beat),
            Op::Mark { step, version, is_gated } => self.mark(state, step, version, is_gated, beat),
            Op::Send(message) => {
                // `Queue::send`.
                state.messages.push(message);
                true
            }
            Op::Settle { status, version } => self.settle(state, status, version),
        }
    }

    /// `Store::ghost_step`.
    fn ghost(&self, state: &mut State, step: u8, version: u8) -> bool {
        let record = state.record_mut(step);
        if record.version != version {
            return false;
        }
        moved(record, StepEvent::Ghost);
        self.count_outcome(state, step);
        true
    }

    /// `Store::enqueue_step`: counts the attempt, and the message is sent after all marks of the chunk.
    fn mark(&self, state: &mut State, step: u8, version: u8, is_gated: bool, beat: &mut Beat) -> bool {
        let (is_before_done, record) = (self.is_before_done(state, step), state.record_mut(step));
        if record.version != version && self.flaw != Flaw::MarkWithoutCondition {
            return false;
        }
        if self.flaw == Flaw::MarkWithoutCondition {
            record.status = StepStatus::Enqueued;
            record.version += 1;
        } else {
            let event = if record.status == StepStatus::Success { StepEvent::Recur } else { StepEvent::Enqueue };
            moved(record, event);
        }
        if self.flaw != Flaw::CountAtFinish {
            record.attempt += 1;
        }
        record.token = record.version;
        (record.continuations, record.outcomes) = (0, 0);
        let token = record.token;
        if !is_before_done {
            state.violate("a step is enqueued before those that it waits for have ended");
        }
        if self.flaw != Flaw::SendFirst {
            send_behind_marks(beat, Message { step, token, is_gated });
        }
        true
    }

    /// `Store::settle_pipeline`.
    fn settle(&self, state: &mut State, status: pipeline::PipelineStatus, version: u8) -> bool {
        if state.pipeline.version != version {
            // Another beat came to the same result.
            return state.pipeline.status == status;
        }
        if !status.is_open() && self.works_on(state, |_| true) {
            state.violate("a pipeline ends although a step is at work");
        }
        (state.pipeline.status, state.pipeline.version) = (status, version + 1);
        true
    }
}

/// `Store::cancel_step`.
fn cancel(state: &mut State, step: u8, version: u8) -> bool {
    let record = state.record_mut(step);
    if record.version != version {
        return false;
    }
    moved(record, StepEvent::Cancel);
    true
}

/// `Store::touch_sent`.
fn touch(state: &mut State, step: u8, version: u8, beat: &mut Beat) -> bool {
    let record = state.record_mut(step);
    if record.version != version {
        return false;
    }
    record.version += 1;
    let message = Message { step, token: record.token, is_gated: false };
    send_behind_marks(beat, message);
    true
}

/// `Beat::send`: the messages of a chunk follow its last mark.
pub(super) fn send_behind_marks(beat: &mut Beat, message: Message) {
    let is_mark = |op: &&Op| matches!(op, Op::CarryOn { .. } | Op::Touch { .. } | Op::Mark { .. });
    let marks = beat.ops.iter().take_while(is_mark).count();
    let sends = beat.ops[marks..].iter().take_while(|op| matches!(op, Op::Send(_))).count();
    beat.ops.insert(marks + sends, Op::Send(message));
}
