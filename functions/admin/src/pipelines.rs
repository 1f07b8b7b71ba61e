//! What pipelines there are, and why they do not run.

use axum::Json;
use axum::extract::{Query, State};
use chrono::{DateTime, Utc};
use engine::{Context, operate};
use pipeline::{PipelineStatus, duration};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{self, Parameters, Places};
use crate::error::ApiError;
use crate::{now, view};

/// What `GET /pipelines` can be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    name: Option<String>,
    /// One or several with commas between.
    status: Option<String>,
    search: Option<String>,
    spawned_after: Option<DateTime<Utc>>,
    spawned_before: Option<DateTime<Utc>>,
    /// `24 hours`: spawned within the last so long.
    time_period: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Most pipelines of one answer.
const LIMIT: usize = 1_000;
const DEFAULT_LIMIT: usize = 50;

/// Most characters that are searched for.
const SEARCH_LIMIT: usize = 200;

pub(crate) async fn list(State(context): State<Context>, filter: Parameters<Filter>) -> Result<Json<Value>, ApiError> {
    let Query(filter) = filter?;
    let page = operate::list(&context, &filter.wanted()?, now()).await?;
    let rows: Vec<_> = page.rows.iter().map(|row| view::row(row, now())).collect();
    Ok(Json(json!({ "pipelines": rows, "next": page.next.map(|next| next.to_string()) })))
}

pub(crate) async fn details(
    State(context): State<Context>,
    Places(id): Places<String>,
) -> Result<Json<view::PipelineDetails>, ApiError> {
    let id = answer::id(&id)?;
    let Some(pipeline) = context.store.pipeline_with_steps(&id).await? else {
        return Err(operate::Error::UnknownPipeline(id).into());
    };
    let world = engine::world::around(&context, &pipeline, now()).await?;
    Ok(Json(view::details(&pipeline, &world, now())))
}

pub(crate) async fn why(
    State(context): State<Context>,
    Places(id): Places<String>,
) -> Result<Json<operate::Why>, ApiError> {
    Ok(Json(operate::why(&context, &answer::id(&id)?, now()).await?))
}

impl Filter {
    fn wanted(self) -> Result<operate::Filter, ApiError> {
        let bad = |problem: String| ApiError::bad_request(problem);
        let words = self.status.iter().flat_map(|statuses| statuses.split(','));
        let statuses: Result<Vec<PipelineStatus>, String> = words.map(str::parse).collect();
        let spawned_after = match (self.time_period, self.spawned_after) {
            (Some(_), Some(_)) => return Err(bad("give either `time_period` or `spawned_after`, not both".to_owned())),
            (Some(period), None) => Some(now() - duration::parse(&period).map_err(bad)?),
            (None, after) => after,
        };
        if let Some(text) = &self.search
            && !(1..=SEARCH_LIMIT).contains(&text.chars().count())
        {
            return Err(bad(format!("`search` takes 1 to {SEARCH_LIMIT} characters")));
        }
        Ok(operate::Filter {
            name: self.name,
            statuses: statuses.map_err(bad)?,
            search: self.search,
            spawned_after,
            spawned_before: self.spawned_before,
            limit: answer::limit(self.limit, DEFAULT_LIMIT, LIMIT)?,
            after: self.cursor.map(|cursor| cursor.parse()).transpose().map_err(bad)?,
        })
    }
}
