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
        self.findings.is_empty()
    }
}
