//! `transform_order`: makes the document of an order, in the format of its website.
//!
//! The document is an artifact, and the output names it together with the version that it was made of. Once a document may
//! have been sent, every later try has the same one: the other side knows a repetition by its key, and must not find
//! another document behind it.

use async_trait::async_trait;
use bytes::Bytes;
use engine::accepts::Accepts;
use engine::{Executor, ExecutorError, Outcome, Work};
use orders::document::Group;
use orders::format::{self, FormatError, FormatSource, Written};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::arrive::version_of;
use super::kept::{self, KeptOrder};
use super::order_export::OrderExport;
use super::order_key::OrderKey;
use super::template;
use super::website::state::{self, News, Stop};
use super::website::{self, Website};
use crate::entity_export::leaving::{Gate, gate, withdraw};
use crate::entity_export::records::{Place, Record};
use crate::entity_export::{ENTITY, ENTITY_ID, IS_RETRY};

/// See the module documentation.
pub struct TransformOrder;

/// What the step leaves for the next one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Transformed {
    /// The key of the document.
    pub(super) file: String,
    /// The version of the order that it says, for people.
    pub(super) version: String,
    /// The same for comparing; nothing if the document is that of an earlier try, which stays.
    pub(super) digest: Option<String>,
}

/// An order with what is needed to write it.
pub(super) struct OrderToSend {
    pub(super) kept: KeptOrder,
    pub(super) website: Website,
    /// Counts what was set when both were read.
    pub(super) revision: u64,
}

#[async_trait]
impl Executor for TransformOrder {
    fn name(&self) -> &'static str {
        "transform_order"
    }

    fn description(&self) -> &'static str {
        "makes the document of an order, in the format of its website"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&ENTITY, &ENTITY_ID, &IS_RETRY])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let leaving = match gate(work, &OrderExport).await? {
            Gate::Open(leaving) => leaving,
            Gate::Closed(reason) => return Ok(Outcome::Skipped { reason }),
            Gate::Sent => return Ok(Outcome::Skipped { reason: "its document has left".to_owned() }),
        };
        if let Some(frozen) = &leaving.record.frozen {
            work.info(&format!("takes the document of version {}, which may have been sent before", frozen.version));
            let transformed = Transformed { file: frozen.file.clone(), version: frozen.version.clone(), digest: None };
            work.set_output(json!(transformed));
            return Ok(Outcome::Done);
        }
        let order = order_to_send(work, &leaving.record).await?;
        let published = template::published(work.store, &order.website.code).await?;
        let text = published.as_ref().map(|template| template.text.as_str());
        let (written, suffix) = match write(&order.kept, &order.website, text) {
            Ok(written) => written,
            // What is wrong with the template is wrong with the next order, too.
            Err(error @ (FormatError::Template(_) | FormatError::NoTemplate)) => {
                return stop(work, leaving.record, &order, &error).await;
            }
            Err(error @ (FormatError::Identifier(_) | FormatError::Csv(_))) => {
                return Err(ExecutorError::permanent(format!("order {}: {error}", order.kept.order.number)));
            }
        };
        for note in &written.notes {
            work.warn(&format!("`{}` {}", note.element, note.problem));
        }
        let file = work.artifact_key(&format!("order.{suffix}"));
        work.store.files.put(&file, Bytes::from(written.bytes)).await?;
        let version = version_of(&order.kept.order);
        work.info(&format!("wrote version {version} as `{}`", order.website.settings.format));
        work.set_output(json!(Transformed { file, version, digest: Some(order.kept.digest) }));
        Ok(Outcome::Done)
    }
}

/// Reads the order of a record and the settings of its website.
pub(super) async fn order_to_send(work: &Work<'_>, record: &Record) -> Result<OrderToSend, ExecutorError> {
    let gone = |what: &str| ExecutorError::permanent(format!("order `{}`: {what}", record.id));
    let key: OrderKey = record.id.parse().map_err(|bad| gone(&format!("{bad}")))?;
    let kept = kept::get(work.store, &key).await?.ok_or_else(|| gone("it is not stored"))?;
    let websites = website::load(work.store).await?;
    let website = websites.of_store(key.store).ok_or_else(|| gone("its store belongs to no website"))?;
    Ok(OrderToSend { kept, website: website.clone(), revision: websites.revision })
}

/// Writes the document of an order.
///
/// # Errors
/// The order does not fit the format, or the template cannot be used.
pub fn write(
    kept: &KeptOrder,
    website: &Website,
    template: Option<&str>,
) -> Result<(Written, &'static str), FormatError> {
    let settings = &website.settings;
    let format = format::format(&settings.format).expect("the format was checked when it was set");
    let document: Group = settings.money.document(&kept.order, (&kept.lines, &settings.numbers), &settings.document);
    let source = FormatSource {
        order: &kept.order,
        document: &document,
        csv: &settings.csv,
        template,
        template_settings: &settings.template,
    };
    Ok((format.write(&source)?, format.suffix()))
}

/// Stops the website: its orders wait, without a failure, until its template or its settings change.
async fn stop(
    work: &mut Work<'_>,
    record: Record,
    order: &OrderToSend,
    error: &FormatError,
) -> Result<Outcome, ExecutorError> {
    let (code, number) = (&order.website.code, &order.kept.order.number);
    let problem = format!("order {number}: {error}");
    let stop = Stop { revision: order.revision, since: work.now(), problem: problem.clone() };
    if state::note_stop(work.store, code, stop).await? == News::New {
        tracing::error!("website `{code}`: no order leaves until its template is mended: {problem}");
    }
    if !withdraw(work, record, Place::Held(order.revision), &problem).await? {
        return Err(ExecutorError::retryable("the record changed meanwhile"));
    }
    // The order has lost no attempt; the pipeline shows where it stopped.
    Err(ExecutorError::permanent(problem))
}
