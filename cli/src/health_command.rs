//! `systole health`: the same that `GET /health` says.

use operate::{Health, HealthStatus};

use crate::installation::{Installation, now};
use crate::outcome::ExitReason;
use crate::output::Output;

pub(crate) async fn run(installation: &Installation, output: &Output) -> anyhow::Result<ExitReason> {
    let health = operate::health(&installation.context, now()).await?;
    output.show(&health, in_words)?;
    Ok(if health.status == HealthStatus::Ok { ExitReason::Ok } else { ExitReason::Failed })
}

fn in_words(health: &Health) -> String {
    let last = health.seconds_since_last_beat.map(|seconds| format!("the last heartbeat was {seconds} s ago"));
    let problems = health.problems.iter().map(|problem| format!("problem: {problem}"));
    let warnings = health.warnings.iter().map(|warning| format!("warning: {warning}"));
    last.into_iter().chain(problems).chain(warnings).collect::<Vec<_>>().join("\n")
}
