//! Where a step over all rows of a bunch stands, kept so that another try can go on there.

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use catalog::target::{BlockOutcome, ItemOutcome, Pending};
use chrono::{DateTime, Utc};
use engine::{ExecutorError, Outcome, Shortage, Work};
use import::csv::CsvPosition;
use import::finding::Finding;
use import::named::Named;
use import::report::{FileReport, ImportReport, RowCounts, RowOutcome};
use pipeline::StepDefinition;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::findings::{self, FindingsFiles, MOST_FRESH};
use super::found_across::FoundAcross;
use super::published::Published;
use crate::shop::settings::OWN;

/// How many rows are worked on between two checkpoints.
pub(super) const ROWS_PER_CHECKPOINT: u64 = 1_000;

/// After how many bytes of rows there is one in any case: rows may be large, and those in between are kept in memory.
pub(super) const BYTES_PER_CHECKPOINT: u64 = 4 * 1024 * 1024;

/// How long a shop is waited for that cannot be reached, or is being maintained.
const LONGEST_OUTAGE: Duration = Duration::from_secs(4 * 3600);

/// After how long it is asked again at first, and in the end.
const SHORTEST_OUTAGE_WAIT: Duration = Duration::from_secs(15);
const LONGEST_OUTAGE_WAIT: Duration = Duration::from_secs(300);

/// The next row of a bunch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct RowPlace {
    /// The place of the file in the bunch.
    pub(super) file: usize,
    /// The row; `None` for the first one.
    pub(super) position: Option<CsvPosition>,
    /// How often all files were read before. Each time the things of the next level are taken, parents before children.
    #[serde(default)]
    pub(super) pass: usize,
    /// How many targets have the rows already.
    #[serde(default)]
    pub(super) target: usize,
}

/// Where a step over rows stands, and what it knows by then.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RowProgress {
    /// The next row.
    pub(super) place: RowPlace,
    /// What it knows.
    pub(super) tally: Tally,
    /// The file of the latest checkpoint.
    kept_in: Option<String>,
    /// Since when a shop cannot be reached.
    outage_since: Option<DateTime<Utc>>,
}

/// What a step over rows knows; in a file, because it may grow to some hundred kilobytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    /// What became of the rows so far.
    pub(super) report: ImportReport,
    /// The files that hold every finding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) findings: Vec<FindingsFiles>,
    /// What the rows name beside the things they speak of.
    #[serde(flatten)]
    pub(super) named: Named,
    /// Rows that a target has taken and not answered for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) pending: Vec<Pending>,
    /// Rows whose things are below others that have not come yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) orphans: Vec<Orphan>,
    /// What a validation has found across rows, for the step that imports them.
    #[serde(default, skip_serializing_if = "FoundAcross::is_empty")]
    pub(super) found_across: FoundAcross,
    /// The deepest level of things that are below others.
    #[serde(default)]
    pub(super) deepest: usize,
    /// What the step writes to, in this order; empty where it is the own catalogue alone, or nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) targets: Vec<TargetTally>,
    /// How far the draft of the rows is published, once that has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) published: Option<Published>,
}

/// What became of rows in one of the targets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct TargetTally {
    /// The target.
    pub(super) name: String,
    /// What became of the rows, by file. Those of the target that is written to are in the report.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) files: BTreeMap<String, RowCounts>,
}

/// A row whose thing is below another that the shop does not have, as far as the files were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Orphan {
    /// What the row speaks of: `categories`.
    pub(super) entity: String,
    /// Key of the thing above.
    pub(super) above: String,
    /// What to say if it does not come.
    pub(super) finding: Finding,
}

/// The checkpoint of a step over rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RowCheckpoint {
    place: RowPlace,
    /// The file that holds the tally up to here.
    findings: String,
    /// Since when a shop cannot be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outage_since: Option<DateTime<Utc>>,
}

/// What a step over rows leaves for later steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TallyOutput {
    /// The file that holds the tally.
    findings: String,
    /// How many rows it counts, for who shows the progress of the next steps.
    #[serde(default)]
    rows: u64,
}

impl RowProgress {
    /// Where to go on.
    pub(super) async fn read(work: &Work<'_>) -> Result<Self, ExecutorError> {
        let Some(checkpoint) = work.checkpoint::<RowCheckpoint>()? else { return Ok(Self::default()) };
        let tally = Tally::read(work, &checkpoint.findings).await?;
        Ok(Self {
            place: checkpoint.place,
            tally,
            kept_in: Some(checkpoint.findings),
            outage_since: checkpoint.outage_since,
        })
    }

    /// Whether an earlier invocation has left a checkpoint.
    pub(super) fn has_begun(&self) -> bool {
        self.kept_in.is_some()
    }

