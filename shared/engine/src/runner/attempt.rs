//! One attempt of a step: execute under the deadline, keep the log, and end or hand on to a further invocation.

use std::sync::Arc;
use std::time::Duration;

use pipeline::Step;
use serde_json::Value;
use store::message::StepMessage;
use store::queue::DELAY_LIMIT;
use store::steps::{Claimed, Continuation, StepWritten};
use tokio::sync::{Mutex, oneshot};

use crate::apply::outgoing_after;
use crate::context::{Context, Invocation};
use crate::executor::{Additions, ExecutorError, Level, Outcome, SharedLog, StepLog, Work, log_file, taken};
use crate::runner::commit::{AttemptEnd, finish_of, unstorable};
use crate::runner::{Error, RunReport, RunningStep, WorkOrder};

/// What an invocation does an attempt with.
#[derive(Clone, Copy)]
pub(super) struct CurrentAttempt<'a> {
    pub(super) context: &'a Context,
    pub(super) order: &'a WorkOrder,
    pub(super) invocation: &'a Invocation,
}

/// How far an invocation came with an attempt.
pub(super) enum Attempted {
    /// To its end, which is not recorded yet.
    Ended(AttemptEnd),
    /// Nothing is left to record: the attempt was handed on, taken by somebody else, or never begun.
    Over(RunReport),
}

/// A delay that lasts as long as heartbeats are apart: the chain of runners is not one behind it.
const HEARTBEAT_DISTANCE: Duration = Duration::from_secs(60);

/// Where a further invocation goes on, and when.
struct HandOver {
    checkpoint: Value,
    delay: Duration,
    /// What of the log goes into the step's item.
    log: String,
}

impl CurrentAttempt<'_> {
    /// Does the work of a claimed step, and hands it on to a further invocation if it has not ended.
    pub(super) async fn run(&self, step: &mut RunningStep) -> Result<Attempted, Error> {
        let CurrentAttempt { context, order: WorkOrder { pipeline, .. }, invocation } = *self;
        let claimed = &step.claimed;
        // A step does not fail for settings that cannot be read; it keeps all lines then.
        let settings = context.settings(invocation.now()).await.unwrap_or_default();
        if claimed.record.lease_until.is_some_and(|until| until < invocation.now()) {
            // This host stood still, and somebody else may have the step by now.
            return Ok(Attempted::Over(RunReport::TakenOver));
        }
        let so_far = if claimed.record.continuations > 0 { claimed.record.log.as_str() } else { "" };
        let so_far = log_file::whole(&context.store, &pipeline.id, so_far).await?;
        let log = SharedLog::of(StepLog::continued(&so_far, Level::set_for(pipeline.name(), &settings)));
        let key = log_file::key_of(claimed);
        let (ended, has_ended) = oneshot::channel();
        let working = async {
            let outcome = self.work(step, &log).await;
            // Nobody listens any more if the writer has ended.
            let _ = ended.send(());
            outcome
        };
        let (outcome, has_file) = tokio::join!(working, log_file::write_until(context, &log, &key, has_ended));
        let log = std::mem::take(&mut *log.lock());
        let log = log_file::keep(context, &log, &key, has_file).await?;
        if let Ok(Outcome::Continue { checkpoint, after }) = outcome {
            return self.hand_on(step, HandOver { checkpoint, delay: after, log }).await;
        }
        Ok(Attempted::Ended(AttemptEnd { finish: finish_of(outcome), log, at: invocation.now() }))
    }

    /// Executes and takes over what the executor leaves: its claim, steps, output and log.
    async fn work(&self, step: &mut RunningStep, log: &SharedLog) -> Result<Outcome, ExecutorError> {
        let CurrentAttempt { context, order: WorkOrder { pipeline, definition }, invocation } = *self;
        let claimed = &mut *step.claimed;
        // The lease is renewed while the executor works, and both write the claim: it is behind a lock meanwhile.
        let shared_claim = Arc::new(Mutex::new(claimed.clone()));
        let mut work = Work {
            store: &context.store,
            pipeline,
            step: definition,
            claim: shared_claim.clone(),
            record: claimed.record.clone(),
            output: None,
            additions: Additions::default(),
            invocation,
            context,
            hops: step.message.hops,
            log: log.clone(),
        };
        let mut outcome = execute(&mut work).await;
        *claimed = shared_claim.lock().await.clone();
        if outcome.is_ok()
            && let Err(error) = work.store_added(claimed).await
        {
            outcome = Err(error);
        }
        claimed.record.output = work.output;
        if let Err(error) = &outcome {
            log.lock().line(invocation.now(), Level::Error, &definition.name, &error.chain());
        }
        outcome
    }

    /// Hands the attempt on to a further invocation.
    async fn hand_on(&self, step: &mut RunningStep, hand_over: HandOver) -> Result<Attempted, Error> {
        let CurrentAttempt { context, order: WorkOrder { pipeline, definition }, invocation } = *self;
        let HandOver { checkpoint, delay, log } = hand_over;
        let RunningStep { message, claimed, .. } = step;
        let count = claimed.record.continuations + 1;
        claimed.record.interruptions = 0;
        let token = invocation.token(&pipeline.id, &definition.name, claimed.record.attempt, count);
        let continuation = Continuation { checkpoint, token: &token, log: &log, delay };
        let written = context.store.continue_step(claimed, continuation, invocation.now()).await;
        if let Some(finish) = written.as_ref().err().and_then(unstorable) {
            return Ok(Attempted::Ended(AttemptEnd { finish, log, at: invocation.now() }));
        }
        if let StepWritten::Lost { .. } = written? {
            return Ok(Attempted::Over(RunReport::TakenOver));
        }
        let hops = if delay < HEARTBEAT_DISTANCE { message.hops.saturating_add(1) } else { 0 };
        // Past the cap the message is left to the heartbeat's re-send, so that a chain that went wild slows down.
        if hops <= context.limits.hop_limit {
            let continued = Step { definition: definition.clone(), record: claimed.record.clone() };
            let next = StepMessage::new(&pipeline.id, &continued, token, hops);
            let next = if message.is_gated { next.gated() } else { next };
            let outgoing = outgoing_after(&next, delay.min(DELAY_LIMIT));
            context.store.queue.send(pipeline.definition.priority, vec![outgoing]).await?;
        }
        Ok(Attempted::Over(RunReport::Continued))
    }
}

