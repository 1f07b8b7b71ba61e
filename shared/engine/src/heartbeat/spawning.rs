//! Which definitions a beat spawns pipelines from, and what it would say of one that is only asked about.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use pipeline::condition::Check;
use pipeline::plan::{Spawn, SpawnFacts, spawn, spawn_answers};
use pipeline::{Definition, PipelineId, Pulse};
use store::pipelines::{NewPipeline, OpenPipeline, Spawned};

use crate::apply::{AdvanceReport, advance};
use crate::conditions::finding::DiscoveryFate;
use crate::conditions::looks::Looks;
use crate::context::{Context, Invocation};
use crate::gather::{FactGatherer, LISTED};

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
    let looks = Looks::at(context, std::slice::from_ref(definition), &open).await?;
    let latest = context.store.latest_pipeline(&definition.name).await?;
    let open_sibling = open_sibling(context, definition, latest.id, &open).await?;
    let last_beat = context.store.last_beat().await?;
    let pulse = Pulse { since: last_beat.unwrap_or(now).min(now), until: now };
    let gatherer = FactGatherer::of_all(context, context.fresh_settings(now).await?, open);
    let around = &gatherer.around_definition(definition, pulse, &looks).await?;
    let facts = SpawnFacts { around, pulse, open_sibling };
    let answers = spawn_answers(definition, &facts);
    Ok(SpawnOutlook { spawn: spawn(definition, &facts), answers, last_beat })
}

/// What a beat spawns with.
pub(super) struct Spawning<'a> {
    pub(super) gatherer: &'a FactGatherer<'a>,
    pub(super) looks: Looks,
    pub(super) open: &'a [OpenPipeline],
    pub(super) pulse: Pulse,
    pub(super) invocation: &'a Invocation,
    /// What was done for pipelines that kept one of their name from its spawn.
    pub(super) applied: AdvanceReport,
}

impl Spawning<'_> {
    /// Spawns a pipeline of a definition if its conditions hold; the id of one that is new.
    pub(super) async fn spawn(&mut self, definition: &Arc<Definition>) -> store::Result<Option<PipelineId>> {
        let context = self.gatherer.context;
        let around = &self.gatherer.around_definition(definition, self.pulse, &self.looks).await?;
        let latest = context.store.latest_pipeline(&definition.name).await?;
        let open_sibling = open_sibling(context, definition, latest.id.clone(), self.open).await?;
        let mut facts = SpawnFacts { around, pulse: self.pulse, open_sibling };
        self.settle_stale_sibling(definition, &mut facts).await?;
        let (id, arguments, reason, found) = match spawn(definition, &facts) {
            Spawn::Yes { id, arguments, reason, found } => (id, arguments, reason, found),
            Spawn::No(reasons) => {
                self.looks.keep(definition, &DiscoveryFate::NotSpawned(reasons));
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
        match context.store.spawn_pipeline(&new, self.invocation.now()).await? {
            Spawned::Existed => Ok(None),
            Spawned::New => {
                tracing::info!(pipeline.id = %new.id, pipeline.name = %definition.name, "pipeline spawned: {reason}");
                self.looks.keep(definition, &DiscoveryFate::Spawned(new.id.clone()));
                Ok(Some(new.id))
            }
        }
    }
}

impl Spawning<'_> {
    /// Looks once at a pipeline that is all that holds back a new one of its name.
    ///
    /// After an outage it may be open only because no beat has looked at it: it has expired, or its runner is gone. It
    /// would end later in this beat, and the due time would be over with the pulse.
    async fn settle_stale_sibling(&mut self, definition: &Definition, facts: &mut SpawnFacts<'_>) -> store::Result<()> {
        let Some(sibling) = facts.open_sibling.take() else { return Ok(()) };
        let is_all_there_is = matches!(spawn(definition, facts), Spawn::Yes { .. });
        if is_all_there_is && definition.has_no_sibling_in_progress() {
            self.applied.add(&advance(self.gatherer, &sibling, 0, self.invocation).await?);
            let latest = self.gatherer.context.store.latest_pipeline(&definition.name).await?;
            facts.open_sibling = open_sibling(self.gatherer.context, definition, latest.id, self.open).await?;
        } else {
            facts.open_sibling = Some(sibling);
        }
        Ok(())
    }
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
