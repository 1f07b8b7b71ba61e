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
use store::pipelines::OpenPipeline;

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
        let mut places: Vec<ListPlace> = match open.is_empty() {
            false => open.drain(..open.len().min(BATCH)).collect(),
            true => ended_places(context, filter, after.as_ref(), now).await?,
        };
        let Some(last) = places.last() else { return Ok(page) };
        let last = last.cursor.clone();
        // One that ends while the page is read is in both listings, at two places.
        places.retain(|place| seen.insert(place.cursor.id.clone()));
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
        // A filter that fits hardly any pipeline must not read all of them before it answers.
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
        Ok(Some(read)) => Ok(read.status.is_open() && is_on_last_attempt(&read)),
        // It was cleaned up since it was listed.
        Ok(None) => Ok(false),
        Err(error) if error.is_retryable() => Err(error),
        // As far as can be told: it is shown as what cannot be read.
        Err(_) => Ok(true),
    }
}

/// A row whose steps turned out to be unreadable.
pub(crate) fn unreadable(row: &ListedPipeline, error: &store::Error) -> ListedPipeline {
    let (name, is_open) = match &row.pipeline {
        Ok(pipeline) => (Some(pipeline.name().clone()), pipeline.status.is_open()),
        Err(_) => (None, false),
    };
    let unreadable = UnreadablePipeline { name, is_open, problem: chain(error) };
    ListedPipeline { id: row.id.clone(), spawned_at: row.spawned_at, pipeline: Err(unreadable) }
}

/// The open pipelines behind the cursor that may be meant.
async fn open_places(context: &Context, filter: &PipelineFilter) -> store::Result<Vec<ListPlace>> {
    let after = filter.after.as_ref();
    // The open ones come first, so all of them lie before an ended one.
    let is_past_them = after.is_some_and(|after| !after.is_open);
    if is_past_them || !filter.takes_any(PipelineStatus::is_open) {
        return Ok(Vec::new());
    }
    let mut places = Vec::new();
    for OpenPipeline { id, name, spawned_at, .. } in context.store.open_pipelines(LISTED).await? {
        let cursor = Cursor { is_open: true, spawned_at, id };
        let is_behind = after.is_none_or(|after| cursor.is_behind(after));
        if is_behind && filter.takes_name(Some(&name)) && filter.takes_time(spawned_at) {
            places.push(ListPlace { cursor, name: Some(name) });
        }
    }
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
    if filter.is_on_last_attempt || !filter.takes_any(|status| !status.is_open()) {
        return Ok(Vec::new());
    }
    let since = filter.spawned_after.unwrap_or(now - chrono::Months::new(MONTHS));
    // Behind an open one all the ended ones are still to come.
    let behind = match after {
        Some(after) if !after.is_open => Some((after.spawned_at, after.id.clone())),
        _ => None,
    };
    let latest = filter.spawned_before.unwrap_or(now).min(now);
    let ended = context.store.ended_pipelines_behind(behind.as_ref(), latest, since, BATCH).await?;
    let mut places = Vec::with_capacity(ended.len());
    for (id, spawned_at) in ended {
        places.push(ListPlace { cursor: Cursor { is_open: false, spawned_at, id }, name: None });
    }
    Ok(places)
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
        let Cursor { id, spawned_at, is_open } = place.cursor.clone();
        let row = match pipeline {
            Ok(pipeline) => ListedPipeline { id, spawned_at: pipeline.spawned_at, pipeline: Ok(pipeline) },
            Err(error) => {
                let unreadable = UnreadablePipeline { name: place.name.clone(), is_open, problem: chain(&error) };
                ListedPipeline { id, spawned_at, pipeline: Err(unreadable) }
            }
        };
        rows.push((row, place));
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
        if !self.takes_time(row.spawned_at) {
            return false;
        }
        match &row.pipeline {
            Ok(pipeline) => {
                let is_found = self.search.as_ref().is_none_or(|text| is_in(text, pipeline));
                is_found && self.takes_name(Some(pipeline.name())) && self.takes_any(|status| status == pipeline.status)
            }
            // As far as can be told: of what cannot be read only the listing knows something.
            Err(unreadable) => {
                let is_found = self.search.as_ref().is_none_or(|text| row.id.as_str().starts_with(text.as_str()));
                let takes_status = self.takes_any(|status| status.is_open() == unreadable.is_open);
                is_found && takes_status && self.takes_name(unreadable.name.as_ref())
            }
        }
    }

    /// Whether a status is wanted of which this is true.
    fn takes_any(&self, is_it: impl Fn(PipelineStatus) -> bool) -> bool {
        self.statuses.is_empty() || self.statuses.iter().any(|status| is_it(*status))
    }

    fn takes_name(&self, name: Option<&Name>) -> bool {
        let Some(wanted) = &self.name else { return true };
        name.is_some_and(|name| name.as_str() == wanted)
    }

    fn takes_time(&self, spawned_at: DateTime<Utc>) -> bool {
        self.spawned_after.is_none_or(|after| spawned_at >= after)
            && self.spawned_before.is_none_or(|before| spawned_at < before)
    }
}

fn is_in(text: &str, pipeline: &Pipeline) -> bool {
    let text = text.to_lowercase();
    let contains = |field: &str| field.to_lowercase().contains(&text);
    let is_told =
        || pipeline.arguments.iter().any(|(key, value)| contains(value) || contains(&format!("{key}={value}")));
    pipeline.id.as_str().starts_with(&text)
        || contains(pipeline.name().as_str())
        || contains(&pipeline.spawned_by)
        || is_told()
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

    /// Reads what [`Cursor`] writes: a letter, thirteen digits of milliseconds, the id.
    fn read(text: &str) -> Option<Cursor> {
        let is_open = match text.as_bytes().first()? {
            b'o' => true,
            b'e' => false,
            _ => return None,
        };
        let (millis, id) = (text.get(1..14)?, text.get(14..)?);
        // A number may have a sign otherwise.
        if !millis.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let spawned_at = DateTime::from_timestamp_millis(millis.parse().ok()?)?;
        Some(Cursor { is_open, spawned_at, id: id.parse().ok()? })
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
        Cursor::read(text).ok_or_else(|| BadCursor { found: text.chars().take(60).collect() })
    }
}
