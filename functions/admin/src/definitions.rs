//! What can be spawned, and why nothing is.

use axum::Json;
use axum::extract::State;
use engine::Context;
use operate::view;
use serde_json::{Value, json};

use crate::answer::Places;
use crate::error::ApiError;
use crate::now;

pub(crate) async fn list(State(context): State<Context>) -> Result<Json<Value>, ApiError> {
    let loaded = context.definitions.load(context.store.files.as_ref()).await?;
    let definitions: Vec<_> = loaded.definitions.iter().map(|definition| view::definition(definition)).collect();
    let problems: Vec<&String> = loaded.all_problems().collect();
    let warnings: Vec<&str> = loaded.warning_texts().collect();
    Ok(Json(json!({ "definitions": definitions, "problems": problems, "warnings": warnings })))
}

pub(crate) async fn details(
    State(context): State<Context>,
    Places(name): Places<String>,
) -> Result<Json<Value>, ApiError> {
    let definition = operate::definition(&context, &name).await?;
    Ok(Json(json!({ "name": definition.name, "hash": definition.hash(), "definition": *definition })))
}

pub(crate) async fn why(
    State(context): State<Context>,
    Places(name): Places<String>,
) -> Result<Json<operate::WhyNotSpawned>, ApiError> {
    Ok(Json(operate::why_not_spawned(&context, &name, now()).await?))
}
