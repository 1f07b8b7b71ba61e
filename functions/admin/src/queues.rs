//! How full the queues are, and what nobody could deal with.

use axum::extract::{Query, State};
use axum::{Extension, Json};
use engine::Context;
use operate::queues::{PEEK_LIMIT, Queues, Redriven};
use serde_json::{Value, json};

use crate::access::Identity;
use crate::answer::{self, Limited, Parameters};
use crate::error::ApiError;
use crate::invocation;

const DEFAULT_LIMIT: usize = 20;

pub(crate) async fn depths(State(context): State<Context>) -> Result<Json<Queues>, ApiError> {
    Ok(Json(operate::queues::queues(&context).await?))
}

pub(crate) async fn dead_letters(
    State(context): State<Context>,
    asked: Parameters<Limited>,
) -> Result<Json<Value>, ApiError> {
    let Query(Limited { limit }) = asked?;
    let limit = answer::limit(limit, DEFAULT_LIMIT, PEEK_LIMIT)?;
    Ok(Json(json!({ "dead_letters": operate::queues::dead_letters(&context, limit).await? })))
}

pub(crate) async fn redrive(
    State(context): State<Context>,
    Extension(identity): Extension<Identity>,
) -> Result<Json<Redriven>, ApiError> {
    Ok(Json(operate::queues::redrive(&context, &identity.name, &invocation()).await?))
}
