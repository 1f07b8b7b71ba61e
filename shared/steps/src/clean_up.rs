//! What the executors of the clean-up have in common: a walk over the ended pipelines whose time is up.

pub mod compress;
pub mod delete_files;
pub mod delete_pipelines;
mod leftovers;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use engine::{ExecutorError, Outcome, Work, WorkingDirectory};
use futures::{StreamExt, TryStreamExt, stream};
use pipeline::PipelineId;
use pipeline::settings::{Scope, Settings};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::clean_up::{EndedPipeline, EndedPlace};

use crate::import::archive;

/// A walk over all pipelines that ended longer ago than a setting says, the oldest first.
///
/// It keeps its place after every page. A step that is continued or repeated begins at the page it stood at, and passes over
/// what is done.
pub(super) struct CleanUpWalk {
    setting: &'static str,
    settings: Arc<Settings>,
    now: DateTime<Utc>,
    checkpoint: WalkCheckpoint,
    next: Option<EndedPlace>,
    has_begun: bool,
}

#[derive(Serialize, Deserialize)]
struct WalkCheckpoint {
    place: EndedPlace,
    counts: CleanUpCounts,
}

/// What a walk has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CleanUpCounts {
    pub(super) pipelines: u64,
    pub(super) files: u64,
    pub(super) size_bytes: u64,
    /// Pipelines that something is wrong with; the others went on.
    pub(super) problems: u64,
}

/// How a walk begins.
pub(super) enum WalkStart {
    /// There is something to do.
    Walk(CleanUpWalk),
    /// The setting asks for nothing: the step ends with this.
    Nothing(Outcome),
}

/// How many pipelines are looked at between two checkpoints.
const PAGE: usize = 100;

/// Files that are listed at once.
const FILES: usize = 1_000;

/// Files that are deleted at the same time.
const PARALLEL: usize = 16;

impl CleanUpWalk {
    /// Begins, or carries on.
    pub(super) async fn begin(work: &Work<'_>, setting: &'static str) -> Result<WalkStart, ExecutorError> {
        let now = work.now();
        let settings = work.settings().await?;
        if shortest(&settings, setting).is_none() {
            let reason = format!("the setting `{setting}` is `never` for all pipelines");
            return Ok(WalkStart::Nothing(Outcome::Skipped { reason }));
        }
        let beginning = || WalkCheckpoint { place: EndedPlace::beginning(now), counts: CleanUpCounts::default() };
        let checkpoint = work.checkpoint()?.unwrap_or_else(beginning);
        Ok(WalkStart::Walk(CleanUpWalk { setting, settings, now, checkpoint, next: None, has_begun: false }))
    }

    /// The next pipelines whose time is up; `None` at the end.
    pub(super) async fn due(&mut self, work: &mut Work<'_>) -> Result<Option<Vec<EndedPipeline>>, ExecutorError> {
        if self.has_begun {
            let Some(next) = self.next.take() else { return Ok(None) };
            self.checkpoint.place = next;
            let progress = format!("{} pipelines", self.checkpoint.counts.pipelines);
            work.save(json!(self.checkpoint), &progress).await?;
        }
        self.has_begun = true;
        let Some(until) =
            shortest(&self.settings, self.setting).and_then(|span| self.now.checked_sub_signed(days(span)))
        else {
            return Ok(None);
        };
        let page = work.store.ended_since(&self.checkpoint.place, until, PAGE).await?;
        self.next = page.next;
        Ok(Some(page.pipelines.into_iter().filter(|ended| self.is_due(self.setting, ended)).collect()))
    }

    /// Whether a pipeline ended longer ago than a setting says.
    pub(super) fn is_due(&self, setting: &str, ended: &EndedPipeline) -> bool {
        self.settings
            .duration(setting, &Scope::Pipeline(ended.name.clone()))
            .is_some_and(|span| (self.now - ended.ended_at).to_std().is_ok_and(|age| age > span))
    }

    /// Whether a setting asks for something at any time.
    pub(super) fn is_set(&self, setting: &str, ended: &EndedPipeline) -> bool {
        self.settings.duration(setting, &Scope::Pipeline(ended.name.clone())).is_some()
    }

