//! What a validation has found across rows, and what an import makes of it: it reads rows one by one and cannot see it.

use import::finding::{Finding, Severity};
use serde::{Deserialize, Serialize};

/// Most notices that are handed on; rows that are refused are all.
pub(super) const MAX_NOTICES: u64 = 10_000;

/// Findings across rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FoundAcross {
    pub(super) findings: Vec<Finding>,
    /// All of them, those that are not handed on as well.
    pub(super) notices: u64,
    /// What new things get instead of the addresses made of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) addresses: Vec<GivenAddress>,
}

/// The address that a new thing gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GivenAddress {
    /// Base name of the file of its row.
    pub(super) file: String,
    /// The line on which the row starts.
    pub(super) line: u64,
    pub(super) address: String,
}

impl FoundAcross {
    pub(super) fn note(&mut self, finding: Finding) {
        if finding.severity < Severity::Row {
            self.notices += 1;
            if self.notices > MAX_NOTICES {
                return;
            }
        }
        self.findings.push(finding);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.findings.is_empty() && self.addresses.is_empty()
    }
}
