//! The end of a step and what follows from it in one commit: the mini beat, and the claim of the next step.
//!
//! Nothing is lost where that cannot be: nothing has happened then, and the caller goes on with a commit for each.

use store::Store;
use store::queue::{Receipt, Received};
use store::steps::StepWritten;
use store::take_next::{NextMessage, NextTaker};
use store::transaction::{CommitAndTake, Transaction};

use crate::context::{Context, Invocation};
use crate::mini_heartbeat;
use crate::runner::commit::{AttemptEnd, log_finished};
use crate::runner::{RunReport, RunningStep};

/// The end of an attempt that is to be committed with what follows from it.
pub(super) struct JointCommit<'a> {
    pub(super) context: &'a Context,
    pub(super) end: &'a AttemptEnd,
    pub(super) invocation: &'a Invocation,
    /// `None` if no further message is to be taken.
    pub(super) take: Option<TakeAhead<'a>>,
}

/// How a runner takes the next message in the commit that ends a step.
#[derive(Clone, Copy)]
pub(super) struct TakeAhead<'a> {
    /// The message that is dealt with then.
    pub(super) done: &'a Receipt,
    /// The invocation that the next step is claimed for.
    pub(super) invocation: &'a Invocation,
}

/// What a joint commit did.
pub(super) struct JointOutcome {
    pub(super) report: RunReport,
    pub(super) beat: MiniBeat,
    /// The message that was taken with it.
    pub(super) next: Option<MessageAhead>,
}

/// Whether a commit had the mini beat in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MiniBeat {
    /// Nothing more is to be looked at.
    InCommit,
    /// The runner looks by itself.
    Open,
}

/// A message that was taken with the end of a step.
pub(super) struct MessageAhead {
    pub(super) received: Received,
    /// Its step, if that is claimed.
    pub(super) step: Option<RunningStep>,
}

impl JointCommit<'_> {
    /// Commits the end of the step together with what follows. `None`, and nothing done, if the back end has no shared
    /// commits, if somebody came in between, or if nothing would follow in the same commit.
    ///
    /// An error makes no difference here: the end is committed again by itself, and finds its own write if there is one.
    pub(super) async fn commit(&self, step: &mut RunningStep) -> Option<JointOutcome> {
        let transaction = self.context.store.transaction()?;
        if let Some(item) = &step.claimed.item {
            transaction.know(item);
        }
        let mut finished = step.claimed.clone();
        let AttemptEnd { finish, log, at } = self.end;
        let written = transaction.store.finish_step(&mut finished, finish, log, *at).await;
        if !matches!(written, Ok(StepWritten::Committed)) {
            return None;
        }
        let is_gated = step.message.is_gated && finished.record.added.is_empty();
        let beat = if is_gated { MiniBeat::Open } else { self.beat(&transaction.store, step).await? };
        if beat == MiniBeat::Open && self.take.is_none() {
            // The end alone is no cheaper in a transaction.
            return None;
        }
        let next = match self.commit_all(transaction).await {
            CommitAndTake::Next(next) => Some(MessageAhead::enter(self.context, *next)),
            CommitAndTake::NothingNext => None,
            CommitAndTake::NotCommitted => return None,
        };
        *step.claimed = *finished;
        log_finished(&step.claimed, finish);
        let report = RunReport::Finished { status: step.claimed.record.status };
        Some(JointOutcome { report, beat, next })
    }

    /// Beats within the transaction. Only if no other step of the pipeline is running: two that ended at the same moment
    /// would not see each other's end, and neither would let the next stage begin.
    async fn beat(&self, store: &Store, step: &RunningStep) -> Option<MiniBeat> {
        let within = Context { store: store.clone(), ..self.context.clone() };
        match mini_heartbeat::beat_alone(&within, &step.message, self.invocation).await {
            Ok(Some(_)) => Some(MiniBeat::InCommit),
            Ok(None) | Err(_) => None,
        }
    }

    /// Commits all that waits, and takes the next message if that is asked for.
    async fn commit_all(&self, transaction: Transaction) -> CommitAndTake {
        let committed = match self.take {
            Some(take) => transaction.commit_and_take_next(&self.taker(take)).await,
            None => transaction.commit().await.map(|is_committed| match is_committed {
                true => CommitAndTake::NothingNext,
                false => CommitAndTake::NotCommitted,
            }),
        };
        // An error may hide a commit. What it took comes again when its visibility or its lease ends.
        committed.unwrap_or(CommitAndTake::NotCommitted)
    }

    fn taker(&self, take: TakeAhead<'_>) -> NextTaker {
        let TakeAhead { done, invocation } = take;
        NextTaker {
            done: done.clone(),
            owner: invocation.id.clone(),
            lease_until: self.context.lease_until(invocation),
            now: invocation.now(),
        }
    }
}

impl MessageAhead {
    /// Counts the step that was claimed with the message among the running ones of its stage.
    fn enter(context: &Context, next: NextMessage) -> Self {
        let NextMessage { received, claimed } = next;
        MessageAhead { received, step: claimed.map(|claimed| RunningStep::enter(context, claimed)) }
    }
}