    /// What has been done so far.
    pub(super) fn counts(&mut self) -> &mut CleanUpCounts {
        &mut self.checkpoint.counts
    }

    /// Counts what went wrong with one pipeline, unless it may pass.
    pub(super) fn problem(
        &mut self,
        work: &mut Work<'_>,
        ended: &EndedPipeline,
        error: ExecutorError,
    ) -> Result<(), ExecutorError> {
        if matches!(error, ExecutorError::Retryable { .. }) {
            return Err(error);
        }
        work.warn(&format!("pipeline `{}` {}: {}", ended.name, ended.id, error.chain()));
        self.counts().problems = self.counts().problems.saturating_add(1);
        Ok(())
    }

    /// Stops here because time is short.
    pub(super) fn later(&self) -> Outcome {
        Outcome::Continue { checkpoint: json!(self.checkpoint), after: Duration::ZERO }
    }

    /// Ends the walk: reports the counts, with a warning if there were problems.
    pub(super) fn end(self, work: &mut Work<'_>, done: &str) -> Result<Outcome, ExecutorError> {
        let CleanUpCounts { pipelines, files, size_bytes, problems } = self.checkpoint.counts;
        work.info(&format!("{done} {pipelines} pipelines, {files} files, {size_bytes} bytes"));
        work.set_output(output(self.checkpoint.counts));
        if problems > 0 {
            let message = format!("{problems} pipelines could not be cleaned up; the log names them");
            return Err(ExecutorError::InvalidData { message });
        }
        Ok(Outcome::Done)
    }
}

/// Counts that were damaged where they were kept must not stop a clean-up.
impl CleanUpCounts {
    pub(super) fn add_pipeline(&mut self) {
        self.pipelines = self.pipelines.saturating_add(1);
    }

    pub(super) fn add_files(&mut self, sizes: impl Iterator<Item = u64>) {
        for size_bytes in sizes {
            self.files = self.files.saturating_add(1);
            self.size_bytes = self.size_bytes.saturating_add(size_bytes);
        }
    }
}

fn output(counts: CleanUpCounts) -> Value {
    json!(counts)
}

/// The shortest time that a setting has for any pipeline; `None` if it is `never` for all.
fn shortest(settings: &Settings, setting: &str) -> Option<Duration> {
    let set = settings.iter().filter(|(name, _, _)| *name == setting).map(|(_, scope, _)| scope.clone());
    let scopes = set.chain([Scope::Default]);
    scopes.filter_map(|scope| settings.duration(setting, &scope)).min()
}

fn days(span: Duration) -> chrono::Duration {
    chrono::Duration::from_std(span).unwrap_or(chrono::Duration::MAX)
}

/// The prefixes of a pipeline's own files, each with a slash at the end.
pub(super) fn prefixes(id: &PipelineId) -> [String; 2] {
    [archive::prefix(id), WorkingDirectory::of(id).prefix().to_owned()]
}

/// Deletes all files below a prefix while there is time; how many and how large they were, and whether any are left.
pub(super) async fn delete_below(
    work: &Work<'_>,
    prefix: &str,
    counts: &mut CleanUpCounts,
) -> Result<bool, ExecutorError> {
    let files = work.store.files.as_ref();
    loop {
        if work.shortage() == engine::Shortage::Time {
            return Ok(true);
        }
        let page = files.list(prefix, None, FILES).await?;
        if page.is_empty() {
            return Ok(false);
        }
        delete_all(work, page.iter().map(|file| file.key.clone()).collect()).await?;
        counts.add_files(page.iter().map(|file| file.size_bytes));
    }
}

/// Deletes files, several at the same time.
pub(super) async fn delete_all(work: &Work<'_>, keys: Vec<String>) -> Result<(), ExecutorError> {
    let files = &work.store.files;
    let deletes = keys.into_iter().map(|key| async move { files.delete(&key).await });
    stream::iter(deletes).buffer_unordered(PARALLEL).try_collect::<Vec<()>>().await?;
    Ok(())
}
