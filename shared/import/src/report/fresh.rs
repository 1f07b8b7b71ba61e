//! Findings that were noted and that nobody keeps yet.

use std::collections::BTreeMap;
use std::mem;

use crate::finding::{Finding, Severity};

/// The findings since the last checkpoint. What tells the same of the same place is found by its key, so noting one costs
/// the same however many there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FreshFindings {
    /// Each with the smallest severity as a key, and the severity that it has.
    severities: BTreeMap<Finding, Severity>,
}

impl FreshFindings {
    pub(super) fn insert(&mut self, finding: Finding) {
        let severity = finding.severity;
        self.severities.insert(key(finding), severity);
    }

    /// Takes out what tells the same of the same place, with the severity that it had.
    pub(super) fn remove(&mut self, finding: &Finding) -> Option<Finding> {
        let (told, severity) = self.severities.remove_entry(&key(finding.clone()))?;
        Some(Finding { severity, ..told })
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (finding, severity) in other.severities {
            let told = self.severities.entry(finding).or_insert(severity);
            *told = severity.max(*told);
        }
    }

    /// Empties it, by place.
    pub(super) fn take(&mut self) -> Vec<Finding> {
        let severities = mem::take(&mut self.severities);
        severities.into_iter().map(|(finding, severity)| Finding { severity, ..finding }).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.severities.len()
    }
}

/// What a finding tells and of which place, whatever follows from it.
fn key(finding: Finding) -> Finding {
    Finding { severity: Severity::Notice, ..finding }
}
