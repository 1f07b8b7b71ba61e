//! The end of a step, its mini heartbeat and the claim of the next step in one commit: `runner::resident::joint_commit`.
//!
//! The heartbeat looks as if the step had ended, before anybody else can see that it has; and then all is written, or
//! nothing. Gated steps end without it here: there the product claims, and then looks whether the stage is busy. That the
//! marks and the messages of a beat share their commits, too, only takes away moves.

use super::beat::{Kind, Time};
use super::flaw::Flaw;
use super::model::Pipelines;
use super::state::{Beat, Hold, JointCommit, Message, Op, Outcome, Runner, State};

impl Pipelines {
    /// `apply::advance_alone` behind the end of a step; `None` if each is to be written by itself.
    pub(super) fn joint_commit(&self, state: &State, hold: Hold, outcome: Outcome) -> Option<JointCommit> {
        let can_be = self.shares_commits && !hold.message.is_gated && outcome != Outcome::Continue;
        if !can_be || !state.record(hold.message.step).is_held_by(hold) {
            return None;
        }
        let mut ended = state.clone();
        self.end(&mut ended, hold, outcome);
        if !ended.pipeline.status.is_open() || ended.steps.iter().any(|record| record.status.is_active()) {
            return None;
        }
        let Beat { ops, .. } = self.look(&ended, Time::Early, Kind::Mini, 0);
        let only_goes_on = ops.iter().all(|op| matches!(op, Op::Mark { .. } | Op::Settle { .. }));
        only_goes_on.then_some(JointCommit { hold, outcome, ops })
    }

    /// What a runner may take as it commits.
    pub(super) fn takes(&self, state: &State, commit: &JointCommit) -> Vec<Option<Message>> {
        let mut messages = self.committed(state, commit).map(|state| state.messages).unwrap_or_default();
        messages.sort_unstable();
        messages.dedup();
        std::iter::once(None).chain(messages.into_iter().map(Some)).collect()
    }

    /// `Transaction::commit_and_take_next`. The pipeline is read in it, after the claim. What cannot be committed together goes one by one.
    pub(super) fn commit_and_take_next(
        &self,
        state: &mut State,
        commit: &JointCommit,
        taken: Option<Message>,
    ) -> Runner {
        let Some(committed) = self.committed(state, commit) else {
            return self.end(state, commit.hold, commit.outcome);
        };
        *state = committed;
        let Some(message) = taken else { return Runner::Idle };
        state.take(message);
        let runner = self.receive(state, message);
        let (Runner::Claimed(hold) | Runner::Dropping(hold)) = runner else { return runner };
        if self.flaw == Flaw::TakeUnseen { self.begin(state, hold) } else { self.look_for_stop(state, hold) }
    }

    /// The state after the commit; `None` if one of its conditions does not hold.
    fn committed(&self, state: &State, commit: &JointCommit) -> Option<State> {
        let JointCommit { hold, outcome, ops } = commit;
        if !state.record(hold.message.step).is_held_by(*hold) {
            return None;
        }
        let mut state = state.clone();
        self.end(&mut state, *hold, *outcome);
        let mut beat = Beat { ops: ops.clone(), ..Beat::default() };
        while !beat.ops.is_empty() {
            if !self.apply(&mut state, &mut beat) {
                return None;
            }
        }
        Some(state)
    }
}
