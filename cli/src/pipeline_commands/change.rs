//! `systole pipeline cancel`, `pause` and `resume`: what changes pipelines, one or many.

use anyhow::bail;
use engine::error_chain::chain;
use operate::{Operator, PipelineFilter};
use pipeline::{PipelineId, PipelineStatus};
use serde_json::{Value, json};

use super::list::listed;
use crate::arguments::Which;
use crate::ids::resolve;
use crate::installation::{BEAT_BUDGET, Installation};
use crate::outcome::ExitReason;
use crate::output::Output;

/// Most pipelines of one name that are changed at once.
const MOST: usize = 1_000;

pub(super) async fn cancel(
    installation: &Installation,
    which: Which,
    reason: &str,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let mut changes = ChangeResults::default();
    for id in chosen(installation, which).await? {
        let invocation = installation.host().invocation("cli", BEAT_BUDGET);
        let operator = Operator { name: &installation.by, invocation: &invocation };
        let outcome = operate::cancel(&installation.context, &id, reason, operator).await;
        changes.add(id, outcome);
    }
    changes.show(("cancelled", "is being cancelled"), output)
}

pub(super) async fn pause(installation: &Installation, which: Which, output: &Output) -> anyhow::Result<ExitReason> {
    let mut changes = ChangeResults::default();
    for id in chosen(installation, which).await? {
        let invocation = installation.host().invocation("cli", BEAT_BUDGET);
        let operator = Operator { name: &installation.by, invocation: &invocation };
        let outcome = operate::pause(&installation.context, &id, operator).await;
        changes.add(id, outcome);
    }
    changes.show(("paused", "is paused; `systole pipeline resume` lets it go on"), output)
}

pub(super) async fn resume(installation: &Installation, which: Which, output: &Output) -> anyhow::Result<ExitReason> {
    let mut changes = ChangeResults::default();
    for id in chosen(installation, which).await? {
        let invocation = installation.host().invocation("cli", BEAT_BUDGET);
        let operator = Operator { name: &installation.by, invocation: &invocation };
        let outcome = operate::resume(&installation.context, &id, operator).await;
        changes.add(id, outcome);
    }
    changes.show(("resumed", "goes on"), output)
}

/// What became of each pipeline.
#[derive(Default)]
struct ChangeResults {
    done: Vec<(PipelineId, Result<(), operate::Error>)>,
}

impl ChangeResults {
    fn add(&mut self, id: PipelineId, outcome: Result<(), operate::Error>) {
        self.done.push((id, outcome));
    }

    fn rows(&self, key: &str) -> Vec<Value> {
        let row = |(id, outcome): &(PipelineId, Result<(), operate::Error>)| match outcome {
            Ok(()) => json!({ "id": id, key: true }),
            Err(error) => json!({ "id": id, key: false, "error": chain(error) }),
        };
        self.done.iter().map(row).collect()
    }

    /// Prints what was done under the word for it, and says on standard error what was not.
    fn show(&self, (key, words): (&str, &str), output: &Output) -> anyhow::Result<ExitReason> {
        let done = self.done.iter().filter(|(_, outcome)| outcome.is_ok());
        let lines: Vec<String> = done.map(|(id, _)| format!("{id} {words}")).collect();
        if output.is_json() || !lines.is_empty() {
            output.show(&self.rows(key), |_| lines.join("\n"))?;
        }
        let errors: Vec<&operate::Error> = self.done.iter().filter_map(|(_, outcome)| outcome.as_ref().err()).collect();
        for error in &errors {
            Output::complain(&chain(error));
        }
        Ok(if errors.is_empty() { ExitReason::Ok } else { ExitReason::Failed })
    }
}

/// The pipelines that were named, each once.
async fn chosen(installation: &Installation, which: Which) -> anyhow::Result<Vec<PipelineId>> {
    let Some(name) = which.name else {
        // All of them are found before one is touched.
        let mut ids = Vec::new();
        for reference in &which.ids {
            let id = resolve(installation, reference).await?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        return Ok(ids);
    };
    let statuses = PipelineStatus::ALL.into_iter().filter(|status| status.is_open()).collect();
    let filter = PipelineFilter { name: Some(name.to_string()), statuses, limit: MOST, ..PipelineFilter::default() };
    let ids: Vec<PipelineId> = listed(installation, filter).await?.rows.into_iter().map(|row| row.id).collect();
    if ids.is_empty() {
        bail!("no pipeline of the name `{name}` is open");
    }
    Ok(ids)
}
