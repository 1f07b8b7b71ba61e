//! `systole pipeline …`.

mod change;
mod check;
mod list;
mod results;
mod show;
mod status;
mod validate;

use operate::view::{self, DefinitionRow};
use operate::{Operator, PipelineFilter};
use pipeline::Arguments;
use serde_json::json;

pub(crate) use results::results;
pub(crate) use show::{details, note, step_table};
pub(crate) use validate::validate;

use change::Change;
use list::filter;

use crate::arguments::PipelineCommand;
use crate::installation::{BEAT_BUDGET, Installation, now};
use crate::outcome::ExitReason;
use crate::output::{self, Output};
use crate::watch;

pub(crate) async fn run(
    installation: &Installation,
    command: PipelineCommand,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    match command {
        PipelineCommand::List { definitions: true, .. } => list_definitions(installation, output).await?,
        PipelineCommand::List { chosen, definitions: false } => {
            list::list(installation, filter(chosen), output).await?
        }
        PipelineCommand::Status { chosen, all } => {
            status::status(installation, chosen, all.then_some(status::WithEnded), output).await?
        }
        PipelineCommand::Search { text, within, chosen } => {
            let spawned_after = within.map(|within| now() - within);
            list::list(installation, PipelineFilter { search: text, spawned_after, ..filter(chosen) }, output).await?;
        }
        PipelineCommand::Check { what } => check::run(installation, &what, output).await?,
        PipelineCommand::Init { name, arguments } => {
            init(installation, &name, arguments.into_iter().collect(), output).await?;
        }
        PipelineCommand::Details { id, log } => show::run(installation, &id, log.then_some(show::Logs), output).await?,
        PipelineCommand::Watch(arguments) => return watch::run(installation, &arguments, output).await,
        PipelineCommand::Cancel { which, reason } => {
            return change::run(installation, Change::Cancel { reason }, which, output).await;
        }
        PipelineCommand::Pause { which } => return change::run(installation, Change::Pause, which, output).await,
        PipelineCommand::Resume { which } => return change::run(installation, Change::Resume, which, output).await,
        PipelineCommand::Rerun { which } => return change::run(installation, Change::Rerun, which, output).await,
        PipelineCommand::Validate { paths } => {
            return validate(&installation.program, Some(installation), &paths, output).await;
        }
    }
    Ok(ExitReason::Ok)
}

async fn init(installation: &Installation, name: &str, arguments: Arguments, output: &Output) -> anyhow::Result<()> {
    let invocation = installation.host().invocation("cli", BEAT_BUDGET);
    let operator = Operator { name: &installation.by, invocation: &invocation };
    let id = operate::init(&installation.context, name, arguments, operator).await?;
    output.show(&json!({ "id": id }), |_| format!("spawned {name} {id}"))
}

/// The lines that come before everything else about definitions that somebody hardly meant so.
fn warned(warnings: &[String]) -> String {
    warnings.iter().map(|warning| format!("warning: {warning}\n")).collect()
}

async fn list_definitions(installation: &Installation, output: &Output) -> anyhow::Result<()> {
    let loaded = installation.context.definitions.load(installation.context.store.files.as_ref()).await?;
    let rows: Vec<DefinitionRow> = loaded.definitions.iter().map(|definition| view::definition(definition)).collect();
    let warnings: Vec<&str> = loaded.warning_texts().collect();
    output.show(&json!({ "definitions": rows, "problems": loaded.problems, "warnings": warnings }), |_| {
        let problems = loaded.problems.iter().map(|problem| format!("\nbroken: {problem}"));
        let warnings = warnings.iter().map(|warning| format!("\nwarning: {warning}"));
        format!("{}\n{}", definition_table(&rows), problems.chain(warnings).collect::<String>())
    })
}

fn definition_table(rows: &[DefinitionRow]) -> String {
    let row = |row: &DefinitionRow| {
        vec![row.name.clone(), row.steps.len().to_string(), row.description.clone().unwrap_or_default()]
    };
    output::table(&["pipeline", "steps", "description"], rows.iter().map(row))
}
