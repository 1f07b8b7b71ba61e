//! One pass over everything: spawn what is ready, move every open pipeline on, repair what got lost.
//!
//! One beat at a time, by a lease that ends by itself; a beat that finds it taken ends at once. The pulse, the span that
//! the beat answers for, moves on with the release of the lease: a beat that dies half way leaves its span to the next
//! one, whose writes meet the ones that were made already.
//!
//! **Invariant:** a beat takes no data from the event that woke it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use pipeline::condition::Check;
use pipeline::plan::{Spawn, SpawnFacts, spawn, spawn_answers};
use pipeline::{Definition, PipelineId, Pulse};
use serde::Serialize;
use std::sync::Arc;
use store::leases::{Lease, LeaseOutcome};
use store::pipelines::{NewPipeline, OpenPipeline, Spawned};

use crate::apply::{Applied, advance};
use crate::bunches::{self, DropArea};
use crate::context::{Context, Invocation};
use crate::data_fetchers::spawn::Fetching;
use crate::definitions::Loaded;
use crate::error_chain::chain;
use crate::monitor::Watched;
use crate::world::{LISTED, Surroundings};

/// What a beat did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BeatReport {
    /// Who holds the lease, if the beat ended at once because of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_taken_by: Option<String>,
    /// The end of the span that the beat answered for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pulse_until: Option<DateTime<Utc>>,
    /// Pipelines that were spawned.
    pub spawned: Vec<String>,
    /// Pipelines that data fetchers asked for and that are left to the next beat, because this one spawned its share.
    pub left_to_spawn: usize,
    /// Open pipelines that were looked at.
    pub looked_at: usize,
    /// Open pipelines that are left to the next beat because the time was over.
    pub left: usize,
    /// What was done for them.
    #[serde(flatten)]
    pub applied: Applied,
    /// Whether steps wait although no runner is busy.
    pub is_idle_though_work_is_due: bool,
    /// What is wrong with definitions, drops or single pipelines; everything else went on.
    pub problems: Vec<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// How long before the end of its time a beat begins nothing more.
pub(crate) const STOP_MARGIN: Duration = Duration::from_secs(5);

/// Beats once.
///
/// # Errors
/// The store did not answer; the next beat is the retry.
pub async fn beat(context: &Context, invocation: &Invocation) -> store::Result<BeatReport> {
    let began = invocation.now();
    let until = began + invocation.left() + context.limits.lease_margin;
    let lease = match context.store.acquire_lease(&invocation.id, until, began).await? {
        LeaseOutcome::Held(lease) => lease,
        LeaseOutcome::Taken { by, until } => {
            tracing::info!("heartbeat skipped: `{by}` holds the lease until {}", until.to_rfc3339());
            return Ok(BeatReport { lease_taken_by: Some(by), ..BeatReport::default() });
        }
    };
    let mut report = BeatReport { pulse_until: Some(lease.pulse.until), ..BeatReport::default() };
    let outcome = pass(context, &lease, invocation, &mut report).await;
    if let Ok(reached) = &outcome {
        context.store.release_lease(&lease, reached.as_deref()).await?;
    } else if let Err(error) = context.store.abandon_lease(&lease).await {
        // The lease ends by itself; the error of the pass is the one to report.
        tracing::warn!("lease not given back: {error}");
    }
    outcome?;
    report.duration_ms = u64::try_from((invocation.now() - began).num_milliseconds()).unwrap_or(0);
    log(&report);
    Ok(report)
}

