//! A runner that lives as long as its host and deals with message after message; not for the functions on AWS.
//!
//! It does the five steps of [`run`](super::run), with two commits less where the back end has shared commits: a message is
//! deleted and the next one taken together, and that in the commit that ends the step if there is a next one by then.

mod joint_commit;

use std::convert::Infallible;
use std::time::Duration;

use store::queue::{Receipt, Received};

use crate::context::{Context, Invocation};
use crate::runner::attempt::{Attempted, CurrentAttempt};
use crate::runner::commit::commit;
use crate::runner::resident::joint_commit::{JointCommit, JointOutcome, MessageAhead, MiniBeat, TakeAhead};
use crate::runner::{Error, RunReport, RunningStep, StepClaim, StopLook, claim, leave, look_for_stop};

/// Deals with messages, one after the other.
pub struct ResidentRunner<'a> {
    context: &'a Context,
    begin: Box<dyn Fn() -> Invocation + Send + Sync + 'a>,
    may_take_ahead: Box<dyn Fn() -> bool + Send + Sync + 'a>,
    /// Dealt with, and to be deleted.
    done: Option<Receipt>,
    /// Taken with the last commit.
    ahead: Option<TakenAhead>,
}

/// What became of a look for a message.
#[derive(Debug)]
pub enum Turn {
    /// There was no message.
    Nothing,
    /// A message was dealt with.
    Done(RunReport),
    /// A message was not dealt with; it will be delivered again.
    Failed {
        /// The message.
        message: Box<Received>,
        /// Why.
        error: Error,
    },
}

/// A message that was taken, and the invocation that deals with it.
struct TakenAhead {
    received: Received,
    /// Its step, if that is claimed already.
    step: Option<RunningStep>,
    invocation: Invocation,
}

impl<'a> ResidentRunner<'a> {
    /// A runner that begins each message with an invocation of its host.
    pub fn new(context: &'a Context, begin: impl Fn() -> Invocation + Send + Sync + 'a) -> Self {
        ResidentRunner { context, begin: Box::new(begin), may_take_ahead: Box::new(|| true), done: None, ahead: None }
    }

    /// The same, which takes a further message with the end of a step only while its host allows it.
    #[must_use]
    pub fn taking_ahead_while(self, may_take_ahead: impl Fn() -> bool + Send + Sync + 'a) -> Self {
        ResidentRunner { may_take_ahead: Box::new(may_take_ahead), ..self }
    }

    /// Whether it has claimed a step that it has not begun. Its host must give it one more turn before it ends.
    #[must_use]
    pub fn is_ahead(&self) -> bool {
        self.ahead.is_some()
    }

    /// Takes the next message, waiting up to `wait` for it, and deals with it.
    ///
    /// # Errors
    /// The queue did not answer.
    pub async fn turn(&mut self, wait: Duration) -> store::Result<Turn> {
        let taken = match self.ahead.take() {
            Some(taken) => taken,
            None => match self.receive(wait).await? {
                Some(received) => TakenAhead { received, step: None, invocation: (self.begin)() },
                None => return Ok(Turn::Nothing),
            },
        };
        let TakenAhead { received, step, invocation } = taken;
        let (context, receipt) = (self.context, received.receipt.clone());
        let dealt_with = tokio::select! {
            // An outcome that is there counts, whatever becomes of the message.
            biased;
            dealt_with = self.deal_with(&received, step, &invocation) => dealt_with,
            never = keep_hidden(context, &receipt) => match never {},
        };
        match dealt_with {
            Ok(report) => {
                // Where the next one was taken, this one was deleted in the same commit.
                self.done = if self.is_ahead() { None } else { Some(received.receipt) };
                Ok(Turn::Done(report))
            }
            Err(error) => Ok(Turn::Failed { message: Box::new(received), error }),
        }
    }

    /// Deletes the last message.
    ///
    /// # Errors
    /// The queue did not answer: the message comes again, which does no harm.
    pub async fn end(self) -> store::Result<()> {
        match &self.done {
            Some(receipt) => self.context.store.queue.delete(receipt).await,
            None => Ok(()),
        }
    }

