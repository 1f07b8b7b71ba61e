//! `archive`: puts what the pipeline used under its id into the archive, where it can be downloaded.

use async_trait::async_trait;
use engine::accepts::Accepts;
use engine::{Executor, ExecutorError, Outcome, Work};
use pipeline::PipelineId;
use serde_json::json;

/// The executor.
pub struct Archive;

/// Files listed at once.
const PAGE: usize = 1_000;

/// The prefix of a pipeline's archive, with a slash at the end.
#[must_use]
pub fn prefix(pipeline: &PipelineId) -> String {
    format!("archive/{pipeline}/")
}

#[async_trait]
impl Executor for Archive {
    fn name(&self) -> &'static str {
        "archive"
    }

    fn description(&self) -> &'static str {
        "moves the pipeline's files from the working directory into the archive"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let files = work.store.files.clone();
        let moved = work.working_directory()?.key("files/");
        let archive = prefix(work.pipeline_id());
        loop {
            let page = files.list(&moved, None, PAGE).await?;
            if page.is_empty() {
                break;
            }
            for file in page {
                let name = file.key.strip_prefix(&moved).unwrap_or(&file.key);
                // The copy may be there from an attempt that died before the deletion; it is of the same file, for nobody
                // else writes below this prefix.
                files.copy(&file.key, &format!("{archive}files/{name}")).await?;
                files.delete(&file.key).await?;
            }
        }
        // Counted from the archive itself: a repetition finds nothing left to move.
        let archived = files.list(&format!("{archive}files/"), None, PAGE).await?;
        let bytes: u64 = archived.iter().map(|file| file.size_bytes).sum();
        if archived.is_empty() {
            return Err(ExecutorError::NotFound { message: "there are no files to archive".to_owned() });
        }
        work.info(&format!("{} files ({bytes} bytes) are in {archive}", archived.len()));
        work.set_output(json!({ "prefix": archive, "files": archived.len(), "size_bytes": bytes }));
        Ok(Outcome::Done)
    }
}
