//! The formats that ship: one trait, and one list of all that implement it.

use super::csv::{CsvError, CsvSettings};
use super::edifact::Segments;
use super::table::Table;
use super::template::{self, TemplateError, TemplateSettings};
use super::written::{WriteError, Written};
use super::{EDIFACT_ORDERS, SHIPPED};
use crate::document::{Group, Node};
use crate::order::Order;

/// A format of documents.
pub trait Format: Send + Sync {
    /// Its name in settings: `opentrans`.
    fn code(&self) -> &'static str;

    /// What it is, for people.
    fn label(&self) -> &'static str;

    /// What names of its files end with: `xml`.
    fn suffix(&self) -> &'static str;

    /// What it is called where documents are sent: `application/xml`.
    fn content_type(&self) -> &'static str;

    /// Writes a document.
    ///
    /// # Errors
    /// The order or the settings do not fit the format.
    fn write(&self, source: &FormatSource<'_>) -> Result<Written, FormatError>;
}

/// What a format writes.
#[derive(Debug, Clone, Copy)]
pub struct FormatSource<'a> {
    /// The order; only templates look at it.
    pub order: &'a Order,
    /// What the document says.
    pub document: &'a Group,
    /// What the settings say about CSV files.
    pub csv: &'a CsvSettings,
    /// The website's template, if it has one.
    pub template: Option<&'a str>,
    /// What the settings say about it.
    pub template_settings: &'a TemplateSettings,
}

/// Why an order has no document in a format.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// A text is longer than its place, and must not be cut.
    #[error(transparent)]
    Identifier(#[from] WriteError),
    /// The settings of CSV files name something that is not there.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// The template cannot be used.
    #[error("the template: {0}")]
    Template(#[source] TemplateError),
    /// There is no template.
    #[error("the website has no published template")]
    NoTemplate,
}

/// All formats that ship.
#[must_use]
pub fn formats() -> Vec<Box<dyn Format>> {
    let tables = [("opentrans", "openTRANS 2.1 ORDER"), ("ubl", "UBL 2.1 Order"), ("idoc", "SAP IDoc ORDERS05")];
    let mut formats: Vec<Box<dyn Format>> = vec![Box::new(ByTemplate), Box::new(Json)];
    formats.extend(tables.map(|(code, label)| Box::new(ByTable { code, label }) as Box<dyn Format>));
    formats.extend([Box::new(Edifact) as Box<dyn Format>, Box::new(Csv)]);
    formats
}

/// Returns the format of a name.
#[must_use]
pub fn format(code: &str) -> Option<Box<dyn Format>> {
    formats().into_iter().find(|format| format.code() == code)
}

/// By the template of the website.
struct ByTemplate;

/// The document as JSON: the same names that templates see below `document`.
struct Json;

/// By a table of elements.
struct ByTable {
    code: &'static str,
    label: &'static str,
}

/// EDIFACT ORDERS.
struct Edifact;

/// CSV.
struct Csv;

impl Format for ByTemplate {
    fn code(&self) -> &'static str {
        "template"
    }

    fn label(&self) -> &'static str {
        "template of the website"
    }

    fn suffix(&self) -> &'static str {
        "txt"
    }

    fn content_type(&self) -> &'static str {
        "text/plain; charset=utf-8"
    }

    fn write(&self, source: &FormatSource<'_>) -> Result<Written, FormatError> {
        let text = source.template.ok_or(FormatError::NoTemplate)?;
        template::write(text, source.order, source.document, source.template_settings).map_err(FormatError::Template)
    }
}

impl Format for Json {
    fn code(&self) -> &'static str {
        "json"
    }

    fn label(&self) -> &'static str {
        "JSON"
    }

    fn suffix(&self) -> &'static str {
        "json"
    }

    fn content_type(&self) -> &'static str {
        "application/json"
    }

    fn write(&self, source: &FormatSource<'_>) -> Result<Written, FormatError> {
        let mut bytes = serde_json::to_vec_pretty(&json_of(source.document)).expect("texts always have a JSON form");
        bytes.push(b'\n');
        Ok(Written { bytes, notes: Vec::new() })
    }
}

impl Format for ByTable {
    fn code(&self) -> &'static str {
        self.code
    }

    fn label(&self) -> &'static str {
        self.label
    }

    fn suffix(&self) -> &'static str {
        "xml"
    }

    fn content_type(&self) -> &'static str {
        "application/xml"
    }

    fn write(&self, source: &FormatSource<'_>) -> Result<Written, FormatError> {
        let shipped = SHIPPED.iter().find(|(code, _)| *code == self.code).expect("each of these formats has a table");
        let table = Table::read(shipped.1).expect("a test reads every table that ships");
        Ok(table.write(source.document)?)
    }
}

impl Format for Edifact {
    fn code(&self) -> &'static str {
        "edifact"
    }

    fn label(&self) -> &'static str {
        "EDIFACT ORDERS D.96A"
    }

    fn suffix(&self) -> &'static str {
        "edi"
    }

    fn content_type(&self) -> &'static str {
        "application/edifact"
    }

    fn write(&self, source: &FormatSource<'_>) -> Result<Written, FormatError> {
        let segments = Segments::read(EDIFACT_ORDERS).expect("a test reads the rows that ship");
        Ok(segments.write(source.document)?)
    }
}

impl Format for Csv {
    fn code(&self) -> &'static str {
        "csv"
    }

    fn label(&self) -> &'static str {
        "CSV, a record for each line"
    }

    fn suffix(&self) -> &'static str {
        "csv"
    }

    fn content_type(&self) -> &'static str {
        "text/csv"
    }

    fn write(&self, source: &FormatSource<'_>) -> Result<Written, FormatError> {
        Ok(source.csv.write(source.document)?)
    }
}

/// A document as JSON. Amounts are texts, so that no reader makes floats of them.
fn json_of(group: &Group) -> serde_json::Value {
    let fields = group.iter().map(|(name, node)| {
        let value = match node {
            Node::Text(text) => serde_json::Value::String(text.clone()),
            Node::Group(group) => json_of(group),
            Node::List(groups) => groups.iter().map(json_of).collect(),
        };
        ((*name).to_owned(), value)
    });
    serde_json::Value::Object(fields.collect())
}
