//! What a runner takes as it ends a step: the next message, with its step claimed.
//!
//! A claim of its own costs a runner one more flush to the disk and one more wait for it. Where the back end can, the
//! commit that ends a step also takes the next message and claims its step, and reads the pipeline after that, as
//! [`Store::claim_step`] and [`Store::pipeline_without_steps`] do.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use pipeline::Pipeline;

use crate::message::StepMessage;
use crate::queue::{Receipt, Received};
use crate::shared_commit::{ClaimWrite, TakeNext, TakenMessage};
use crate::steps::{Claim, Claimed, NewClaim};
use crate::table::{Item, Written};
use crate::{Store, keys};

/// The runner that takes the next message, and how it claims.
#[derive(Debug, Clone)]
pub struct NextTaker {
    /// The message that was dealt with.
    pub done: Receipt,
    /// Who claims.
    pub owner: String,
    /// How long the claim holds.
    pub lease_until: DateTime<Utc>,
    /// When the claim is made.
    pub now: DateTime<Utc>,
}

/// The message that was taken with the end of a step.
#[derive(Debug)]
pub struct NextMessage {
    /// The message.
    pub received: Received,
    /// Its step, if it could be claimed. If not, an ordinary claim tells why.
    pub claimed: Option<ClaimedMessage>,
}

/// A message whose step is claimed and can begin.
#[derive(Debug)]
pub struct ClaimedMessage {
    /// What the message says.
    pub message: StepMessage,
    /// The claim.
    pub claimed: Box<Claimed>,
    /// The pipeline as it was after the claim, without its steps, if it has been read.
    pub pipeline: Option<Pipeline>,
}

impl NextTaker {
    /// The order to the back end, which knows no steps: it claims with the write that we make of the message's text.
    pub(crate) fn take_next(&self) -> TakeNext {
        let NextTaker { done, owner, lease_until, now } = self.clone();
        let claim = move |body: &str| {
            let message = StepMessage::parse(body).ok()?;
            let claim = NewClaim { version: message.version, owner: &owner, lease_until, now };
            let write = Store::claim_write(&message, &claim).ok()?;
            Some(ClaimWrite { write, get: keys::pipeline(&message.pipeline) })
        };
        TakeNext { done, claim: Arc::new(claim) }
    }
}

impl Store {
    /// What was taken, in the words of the engine. What cannot be read is left to the ordinary claim and its error.
    pub(crate) async fn next_message(&self, taken: TakenMessage, taker: &NextTaker) -> NextMessage {
        let TakenMessage { message: received, claim } = taken;
        let claimed = match claim {
            Some((Written::Applied(Some(item)), meta)) => {
                self.claimed_message(&received.body, &taker.owner, (item, meta)).await
            }
            Some((Written::Applied(None) | Written::Conflict(_), _)) | None => None,
        };
        NextMessage { received, claimed }
    }

    /// Makes a claim of the items of a step and its pipeline as they were after the write.
    async fn claimed_message(&self, body: &str, owner: &str, items: (Item, Option<Item>)) -> Option<ClaimedMessage> {
        let (step, meta) = items;
        let message = StepMessage::parse(body).ok()?;
        let Ok(Claim::Won(claimed)) = Self::claimed(&message, owner, step) else { return None };
        let pipeline = match meta {
            // If it cannot be read here, the runner reads it again and tells the error.
            Some(meta) => self.pipeline_of(&message.pipeline, &meta).await.ok().flatten(),
            None => None,
        };
        Some(ClaimedMessage { message, claimed, pipeline })
    }
}
