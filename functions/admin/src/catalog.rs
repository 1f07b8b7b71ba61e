//! What the own catalogue has.

use axum::Json;
use axum::extract::{Query, State};
use engine::Context;
use operate::ProductDetails;
use serde::Deserialize;

use crate::answer::Parameters;
use crate::error::ApiError;

/// What `GET /catalog/product` is asked for. No place in the path: a sku may have slashes and anything else.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhichProduct {
    sku: String,
}

pub(crate) async fn product(
    State(context): State<Context>,
    asked: Parameters<WhichProduct>,
) -> Result<Json<ProductDetails>, ApiError> {
    let Query(WhichProduct { sku }) = asked?;
    Ok(Json(operate::product(&context, &sku).await?))
}