    /// The name of the target whose turn it is.
    pub(super) fn target_name(&self) -> &str {
        self.tally.targets.get(self.place.target).map_or(OWN, |target| &target.name)
    }

    /// Whether no other target comes after this one.
    pub(super) fn is_last_target(&self) -> bool {
        self.place.target + 1 >= self.tally.targets.len()
    }

    /// Goes on with the first row of the next file.
    pub(super) fn next_file(&mut self) {
        self.place = RowPlace { file: self.place.file + 1, position: None, ..self.place };
    }

    /// Begins again with the first file if there are things of a deeper level than those taken so far.
    pub(super) fn next_pass(&mut self) {
        if self.place.pass < self.tally.deepest {
            self.place = RowPlace { file: 0, position: None, pass: self.place.pass + 1, ..self.place };
        }
    }

    /// Goes on with the first row of the first file, for the next target.
    pub(super) fn next_target(&mut self) {
        self.tally.put_away_counts(self.place.target);
        self.place = RowPlace { target: self.place.target + 1, ..RowPlace::default() };
    }

    /// Waits for a shop that cannot be reached, from the latest checkpoint on; nothing if it was waited for long enough.
    ///
    /// The step uses up no attempt and holds no runner. What it knows in memory counts for nothing: it is repeated from
    /// the checkpoint as after a crash.
    pub(super) async fn wait_out(&mut self, work: &mut Work<'_>) -> Result<Option<Outcome>, ExecutorError> {
        let now = work.now();
        let since = self.outage_since.unwrap_or(now);
        let waited = (now - since).to_std().unwrap_or_default();
        if waited >= LONGEST_OUTAGE {
            return Ok(None);
        }
        if self.kept_in.is_none() {
            let targets = self.tally.targets.clone();
            *self = Self { tally: Tally { targets, ..Tally::default() }, ..Self::default() };
            self.save(work, "begun").await?;
        }
        let kept = work.kept_checkpoint().await;
        let kept: Option<RowCheckpoint> = kept.and_then(|kept| serde_json::from_value(kept).ok());
        let Some(kept) = kept else { return Ok(None) };
        let checkpoint = json!(RowCheckpoint { outage_since: Some(since), ..kept });
        // Soon at first, since most outages are short, then less and less often.
        let after = (waited / 2).clamp(SHORTEST_OUTAGE_WAIT, LONGEST_OUTAGE_WAIT);
        Ok(Some(Outcome::Continue { checkpoint, after }))
    }

    /// Keeps where the work stands; tells how to end if time runs short.
    pub(super) async fn checkpoint(
        &mut self,
        work: &mut Work<'_>,
        done: &str,
    ) -> Result<Option<Outcome>, ExecutorError> {
        let checkpoint = self.save(work, done).await?;
        let is_short = work.shortage() == Shortage::Time;
        Ok(is_short.then_some(Outcome::Continue { checkpoint, after: Duration::ZERO }))
    }

    /// Keeps where the work stands and returns it as the step is given it again.
    pub(super) async fn save(&mut self, work: &mut Work<'_>, done: &str) -> Result<Value, ExecutorError> {
        self.tally.keep_findings(work).await?;
        let rows = self.tally.report.totals().rows;
        // The place is in the name, because a file without rows moves on, too; and so do rows that were pending.
        let pending = match self.tally.pending.len() {
            0 => String::new(),
            several => format!("-{several}"),
        };
        let pass = match self.place.pass {
            0 => String::new(),
            pass => format!("{pass}-"),
        };
        let published = match &self.tally.published {
            None => String::new(),
            Some(Published { things, place: Some(_), .. }) => format!("-{things}-published"),
            Some(Published { .. }) => "-all-published".to_owned(),
        };
        let target = match self.place.target {
            0 => String::new(),
            target => format!("{target}-of-targets-"),
        };
        let name = format!("{done}-{target}{pass}{}-{rows}{pending}{published}.json", self.place.file);
        // The tally before the checkpoint that names it, and the tally before that deleted last: whoever begins in between
        // finds the one that its checkpoint names.
        let key = self.tally.write(work, &name).await?;
        let checkpoint = json!(RowCheckpoint { place: self.place, findings: key.clone(), outage_since: None });
        work.save(checkpoint.clone(), &format!("{} {done}", count(rows, "row"))).await?;
        self.outage_since = None;
        let before = self.kept_in.replace(key.clone());
        if let Some(before) = before.filter(|before| *before != key) {
            // Nothing leads to it any more.
            work.store.files.delete(&before).await?;
        }
        Ok(checkpoint)
    }

    /// Leaves what is known for later steps.
    pub(super) async fn leave(&mut self, work: &mut Work<'_>, name: &str) -> Result<(), ExecutorError> {
        self.tally.take_first_counts(self.place.target);
        self.tally.keep_findings(work).await?;
        let findings = self.tally.write(work, name).await?;
        work.set_output(json!(TallyOutput { findings, rows: self.tally.report.totals().rows }));
        Ok(())
    }

