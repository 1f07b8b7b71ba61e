//! The findings that a page and a log show: the first of each severity.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Severity};

/// Findings of each severity kept for each file; the others are only counted.
pub const MAX_FINDINGS: usize = 100;

/// The first findings of each severity by place, whatever the order in which they come; that makes merging order-free.
/// A hundred small findings do not push out the one that stopped the file.
///
/// **Invariant:** those of a severity are in order, and no more than [`MAX_FINDINGS`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Finding>", into = "Vec<Finding>")]
pub struct FirstFindings {
    by_severity: BTreeMap<Severity, Vec<Finding>>,
}

impl FirstFindings {
    /// Keeps a finding if it is among the first of its severity. What comes in the order of the file costs one comparison
    /// once there are enough.
    pub fn keep(&mut self, finding: &Finding) {
        let kept = self.by_severity.entry(finding.severity).or_default();
        if kept.len() >= MAX_FINDINGS && kept.last().is_some_and(|last| last <= finding) {
            return;
        }
        let place = kept.partition_point(|other| other <= finding);
        kept.insert(place, finding.clone());
        kept.truncate(MAX_FINDINGS);
    }

    /// Takes back a finding.
    pub fn forget(&mut self, finding: &Finding) {
        let Some(kept) = self.by_severity.get_mut(&finding.severity) else { return };
        if let Ok(place) = kept.binary_search(finding) {
            kept.remove(place);
        }
        if kept.is_empty() {
            self.by_severity.remove(&finding.severity);
        }
    }

    /// Iterates over them by place.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        let mut all: Vec<&Finding> = self.by_severity.values().flatten().collect();
        all.sort_unstable();
        all.into_iter()
    }

    /// The first finding of a severity.
    #[must_use]
    pub fn first_of(&self, severity: Severity) -> Option<&Finding> {
        self.by_severity.get(&severity)?.first()
    }

    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_severity.values().map(Vec::len).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_severity.is_empty()
    }
}

impl From<Vec<Finding>> for FirstFindings {
    fn from(findings: Vec<Finding>) -> Self {
        let mut first = Self::default();
        findings.iter().for_each(|finding| first.keep(finding));
        first
    }
}

impl From<FirstFindings> for Vec<Finding> {
    fn from(first: FirstFindings) -> Self {
        first.iter().cloned().collect()
    }
}