/// Does the work of a beat; returns the place of the open pipeline that it came up to, if some are left.
async fn pass(
    context: &Context,
    lease: &Lease,
    invocation: &Invocation,
    report: &mut BeatReport,
) -> store::Result<Option<String>> {
    let loaded = context.definitions.load(context.store.files.as_ref()).await?;
    if loaded.is_new {
        // Not with every beat: once for each change of a file is enough.
        loaded.problems.iter().for_each(|problem| tracing::error!("{problem}"));
    }
    report.problems.extend(loaded.problems.iter().cloned());
    if let Err(error) = context.definitions.keep_good(context.store.files.as_ref(), &loaded).await {
        tracing::warn!("good definition files not kept, the next heartbeat tries again: {}", chain(&error));
    }
    let open = context.store.open_pipelines(LISTED).await?;
    let drops = bunches::look(context, &loaded.definitions, &open).await;
    let mut drops = report.or_problem("drop area", drops)?.unwrap_or_default();
    drops.problems.iter().for_each(|problem| tracing::error!("{problem}"));
    report.problems.extend(drops.problems.iter().cloned());
    let surroundings = Surroundings::of_all(context, context.fresh_settings(invocation.now()).await?, open.clone());
    let surroundings = surroundings.watching(lease.pulse);
    let mut spawned = Vec::new();
    for definition in &loaded.definitions {
        let outcome = spawn_one(&surroundings, definition, lease.pulse, &open, &mut drops, invocation, report).await;
        let what = format!("definition `{}`", definition.name);
        match report.or_problem(&what, outcome)? {
            Some(new) => spawned.extend(new),
            None => drops.hold(definition, report.problems.last().map_or(&[], std::slice::from_ref)),
        }
    }
    spawned.extend(initialize(&surroundings, &loaded, invocation, report).await?);
    let noted = drops.note(context, invocation.now()).await;
    report.or_problem("drop area", noted)?;
    let open = in_turn(open, lease.reached.as_deref());
    let reached = advance_all(&surroundings, open, spawned, invocation, report).await?;
    Ok(reached.or(lease.reached.clone()).filter(|_| report.left > 0))
}

/// The open pipelines in the order in which this beat comes to them: behind where the beat before stopped, then the others.
fn in_turn(mut open: Vec<OpenPipeline>, reached: Option<&str>) -> Vec<OpenPipeline> {
    if let Some(reached) = reached {
        open.sort_by(|a, b| (a.place.as_str() <= reached, &a.place).cmp(&(b.place.as_str() <= reached, &b.place)));
    }
    open
}

/// What the next beat would say of a definition.
pub struct SpawnOutlook {
    /// Whether it would spawn a pipeline, or why not.
    pub spawn: Spawn,
    /// The answers of the definition's conditions, in their order.
    pub answers: Vec<Check>,
    /// When the last complete beat was.
    pub last_beat: Option<DateTime<Utc>>,
}

/// Tells what the next beat would say of a definition, without spawning anything.
///
/// # Errors
/// The store did not answer.
pub async fn outlook(
    context: &Context,
    definition: &Arc<Definition>,
    now: DateTime<Utc>,
) -> store::Result<SpawnOutlook> {
    let open = context.store.open_pipelines(LISTED).await?;
    let drops = bunches::look(context, std::slice::from_ref(definition), &open).await?;
    let latest = context.store.latest_pipeline(&definition.name).await?;
    let open_sibling = open_sibling(context, definition, latest.id, &open).await?;
    let last_beat = context.store.last_beat().await?;
    let pulse = Pulse { since: last_beat.unwrap_or(now).min(now), until: now };
    let surroundings = Surroundings::of_all(context, context.fresh_settings(now).await?, open);
    let world = &surroundings.around_definition(definition, pulse).await?;
    let facts = SpawnFacts { world, pulse, open_sibling, bunch: drops.oldest_for(definition) };
    let answers = spawn_answers(definition, &facts);
    Ok(SpawnOutlook { spawn: spawn(definition, &facts), answers, last_beat })
}

async fn spawn_one(
    surroundings: &Surroundings<'_>,
    definition: &Arc<Definition>,
    pulse: Pulse,
    open: &[OpenPipeline],
    drops: &mut DropArea,
    invocation: &Invocation,
    report: &mut BeatReport,
) -> store::Result<Option<PipelineId>> {
    let context = surroundings.context;
    let world = &surroundings.around_definition(definition, pulse).await?;
    let bunch = drops.oldest_for(definition);
    let latest = context.store.latest_pipeline(&definition.name).await?;
    let open_sibling = open_sibling(context, definition, latest.id.clone(), open).await?;
    let facts = SpawnFacts { world, pulse, open_sibling, bunch };
    let (id, arguments, reason, found) = match spawn(definition, &facts) {
        Spawn::Yes { id, arguments, reason, found } => (id, arguments, reason, found),
        Spawn::No(reasons) => {
            drops.hold(definition, &reasons);
            return Ok(None);
        }
    };
    let new = NewPipeline {
        id,
        definition: definition.clone(),
        arguments,
        spawned_by: format!("heartbeat, {reason}"),
        found,
        after: definition.has_no_sibling_in_progress().then_some(latest),
    };
    match context.store.spawn_pipeline(&new, invocation.now()).await? {
        Spawned::Existed => Ok(None),
        Spawned::New => {
            tracing::info!(pipeline.id = %new.id, pipeline.name = %definition.name, "pipeline spawned: {reason}");
            report.spawned.push(format!("{} {}", definition.name, new.id));
            drops.take(&new);
            Ok(Some(new.id))
        }
    }
}

