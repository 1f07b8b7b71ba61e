//! `report`: writes what became of the import beside its archive, for people and for programs.

mod errors;
mod gather;
mod page;
mod stored_rows;
mod timing;
mod written;

use async_trait::async_trait;
use engine::accepts::{Accepts, Argument, EarlierStep, NameList, Presence};
use engine::{Executor, ExecutorError, Outcome, Work};
use import::report::{ImportReport, Mood, RowCounts};
use pipeline::{Pipeline, Step, StepStatus};
use serde_json::{Value, json};

use gather::Gathered;
use page::{PageAbout, page};
use timing::Timing;
use written::WrittenFindings;

use super::archive;
use super::bunch_files::{BUNCH, bunch};
use super::history::{self, ImportRecord, ImportResult, ImportStatus};
use super::publish::{end_drafts, unpublished};

/// Most files of rows to correct that the history names.
const MOST_ERRORS: usize = 100;

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
        "writes the report, all findings and the rows to correct into the archive of the pipeline, and drops what was not published"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&IMPORTED_BY, &VALIDATED_BY, &BUNCH])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let draft = end_drafts(work.store.table.clone().as_ref(), work.pipeline_id()).await?;
        let gathered = Gathered::of(work, &IMPORTED_BY, &VALIDATED_BY).await?;
        let report = &gathered.report;
        let pipeline = work.store.pipeline_with_steps(work.pipeline_id()).await?;
        let timing = pipeline.as_ref().map(|read| Timing::of(read, &work.step.name)).unwrap_or_default();
        let prefix = archive::prefix(work.pipeline_id());
        let written = WrittenFindings::write(work, &gathered, &prefix).await?;
        let made = CreatedOnTheWay {
            categories: output_of_executor(work, "create_categories").await?,
            options: output_of_executor(work, "create_options").await?,
        };
        let about = about(work, &gathered, timing, draft.as_ref().and_then(unpublished));
        let mut json = in_json(&about, report, &written, &made);
        if !gathered.targets.is_empty() {
            json["targets"] = json!(gathered.targets);
        }
        let targets = targets_in_words(&gathered);
        let text = format!("{}{targets}{}{}", text(work, &about, report), written.in_words(), made.in_words());
        let files = work.store.files.clone();
        let pretty = serde_json::to_vec_pretty(&json).expect("a report has only string keys");
        files.put(&format!("{prefix}report.json"), pretty.into()).await?;
        files.put(&format!("{prefix}report.txt"), text.into()).await?;
        let html = page(&about, report, &written);
        files.put(&format!("{prefix}report.html"), html.into()).await?;
        log_line(work, report);
        if let Some(pipeline) = pipeline.filter(history::is_import) {
            remember(work, &pipeline, &about, report, &written).await?;
        }
        work.info(&format!("the report is in {prefix}report.html, report.txt and report.json"));
        let (totals, is_imported) = (report.totals(), about.is_imported);
        let mut output = json!({
            "report": format!("{prefix}report.txt"), "is_imported": is_imported, "totals": totals,
            "findings": report.to_look_at(), "errors": written.errors.len(),
        });
        if let Some(why) = about.unpublished {
            output["unpublished"] = json!(why);
        }
        work.set_output(output);
        Ok(Outcome::Done)
    }
}

/// Keeps what came of the import for the history.
async fn remember(
    work: &Work<'_>,
    pipeline: &Pipeline,
    about: &PageAbout,
    report: &ImportReport,
    written: &WrittenFindings,
) -> Result<(), ExecutorError> {
    let Ok(bunch) = bunch(work) else { return Ok(()) };
    let has_failed = |step: &Step| step.record.status == StepStatus::Error && !step.definition.allow_failure;
    let is_stopped = pipeline.stop.is_some() || pipeline.steps.iter().any(has_failed);
    let verdict = report.verdict();
    let status = match verdict.mood {
        _ if is_stopped || (!about.is_imported && about.unpublished.is_none()) => ImportStatus::Failed,
        _ if about.unpublished.is_some() => ImportStatus::Unpublished,
        Mood::Good => ImportStatus::Imported,
        Mood::Look | Mood::Bad => ImportStatus::ImportedWithFindings,
    };
    let result = ImportResult {
        ended_at: work.now(),
        rows: report.totals(),
        findings: report.to_look_at(),
        work_ms: about.timing.work_ms,
        verdict: verdict.sentence,
        archive: archive::prefix(&pipeline.id),
        errors: written.errors.keys().take(MOST_ERRORS).map(|file| format!("errors/{file}")).collect(),
    };
    let record = ImportRecord { status, result: Some(result), ..ImportRecord::beginning(pipeline, &bunch) };
    Ok(history::end(work.store, &record, &*work.settings().await?, work.now()).await?)
}

