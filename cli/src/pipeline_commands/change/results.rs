//! What became of each of many changes.

use std::collections::BTreeMap;

use engine::error_chain::chain;
use operate::Error;
use pipeline::PipelineId;
use serde_json::{Value, json};

use super::Change;
use crate::outcome::ExitReason;
use crate::output::Output;

/// What became of each pipeline.
#[derive(Default)]
pub(super) struct ChangeResults {
    done: Vec<(PipelineId, Result<(), Error>)>,
}

impl ChangeResults {
    pub(super) fn add(&mut self, id: PipelineId, outcome: Result<(), Error>) {
        self.done.push((id, outcome));
    }

    fn rows(&self, key: &str) -> Vec<Value> {
        let row = |(id, outcome): &(PipelineId, Result<(), Error>)| match outcome {
            Ok(()) => json!({ "id": id, key: true }),
            Err(error) => json!({ "id": id, key: false, "error": chain(error) }),
        };
        self.done.iter().map(row).collect()
    }

    /// Prints what was done, and says on standard error what was not.
    pub(super) fn show(&self, change: &Change, output: &Output) -> anyhow::Result<ExitReason> {
        let done = self.done.iter().filter(|(_, outcome)| outcome.is_ok());
        let lines: Vec<String> = done.map(|(id, _)| format!("{id} {}", change.sentence())).collect();
        if output.is_json() || !lines.is_empty() {
            let (_, key) = change.words();
            output.show(&self.rows(key), |_| lines.join("\n"))?;
        }
        let errors: Vec<&Error> = self.done.iter().filter_map(|(_, outcome)| outcome.as_ref().err()).collect();
        for error in &errors {
            Output::complain(&chain(error));
        }
        Ok(if errors.is_empty() { ExitReason::Ok } else { ExitReason::Failed })
    }

    /// How many pipelines it was done to, and of how many it could not be done for what reason.
    pub(super) fn counts(&self, change: &Change) -> String {
        let (_, done) = change.words();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::from([(done, 0)]);
        for (_, outcome) in &self.done {
            let word = outcome.as_ref().err().map_or(done, word);
            *counts.entry(word).or_default() += 1;
        }
        counts.into_iter().map(|(word, number)| format!("{number} {word}")).collect::<Vec<_>>().join(", ")
    }
}

/// Why a change was not made, in a few words that count.
fn word(error: &Error) -> &'static str {
    match error {
        Error::UnknownPipeline(_) => "gone",
        Error::Ended { .. } => "ended meanwhile",
        Error::Stopping { .. } => "being stopped already",
        Error::Paused { .. } => "paused already",
        Error::NotPaused(_) => "not paused",
        Error::NothingFailed { .. } => "without a failed step",
        Error::StepActive { .. } => "busy with the step already",
        Error::Busy(_) => "changed by others all the time",
        Error::Store(_) => "not answered by the store",
        Error::UnknownDefinition { .. }
        | Error::BrokenDefinition { .. }
        | Error::UnknownStep { .. }
        | Error::KeyReused { .. }
        | Error::KeyOfOther { .. }
        | Error::ArgumentKey { .. }
        | Error::ArgumentsTooLarge { .. }
        | Error::Ambiguous { .. }
        | Error::NoneBegins(_)
        | Error::SeveralFilters
        | Error::BadCursor { .. }
        | Error::BadCategory { .. }
        | Error::UnknownEntity { .. }
        | Error::UnknownProduct { .. }
        | Error::UnknownImport { .. }
        | Error::ImportInProgress { .. }
        | Error::NoErrors { .. }
        | Error::WhichErrors { .. }
        | Error::CleanedUp { .. }
        | Error::BrokenConfiguration(_)
        | Error::DeletedProduct { .. } => "refused",
    }
}