    /// Deletes the last message and receives the next one, in one request where the back end can.
    async fn receive(&mut self, wait: Duration) -> store::Result<Option<Received>> {
        let received = self.context.store.queue.next(self.done.as_ref(), wait).await?;
        // Only now: after an error it is not known whether the last message was deleted, so it is deleted again.
        self.done = None;
        Ok(received)
    }

    async fn deal_with(
        &mut self,
        received: &Received,
        step: Option<RunningStep>,
        invocation: &Invocation,
    ) -> Result<RunReport, Error> {
        let step = match step {
            Some(step) => step,
            None => match claim(self.context, &received.body, invocation).await? {
                StepClaim::Won(step) => *step,
                StepClaim::NothingToRun(report) => return Ok(report),
            },
        };
        let begin = || (self.may_take_ahead)().then(|| (self.begin)());
        let next = NextTurn { done: &received.receipt, begin: &begin };
        let (report, ahead) = run_claimed(self.context, step, invocation, Some(next)).await?;
        self.ahead = ahead;
        Ok(report)
    }
}

/// Hides the message from other runners as long as this one is at it: otherwise it came again beside a long step, and
/// the queue would not count it as with a runner.
async fn keep_hidden(context: &Context, receipt: &Receipt) -> Infallible {
    let Some(lease) = context.limits.renewed_lease else { return std::future::pending().await };
    loop {
        #[expect(clippy::disallowed_methods, reason = "the message must be hidden while its step runs")]
        tokio::time::sleep(lease / 3).await;
        // It stays hidden for two more tries. One that comes again all the same does no harm.
        if let Err(error) = context.store.queue.extend(receipt, lease).await {
            tracing::warn!("message not hidden any longer: {}", crate::error_chain::chain(&error));
        }
    }
}

/// How a runner goes on after the step that it has.
struct NextTurn<'a> {
    /// The message that is dealt with then.
    done: &'a Receipt,
    /// Begins the invocation of the next message; `None` if the host wants no further one.
    ///
    /// Only called when the step has ended: the next one is owed its whole time, and a host that was told to end meanwhile
    /// begins nothing more.
    begin: &'a (dyn Fn() -> Option<Invocation> + Send + Sync),
}

/// Runs the step that a message names, with its mini beat in the commit that ends it; takes no further message.
pub(super) async fn run_one(context: &Context, body: &str, invocation: &Invocation) -> Result<RunReport, Error> {
    let step = match claim(context, body, invocation).await? {
        StepClaim::Won(step) => *step,
        StepClaim::NothingToRun(report) => return Ok(report),
    };
    let (report, _) = run_claimed(context, step, invocation, None).await?;
    Ok(report)
}

/// Goes the four steps after the claim; the commit may take the next message, if it is told how.
async fn run_claimed(
    context: &Context,
    mut step: RunningStep,
    invocation: &Invocation,
    next: Option<NextTurn<'_>>,
) -> Result<(RunReport, Option<TakenAhead>), Error> {
    let attempted = match look_for_stop(context, &mut step, invocation).await? {
        StopLook::Begin(order) => CurrentAttempt { context, order: &order, invocation }.run(&mut step).await?,
        StopLook::NotBegun(attempted) => attempted,
    };
    let end = match attempted {
        Attempted::Ended(end) => end,
        Attempted::Over(report) => {
            leave(context, step, &report, invocation).await;
            return Ok((report, None));
        }
    };
    let begun = next.and_then(|next| (next.begin)().map(|invocation| (next.done, invocation)));
    let take = begun.as_ref().map(|(done, invocation)| TakeAhead { done, invocation });
    let joint = JointCommit { context, end: &end, invocation, take }.commit(&mut step).await;
    let Some(JointOutcome { report, beat, next }) = joint else {
        // Somebody else came in between, or the commit was not answered: the end is recorded by itself.
        let report = commit(context, &mut step.claimed, end).await?;
        leave(context, step, &report, invocation).await;
        return Ok((report, None));
    };
    if beat == MiniBeat::Open {
        // The next step counts as running by now, so that of its stage it is not this one that must look.
        leave(context, step, &report, invocation).await;
    }
    let ahead = next.zip(begun).map(|(MessageAhead { received, step }, (_, invocation))| TakenAhead {
        received,
        step,
        invocation,
    });
    Ok((report, ahead))
}
