//! Reading requests.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use engine::Context;
use pipeline::{Name, PipelineId};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::ApiError;
use crate::now;

/// What a list without a filter takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limited {
    pub(crate) limit: Option<usize>,
}

/// Parameters behind the question mark, or what is wrong with them.
pub(crate) type Parameters<T> = Result<Query<T>, QueryRejection>;

/// What stands in the places of a path. Other than axum's own, it refuses in the words of this API.
pub(crate) struct Places<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Places<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(places)) => Ok(Places(places)),
            Err(rejection) => Err(ApiError::bad_request(format!("the path cannot be read: {rejection}"))),
        }
    }
}

/// A limit within its bounds.
pub(crate) fn limit(asked: Option<usize>, usual: usize, most: usize) -> Result<usize, ApiError> {
    match asked.unwrap_or(usual) {
        limit if (1..=most).contains(&limit) => Ok(limit),
        limit => Err(ApiError::bad_request(format!("`limit` is {limit}; expected 1 to {most}"))),
    }
}

/// Which steps of a pipeline are asked for; one that has grown may have thousands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepPage {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Most steps of one answer. With their logs they must fit the 6 MB that a function may answer.
pub(crate) const STEP_LIMIT: usize = 2_000;
const DEFAULT_STEP_LIMIT: usize = 1_000;

impl StepPage {
    /// The rows of one page, and the name of the last one if more follow: the cursor of the next page.
    pub(crate) fn cut<T>(
        &self,
        mut rows: Vec<T>,
        name: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, Option<String>), ApiError> {
        let limit = limit(self.limit, DEFAULT_STEP_LIMIT, STEP_LIMIT)?;
        if let Some(cursor) = &self.cursor {
            let Some(place) = rows.iter().position(|row| name(row) == *cursor) else {
                let shown: String = cursor.chars().take(60).collect();
                let problem = format!("`{shown}` is no cursor (expected `next` of the page before)");
                return Err(ApiError::bad_request(problem));
            };
            rows.drain(..=place);
        }
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| has_more).map(name);
        Ok((rows, next))
    }
}

/// Fewest characters of a shortened id: the first ones of an id tell the time, and few of them fit everything.
const SHORTEST_ID: usize = 6;

/// The pipeline whose id this is or begins with this.
pub(crate) async fn id(context: &Context, text: &str) -> Result<PipelineId, ApiError> {
    let bad: pipeline::BadPipelineId = match text.parse() {
        Ok(id) => return Ok(id),
        Err(bad) => bad,
    };
    let is_beginning = text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase());
    if !is_beginning || !(SHORTEST_ID..20).contains(&text.len()) {
        let message = format!("{bad}; of one that is shortened, at least the first {SHORTEST_ID} characters");
        return Err(ApiError::bad_request(message));
    }
    let found = operate::find_by_beginning(context, text, now()).await?;
    found.ok_or_else(|| operate::Error::NoneBegins(text.to_owned()).into())
}

/// The name of a step; what cannot be one is no step.
pub(crate) fn step_name(id: &PipelineId, text: &str) -> Result<Name, ApiError> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(60).collect();
        ApiError::not_found(format!("there is no step `{shown}` in pipeline {id}"))
    })
}

pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::bad_request(format!("the body cannot be read: {error}")))
}

/// Reads a body that may be left out.
pub(crate) fn read_or_default<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, ApiError> {
    if body.is_empty() { Ok(T::default()) } else { read(body) }
}
