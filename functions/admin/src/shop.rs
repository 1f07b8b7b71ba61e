//! What a shop has.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use engine::Context;
use operate::AuditStamp;
use operate::shop::{Purpose, ShopImport, ShopText};
use serde::Deserialize;

use crate::access::Identity;
use crate::answer::Parameters;
use crate::error::ApiError;
use crate::now;

/// Most bytes of a shop that is told: a function takes 6 MB.
pub(crate) const LIMIT_BYTES: usize = 5 * 1024 * 1024;

/// How `PUT /shop` is meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Meant {
    /// Only tell what would change.
    #[serde(default)]
    plan: bool,
    /// Remove what the shop lacks although it is used.
    #[serde(default)]
    remove_used: bool,
}

pub(crate) async fn show(State(context): State<Context>) -> Result<impl IntoResponse, ApiError> {
    let shop = operate::shop::shop(&context).await?;
    Ok(([(CONTENT_TYPE, "application/json")], shop.to_json()))
}

pub(crate) async fn tell(
    State(context): State<Context>,
    Extension(identity): Extension<Identity>,
    asked: Parameters<Meant>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ShopImport>, ApiError> {
    let Query(Meant { plan, remove_used }) = asked?;
    let purpose = match (plan, remove_used) {
        (true, _) => Purpose::Plan,
        (false, true) => Purpose::WriteAndRemoveUsed,
        (false, false) => Purpose::Write,
    };
    let body = body?;
    let text = std::str::from_utf8(&body).map_err(|_| ApiError::bad_request("the body is no UTF-8"))?;
    let told = ShopText { file: "the body", text, purpose };
    let stamp = AuditStamp { by: &identity.name, at: now() };
    Ok(Json(operate::shop::import_shop(&context, told, stamp).await?))
}
