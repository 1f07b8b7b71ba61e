//! Orders: in, where their exports stand and why, and to begin anew.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use engine::Context;
use operate::AuditStamp;
use operate::orders::{
    self, Doubt, ExportStatus, NoStatus, OrderDetails, OrderFilter, OrderList, OrderWhy, TakenOrder,
};
use serde::Deserialize;

use crate::access::Identity;
use crate::answer::{self, Parameters, Places};
use crate::error::ApiError;
use crate::now;

/// Most bytes of orders that are handed in: a function takes 6 MB. What is more is dropped as a file.
pub(crate) const LIMIT_BYTES: usize = 5 * 1024 * 1024;

/// Most orders of one answer.
const LIMIT: usize = 500;
const DEFAULT_LIMIT: usize = 50;

/// What `GET /orders` can be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    limit: Option<usize>,
    status: Option<String>,
    website: Option<String>,
    #[serde(default)]
    attention: bool,
    month: Option<String>,
}

/// How `POST /orders/{order}/reset` is meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetQuery {
    /// Begin anew although the document may have been received.
    #[serde(default)]
    although_received: bool,
}

pub(crate) async fn take(
    State(context): State<Context>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Vec<TakenOrder>>, ApiError> {
    let body = body?;
    let text = std::str::from_utf8(&body).map_err(|_| ApiError::bad_request("the body is no UTF-8"))?;
    Ok(Json(orders::import(&context, text, now()).await?))
}

pub(crate) async fn list(
    State(context): State<Context>,
    asked: Parameters<ListQuery>,
) -> Result<Json<OrderList>, ApiError> {
    let Query(ListQuery { limit, status, website, attention, month }) = asked?;
    let limit = answer::limit(limit, DEFAULT_LIMIT, LIMIT)?;
    let bad = |error: NoStatus| ApiError::bad_request(format!("`status`: {error}"));
    let status: Option<ExportStatus> = status.map(|status| status.parse()).transpose().map_err(bad)?;
    let month = month.as_deref().map(orders::month).transpose()?;
    let filter = OrderFilter { status, website, needs_attention: attention, month };
    Ok(Json(orders::list(&context, &filter, limit, now()).await?))
}

pub(crate) async fn show(
    State(context): State<Context>,
    Places(order): Places<String>,
) -> Result<Json<Vec<OrderDetails>>, ApiError> {
    Ok(Json(orders::show(&context, &order).await?))
}

pub(crate) async fn why(
    State(context): State<Context>,
    Places(order): Places<String>,
) -> Result<Json<Vec<OrderWhy>>, ApiError> {
    Ok(Json(orders::why(&context, &order, now()).await?))
}

pub(crate) async fn reset(
    State(context): State<Context>,
    Extension(identity): Extension<Identity>,
    Places(order): Places<String>,
    asked: Parameters<ResetQuery>,
) -> Result<Json<OrderDetails>, ApiError> {
    let Query(ResetQuery { although_received }) = asked?;
    let doubt = if although_received { Doubt::Cleared } else { Doubt::Respected };
    let stamp = AuditStamp { by: &identity.name, at: now() };
    Ok(Json(orders::reset(&context, &order, doubt, stamp).await?))
}
