//! Whole logs, or what comes behind a place. A short one is in the step's item, of a long one the item has the end and names
//! the file; that of a running step is in a file, too, if there is any.

use axum::extract::{Query, State};
use axum::http::header::{CONTENT_TYPE, HeaderName, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use engine::{Context, LogPart, StepLog, log_file};
use pipeline::{Name, Pipeline, StepStatus};
use serde::Deserialize;

use crate::answer::{self, Parameters, Places};
use crate::error::ApiError;

/// What `GET …/log` can be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogQuery {
    attempt: Option<u32>,
    /// Where to begin, in bytes of all that was logged: what the answer before named as the next offset.
    offset: Option<usize>,
}

/// Where the next part of a log begins.
const NEXT_OFFSET: HeaderName = HeaderName::from_static("log-next-offset");

/// Whether nothing more comes of the attempt: `true` or `false`.
const HAS_ENDED: HeaderName = HeaderName::from_static("log-has-ended");

/// How long the address of a log file is good.
const VALID_FOR: std::time::Duration = std::time::Duration::from_secs(300);

pub(crate) async fn log(
    State(context): State<Context>,
    Places((id, name)): Places<(String, String)>,
    asked: Parameters<LogQuery>,
) -> Result<Response, ApiError> {
    let Query(LogQuery { attempt, offset }) = asked?;
    let (pipeline, name) = pipeline_and_step(&context, &id, &name).await?;
    let step = pipeline.step(&name).expect("it was found just now");
    let record = &step.record;
    let number = attempt.unwrap_or(record.attempt);
    let kept = if number == record.attempt {
        Some(record.log.clone())
    } else {
        let earlier = context.store.attempts(&pipeline.id, &name).await?;
        earlier.into_iter().find(|earlier| earlier.number == number).map(|earlier| earlier.log)
    };
    let Some(kept) = kept else {
        let message = format!("there is no attempt {number} of step `{name}`; the latest is {}", record.attempt);
        return Err(ApiError::not_found(message));
    };
    let is_latest = number == record.attempt;
    if offset.is_some() || (is_latest && record.status == StepStatus::Running) {
        let whole = if is_latest {
            log_file::latest(&context.store, &pipeline.id, step).await?
        } else {
            log_file::whole(&context.store, &pipeline.id, &kept).await?
        };
        let has_ended = !(is_latest && record.status.is_active());
        return Ok(part(&whole, offset.unwrap_or(0), has_ended));
    }
    let Some(key) = StepLog::file_of(&kept, &pipeline.id) else { return Ok(text(kept.into_bytes())) };
    if let Some(url) = context.store.files.presign_get(key, VALID_FOR).await? {
        let location = HeaderValue::from_str(&url).expect("the address of a file is ASCII");
        return Ok((StatusCode::TEMPORARY_REDIRECT, [(LOCATION, location)]).into_response());
    }
    match context.store.files.get(key, None).await? {
        Some(bytes) => Ok(text(bytes.to_vec())),
        None => Err(ApiError::not_found(format!("the log file `{key}` is not there any more"))),
    }
}

/// A pipeline that has the step.
pub(crate) async fn pipeline_and_step(context: &Context, id: &str, name: &str) -> Result<(Pipeline, Name), ApiError> {
    let id = answer::id(context, id).await?;
    let name = answer::step_name(&id, name)?;
    let Some(pipeline) = context.store.pipeline_with_steps(&id).await? else {
        return Err(operate::Error::UnknownPipeline(id).into());
    };
    if pipeline.step(&name).is_none() {
        return Err(ApiError::not_found(format!("there is no step `{name}` in pipeline {id}")));
    }
    Ok((pipeline, name))
}

/// The log from a place on, and where to go on with the next question.
fn part(whole: &str, offset: usize, has_ended: bool) -> Response {
    let LogPart { text: part, next_offset } = StepLog::part(whole, offset);
    let mut response = text(part.into_bytes());
    response.headers_mut().insert(NEXT_OFFSET, HeaderValue::from(next_offset));
    response.headers_mut().insert(HAS_ENDED, HeaderValue::from_static(if has_ended { "true" } else { "false" }));
    response
}

fn text(bytes: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], bytes).into_response()
}