/// What is counted of an import outside: `infra/alarms.yaml` has alarms on the fields `skipped_rows` and `findings`.
fn log_line(work: &Work<'_>, report: &ImportReport) {
    let (totals, findings, id) = (report.totals(), report.to_look_at(), work.pipeline_id());
    let (rows, skipped_rows) = (totals.rows, totals.skipped);
    tracing::info!(
        pipeline.id = %id, rows, skipped_rows, findings,
        "import report of pipeline {id}: {rows} rows, {skipped_rows} skipped, {findings} findings"
    );
}

/// What became of the rows in each target, a line each; nothing if there is the own catalogue alone.
fn targets_in_words(gathered: &Gathered) -> String {
    let mut text = String::new();
    for (name, counts) in &gathered.targets {
        let RowCounts { rows, created, updated, unchanged, deleted, skipped } = counts;
        text += &format!(
            "\ntarget {name}: {rows} rows, {created} created, {updated} updated, {unchanged} unchanged, {deleted} deleted, \
             {skipped} skipped\n"
        );
    }
    text
}

/// What was made because rows name it.
struct CreatedOnTheWay {
    categories: Option<Value>,
    options: Option<Value>,
}

impl CreatedOnTheWay {
    /// A line for each kind.
    fn in_words(&self) -> String {
        let mut text = String::new();
        for (output, what) in [(&self.options, "option"), (&self.categories, "category")] {
            let count = output.as_ref().and_then(|output| output["created"].as_u64()).unwrap_or_default();
            if count > 0 {
                text += &format!("\ncreated because rows name it ({what}): {count}\n");
            }
        }
        text
    }
}

/// The report for programs.
fn in_json(about: &PageAbout, report: &ImportReport, written: &WrittenFindings, made: &CreatedOnTheWay) -> Value {
    let verdict = report.verdict();
    json!({
        "pipeline": about.pipeline,
        "definition": about.definition,
        "bunch": about.bunch,
        "is_imported": about.is_imported,
        "is_complete": about.is_complete,
        "unpublished": about.unpublished,
        "verdict": verdict.sentence,
        "seconds": about.timing.seconds(),
        "rows_per_second": about.timing.rows_per_second(report.totals().rows),
        "totals": report.totals(),
        "finding_count": report.finding_count(),
        "to_look_at": report.to_look_at(),
        "groups": report.groups(),
        "categories": made.categories,
        "options": made.options,
        "files": report.files,
        "findings": written.first,
        "findings_file": written.findings_key,
        "errors": written.errors,
    })
}

/// What the report says beside counts and findings.
fn about(work: &Work<'_>, gathered: &Gathered, timing: Timing, unpublished: Option<&'static str>) -> PageAbout {
    let definition = &work.pipeline.definition;
    PageAbout {
        title: definition.description.clone().unwrap_or_else(|| definition.name.to_string()),
        definition: definition.name.to_string(),
        pipeline: work.pipeline_id().to_string(),
        // Without a bunch nothing was imported, which is as good a report as any.
        bunch: bunch(work).ok().map(|bunch| bunch.id.to_string()),
        // Not the time of writing: a step that is repeated writes the same page.
        spawned_at: work.pipeline.spawned_at.format("%Y-%m-%d %H:%M UTC").to_string(),
        is_imported: gathered.is_imported && unpublished.is_none(),
        is_complete: gathered.is_complete,
        timing,
        unpublished,
    }
}

/// What the first step with an executor left.
async fn output_of_executor(work: &Work<'_>, executor: &str) -> Result<Option<Value>, ExecutorError> {
    let mut steps = work.pipeline.definition.steps.iter();
    match steps.find(|step| step.executor.as_str() == executor) {
        Some(step) => work.output_of(step.name.as_str()).await,
        None => Ok(None),
    }
}

fn text(work: &Work<'_>, about: &PageAbout, report: &ImportReport) -> String {
    let (name, id) = (work.pipeline.name(), work.pipeline_id());
    let what = match (about.unpublished, about.is_imported, about.is_complete) {
        (Some(why), _, _) => why,
        (None, false, _) => "validation only; nothing was imported",
        (None, true, true) => "import",
        (None, true, false) => "import that stopped before its end",
    };
    format!("{name} {id}: {what}\n{}\n\n{report}", about.timing.in_words(report.totals().rows))
}
