//! How the whole is.

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use engine::Context;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::{OPENAPI, now};

/// After how many seconds without a beat something is wrong: beats come each minute, and one may be skipped.
const BEAT_IS_LATE_AFTER_SECONDS: i64 = 180;

pub(crate) async fn health(State(context): State<Context>) -> Result<Json<Value>, ApiError> {
    let last_beat = context.store.last_beat().await?;
    let seconds = last_beat.map(|beat| (now() - beat).num_seconds());
    let loaded = context.definitions.load(context.store.files.as_ref()).await?;
    let status = match seconds {
        Some(seconds) if seconds <= BEAT_IS_LATE_AFTER_SECONDS => "ok",
        Some(_) => "late",
        None => "never",
    };
    Ok(Json(json!({
        "status": status,
        "last_beat_at": last_beat,
        "seconds_since_last_beat": seconds,
        "version": env!("CARGO_PKG_VERSION"),
        "problems": loaded.problems,
    })))
}

pub(crate) async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}
