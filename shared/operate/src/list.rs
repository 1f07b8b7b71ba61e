//! Which pipelines there are: the open ones first, then the ended ones, each with the latest spawn first.
//!
//! Both listings are read in the order of the spawns, and a cursor names the last place that was looked at. So pages do
//! not shift when pipelines are spawned meanwhile; one that ends between two pages may show up twice, and never not at all.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use engine::Context;
use engine::error_chain::chain;
use engine::gather::LISTED;
use pipeline::{Name, Pipeline, PipelineId, PipelineStatus};

use super::Error;
use super::attempts::is_on_last_attempt;

/// Which pipelines to list.
#[derive(Debug, Clone, Default)]
pub struct PipelineFilter {
    /// Only those of this definition.
    pub name: Option<String>,
    /// Only those that stand at one of these; all if it is empty.
    pub statuses: Vec<PipelineStatus>,
    /// Only those whose id begins with this, or that have it in their name, in who spawned them or in an argument (its value,
    /// or key and value as `key=value`), whatever the case.
    pub search: Option<String>,
    /// Only those that were spawned then or later.
    pub spawned_after: Option<DateTime<Utc>>,
    /// Only those that were spawned before.
    pub spawned_before: Option<DateTime<Utc>>,
    /// Only open ones of which a step is enqueued or running in the last attempt that its definition allows. Each pipeline
    /// that is open costs a read of its steps then.
    pub is_on_last_attempt: bool,
    /// Most pipelines to list.
    pub limit: usize,
    /// Where the page before ended.
    pub after: Option<Cursor>,
}

/// A place in the list; opaque outside, and checked when it comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    is_open: bool,
    spawned_at: DateTime<Utc>,
    id: PipelineId,
}

/// What is no cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no cursor (expected `next` of the page before)")]
pub struct BadCursor {
    /// The text, shortened.
    found: String,
}

/// One page of the list.
#[derive(Debug, Clone)]
pub struct PipelinePage {
    /// The pipelines, without their steps.
    pub rows: Vec<ListedPipeline>,
    /// Where to go on, if more may follow. A page may be short, and even empty, if much had to be looked at for it.
    pub next: Option<Cursor>,
}

/// A pipeline of the list.
#[derive(Debug, Clone)]
pub struct ListedPipeline {
    /// Its id.
    pub id: PipelineId,
    /// When it was spawned.
    pub spawned_at: DateTime<Utc>,
    /// What was read of it, or why it cannot be read.
    pub pipeline: Result<Pipeline, UnreadablePipeline>,
}

/// A pipeline that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadablePipeline {
    /// The name of its definition, if the listing tells.
    pub name: Option<Name>,
    /// Whether it is listed as open.
    pub is_open: bool,
    /// Why it cannot be read.
    pub problem: String,
}

/// A pipeline as the listings show it.
struct ListPlace {
    cursor: Cursor,
    name: Option<Name>,
}

/// How many months a list looks back.
const MONTHS: u32 = 12;

/// Most pipelines that one page looks at.
const LOOK_LIMIT: usize = 10_000;

/// How many pipelines are read at once: what DynamoDB takes in one batch.
const BATCH: usize = 100;

/// Lists pipelines page by page. Their steps are not read.
///
/// # Errors
/// The store did not answer. A pipeline that cannot be read is a row that says so.
pub async fn list(context: &Context, filter: &PipelineFilter, now: DateTime<Utc>) -> Result<PipelinePage, Error> {
    let mut page = PipelinePage { rows: Vec::new(), next: None };
    let mut looked_at = 0;
    let mut seen = std::collections::HashSet::new();
    let mut after = filter.after.clone();
    let mut open = open_places(context, filter).await?;
    loop {
        let places = match open.is_empty() {
            false => open.drain(..open.len().min(BATCH)).collect(),
            true => ended_places(context, filter, after.as_ref(), now).await?,
        };
        let Some(last) = places.last().map(|place| place.cursor.clone()) else { return Ok(page) };
        let places: Vec<ListPlace> = places.into_iter().filter(|place| seen.insert(place.cursor.id.clone())).collect();
        looked_at += places.len();
        for (row, place) in read(context, places).await? {
            if filter.takes(&row) && has_last_attempt(context, filter, &row).await? {
                page.rows.push(row);
            }
            if page.rows.len() >= filter.limit {
                page.next = Some(place.cursor);
                return Ok(page);
            }
        }
        if looked_at >= LOOK_LIMIT {
            page.next = Some(last);
            return Ok(page);
        }
        after = Some(last);
    }
}

