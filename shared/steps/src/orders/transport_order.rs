//! `transport_order`: sends the document of an order where its website says.
//!
//! Right before that the order and its rules are looked at once more. An order that changed since its document was made
//! goes back and gets a fresh one. What is sent is noted before it is sent: who dies in between leaves a note that it may
//! have been received, and the next try sends the same document under the same key.

use async_trait::async_trait;
use engine::accepts::{Accepts, Argument, EarlierStep, Presence};
use engine::{Executor, ExecutorError, Outcome, Work};
use orders::format;
use serde_json::json;

use super::order_export::OrderExport;
use super::transform::{OrderToSend, Transformed, order_to_send};
use super::transport::{Answer, Delivery, Names, Parcel, Transport, transports};
use super::website::state::{self, News, Way};
use crate::entity_export::leaving::{Gate, Leaving, gate, note_not_sent, note_sent, note_waiting, withdraw};
use crate::entity_export::records::{Frozen, Place, Record, SentDocument};
use crate::entity_export::{ENTITY, ENTITY_ID, IS_RETRY};

/// See the module documentation.
pub struct TransportOrder {
    transports: Vec<Box<dyn Transport>>,
}

impl Default for TransportOrder {
    fn default() -> Self {
        TransportOrder { transports: transports() }
    }
}

const FROM: Argument<EarlierStep> = Argument {
    name: "from",
    kind: EarlierStep::Needed,
    presence: Presence::Default("transform"),
    meaning: "the step that made the document",
};

#[async_trait]
impl Executor for TransportOrder {
    fn name(&self) -> &'static str {
        "transport_order"
    }

    fn description(&self) -> &'static str {
        "sends the document of an order where its website says"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&ENTITY, &ENTITY_ID, &IS_RETRY, &FROM])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let leaving = match gate(work, &OrderExport).await? {
            Gate::Open(leaving) => leaving,
            Gate::Closed(reason) => return Ok(Outcome::Skipped { reason }),
            Gate::Sent => return Ok(Outcome::Done),
        };
        let from = work.argument(&FROM)?;
        let Some(transformed) = work.output_of::<Transformed>(from.as_str()).await? else {
            return Err(ExecutorError::permanent(format!("step `{from}` left no document to send")));
        };
        let order = order_to_send(work, &leaving.record).await?;
        if transformed.digest.as_ref().is_some_and(|digest| *digest != order.kept.digest) {
            let reason = format!(
                "it changed since its document of version {} was made, and gets a fresh one",
                transformed.version
            );
            return step_back(work, leaving.record, Place::Pending(work.now()), reason).await;
        }
        let target = order.website.settings.transport.target();
        match state::way(work.store, &order.website.code, &target, work.now()).await? {
            Way::Free => {}
            Way::Probe => work.info("nobody answered at the target; this order finds out whether that is over"),
            Way::Closed { until, problem } => {
                return step_back(work, leaving.record, Place::Pending(until), problem).await;
            }
        }
        self.send(work, *leaving, &transformed, &order).await
    }
}

/// Takes an order from its pipeline without a failure.
async fn step_back(
    work: &mut Work<'_>,
    record: Record,
    place: Place,
    reason: String,
) -> Result<Outcome, ExecutorError> {
    match withdraw(work, record, place, &reason).await? {
        true => Ok(Outcome::Skipped { reason }),
        // Its order came in again meanwhile; the next try sees it.
        false => Err(ExecutorError::retryable("the record changed meanwhile")),
    }
}

