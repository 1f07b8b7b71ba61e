//! The executor `count_lines`.

use async_trait::async_trait;
use engine::{Executor, ExecutorError, Outcome, Work};
use serde_json::json;

/// Counts the lines of the file that the argument `file` names.
pub struct CountLines;

#[async_trait]
impl Executor for CountLines {
    fn name(&self) -> &'static str {
        "count_lines"
    }

    fn description(&self) -> &'static str {
        "counts the lines of a file"
    }

    // It only reads, so it may run twice. What it finds is seen when the attempt is committed.
    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let key = work.argument("file")?;
        let Some(bytes) = work.store.files.get(key, None).await? else {
            return Err(ExecutorError::NotFound { message: format!("there is no file `{key}`") });
        };
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        work.info(&format!("`{key}` has {lines} lines"));
        work.set_output(json!({ "lines": lines }));
        Ok(Outcome::Done)
    }
}
