//! What the steps before the report have counted and found, put together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::accepts::{Argument, EarlierStep, NameList};
use engine::{ExecutorError, Work};
use import::finding::Finding;
use import::report::{ImportReport, RowCounts};
use pipeline::StepDefinition;
use serde_json::Value;
use store::files::Files;

use crate::import::drafts::PUBLISH;
use crate::import::findings::{self, FindingsFiles};
use crate::import::progress::Tally;

/// What was counted and found.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) report: ImportReport,
    /// What became of the rows by target, if there are others than the own catalogue.
    pub(super) targets: BTreeMap<String, RowCounts>,
    /// Where every finding is.
    sources: Vec<FindingsSource>,
    /// Whether anything was imported, rather than checked only.
    pub(super) is_imported: bool,
    /// Whether every step that imports, and began, has come to its end.
    pub(super) is_complete: bool,
}

/// The findings of one step.
#[derive(Debug)]
struct FindingsSource {
    files: Vec<FindingsFiles>,
    /// Only those about these files of the import count.
    about: Option<BTreeSet<String>>,
}

/// What one step has counted.
struct StepTally {
    tally: Tally,
    has_ended: bool,
}

impl Gathered {
    /// Puts together what the steps have counted: those that import, and of the files that these did not read, the one that
    /// checked them.
    pub(super) async fn of(
        work: &mut Work<'_>,
        imported_by: &Argument<NameList>,
        validated_by: &Argument<EarlierStep>,
    ) -> Result<Self, ExecutorError> {
        let mut gathered = Gathered { is_complete: true, ..Gathered::default() };
        for step in importing_steps(work, imported_by)? {
            let Some(StepTally { tally, has_ended }) = counted_by(work, &step).await? else { continue };
            gathered.is_imported = true;
            gathered.is_complete &= has_ended;
            for target in &tally.targets {
                gathered.targets.entry(target.name.clone()).or_default().add(target.totals());
            }
            gathered.report.merge(tally.report);
            gathered.sources.push(FindingsSource { files: tally.findings, about: None });
        }
        if gathered.is_imported {
            gathered.add_published(work).await?;
        }
        // Who names steps wants those and no others, unless there is nothing to tell of them.
        let is_of_some = gathered.is_imported && work.optional_argument(imported_by)?.is_some();
        let validation = Tally::left_by(work, work.argument(validated_by)?.as_str()).await?;
        if let Some(validation) = validation.filter(|_| !is_of_some) {
            gathered.add_validation(validation);
        }
        Ok(gathered)
    }

    /// Adds what publishing has found out of the rows that were drafted.
    async fn add_published(&mut self, work: &Work<'_>) -> Result<(), ExecutorError> {
        for step in work.pipeline.definition.steps.iter().filter(|step| step.executor.as_str() == PUBLISH) {
            if let Some(tally) = Tally::left_by(work, step.name.as_str()).await? {
                self.report.merge(tally.report);
                self.sources.push(FindingsSource { files: tally.findings, about: None });
            }
        }
        Ok(())
    }

    fn add_validation(&mut self, validation: Tally) {
        let mut about = BTreeSet::new();
        for (name, mut file) in validation.report.files {
            if self.report.files.contains_key(&name) {
                continue;
            }
            if self.is_imported {
                // Nobody imported its rows, so nothing has come of them.
                file.rows = RowCounts::default();
            }
            about.insert(name.clone());
            self.report.files.insert(name, file);
        }
        self.sources.push(FindingsSource { files: validation.findings, about: Some(about) });
    }

    /// The findings, in parts that fit into memory.
    pub(super) fn findings(&self, files: Arc<dyn Files>) -> FindingsReader<'_> {
        let keys = self.sources.iter().flat_map(|source| {
            let keys = source.files.iter().flat_map(FindingsFiles::keys);
            keys.map(|key| FindingsKey { key, about: source.about.as_ref() })
        });
        FindingsReader { files, keys: keys.collect::<Vec<_>>().into_iter() }
    }
}

/// Reads all findings, a file of them at a time.
pub(super) struct FindingsReader<'a> {
    files: Arc<dyn Files>,
    keys: std::vec::IntoIter<FindingsKey<'a>>,
}

/// One file of findings.
#[derive(Debug, Clone)]
pub(super) struct FindingsKey<'a> {
    key: String,
    about: Option<&'a BTreeSet<String>>,
}

impl<'a> FindingsReader<'a> {
    /// The next file of findings and what it holds; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<(FindingsKey<'a>, Vec<Finding>)>, ExecutorError> {
        let Some(key) = self.keys.next() else { return Ok(None) };
        let findings = key.read(&self.files).await?;
        Ok(Some((key, findings)))
    }
}

impl FindingsKey<'_> {
    /// What the file holds.
    pub(super) async fn read(&self, files: &Arc<dyn Files>) -> Result<Vec<Finding>, ExecutorError> {
        let mut findings = findings::read(files, &self.key).await?;
        if let Some(about) = self.about {
            findings.retain(|finding| about.contains(&finding.file));
        }
        Ok(findings)
    }
}

/// The steps that import: those that are named, or else all whose executors are called so.
fn importing_steps(
    work: &mut Work<'_>,
    imported_by: &Argument<NameList>,
) -> Result<Vec<Arc<StepDefinition>>, ExecutorError> {
    let steps = &work.pipeline.definition.steps;
    let Some(names) = work.optional_argument(imported_by)? else {
        return Ok(steps.iter().filter(|step| step.executor.as_str().starts_with("import_")).cloned().collect());
    };
    let mut importing = Vec::new();
    for name in &names {
        match steps.iter().find(|step| step.name.as_str() == name.to_string()) {
            Some(step) => importing.push(step.clone()),
            None => work.warn(&format!("argument `{}`: there is no step `{name}`", imported_by.name)),
        }
    }
    Ok(importing)
}

/// What a step has counted, to its end or to its latest checkpoint.
async fn counted_by(work: &Work<'_>, step: &StepDefinition) -> Result<Option<StepTally>, ExecutorError> {
    // An executor of an extension may be called `import_…` and leave something else.
    let output: Option<Value> = work.output_of(step.name.as_str()).await?;
    let is_tally = output.as_ref().is_some_and(|output| output.get("findings").is_some());
    let (tally, has_ended) = match output {
        Some(_) if is_tally => (Tally::left_by(work, step.name.as_str()).await?, true),
        Some(_) => (None, true),
        None => (Tally::so_far(work, step).await?, false),
    };
    Ok(tally.map(|tally| StepTally { tally, has_ended }))
}
