//! `lambda_invoke`: has a function in any language do the step's work.
//!
//! The function gets one JSON document and answers with one; `docs/EXECUTORS.md` describes both with examples. On AWS it
//! is a Lambda function, on one machine whatever answers the same request.
//!
//! **Invariant:** a function that says nothing we understand has not done its work: the attempt may be repeated.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use engine::accepts::{Accepts, Argument, Presence, Text};
use engine::{Executor, ExecutorError, Outcome, Work};
use pipeline::Arguments;
use pipeline::visible::visible;
use serde::Deserialize;
use serde_json::{Value, json};
use store::services::{FilesAt, FunctionAnswer};

use super::deferral::Deferral;

/// The executor.
pub struct LambdaInvoke;

/// The version of the document that functions get.
const SCHEMA: u32 = 1;

/// The argument that names the function and is not handed on.
const FUNCTION: Argument<Text> = Argument {
    name: "function",
    kind: Text { example: "systole-vat-rates" },
    presence: Presence::Required,
    meaning: "the name or ARN of the function",
};

/// Most characters of an answer that an error quotes.
const QUOTED_CHARS: usize = 300;

/// Most lines of one answer that go into the step's log, and most characters of each.
const LOG_LINES: usize = 200;
const LOG_CHARS: usize = 1_000;

/// Most bytes of an output; larger things belong into a file of the working directory.
const OUTPUT_LIMIT_BYTES: usize = 8 * 1024;

/// Longest deferral that a function may ask for.
const LONGEST_DEFERRAL: Duration = Duration::from_secs(24 * 3600);

#[async_trait]
impl Executor for LambdaInvoke {
    fn name(&self) -> &'static str {
        "lambda_invoke"
    }

    fn description(&self) -> &'static str {
        "has a function that the deployment allows, in any language, do the work"
    }

    fn arguments(&self) -> Accepts {
        Accepts::AlsoOthers { known: &[&FUNCTION], others: "is handed to the function, in `step.arguments`" }
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let deferral = Deferral::of(work)?;
        if let Some(unfinished) = deferral.as_ref().and_then(|deferral| deferral.unfinished(work)) {
            return Ok(unfinished);
        }
        let function = &work.argument(&FUNCTION)?;
        let services = work.services();
        if !services.invokable.allows(function) {
            return Err(ExecutorError::permanent(format!(
                "`{function}` is not among the functions that may be invoked (INVOKABLE_FUNCTIONS, or --function of \
                 `systole dev`)"
            )));
        }
        let Some(functions) = &services.functions else {
            return Err(ExecutorError::permanent(
                "there are no functions here (--function of `systole dev` names some)",
            ));
        };
        let document = document(work, deferral.as_ref().map(Deferral::checkpoint));
        let payload = Bytes::from(document.to_string());
        let answer = functions.invoke(function, payload, work.time_left()).await;
        let reply = understood(function, answer.map_err(|error| unanswered(function, error))?)?;
        conclude(work, reply)
    }
}

/// What the function gets.
fn document(work: &Work<'_>, checkpoint: Option<&Value>) -> Value {
    let mut arguments: Arguments = work.step.arguments.clone();
    arguments.remove(FUNCTION.name);
    let id = work.pipeline_id();
    let deadline = work.now() + work.time_left();
    json!({
        "schema": SCHEMA,
        "pipeline": { "id": id, "name": work.pipeline.name(), "arguments": work.pipeline.arguments },
        "step": {
            "name": work.step.name,
            "attempt": work.attempt(),
            "arguments": arguments,
            "checkpoint": checkpoint,
        },
        "working_directory": working_directory(work),
        "deadline": deadline.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        "idempotency_key": format!("{id}/{}", work.step.name),
    })
}

/// Where the function finds the pipeline's files, if the definition has a working directory.
fn working_directory(work: &Work<'_>) -> Value {
    let Ok(directory) = work.working_directory() else { return Value::Null };
    let prefix = directory.prefix();
    match &work.services().files_at {
        Some(FilesAt::Bucket(bucket)) => json!({ "bucket": bucket, "prefix": prefix }),
        Some(FilesAt::Folder(folder)) => json!({ "folder": folder, "prefix": prefix }),
        None => json!({ "prefix": prefix }),
    }
}

/// What a function answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    outcome: Verdict,
    #[serde(default)]
    message: Option<String>,
    /// Of an error: no further attempt can help.
    #[serde(default)]
    permanent: bool,
    /// Of `continue`: what the function gets back.
    #[serde(default)]
    checkpoint: Value,
    /// Of `continue`: how long to wait before.
    #[serde(default)]
    after_seconds: u64,
    /// For later steps.
    #[serde(default)]
    output: Option<Value>,
    #[serde(default)]
    log: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Done,
    Skipped,
    Continue,
    NotFound,
    InvalidData,
    Error,
}

/// Reads the answer; everything that is none is a failure that may pass.
fn understood(function: &str, answer: FunctionAnswer) -> Result<Reply, ExecutorError> {
    let quoted = || {
        let start: String = String::from_utf8_lossy(&answer.payload).chars().take(QUOTED_CHARS).collect();
        printable(&start)
    };
    if let Some(failure) = answer.failure {
        let message = format!("function `{function}` failed ({failure}): {}", quoted());
        return Err(ExecutorError::retryable(message));
    }
    serde_json::from_slice(&answer.payload).map_err(|error| ExecutorError::Retryable {
        message: format!("the answer of function `{function}` is not understood: `{}`", quoted()),
        source: Some(Box::new(error)),
    })
}

fn conclude(work: &mut Work<'_>, reply: Reply) -> Result<Outcome, ExecutorError> {
    for line in reply.log.iter().take(LOG_LINES) {
        work.info(&printable(line));
    }
    if let Some(left_out) = reply.log.len().checked_sub(LOG_LINES).filter(|left_out| *left_out > 0) {
        work.warn(&format!("{left_out} more lines were dropped: the function may say {LOG_LINES}"));
    }
    if let Some(output) = reply.output {
        let size_bytes = output.to_string().len();
        if size_bytes > OUTPUT_LIMIT_BYTES {
            let message =
                format!("the output has {size_bytes} bytes; above {OUTPUT_LIMIT_BYTES} it belongs into a file");
            return Err(ExecutorError::permanent(message));
        }
        work.set_output(output);
    }
    let message = reply.message.map_or_else(|| "the function did not say why".to_owned(), |text| printable(&text));
    match reply.outcome {
        Verdict::Done => Ok(Outcome::Done),
        Verdict::Skipped => Ok(Outcome::Skipped { reason: message }),
        Verdict::Continue => {
            let after = Duration::from_secs(reply.after_seconds).min(LONGEST_DEFERRAL);
            Ok(Deferral::begin(work, reply.checkpoint, after))
        }
        Verdict::NotFound => Err(ExecutorError::NotFound { message }),
        Verdict::InvalidData => Err(ExecutorError::InvalidData { message }),
        Verdict::Error if reply.permanent => Err(ExecutorError::permanent(message)),
        Verdict::Error => Err(ExecutorError::retryable(message)),
    }
}

/// One line without characters that would confuse a terminal.
fn printable(line: &str) -> String {
    let start: String = line.chars().take(LOG_CHARS).collect();
    visible(&start).into_owned()
}

fn unanswered(function: &str, error: store::Error) -> ExecutorError {
    let message = format!("function `{function}` could not be invoked");
    if error.is_retryable() {
        ExecutorError::Retryable { message, source: Some(Box::new(error)) }
    } else {
        ExecutorError::Permanent { message, source: Some(Box::new(error)) }
    }
}
