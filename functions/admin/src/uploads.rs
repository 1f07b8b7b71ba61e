//! The drop area: what lies in it, and how files get there.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::{Extension, Json};
use engine::Context;
use operate::upload;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::Identity;
use crate::answer::{self, Places};
use crate::error::ApiError;
use crate::now;

/// What `POST /uploads` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Announced {
    name: String,
    size_bytes: u64,
}

pub(crate) async fn arrivals(State(context): State<Context>) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({ "arrivals": operate::arrivals(&context).await? })))
}

pub(crate) async fn ticket(
    State(context): State<Context>,
    Extension(identity): Extension<Identity>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, ApiError> {
    let Announced { name, size_bytes } = answer::read(&body?)?;
    let ticket =
        upload::ticket(&context, &name, size_bytes, operate::AuditStamp { by: &identity.name, at: now() }).await?;
    let (url, valid_for) = match ticket.url {
        Some(url) => (url, Some(ticket.valid_for_seconds)),
        None => (format!("/uploads/{name}"), None),
    };
    Ok(Json(json!({ "key": ticket.key, "method": "PUT", "url": url, "valid_for_seconds": valid_for })))
}

pub(crate) async fn take(
    State(context): State<Context>,
    Extension(identity): Extension<Identity>,
    Places(name): Places<String>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    // A function takes no more than 6 MB, and its time is paid for: where there is an address, the bytes go there.
    if upload::takes_addresses(&context, &name).await? {
        return Err(ApiError::conflict("this store takes files at an address of its own; POST /uploads tells which"));
    }
    let size_bytes =
        upload::take(&context, &name, body.into_data_stream(), operate::AuditStamp { by: &identity.name, at: now() })
            .await?;
    Ok((StatusCode::CREATED, Json(json!({ "name": name, "size_bytes": size_bytes }))))
}