/// Executes under the deadline, renewing the lease where the host asks for it.
async fn execute(work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
    let Some(executor) = work.context.executors.get(&work.step.executor).cloned() else {
        return Err(ExecutorError::permanent(format!(
            "step `{}` asks for the unknown executor `{}` (known: {})",
            work.step.name,
            work.step.executor,
            work.context.executors.names().join(", ")
        )));
    };
    let budget = work.invocation.left().saturating_sub(COMMIT_TIME);
    let renewal = renew(work.context, work.invocation, work.claim.clone());
    let execution = tokio::time::timeout(budget, executor.execute(work));
    tokio::select! {
        // An outcome that is there counts, even if the lease was lost at the same moment: its commit finds that out.
        biased;
        outcome = execution => outcome.unwrap_or_else(|_| {
            let seconds = budget.as_secs();
            Err(ExecutorError::retryable(format!("the attempt did not end within the {seconds} s of its invocation")))
        }),
        lost = renewal => Err(lost),
    }
}

/// Lengthens the lease as long as this runner lives, if the host asks for it; ends only when the step was taken from us.
async fn renew(context: &Context, invocation: &Invocation, claim: Arc<Mutex<Claimed>>) -> ExecutorError {
    let Some(lease) = context.limits.renewed_lease else { return std::future::pending().await };
    loop {
        #[expect(clippy::disallowed_methods, reason = "the lease must be renewed while the executor works")]
        tokio::time::sleep(lease / 3).await;
        let mut claimed = claim.lock().await;
        match context.store.save_progress(&mut claimed, context.lease_until(invocation)).await {
            Ok(written) => {
                if let Err(lost) = taken(written) {
                    return lost;
                }
            }
            // The lease lasts for two more tries.
            Err(error) => tracing::warn!("lease not renewed: {}", crate::error_chain::chain(&error)),
        }
    }
}

/// Kept free at the end of an invocation to record what came of it.
const COMMIT_TIME: Duration = Duration::from_secs(2);
