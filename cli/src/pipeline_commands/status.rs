//! `systole pipeline status`: how many steps of each stage stand where.

use std::collections::BTreeMap;

use operate::view::{self, ListRow};
use pipeline::{Pipeline, PipelineStatus, StepStatus};
use serde::Serialize;

use super::list::{filter, listed};
use crate::arguments::ListArguments;
use crate::installation::{Installation, now};
use crate::output::{self, Output};

/// Most open pipelines that are shown.
const OPEN: usize = 10_000;

/// Shows pipelines that have ended, too.
pub(super) struct WithEnded;

#[derive(Debug, Serialize)]
struct StatusRow {
    #[serde(flatten)]
    pipeline: ListRow,
    stages: Vec<StageRow>,
}

/// The steps of one stage, counted.
#[derive(Debug, Serialize)]
struct StageRow {
    sort_order: i32,
    /// By status: how many steps stand there.
    steps: BTreeMap<&'static str, usize>,
}

pub(super) async fn status(
    installation: &Installation,
    chosen: ListArguments,
    with: Option<WithEnded>,
    output: &Output,
) -> anyhow::Result<()> {
    let has_limit = chosen.limit.is_some();
    let mut filter = filter(chosen);
    if with.is_none() && filter.statuses.is_empty() {
        filter.statuses = PipelineStatus::ALL.into_iter().filter(|status| status.is_open()).collect();
        filter.limit = if has_limit { filter.limit } else { OPEN };
    }
    let listed = listed(installation, filter).await?;
    let mut shown = Vec::new();
    for row in &listed.rows {
        match installation.context.store.pipeline_with_steps(&row.id).await {
            Ok(Some(read)) => {
                let pipeline = ListRow::Readable(Box::new(view::pipeline(&read, now())));
                shown.push(StatusRow { pipeline, stages: stages(&read) });
            }
            // It was cleaned up since.
            Ok(None) => {}
            Err(error) if error.is_retryable() => return Err(error.into()),
            Err(error) => {
                let (id, name) = (row.id.to_string(), row.readable().map(|pipeline| pipeline.name().to_string()));
                let problem = format!("{:#}", anyhow::Error::from(error));
                let pipeline = ListRow::Unreadable { id, name, spawned_at: row.spawned_at, problem };
                shown.push(StatusRow { pipeline, stages: Vec::new() });
            }
        }
    }
    output.show(&shown, |rows| in_words(rows))?;
    listed.tell(output)
}

/// The stages in their order: the steps are sorted by it.
fn stages(pipeline: &Pipeline) -> Vec<StageRow> {
    let mut stages: Vec<StageRow> = Vec::new();
    for step in &pipeline.steps {
        let sort_order = step.definition.sort_order;
        if stages.last().is_none_or(|stage| stage.sort_order != sort_order) {
            stages.push(StageRow { sort_order, steps: BTreeMap::new() });
        }
        if let Some(stage) = stages.last_mut() {
            *stage.steps.entry(step.record.status.as_str()).or_default() += 1;
        }
    }
    stages
}

fn in_words(rows: &[StatusRow]) -> String {
    output::table(&["id", "pipeline", "status", "time", "steps by stage"], rows.iter().map(cells))
}

fn cells(row: &StatusRow) -> Vec<String> {
    match &row.pipeline {
        ListRow::Readable(of) => vec![
            of.id.clone(),
            of.name.clone(),
            of.status.to_string(),
            output::duration(of.duration_ms),
            row.stages.iter().map(stage_in_words).collect::<Vec<_>>().join(" · "),
        ],
        ListRow::Unreadable { id, name, problem, .. } => {
            vec![id.clone(), name.clone().unwrap_or_default(), "unreadable".to_owned(), String::new(), problem.clone()]
        }
    }
}

/// The counts in the order of a step's life.
fn stage_in_words(stage: &StageRow) -> String {
    let mut counts = Vec::new();
    for status in StepStatus::ALL {
        if let Some(count) = stage.steps.get(status.as_str()) {
            counts.push(format!("{count} {status}"));
        }
    }
    format!("{}: {}", stage.sort_order, counts.join(", "))
}
