//! The end of a step and the claim of the next one in one commit, for a runner that goes on at once.
//!
//! A claim of its own costs a runner one more flush to the disk and one more wait for it. Where the back end can, the
//! commit that ends a step also takes the next message and claims its step, and reads the pipeline after that, as
//! [`Store::claim_step`] and [`Store::pipeline_without_steps`] do.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use pipeline::Pipeline;

use crate::message::StepMessage;
use crate::outbox::{Claiming, Take, Taken};
use crate::queue::{Receipt, Received};
use crate::steps::{Claim, Claimed};
use crate::table::{Item, Written};
use crate::{Store, keys};

/// Who takes the next step.
#[derive(Debug, Clone)]
pub struct Taker {
    /// The message that was dealt with.
    pub done: Receipt,
    /// Who claims.
    pub owner: String,
    /// How long the claim holds.
    pub lease_until: DateTime<Utc>,
    /// When the claim is made.
    pub now: DateTime<Utc>,
}

/// A message that was taken.
#[derive(Debug)]
pub struct Next {
    /// The message.
    pub received: Received,
    /// Its step, if it could be claimed. If not, an ordinary claim tells why.
    pub started: Option<Started>,
}

/// A step that is claimed and can begin.
#[derive(Debug)]
pub struct Started {
    /// What the message says.
    pub message: StepMessage,
    /// The claim.
    pub claimed: Box<Claimed>,
    /// The pipeline as it was after the claim, without its steps, if it has been read.
    pub pipeline: Option<Pipeline>,
}

impl Taker {
    pub(crate) fn take(&self) -> Take {
        let Taker { done, owner, lease_until, now } = self.clone();
        let claim = move |body: &str| {
            let message = StepMessage::parse(body).ok()?;
            let write = Store::claim_write(&message, message.version, &owner, lease_until, now).ok()?;
            Some(Claiming { write, get: keys::pipeline(&message.pipeline) })
        };
        Take { done, claim: Arc::new(claim) }
    }
}

impl Store {
    /// What was taken, in the words of the engine. What cannot be read is left to the ordinary claim and its error.
    pub(crate) async fn next(&self, taken: Taken, taker: &Taker) -> Next {
        let Taken { message: received, claim } = taken;
        let started = match claim {
            Some((Written::Applied(Some(item)), meta)) => self.started(&received.body, item, meta, taker).await,
            Some((Written::Applied(None) | Written::Conflict(_), _)) | None => None,
        };
        Next { received, started }
    }

    async fn started(&self, body: &str, item: Item, meta: Option<Item>, taker: &Taker) -> Option<Started> {
        let message = StepMessage::parse(body).ok()?;
        let Ok(Claim::Won(claimed)) = Self::claimed(&message, &taker.owner, item) else { return None };
        let pipeline = match meta {
            Some(meta) => self.pipeline_of(&message.pipeline, &meta).await.ok().flatten(),
            None => None,
        };
        Some(Started { message, claimed, pipeline })
    }
}
