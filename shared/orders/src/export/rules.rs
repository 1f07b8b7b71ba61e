//! What the settings of a website say about exports.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// What the settings of a website say about exports of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportSettings {
    /// Whether anything is exported.
    pub is_enabled: bool,
    /// What qualifies: anything that one of these fits. Without any rule everything does.
    pub rules: Vec<ExportRule>,
    /// How old a thing may be; what is exactly so old still is exported.
    pub age_limit: Option<Duration>,
    /// When exports began: what is older is somebody else's. Written once, when they were switched on.
    pub go_live_at: Option<DateTime<Utc>>,
    /// How many pipelines there are for a thing whose pipelines fail, the first one counted. Raising it brings back what was
    /// given up.
    pub attempts: u32,
}

/// A row of the settings' grid: all of its facts must be as it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRule {
    /// Fact and value; a fact that is not here may be anything.
    pub facts: BTreeMap<Box<str>, Box<str>>,
}

impl ExportRule {
    /// Says whether a thing fits. One that lacks a fact of the rule does not.
    #[must_use]
    pub fn fits(&self, facts: &BTreeMap<&str, &str>) -> bool {
        self.facts.iter().all(|(fact, value)| facts.get(&**fact).is_some_and(|found| **found == **value))
    }
}

impl fmt::Display for ExportRule {
    /// Writes the rule for people: ``payment `checkmo` × status `pending` ``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.facts.is_empty() {
            return f.write_str("anything");
        }
        for (index, (fact, value)) in self.facts.iter().enumerate() {
            write!(f, "{}{fact} `{value}`", if index > 0 { " × " } else { "" })?;
        }
        Ok(())
    }
}