/// Spawns what data fetchers ask for.
async fn initialize(
    surroundings: &Surroundings<'_>,
    loaded: &Loaded,
    invocation: &Invocation,
    report: &mut BeatReport,
) -> store::Result<Vec<PipelineId>> {
    let (context, settings) = (surroundings.context, surroundings.kept_settings());
    let fetched = Fetching { context, loaded: loaded.clone(), settings, invocation }.beat().await?;
    fetched.problems.iter().for_each(|problem| tracing::error!("{problem}"));
    report.problems.extend(fetched.problems);
    report.left_to_spawn = fetched.left;
    report.spawned.extend(fetched.spawned.iter().map(|(definition, id)| format!("{} {id}", definition.name)));
    Ok(fetched.spawned.into_iter().map(|(_, id)| id).collect())
}

/// An open pipeline of the same name. The listing may lag, so the latest spawn is asked for, too, and what the listing
/// shows is confirmed.
async fn open_sibling(
    context: &Context,
    definition: &Definition,
    latest: Option<PipelineId>,
    open: &[OpenPipeline],
) -> store::Result<Option<PipelineId>> {
    let listed = open.iter().filter(|open| open.name == definition.name).map(|open| open.id.clone());
    for id in latest.into_iter().chain(listed) {
        let pipeline = context.store.pipeline_without_steps(&id).await?;
        if pipeline.is_some_and(|pipeline| pipeline.status.is_open()) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Moves the spawned pipelines on, and as many of the open ones as the time allows; returns the place of the last of them.
async fn advance_all(
    surroundings: &Surroundings<'_>,
    open: Vec<OpenPipeline>,
    spawned: Vec<PipelineId>,
    invocation: &Invocation,
    report: &mut BeatReport,
) -> store::Result<Option<String>> {
    let context = surroundings.context;
    let total = open.len() + spawned.len();
    let spawned = spawned.into_iter().map(|id| (id, None));
    let in_turn = open.into_iter().take(context.limits.pipelines_per_beat).map(|open| (open.id, Some(open.place)));
    let work = stream::iter(spawned.chain(in_turn)).map(|(id, place)| async move {
        if invocation.left() < STOP_MARGIN {
            return None;
        }
        Some((advance(surroundings, &id, 0, invocation).await, id, place))
    });
    // In their order, so that what was looked at is what comes before the place returned.
    let mut results = work.buffered(context.limits.parallel_pipelines);
    let mut reached = None;
    while let Some(Some((outcome, id, place))) = results.next().await {
        report.looked_at += 1;
        if let Some(applied) = report.or_problem(&format!("pipeline {id}"), outcome)? {
            report.applied.add(&applied);
        }
        reached = place.or(reached);
    }
    report.left = total - report.looked_at;
    let (watched, settings) = (report.applied.watched, surroundings.settings());
    report.is_idle_though_work_is_due = watched.is_idle_though_work_is_due(settings, invocation.now());
    Ok(reached)
}

impl BeatReport {
    /// What there is, or a problem in its place: what is wrong with one thing must not hold up the others.
    ///
    /// An error that may pass ends the beat; the next one is the retry.
    fn or_problem<T>(&mut self, what: &str, outcome: store::Result<T>) -> store::Result<Option<T>> {
        match outcome {
            Err(error) if !error.is_retryable() => {
                let problem = format!("{what}: {}", chain(&error));
                tracing::error!("{problem}");
                self.problems.push(problem);
                Ok(None)
            }
            outcome => outcome.map(Some),
        }
    }
}

/// One line per beat; at a lower level if there was nothing to do, which is so most of the time.
fn log(report: &BeatReport) {
    let applied = Applied { watched: Watched::default(), ..report.applied.clone() };
    let is_idle = applied == Applied::default() && report.spawned.is_empty() && report.problems.is_empty();
    let words = format!(
        "heartbeat: {} spawned, {} looked at, {} enqueued, {} sent again, {} ghosted, {} ended, {} left",
        report.spawned.len(),
        report.looked_at,
        report.applied.enqueued,
        report.applied.resent,
        report.applied.ghosted,
        report.applied.ended,
        report.left
    );
    if is_idle {
        tracing::debug!(duration_ms = report.duration_ms, "{words}");
    } else {
        tracing::info!(duration_ms = report.duration_ms, "{words}");
    }
}
