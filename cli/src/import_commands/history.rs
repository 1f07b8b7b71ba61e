//! `systole import history` and `systole import show`.

use operate::{ImportOutcome, ImportRow};
use steps::import::history::ImportStatus;

use crate::arguments::HistoryArguments;
use crate::installation::Installation;
use crate::outcome::ExitReason;
use crate::output::{self, Output, count, time};

pub(super) async fn list(
    installation: &Installation,
    options: &HistoryArguments,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let limit = usize::from(options.limit);
    let history = operate::imports(&installation.context, limit, options.after.as_ref()).await?;
    output.show(&history, |history| {
        let header =
            ["pipeline", "bunch", "what", "status", "rows", "findings", "time", "rows/s", "spawned (UTC)", "by"];
        output::table(&header, history.imports.iter().map(cells))
    })?;
    if let Some(next) = history.next.filter(|_| !output.is_json()) {
        output.note(&format!("--after {next} goes on behind them"))?;
    }
    Ok(ExitReason::Ok)
}

fn cells(row: &ImportRow) -> Vec<String> {
    let what: Vec<&str> = row.entities.iter().map(String::as_str).collect();
    let mut cells = vec![row.pipeline.to_string(), row.bunch.clone(), what.join(", "), row.status.as_str().to_owned()];
    cells.extend(match &row.result {
        Some(result) => [
            result.rows.rows.to_string(),
            result.findings.to_string(),
            took(result),
            result.rows_per_second.map_or_else(String::new, |rows| rows.to_string()),
        ],
        None => Default::default(),
    });
    cells.extend([time(row.spawned_at), row.spawned_by.clone()]);
    cells
}

pub(super) async fn show(installation: &Installation, reference: &str, output: &Output) -> anyhow::Result<ExitReason> {
    let row = operate::import_named(&installation.context, reference).await?;
    output.show(&row, |row| in_words(installation, row))?;
    Ok(ExitReason::Ok)
}

/// Most names of files that are shown.
const NAMED: usize = 20;

fn in_words(installation: &Installation, row: &ImportRow) -> String {
    let mut lines = vec![format!("{} of {} ({})", row.status.as_str(), row.bunch, row.definition)];
    lines.push(format!("pipeline {}", row.pipeline));
    lines.push(format!("spawned  {} UTC by {}", time(row.spawned_at), row.spawned_by));
    for name in row.files.iter().take(NAMED) {
        lines.push(format!("file     {name}"));
    }
    let others = usize::try_from(row.file_count).unwrap_or(usize::MAX).saturating_sub(row.files.len().min(NAMED));
    if others > 0 {
        lines.push(format!("         and {} more", count(others, "file")));
    }
    if let Some(result) = &row.result {
        lines.extend(result_lines(installation, result));
    } else if row.status == ImportStatus::Failed {
        lines.push("verdict  its pipeline ended without a report".to_owned());
    }
    if row.status == ImportStatus::Failed {
        // Rows to correct are those up to where it stopped: dropping them alone would lose the rest.
        lines.push(format!("failed   `systole pipeline details {}` shows the step and why", row.pipeline));
        lines.push(
            "next     correct the files and drop all of them again; what is there already stays as it is".to_owned(),
        );
    }
    lines.join("\n")
}

fn result_lines(installation: &Installation, result: &ImportOutcome) -> Vec<String> {
    let rows = result.rows;
    let per_second = result.rows_per_second.map_or_else(String::new, |rows| format!(", {rows} rows per second"));
    let mut lines = vec![
        format!("ended    {} UTC, its steps worked for {}{per_second}", time(result.ended_at), took(result)),
        format!("verdict  {}", result.verdict),
        format!(
            "rows     {}: {} created, {} updated, {} unchanged, {} deleted, {} skipped",
            rows.rows, rows.created, rows.updated, rows.unchanged, rows.deleted, rows.skipped
        ),
        format!("findings {}", result.findings),
        format!("report   {}", installation.locate(&result.report)),
    ];
    for key in &result.errors {
        lines.push(format!("errors   {}", installation.locate(key)));
    }
    lines
}

fn took(result: &ImportOutcome) -> String {
    format!("{:.1} s", result.seconds)
}
