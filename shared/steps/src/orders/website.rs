//! What is set for the orders of each website: which stores it has, what is exported, in which format, and where to.
//!
//! The settings of a website are one JSON document, checked as a whole when it is set. An order belongs to the website that
//! names its store; no store is in two. Each change, also that of a template, counts the revision up: what was held back
//! under an older one is looked at again.

mod file;
pub mod state;
mod stored;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use orders::document::DocumentSettings;
use orders::export::ExportSettings;
use orders::format::CsvSettings;
use orders::format::template::TemplateSettings;
use orders::line_number::NumberRules;
use orders::money::MoneyRules;

use self::state::WebsiteState;
use super::transport::TransportSettings;

pub(crate) use stored::count_up;
pub use stored::{Error, load, set};

/// What is set for the orders of a website.
#[derive(Debug, Clone)]
pub struct WebsiteSettings {
    /// The store views that belong to it.
    pub stores: BTreeSet<u64>,
    /// Which orders are exported.
    pub export: ExportSettings,
    /// The code of the format.
    pub format: String,
    /// For CSV files.
    pub csv: CsvSettings,
    /// For templates.
    pub template: TemplateSettings,
    /// For all documents.
    pub document: DocumentSettings,
    /// How amounts are computed.
    pub money: MoneyRules,
    /// How lines are numbered.
    pub numbers: NumberRules,
    /// Where documents go, and how.
    pub transport: TransportSettings,
}

/// A website as it is stored.
#[derive(Debug, Clone)]
pub struct Website {
    /// Its code.
    pub code: String,
    /// What is set.
    pub settings: WebsiteSettings,
    /// The settings as they were written.
    pub text: String,
    /// Who set them.
    pub by: String,
    /// Since when.
    pub at: DateTime<Utc>,
}

/// All websites.
#[derive(Debug, Clone, Default)]
pub struct Websites {
    /// Counts the changes of all of them.
    pub revision: u64,
    /// Those that can be read, by code.
    pub all: Vec<Website>,
    /// What is wrong with others; their orders wait.
    pub problems: Vec<String>,
    /// What stands in the way of all orders of a website, by code.
    pub states: BTreeMap<String, WebsiteState>,
}

/// Something in settings that cannot be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which field: `export.age_limit`.
    pub field: String,
    /// What is wrong with it, as the end of a sentence that begins with the field.
    pub problem: String,
}

impl Websites {
    /// The website that a store belongs to.
    #[must_use]
    pub fn of_store(&self, store: u64) -> Option<&Website> {
        self.all.iter().find(|website| website.settings.stores.contains(&store))
    }

    /// The website of a code.
    #[must_use]
    pub fn named(&self, code: &str) -> Option<&Website> {
        self.all.iter().find(|website| website.code == code)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.field, self.problem)
    }
}

/// Reads settings.
///
/// # Errors
/// Tells everything that is wrong with them.
pub fn read(text: &str) -> Result<WebsiteSettings, Vec<Problem>> {
    match serde_json::from_str::<file::WebsiteFile>(text) {
        Ok(file) => file.settings(),
        Err(error) => Err(vec![Problem { field: "settings".to_owned(), problem: format!("cannot be read: {error}") }]),
    }
}
