//! Transports: how documents leave. One trait, and one list of all that implement it.
//!
//! A transport may be asked twice to send the same document, since who asks can die before the answer is noted. It tells a
//! repetition where it can, by the name of the file or by the key that it hands on.

mod file;
mod http;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use engine::Work;
use serde_json::{Map, Value};

/// The name of the transport that documents leave by if nothing else is set, as in the original.
const USUAL: &str = "file";

/// Sends documents.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Its name in settings: `file`.
    fn code(&self) -> &'static str;

    /// What it is, for people.
    fn label(&self) -> &'static str;

    /// Checks what is set for it, and reads nothing else.
    ///
    /// # Errors
    /// Names the field that cannot be so, as the end of a sentence.
    fn check(&self, settings: &Map<String, Value>) -> Result<(), String>;

    /// Sends a document.
    async fn send(&self, settings: &Map<String, Value>, parcel: &Parcel<'_>, work: &mut Work<'_>) -> Delivery;
}

/// A document to send.
#[derive(Debug, Clone)]
pub struct Parcel<'a> {
    /// The document.
    pub bytes: Bytes,
    /// What it is called where it is sent: `application/xml`.
    pub content_type: &'a str,
    /// What names of its files end with: `xml`.
    pub suffix: &'a str,
    /// Equal for all tries of one wanted export, and for no other.
    pub key: &'a str,
    /// What names of files can be made of.
    pub names: Names<'a>,
}

/// What names of files can be made of.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The code of the website.
    pub website: &'a str,
    /// The store view.
    pub store: u64,
    /// The number that people use.
    pub number: &'a str,
    /// The id within the shop.
    pub id: u64,
    /// When the order was placed.
    pub created_at: DateTime<Utc>,
    /// Counts the exports that are wanted.
    pub generation: u32,
}

/// What became of a document that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It is there.
    Delivered {
        /// Where, for people.
        to: String,
        /// What was answered, if anything.
        answer: Option<Answer>,
    },
    /// It was received, and refused; the same again would be refused again.
    Refused(String),
    /// It was surely not received.
    NotReceived(String),
    /// Nobody is there: the next document would fare the same.
    Outage(String),
    /// Something was sent, and no answer came.
    Unknown(String),
}

/// What the other side answered at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// All of it.
    pub body: Bytes,
    /// The number that the other side has for the order, if the transport knows where to look.
    pub external_id: Option<String>,
}

/// Where documents of a website go, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportSettings {
    /// The code of the transport.
    pub code: &'static str,
    /// What is set for it.
    pub fields: Map<String, Value>,
}

impl TransportSettings {
    /// All of it in one value, which another target differs from.
    #[must_use]
    pub fn target(&self) -> Value {
        let mut fields = self.fields.clone();
        fields.insert("kind".to_owned(), self.code.into());
        Value::Object(fields)
    }
}

/// All transports that ship.
#[must_use]
pub fn transports() -> Vec<Box<dyn Transport>> {
    vec![Box::new(file::File), Box::<http::Http>::default()]
}

/// Reads and checks what is set; the field `kind` says which transport it is for.
///
/// # Errors
/// Names what cannot be so, as the end of a sentence.
pub fn read(fields: &Map<String, Value>) -> Result<TransportSettings, String> {
    let mut fields = fields.clone();
    let kind = match fields.remove("kind") {
        None => USUAL.to_owned(),
        Some(Value::String(kind)) => kind,
        Some(other) => return Err(format!("has the kind {other}; expected a text as `\"{USUAL}\"`")),
    };
    let transports = transports();
    let known = || transports.iter().map(|transport| transport.code()).collect::<Vec<_>>().join(", ");
    let transport = transports
        .iter()
        .find(|transport| transport.code() == kind)
        .ok_or_else(|| format!("has the kind `{kind}`; expected one of {}", known()))?;
    transport.check(&fields)?;
    Ok(TransportSettings { code: transport.code(), fields })
}