/// Whether a pipeline has a step in its last attempt, if the filter asks for that.
async fn has_last_attempt(context: &Context, filter: &PipelineFilter, row: &ListedPipeline) -> store::Result<bool> {
    if !filter.is_on_last_attempt {
        return Ok(true);
    }
    match context.store.pipeline_with_steps(&row.id).await {
        Ok(read) => Ok(read.is_some_and(|read| read.status.is_open() && is_on_last_attempt(&read))),
        Err(error) if error.is_retryable() => Err(error),
        // As far as can be told: it is shown as what cannot be read.
        Err(_) => Ok(true),
    }
}

/// A row whose steps turned out to be unreadable.
pub(crate) fn unreadable(row: &ListedPipeline, error: &store::Error) -> ListedPipeline {
    let read = row.readable();
    let unreadable = UnreadablePipeline {
        name: read.map(|pipeline| pipeline.name().clone()),
        is_open: read.is_some_and(|pipeline| pipeline.status.is_open()),
        problem: chain(error),
    };
    ListedPipeline { id: row.id.clone(), spawned_at: row.spawned_at, pipeline: Err(unreadable) }
}

/// The open pipelines behind the cursor that may be meant.
async fn open_places(context: &Context, filter: &PipelineFilter) -> store::Result<Vec<ListPlace>> {
    let wants_open = filter.statuses.is_empty() || filter.statuses.iter().any(|status| status.is_open());
    if !wants_open || filter.after.as_ref().is_some_and(|after| !after.is_open) {
        return Ok(Vec::new());
    }
    let open = context.store.open_pipelines(LISTED).await?.into_iter();
    let mut places: Vec<ListPlace> = open
        .filter(|open| filter.name.as_ref().is_none_or(|name| open.name.as_str() == name))
        .map(|open| ListPlace {
            cursor: Cursor { is_open: true, spawned_at: open.spawned_at, id: open.id },
            name: Some(open.name),
        })
        .filter(|place| filter.after.as_ref().is_none_or(|after| place.cursor.is_behind(after)))
        .filter(|place| filter.takes_time(place.cursor.spawned_at))
        .collect();
    places.sort_by(|a, b| (b.cursor.spawned_at, &b.cursor.id).cmp(&(a.cursor.spawned_at, &a.cursor.id)));
    Ok(places)
}

/// The next ended pipelines behind the cursor; none at the end.
async fn ended_places(
    context: &Context,
    filter: &PipelineFilter,
    after: Option<&Cursor>,
    now: DateTime<Utc>,
) -> store::Result<Vec<ListPlace>> {
    let wants_ended = !filter.is_on_last_attempt
        && (filter.statuses.is_empty() || filter.statuses.iter().any(|status| !status.is_open()));
    if !wants_ended {
        return Ok(Vec::new());
    }
    let since = filter.spawned_after.unwrap_or_else(|| now - chrono::Months::new(MONTHS));
    let behind = after.filter(|after| !after.is_open).map(|after| (after.spawned_at, after.id.clone()));
    let latest = filter.spawned_before.map_or(now, |before| before.min(now));
    let ended = context.store.ended_pipelines_behind(behind.as_ref(), latest, since, BATCH).await?;
    let place = |(id, spawned_at)| ListPlace { cursor: Cursor { is_open: false, spawned_at, id }, name: None };
    Ok(ended.into_iter().map(place).collect())
}

