//! `systole executors`: what this program can do, so that authors know what their XML may ask for.

use engine::Program;
use serde::Serialize;

use crate::outcome::ExitReason;
use crate::output::{Output, table};

/// One thing that a program has.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct ProgramRow {
    /// What it is.
    kind: &'static str,
    /// The name that definitions use.
    name: &'static str,
    /// What it does.
    description: &'static str,
}

/// Shows every executor, registered condition and data fetcher.
pub(crate) fn list(program: &Program, output: &Output) -> anyhow::Result<ExitReason> {
    let rows = rows(program);
    output.show(&rows, |rows| {
        let cells = rows.iter().map(|row| [row.kind, row.name, row.description].map(str::to_owned).to_vec());
        table(&["kind", "name", "what it does"], cells)
    })?;
    Ok(ExitReason::Ok)
}

fn rows(program: &Program) -> Vec<ProgramRow> {
    let mut rows = Vec::new();
    let mut add = |kind, name, description| rows.push(ProgramRow { kind, name, description });
    for executor in program.executors().iter() {
        add("executor", executor.name(), executor.description());
    }
    for condition in &program.pipeline_conditions {
        add("pipeline condition", condition.name(), condition.description());
    }
    for condition in &program.finding_conditions {
        add("pipeline condition", condition.name(), condition.description());
    }
    for condition in &program.step_conditions {
        add("step condition", condition.name(), condition.description());
    }
    for fetcher in &program.data_fetchers {
        add("data fetcher", fetcher.name(), fetcher.description());
    }
    rows
}
