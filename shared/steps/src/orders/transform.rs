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
use super::website::{self, Website};
use crate::entity_export::leaving::{Gate, gate};
use crate::entity_export::records::Record;
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
        let (written, suffix) = write(&order)?;
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
    Ok(OrderToSend { kept, website: website.clone() })
}

/// Writes the document of an order.
fn write(order: &OrderToSend) -> Result<(Written, &'static str), ExecutorError> {
    let settings = &order.website.settings;
    let known = "a test checks the format when it is set";
    let format = format::format(&settings.format).expect(known);
    let kept = &order.kept;
    let document: Group = settings.money.document(&kept.order, (&kept.lines, &settings.numbers), &settings.document);
    let source = FormatSource {
        order: &kept.order,
        document: &document,
        csv: &settings.csv,
        template: None,
        template_settings: &settings.template,
    };
    let number = &kept.order.number;
    let failed = |error: FormatError| ExecutorError::permanent(format!("order {number}: {error}"));
    Ok((format.write(&source).map_err(failed)?, format.suffix()))
}
