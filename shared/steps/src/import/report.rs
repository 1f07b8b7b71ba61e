//! `report`: writes what became of the import beside its archive, for people and for programs.

use async_trait::async_trait;
use engine::accepts::{Accepts, Argument, EarlierStep, Presence};
use engine::{Executor, ExecutorError, Outcome, Work};
use import::report::ImportReport;
use serde_json::{Value, json};

use super::archive;
use super::bunch_files::{BUNCH, bunch};
use super::progress::Tally;

const IMPORTED_BY: Argument<EarlierStep> = Argument {
    name: "imported_by",
    kind: EarlierStep::IfThere,
    presence: Presence::Default("import_products"),
    meaning: "the step that imported, whose counts are reported",
};

const VALIDATED_BY: Argument<EarlierStep> = Argument {
    name: "validated_by",
    kind: EarlierStep::IfThere,
    presence: Presence::Default("validate"),
    meaning: "the step that checked the rows, whose counts are reported where nothing was imported",
};

/// The executor.
pub struct Report;

#[async_trait]
impl Executor for Report {
    fn name(&self) -> &'static str {
        "report"
    }

    fn description(&self) -> &'static str {
        "writes report.json and report.txt into the archive of the pipeline"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&IMPORTED_BY, &VALIDATED_BY, &BUNCH])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let imported = find(work, &IMPORTED_BY).await?;
        let is_imported = imported.is_some();
        let tally = match imported {
            Some(tally) => tally,
            None => find(work, &VALIDATED_BY).await?.unwrap_or_default(),
        };
        let categories: Option<Value> = work.output_of("import_categories").await?;
        // Without a bunch nothing was imported, which is as good a report as any.
        let bunch = bunch(work).ok();
        let totals = tally.report.totals();
        let json = json!({
            "pipeline": work.pipeline_id(),
            "definition": work.pipeline.name(),
            "bunch": bunch.map(|bunch| bunch.id.to_string()),
            "is_imported": is_imported,
            "totals": totals,
            "categories": categories,
            "files": tally.report.files,
        });
        let prefix = archive::prefix(work.pipeline_id());
        let text = text(work, &tally.report, is_imported);
        let files = work.store.files.clone();
        let pretty = serde_json::to_vec_pretty(&json).expect("a report has only string keys");
        files.put(&format!("{prefix}report.json"), pretty.into()).await?;
        files.put(&format!("{prefix}report.txt"), text.into()).await?;
        // `infra/alarms.yaml` counts the field `skipped_rows` of this line.
        let (rows, skipped_rows, id) = (totals.rows, totals.skipped, work.pipeline_id());
        tracing::info!(pipeline.id = %id, rows, skipped_rows, "import report of pipeline {id}: {rows} rows, {skipped_rows} skipped");
        work.info(&format!("the report is in {prefix}report.txt and report.json"));
        work.set_output(
            json!({ "report": format!("{prefix}report.txt"), "is_imported": is_imported, "totals": totals }),
        );
        Ok(Outcome::Done)
    }
}

/// The tally that a step left; another name of the step can be given as an argument.
async fn find(work: &Work<'_>, argument: &Argument<EarlierStep>) -> Result<Option<Tally>, ExecutorError> {
    Tally::left_by(work, work.argument(argument)?.as_str()).await
}

fn text(work: &Work<'_>, report: &ImportReport, is_imported: bool) -> String {
    let name = work.pipeline.name();
    let id = work.pipeline_id();
    let what = if is_imported { "import" } else { "validation only; nothing was imported" };
    format!("{name} {id}: {what}\n\n{report}")
}
