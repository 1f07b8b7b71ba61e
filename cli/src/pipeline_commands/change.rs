//! `systole pipeline cancel`, `pause`, `resume` and `rerun`: what changes pipelines, those that are named or all that fit.

mod plan;
mod results;

use operate::Operator;
use pipeline::{PipelineId, PipelineStatus};

use crate::arguments::Which;
use crate::ids::resolve;
use crate::installation::{BEAT_BUDGET, Installation};
use crate::outcome::ExitReason;
use crate::output::Output;
use plan::{Answer, Plan};
use results::ChangeResults;

/// What is done to pipelines.
pub(super) enum Change {
    Cancel { reason: String },
    Pause,
    Resume,
    Rerun,
}

pub(super) async fn run(
    installation: &Installation,
    change: Change,
    which: Which,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let Which { chosen, yes } = which;
    if !chosen.ids.is_empty() {
        // All of them are found before one is touched.
        let mut ids = Vec::new();
        for reference in &chosen.ids {
            let id = resolve(installation, reference).await?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        return change.make(installation, ids).await.show(&change, output);
    }
    let plan = Plan::of(installation, &change, &chosen).await?;
    if !yes && plan.ask(&change, output)? == Answer::No {
        return Ok(ExitReason::Failed);
    }
    let results = change.make(installation, plan.ids).await;
    let reason = results.show(&change, output)?;
    output.say(&results.counts(&change))?;
    Ok(reason)
}

impl Change {
    /// What is done, and what it is called when it was done.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Change::Cancel { .. } => ("cancel", "cancelled"),
            Change::Pause => ("pause", "paused"),
            Change::Resume => ("resume", "resumed"),
            Change::Rerun => ("rerun", "rerun"),
        }
    }

    /// What is said of a pipeline to which it was done.
    fn sentence(&self) -> &'static str {
        match self {
            Change::Cancel { .. } => "is being cancelled",
            Change::Pause => "is paused; `systole pipeline resume` lets it go on",
            Change::Resume => "goes on",
            Change::Rerun => "runs again what failed",
        }
    }

    /// Where pipelines stand to which it can be done, if nobody says where.
    fn statuses(&self) -> Vec<PipelineStatus> {
        let open = PipelineStatus::ALL.into_iter().filter(|status| status.is_open());
        match self {
            Change::Cancel { .. } => open.collect(),
            Change::Pause => open.filter(|status| *status != PipelineStatus::Paused).collect(),
            Change::Resume => vec![PipelineStatus::Paused],
            Change::Rerun => vec![PipelineStatus::Error],
        }
    }

    /// Does it to one pipeline after the other; what cannot be done to one keeps nobody from the others.
    async fn make(&self, installation: &Installation, ids: Vec<PipelineId>) -> ChangeResults {
        let mut results = ChangeResults::default();
        for id in ids {
            let outcome = self.make_one(installation, &id).await;
            results.add(id, outcome);
        }
        results
    }

    async fn make_one(&self, installation: &Installation, id: &PipelineId) -> Result<(), operate::Error> {
        let invocation = installation.host().invocation("cli", BEAT_BUDGET);
        let operator = Operator { name: &installation.by, invocation: &invocation };
        let context = &installation.context;
        match self {
            Change::Cancel { reason } => operate::cancel(context, id, reason, operator).await,
            Change::Pause => operate::pause(context, id, operator).await,
            Change::Resume => operate::resume(context, id, operator).await,
            Change::Rerun => operate::rerun_failed(context, id, operator).await.map(drop),
        }
    }
}
