//! Single steps.

use axum::Json;
use axum::extract::{Query, State};
use engine::Context;
use operate::view;
use serde::Deserialize;

use crate::answer::{self, Parameters, Places};
use crate::error::ApiError;
use crate::{logs, now};

/// What `GET /steps/active` can be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Active {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Most open pipelines that are looked at for one answer: each is a read.
const LIMIT: usize = 1_000;
const DEFAULT_LIMIT: usize = 200;

/// Most characters of a cursor: a place in the listing has a rank, a name and an id.
const CURSOR_LIMIT: usize = 300;

pub(crate) async fn details(
    State(context): State<Context>,
    Places((id, name)): Places<(String, String)>,
) -> Result<Json<view::StepDetails>, ApiError> {
    let (pipeline, name) = logs::pipeline_and_step(&context, &id, &name).await?;
    let step = pipeline.step(&name).expect("it was found just now");
    let conditions = operate::conditions_of(&context, &pipeline, step, now()).await?;
    let why = operate::why_of(&context, &pipeline, now()).await?;
    let earlier = context.store.attempts(&pipeline.id, &name).await?;
    let why = why.of(&name).unwrap_or_default().to_owned();
    let known = view::StepKnowledge { pipeline: &pipeline, step, why, conditions, earlier: &earlier };
    Ok(Json(view::step_details(known, now())))
}

pub(crate) async fn active(
    State(context): State<Context>,
    asked: Parameters<Active>,
) -> Result<Json<operate::ActiveSteps>, ApiError> {
    let Query(Active { limit, cursor }) = asked?;
    let limit = answer::limit(limit, DEFAULT_LIMIT, LIMIT)?;
    if let Some(cursor) = &cursor
        && !is_place(cursor)
    {
        let shown: String = cursor.chars().take(60).collect();
        let problem = format!("`{shown}` is no cursor (expected `next` of the page before)");
        return Err(ApiError::bad_request(problem));
    }
    Ok(Json(operate::active_steps(&context, limit, cursor.as_deref()).await?))
}

/// Whether a text may be a place in the listing of open pipelines: priority, time, name and id.
fn is_place(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let [priority, millis, name, id] = parts.as_slice() else { return false };
    text.len() <= CURSOR_LIMIT
        && matches!(*priority, "0" | "1" | "2")
        && millis.len() == 13
        && millis.bytes().all(|byte| byte.is_ascii_digit())
        && name.parse::<pipeline::Name>().is_ok()
        && id.parse::<pipeline::PipelineId>().is_ok()
}
