//! Settings, maintenance mode, and who changed what.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use engine::Context;
use operate::settings::{Changed, Maintenance, ScopedValue, SettingsReport, Switch};
use operate::view;
use pipeline::settings::{BadScope, Scope};
use serde::Deserialize;
use serde_json::{Value, json};
use store::settings::AuditPlace;

use crate::access::Identity;
use crate::answer::{self, Parameters, Places};
use crate::error::ApiError;
use crate::now;

/// For whom a setting is asked or taken back; `default` if nothing is said.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scoped {
    scope: Option<String>,
}

/// What `PUT /settings/{name}` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewValue {
    value: String,
    scope: Option<String>,
}

/// What `PUT /maintenance` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switched {
    is_on: bool,
}

/// Which lines of the audit are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Most lines of the audit of one answer.
const LIMIT: usize = 1_000;
const DEFAULT_LIMIT: usize = 100;

pub(crate) async fn list(State(context): State<Context>) -> Result<Json<SettingsReport>, ApiError> {
    Ok(Json(operate::settings::list(&context).await?))
}

pub(crate) async fn show(
    State(context): State<Context>,
    Places(name): Places<String>,
    asked: Parameters<Scoped>,
) -> Result<Json<ScopedValue>, ApiError> {
    let Query(Scoped { scope: asked }) = asked?;
    Ok(Json(operate::settings::get(&context, &name, &scope(asked)?).await?))
}

pub(crate) async fn set(
    State(context): State<Context>,
    Extension(identity): Extension<Identity>,
    Places(name): Places<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Changed>, ApiError> {
    let NewValue { value, scope: asked } = answer::read(&body?)?;
    Ok(Json(
        operate::settings::set(
            &context,
            store::settings::NewSetting { name: &name, scope: &scope(asked)?, value: &value },
            operate::AuditStamp { by: &identity.name, at: now() },
        )
        .await?,
    ))
}

pub(crate) async fn unset(
    State(context): State<Context>,
    Extension(identity): Extension<Identity>,
    Places(name): Places<String>,
    asked: Parameters<Scoped>,
) -> Result<Json<Changed>, ApiError> {
    let Query(Scoped { scope }) = asked?;
    // In words: what is stored for a scope that does not exist any more can be taken back, too.
    let scope = scope.unwrap_or_else(|| Scope::Default.to_string());
    Ok(Json(
        operate::settings::unset(&context, &name, &scope, operate::AuditStamp { by: &identity.name, at: now() })
            .await?,
    ))
}

pub(crate) async fn maintenance(State(context): State<Context>) -> Result<Json<Maintenance>, ApiError> {
    Ok(Json(operate::settings::maintenance(&context).await?))
}

pub(crate) async fn set_maintenance(
    State(context): State<Context>,
    Extension(identity): Extension<Identity>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Maintenance>, ApiError> {
    let Switched { is_on } = answer::read(&body?)?;
    let switch = if is_on { Switch::On } else { Switch::Off };
    Ok(Json(operate::settings::set_maintenance(&context, switch, &identity.name, now()).await?))
}

pub(crate) async fn audit(
    State(context): State<Context>,
    asked: Parameters<AuditQuery>,
) -> Result<Json<Value>, ApiError> {
    let Query(AuditQuery { limit, cursor }) = asked?;
    let after = match cursor.map(|cursor| cursor.parse::<AuditPlace>()) {
        Some(place) => Some(place.map_err(|bad| ApiError::bad_request(bad.to_string()))?),
        None => None,
    };
    let page = context.store.audit_page(answer::limit(limit, DEFAULT_LIMIT, LIMIT)?, after).await?;
    let lines: Vec<_> = page.entries.iter().map(view::audit).collect();
    Ok(Json(json!({ "audit": lines, "next": page.next.map(|next| next.to_string()) })))
}

fn scope(text: Option<String>) -> Result<Scope, ApiError> {
    let Some(text) = text else { return Ok(Scope::Default) };
    text.parse().map_err(|bad: BadScope| ApiError::bad_request(bad.to_string()))
}
