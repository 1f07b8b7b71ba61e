//! What the own catalogue has.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use engine::Context;
use operate::ShownProduct;
use operate::listing::{self, CategoryNode, ListingDetails, ProductFilter, ProductList};
use serde::Deserialize;

use crate::answer::{self, Parameters};
use crate::error::ApiError;

/// Most bytes of one page of an export: less than the 6 MB that a function may answer.
const EXPORT_BYTES: usize = 3 * 1024 * 1024;

/// Tells where an export goes on.
const NEXT: HeaderName = HeaderName::from_static("systole-next");

/// Tells how many values of a page cannot be written as they are.
const FINDINGS: HeaderName = HeaderName::from_static("systole-findings");

/// What `GET /catalog/product` is asked for. No place in the path: a sku may have slashes and anything else.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhichProduct {
    sku: String,
    store_view: Option<String>,
}

pub(crate) async fn product(
    State(context): State<Context>,
    asked: Parameters<WhichProduct>,
) -> Result<Json<ShownProduct>, ApiError> {
    let Query(WhichProduct { sku, store_view }) = asked?;
    Ok(Json(operate::product_in(&context, &sku, store_view.as_deref()).await?))
}

/// What `GET /catalog/products` is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhichProducts {
    category: Option<String>,
    attribute_set: Option<String>,
    url_key: Option<String>,
    store_view: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub(crate) async fn products(
    State(context): State<Context>,
    asked: Parameters<WhichProducts>,
) -> Result<Json<ProductList>, ApiError> {
    let Query(WhichProducts { category, attribute_set, url_key, store_view, limit, cursor }) = asked?;
    let limit = answer::limit(limit, 50, listing::PAGE_LIMIT)?;
    let filter = ProductFilter { category, attribute_set, url_key, store_view };
    Ok(Json(listing::products(&context, &filter, (limit, cursor.as_deref())).await?))
}

/// Which store view is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfStoreView {
    store_view: Option<String>,
}

pub(crate) async fn categories(
    State(context): State<Context>,
    asked: Parameters<OfStoreView>,
) -> Result<Json<Vec<CategoryNode>>, ApiError> {
    let Query(OfStoreView { store_view }) = asked?;
    Ok(Json(listing::categories(&context, store_view.as_deref()).await?))
}

pub(crate) async fn listing(State(context): State<Context>) -> Result<Json<ListingDetails>, ApiError> {
    Ok(Json(listing::listing(&context).await?))
}

/// What `GET /catalog/export` is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhichExport {
    entity: String,
    cursor: Option<String>,
}

/// Answers with the next rows of a file; the first page has the header, and joined together the pages are the file.
pub(crate) async fn export(
    State(context): State<Context>,
    asked: Parameters<WhichExport>,
) -> Result<Response, ApiError> {
    let Query(WhichExport { entity, cursor }) = asked?;
    let page = operate::export_text(&context, &entity, cursor.as_deref(), EXPORT_BYTES).await?;
    let mut response = ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], page.text).into_response();
    response.headers_mut().insert(FINDINGS, page.findings.into());
    if let Some(next) = page.next {
        // A key may have characters that no header takes.
        let next: String = next.chars().map(escaped).collect();
        response.headers_mut().insert(NEXT, next.parse().expect("only visible ASCII is left"));
    }
    Ok(response)
}

/// A character of JSON as it stands in a header.
fn escaped(character: char) -> String {
    if character.is_ascii() {
        return character.to_string();
    }
    let mut units = [0; 2];
    character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}
