//! `report`: writes what became of the import beside its archive, for people and for programs.

mod page;

use async_trait::async_trait;
use engine::accepts::{Accepts, Argument, EarlierStep, NameList, Presence};
use engine::{Executor, ExecutorError, Outcome, Work};
use import::report::ImportReport;
use serde_json::{Value, json};

use page::{PageAbout, page};

use super::archive;
use super::bunch_files::{BUNCH, bunch};
use super::drafts::PUBLISH;
use super::progress::Tally;
use super::publish::{end_drafts, unpublished};

const IMPORTED_BY: Argument<NameList> = Argument {
    name: "imported_by",
    kind: NameList("steps that import"),
    presence: Presence::Optional,
    meaning: "the steps that imported, whose counts are added up; every step with an executor `import_…` if there is no such \
              argument",
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
        "writes report.html, report.json and report.txt into the archive of the pipeline, and drops what was not published"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&IMPORTED_BY, &VALIDATED_BY, &BUNCH])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let draft = end_drafts(work.store.table.clone().as_ref(), work.pipeline_id()).await?;
        let imported = imported(work).await?;
        let unpublished = draft.as_ref().and_then(unpublished);
        let is_imported = imported.is_some() && unpublished.is_none();
        let report = match imported {
            Some(report) => report,
            None => find(work, &VALIDATED_BY).await?.unwrap_or_default().report,
        };
        let categories = output_of_executor(work, "create_categories").await?;
        let options = output_of_executor(work, "create_options").await?;
        // Without a bunch nothing was imported, which is as good a report as any.
        let bunch = bunch(work).ok().map(|bunch| bunch.id.to_string());
        let totals = report.totals();
        let json = json!({
            "pipeline": work.pipeline_id(),
            "definition": work.pipeline.name(),
            "bunch": bunch,
            "is_imported": is_imported,
            "unpublished": unpublished,
            "totals": totals,
            "categories": categories,
            "options": options,
            "files": report.files,
        });
        let prefix = archive::prefix(work.pipeline_id());
        let made = [(&options, "option"), (&categories, "category")];
        let text = format!("{}{}", text(work, &report, is_imported, unpublished), created(&made));
        let files = work.store.files.clone();
        let pretty = serde_json::to_vec_pretty(&json).expect("a report has only string keys");
        files.put(&format!("{prefix}report.json"), pretty.into()).await?;
        files.put(&format!("{prefix}report.txt"), text.into()).await?;
        let html = page(&about(work, bunch, is_imported, unpublished), &report);
        files.put(&format!("{prefix}report.html"), html.into()).await?;
        // `infra/alarms.yaml` counts the field `skipped_rows` of this line.
        let (rows, skipped_rows, id) = (totals.rows, totals.skipped, work.pipeline_id());
        tracing::info!(pipeline.id = %id, rows, skipped_rows, "import report of pipeline {id}: {rows} rows, {skipped_rows} skipped");
        work.info(&format!("the report is in {prefix}report.html, report.txt and report.json"));
        work.set_output(
            json!({ "report": format!("{prefix}report.txt"), "is_imported": is_imported, "totals": totals }),
        );
        Ok(Outcome::Done)
    }
}

/// What the page says beside counts and findings.
fn about(work: &Work<'_>, bunch: Option<String>, is_imported: bool, unpublished: Option<&'static str>) -> PageAbout {
    let definition = &work.pipeline.definition;
    PageAbout {
        title: definition.description.clone().unwrap_or_else(|| definition.name.to_string()),
        pipeline: work.pipeline_id().to_string(),
        bunch,
        // Not the time of writing: a step that is repeated writes the same page.
        spawned_at: work.pipeline.spawned_at.format("%Y-%m-%d %H:%M UTC").to_string(),
        is_imported,
        unpublished,
    }
}

/// What the import steps did, added up; nothing if none of them has come to its end.
async fn imported(work: &mut Work<'_>) -> Result<Option<ImportReport>, ExecutorError> {
    let named = work.optional_argument(&IMPORTED_BY)?;
    let definition = &work.pipeline.definition;
    let steps: Vec<String> = match &named {
        Some(names) => names.iter().map(ToString::to_string).collect(),
        None => {
            let importing = definition.steps.iter().filter(|step| step.executor.as_str().starts_with("import_"));
            importing.map(|step| step.name.to_string()).collect()
        }
    };
    let mut report: Option<ImportReport> = None;
    for step in steps {
        if !definition.steps.iter().any(|known| known.name.as_str() == step) {
            work.warn(&format!("argument `{}`: there is no step `{step}`", IMPORTED_BY.name));
        }
        // An executor of an extension may be called `import_…` and leave something else.
        let output: Option<Value> = work.output_of(&step).await?;
        let is_tally = output.is_some_and(|output| output.get("findings").is_some());
        if named.is_none() && !is_tally {
            continue;
        }
        if let Some(tally) = Tally::left_by(work, &step).await? {
            report.get_or_insert_default().merge(tally.report);
        }
    }
    if let Some(report) = &mut report {
        add_published(work, report).await?;
    }
    Ok(report)
}

/// Adds what publishing has found out of the rows that were drafted.
async fn add_published(work: &Work<'_>, report: &mut ImportReport) -> Result<(), ExecutorError> {
    for step in work.pipeline.definition.steps.iter().filter(|step| step.executor.as_str() == PUBLISH) {
        if let Some(tally) = Tally::left_by(work, step.name.as_str()).await? {
            report.merge(tally.report);
        }
    }
    Ok(())
}

/// Tells what was created because rows name it, a line each.
fn created(made: &[(&Option<Value>, &str)]) -> String {
    let mut text = String::new();
    for (output, what) in made {
        let count = output.as_ref().and_then(|output| output["created"].as_u64()).unwrap_or_default();
        if count > 0 {
            text += &format!("\ncreated because rows name it ({what}): {count}\n");
        }
    }
    text
}

/// What the first step with an executor left.
async fn output_of_executor(work: &Work<'_>, executor: &str) -> Result<Option<Value>, ExecutorError> {
    let mut steps = work.pipeline.definition.steps.iter();
    match steps.find(|step| step.executor.as_str() == executor) {
        Some(step) => work.output_of(step.name.as_str()).await,
        None => Ok(None),
    }
}

/// The tally that a step left; another name of the step can be given as an argument.
async fn find(work: &Work<'_>, argument: &Argument<EarlierStep>) -> Result<Option<Tally>, ExecutorError> {
    Tally::left_by(work, work.argument(argument)?.as_str()).await
}

fn text(work: &Work<'_>, report: &ImportReport, is_imported: bool, unpublished: Option<&str>) -> String {
    let name = work.pipeline.name();
    let id = work.pipeline_id();
    let what = match unpublished {
        Some(why) => why,
        None if is_imported => "import",
        None => "validation only; nothing was imported",
    };
    format!("{name} {id}: {what}\n\n{report}")
}
