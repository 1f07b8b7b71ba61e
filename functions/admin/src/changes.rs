//! What people do to pipelines.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use engine::Context;
use pipeline::Arguments;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::Identity;
use crate::answer::{self, Places};
use crate::error::ApiError;
use crate::invocation;

/// What `POST /pipelines` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Init {
    name: String,
    #[serde(default)]
    arguments: Arguments,
    /// As the header `Idempotency-Key`.
    key: Option<String>,
}

/// What `POST /pipelines/{id}/cancel` takes; the body may be empty.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cancel {
    reason: Option<String>,
}

/// What `POST /pipelines/cancel` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelAll {
    #[serde(default)]
    ids: Vec<String>,
    #[serde(default)]
    names: Vec<String>,
    reason: Option<String>,
}

type RequestBody = Result<Bytes, BytesRejection>;

/// Most characters of a reason: it goes into the item of the pipeline.
const REASON_LIMIT: usize = 1_000;

/// Most characters of a key that makes a request come only once.
const KEY_LIMIT: usize = 100;

pub(crate) async fn init(
    State(context): State<Context>,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
    body: RequestBody,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Init { name, arguments, key } = answer::read(&body?)?;
    let by = &identity.name;
    let Some(key) = idempotency_key(key, &headers)? else {
        let id = operate::init(&context, &name, arguments, operate::Operator { name: by, invocation: &invocation() })
            .await?;
        return Ok((StatusCode::CREATED, Json(json!({ "id": id, "is_new": true }))));
    };
    let spawned = operate::init_once(
        &context,
        &operate::InitRequest { name: &name, arguments, key: &key },
        operate::Operator { name: by, invocation: &invocation() },
    )
    .await?;
    let status = if spawned.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(json!({ "id": spawned.id, "is_new": spawned.is_new }))))
}

pub(crate) async fn cancel(
    State(context): State<Context>,
    Extension(identity): Extension<Identity>,
    Places(id): Places<String>,
    body: RequestBody,
) -> Result<Json<Value>, ApiError> {
    let (id, body) = (answer::id(&context, &id).await?, body?);
    let Cancel { reason } = answer::read_or_default(&body)?;
    operate::cancel(
        &context,
        &id,
        &why(reason, &identity)?,
        operate::Operator { name: &identity.name, invocation: &invocation() },
    )
    .await?;
    Ok(Json(json!({ "id": id, "cancelled": true })))
}

pub(crate) async fn cancel_all(
    State(context): State<Context>,
    Extension(identity): Extension<Identity>,
    body: RequestBody,
) -> Result<Json<Value>, ApiError> {
    let CancelAll { ids, names, reason } = answer::read(&body?)?;
    let asked = ids.len() + names.len();
    if !(1..=operate::CANCEL_LIMIT).contains(&asked) {
        let most = operate::CANCEL_LIMIT;
        return Err(ApiError::bad_request(format!("{asked} `ids` and `names` are given; expected 1 to {most}")));
    }
    // All of them are found before one is touched.
    let mut found = Vec::new();
    for id in &ids {
        found.push(answer::id(&context, id).await?);
    }
    let reason = why(reason, &identity)?;
    let selection = operate::CancelSelection { ids: found, names };
    let cancelled = operate::cancel_all(
        &context,
        selection,
        &reason,
        operate::Operator { name: &identity.name, invocation: &invocation() },
    )
    .await?;
    Ok(Json(json!({ "pipelines": cancelled })))
}

pub(crate) async fn pause(
    State(context): State<Context>,
    Extension(identity): Extension<Identity>,
    Places(id): Places<String>,
) -> Result<Json<Value>, ApiError> {
    let id = answer::id(&context, &id).await?;
    operate::pause(&context, &id, operate::Operator { name: &identity.name, invocation: &invocation() }).await?;
    Ok(Json(json!({ "id": id, "paused": true })))
}

pub(crate) async fn resume(
    State(context): State<Context>,
    Extension(identity): Extension<Identity>,
    Places(id): Places<String>,
) -> Result<Json<Value>, ApiError> {
    let id = answer::id(&context, &id).await?;
    operate::resume(&context, &id, operate::Operator { name: &identity.name, invocation: &invocation() }).await?;
    Ok(Json(json!({ "id": id, "paused": false })))
}

pub(crate) async fn rerun(
    State(context): State<Context>,
    Extension(identity): Extension<Identity>,
    Places((id, step)): Places<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let id = answer::id(&context, &id).await?;
    let step = answer::step_name(&id, &step)?;
    operate::rerun_step(&context, &id, &step, operate::Operator { name: &identity.name, invocation: &invocation() })
        .await?;
    Ok(Json(json!({ "id": id, "step": step, "enqueued": true })))
}

/// The reason of a stop, with who wants it.
fn why(reason: Option<String>, identity: &Identity) -> Result<String, ApiError> {
    let by = &identity.name;
    match reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty()) {
        None => Ok(format!("cancelled by {by}")),
        Some(reason) if reason.chars().count() <= REASON_LIMIT => Ok(format!("{reason} ({by})")),
        Some(_) => Err(ApiError::bad_request(format!("`reason` is too long; at most {REASON_LIMIT} characters"))),
    }
}

fn idempotency_key(field: Option<String>, headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let form = format!("expected 1 to {KEY_LIMIT} printable ASCII characters");
    let bad = |what: &str| ApiError::bad_request(format!("{what} cannot be used; {form}"));
    let header = match headers.get("idempotency-key").map(|value| value.to_str()) {
        None => None,
        Some(Ok(key)) => Some(key.to_owned()),
        Some(Err(_)) => return Err(bad("the header `Idempotency-Key`")),
    };
    if let (Some(header), Some(field)) = (&header, &field)
        && header != field
    {
        return Err(ApiError::bad_request("`key` and the header `Idempotency-Key` differ; give one of them"));
    }
    let Some(key) = header.or(field) else { return Ok(None) };
    let is_good = (1..=KEY_LIMIT).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if is_good { Ok(Some(key)) } else { Err(bad("the key of the request")) }
}
