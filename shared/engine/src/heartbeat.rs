//! One pass over everything: spawn what is ready, move every open pipeline on, repair what got lost.
//!
//! One beat at a time, by a lease that ends by itself; a beat that finds it taken ends at once. The pulse, the span that
//! the beat answers for, moves on with the release of the lease: a beat that dies half way leaves its span to the next
//! one, whose writes meet the ones that were made already.
//!
//! **Invariant:** a beat takes no data from the event that woke it.

mod spawning;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use pipeline::{Definition, PipelineId};
use serde::Serialize;
use store::leases::{Lease, LeaseOutcome};
use store::pipelines::OpenPipeline;

use crate::apply::{AdvanceReport, advance};
use crate::conditions::finding::DiscoveryFate;
use crate::conditions::looks::Looks;
use crate::context::{Context, Invocation, STOP_MARGIN};
use crate::data_fetchers::spawn::Fetching;
use crate::definitions::Loaded;
use crate::error_chain::chain;
use crate::gather::{FactGatherer, LISTED};
use crate::heartbeat::spawning::Spawning;
use crate::monitor::Watched;

pub use spawning::{SpawnOutlook, outlook};

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
    pub applied: AdvanceReport,
    /// Whether steps wait although no runner is busy.
    pub is_idle_though_work_is_due: bool,
    /// What is wrong with definitions, with what conditions look at, or with single pipelines; everything else went on.
    pub problems: Vec<String>,
    /// What definitions say and their authors hardly meant, and files that are not read.
    pub warnings: Vec<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// Beats once.
///
/// # Errors
/// The store did not answer; the next beat is the retry.
pub async fn beat(context: &Context, invocation: &Invocation) -> store::Result<BeatReport> {
    let began = invocation.now();
    let until = began + invocation.left() + context.limits.lease_margin;
    let lease = match context.store.acquire_lease(&invocation.id, until, began).await? {
        LeaseOutcome::Acquired(lease) => lease,
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
        loaded.all_problems().for_each(|problem| tracing::error!("{problem}"));
        loaded.warning_texts().for_each(|warning| tracing::warn!("{warning}"));
    }
    report.problems.extend(loaded.all_problems().cloned());
    report.warnings.extend(loaded.warning_texts().map(str::to_owned));
    if let Err(error) = context.definitions.keep_good(context.store.files.as_ref(), &loaded).await {
        tracing::warn!("good definition files not kept, the next heartbeat tries again: {}", chain(&error));
    }
    let open = context.store.open_pipelines(LISTED).await?;
    let looks = Looks::at(context, &loaded.definitions, &open).await?;
    report.add_problems(looks.problems());
    let gatherer = FactGatherer::of_all(context, context.fresh_settings(invocation.now()).await?, open.clone());
    let gatherer = gatherer.watching(lease.pulse);
    let (pulse, applied) = (lease.pulse, AdvanceReport::default());
    let mut spawning = Spawning { gatherer: &gatherer, looks, open: &open, pulse, invocation, applied };
    let mut spawned = spawn_all(&mut spawning, &loaded.definitions, report).await?;
    spawned.extend(initialize(&gatherer, &loaded, invocation, report).await?);
    report.applied.add(&spawning.applied);
    // After all spawns, so that it is known of everything that was found what became of it.
    report.add_problems(spawning.looks.note(context, invocation.now()).await?);
    let open = in_turn(open, lease.reached.as_deref());
    let reached = advance_all(&gatherer, PipelinesInTurn { spawned, open }, invocation, report).await?;
    Ok(reached.or(lease.reached.clone()).filter(|_| report.left > 0))
}

/// The open pipelines in the order in which this beat comes to them: behind where the beat before stopped, then the others.
fn in_turn(mut open: Vec<OpenPipeline>, reached: Option<&str>) -> Vec<OpenPipeline> {
    if let Some(reached) = reached {
        open.sort_by(|a, b| (a.place.as_str() <= reached, &a.place).cmp(&(b.place.as_str() <= reached, &b.place)));
    }
    open
}

/// Spawns what the definitions ask for.
async fn spawn_all(
    spawning: &mut Spawning<'_>,
    definitions: &[Arc<Definition>],
    report: &mut BeatReport,
) -> store::Result<Vec<PipelineId>> {
    let mut spawned = Vec::new();
    for definition in definitions {
        let outcome = spawning.spawn(definition).await;
        let Some(new) = report.or_problem(&format!("definition `{}`", definition.name), outcome)? else {
            let problem = report.problems.last().cloned();
            spawning.looks.keep(definition, &DiscoveryFate::NotSpawned(problem.into_iter().collect()));
            continue;
        };
        report.spawned.extend(new.iter().map(|id| format!("{} {id}", definition.name)));
        spawned.extend(new);
    }
    Ok(spawned)
}

/// Spawns what data fetchers ask for.
async fn initialize(
    gatherer: &FactGatherer<'_>,
    loaded: &Loaded,
    invocation: &Invocation,
    report: &mut BeatReport,
) -> store::Result<Vec<PipelineId>> {
    let (context, settings) = (gatherer.context, gatherer.kept_settings());
    let fetched = Fetching { context, loaded: loaded.clone(), settings, invocation }.beat().await?;
    report.add_problems(fetched.problems);
    report.left_to_spawn = fetched.left;
    report.spawned.extend(fetched.spawned.iter().map(|(definition, id)| format!("{} {id}", definition.name)));
    Ok(fetched.spawned.into_iter().map(|(_, id)| id).collect())
}

/// The pipelines that a beat moves on, in this order.
struct PipelinesInTurn {
    /// Those that this beat has spawned.
    spawned: Vec<PipelineId>,
    open: Vec<OpenPipeline>,
}

/// Moves the spawned pipelines on, and as many of the open ones as the time allows; returns the place of the last of them.
async fn advance_all(
    gatherer: &FactGatherer<'_>,
    pipelines: PipelinesInTurn,
    invocation: &Invocation,
    report: &mut BeatReport,
) -> store::Result<Option<String>> {
    let PipelinesInTurn { spawned, open } = pipelines;
    let context = gatherer.context;
    let total = open.len() + spawned.len();
    let spawned = spawned.into_iter().map(|id| (id, None));
    let in_turn = open.into_iter().take(context.limits.pipelines_per_beat).map(|open| (open.id, Some(open.place)));
    let work = stream::iter(spawned.chain(in_turn)).map(|(id, place)| async move {
        if invocation.left() < STOP_MARGIN {
            return None;
        }
        Some((advance(gatherer, &id, 0, invocation).await, id, place))
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
    let (watched, settings) = (report.applied.watched, gatherer.settings());
    report.is_idle_though_work_is_due = watched.is_idle_though_work_is_due(settings, invocation.now());
    Ok(reached)
}

impl BeatReport {
    /// Adds what is wrong, which a person should look at.
    fn add_problems(&mut self, problems: Vec<String>) {
        problems.iter().for_each(|problem| tracing::error!("{problem}"));
        self.problems.extend(problems);
    }

    /// What there is, or a problem in its place: what is wrong with one thing must not delay the others.
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
    let applied = AdvanceReport { watched: Watched::default(), ..report.applied.clone() };
    let is_idle = applied == AdvanceReport::default() && report.spawned.is_empty() && report.problems.is_empty();
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
