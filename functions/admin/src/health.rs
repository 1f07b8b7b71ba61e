//! How the whole is.

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use engine::Context;
use serde::Serialize;

use crate::error::ApiError;
use crate::{OPENAPI, now};

/// How the whole is, and which program says so.
#[derive(Debug, Serialize)]
pub(crate) struct VersionedHealth {
    #[serde(flatten)]
    health: operate::Health,
    version: &'static str,
}

pub(crate) async fn health(State(context): State<Context>) -> Result<Json<VersionedHealth>, ApiError> {
    let health = operate::health(&context, now()).await?;
    Ok(Json(VersionedHealth { health, version: env!("CARGO_PKG_VERSION") }))
}

pub(crate) async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}
