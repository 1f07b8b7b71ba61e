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
use super::transport::{Delivery, Names, Parcel, transport};
use crate::entity_export::leaving::{Gate, Leaving, gate, note_not_sent, note_sent, withdraw};
use crate::entity_export::records::{Frozen, Place, Record, SentDocument};
use crate::entity_export::{ENTITY, ENTITY_ID, IS_RETRY};

/// See the module documentation.
pub struct TransportOrder;

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
            return match withdraw(work, leaving.record, Place::Pending(work.now()), &reason).await? {
                true => Ok(Outcome::Skipped { reason }),
                false => Err(ExecutorError::retryable("the record changed meanwhile")),
            };
        }
        send(work, *leaving, &transformed, &order).await
    }
}

/// Notes that the document is sent, sends it, and notes what became of it.
async fn send(
    work: &mut Work<'_>,
    leaving: Leaving,
    transformed: &Transformed,
    order: &OrderToSend,
) -> Result<Outcome, ExecutorError> {
    let gone = || {
        let file = &transformed.file;
        ExecutorError::permanent(format!("the document `{file}` is gone; reset the export to begin with a fresh one"))
    };
    let bytes = work.store.files.get(&transformed.file, None).await?.ok_or_else(gone)?;
    let key = leaving.record.idempotency_key();
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
    let transport = transport(settings.transport.code).expect("the transport was checked when it was set");
    let delivery = transport.send(&settings.transport.fields, &parcel, work).await;
    settle(work, &leaving.record, frozen, delivery).await
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

/// Notes what became of a document.
async fn settle(
    work: &mut Work<'_>,
    record: &Record,
    frozen: Frozen,
    delivery: Delivery,
) -> Result<Outcome, ExecutorError> {
    match delivery {
        Delivery::Delivered { to, answer } => {
            let Frozen { file, version, key, .. } = frozen;
            let sent = SentDocument { at: work.now(), file, version, to: to.clone(), key };
            note_sent(work, record, sent).await?;
            work.set_output(json!({ "to": to, "answer": answer }));
            Ok(Outcome::Done)
        }
        Delivery::Refused(reason) => {
            note_not_sent(work, record, None, &format!("refused: {reason}")).await?;
            Err(ExecutorError::permanent(reason))
        }
        Delivery::NotReceived(reason) | Delivery::Outage(reason) => {
            note_not_sent(work, record, None, &format!("not received: {reason}")).await?;
            Err(ExecutorError::retryable(reason))
        }
        Delivery::Unknown(reason) => {
            let story = format!("no answer, may have been received: {reason}");
            note_not_sent(work, record, Some(frozen), &story).await?;
            Err(ExecutorError::retryable(story))
        }
    }
}
