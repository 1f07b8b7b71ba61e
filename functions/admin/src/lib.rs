//! Lambda function `admin`: the API for operators. `systole dev` serves the same router on localhost.
//!
//! | route | does |
//! |---|---|
//! | `GET /health` | tells when the last beat was |
//! | `GET /definitions` | lists what can be spawned, and what is wrong with the rest |
//! | `GET /pipelines` | lists open and ended pipelines (`?name=`, `?status=`, `?limit=`) |
//! | `POST /pipelines` | spawns one: `{"name": …, "arguments": {…}}` |
//! | `GET /pipelines/{id}` | shows one with its steps, and why they wait |
//! | `POST /pipelines/{id}/cancel` | stops one: `{"reason": …}` |
//! | `GET /arrivals` | lists the files of the drop area and what they wait for |

mod error;
mod pipelines;
#[cfg(test)]
mod tests;
pub mod view;

use axum::extract::State;
use axum::http::Method;
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use engine::{Context, Invocation};
use serde_json::{Value, json};

use crate::error::ApiError;

/// How long one request may take: less than the 29 s after which the function is ended.
const BUDGET: std::time::Duration = std::time::Duration::from_secs(25);

/// All routes over one context.
pub fn router(context: Context) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/definitions", get(definitions))
        .route("/pipelines", get(pipelines::list).post(pipelines::init))
        .route("/pipelines/{id}", get(pipelines::details))
        .route("/pipelines/{id}/cancel", post(pipelines::cancel))
        .route("/arrivals", get(arrivals))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .with_state(context)
}

async fn health(State(context): State<Context>) -> Result<Json<Value>, ApiError> {
    let last_beat = context.store.last_beat().await?;
    let seconds = last_beat.map(|beat| (now() - beat).num_seconds());
    Ok(Json(json!({ "status": "ok", "last_beat_at": last_beat, "seconds_since_last_beat": seconds })))
}

async fn definitions(State(context): State<Context>) -> Result<Json<Value>, ApiError> {
    let loaded = context.definitions.load(context.store.files.as_ref()).await?;
    let definitions: Vec<_> = loaded.definitions.iter().map(|definition| view::definition(definition)).collect();
    Ok(Json(json!({ "definitions": definitions, "problems": loaded.problems })))
}

async fn arrivals(State(context): State<Context>) -> Result<Json<Value>, ApiError> {
    let arrivals: Vec<_> = engine::bunches::arrivals(&context).await?.iter().map(view::arrival).collect();
    Ok(Json(json!({ "arrivals": arrivals })))
}

async fn unknown() -> ApiError {
    ApiError::not_found("there is no such route; GET /pipelines lists pipelines")
}

async fn wrong_method(method: Method) -> ApiError {
    ApiError::wrong_method(format!("this route does not answer {method}"))
}

/// One request as the engine sees it.
fn invocation() -> Invocation {
    Invocation::begin(format!("admin-{}", view::random_id()), now(), BUDGET)
}

#[expect(clippy::disallowed_methods, reason = "the handler hands its clock to the engine")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
