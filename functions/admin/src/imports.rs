//! The history of imports, and the files that they leave for people.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use engine::Context;
use operate::{ImportFile, ImportHistory, ImportRow};
use pipeline::{BadPipelineId, PipelineId};
use serde::Deserialize;

use crate::answer::{self, Parameters, Places};
use crate::error::ApiError;

/// What `GET /imports` can be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistoryQuery {
    limit: Option<usize>,
    /// The pipeline behind which to go on: `next` of the page before.
    cursor: Option<String>,
}

/// Most imports of one answer.
const LIMIT: usize = 1_000;
const DEFAULT_LIMIT: usize = 50;

/// How long the address of a file is good.
const VALID_FOR: std::time::Duration = std::time::Duration::from_secs(300);

pub(crate) async fn list(
    State(context): State<Context>,
    asked: Parameters<HistoryQuery>,
) -> Result<Json<ImportHistory>, ApiError> {
    let Query(HistoryQuery { limit, cursor }) = asked?;
    let limit = answer::limit(limit, DEFAULT_LIMIT, LIMIT)?;
    let bad = |error: BadPipelineId| ApiError::bad_request(format!("`cursor`: {error}"));
    let behind: Option<PipelineId> = cursor.map(|cursor| cursor.parse()).transpose().map_err(bad)?;
    Ok(Json(operate::imports(&context, limit, behind.as_ref()).await?))
}

pub(crate) async fn show(
    State(context): State<Context>,
    Places(reference): Places<String>,
) -> Result<Json<ImportRow>, ApiError> {
    Ok(Json(operate::import_named(&context, &reference).await?))
}

pub(crate) async fn report(
    State(context): State<Context>,
    Places(reference): Places<String>,
) -> Result<Response, ApiError> {
    let row = operate::import_named(&context, &reference).await?;
    let key = operate::import_file(&context, &row, &ImportFile::Report).await?;
    file(&context, &key, "text/html; charset=utf-8").await
}

/// Which file's rows to correct are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorsQuery {
    file: Option<String>,
}

pub(crate) async fn errors(
    State(context): State<Context>,
    Places(reference): Places<String>,
    asked: Parameters<ErrorsQuery>,
) -> Result<Response, ApiError> {
    let Query(ErrorsQuery { file: name }) = asked?;
    let row = operate::import_named(&context, &reference).await?;
    let key = operate::import_file(&context, &row, &ImportFile::Errors(name.as_deref())).await?;
    file(&context, &key, "text/csv; charset=utf-8").await
}

/// A file of the store: where to get it, or else the file itself.
async fn file(context: &Context, key: &str, content_type: &'static str) -> Result<Response, ApiError> {
    if let Some(url) = context.store.files.presign_get(key, VALID_FOR).await? {
        let location = HeaderValue::from_str(&url).expect("the address of a file is ASCII");
        return Ok((StatusCode::TEMPORARY_REDIRECT, [(LOCATION, location)]).into_response());
    }
    let Some(bytes) = context.store.files.get(key, None).await? else {
        return Err(ApiError::not_found(format!("the file `{key}` is not there any more")));
    };
    let name = key.rsplit('/').next().unwrap_or(key);
    let mut response = ([(CONTENT_TYPE, content_type)], bytes).into_response();
    // Under its own name it can be dropped again. A name that no header takes comes without one.
    if let Ok(disposition) = HeaderValue::from_str(&format!("inline; filename=\"{name}\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}