impl TransportOrder {
    /// Notes that the document is sent, sends it, and notes what became of it.
    async fn send(
        &self,
        work: &mut Work<'_>,
        leaving: Leaving,
        transformed: &Transformed,
        order: &OrderToSend,
    ) -> Result<Outcome, ExecutorError> {
        let gone = || {
            let file = &transformed.file;
            ExecutorError::permanent(format!(
                "the document `{file}` is gone; reset the export to begin with a fresh one"
            ))
        };
        let bytes = work.store.files.get(&transformed.file, None).await?.ok_or_else(gone)?;
        let key = leaving.record.idempotency_key();
        let earlier = leaving.record.frozen.clone();
        let frozen = Frozen {
            file: transformed.file.clone(),
            version: transformed.version.clone(),
            key: key.clone(),
            may_be_received: true,
        };
        let leaving = leaving.freeze(work, frozen.clone()).await?;
        let settings = &order.website.settings;
        let format = format::format(&settings.format).expect("the format was checked when it was set");
        let parcel = Parcel {
            bytes,
            content_type: format.content_type(),
            suffix: format.suffix(),
            key: &key,
            names: names(order, &leaving.record),
        };
        let transport = self.transports.iter().find(|transport| transport.code() == settings.transport.code);
        let transport = transport.expect("the transport was checked when it was set");
        let delivery = transport.send(&settings.transport.fields, &parcel, work).await;
        let tried = Tried { record: leaving.record, earlier, frozen };
        tried.settle(work, order, delivery).await
    }
}

fn names<'a>(order: &'a OrderToSend, record: &Record) -> Names<'a> {
    Names {
        website: &order.website.code,
        store: order.kept.order.store,
        number: &order.kept.order.number,
        id: order.kept.order.id.0,
        created_at: order.kept.order.created_at,
        generation: record.generation,
    }
}

/// A document that was sent, whatever became of it.
struct Tried {
    record: Record,
    /// What an earlier try may have left there.
    earlier: Option<Frozen>,
    frozen: Frozen,
}

impl Tried {
    /// Notes what became of it.
    async fn settle(
        self,
        work: &mut Work<'_>,
        order: &OrderToSend,
        delivery: Delivery,
    ) -> Result<Outcome, ExecutorError> {
        let code = &order.website.code;
        // Whoever answers is there, also with a refusal.
        if matches!(delivery, Delivery::Delivered { .. } | Delivery::Refused(_))
            && let Some(outage) = state::note_answer(work.store, code).await?
        {
            tracing::info!("website `{code}`: its target answers again, since {} nobody had", outage.since);
        }
        match delivery {
            Delivery::Delivered { to, answer } => self.delivered(work, to, answer).await,
            Delivery::Refused(reason) => {
                note_not_sent(work, &self.record, None, &format!("refused: {reason}")).await?;
                Err(ExecutorError::permanent(reason))
            }
            Delivery::NotReceived(reason) => {
                note_not_sent(work, &self.record, self.earlier, &format!("not received: {reason}")).await?;
                Err(ExecutorError::retryable(reason))
            }
            Delivery::Outage(reason) => self.outage(work, order, reason).await,
            Delivery::Unknown(reason) => {
                let story = format!("no answer, may have been received: {reason}");
                note_not_sent(work, &self.record, Some(self.frozen), &story).await?;
                Err(ExecutorError::retryable(story))
            }
        }
    }

    async fn delivered(
        self,
        work: &mut Work<'_>,
        to: String,
        answer: Option<Answer>,
    ) -> Result<Outcome, ExecutorError> {
        let mut kept = None;
        if let Some(answer) = answer.as_ref().filter(|answer| !answer.body.is_empty()) {
            let key = work.artifact_key("answer");
            work.store.files.put(&key, answer.body.clone()).await?;
            kept = Some(key);
        }
        let external_id = answer.and_then(|answer| answer.external_id);
        let Frozen { file, version, key, .. } = self.frozen;
        let sent = SentDocument { at: work.now(), file, version, to: to.clone(), key };
        note_sent(work, &self.record, sent, external_id.clone()).await?;
        work.set_output(json!({ "to": to, "file": kept, "external_id": external_id }));
        Ok(Outcome::Done)
    }

    /// One state of the target with one alarm, and no attempt of an order.
    async fn outage(self, work: &mut Work<'_>, order: &OrderToSend, reason: String) -> Result<Outcome, ExecutorError> {
        let (code, target) = (&order.website.code, order.website.settings.transport.target());
        let news = state::note_outage(work.store, code, &target, &reason, work.now()).await?;
        if news == News::New {
            tracing::error!("website `{code}`: nobody answers at the target of its orders, which wait: {reason}");
        }
        let until = work.now() + state::PROBE_EVERY;
        note_waiting(work, &self.record, self.earlier, (until, &reason)).await?;
        Ok(Outcome::Skipped { reason })
    }
}