    /// Makes room if there are many findings since the last checkpoint of a file.
    pub(super) async fn make_room(&mut self, work: &Work<'_>, file: &str) -> Result<(), ExecutorError> {
        let is_full = self.tally.report.files.get(file).is_some_and(|report| report.fresh_count() >= MOST_FRESH);
        if is_full { self.tally.keep_findings(work).await } else { Ok(()) }
    }
}

impl TargetTally {
    /// A target that has no row yet.
    pub(super) fn of(name: String) -> Self {
        Self { name, files: BTreeMap::new() }
    }

    /// What became of the rows of all files.
    pub(super) fn totals(&self) -> RowCounts {
        let mut totals = RowCounts::default();
        self.files.values().for_each(|rows| totals.add(*rows));
        totals
    }
}

impl Tally {
    /// Keeps the counts of the report as those of a target, and counts anew.
    fn put_away_counts(&mut self, target: usize) {
        let Some(target) = self.targets.get_mut(target) else { return };
        for (file, report) in &mut self.report.files {
            target.files.insert(file.clone(), mem::take(&mut report.rows));
        }
    }

    /// Makes the counts of the first target those of the report: each row is in it once, however many targets have it.
    fn take_first_counts(&mut self, last: usize) {
        self.put_away_counts(last);
        let Some(first) = self.targets.first() else { return };
        for (file, rows) in first.files.clone() {
            self.report.file(&file).rows = rows;
        }
    }
    /// Writes the findings since the last time into a file.
    async fn keep_findings(&mut self, work: &Work<'_>) -> Result<(), ExecutorError> {
        let fresh: Vec<Finding> = self.report.files.values_mut().flat_map(FileReport::take_fresh).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        findings::write(work, &mut self.findings, &fresh).await
    }

    /// Notes a row that cannot be used.
    pub(super) fn skip(&mut self, file: &str, finding: Finding) {
        let report = self.report.file(file);
        report.note(finding);
        report.count(RowOutcome::Skipped);
    }

    /// Counts what a target made of rows of a file, and keeps those that it has not answered for.
    pub(super) fn count(&mut self, file: &str, outcome: BlockOutcome) {
        for item in outcome.items {
            match item {
                ItemOutcome::Created => self.report.file(file).count(RowOutcome::Created),
                ItemOutcome::Updated => self.report.file(file).count(RowOutcome::Updated),
                ItemOutcome::Unchanged => self.report.file(file).count(RowOutcome::Unchanged),
                ItemOutcome::Deleted => self.report.file(file).count(RowOutcome::Deleted),
                ItemOutcome::Refused(finding) => self.skip(file, finding),
            }
        }
        outcome.notices.into_iter().for_each(|notice| self.report.file(file).note(notice));
        self.pending.extend(outcome.pending);
    }

    /// The tally that a step left, if it has come to its end.
    pub(super) async fn left_by(work: &Work<'_>, step: &str) -> Result<Option<Self>, ExecutorError> {
        let Some(output) = work.output_of::<TallyOutput>(step).await? else { return Ok(None) };
        Self::read(work, &output.findings).await.map(Some)
    }

    /// What a step that has not come to its end had counted at its latest checkpoint.
    pub(super) async fn so_far(work: &Work<'_>, step: &StepDefinition) -> Result<Option<Self>, ExecutorError> {
        let record = work.store.step_record(work.pipeline_id(), step.sort_order, &step.name).await?;
        let Some(checkpoint) = record.and_then(|record| record.checkpoint) else { return Ok(None) };
        let Ok(checkpoint) = serde_json::from_value::<RowCheckpoint>(checkpoint) else { return Ok(None) };
        Self::read(work, &checkpoint.findings).await.map(Some)
    }

    /// The tally that a checkpoint or an output names.
    async fn read(work: &Work<'_>, key: &str) -> Result<Self, ExecutorError> {
        work.check_own_file(key)?;
        let Some(bytes) = work.store.files.get(key, None).await? else {
            return Err(ExecutorError::permanent(format!("file `{key}` is not there any more")));
        };
        let tally: Self = serde_json::from_slice(&bytes)
            .map_err(|error| ExecutorError::permanent(format!("file `{key}` cannot be read: {error}")))?;
        tally.findings.iter().try_for_each(|files| files.check_own(work))?;
        Ok(tally)
    }

    async fn write(&self, work: &Work<'_>, name: &str) -> Result<String, ExecutorError> {
        let key = work.artifact_key(name);
        let json = serde_json::to_vec(self).expect("a tally has only string keys and no failing serializer");
        work.store.files.put(&key, json.into()).await?;
        Ok(key)
    }
}

/// A number of things: `1 row`, `2 rows`.
pub(super) fn count(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
