//! The routes about pipelines.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use engine::{Context, operate};
use pipeline::definition::Arguments;
use pipeline::{PipelineId, PipelineStatus};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::{invocation, now, view};

/// What `GET /pipelines` can be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    name: Option<String>,
    status: Option<String>,
    limit: Option<usize>,
}

/// What `POST /pipelines` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Init {
    name: String,
    #[serde(default)]
    arguments: Arguments,
}

/// What `POST /pipelines/{id}/cancel` takes; the body may be empty.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cancel {
    reason: Option<String>,
}

/// Most pipelines of one answer.
const LIMIT: usize = 1_000;
const DEFAULT_LIMIT: usize = 50;

pub(crate) async fn list(
    State(context): State<Context>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let Query(filter) = filter?;
    let limit = filter.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=LIMIT).contains(&limit) {
        return Err(ApiError::bad_request(format!("`limit` is {limit}; expected 1 to {LIMIT}")));
    }
    let status: Option<PipelineStatus> = filter
        .status
        .map(|status| status.parse())
        .transpose()
        .map_err(|problem: String| ApiError::bad_request(problem))?;
    let (name, statuses) = (filter.name, status.into_iter().collect());
    let wanted = operate::Filter { name, statuses, limit, ..operate::Filter::default() };
    let page = operate::list(&context, &wanted, now()).await?;
    let rows: Vec<_> = page.rows.iter().map(|row| view::row(row, now())).collect();
    Ok(Json(json!({ "pipelines": rows, "next": page.next.map(|next| next.to_string()) })))
}

pub(crate) async fn details(
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Result<Json<view::PipelineDetails>, ApiError> {
    let id = parse_id(&id)?;
    let Some(pipeline) = context.store.pipeline_with_steps(&id).await? else {
        return Err(ApiError::not_found(format!("there is no pipeline {id}")));
    };
    let world = engine::world::around(&context, &pipeline, now()).await?;
    Ok(Json(view::details(&pipeline, &world, now())))
}

pub(crate) async fn init(
    State(context): State<Context>,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let init: Init = read(&body?)?;
    let id = operate::init(&context, &init.name, init.arguments, "API", &invocation()).await?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

pub(crate) async fn cancel(
    State(context): State<Context>,
    Path(id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, ApiError> {
    let (id, body) = (parse_id(&id)?, body?);
    let cancel = if body.is_empty() { Cancel::default() } else { read(&body)? };
    let reason = cancel.reason.unwrap_or_else(|| "cancelled by API".to_owned());
    operate::cancel(&context, &id, "API", &reason, &invocation()).await?;
    Ok(Json(json!({ "id": id, "cancelled": true })))
}

fn parse_id(text: &str) -> Result<PipelineId, ApiError> {
    text.parse().map_err(|error: pipeline::BadPipelineId| ApiError::bad_request(error.to_string()))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::bad_request(format!("the body cannot be read: {error}")))
}