/// Reads pipelines; those that are gone are left out, and those that cannot be read keep their place.
async fn read(context: &Context, places: Vec<ListPlace>) -> store::Result<Vec<(ListedPipeline, ListPlace)>> {
    let ids: Vec<PipelineId> = places.iter().map(|place| place.cursor.id.clone()).collect();
    let mut read: HashMap<_, _> = match context.store.pipelines_without_steps(&ids).await {
        Ok(pipelines) => pipelines.into_iter().map(|pipeline| (pipeline.id.clone(), Ok(pipeline))).collect(),
        Err(error) if error.is_retryable() => return Err(error),
        // One of them cannot be read: one by one, to find out which.
        Err(_) => one_by_one(context, &ids).await?,
    };
    let mut rows = Vec::new();
    for place in places {
        let Some(pipeline) = read.remove(&place.cursor.id) else { continue };
        let unreadable = |error: store::Error| UnreadablePipeline {
            name: place.name.clone(),
            is_open: place.cursor.is_open,
            problem: chain(&error),
        };
        let Cursor { id, spawned_at, .. } = place.cursor.clone();
        let spawned_at = pipeline.as_ref().map_or(spawned_at, |pipeline: &Pipeline| pipeline.spawned_at);
        rows.push((ListedPipeline { id, spawned_at, pipeline: pipeline.map_err(unreadable) }, place));
    }
    Ok(rows)
}

async fn one_by_one(
    context: &Context,
    ids: &[PipelineId],
) -> store::Result<HashMap<PipelineId, Result<Pipeline, store::Error>>> {
    let mut read = HashMap::new();
    for id in ids {
        match context.store.pipeline_without_steps(id).await {
            Ok(Some(pipeline)) => drop(read.insert(id.clone(), Ok(pipeline))),
            Ok(None) => {}
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => drop(read.insert(id.clone(), Err(error))),
        }
    }
    Ok(read)
}

impl PipelineFilter {
    fn takes(&self, row: &ListedPipeline) -> bool {
        self.takes_time(row.spawned_at)
            && match &row.pipeline {
                Ok(pipeline) => {
                    self.name.as_ref().is_none_or(|name| pipeline.name().as_str() == name)
                        && (self.statuses.is_empty() || self.statuses.contains(&pipeline.status))
                        && self.search.as_ref().is_none_or(|text| is_in(text, pipeline))
                }
                // As far as can be told.
                Err(unreadable) => {
                    let name = unreadable.name.as_ref().map(Name::as_str);
                    let is_meant = |status: &PipelineStatus| status.is_open() == unreadable.is_open;
                    self.name.as_deref().is_none_or(|wanted| name == Some(wanted))
                        && (self.statuses.is_empty() || self.statuses.iter().any(is_meant))
                        && self.search.as_ref().is_none_or(|text| row.id.as_str().starts_with(text.as_str()))
                }
            }
    }

    fn takes_time(&self, spawned_at: DateTime<Utc>) -> bool {
        self.spawned_after.is_none_or(|after| spawned_at >= after)
            && self.spawned_before.is_none_or(|before| spawned_at < before)
    }
}

fn is_in(text: &str, pipeline: &Pipeline) -> bool {
    let text = text.to_lowercase();
    let contains = |field: &str| field.to_lowercase().contains(&text);
    pipeline.id.as_str().starts_with(&text)
        || contains(pipeline.name().as_str())
        || contains(&pipeline.spawned_by)
        || pipeline.arguments.values().any(|value| contains(value))
        || pipeline.arguments.iter().any(|(key, value)| contains(&format!("{key}={value}")))
}

impl ListedPipeline {
    /// The pipeline, if it can be read.
    #[must_use]
    pub fn readable(&self) -> Option<&Pipeline> {
        self.pipeline.as_ref().ok()
    }
}

impl Cursor {
    fn is_behind(&self, other: &Cursor) -> bool {
        (self.spawned_at, &self.id) < (other.spawned_at, &other.id)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_open { 'o' } else { 'e' };
        write!(f, "{kind}{:013}{}", self.spawned_at.timestamp_millis().max(0), self.id)
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let bad = || BadCursor { found: text.chars().take(60).collect() };
        let is_open = match text.as_bytes().first() {
            Some(b'o') => true,
            Some(b'e') => false,
            _ => return Err(bad()),
        };
        let (Some(millis), Some(id)) = (text.get(1..14), text.get(14..)) else { return Err(bad()) };
        if !millis.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(bad());
        }
        let spawned_at = millis.parse().ok().and_then(DateTime::from_timestamp_millis).ok_or_else(bad)?;
        Ok(Cursor { is_open, spawned_at, id: id.parse().map_err(|_| bad())? })
    }
}
