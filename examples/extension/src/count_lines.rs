//! The executor `count_lines`.

use async_trait::async_trait;
use engine::accepts::{Accepts, Argument, Presence, Text};
use engine::{Executor, ExecutorError, Outcome, Work};
use serde_json::json;

/// Counts the lines of a file.
pub struct CountLines;

/// What a step tells it. A definition that says anything else is refused, and what is read here is what was checked.
const FILE: Argument<Text> = Argument {
    name: "file",
    kind: Text { example: "price-lists/acme.csv" },
    // The data fetcher `price_lists` hands it on.
    presence: Presence::HandedOn,
    meaning: "the key of the file in the bucket",
};

#[async_trait]
impl Executor for CountLines {
    fn name(&self) -> &'static str {
        "count_lines"
    }

    fn description(&self) -> &'static str {
        "counts the lines of a file"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&FILE])
    }

    // It only reads, so it may run twice. What it finds is seen when the attempt is committed.
    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let key = work.argument(&FILE)?;
        let Some(bytes) = work.store.files.get(&key, None).await? else {
            return Err(ExecutorError::NotFound { message: format!("there is no file `{key}`") });
        };
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        work.info(&format!("`{key}` has {lines} lines"));
        work.set_output(json!({ "lines": lines }));
        Ok(Outcome::Done)
    }
}
