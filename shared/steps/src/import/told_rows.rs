//! What validations have found across rows, by the place where an import reads the row.

use std::collections::BTreeMap;

use engine::{ExecutorError, Work};
use import::finding::Finding;
use serde_json::Value;

use super::found_across::{FoundAcross, GivenAddress, MAX_NOTICES};
use super::progress::Tally;

/// What is told of rows.
#[derive(Debug, Default)]
pub(super) struct ToldRows {
    by_place: BTreeMap<(String, u64), Vec<Finding>>,
    addresses: BTreeMap<(String, u64), String>,
    /// Notices that were not handed on.
    left_out: u64,
}

impl ToldRows {
    /// What the steps that validate have left.
    pub(super) async fn of(work: &Work<'_>) -> Result<Self, ExecutorError> {
        let mut told = Self::default();
        for step in &work.pipeline.definition.steps {
            if !step.executor.as_str().starts_with("validate") {
                continue;
            }
            // An executor of an extension may be called so and leave something else.
            let output: Option<Value> = work.output_of(step.name.as_str()).await?;
            if output.is_none_or(|output| output.get("findings").is_none()) {
                continue;
            }
            if let Some(tally) = Tally::left_by(work, step.name.as_str()).await? {
                told.add(tally.found_across);
            }
        }
        Ok(told)
    }

    fn add(&mut self, found: FoundAcross) {
        self.left_out += found.notices.saturating_sub(MAX_NOTICES);
        for GivenAddress { file, line, address } in found.addresses {
            self.addresses.insert((file, line), address);
        }
        for finding in found.findings {
            self.by_place.entry((finding.file.clone(), finding.line)).or_default().push(finding);
        }
    }

    /// What is told of a row.
    pub(super) fn at(&self, file: &str, line: u64) -> &[Finding] {
        self.by_place.get(&(file.to_owned(), line)).map_or(&[], Vec::as_slice)
    }

    /// The address that the thing of a row gets if it is new, instead of the one made of its name.
    pub(super) fn address_at(&self, file: &str, line: u64) -> Option<&str> {
        self.addresses.get(&(file.to_owned(), line)).map(String::as_str)
    }

    /// How many notices there are beside those that are told.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }
}
