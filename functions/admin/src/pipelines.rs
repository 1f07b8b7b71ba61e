//! What pipelines there are, and why they do not run.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Query, State};
use chrono::{DateTime, Utc};
use engine::Context;
use operate::view;
use pipeline::{BadPipelineStatus, PipelineStatus, StepStatus, duration};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::{self, Parameters, Places, StepPage};
use crate::error::ApiError;
use crate::now;

/// What `GET /pipelines` can be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PipelineQuery {
    name: Option<String>,
    /// One or several with commas between.
    status: Option<String>,
    search: Option<String>,
    spawned_after: Option<DateTime<Utc>>,
    spawned_before: Option<DateTime<Utc>>,
    /// `24 hours`: spawned within the last so long.
    time_period: Option<String>,
    #[serde(default)]
    last_attempt: bool,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Most pipelines of one answer.
const LIMIT: usize = 1_000;
const DEFAULT_LIMIT: usize = 50;

/// Most characters that are searched for.
const SEARCH_LIMIT: usize = 200;

pub(crate) async fn list(
    State(context): State<Context>,
    filter: Parameters<PipelineQuery>,
) -> Result<Json<Value>, ApiError> {
    let Query(filter) = filter?;
    let page = operate::list(&context, &filter.wanted()?, now()).await?;
    let rows = operate::rows(&context, &page.rows, now()).await?;
    Ok(Json(json!({ "pipelines": rows, "next": page.next.map(|next| next.to_string()) })))
}

/// A part of the steps, and how many there are in all.
#[derive(Debug, Serialize)]
pub(crate) struct Paged<T> {
    #[serde(flatten)]
    shown: T,
    /// How many steps stand where, on all pages.
    step_counts: BTreeMap<String, usize>,
    /// Where to go on with the steps, if more follow.
    next: Option<String>,
}

pub(crate) async fn details(
    State(context): State<Context>,
    Places(id): Places<String>,
    page: Parameters<StepPage>,
) -> Result<Json<Paged<view::PipelineDetails>>, ApiError> {
    let (id, Query(page)) = (answer::id(&context, &id).await?, page?);
    let Some(pipeline) = context.store.pipeline_with_steps(&id).await? else {
        return Err(operate::Error::UnknownPipeline(id).into());
    };
    let around = engine::gather::around(&context, &pipeline, now()).await?;
    let mut shown = view::details(&pipeline, &around, now());
    let step_counts = counts(shown.steps.iter().map(|step| step.status));
    let (steps, next) = page.cut(shown.steps, |step| step.name.clone())?;
    shown.steps = steps;
    Ok(Json(Paged { shown, step_counts, next }))
}

pub(crate) async fn why(
    State(context): State<Context>,
    Places(id): Places<String>,
    page: Parameters<StepPage>,
) -> Result<Json<Paged<operate::Why>>, ApiError> {
    let (id, Query(page)) = (answer::id(&context, &id).await?, page?);
    let mut shown = operate::why(&context, &id, now()).await?;
    let step_counts = counts(shown.steps.iter().map(|step| step.status));
    let (steps, next) = page.cut(shown.steps, |step| step.name.to_string())?;
    shown.steps = steps;
    Ok(Json(Paged { shown, step_counts, next }))
}

fn counts(statuses: impl Iterator<Item = StepStatus>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    statuses.for_each(|status| *counts.entry(status.to_string()).or_default() += 1);
    counts
}

impl PipelineQuery {
    fn wanted(self) -> Result<operate::PipelineFilter, ApiError> {
        let bad = |problem: String| ApiError::bad_request(problem);
        let words = self.status.iter().flat_map(|statuses| statuses.split(','));
        let statuses: Result<Vec<PipelineStatus>, BadPipelineStatus> = words.map(str::parse).collect();
        let spawned_after = match (self.time_period, self.spawned_after) {
            (Some(_), Some(_)) => return Err(bad("give either `time_period` or `spawned_after`, not both".to_owned())),
            (Some(period), None) => Some(now() - duration::parse(&period).map_err(|error| bad(error.to_string()))?),
            (None, after) => after,
        };
        if let Some(text) = &self.search
            && !(1..=SEARCH_LIMIT).contains(&text.chars().count())
        {
            return Err(bad(format!("`search` takes 1 to {SEARCH_LIMIT} characters")));
        }
        let after = match self.cursor {
            Some(cursor) => Some(cursor.parse().map_err(|error: operate::BadCursor| bad(error.to_string()))?),
            None => None,
        };
        Ok(operate::PipelineFilter {
            name: self.name,
            statuses: statuses.map_err(|error| bad(error.to_string()))?,
            search: self.search,
            spawned_after,
            spawned_before: self.spawned_before,
            is_on_last_attempt: self.last_attempt,
            limit: answer::limit(self.limit, DEFAULT_LIMIT, LIMIT)?,
            after,
        })
    }
}
